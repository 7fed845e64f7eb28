//! `rows` and `messages`: what `kyvc apply -p` reports, folder by folder and policy file by policy file.
//!
//! `records` reads what Kyverno reported, `run` runs the command line on it as `tools/record.py` and `tools/cross.py` do,
//! `compare` counts as `tools/compare.py` does.

mod compare;
mod records;
mod run;

use super::EXISTS;
use super::config::Config;
use super::suite::{Difference, Outcome};
use compare::{MESSAGES, Measure, ROWS};
use records::{Job, Record};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many command lines run at a time.
const WORKERS: usize = 2;

/// What became of one folder or policy file.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    /// The folder or file, as the recording names it.
    pub(crate) id: String,
    /// What it needs and does not exist yet.
    pub(crate) missing: Vec<String>,
    /// That the command line crashed or hung, and how.
    pub(crate) crash: Option<String>,
    rows: Measure,
    messages: Measure,
}

impl Judged {
    /// Whether everything it needs exists.
    pub(crate) fn required(&self) -> bool {
        self.missing.is_empty()
    }

    /// Whether rows and messages are all the same. Where nothing is expected, silence only counts once everything that the
    /// folder needs exists.
    pub(crate) fn passes(&self) -> bool {
        let evidence = self.required() || self.rows.total > 0;
        self.crash.is_none() && evidence && self.rows.holds() && self.messages.holds()
    }

    /// The first difference.
    pub(crate) fn difference(&self) -> Option<&str> {
        let found = self.rows.difference.as_deref().or(self.messages.difference.as_deref());
        self.crash.as_deref().or(found)
    }
}

/// Runs the folders with tests.
pub(crate) fn folders(config: &Config, root: &Path) -> Result<Vec<Judged>, String> {
    judge_all(config, &records::folders(root)?)
}

/// Runs every policy file on the common manifests.
pub(crate) fn cross(config: &Config, root: &Path) -> Result<Vec<Judged>, String> {
    judge_all(config, &records::cross(root)?)
}

fn judge_all(config: &Config, jobs: &[Job]) -> Result<Vec<Judged>, String> {
    std::fs::create_dir_all(&config.work).map_err(|e| format!("{}: {e}", config.work.display()))?;
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (next, done) = (&next, &done);
            scope.spawn(move || {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let judged = judge(config, worker, job);
                    done.lock().unwrap_or_else(|e| e.into_inner()).push(judged);
                }
            });
        }
    });
    let mut judged = done.into_inner().unwrap_or_else(|e| e.into_inner());
    judged.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(judged)
}

fn judge(config: &Config, worker: usize, job: &Job) -> Judged {
    let (got, crash) = run::run(&config.kyvc, &job.argv, &job.folder, &config.work, worker);
    let Record { id, rows: want, needs, unstable } = &job.record;
    let measure =
        |key| if unstable.iter().any(|u| u == key) { Measure::default() } else { Measure::of(key, want, &got) };
    let (rows, mut messages) = (measure(ROWS), measure(MESSAGES));
    if rows.difference.is_some() {
        // A row that differs is told once.
        messages.difference = None;
    }
    let missing = needs.iter().filter(|tag| !EXISTS.contains(&tag.as_str())).cloned().collect();
    Judged { id: id.clone(), missing, crash, rows, messages }
}

/// The two suites, over what needs only what exists.
pub(crate) fn measures(all: &[&Judged]) -> Vec<(&'static str, Outcome)> {
    let of = |measure: fn(&Judged) -> &Measure| {
        let mut outcome = Outcome::default();
        for judged in all.iter().filter(|j| j.required()) {
            let Measure { agreed, total, difference } = measure(judged);
            outcome.agreed += agreed;
            outcome.total += total;
            let text = difference.as_ref().map(|d| judged.crash.as_ref().unwrap_or(d).clone());
            outcome.differences.extend(text.map(|text| Difference { id: judged.id.clone(), text }));
        }
        outcome
    };
    vec![(ROWS, of(|j| &j.rows)), (MESSAGES, of(|j| &j.messages))]
}

/// A line about what needs more than exists.
pub(crate) fn remainder(all: &[&Judged]) -> String {
    let rest: Vec<_> = all.iter().filter(|j| !j.required()).collect();
    let sum = |part: fn(&Judged) -> usize| rest.iter().map(|j| part(j)).sum::<usize>();
    format!(
        "(not counted: {} folders and files that need more; {} of them pass, {} crash, {} of {} rows are the same)",
        rest.len(),
        sum(|j| usize::from(j.passes())),
        sum(|j| usize::from(j.crash.is_some())),
        sum(|j| j.rows.agreed),
        sum(|j| j.rows.total)
    )
}
