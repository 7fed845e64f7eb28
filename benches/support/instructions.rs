//! How many instructions work takes, beside `serde_json` reading the same bytes, as callgrind counts them: what else the
//! machine does changes nothing of that.

use super::{Failure, Figures, Worker, bad_pod, object, peer, pod_security, scale, webhook, worse_pod};
use kyvc_vm::document::{Buffers, JsonOptions, read_json};
use std::process::Command;

/// The argument with which a bench does one piece of work so many times, to be counted from outside.
pub(crate) const COUNTED: &str = "--counted";

/// The name of a figure, its object and the most that is good.
const FIGURES: [(&str, &str, Option<f64>); 6] = [
    ("instructions-flatten+check", "pod", Some(0.35)),
    ("instructions-check", "pod", Some(0.1)),
    ("instructions-bad-pod", "worse", Some(1.0)),
    ("instructions-large-flatten+check", "large", Some(0.4)),
    ("instructions-review-create", "review", Some(0.45)),
    ("instructions-mutate-ten", "pod", Some(2.0)),
];

/// The bytes of an object.
fn bytes(name: &str) -> Result<Vec<u8>, Failure> {
    match name {
        "large" => object("pod-large.json"),
        "review" => object("review-pod-create.json"),
        "bad" => bad_pod(&object("pod.json")?),
        "worse" => worse_pod(&object("pod.json")?),
        _ => object("pod.json"),
    }
}

/// Does a piece of work so many times.
pub(crate) fn counted(work: &str, of: &str, times: &str) -> Result<(), Failure> {
    let (bytes, times) = (bytes(of)?, times.parse::<u32>()?);
    let again = |work: &mut dyn FnMut()| (0..times).for_each(|_| work());
    match work {
        "instructions-check" => {
            let set = pod_security()?;
            let mut worker = Worker::new(&set);
            let text = std::str::from_utf8(&bytes)?;
            let doc = read_json(text, set.program().layout(), Buffers::default(), JsonOptions::default())?;
            again(&mut || _ = worker.check(&doc));
        }
        "instructions-rules" => {
            let set = scale::crowd(10_000)?;
            let mut worker = Worker::new(&set);
            again(&mut || _ = worker.flatten_and_check(&bytes));
        }
        "instructions-mutate-ten" => {
            let mut mutations = webhook::Mutations::new(std::str::from_utf8(&bytes)?)?;
            again(&mut || mutations.run());
        }
        "instructions-review-create" => {
            let set = pod_security()?;
            let mut webhook = webhook::Webhook::default();
            again(&mut || _ = webhook.answer(&set, &bytes));
        }
        "peer" => again(&mut || peer(&bytes)),
        _ => {
            let set = pod_security()?;
            let mut worker = Worker::new(&set);
            again(&mut || _ = worker.flatten_and_check(&bytes));
        }
    }
    Ok(())
}

/// The instructions of one time: those of many less those of a few, so that what comes before does not count.
fn instructions(work: &str, of: &str) -> Result<f64, Failure> {
    let count = |times: u32| {
        let out = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(std::env::current_exe()?)
            .args([COUNTED, work, of, &times.to_string()])
            .output()?;
        let told = String::from_utf8_lossy(&out.stderr);
        let line = told.lines().find_map(|line| line.split_once("Collected :")).filter(|_| out.status.success());
        let count = line.ok_or_else(|| format!("no count of instructions: {told}"))?.1.trim();
        Ok::<f64, Failure>(count.parse()?)
    };
    Ok((count(25)? - count(5)?) / 20.0)
}

/// Ratios of instructions; nothing where there is no `valgrind`.
pub(crate) fn figures() -> Result<Figures, Failure> {
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|out| out.status.success()) {
        eprintln!("instructions: skipped, there is no valgrind");
        return Ok(Figures::new());
    }
    let mut figures = Figures::new();
    for (name, of, limit) in FIGURES {
        figures.push((name, instructions(name, of)? / instructions("peer", of)?, limit));
    }
    Ok(figures)
}
