//! A server that is started for a test, and what is sent to it.

use super::trusting::trusting;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// How long anything may take before a test gives up.
pub(super) const GUARD: Duration = Duration::from_secs(60);

/// A policy that asks for a label, with an action and more of its specification.
pub(super) fn labelled(name: &str, action: &str, more: &str) -> String {
    format!(
        r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {{name: {name}}}
spec:
  {more}
  rules:
  - name: team
    match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}
    validate:
      failureAction: {action}
      message: Every Pod has a team.
      pattern: {{metadata: {{labels: {{team: "?*"}}}}}}
"#
    )
}

/// The program, and the folder with what it reads.
pub(super) struct Server {
    pub(super) child: Child,
    pub(super) address: SocketAddr,
    pub(super) folder: PathBuf,
}

/// An answer: status and body.
pub(super) type Answer = (u16, String);

impl Server {
    /// Serves policies, which are called by the names of their files.
    pub(super) fn start(policies: &[(&str, &str)], arguments: &[&str]) -> Self {
        let folder = folder();
        fs::create_dir_all(folder.join("policies")).unwrap();
        for (name, text) in policies {
            fs::write(folder.join("policies").join(name), text).unwrap();
        }
        Self::start_in(folder, arguments)
    }

    /// Serves the policies of a folder.
    pub(super) fn start_in(folder: PathBuf, arguments: &[&str]) -> Self {
        let policies = folder.join("policies");
        Self::start_with(folder, &policies, arguments)
    }

    /// Serves policies that are somewhere else than what belongs to the server alone.
    pub(super) fn start_with(folder: PathBuf, policies: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kyvc"))
            .args(["serve", "--listen", "127.0.0.1:0", "--policies"])
            .arg(policies)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on https://");
        assert!(address.is_some(), "it does not listen: {}", fs::read_to_string(folder.join("log")).unwrap());
        let address = address.unwrap().parse().unwrap();
        Self { child, address, folder }
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap()
    }

    pub(super) fn write(&self, policy: &str, text: &str) {
        fs::write(self.folder.join("policies").join(policy), text).unwrap();
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        let mut reply = agent(None).get(self.url(path)).call().unwrap();
        (reply.status().as_u16(), reply.body_mut().read_to_string().unwrap())
    }

    /// Posts JSON on a connection of its own.
    pub(super) fn post(&self, path: &str, body: &str) -> Answer {
        post(&agent(None), &self.url(path), body).unwrap()
    }

    /// The `response` to a review that is sent to a path.
    pub(super) fn review(&self, path: &str, review: &Value) -> Value {
        let (status, body) = self.post(path, &review.to_string());
        assert_eq!(status, 200, "{body}");
        let mut answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(answer["kind"], "AdmissionReview");
        assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
        answer["response"].take()
    }

    /// Whether the server still answers as it should. It needs a policy that wants a team.
    pub(super) fn is_well(&self) {
        assert_eq!(self.review("/validate", &pod("well", json!({"team": "a"})))["allowed"], true);
    }

    pub(super) fn signal(&self, name: &str) {
        let kill = format!("kill -s {name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// A connection with TLS, on which anything can be sent.
    pub(super) fn connect(&self) -> StreamOwned<ClientConnection, TcpStream> {
        let socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(GUARD)).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(Arc::new(trusting().unwrap()), name).unwrap();
        let mut stream = StreamOwned::new(client, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).unwrap();
        }
        stream
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A folder that no other test has.
pub(super) fn folder() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("kyvc-serve-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A client that trusts one certificate, or any. What it gets is an answer whatever the status.
pub(super) fn agent(trusted: Option<&str>) -> ureq::Agent {
    let tls = match trusted {
        None => TlsConfig::builder().disable_verification(true),
        Some(pem) => {
            let certificate = Certificate::from_pem(pem.as_bytes()).unwrap();
            TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[certificate]))
        }
    };
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(GUARD));
    config.tls_config(tls.build()).build().into()
}

pub(super) fn post(agent: &ureq::Agent, url: &str, body: &str) -> Result<Answer, ureq::Error> {
    let mut reply = agent.post(url).content_type("application/json").send(body)?;
    Ok((reply.status().as_u16(), reply.body_mut().read_to_string()?))
}

/// The review of a new Pod with labels.
pub(super) fn pod(uid: &str, labels: Value) -> Value {
    review(
        uid,
        json!({"group": "", "version": "v1", "kind": "Pod"}),
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "web", "namespace": "shop", "labels": labels},
            "spec": {"containers": [{"name": "web", "image": "nginx:1.27"}]},
        }),
    )
}

/// The review of a new object.
pub(super) fn review(uid: &str, kind: Value, object: Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": uid,
            "kind": kind,
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "name": object["metadata"]["name"],
            "namespace": object["metadata"]["namespace"],
            "operation": "CREATE",
            "userInfo": {"username": "jane", "groups": ["system:authenticated"]},
            "object": object,
            "oldObject": null,
            "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        },
    })
}

/// Waits until something is so.
pub(super) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < GUARD, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Begins to post a review, and waits until the server wants its body.
pub(super) fn begin(stream: &mut (impl Read + Write), review: &str) {
    write!(stream, "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n")
        .unwrap();
    write!(stream, "Expect: 100-continue\r\nContent-Length: {}\r\n\r\n", review.len()).unwrap();
    let mut line = [0; 25];
    stream.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"HTTP/1.1 100 Continue\r\n\r\n");
}

/// Posts a body on a connection that stays open, and gives the answer's body.
pub(super) fn post_on(stream: &mut (impl Read + Write), path: &str, body: &str) -> String {
    write!(stream, "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n").unwrap();
    write!(stream, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

/// Everything until the other side closes, cleanly or not.
pub(super) fn rest(stream: &mut impl Read) -> String {
    let (mut all, mut part) = (Vec::new(), [0; 4096]);
    while let Ok(n) = stream.read(&mut part) {
        if n == 0 {
            break;
        }
        all.extend_from_slice(&part[..n]);
    }
    String::from_utf8_lossy(&all).into_owned()
}
