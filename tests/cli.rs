//! The commands as somebody in a shell sees them: exit codes, and what is said about bad input.

#![expect(clippy::unwrap_used, reason = "a test whose files or processes are missing has to fail")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder for one test, emptied at its start.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn kyvc(dir: &PathBuf, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kyvc")).current_dir(dir).args(args).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A policy as it was written in 2020.
fn require_labels(action: &str) -> String {
    format!(
        "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: require-labels
spec:
  validationFailureAction: {action}
  rules:
  - name: check-for-labels
    match:
      resources:
        kinds:
        - Pod
    validate:
      message: \"label `app.kubernetes.io/name` is required\"
      pattern:
        metadata:
          labels:
            app.kubernetes.io/name: \"?*\"
"
    )
}

/// What `kubectl create deployment nginx --image=nginx --dry-run=client -o yaml` prints.
const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  creationTimestamp: null
  labels:
    app: nginx
  name: nginx
spec:
  replicas: 1
  selector:
    matchLabels:
      app: nginx
  strategy: {}
  template:
    metadata:
      creationTimestamp: null
      labels:
        app: nginx
    spec:
      containers:
      - image: nginx
        name: nginx
        resources: {}
status: {}
";

const POD: &str = "apiVersion: v1
kind: Pod
metadata:
  name: nginx
  labels:
    app.kubernetes.io/name: nginx
spec:
  containers:
  - image: nginx
    name: nginx
";

const MESSAGE: &str = "validation error: label `app.kubernetes.io/name` is required. rule autogen-check-for-labels \
                       failed at path /spec/template/metadata/labels/app.kubernetes.io/name/";

#[test]
fn required_label() {
    let dir = folder("required-label");
    std::fs::write(dir.join("enforce.yaml"), require_labels("enforce")).unwrap();
    std::fs::write(dir.join("audit.yaml"), require_labels("audit")).unwrap();
    std::fs::write(dir.join("deployment.yaml"), DEPLOYMENT).unwrap();
    std::fs::write(dir.join("pod.yaml"), POD).unwrap();

    let out = kyvc(&dir, &["check", "enforce.yaml", "deployment.yaml", "-o", "json"]);
    assert_eq!(out.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let result = &report["results"][0];
    assert_eq!(result["rule"], "autogen-check-for-labels");
    assert_eq!(result["result"], "fail");
    assert_eq!(result["message"], MESSAGE);
    assert_eq!((&result["file"], &result["line"]), (&"deployment.yaml".into(), &17.into()));
    assert_eq!(report["summary"]["fail"], 1);

    let out = kyvc(&dir, &["check", "enforce.yaml", "pod.yaml"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stdout));

    let out = kyvc(&dir, &["check", "audit.yaml", "deployment.yaml"]);
    assert_eq!(out.status.code(), Some(0));
    assert!(text(&out.stdout).contains(MESSAGE), "{}", text(&out.stdout));
}

#[test]
fn compiled_sets_are_the_same_every_time() {
    let dir = folder("compiled-sets");
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    for name in ["a.kyvb", "b.kyvb"] {
        let out = kyvc(&dir, &["compile", policies, "-o", name]);
        assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    }
    let bytes = std::fs::read(dir.join("a.kyvb")).unwrap();
    assert!(bytes == std::fs::read(dir.join("b.kyvb")).unwrap());

    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/examples");
    let from_text = kyvc(&dir, &["check", policies, examples, "-o", "json"]);
    let from_file = kyvc(&dir, &["check", "a.kyvb", examples, "-o", "json"]);
    assert_eq!(from_text.status.code(), Some(1));
    assert!(from_text.stdout == from_file.stdout && from_text.status == from_file.status);

    let mut newer = bytes.clone();
    newer[4] = 0xff;
    let mut flipped = bytes.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 4;
    for (name, bytes, says) in [
        ("short.kyvb", &bytes[..bytes.len() / 3], "truncated"),
        ("newer.kyvb", &newer[..], "version"),
        ("flipped.kyvb", &flipped[..], "checksum"),
        ("other.kyvb", b"kind: Pod", "not a compiled policy set"),
    ] {
        std::fs::write(dir.join(name), bytes).unwrap();
        let out = kyvc(&dir, &["check", name, examples]);
        assert_eq!(out.status.code(), Some(2), "{name}");
        let err = text(&out.stderr);
        assert!(err.contains(name) && err.contains(says), "{err}");
    }
}

#[test]
fn bad_manifests_are_named_and_the_others_checked() {
    let dir = folder("bad-manifests");
    std::fs::write(dir.join("policy.yaml"), require_labels("enforce")).unwrap();
    std::fs::write(dir.join("pod.yaml"), POD).unwrap();
    for (name, bytes, says) in bad_texts() {
        std::fs::write(dir.join(name), bytes).unwrap();
        bad(&dir, name, says);
    }
    for (name, text, says) in [
        ("no-object.yaml", "just text\n", "no-object.yaml:1:1"),
        ("no-kind.yaml", "metadata: {name: a}\n", "no-kind.yaml:1:1"),
        // No policy reads a status, and yet its keys are looked at.
        ("unread.json", r#"{"kind": "Pod", "status": {"a": 1, "a": 2}}"#, "unread.json:1:36"),
        ("in-list.json", r#"{"kind": "List", "items": [{"kind": "Pod", "kind": "Job"}]}"#, "in-list.json:1:44"),
        ("second.yaml", "kind: Pod\n---\nkind: [\n", "second.yaml:"),
    ] {
        std::fs::write(dir.join(name), text).unwrap();
        bad(&dir, name, says);
    }
    bad(&dir, "missing.yaml", "missing.yaml");
}

/// Texts that can be neither manifests nor policies, and what has to be said about them.
fn bad_texts() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let bomb: String =
        (1..10).map(|i| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", "))).collect();
    vec![
        ("invalid.yaml", b"a: [b\nc: d\n".to_vec(), "invalid.yaml:"),
        ("bomb.yaml", format!("a0: &a0 [x, x]\n{bomb}").into_bytes(), "bomb.yaml:5:"),
        ("nested.yaml", [b"a: ".to_vec(), vec![b'['; 20_000]].concat(), "nested.yaml:1:259"),
        ("nested.json", vec![b'['; 20_000], "nested.json:1:"),
        ("truncated.json", br#"{"kind": "Pod", "metadata": {"#.to_vec(), "truncated.json:1:30"),
        ("twice.yaml", b"kind: Pod\nmetadata: {}\nkind: Pod\n".to_vec(), "twice.yaml:3:1"),
        ("twice.json", br#"{"kind": "Pod", "kind": "Pod"}"#.to_vec(), "twice.json:1:17"),
        ("binary.yaml", vec![0, 1, 2, 0, 0xff], "binary.yaml"),
        ("latin1.yaml", b"a: b\nkind: \xe9t\xe9\n".to_vec(), "latin1.yaml:2:7"),
        ("empty.yaml", Vec::new(), "empty.yaml"),
    ]
}

fn bad(dir: &PathBuf, name: &str, says: &str) {
    let out = kyvc(dir, &["check", "policy.yaml", name, "pod.yaml", "-o", "json"]);
    let err = text(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{name}: {err}");
    assert!(err.contains(says) && err.contains("K0"), "{name}: {err}");
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(report["summary"]["pass"], 1, "{name}: the other file was not checked");
}

#[test]
fn bad_policies_are_named_and_the_others_compiled() {
    let dir = folder("bad-policies");
    std::fs::write(dir.join("good.yaml"), require_labels("enforce")).unwrap();
    std::fs::write(dir.join("deployment.yaml"), DEPLOYMENT).unwrap();
    let head = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: x}\n";
    let policies = [
        ("no-rules.yaml", format!("{head}spec: {{}}\n"), "no-rules.yaml:4:7"),
        ("empty-rules.yaml", format!("{head}spec: {{rules: []}}\n"), "empty-rules.yaml:4:15"),
        ("field.yaml", format!("{head}spec:\n  rulez: []\n"), "did you mean `rules`?"),
        ("kind.yaml", head.replace("ClusterPolicy", "Sandwich"), "kind.yaml:1:1"),
        ("nearly.yaml", head.replace("ClusterPolicy", "ClusterPolice"), "did you mean `ClusterPolicy`?"),
        ("version.yaml", head.replace("kyverno.io/v1", "kyverno.io/v7"), "no version of `ClusterPolicy`"),
        ("metadata.yaml", format!("{head}metadata: {{name: y}}\n"), "metadata.yaml:4:1"),
        ("pod.yaml", POD.to_owned(), "expected a policy"),
    ];
    let policies = policies.map(|(name, body, says)| (name, body.into_bytes(), says));
    for (name, body, says) in policies.into_iter().chain(bad_texts()) {
        std::fs::write(dir.join(name), body).unwrap();
        let out = kyvc(&dir, &["check", name, "deployment.yaml", "-p", "good.yaml", "-o", "json"]);
        let err = text(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{name}: {err}");
        assert!(err.contains(says), "{name}: {err}");
        let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(report["summary"]["fail"], 1, "{name}: the good policy was not compiled");
        let out = kyvc(&dir, &["compile", name, "-o", "x.kyvb"]);
        assert_eq!(out.status.code(), Some(2), "{name}");
        assert!(!dir.join("x.kyvb").exists());
    }
    for (arguments, says) in [
        (["check", "missing.yaml", "deployment.yaml"], "no such file"),
        (["check", "missing.kyvb", "deployment.yaml"], "no such file"),
        (["compile", "missing.yaml", "good.yaml"], "no such file"),
    ] {
        let out = kyvc(&dir, &arguments);
        assert_eq!(out.status.code(), Some(2), "{arguments:?}");
        assert!(text(&out.stderr).contains(says), "{arguments:?}: {}", text(&out.stderr));
    }
}

#[test]
fn every_report_format_is_well_formed() {
    let dir = folder("formats");
    std::fs::write(dir.join("policy.yaml"), require_labels("enforce")).unwrap();
    std::fs::write(dir.join("deployment.yaml"), DEPLOYMENT).unwrap();
    let print = |format| kyvc(&dir, &["check", "policy.yaml", "deployment.yaml", "-o", format]).stdout;
    let sarif: serde_json::Value = serde_json::from_slice(&print("sarif")).unwrap();
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["region"]["startLine"], 17);
    let junit = text(&print("junit"));
    assert!(junit.starts_with("<?xml") && junit.contains("<failure message=\"validation error: label `app"), "{junit}");
    let report = text(&print("report"));
    assert!(report.contains("kind: ClusterReport") && report.contains("result: fail"), "{report}");
}

#[test]
fn usage_errors_are_2() {
    let dir = folder("usage");
    assert_eq!(kyvc(&dir, &["check"]).status.code(), Some(2));
    assert_eq!(kyvc(&dir, &["chek"]).status.code(), Some(2));
    assert_eq!(kyvc(&dir, &["--help"]).status.code(), Some(0));
    assert_eq!(kyvc(&dir, &["--version"]).status.code(), Some(0));
}

#[test]
#[cfg(feature = "k8s")]
fn definitions_of_kinds() {
    let dir = folder("crds");
    let documents =
        |args: &[&str]| text(&kyvc(&dir, args).stdout).matches("\nkind: CustomResourceDefinition\n").count();
    assert_eq!(documents(&["crds"]), 7);
    // In full, in plural, in short, and with the group.
    assert_eq!(documents(&["crds", "ClusterPolicy", "policies", "polex", "updaterequests.kyverno.io"]), 4);
    let list = text(&kyvc(&dir, &["crds", "cpol", "-o", "json"]).stdout);
    assert!(list.contains("\"kind\": \"List\"") && list.contains("clusterpolicies.kyverno.io"), "{list}");
    let unknown = kyvc(&dir, &["crds", "Pod"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("there is no kind `Pod`"), "{}", text(&unknown.stderr));
}

#[test]
fn lists_json_and_standard_input() {
    let dir = folder("lists");
    std::fs::write(dir.join("policy.yaml"), require_labels("enforce")).unwrap();
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{}}"#;
    let list = format!("{{\"apiVersion\":\"v1\",\"kind\":\"List\",\n\"items\":[\n{pod},\n{pod}]}}");
    std::fs::write(dir.join("list.json"), &list).unwrap();
    let out = kyvc(&dir, &["check", "policy.yaml", "list.json", "-o", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let lines: Vec<_> = report["results"].as_array().unwrap().iter().map(|r| r["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [3, 4]);

    let mut child = Command::new(env!("CARGO_BIN_EXE_kyvc"))
        .current_dir(&dir)
        .args(["check", "policy.yaml", "-", "-o", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), format!("{DEPLOYMENT}---\n{POD}").as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&report["summary"]["pass"], &report["summary"]["fail"]), (&1.into(), &1.into()));
    assert_eq!(report["results"][0]["file"], "<stdin>");
}

#[test]
fn explanations_show_the_steps_of_a_run() {
    let dir = folder("explain");
    std::fs::write(dir.join("enforce.yaml"), require_labels("enforce")).unwrap();
    std::fs::write(dir.join("audit.yaml"), require_labels("audit")).unwrap();
    let list = format!("apiVersion: v1\nkind: List\nitems:\n- {}", DEPLOYMENT.trim().replace('\n', "\n  "));
    std::fs::write(dir.join("both.yaml"), format!("{list}\n---\n{POD}")).unwrap();

    let out = kyvc(&dir, &["explain", "enforce.yaml", "both.yaml"]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let shown = text(&out.stdout);
    assert!(!shown.contains('\x1b'), "{shown}");
    for part in [
        "default/Deployment/nginx both.yaml\n  fail require-labels/autogen-check-for-labels enforce.yaml:8",
        "enforce.yaml:18 | app.kubernetes.io/name: \"?*\"\n      no  spec.template.metadata.labels.app.kubernetes.io/name, \
         which is not there, is \"?*\"",
        &format!("fail: {MESSAGE}\n    --> both.yaml:"),
        "default/Pod/nginx both.yaml\n  pass require-labels/check-for-labels enforce.yaml:8",
        "yes metadata.labels.app.kubernetes.io/name \"nginx\" is \"?*\"",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let out = kyvc(&dir, &["explain", "audit.yaml", "both.yaml", "--rule", "check-for-labels", "-o", "json"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let json: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(json["summary"]["fail"], 1);
    assert_eq!(json["explained"][1]["rules"][0]["parts"][0]["steps"][0]["step"], "match");

    assert_eq!(kyvc(&dir, &["compile", "enforce.yaml", "-o", "set.kyvb"]).status.code(), Some(0));
    let out = kyvc(&dir, &["explain", "set.kyvb", "both.yaml"]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let out = kyvc(&dir, &["explain", "enforce.yaml", "both.yaml", "--rule", "other"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("no policy has a rule `other`"));
}

#[test]
fn files_are_created_as_kyverno_creates_them() {
    let dir = folder("create");
    let created = |args: &[&str]| {
        let out = kyvc(&dir, &[&["create"], args].concat());
        assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
        text(&out.stdout)
    };
    let exception =
        ["exception", "e", "--policy-rules", "p,r1,r2", "--any", "kind=Pod,name=x", "--all", "bad", "-b=false"];
    assert_eq!(
        created(&exception),
        "apiVersion: kyverno.io/v2
kind: PolicyException
metadata:
  name: e
  namespace: default
spec:
  background: false
  match:
    any:
    - kinds:
        - Pod
      names:
        - x
  exceptions:
    - policyName: p
      ruleNames:
        - r1
        - r2
"
    );
    let config = created(&["metrics-config", "-i", "a,b", "-e", "<c>"]);
    let lists = "{\n      \"include\": [\n        \"a\",\n        \"b\"\n      ],";
    assert!(config.contains(lists) && config.contains("\\u003cc\\u003e"), "{config}");
    assert!(created(&["metrics-config"]).ends_with("  namespaces: |\n    {}\n"));
    let made =
        created(&["test", "-p", "a,b", "-f", "v", "--pass", "p,r,x,ns,k", "--skip", "p,r", "--fail", "p,r,x,ns,k,y"]);
    assert!(made.contains("policies:\n  - a\n  - b\n"), "{made}");
    assert!(made.ends_with("kind: k\n    result: fail\n") && !made.contains("skip"), "{made}");
    let values =
        created(&["values", "-g", "x=y,a=b,c", "-n", "prod,env=prod", "--rule", "p,r,b=1,a=2", "--resource", "p,x"]);
    assert!(values.contains("      - name: r\n        values:\n          a: 2\n          b: 1\n"), "{values}");
    assert!(values.contains("globalValues:\n  a: b\n  x: y\n"), "{values}");
    assert!(created(&["user-info", "-u", "me", "-g", "a,b"]).ends_with("  groups:\n    - a\n    - b\n"));
    let role = created(&["cluster-role", "r", "-g", "apps", "--resources", "x", "--verbs", "all"]);
    assert!(role.ends_with("verbs: [\"create\", \"get\", \"update\", \"delete\", \"list\", \"watch\"]"), "{role}");

    assert_eq!(created(&["user-info", "-o", "user.yaml"]), "");
    assert!(std::fs::read_to_string(dir.join("user.yaml")).unwrap().starts_with("# list of roles\n"));
    for (args, why) in [
        (&["create", "exception"][..], "accepts 1 arg(s), received 0"),
        (&["create", "exception", "a"], "required flag(s) \"policy-rules\" not set"),
        (&["create", "test", "x"], "unknown command \"x\" for \"kyvc create test\""),
        (&["create", "nope"], "unknown command \"nope\" for \"kyvc create\""),
        (&["completion", "tcsh"], "invalid argument \"tcsh\" for \"kyvc completion\""),
        (&["docs"], "required flag(s) \"output\" not set"),
    ] {
        let out = kyvc(&dir, args);
        assert_eq!((out.status.code(), text(&out.stderr)), (Some(1), format!("Error: {why}\n")), "{args:?}");
    }
}

#[test]
fn documentation_and_completion() {
    let dir = folder("docs");
    assert_eq!(kyvc(&dir, &["docs", "-o", "md", "--website", "--noDate", "--autogenTag=false"]).status.code(), Some(0));
    let page = std::fs::read_to_string(dir.join("md/kyvc_create_test.md")).unwrap();
    assert!(page.starts_with("---\ntitle: \"kyvc create test\"\nweight: 35\n---\n## kyvc create test\n"), "{page}");
    assert!(page.contains("* [kyvc create](../kyvc_create)\t - "), "{page}");
    assert_eq!(kyvc(&dir, &["docs", "-o", "man", "--man"]).status.code(), Some(0));
    assert!(std::fs::read_to_string(dir.join("man/kyvc-check.1")).unwrap().contains(".TH"));
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let out = kyvc(&dir, &["completion", shell]);
        assert!(out.status.success() && text(&out.stdout).contains("explain"), "{shell}");
    }
    let version = text(&kyvc(&dir, &["version"]).stdout);
    assert!(version.starts_with(concat!("Version: ", env!("CARGO_PKG_VERSION"), "\nTime: ")), "{version}");
}

/// kubectl runs a program `kubectl-kyvc` for `kubectl kyvc`.
#[cfg(unix)]
#[test]
fn a_plugin_of_kubectl() {
    let dir = folder("plugin");
    let plugin = dir.join("kubectl-kyvc");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kyvc"), &plugin).unwrap();
    let out = Command::new(&plugin).args(["check", "--help"]).output().unwrap();
    assert!(text(&out.stdout).contains("Usage: kubectl kyvc check"), "{}", text(&out.stdout));
    let out = Command::new(&plugin).args(["completion", "bash"]).output().unwrap();
    assert!(text(&out.stdout).contains("kubectl-kyvc"));
}

/// Makes a repository on this machine of a folder; where there is no git, it is not made.
fn is_repository(folder: &Path) -> bool {
    let git = |args: &[&str]| {
        let own = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"];
        let out = Command::new("git").current_dir(folder).args(own).args(args).output();
        out.is_ok_and(|out| out.status.success())
    };
    if !git(&["init", "--quiet", "--initial-branch=release/1"]) {
        println!("skipped: there is no git");
        return false;
    }
    assert!(git(&["add", "."]) && git(&["commit", "--quiet", "-m", "a"]));
    true
}

/// A command to which a repository on this machine is under an address of the web.
fn with_repository(dir: &Path, repository: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kyvc"));
    command
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", format!("url.{}.insteadOf", repository.display()))
        .env("GIT_CONFIG_VALUE_0", "https://git.invalid/owner/name");
    command
}

#[test]
fn policies_in_git_repositories() {
    let dir = folder("git");
    let repository = dir.join("repository");
    std::fs::create_dir_all(repository.join("labels")).unwrap();
    std::fs::write(repository.join("labels/policy.yaml"), require_labels("enforce")).unwrap();
    std::fs::write(repository.join("broken.yaml"), "a: [").unwrap();
    std::fs::write(dir.join("pod.yaml"), POD).unwrap();
    if !is_repository(&repository) {
        return;
    }
    let apply = |url: &str, flags: &[&str]| {
        with_repository(&dir, &repository).args(["apply", url, "-r", "pod.yaml"]).args(flags).output().unwrap()
    };
    for (url, flags) in [
        ("https://git.invalid/owner/name/release/1", &[][..]),
        ("https://git.invalid/owner/name/labels/", &["-b", "release/1"]),
    ] {
        let out = apply(url, flags);
        assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
        assert!(text(&out.stdout).contains("pass: 1, fail: 0"), "{}", text(&out.stdout));
    }
    let out = apply("https://git.invalid/owner/name", &[]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("failed to clone repository ("), "{}", text(&out.stderr));
}

/// Kyverno's words for what it does not look into, wherever it does not matter.
#[test]
fn tests_say_what_is_wrong_with_a_policy() {
    let dir = folder("words");
    let policy = |rule: &str| {
        let before =
            "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  rules:\n  - name: r\n";
        format!("{before}    match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}\n    {rule}\n")
    };
    let test = "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\npolicies: [policy.yaml]\n\
                resources: [pod.yaml]\nresults:\n- {policy: p, rule: r, resources: [nginx], result: pass}\n";
    std::fs::write(dir.join("kyverno-test.yaml"), test).unwrap();
    std::fs::write(dir.join("pod.yaml"), POD).unwrap();
    let said = |rule: &str| {
        std::fs::write(dir.join("policy.yaml"), policy(rule)).unwrap();
        text(&kyvc(&dir, &["test", "."]).stdout)
    };
    let made = said(
        "generate: {foreach: [{list: \"['<']\", apiVersion: v1, kind: Pod, name: b, namespace: c, data: {z: 1, a: 2}}]}",
    );
    let json = r#"{"clone":{},"cloneList":{},"foreach":[{"list":"['\u003c']","apiVersion":"v1","kind":"Pod","namespace":"c","name":"b","data":{"a":2,"z":1},"clone":{},"cloneList":{}}]}"#;
    let line =
        format!("exceptions ...\n    Error: failed to get unstructured rule (Object 'Kind' is missing in '{json}')\n");
    assert!(made.contains(&line), "{made}");
    let loops = |entry: &str| said(&format!("validate: {{foreach: [{{list: x, context: [{entry}], deny: {{}}}}]}}"));
    let path = "spec.rules[0].validate.foreach[0].context[0]";
    let one_of = format!("<nil>: Invalid value: \"\": \"{path}\" must validate one and only one schema (oneOf). Found");
    for (entry, why) in [
        ("{name: a}", format!("[{one_of} none valid, {path}.configMap: Required value]")),
        ("{name: a, variable: {value: 1}, apiCall: {}}", format!("{one_of} 2 valid alternatives")),
        ("{variable: {value: 1}}", format!("{path}.name: Required value")),
        (
            "{name: a, apiCall: {method: PUT}}",
            format!("{path}.apiCall.method: Unsupported value: \"PUT\": supported values: \"GET\", \"POST\""),
        ),
    ] {
        let text = loops(entry);
        let line = format!("failed to validate resource (ClusterPolicy.kyverno.io \"p\" is invalid: {why})\n");
        assert!(text.contains(&line), "{line}{text}");
    }
}

#[test]
fn tests_in_git_repositories() {
    let dir = folder("git-tests");
    let repository = dir.join("repository");
    let test = |resource: &str| {
        format!(
            "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {{name: t}}\npolicies: [policy.yaml]\n\
             resources: [{resource}]\nresults:\n- {{policy: require-labels, rule: check-for-labels, resources: [a], \
             result: pass}}\n"
        )
    };
    for (name, resource) in [("good", "../pod.yaml"), ("outside", "../../../../../../../../../pod.yaml")] {
        std::fs::create_dir_all(repository.join(name)).unwrap();
        std::fs::write(repository.join(name).join("policy.yaml"), require_labels("enforce")).unwrap();
        std::fs::write(repository.join(name).join("kyverno-test.yaml"), test(resource)).unwrap();
    }
    std::fs::write(repository.join("pod.yaml"), POD).unwrap();
    if !is_repository(&repository) {
        return;
    }
    let run = |url: &str, flags: &[&str]| {
        with_repository(&dir, &repository).args(["test", url]).args(flags).output().unwrap()
    };
    let out = run("https://git.invalid/owner/name/good", &["-b", "release/1"]);
    let said = text(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{said}{}", text(&out.stderr));
    assert!(said.contains("Loading test  ( /good/kyverno-test.yaml ) ..."), "{said}");
    assert!(said.contains("Test Summary: 1 tests passed and 0 tests failed"), "{said}");
    // Nothing leads out of a repository.
    let out = run("https://git.invalid/owner/name/release/1", &[]);
    let said = text(&out.stdout);
    assert!(said.contains("( /outside/kyverno-test.yaml )") && said.contains("2 tests passed"), "{said}");
    for (url, flags, why) in [
        ("https://git.invalid/owner/name", &[][..], "error: failed to clone repository \nCause: "),
        ("https://git.invalid/owner", &[][..], "invalid URL path /owner - expected https://github.com/:owner/"),
        (
            "https://git.invalid/owner/name/nothing",
            &["-b", "release/1"],
            "error: failed to list YAMLs in repository (file does not exist)",
        ),
    ] {
        let out = run(url, flags);
        assert_eq!(out.status.code(), Some(1));
        let said = text(&out.stdout);
        assert!(said.contains(&format!("\nError loading tests: {why}")), "{said}");
    }
}

#[test]
fn a_large_file_is_one_file() {
    let dir = folder("large");
    std::fs::write(dir.join("policy.yaml"), require_labels("enforce")).unwrap();
    let filler = format!("  annotations:\n    x: {}\n", "x".repeat(4_000));
    let pod = |n: usize| format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: pod-{n}\n{filler}spec: {{}}\n---\n");
    let pods = |from, to| (from..to).map(pod).collect::<String>();
    let broken = "apiVersion: v1\nkind: [\n---\n";
    // Several parts before the error, and several behind it.
    let text = [&pods(0, 700), broken, &pods(700, 1_400)].concat();
    std::fs::write(dir.join("a.yaml"), &text).unwrap();
    std::fs::write(dir.join("b.yaml"), pod(1_400)).unwrap();
    let out = kyvc(&dir, &["check", "policy.yaml", "a.yaml", "b.yaml", "-o", "json"]);
    assert_eq!(out.status.code(), Some(2));
    let line = text[..text.find("[").unwrap()].lines().count() + 1;
    assert!(self::text(&out.stderr).contains(&format!("a.yaml:{line}:1")), "{}", self::text(&out.stderr));
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let rows = report["results"].as_array().unwrap();
    let places: Vec<_> = rows.iter().map(|r| (r["name"].as_str().unwrap(), r["line"].as_u64().unwrap())).collect();
    let lines = pod(0).lines().count();
    let mut want: Vec<_> = (0..700).map(|n| (format!("pod-{n}"), (n * lines + 3) as u64)).collect();
    want.push(("pod-1400".to_owned(), 3));
    assert_eq!(places, want.iter().map(|(name, line)| (name.as_str(), *line)).collect::<Vec<_>>());
}
