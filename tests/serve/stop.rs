//! The end of the server: nobody who was taken is left without an answer.

use super::server::{GUARD, Server, agent, begin, labelled, pod, rest, until};
use serde_json::json;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

fn wait(server: &mut Server) -> Option<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            return status.code();
        }
        assert!(start.elapsed() < GUARD, "it does not stop: {}", server.log());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn under_load_nobody_is_unanswered() {
    let mut server = Server::start(&[("a.yaml", &labelled("owned", "Enforce", ""))], &["--drain", "600"]);
    let url = server.url("/validate");
    let review = pod("1", json!({})).to_string();
    let (answered, unanswered, told) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let ready = AtomicBool::new(true);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let agent = agent(None);
                // A load balancer stops where readiness is off.
                while ready.load(Ordering::SeqCst) {
                    match agent.post(&url).content_type("application/json").send(&review) {
                        Ok(mut reply) => {
                            let closes = reply.headers().get("connection").is_some_and(|c| c == "close");
                            told.fetch_add(usize::from(closes), Ordering::SeqCst);
                            let right =
                                reply.body_mut().read_to_string().is_ok_and(|b| b.contains("\"allowed\":false"));
                            let count = if right { &answered } else { &unanswered };
                            count.fetch_add(1, Ordering::SeqCst);
                        }
                        Err(_) => _ = unanswered.fetch_add(1, Ordering::SeqCst),
                    }
                }
            });
        }
        until("there is load", || answered.load(Ordering::SeqCst) > 100);
        server.signal("TERM");
        until("readiness is off", || server.get("/health/readiness").0 == 500);
        assert_eq!(server.get("/health/liveness").0, 200);
        until("requests are still answered", || told.load(Ordering::SeqCst) > 50);
        ready.store(false, Ordering::SeqCst);
    });
    server.signal("TERM");
    assert_eq!(unanswered.load(Ordering::SeqCst), 0, "of {}", answered.load(Ordering::SeqCst));
    assert_eq!(wait(&mut server), Some(0));
    assert!(server.log().contains("all requests are answered"), "{}", server.log());
}

#[test]
fn a_request_that_has_begun_is_answered() {
    let mut server = Server::start(&[("a.yaml", &labelled("owned", "Enforce", ""))], &["--drain", "0"]);
    let review = pod("1", json!({})).to_string();
    let (first, last) = review.split_at(10);
    let mut stream = server.connect();
    begin(&mut stream, &review);
    write!(stream, "{first}").unwrap();
    let idle = server.connect();
    server.signal("TERM");
    until("nothing is accepted any more", || server.log().contains("no more connections are accepted"));
    write!(stream, "{last}").unwrap();
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"allowed\":false"), "{answer}");
    drop(idle);
    assert_eq!(wait(&mut server), Some(0));
}

#[test]
fn a_second_signal_ends_the_wait() {
    let mut server = Server::start(&[("a.yaml", &labelled("owned", "Enforce", ""))], &["--drain", "600"]);
    server.signal("TERM");
    until("it drains", || server.get("/health/readiness").0 == 500);
    server.signal("TERM");
    assert_eq!(wait(&mut server), Some(0));
}
