//! What clients may take.

use super::server::{Server, agent, begin, labelled, pod, rest};
use super::trusting::trusting;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use std::io::Write;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

fn server(arguments: &[&str]) -> Server {
    Server::start(&[("a.yaml", &labelled("owned", "Enforce", ""))], arguments)
}

#[test]
fn too_many_requests_are_told_to_come_back() {
    let server = server(&["--max-requests", "1"]);
    let review = pod("1", json!({})).to_string();
    let mut stream = server.connect();
    begin(&mut stream, &review);
    let reply = agent(None).post(server.url("/validate")).content_type("application/json").send(&review).unwrap();
    assert_eq!(reply.status().as_u16(), 503);
    assert!(reply.headers().contains_key("retry-after"));
    // These are not put to policies.
    assert_eq!(server.get("/health/liveness").0, 200);
    write!(stream, "{review}").unwrap();
    assert!(rest(&mut stream).starts_with("HTTP/1.1 200 "), "who came first is answered");
    server.is_well();
}

/// A policy whose rules would be at work for much longer than anybody waits.
fn slow(name: &str, failure: &str) -> String {
    let rule = |n: u32| {
        format!(
            r#"
  - name: slow-{n}
    match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}
    validate:
      failureAction: Enforce
      foreach:
      - list: request.object.spec.many
        foreach:
        - list: request.object.spec.many
          foreach:
          - list: request.object.spec.many
            deny: {{conditions: {{any: [{{key: "{{{{ element }}}}", operator: Equals, value: nothing}}]}}}}"#
        )
    };
    let rules: String = (0..200).map(rule).collect();
    format!(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: {name}}}\nspec:\n  failurePolicy: {failure}\n  rules:{rules}\n"
    )
}

#[test]
fn rules_that_take_too_long_are_errors() {
    let (strict, lax) = (slow("strict", "Fail"), slow("lax", "Ignore"));
    let server =
        Server::start(&[("a.yaml", &strict), ("b.yaml", &lax), ("c.yaml", &labelled("owned", "Audit", ""))], &[]);
    let mut review = pod("1", json!({}));
    review["request"]["object"]["spec"]["many"] = (0..1000).map(|n| n.to_string()).collect();
    let refused = server.review("/validate/fail?timeout=1s", &review);
    assert_eq!((&refused["uid"], &refused["allowed"]), (&json!("1"), &json!(false)));
    let message = refused["status"]["message"].as_str().unwrap();
    assert!(
        message.contains("strict:\n") && message.contains("slow-199: 'rule slow-199: the time for the request is over")
    );
    let ignored = server.review("/validate/ignore?timeout=1s", &review);
    assert_eq!(ignored["allowed"], true, "{ignored}");
    let changed = server.review("/mutate?timeout=1s", &review);
    assert_eq!(changed["allowed"], true, "{changed}");
    assert_eq!(server.get("/health/liveness").0, 200);
}

#[test]
fn idle_connections_make_room() {
    let server = server(&["--max-connections", "8"]);
    let mut idle: Vec<_> = (0..40).map(|_| server.connect()).collect();
    server.is_well();
    // The first ones had to go.
    assert_eq!(rest(&mut idle[0]), "");
    server.is_well();
}

#[test]
fn one_connection_takes_many_requests() {
    let server = server(&[]);
    let agent = agent(None);
    for n in 0..100 {
        let review = pod(&n.to_string(), json!({}));
        let (status, body) = super::server::post(&agent, &server.url("/validate"), &review.to_string()).unwrap();
        assert_eq!(status, 200);
        assert!(body.contains(&format!("\"uid\":\"{n}\"")), "{body}");
    }
}

#[test]
fn requests_share_a_connection_of_http_2() {
    let server = server(&[]);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut tls = trusting().unwrap();
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let socket = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let name = "localhost".try_into().unwrap();
        let stream = TlsConnector::from(Arc::new(tls)).connect(name, socket).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let client = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = client.await.unwrap();
        tokio::spawn(connection);
        let requests = (0..100).map(|n| {
            let mut sender = sender.clone();
            let body = Full::new(Bytes::from(pod(&n.to_string(), json!({})).to_string()));
            let request = hyper::Request::post(server.url("/validate")).header("content-type", "application/json");
            let request = request.body(body).unwrap();
            tokio::spawn(async move {
                let reply = sender.send_request(request).await.unwrap();
                assert_eq!(reply.status(), 200);
                let body = reply.into_body().collect().await.unwrap().to_bytes();
                assert!(String::from_utf8_lossy(&body).contains(&format!("\"uid\":\"{n}\"")));
            })
        });
        for request in requests.collect::<Vec<_>>() {
            request.await.unwrap();
        }
    });
}
