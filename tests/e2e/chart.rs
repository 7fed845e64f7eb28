//! The Helm chart on a real API server: it takes what is rendered, and what the chart allows its replicas is enough.

use crate::apply::Case;
use crate::support::Cluster;
use kyvc::diag::Source;
use kyvc::k8s::api::kinds::KINDS;
use kyvc::yaml::emit::from_yaml;
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const NAMESPACE: &str = "chart";
/// A namespace whose objects are checked.
const CHECKED: &str = "chart-checked";
/// A port of the cluster's address that nobody else has.
const PORT: u16 = 9449;
/// How long something may take until it is as it should.
const PATIENCE: Duration = Duration::from_secs(60);

/// Gives the cases by their names: none where there is no helm.
pub(crate) fn cases(cluster: &Cluster) -> Vec<(String, Case<'_>)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/assets/build.sh");
    let said = Command::new("bash").arg(script).arg("--helm").output().unwrap();
    let helm = Path::new(String::from_utf8_lossy(&said.stdout).trim()).join("helm");
    if !helm.is_file() {
        println!("e2e chart: skipped, there is no {}", helm.display());
        return Vec::new();
    }
    let other = helm.clone();
    vec![
        ("chart/taken".to_owned(), Box::new(move || taken(cluster, &helm)) as Case<'_>),
        ("chart/roles".to_owned(), Box::new(move || roles(cluster, &other)) as Case<'_>),
    ]
}

fn rendered(helm: &Path, arguments: &[&str]) -> String {
    let out = Command::new(helm)
        .args(["template", "kyvc", "charts/kyvc", "--namespace", NAMESPACE])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

fn namespaces(cluster: &Cluster) {
    for name in [NAMESPACE, CHECKED] {
        let namespace = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n");
        cluster.kubectl(&["apply", "--server-side", "-f", "-"], &namespace);
    }
}

fn taken(cluster: &Cluster, helm: &Path) -> Result<(), String> {
    namespaces(cluster);
    for arguments in [&[][..], &["--values", "charts/kyvc/ci/all.yaml"]] {
        let manifests = rendered(helm, arguments);
        let (taken, said) = cluster.try_kubectl(&["apply", "--dry-run=server", "-f", "-"], &manifests);
        let count = said.lines().filter(|l| l.ends_with(" created (server dry run)")).count();
        if !taken || count != manifests.lines().filter(|l| l.starts_with("kind: ")).count() {
            return Err(format!("{arguments:?}: {said}"));
        }
    }
    Ok(())
}

/// A replica that ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A replica with the arguments and the rights that the chart gives it registers webhooks, answers, and says all that it
/// has to say.
fn roles(cluster: &Cluster, helm: &Path) -> Result<(), String> {
    namespaces(cluster);
    for kind in &KINDS {
        cluster.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", "-"], &kind.definition().to_string());
    }
    let manifests = rendered(helm, &["--set", "policyExceptions.enabled=true"]);
    cluster.kubectl(&["apply", "--server-side", "-f", "-"], &manifests);
    // As in a cluster that has them from Kyverno.
    cluster.kubectl(&["apply", "-f", "-"], ENTRY);
    let log = cluster.folder().join("chart.log");
    let replica = Running(start(cluster, &manifests, &log));
    let done = until("the webhooks are not registered", || {
        let owners = "jsonpath={.items[*].metadata.ownerReferences[*].name}";
        cluster.try_kubectl(&["get", "validatingwebhookconfigurations", "-o", owners], "").1.contains("kyvc")
    })
    .and_then(|()| answers(cluster));
    drop(replica);
    let said = std::fs::read_to_string(&log).unwrap();
    for kind in
        ["validatingwebhookconfigurations", "mutatingwebhookconfigurations", "clusterpolicies", "globalcontextentries"]
    {
        cluster.kubectl(&["delete", kind, "--all"], "");
    }
    match done {
        Err(why) => Err(format!("{why}\n--- the replica's log\n{said}")),
        Ok(()) if said.contains("orbidden") => Err(format!("something is forbidden:\n{said}")),
        Ok(()) => Ok(()),
    }
}

/// Starts a replica as the container of the chart is started, but for where it is.
fn start(cluster: &Cluster, manifests: &str, log: &Path) -> Child {
    let deployment = manifests.split("\n---\n").find(|p| p.contains("\nkind: Deployment\n")).unwrap();
    let deployment: Value = from_yaml(&Source::new("chart", deployment)).unwrap();
    let arguments = deployment.pointer("/spec/template/spec/containers/0/args").unwrap().as_array().unwrap();
    let address = format!("{}:{PORT}", cluster.address());
    let arguments = arguments.iter().map(|a| a.as_str().unwrap()).filter(|a| !a.starts_with("--listen="));
    Command::new(env!("CARGO_BIN_EXE_kyvc"))
        .args(arguments.map(|a| a.replace("$(POD_NAMESPACE)", NAMESPACE).replace("$(POD_NAME)", "kyvc-0")))
        .args(["--listen", &address, "--server", &address, "--kubeconfig"])
        .arg(kubeconfig(cluster))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(log).unwrap())
        .spawn()
        .unwrap()
}

/// The kubeconfig of the chart's ServiceAccount.
fn kubeconfig(cluster: &Cluster) -> PathBuf {
    let token = cluster.kubectl(&["create", "token", "kyvc", "-n", NAMESPACE], "");
    let text = std::fs::read_to_string(cluster.kubeconfig()).unwrap();
    let mut config: Value = from_yaml(&Source::new("kubeconfig", text.as_str())).unwrap();
    config["users"] = serde_json::json!([{ "name": "test", "user": { "token": token.trim() } }]);
    let file = cluster.folder().join("chart.kubeconfig");
    std::fs::write(&file, config.to_string()).unwrap();
    file
}

fn until(otherwise: &str, is: impl Fn() -> bool) -> Result<(), String> {
    let start = Instant::now();
    while !is() {
        if start.elapsed() > PATIENCE {
            return Err(otherwise.to_owned());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

const ENTRY: &str = "apiVersion: kyverno.io/v2beta1
kind: GlobalContextEntry
metadata: {name: namespaces}
spec: {kubernetesResource: {version: v1, resource: namespaces}}
";

const POLICY: &str = r#"apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: chart}
spec:
  rules:
  - name: marked
    match: {any: [{resources: {kinds: [ConfigMap], namespaces: [chart-checked]}}]}
    context:
    - {name: kyvc, configMap: {name: kyvc, namespace: chart}}
    - {name: known, globalReference: {name: namespaces, jmesPath: "length(@)"}}
    validate:
      failureAction: Enforce
      message: "{{ kyvc.data.defaultRegistry }} has {{ known > `1` }}"
      pattern: {metadata: {labels: {marked: "yes"}}}
"#;

fn answers(cluster: &Cluster) -> Result<(), String> {
    cluster.kubectl(&["apply", "-f", "-"], POLICY);
    until("the policy is not ready", || {
        let ready = r#"jsonpath={.status.conditions[?(@.type=="Ready")].status}"#;
        cluster.kubectl(&["get", "clusterpolicy", "chart", "-o", ready], "") == "True"
    })?;
    until("a ConfigMap is not refused", || {
        let (taken, said) =
            cluster.try_kubectl(&["create", "configmap", "bare", "-n", CHECKED, "--dry-run=server"], "");
        !taken && said.contains("docker.io has true")
    })?;
    // What is only tried makes no events.
    let (taken, said) = cluster.try_kubectl(&["create", "configmap", "bare", "-n", CHECKED], "");
    if taken {
        return Err(said);
    }
    until("there is no event", || {
        cluster
            .kubectl(&["get", "events.events.k8s.io", "-A", "-o", "jsonpath={.items[*].reason}"], "")
            .contains("PolicyViolation")
    })
}
