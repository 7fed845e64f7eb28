//! Both command lines on a batch, compared pair by pair.

use super::batch::Batch;
use super::config::Config;
use super::rows::Row;
use super::run::{self, Outcome, Style};
use super::say;
use std::collections::BTreeMap;
use std::io;

/// What both sides said about one pair.
#[derive(Clone, Debug)]
pub(crate) struct Sides {
    /// The real Kyverno.
    pub(crate) reference: Outcome,
    /// The command line under test.
    pub(crate) kyvc: Outcome,
}

impl Sides {
    /// Whether the two differ.
    pub(crate) fn differ(&self) -> bool {
        self.kyvc.is_fatal() || self.reference.is_fatal() || self.reference.rows() != self.kyvc.rows()
    }

    /// Whether the reference crashed, and kyvc had something to say.
    pub(crate) fn excused_by_crash(&self) -> bool {
        matches!(self.reference, Outcome::Crashed(_)) && !self.kyvc.is_fatal()
    }

    /// What kind of difference it is.
    pub(crate) fn signature(&self) -> Vec<String> {
        match &self.kyvc {
            Outcome::Crashed(_) => vec!["kyvc crashed".to_owned()],
            Outcome::Hung(_) => vec!["kyvc hung".to_owned()],
            _ if self.reference.is_fatal() => vec!["the reference hung".to_owned()],
            _ => super::rows::signature(self.reference.rows(), self.kyvc.rows()),
        }
    }
}

/// Runs the reference alone on a batch.
pub(crate) fn reference(config: &Config, batch: &Batch) -> io::Result<Outcome> {
    let folder = config.out.join("work");
    let args = run::write(batch, &folder, Style::Report)?;
    run::run(&config.reference, &args, &folder, batch)
}

/// Runs both on a batch.
pub(crate) fn both(config: &Config, batch: &Batch) -> io::Result<Sides> {
    let folder = config.out.join("work");
    let args = run::write(batch, &folder, Style::Report)?;
    let reference = run::run(&config.reference, &args, &folder, batch)?;
    let kyvc = if config.reference_only { reference.clone() } else { run::run(&config.kyvc, &args, &folder, batch)? };
    Ok(Sides { reference, kyvc })
}

/// Runs both on a batch; where one of them has no report, on halves of it, so that what is at fault stands alone.
pub(crate) fn split(config: &Config, batch: Batch, out: &mut Vec<(Batch, Sides)>) -> io::Result<()> {
    let sides = both(config, &batch)?;
    let trouble = sides.reference.trouble().or_else(|| sides.kyvc.trouble());
    match (batch.halves(), trouble) {
        (Some((a, b)), Some(trouble)) => {
            if config.verbose {
                say(&format!("differential: {} pairs are halved: {trouble}", batch.pairs()));
            }
            split(config, a, out)?;
            split(config, b, out)
        }
        _ => {
            out.push((batch, sides));
            Ok(())
        }
    }
}

/// The rows of each pair of a batch, by the indexes of policy and manifest.
pub(crate) fn by_pair<'a>(batch: &Batch, rows: &'a [Row]) -> Pairs<'a> {
    let policies: BTreeMap<&str, usize> = batch.policies.iter().enumerate().map(|(i, p)| (p.name(), i)).collect();
    let manifests: BTreeMap<&str, usize> = batch.manifests.iter().enumerate().map(|(i, m)| (m.name(), i)).collect();
    let mut pairs = Pairs::default();
    for row in rows {
        match (policies.get(row.policy_name()), manifests.get(row.name.as_str())) {
            (Some(p), Some(m)) => pairs.of.entry((*p, *m)).or_default().push(row),
            _ => pairs.strays.push(row),
        }
    }
    pairs
}

/// Rows by pair.
#[derive(Debug, Default)]
pub(crate) struct Pairs<'a> {
    /// By the indexes of policy and manifest.
    pub(crate) of: BTreeMap<(usize, usize), Vec<&'a Row>>,
    /// Rows of no pair.
    pub(crate) strays: Vec<&'a Row>,
}

/// The pairs on which the two sides differ.
pub(crate) fn differing(batch: &Batch, sides: &Sides) -> Vec<(usize, usize)> {
    let (left, right) = (by_pair(batch, sides.reference.rows()), by_pair(batch, sides.kyvc.rows()));
    let mut keys: Vec<_> = left.of.keys().chain(right.of.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|k| left.of.get(k) != right.of.get(k));
    if batch.theme.chains() {
        let first = |m: usize| keys.iter().find(|(p, n)| *n == m && batch.policies[*p].mutates()).copied();
        let firsts: Vec<_> = (0..batch.manifests.len()).map(first).collect();
        // What differs later may follow from it.
        keys.retain(|k| firsts[k.1].is_none_or(|first| first == *k));
    }
    keys
}

/// What kind of difference there is on one pair of a batch.
pub(crate) fn signature_of(batch: &Batch, sides: &Sides, pair: (usize, usize)) -> Vec<String> {
    let rows = |outcome: &Outcome| -> Vec<Row> {
        by_pair(batch, outcome.rows()).of.get(&pair).into_iter().flatten().map(|r| (*r).clone()).collect()
    };
    match sides.kyvc.trouble() {
        Some(_) => sides.signature(),
        None => super::rows::signature(&rows(&sides.reference), &rows(&sides.kyvc)),
    }
}
