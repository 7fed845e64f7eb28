//! The differential test: generated policies and manifests, judged by the real Kyverno and by kyvc.
//!
//! `config` reads the environment, `grammar` and `seeds` make documents, `batch` puts them together, `run` and `rows` run a
//! command line and read its report, `printed` reads the documents it prints, `plain` compares its texts, `compare` finds differing pairs, `shrink` makes them small, `cases` excuses or writes
//! them down, and `stats` counts.

pub(crate) mod batch;
pub(crate) mod cases;
pub(crate) mod compare;
pub(crate) mod config;
pub(crate) mod grammar;
pub(crate) mod plain;
pub(crate) mod printed;
pub(crate) mod reduce;
pub(crate) mod rng;
pub(crate) mod rows;
pub(crate) mod run;
pub(crate) mod seeds;
pub(crate) mod shrink;
pub(crate) mod stats;
pub(crate) mod theme;

use cases::{Cases, Verdict};
use config::Config;
use stats::Stats;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Instant;

/// Says something, past the test harness's capture of output.
pub(crate) fn say(text: &str) {
    // Nothing is lost that matters if standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Runs the test: an error text where kyvc and the reference differ without excuse, or the distribution falls short.
pub(crate) fn run(config: &Config, seeds: Vec<seeds::Seed>) -> Result<(), String> {
    let start = Instant::now();
    let mut stats = Stats::default();
    let mut cases = Cases::new(config);
    search(config, seeds, &mut stats, &mut cases).map_err(|e| format!("cannot run: {e}"))?;
    say(&stats.text(config.verbose));
    say(&format!("seed {}, {:.1} s", config.seed, start.elapsed().as_secs_f64()));
    let mut faults = cases.summary();
    if config.full() && faults.is_empty() {
        faults.extend(stats.shortfalls(config.plain));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

fn search(config: &Config, seeds: Vec<seeds::Seed>, stats: &mut Stats, cases: &mut Cases<'_>) -> io::Result<()> {
    let mut source = batch::Source::new(config.seed, &config.themes, config.plain, seeds);
    while stats.pairs < config.pairs && !cases.enough() {
        let share = config.pairs.div_ceil(config.themes.len().max(1));
        let batch = source.next(share.min(config.pairs - stats.pairs));
        let mut parts = Vec::new();
        compare::split(config, batch, &mut parts)?;
        for (part, sides) in parts {
            stats.add(&part, &sides.reference);
            let excused = judge(&part, &sides, stats, cases)?;
            // A difference in rows is in the texts too.
            if let Some(excused) = excused {
                cases.compare_texts(&part, &excused)?;
            }
        }
    }
    Ok(())
}

/// Says what was wrong where a single pair made no report at all.
fn complain(part: &batch::Batch, sides: &compare::Sides) {
    if let (1, run::Outcome::Silent(text)) = (part.pairs(), &sides.reference) {
        say(&format!(
            "differential: no report on {} and {}: {text}",
            part.policies[0].name(),
            part.manifests[0].name()
        ));
    }
}

/// Judges what differs. The pairs that are excused, or None where something differs without excuse.
fn judge(
    part: &batch::Batch,
    sides: &compare::Sides,
    stats: &mut Stats,
    cases: &mut Cases<'_>,
) -> io::Result<Option<BTreeSet<(usize, usize)>>> {
    complain(part, sides);
    if sides.excused_by_crash() {
        stats.crashes += part.pairs();
        cases.crash(part, sides)?;
        return Ok(None);
    }
    let mut pairs = compare::differing(part, sides);
    if pairs.is_empty() && sides.differ() {
        pairs.push((0, 0));
    }
    let unstable = cases.unstable(part, sides, &pairs)?;
    let mut excused = BTreeSet::new();
    let mut faulty = false;
    for (policy, manifest) in pairs {
        let pair = part.pair(policy, manifest);
        let verdict = if unstable.contains(&(policy, manifest)) {
            Verdict::Unstable
        } else if cases.enough() {
            faulty = true;
            continue;
        } else {
            cases.judge(pair.clone(), compare::signature_of(part, sides, (policy, manifest)))?
        };
        match verdict {
            Verdict::Difference => faulty = true,
            Verdict::ReferenceCrashed => {
                faulty = true;
                stats.crashes += 1;
            }
            Verdict::Unstable => {
                stats.unstable += 1;
                excused.insert((policy, manifest));
                cases.keep(&pair, stats.unstable)?;
            }
        }
    }
    Ok((!faulty).then_some(excused))
}
