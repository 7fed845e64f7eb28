//! Constant load on two replicas of a cluster, while policies come and go, the certificate and who signed it are made anew,
//! replicas and the API server stop and come back.

use crate::apply::Case;
use crate::changing::{Policies, State};
use crate::driver::{self, Replicas, Tally};
use crate::server::{agent, post};
use crate::support::{Cluster, Replica};
use crate::webhook::PORT;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const WORKERS: usize = 8;
const REQUESTS: usize = 20_000;
const POLICIES: usize = 200;
/// How many policies come, or go, at once.
const BATCH: usize = 25;
/// How long anything may take before it counts as failed.
const GUARD: Duration = Duration::from_secs(60);
/// The Secrets of the certificate and of who signs it.
const SECRETS: [&str; 2] = ["kyvc-svc.kyvc-tls-pair", "kyvc-svc.kyvc-tls-ca"];

/// Two replicas, of which the API server asks the first.
struct Pair<'c> {
    cluster: &'c Cluster,
    replicas: [Mutex<Option<Replica>>; 2],
    addresses: [SocketAddr; 2],
}

impl Replicas for Pair<'_> {
    fn address(&self, replica: usize) -> SocketAddr {
        self.addresses[replica]
    }
}

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < GUARD, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Pair<'_> {
    fn port(number: usize) -> u16 {
        PORT + 1 + u16::try_from(number).unwrap()
    }

    fn start(&self, number: usize) {
        let replica = Replica::start(self.cluster, Self::port(number), Self::port(0));
        *self.replicas[number].lock().unwrap() = Some(replica);
    }

    /// Stops a replica by a signal, and starts another in its place.
    fn replace(&self, number: usize, signal: &str) {
        let replica = self.replicas[number].lock().unwrap().take();
        replica.unwrap().end(signal);
        self.start(number);
    }

    /// Makes policies, or removes them, and waits until both replicas have seen that.
    fn change(&self, policies: &Policies, numbers: Range<usize>, present: bool) {
        numbers.clone().for_each(|n| policies.set(n, State::Changing));
        let text = numbers.clone().fold(String::new(), |mut text, n| {
            let _ = write!(text, "---\n{}", Policies::text(n));
            text
        });
        let arguments: &[&str] = if present { &["apply", "--server-side", "-f", "-"] } else { &["delete", "-f", "-"] };
        self.cluster.kubectl(arguments, &text);
        for n in numbers {
            self.settle(n, present);
            policies.set(n, if present { State::Present } else { State::Absent });
        }
    }

    /// Waits until both replicas refuse what a policy is about, or none does.
    fn settle(&self, number: usize, present: bool) {
        let review = Policies::pod(number, "probe").to_string();
        for replica in [0, 1] {
            until("a replica sees the policies of the cluster", || {
                post(&agent(None), &format!("https://{}/validate", self.addresses[replica]), &review)
                    .is_ok_and(|(_, text)| text.contains("\"allowed\":false") == present)
            });
        }
    }

    /// Waits until the API server gets answers, of which it trusts the certificate.
    fn asked(&self) {
        let pod = ["run", "lone", "--image=nginx", "--labels=a=b", "--dry-run=server"];
        until("the API server asks a replica", || self.cluster.try_kubectl(&pod, "").1.contains("\nlasting:\n"));
    }

    /// Removes a Secret, and waits until there is another, and the API server trusts what comes of it.
    fn renew(&self, secret: &str) {
        let read = || {
            let said = self.cluster.try_kubectl(&["get", "secret", secret, "-n", "kyvc", "-o", "jsonpath={.data}"], "");
            said.0.then_some(said.1)
        };
        let before = read();
        self.cluster.kubectl(&["delete", "secret", secret, "-n", "kyvc"], "");
        until("there is another secret", || read().is_some_and(|now| Some(now) != before));
        self.asked();
    }
}

/// The one case.
pub(crate) fn cases(cluster: &Cluster) -> Vec<(String, Case<'_>)> {
    vec![("load/nobody-is-unanswered".to_owned(), Box::new(move || run(cluster)) as Case<'_>)]
}

fn run(cluster: &Cluster) -> Result<(), String> {
    let addresses = [0, 1].map(|n| format!("{}:{}", cluster.address(), Pair::port(n)).parse().unwrap());
    let pair = Pair { cluster, replicas: [Mutex::new(None), Mutex::new(None)], addresses };
    [0, 1].iter().for_each(|n| pair.start(*n));
    // Until another replica leads, the API server asks the one that went with the other cases.
    until("policies are taken", || cluster.try_kubectl(&["apply", "--server-side", "-f", "-"], &Policies::lasting()).0);
    let (policies, tally) = (Policies::new(POLICIES), Tally::default());
    pair.asked();
    let question = |number| policies.question(number);
    let happened = driver::during(WORKERS, REQUESTS, &pair, &question, &tally, || happen(&pair, &policies, &tally));
    cluster.kubectl(&["delete", "clusterpolicies", "--all"], "");
    let wrong = tally.wrong.lock().unwrap();
    let logs: Vec<String> = pair.replicas.iter().filter_map(|r| r.lock().unwrap().as_ref().map(Replica::log)).collect();
    if happened.is_err() || !wrong.is_empty() {
        let some = &wrong[..wrong.len().min(5)];
        return Err(format!("{} of {} wrong: {some:#?}\n{}", wrong.len(), tally.answered(), logs.join("\n---\n")));
    }
    println!("e2e load: {} requests answered rightly, {:?} connections broke", tally.answered(), tally.broken());
    Ok(())
}

fn happen(pair: &Pair<'_>, policies: &Policies, tally: &Tally) {
    until("there is load", || tally.answered() > 500);
    let batches: Vec<_> = (0..POLICIES).step_by(BATCH).map(|n| n..n + BATCH).collect();
    let (half, rest) = batches.split_at(batches.len() / 2);
    half.iter().for_each(|batch| pair.change(policies, batch.clone(), true));
    SECRETS.iter().for_each(|secret| pair.renew(secret));
    assert_eq!(tally.broken(), [0, 0], "changes break nothing");

    // The second is asked while the first, which the API server asks, is not there.
    [1, 0].iter().for_each(|n| pair.replace(*n, "TERM"));
    assert_eq!(tally.broken(), [0, 0], "who stops answers what it took");
    half.iter().for_each(|batch| pair.change(policies, batch.clone(), false));

    pair.cluster.restart();
    assert_eq!(tally.broken(), [0, 0], "without the API server all that was known is known");
    rest.iter().for_each(|batch| pair.change(policies, batch.clone(), true));

    let before = tally.answered();
    pair.replace(1, "KILL");
    until("load goes on", || tally.answered() > before + 500);
    let [other, killed] = tally.broken();
    assert_eq!(other, 0, "one that is killed is not noticed at the other");
    assert!(killed <= WORKERS, "only what was being answered breaks: {killed}");
    rest.iter().for_each(|batch| pair.change(policies, batch.clone(), false));
    assert_eq!(tally.broken(), [0, killed]);
}
