//! Checks of policies, one after the other on a thread of its own: compiling takes much memory for a short time, which an
//! allocator keeps for each thread that did it, and requests about anything else are not to wait for it.

use super::Server;
use super::body::Read;
use super::route::{Checked, Route};
use super::worker::{self, Refused};
use hyper::body::Bytes;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Weak;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;
use tokio::sync::oneshot;

/// A review of a policy.
struct Job {
    checked: Checked,
    body: Read,
    until: Instant,
    reply: oneshot::Sender<Result<Bytes, Refused>>,
}

/// Takes reviews of policies.
pub(super) struct Checker(Sender<Job>);

/// The other end, until its thread runs.
pub(super) struct Queue(Receiver<Job>);

impl Checker {
    /// A queue, and its other end.
    pub(super) fn new() -> (Self, Queue) {
        let (jobs, queue) = channel();
        (Self(jobs), Queue(queue))
    }

    /// Reviews a policy when its turn comes. There is no answer where the server ends.
    pub(super) async fn review(&self, checked: Checked, body: Read, until: Instant) -> Option<Result<Bytes, Refused>> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Job { checked, body, until, reply }).ok()?;
        answer.await.ok()
    }
}

impl Queue {
    /// Works until the server is gone.
    pub(super) fn work(&self, server: &Weak<Server>) {
        for Job { checked, body, until, reply } in &self.0 {
            let Some(server) = server.upgrade() else { return };
            // Who does not wait any more needs no answer.
            if reply.is_closed() {
                continue;
            }
            // A bug with one policy is none with the others; tokio does the same for everything else.
            let review = AssertUnwindSafe(|| worker::review(&server, Route::Policy(checked), &body.bytes, until));
            if let Ok(answer) = catch_unwind(review) {
                let _ = reply.send(answer);
            }
        }
    }
}
