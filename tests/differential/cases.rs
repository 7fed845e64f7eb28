//! Differing pairs: excused, or made small, printed and written down.

use super::batch::Batch;
use super::compare::{self, Sides, by_pair};
use super::config::Config;
use super::rows::Row;
use super::run::{self, Outcome, Style};
use super::{plain, say, shrink};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::io;

/// What a differing pair turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A difference.
    Difference,
    /// The reference differs from itself.
    Unstable,
    /// The reference crashed.
    ReferenceCrashed,
}

/// How many cases with one signature are made small; more are counted only.
const PER_SIGNATURE: usize = 3;

/// How many copies of a policy are asked for an answer.
const SAMPLES: usize = 32;

/// A pair, by the indexes of policy and manifest.
type Pair = (usize, usize);

/// The cases so far.
#[derive(Debug)]
pub(crate) struct Cases<'a> {
    config: &'a Config,
    written: usize,
    by_signature: BTreeMap<String, usize>,
    crashes: usize,
    texts: usize,
}

impl<'a> Cases<'a> {
    /// No cases yet.
    pub(crate) fn new(config: &'a Config) -> Self {
        Self { config, written: 0, by_signature: BTreeMap::new(), crashes: 0, texts: 0 }
    }

    /// Whether there are enough cases to stop.
    pub(crate) fn enough(&self) -> bool {
        self.written >= self.config.cases
    }

    /// Of the differing pairs of a batch those on which the reference says in one of three more runs what kyvc says.
    pub(crate) fn unstable(&self, part: &Batch, sides: &Sides, pairs: &[Pair]) -> io::Result<BTreeSet<Pair>> {
        let mut out = BTreeSet::new();
        if pairs.is_empty() {
            return Ok(out);
        }
        let kyvc = by_pair(part, sides.kyvc.rows());
        for _ in 0..3 {
            let again = compare::reference(self.config, part)?;
            if again.trouble().is_some() || sides.kyvc.trouble().is_some() {
                continue;
            }
            let again = by_pair(part, again.rows());
            out.extend(pairs.iter().filter(|p| again.of.get(p) == kyvc.of.get(p)));
        }
        Ok(out)
    }

    /// Judges a pair on which the two sides differed in company; makes it small and writes it down if it is one of the
    /// first with this signature.
    pub(crate) fn judge(&mut self, pair: Batch, signature: Vec<String>) -> io::Result<Verdict> {
        let name = signature.join(", ");
        let seen = self.by_signature.get(&name).copied().unwrap_or(0);
        let verdict = if seen < PER_SIGNATURE { self.examine(pair, &name)? } else { Verdict::Difference };
        if verdict == Verdict::Difference {
            *self.by_signature.entry(name).or_default() += 1;
        }
        Ok(verdict)
    }

    /// Compares the texts of a batch whose rows do not differ without excuse.
    pub(crate) fn compare_texts(&mut self, part: &Batch, excused: &BTreeSet<Pair>) -> io::Result<()> {
        self.texts += 1;
        if self.config.reference_only || self.enough() {
            return Ok(());
        }
        if plain::check(self.config, part, excused, self.texts)?.is_some() {
            self.written += 1;
            *self.by_signature.entry("text".to_owned()).or_default() += 1;
        }
        Ok(())
    }

    fn examine(&mut self, pair: Batch, name: &str) -> io::Result<Verdict> {
        let sides = compare::both(self.config, &pair)?;
        if sides.excused_by_crash() {
            self.crash(&pair, &sides)?;
            return Ok(Verdict::ReferenceCrashed);
        }
        if self.sampled_unstable(&pair, &sides)? {
            return Ok(Verdict::Unstable);
        }
        if !sides.differ() {
            self.write(&pair, &sides, &format!("{name}, but only in company"))?;
            return Ok(Verdict::Difference);
        }
        let alone = sides.signature();
        let small = shrink::shrink(self.config, pair, &alone)?;
        let sides = compare::both(self.config, &small)?;
        if self.sampled_unstable(&small, &sides)? {
            return Ok(Verdict::Unstable);
        }
        self.write(&small, &sides, &alone.join(", "))?;
        Ok(Verdict::Difference)
    }

    /// Whether the reference gives several answers to one pair, and kyvc's is one of them: asked with copies of the
    /// policy, as each walk over a Go map has an order of its own.
    fn sampled_unstable(&self, pair: &Batch, sides: &Sides) -> io::Result<bool> {
        let mut copies = pair.clone();
        let mark = |n: usize| format!("-copy-{n}");
        let chains = pair.theme.chains();
        if chains {
            // Copies of the policy would see what the others made.
            let name = pair.manifests[0].name().to_owned();
            copies.manifests = (0..SAMPLES).map(|n| pair.manifests[0].renamed(&(name.clone() + &mark(n)))).collect();
        } else {
            copies.policies = (0..SAMPLES).map(|n| pair.policies[0].renamed(&mark(n))).collect();
        }
        let outcome = compare::reference(self.config, &copies)?;
        let (answers, kyvc) = (by_pair(&copies, outcome.rows()), by_pair(pair, sides.kyvc.rows()));
        let plain = |rows: Option<&Vec<&Row>>, mark: &str| -> Vec<Row> {
            rows.into_iter().flatten().map(|r| r.without_policy().without(mark)).collect()
        };
        let alone = by_pair(pair, sides.reference.rows());
        let (alone, kyvc) = (plain(alone.of.get(&(0, 0)), ""), plain(kyvc.of.get(&(0, 0)), ""));
        let sample = |n: usize| {
            let (key, mark) = if chains { ((0, n), mark(n)) } else { ((n, 0), String::new()) };
            plain(answers.of.get(&key), &mark)
        };
        let samples: Vec<Vec<Row>> = (0..SAMPLES).map(sample).collect();
        let varies = samples.iter().any(|rows| *rows != alone);
        let known = alone == kyvc || samples.contains(&kyvc);
        Ok(varies && known && outcome.trouble().is_none() && sides.kyvc.trouble().is_none())
    }

    /// Keeps a pair on which the reference differs from itself, for a look.
    pub(crate) fn keep(&self, pair: &Batch, n: usize) -> io::Result<()> {
        run::write(pair, &self.config.out.join(format!("unstable-{n}")), Style::Report).map(|_| ())
    }

    /// Notes a pair or batch on which the reference crashed.
    pub(crate) fn crash(&mut self, pair: &Batch, sides: &Sides) -> io::Result<()> {
        self.crashes += 1;
        let folder = self.config.out.join(format!("crash-{}", self.crashes));
        run::write(pair, &folder, Style::Report)?;
        let what = sides.reference.trouble().unwrap_or_default();
        say(&format!("differential: the reference {what} on {}", folder.display()));
        Ok(())
    }

    fn write(&mut self, pair: &Batch, sides: &Sides, signature: &str) -> io::Result<()> {
        self.written += 1;
        let folder = self.config.out.join(format!("case-{}", self.written));
        let args = run::write(pair, &folder, Style::Report)?;
        let text = describe(pair, sides, signature, &args);
        fs::write(folder.join("README.txt"), &text)?;
        say(&format!("--- {} ---\n{text}", folder.display()));
        Ok(())
    }

    /// A line a signature, where there are differences.
    pub(crate) fn summary(&self) -> Vec<String> {
        self.by_signature.iter().map(|(signature, n)| format!("{n} pairs differ: {signature}")).collect()
    }
}

fn describe(pair: &Batch, sides: &Sides, signature: &str, args: &[String]) -> String {
    let mut out = format!("{signature}   (reference -> kyvc)\n$ kyvc {}\n", args.join(" "));
    for (name, side) in [("reference", &sides.reference), ("kyvc", &sides.kyvc)] {
        let _ = writeln!(out, "{name}:");
        for row in side.rows() {
            let _ = writeln!(out, "  {}", row.line());
        }
        if let Outcome::Ran { refused, .. } = side {
            for line in refused {
                let _ = writeln!(out, "  refused {line}");
            }
        }
        if let Some(trouble) = side.trouble() {
            let _ = writeln!(out, "  {trouble}");
        }
    }
    for item in &pair.before {
        let _ = writeln!(out, "before.yaml:\n{:#}", item.doc);
    }
    for (name, item) in [("policy.yaml", &pair.policies[0]), ("manifest.yaml", &pair.manifests[0])] {
        let _ = writeln!(out, "{name}:\n{:#}", item.doc);
    }
    for exception in pair.exceptions() {
        let _ = writeln!(out, "exception:\n{exception:#}");
    }
    if let Some(values) = pair.values() {
        let _ = writeln!(out, "values.yaml:\n{values:#}");
    }
    out
}
