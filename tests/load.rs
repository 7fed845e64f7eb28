//! Constant load on two replicas while all that may change does. Nothing in here is a limit of time; guards are.

#![expect(clippy::unwrap_used, reason = "a server or file that is missing has to fail the test")]

#[path = "load/changing.rs"]
mod changing;
#[path = "load/driver.rs"]
mod driver;
#[path = "serve/server.rs"]
#[expect(dead_code, reason = "shared with the tests of one server, which need more of it")]
mod server;
#[path = "serve/trusting.rs"]
mod trusting;

use changing::{Policies, State};
use driver::{Replicas, Tally};
use server::{Server, agent, folder, post, until};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

const WORKERS: usize = 8;
const REQUESTS: usize = 20_000;
const POLICIES: usize = 200;
/// How many policies come, and others go, at once.
const BATCH: usize = 25;
/// How long a replica that is told to stop answers requests: all kept connections are used within that.
const DRAIN: &str = "3";

/// Two servers that read the same folders.
struct Pair {
    servers: [Mutex<Server>; 2],
    folder: PathBuf,
}

impl Replicas for Pair {
    fn address(&self, replica: usize) -> SocketAddr {
        self.servers[replica].lock().unwrap().address
    }
}

impl Pair {
    fn start() -> (Self, String) {
        let folder = folder();
        for name in ["policies", "tls"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        fs::write(folder.join("policies/lasting.yaml"), Policies::lasting()).unwrap();
        let certificate = certificate(&folder);
        (Self { servers: [0, 1].map(|_| Mutex::new(one(&folder))), folder }, certificate)
    }

    /// Stops a replica by a signal, and starts another in its place when the first has ended.
    fn replace(&self, replica: usize, signal: &str) {
        self.servers[replica].lock().unwrap().signal(signal);
        // Others go on asking for the address.
        until("the replica ends", || self.servers[replica].lock().unwrap().child.try_wait().unwrap().is_some());
        let next = one(&self.folder);
        *self.servers[replica].lock().unwrap() = next;
    }

    fn url(&self, replica: usize) -> String {
        format!("https://{}/validate", self.address(replica))
    }

    /// Waits until both replicas refuse what a policy is about, or none does.
    fn settle(&self, number: usize, present: bool) {
        let review = Policies::pod(number, "probe").to_string();
        for replica in [0, 1] {
            until("a replica sees its policies", || {
                let answer = post(&agent(None), &self.url(replica), &review);
                answer.is_ok_and(|(_, text)| text.contains("\"allowed\":false") == present)
            });
        }
    }

    /// Writes the files of policies, or removes them, and waits until that is seen.
    fn change(&self, policies: &Policies, numbers: std::ops::Range<usize>, present: bool) {
        numbers.clone().for_each(|n| policies.set(n, State::Changing));
        for n in numbers.clone() {
            let path = self.folder.join("policies").join(format!("{n}.yaml"));
            if present { fs::write(path, Policies::text(n)) } else { fs::remove_file(path) }.unwrap();
        }
        for n in numbers {
            self.settle(n, present);
            policies.set(n, if present { State::Present } else { State::Absent });
        }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A server of the folders, with a log of its own.
fn one(shared: &Path) -> Server {
    let (policies, tls) = (shared.join("policies"), shared.join("tls"));
    Server::start_with(folder(), &policies, &["--tls-dir", tls.to_str().unwrap(), "--drain", DRAIN])
}

/// Writes a certificate that signs itself, and gives it as PEM.
fn certificate(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(folder.join("tls/tls.crt"), made.cert.pem()).unwrap();
    fs::write(folder.join("tls/tls.key"), made.signing_key.serialize_pem()).unwrap();
    made.cert.pem()
}

#[test]
fn nobody_is_unanswered() {
    let (pair, first) = Pair::start();
    let (policies, tally) = (Policies::new(POLICIES), Tally::default());
    let question = |number| policies.question(number);
    let happened =
        driver::during(WORKERS, REQUESTS, &pair, &question, &tally, || happen(&pair, &policies, &tally, &first));
    happened.unwrap();
    let wrong = tally.wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{} of {}: {:#?}", wrong.len(), tally.answered(), &wrong[..wrong.len().min(5)]);
    assert!(tally.answered() >= REQUESTS);
}

fn happen(pair: &Pair, policies: &Policies, tally: &Tally, first: &str) {
    until("there is load", || tally.answered() > 500);
    let batches: Vec<_> = (0..POLICIES).step_by(BATCH).map(|n| n..n + BATCH).collect();
    let (half, rest) = batches.split_at(batches.len() / 2);
    half.iter().for_each(|batch| pair.change(policies, batch.clone(), true));

    let second = certificate(&pair.folder);
    let review = Policies::pod(0, "probe").to_string();
    for replica in [0, 1] {
        until("new connections see the new certificate", || {
            post(&agent(Some(&second)), &pair.url(replica), &review).is_ok()
        });
        assert!(post(&agent(Some(first)), &pair.url(replica), &review).is_err());
    }
    assert_eq!(tally.broken(), [0, 0], "changes break nothing");

    pair.replace(0, "TERM");
    assert_eq!(tally.broken(), [0, 0], "who stops answers what it took");
    half.iter().for_each(|batch| pair.change(policies, batch.clone(), false));

    let before = tally.answered();
    pair.replace(1, "KILL");
    until("load goes on", || tally.answered() > before + 500);
    let [other, killed] = tally.broken();
    assert_eq!(other, 0, "one that is killed is not noticed at the other");
    assert!(killed <= WORKERS, "only what was being answered breaks: {killed}");

    rest.iter().for_each(|batch| pair.change(policies, batch.clone(), true));
    rest.iter().for_each(|batch| pair.change(policies, batch.clone(), false));
    assert_eq!(tally.broken(), [0, killed]);
}
