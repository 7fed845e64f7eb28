//! The Helm chart: what is generated in it is what the program says, and what it renders passes the policies of this
//! repository. Rendering needs helm, which `tests/e2e/assets/build.sh` builds.

#![expect(clippy::unwrap_used, reason = "a test whose files or processes are missing has to fail")]

use kyvc::diag::Source;
use kyvc::k8s::api::kinds::KINDS;
use kyvc::yaml::emit::{from_yaml, to_yaml};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn chart() -> PathBuf {
    root().join("charts/kyvc")
}

/// Compares a file with what it should be, or writes it.
fn fresh(path: &Path, expected: &str) {
    if std::env::var_os("KYVC_DOCS_BLESS").is_some() {
        std::fs::write(path, expected).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == expected, "{} is not up to date: KYVC_DOCS_BLESS=1 cargo test --test chart", path.display());
}

#[test]
fn definitions_are_those_of_the_types() {
    let folder = chart().join("crds");
    for kind in &KINDS {
        let text = format!("# Made by `kyvc crds`.\n{}", to_yaml(&kind.definition()).unwrap());
        fresh(&folder.join(format!("kyverno.io_{}.yaml", kind.plural)), &text);
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), KINDS.len());
}

/// The rows of the table: each `# -- ` in the values, which may go on in further lines, and the key after it.
fn rows(text: &str, values: &Value) -> String {
    let mut out = String::from("| value | default | what it is |\n|---|---|---|\n");
    let (mut path, mut said) = (Vec::<(usize, &str)>::new(), String::new());
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        match line.trim_start().strip_prefix('#') {
            Some(comment) => match comment.strip_prefix(" -- ") {
                Some(first) => first.clone_into(&mut said),
                None if said.is_empty() => {}
                None => _ = write!(said, " {}", comment.trim_start()),
            },
            None => {
                let Some((key, _)) = line.trim_start().split_once(':') else { continue };
                if key.starts_with('-') {
                    continue;
                }
                path.retain(|(outer, _)| *outer < indent);
                path.push((indent, key));
                if said.is_empty() {
                    continue;
                }
                let keys: Vec<&str> = path.iter().map(|(_, key)| *key).collect();
                let value = keys.iter().try_fold(values, |v, key| v.get(key)).unwrap();
                let value = value.to_string();
                let default = if value.len() > 60 { "see `values.yaml`".to_owned() } else { format!("`{value}`") };
                writeln!(out, "| `{}` | {default} | {} |", keys.join("."), std::mem::take(&mut said)).unwrap();
            }
        }
    }
    out
}

#[test]
fn values_are_listed() {
    let text = std::fs::read_to_string(chart().join("values.yaml")).unwrap();
    let values: Value = from_yaml(&Source::new("values.yaml", text.as_str())).unwrap();
    let path = chart().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, _) = readme.split_once("-->\n").unwrap();
    let table = rows(&text, &values);
    for key in values.as_object().unwrap().keys() {
        assert!(table.contains(&format!("| `{key}` |")) || table.contains(&format!("| `{key}.")), "{key}");
    }
    fresh(&path, &format!("{before}-->\n\n{table}"));
}

/// helm, built or installed.
fn helm() -> Option<PathBuf> {
    let script = root().join("tests/e2e/assets/build.sh");
    let said = Command::new("bash").arg(script).arg("--helm").output().ok()?;
    let built = Path::new(String::from_utf8_lossy(&said.stdout).trim()).join("helm");
    let found = if built.is_file() { built } else { PathBuf::from("helm") };
    Command::new(&found).arg("version").output().is_ok_and(|o| o.status.success()).then_some(found)
}

fn run(program: &Path, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).current_dir(root()).output().unwrap()
}

/// What is rendered with some values, in the namespace `kyvc`; `None` where there is no helm.
fn rendered(arguments: &[&str]) -> Option<String> {
    let Some(helm) = helm() else {
        eprintln!("skipped: there is no helm (build it with `bash tests/e2e/assets/build.sh`)");
        return None;
    };
    let all = [&["template", "kyvc", "charts/kyvc", "--namespace", "kyvc"], arguments].concat();
    let out = run(&helm, &all);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let lint = [&["lint", "--strict", "--quiet", "charts/kyvc"], arguments].concat();
    let linted = run(&helm, &lint);
    assert!(linted.status.success(), "{}", String::from_utf8_lossy(&linted.stdout));
    Some(String::from_utf8(out.stdout).unwrap())
}

/// The policies and rules that a rendered chart violates, and how many it passes.
fn checked(name: &str, manifests: &str) -> (Vec<String>, u64) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chart-{name}.yaml"));
    std::fs::write(&file, manifests).unwrap();
    let file = file.display().to_string();
    let out = run(
        Path::new(env!("CARGO_BIN_EXE_kyvc")),
        &["check", "policies/pod-security", &file, "-p", "policies/best-practices", "-o", "json"],
    );
    assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    let bad = |r: &&Value| r["result"] != "pass" && r["result"] != "skip";
    let text = |r: &Value| format!("{}/{}", r["policy"].as_str().unwrap(), r["rule"].as_str().unwrap());
    let mut violated: Vec<String> = said["results"].as_array().unwrap().iter().filter(bad).map(text).collect();
    violated.sort();
    (violated, said["summary"]["pass"].as_u64().unwrap())
}

#[test]
fn it_passes_our_policies() {
    for name in ["company", "all"] {
        let values = format!("charts/kyvc/ci/{name}.yaml");
        let Some(manifests) = rendered(&["--values", &values]) else { return };
        let (violated, passed) = checked(name, &manifests);
        assert!(violated.is_empty(), "{name}: {violated:?}");
        assert!(passed > 70, "{name}: only {passed} passed");
    }
}

/// With the values as they are, only that is violated which is about the company's own registry and annotations.
#[test]
fn it_passes_what_is_not_about_a_company() {
    let Some(manifests) = rendered(&["--set", "serviceMonitor.enabled=true"]) else { return };
    let (violated, passed) = checked("default", &manifests);
    let company = [
        "registries-from-config/autogen-known-registry",
        "require-owner-annotation/owner-is-named",
        "restrict-registries/autogen-image-is-from-a-known-registry",
    ];
    assert_eq!(violated, company);
    assert!(passed > 60, "only {passed} passed");
}

/// The documents of a kind.
fn of_kind(manifests: &str, kind: &str) -> Vec<Value> {
    let parts = manifests.split("\n---\n").filter(|p| p.contains("\nkind: "));
    let all = parts.map(|p| from_yaml::<Value>(&Source::new("chart", p)).unwrap());
    all.filter(|v| v["kind"] == kind).collect()
}

#[test]
fn the_program_knows_its_arguments() {
    let Some(manifests) = rendered(&["--values", "charts/kyvc/ci/all.yaml"]) else { return };
    let [deployment]: [Value; 1] = of_kind(&manifests, "Deployment").try_into().unwrap();
    let arguments = deployment.pointer("/spec/template/spec/containers/0/args").unwrap().as_array().unwrap();
    let mut arguments: Vec<&str> = arguments.iter().map(|a| a.as_str().unwrap()).collect();
    // It ends before it does anything, and after it has read those before.
    arguments.push("--help");
    let out = run(Path::new(env!("CARGO_BIN_EXE_kyvc")), &arguments);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn the_role_names_the_webhooks_that_are_registered() {
    let Some(manifests) = rendered(&[]) else { return };
    let roles = of_kind(&manifests, "ClusterRole");
    let rules = roles.iter().flat_map(|r| r["rules"].as_array().unwrap());
    let names = rules.flat_map(|r| r["resourceNames"].as_array().into_iter().flatten().filter_map(Value::as_str));
    let mut named: Vec<&str> = names.filter(|n| n.ends_with("-webhook-cfg")).collect();
    let code = std::fs::read_to_string(root().join("src/k8s/controllers/webhooks/build.rs")).unwrap();
    let mut registered: Vec<&str> = code.split('"').filter(|t| t.ends_with("-webhook-cfg")).collect();
    named.sort_unstable();
    registered.sort_unstable();
    registered.dedup();
    assert_eq!(named, registered);
}

/// Options that leave something out.
#[test]
fn options_can_be_turned_off() {
    let set = "rbac.create=false,config.create=false,metricsService.create=false,podAntiAffinity=none,replicas=1,\
               serviceAccount.create=false,serviceAccount.name=mine";
    let Some(manifests) = rendered(&["--set", set]) else { return };
    for kind in [
        "ClusterRole",
        "ClusterRoleBinding",
        "Role",
        "RoleBinding",
        "ConfigMap",
        "PodDisruptionBudget",
        "ServiceAccount",
    ] {
        assert!(of_kind(&manifests, kind).is_empty(), "{kind}");
    }
    assert_eq!(of_kind(&manifests, "Service").len(), 1);
    let [deployment]: [Value; 1] = of_kind(&manifests, "Deployment").try_into().unwrap();
    let pod = deployment.pointer("/spec/template/spec").unwrap();
    assert_eq!((pod["serviceAccountName"].as_str(), pod.get("affinity")), (Some("mine"), None));
    assert!(!manifests.contains("--owner"));
}
