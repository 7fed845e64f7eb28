//! What `kyvc test` and `kyvc apply` say, folder by folder and policy file by policy file.
//!
//! `records` reads what Kyverno said, `run` runs the command lines as `tools/record.py` and `tools/cross.py` do, `compare`
//! compares as `tools/compare.py` does.

mod compare;
pub(crate) mod records;
pub(crate) mod run;

use super::EXISTS;
use super::config::Config;
use super::suite::{Difference, Outcome};
use compare::{MEASURES, MESSAGES, Measure, ROWS};
use records::Job;
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
    measures: Vec<(&'static str, Measure)>,
}

impl Judged {
    /// Whether everything it needs exists.
    pub(crate) fn required(&self) -> bool {
        self.missing.is_empty()
    }

    /// Whether all is the same. Where nothing is expected, silence only counts once everything that the folder needs
    /// exists.
    pub(crate) fn passes(&self) -> bool {
        let evidence = self.required() || self.of(ROWS).is_some_and(|m| m.total > 0);
        self.crash.is_none() && evidence && self.measures.iter().all(|(_, m)| m.holds())
    }

    /// The first difference.
    pub(crate) fn difference(&self) -> Option<&str> {
        let found = self.measures.iter().find_map(|(_, m)| m.difference.as_deref());
        self.crash.as_deref().or(found)
    }

    fn of(&self, key: &str) -> Option<&Measure> {
        self.measures.iter().find(|(k, _)| *k == key).map(|(_, m)| m)
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
    let record = &job.record;
    let run = |argv: &[String]| run::run(&config.kyvc, argv, &job.folder, &config.work, worker);
    let (mut measures, mut crash) = (Vec::new(), None);
    if let Some(want) = &record.test {
        let got = run(&["test", ".", "--remove-color"].map(str::to_owned));
        let unstable = record.unstable.iter().any(|u| u == compare::TEST);
        measures.push((compare::TEST, Measure::of_test(want, &got, unstable)));
        crash = crash.or(got.crash);
    }
    if let Some(want) = &record.applied {
        let plain: Vec<String> =
            job.argv.iter().filter(|a| !["-p", "--output-format", "json"].contains(&a.as_str())).cloned().collect();
        let (report, plain) = (run(&job.argv), run(&plain));
        let of = |key: &&'static str| (*key, Measure::of_apply(key, want, &report, &plain, &record.unstable));
        measures.extend(MEASURES.iter().filter(|k| **k != compare::TEST).map(of));
        crash = crash.or(report.crash.clone()).or(plain.crash.clone());
    }
    // A row that differs is told once.
    if measures.iter().any(|(key, m)| *key == ROWS && m.difference.is_some()) {
        measures.iter_mut().filter(|(key, _)| *key == MESSAGES).for_each(|(_, m)| m.difference = None);
    }
    let missing = record.needs.iter().filter(|tag| !EXISTS.contains(&tag.as_str())).cloned().collect();
    Judged { id: record.id.clone(), missing, crash, measures }
}

/// The suites, over what needs only what exists.
pub(crate) fn measures(all: &[&Judged]) -> Vec<(&'static str, Outcome)> {
    let of = |key: &'static str| {
        let mut outcome = Outcome::default();
        for judged in all.iter().filter(|j| j.required()) {
            let Some(Measure { agreed, total, difference }) = judged.of(key) else { continue };
            outcome.agreed += agreed;
            outcome.total += total;
            let text = difference.as_ref().map(|d| judged.crash.as_ref().unwrap_or(d).clone());
            outcome.differences.extend(text.map(|text| Difference { id: judged.id.clone(), text }));
        }
        (key, outcome)
    };
    MEASURES.into_iter().map(of).collect()
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
        sum(|j| j.of(ROWS).map_or(0, |m| m.agreed)),
        sum(|j| j.of(ROWS).map_or(0, |m| m.total))
    )
}
