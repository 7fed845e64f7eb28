//! What comes over HTTP: policies and manifests by URL, and the services that rules call.
#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "a test whose files or processes are missing has to fail")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread;

const POLICY: &str = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: asks}
spec:
  background: false
  rules:
  - name: one
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    context:
    - name: answer
      apiCall:
        method: POST
        data: [{key: b, value: '{{ request.object.data }}'}, {key: a, value: '<'}]
        service:
          url: 'URL/echo'
          headers: [{key: X-Name, value: '{{ request.object.metadata.name }}'}]
    - name: missing
      apiCall: {service: {url: 'URL/missing'}, default: {a: b}}
    validate:
      message: '{{ answer.name }} {{ answer.body }} {{ missing.a }}'
      deny: {}
  - name: two
    match: {any: [{resources: {kinds: [ConfigMap]}}]}
    context:
    - name: missing
      apiCall: {service: {url: 'URL/missing'}}
    validate:
      deny: {conditions: {any: [{key: '{{ missing }}', operator: Equals, value: a}]}}
";

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {x: z}\n";

/// A server with those two files and a service, until the test ends.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let own = url.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut lines = reader.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty());
            let first = lines.next().unwrap_or_default();
            let header = |line: &str, name: &str| line.to_lowercase().strip_prefix(name).map(|v| v.trim().to_owned());
            let headers: Vec<String> = lines.collect();
            let found = |name: &str| headers.iter().find_map(|line| header(line, name));
            let length: usize = found("content-length:").and_then(|v| v.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let (status, reply) = match first.split(' ').nth(1).unwrap_or_default() {
                "/policy.yaml" => ("200 OK", POLICY.replace("URL", &own)),
                "/object.yaml" => ("200 OK", OBJECT.to_owned()),
                "/echo" => {
                    let body = String::from_utf8(body).unwrap();
                    let name = found("x-name:").unwrap_or_default();
                    ("200 OK", serde_json::json!({"body": body, "name": name}).to_string())
                }
                _ => ("404 Not Found", "nothing here".to_owned()),
            };
            let length = reply.len();
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{reply}");
        }
    });
    url
}

fn kyvc(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kyvc")).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn files_by_their_urls() {
    let url = serve();
    let out = kyvc(&["check", &format!("{url}/policy.yaml"), &format!("{url}/object.yaml")]);
    assert!(text(&out.stdout).starts_with("checked 1 resource against 1 policy") || out.status.code() == Some(1));
    let out = kyvc(&["check", &format!("{url}/other.yaml"), &format!("{url}/object.yaml")]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("HTTP 404 Not Found"), "{}", text(&out.stderr));
}

#[test]
fn services_that_rules_call() {
    let url = serve();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("services");
    std::fs::create_dir_all(&folder).unwrap();
    let policy = folder.join("policy.yaml");
    std::fs::write(&policy, POLICY.replace("URL", &url)).unwrap();
    for policy in [policy.display().to_string(), format!("{url}/policy.yaml")] {
        let out = kyvc(&["apply", &policy, "-r", &format!("{url}/object.yaml"), "-p", "--output-format", "json"]);
        let shown = text(&out.stdout);
        let json = shown.get(shown.find('{').unwrap()..).unwrap_or_default();
        let report: serde_json::Value = serde_json::Deserializer::from_str(json).into_iter().next().unwrap().unwrap();
        let message = |n: usize| report["results"][n]["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(message(0), "one {\"a\":\"\\u003c\",\"b\":{\"x\":\"z\"}}\n b");
        let why =
            "failed to resolve missing at path : failed to fetch data for APICall: HTTP 404 Not Found: nothing here";
        assert!(message(1).ends_with(why), "{}", message(1));
    }
}
