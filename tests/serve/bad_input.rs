//! What is no good request gets an answer or a closed connection, and the next good one is answered.

use super::server::{Server, agent, labelled, pod, post, post_on, rest};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;

fn server() -> Server {
    Server::start(&[("a.yaml", &labelled("owned", "Enforce", ""))], &[])
}

#[test]
fn wrong_paths_methods_and_types() {
    let server = server();
    let review = pod("1", json!({})).to_string();
    assert_eq!(server.post("/nowhere", &review).0, 404);
    assert_eq!(server.post("/validate/other", &review).0, 404);
    assert_eq!(server.get("/validate").0, 405);
    let reply = agent(None).post(server.url("/validate")).content_type("text/plain").send(&review).unwrap();
    assert_eq!(reply.status().as_u16(), 415);
    server.is_well();
}

#[test]
fn a_refusal_leaves_the_connection_open() {
    let server = server();
    let mut stream = server.connect();
    let body = "a".repeat(1 << 20);
    for path in ["/validate", "/nowhere"] {
        write!(stream, "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut reply = [0; 12];
        stream.read_exact(&mut reply).unwrap();
        assert_eq!(&reply[..9], b"HTTP/1.1 ");
        // Up to the end of what is said.
        let mut rest = Vec::new();
        while !rest.ends_with(b"page not found") && !rest.ends_with(b"Content-Type") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            rest.extend(byte);
        }
    }
    assert!(post_on(&mut stream, "/validate", &pod("1", json!({})).to_string()).contains("\"uid\":\"1\""));
}

#[test]
fn bodies_that_are_no_reviews() {
    let server = server();
    let deep = format!("{}{}", "[".repeat(1 << 20), "]".repeat(1 << 20));
    let deep_object = pod("1", json!({})).to_string().replace("\"labels\":{}", &format!("\"labels\":{deep}"));
    for (body, status) in [
        ("", 417),
        ("hello", 417),
        ("{\"kind\":", 417),
        ("[]", 417),
        (&*deep, 417),
        (&*deep_object, 417),
        ("\u{1}", 417),
        ("{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\"}", 400),
        (&*pod("1", json!({})).to_string().replace("k8s.io/v1", "k8s.io/v7"), 400),
    ] {
        let shown = body.get(..40.min(body.len()));
        assert_eq!(server.post("/validate", body).0, status, "{shown:?}");
        assert_eq!(server.post("/mutate", body).0, status, "{shown:?}");
    }
    server.is_well();
}

#[test]
fn bytes_that_are_no_text() {
    let server = server();
    let mut reply = agent(None)
        .post(server.url("/validate"))
        .content_type("application/json")
        .send(&[b'"', 0xff, b'"'][..])
        .unwrap();
    assert_eq!(reply.status().as_u16(), 417);
    assert!(reply.body_mut().read_to_string().unwrap().contains("UTF-8"));
    server.is_well();
}

#[test]
fn a_body_that_is_too_large() {
    let server = server();
    let large = format!("\"{}\"", "a".repeat(50 << 20));
    // The answer may come before the body has been sent, and the connection be closed then.
    if let Ok((status, _)) = post(&agent(None), &server.url("/validate"), &large) {
        assert_eq!(status, 413);
    }
    // Without its length said before.
    let mut stream = server.connect();
    write!(stream, "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n").unwrap();
    write!(stream, "Transfer-Encoding: chunked\r\n\r\n").unwrap();
    let chunk = "a".repeat(1 << 20);
    for _ in 0..50 {
        if write!(stream, "100000\r\n{chunk}\r\n").is_err() {
            break;
        }
    }
    let answer = rest(&mut stream);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413 "), "{answer}");
    server.is_well();
}

#[test]
fn a_client_without_tls() {
    let server = server();
    let mut socket = TcpStream::connect(server.address).unwrap();
    socket.set_read_timeout(Some(super::server::GUARD)).unwrap();
    socket.write_all(b"POST /validate HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}").unwrap();
    assert!(!rest(&mut socket).contains("HTTP/1.1 200"));
    server.is_well();
}

#[test]
fn something_that_is_no_http() {
    let server = server();
    let mut stream = server.connect();
    stream.write_all(&[0, 1, 2, 3, b'\r', b'\n', b'\r', b'\n']).unwrap();
    let answer = rest(&mut stream);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let mut stream = server.connect();
    let header = "a".repeat(1 << 20);
    let _ = write!(stream, "GET /health/liveness HTTP/1.1\r\nHost: a\r\nA: {header}\r\n\r\n");
    let answer = rest(&mut stream);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    server.is_well();
}

/// What the server's process has of memory, in MiB.
fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[test]
fn ten_thousand_idle_connections() {
    let server = server();
    // Both sides of all of them would be more than this process may have open on some systems.
    let mut idle = Vec::new();
    let mut spoken = Vec::new();
    for n in 0..10_000 {
        match TcpStream::connect(server.address) {
            Ok(socket) => idle.push(socket),
            // The oldest ones are closed by the server long since.
            Err(_) => drop(idle.drain(..idle.len() / 2)),
        }
        if n % 50 == 0 {
            spoken.push(server.connect());
            server.is_well();
        }
    }
    if cfg!(target_os = "linux") {
        assert!(memory(&server) < 200, "{} MiB", memory(&server));
    }
    server.is_well();
    drop((idle, spoken));
    server.is_well();
}

#[test]
fn clients_that_are_slow() {
    let server = server();
    // A body that does not come.
    let mut body = server.connect();
    write!(body, "POST /validate?timeout=1s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n").unwrap();
    write!(body, "Content-Length: 1000\r\n\r\n{{").unwrap();
    // A header that does not end, and a handshake that does not begin.
    let mut header = server.connect();
    write!(header, "POST /validate HTTP/1.1\r\nHost:").unwrap();
    let mut handshake = TcpStream::connect(server.address).unwrap();
    handshake.set_read_timeout(Some(super::server::GUARD)).unwrap();
    server.is_well();
    assert!(rest(&mut body).starts_with("HTTP/1.1 408 "));
    assert_eq!(rest(&mut header), "");
    assert_eq!(rest(&mut handshake), "");
    server.is_well();
}
