//! kyvc against a real API server: `cargo test --test e2e [-- NAME...]`, once `bash tests/e2e/assets/build.sh` has built one.
//!
//! With `KYVC_REFERENCE=/path/to/kyverno` each case of `tests/e2e/apply` is also compared with the real Kyverno, and
//! with `KYVC_E2E_BLESS=1` besides, what that says is written down as what is expected.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test whose files or processes are missing has to fail")]

#[path = "e2e/apply.rs"]
mod apply;
#[path = "load/changing.rs"]
mod changing;
#[path = "e2e/chart.rs"]
mod chart;
#[path = "e2e/crds.rs"]
mod crds;
#[path = "load/driver.rs"]
mod driver;
#[path = "e2e/host.rs"]
mod host;
#[path = "e2e/load.rs"]
mod load;
#[path = "e2e/said.rs"]
mod said;
#[path = "serve/server.rs"]
#[expect(dead_code, reason = "shared with the tests of one server, which need more of it")]
mod server;
#[path = "e2e/support/mod.rs"]
mod support;
#[path = "serve/trusting.rs"]
mod trusting;
#[path = "e2e/webhook.rs"]
mod webhook;

use std::cell::Cell;
use std::process::ExitCode;
use std::time::Duration;
use support::{Assets, Cluster};

/// No harness: all cases have one cluster, which has to end when they have.
fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if std::env::args().any(|a| a == "--list") {
        return ExitCode::SUCCESS;
    }
    let assets = match Assets::find() {
        Ok(assets) => assets,
        Err(why) => {
            println!("e2e: skipped, {why}");
            return ExitCode::SUCCESS;
        }
    };
    let cluster = Cluster::start(&assets);
    let mut run = Run { names, done: 0, wrong: Vec::new() };
    run.all(apply::cases(&cluster).into_iter().chain(host::cases(&cluster)).chain(crds::cases(&cluster)));
    run.all(chart::cases(&cluster));
    let replica = webhook::start(&cluster);
    let slowest = Cell::new(Duration::ZERO);
    run.all(webhook::cases(&cluster, &slowest));
    println!(
        "e2e: the slowest step of a webhook's case took {} ms with all its repetitions",
        slowest.get().as_millis()
    );
    let log = replica.log();
    run.all([("webhook/log".to_owned(), Box::new(|| webhook::quiet(&log)) as apply::Case<'_>)]);
    drop(replica);
    run.all(load::cases(&cluster));
    if !run.wrong.is_empty() {
        println!("--- the replica's log\n{log}");
    }
    // Once more at the end, which is what is seen first of a long log.
    for wrong in &run.wrong {
        println!("{wrong}");
    }
    println!("e2e: {} of {} cases passed", run.done - run.wrong.len(), run.done);
    if run.wrong.is_empty() && run.done > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The cases that are run.
struct Run {
    names: Vec<String>,
    done: usize,
    /// What is said of those that were wrong
    wrong: Vec<String>,
}

impl Run {
    fn all<'c>(&mut self, cases: impl IntoIterator<Item = (String, apply::Case<'c>)>) {
        for (name, case) in cases {
            if !self.names.is_empty() && !self.names.iter().any(|n| name.contains(n.as_str())) {
                continue;
            }
            self.done += 1;
            match case() {
                Ok(()) => println!("e2e {name} ... ok"),
                Err(why) => {
                    let wrong = format!("e2e {name} ... FAILED\n{why}");
                    println!("{wrong}");
                    self.wrong.push(wrong);
                }
            }
        }
    }
}
