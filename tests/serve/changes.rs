//! Policies and certificates that change while the server runs.

use super::server::{GUARD, Server, agent, folder, labelled, pod, post, post_on, until};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn allowed(server: &Server) -> bool {
    server.review("/validate", &pod("1", json!({})))["allowed"] == true
}

#[test]
fn policies_are_read_again() {
    let server = Server::start(&[("a.yaml", &labelled("owned", "Enforce", ""))], &[]);
    assert!(!allowed(&server));
    server.write("a.yaml", &labelled("owned", "Audit", ""));
    until("the new action is seen", || allowed(&server));
    server.write("b.yaml", &labelled("other", "Enforce", ""));
    until("the new policy is seen", || !allowed(&server));
    fs::remove_file(server.folder.join("policies/b.yaml")).unwrap();
    until("it is gone", || allowed(&server));
}

#[test]
fn exceptions_are_read_again() {
    let server = Server::start(&[("a.yaml", &labelled("owned", "Enforce", ""))], &[]);
    server.write(
        "exception.yaml",
        r#"
apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: web, namespace: shop}
spec:
  exceptions: [{policyName: owned, ruleNames: [team]}]
  match: {any: [{resources: {kinds: [Pod], names: [web]}}]}
"#,
    );
    until("the exception is seen", || allowed(&server));
}

#[test]
fn broken_policies_change_nothing() {
    let server = Server::start(&[("a.yaml", &labelled("owned", "Enforce", ""))], &[]);
    server.write("b.yaml", &labelled("broken", "Enforce", "").replace("pattern:", "patern:"));
    until("the problem is logged", || server.log().contains("the old ones stay"));
    assert!(server.log().contains("patern"), "{}", server.log());
    assert!(!allowed(&server));
    server.write("b.yaml", &labelled("whole", "Enforce", ""));
    until("the policy is used when it is whole", || {
        server.review("/validate", &pod("1", json!({})))["status"]["message"].as_str().unwrap().contains("whole")
    });
}

/// A certificate for localhost that signs itself, in the files of a folder; as PEM.
fn certificate(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(folder.join("tls.crt"), made.cert.pem()).unwrap();
    fs::write(folder.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    made.cert.pem()
}

#[test]
fn certificates_are_read_again() {
    let folder = folder();
    let tls = folder.join("tls");
    fs::create_dir_all(folder.join("policies")).unwrap();
    fs::create_dir_all(&tls).unwrap();
    fs::write(folder.join("policies/a.yaml"), labelled("owned", "Enforce", "")).unwrap();
    let first = certificate(&tls);
    let server = Server::start_in(folder, &["--tls-dir", tls.to_str().unwrap()]);
    let review = pod("1", json!({})).to_string();
    let mut kept = server.connect();
    assert!(post_on(&mut kept, "/validate", &review).contains("\"allowed\":false"));
    let ask = |agent: &ureq::Agent| post(agent, &server.url("/validate"), &review).map(|(status, _)| status);
    assert_eq!(ask(&agent(Some(&first))).unwrap(), 200);
    let second = certificate(&tls);
    until("the new certificate is used", || ask(&agent(Some(&second))).is_ok());
    assert!(ask(&agent(Some(&first))).is_err(), "new connections do not get the old one");
    let on = post_on(&mut kept, "/validate", &review);
    assert!(on.contains("\"allowed\":false"), "a connection that is open stays so");
    fs::write(tls.join("tls.crt"), "nothing").unwrap();
    until("the problem is logged", || server.log().contains("the old one stays"));
    assert!(ask(&agent(Some(&second))).is_ok());
}

/// How the program ends that cannot serve, and what it says.
fn ends(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kyvc"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--policies"]).arg(folder).args(arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() && start.elapsed() < GUARD {
        std::thread::sleep(Duration::from_millis(20));
    }
    // One that serves all the same has no code of its own.
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn what_cannot_be_served_is_told() {
    let folder = folder();
    let (code, text) = ends(&folder.join("nowhere"), &[]);
    assert!(code == Some(2) && text.contains("nowhere"), "{text}");
    fs::write(folder.join("a.yaml"), labelled("broken", "Enforce", "").replace("pattern:", "patern:")).unwrap();
    let (code, text) = ends(&folder, &[]);
    assert!(code == Some(2) && text.contains("patern"), "{text}");
    fs::write(folder.join("a.yaml"), labelled("owned", "Enforce", "")).unwrap();
    let (code, text) = ends(&folder, &["--tls-dir", "/nowhere"]);
    assert!(code == Some(2) && text.contains("tls.crt"), "{text}");
    fs::remove_dir_all(folder).unwrap();
}
