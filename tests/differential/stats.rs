//! What the generated pairs were about, and what came of them.

use super::batch::Batch;
use super::compare::by_pair;
use super::grammar::constructs;
use super::printed::PRINTED;
use super::run::Outcome;
use super::theme::Theme;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Counts over all batches, of the reference's rows.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    /// Pairs compared.
    pub(crate) pairs: usize,
    with_rows: usize,
    policies: usize,
    policies_with_rows: usize,
    refused: Vec<String>,
    documents: usize,
    themes: BTreeMap<&'static str, usize>,
    silent: Vec<String>,
    results: BTreeMap<String, usize>,
    constructs: BTreeMap<&'static str, [usize; 2]>,
    /// Pairs on which the reference differs from itself.
    pub(crate) unstable: usize,
    /// Pairs on which the reference crashed.
    pub(crate) crashes: usize,
}

/// A full run has each construct in so many pairs at least; where it is shared by several themes, in a part of them.
const CONSTRUCT_MINIMUM: usize = 50;

impl Stats {
    /// Counts a batch by the reference's rows.
    pub(crate) fn add(&mut self, batch: &Batch, reference: &Outcome) {
        let rows = reference.rows();
        let pairs = by_pair(batch, rows);
        self.pairs += batch.pairs();
        self.with_rows += pairs.of.len();
        self.policies += batch.policies.len();
        for row in rows.iter().filter(|r| r.result != PRINTED) {
            *self.results.entry(row.result.clone()).or_default() += 1;
        }
        self.documents += rows.iter().filter(|r| r.result == PRINTED).count();
        *self.themes.entry(batch.theme.name()).or_default() += batch.pairs();
        if let Outcome::Ran { refused, .. } = reference {
            self.refused.extend(refused.iter().cloned());
        }
        for (p, policy) in batch.policies.iter().enumerate() {
            let seen = (0..batch.manifests.len()).filter(|m| pairs.of.contains_key(&(p, *m))).count();
            self.policies_with_rows += usize::from(seen > 0);
            if seen == 0 {
                self.silent.push(policy.name().to_owned());
            }
            for tag in &policy.tags {
                self.count(tag, batch.manifests.len(), seen);
            }
        }
        for (m, manifest) in batch.manifests.iter().enumerate() {
            let seen = (0..batch.policies.len()).filter(|p| pairs.of.contains_key(&(*p, m))).count();
            for tag in &manifest.tags {
                self.count(tag, batch.policies.len(), seen);
            }
        }
        for tag in flavours(batch) {
            self.count(tag, batch.pairs(), pairs.of.len());
        }
    }

    fn count(&mut self, tag: &'static str, pairs: usize, with_rows: usize) {
        let entry = self.constructs.entry(tag).or_default();
        entry[0] += pairs;
        entry[1] += with_rows;
    }

    fn rows(&self) -> usize {
        self.results.values().sum()
    }

    fn percent(&self, result: &str) -> f64 {
        100.0 * self.results.get(result).copied().unwrap_or(0) as f64 / self.rows().max(1) as f64
    }

    /// The distribution as text.
    pub(crate) fn text(&self, verbose: bool) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "differential: {} pairs, {} with rows, {} policies ({} refused, {} with rows)",
            self.pairs,
            self.with_rows,
            self.policies,
            self.refused.len(),
            self.policies_with_rows
        );
        let _ = write!(out, "{} rows:", self.rows());
        for result in ["pass", "fail", "warn", "error", "skip"] {
            let _ = write!(out, " {result} {:.1} %", self.percent(result));
        }
        let _ = writeln!(out, "\nexcused: {} unstable, {} reference crashes", self.unstable, self.crashes);
        let themes: Vec<String> = self.themes.iter().map(|(name, pairs)| format!("{name} {pairs}")).collect();
        let _ = writeln!(out, "{} documents printed; pairs by theme: {}", self.documents, themes.join(", "));
        let _ = writeln!(out, "constructs (pairs/with rows):");
        let mut tags = self.known();
        let others: Vec<_> = self.constructs.keys().filter(|t| !tags.contains(*t)).copied().collect();
        tags.extend(others);
        for family in tags.chunks(6) {
            let cells = family.iter().map(|t| {
                let [pairs, rows] = self.constructs.get(t).copied().unwrap_or_default();
                format!("{t} {pairs}/{rows}")
            });
            let _ = writeln!(out, "  {}", cells.collect::<Vec<_>>().join("  "));
        }
        if verbose {
            let _ = writeln!(out, "refused:\n  {}\nsilent: {}", self.refused.join("\n  "), self.silent.join(" "));
        }
        out
    }

    /// The constructs that a full run must have: those of its themes.
    fn known(&self) -> Vec<&'static str> {
        let themes: Vec<Theme> = self.themes.keys().filter_map(|name| Theme::parse(name)).collect();
        let mut tags = if themes.contains(&Theme::Checks) { constructs::USUAL.to_vec() } else { Vec::new() };
        tags.extend(themes.iter().flat_map(|t| t.featured()));
        tags.extend([constructs::MANIFEST, constructs::BATCH].concat());
        let mut seen = BTreeSet::new();
        tags.retain(|tag| seen.insert(*tag));
        tags
    }

    /// What of the distribution a full run must have and has not.
    pub(crate) fn shortfalls(&self, plain: bool) -> Vec<String> {
        let mut out = Vec::new();
        let fail = self.percent("fail") + self.percent("warn");
        if fail < 20.0 {
            out.push(format!("only {fail:.1} % of the rows fail"));
        }
        let skip = self.percent("skip");
        if skip < 5.0 {
            out.push(format!("only {skip:.1} % of the rows skip"));
        }
        let error = self.percent("error");
        if error < 5.0 {
            out.push(format!("only {error:.1} % of the rows are errors"));
        }
        let minimum = CONSTRUCT_MINIMUM / self.themes.len().max(1);
        // A plain run has one flavour.
        for tag in self.known().into_iter().filter(|t| !plain || !constructs::BATCH.contains(t)) {
            let pairs = self.constructs.get(tag).map_or(0, |c| c[0]);
            if pairs < minimum {
                out.push(format!("{tag} stands in {pairs} pairs"));
            }
        }
        out
    }
}

fn flavours(batch: &Batch) -> Vec<&'static str> {
    let flavour = &batch.flavour;
    let (values, user) = (flavour.values.is_some(), flavour.user_info.is_some());
    let excepted = batch.policies.iter().any(|p| !p.exceptions.is_empty());
    let all = [
        ("flavour/plain", !values && !user),
        ("flavour/values", values),
        ("flavour/user-info", user),
        ("flavour/company", !flavour.company.is_empty()),
        (flavour.exceptions.tag(), excepted),
    ];
    all.into_iter().filter(|(_, there)| *there).map(|(tag, _)| tag).collect()
}
