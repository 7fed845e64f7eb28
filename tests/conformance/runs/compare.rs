//! What two runs said, measure by measure, as `tools/compare.py` compares them.

use super::records::{Applied, Plain, Row, Tested};
use super::run::Ran;
use std::collections::BTreeMap;

/// Exit code and summary line of `test`.
pub(crate) const TEST: &str = "test";
/// Everything of a row but its message.
pub(crate) const ROWS: &str = "rows";
/// The whole row.
pub(crate) const MESSAGES: &str = "messages";

/// Exit codes of `apply`, with a report and without.
pub(crate) const EXIT: &str = "exit";
/// The line of figures of `apply`.
pub(crate) const COUNTS: &str = "counts";
/// The documents that `apply` prints.
pub(crate) const OUTPUT: &str = "output";
/// All that `apply` prints, white space aside.
pub(crate) const TEXT: &str = "text";

/// All measures, in the order in which differences are told.
pub(crate) const MEASURES: [&str; 7] = [TEST, ROWS, MESSAGES, EXIT, COUNTS, OUTPUT, TEXT];

/// How much of a long text was recorded.
const RECORDED: usize = 60_000;

/// How much of two lists is the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measure {
    /// Rows that agree; of `rows` those that should not be there are taken off.
    pub(crate) agreed: usize,
    /// Rows that are wanted.
    pub(crate) total: usize,
    /// The first of each kind that is missing or too many.
    pub(crate) difference: Option<String>,
}

impl Measure {
    /// Compares by a measure.
    pub(crate) fn of(key: &str, want: &[Row], got: &[Row]) -> Self {
        let columns = if key == ROWS { 6 } else { 7 };
        let (mut want, mut got) = (count(want, columns), count(got, columns));
        let total = want.values().sum();
        let same = cancel(&mut want, &mut got);
        let extra: usize = got.values().sum();
        let agreed = if key == ROWS { same.saturating_sub(extra) } else { same };
        Self { agreed, total, difference: difference(key, &want, &got) }
    }

    /// Compares two things of which there is one each.
    fn one<T: PartialEq + std::fmt::Debug>(key: &str, want: &T, got: &T) -> Self {
        let difference = (want != got).then(|| format!("{key}: want {want:?}, got {got:?}"));
        Self { agreed: usize::from(difference.is_none()), total: 1, difference }
    }

    /// As [`one`](Self::one), for texts of which only the first line that differs is told.
    fn text(key: &str, want: &str, got: &str) -> Self {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let (all, other) = (words(want), words(got));
        let first = || {
            let mut lines = want.lines().zip(got.lines().chain(std::iter::repeat("")));
            lines.find(|(a, b)| words(a) != words(b)).unwrap_or_default()
        };
        let difference = (all != other).then(first).map(|(a, b)| format!("{key}: want {a:?}, got {b:?}"));
        Self { agreed: usize::from(difference.is_none()), total: 1, difference }
    }

    /// Compares what `test` said.
    pub(crate) fn of_test(want: &Tested, got: &Ran, unstable: bool) -> Self {
        let all = format!("{}{}", got.stdout, got.stderr);
        let summary = all.lines().find_map(|l| l.find("Test Summary: ").and_then(|at| l.get(at..))).map(str::to_owned);
        let last = all.lines().map(str::trim).rfind(|l| !l.is_empty()).unwrap_or_default();
        let err = summary.is_none().then(|| last.chars().take(400).collect());
        let mut got = Tested { rc: got.rc, summary, err };
        if unstable {
            got.summary.clone_from(&want.summary);
        }
        // Which resource comes first is Go's order of maps.
        let masked = |t: &Tested| Tested { err: t.err.as_deref().map(any_resource), ..t.clone() };
        Self::one(TEST, &masked(want), &masked(&got))
    }

    /// Compares what `apply` said by a measure; nothing is compared where Kyverno differs from itself.
    pub(crate) fn of_apply(key: &str, want: &Applied, report: &Ran, plain: &Ran, unstable: &[String]) -> Self {
        let differs = |key: &str| unstable.iter().any(|u| u == key);
        let Applied { rows, rc, plain: Plain { rc: plain_rc, counts, stdout } } = want;
        let printed: String = plain.stdout.chars().take(RECORDED).collect();
        match key {
            ROWS | MESSAGES if !differs(key) => Self::of(key, rows, &super::run::rows(&report.stdout)),
            EXIT => Self::one(key, &(Some(*rc), *plain_rc), &(report.rc, plain.rc)),
            COUNTS => Self::one(key, counts, &figures(&plain.stdout)),
            OUTPUT if !differs(OUTPUT) => {
                let (want, got) = (documents(stdout), documents(&printed));
                if want.is_empty() && got.is_empty() { Self::default() } else { Self::text(key, &want, &got) }
            }
            TEXT if !differs(MESSAGES) && !differs(OUTPUT) => Self::text(key, stdout, &printed),
            _ => Self::default(),
        }
    }

    /// Whether there is no difference.
    pub(crate) fn holds(&self) -> bool {
        self.agreed == self.total && self.difference.is_none()
    }
}

/// An error text without the name of the resource that it is about.
fn any_resource(text: &str) -> String {
    match text.split_once("on resource ").and_then(|(before, rest)| Some((before, rest.split_once(' ')?.1))) {
        Some((before, rest)) => format!("{before}on a resource {rest}"),
        None => text.to_owned(),
    }
}

/// `pass: 1, fail: 0, …`, where it stands in a text.
fn figures(text: &str) -> Option<String> {
    let line = text.lines().rfind(|l| l.starts_with("pass: "))?;
    Some(line.trim_end().to_owned())
}

/// The documents of a text, sorted.
fn documents(text: &str) -> String {
    let from = |part: &str| Some(part.get(part.find("apiVersion:")?..)?.split("\n\n").next()?.to_owned());
    let mut all: Vec<String> = text.split("\n---").filter_map(from).collect();
    all.sort_unstable();
    all.join("\n---\n")
}

type Multiset<'r> = BTreeMap<&'r [String], usize>;

fn count(rows: &[Row], columns: usize) -> Multiset<'_> {
    let mut counts = Multiset::new();
    for row in rows {
        *counts.entry(row.get(..columns).unwrap_or(row)).or_default() += 1;
    }
    counts
}

/// Takes what two multisets share out of both, and gives its size.
fn cancel<'r>(a: &mut Multiset<'r>, b: &mut Multiset<'r>) -> usize {
    let mut same = 0;
    for (row, m) in a.iter_mut() {
        let Some(n) = b.get_mut(row) else { continue };
        let shared = (*m).min(*n);
        (*m, *n, same) = (*m - shared, *n - shared, same + shared);
    }
    a.retain(|_, n| *n > 0);
    b.retain(|_, n| *n > 0);
    same
}

fn difference(key: &str, missing: &Multiset<'_>, extra: &Multiset<'_>) -> Option<String> {
    let shown = |row: &[String]| serde_json::json!(row).to_string();
    match (missing.first_key_value(), extra.first_key_value()) {
        (Some((want, _)), None) => Some(format!("{key} missing ({}): {}", missing.len(), shown(want))),
        (Some((want, _)), Some((other, _))) => {
            let got = closest(want, extra).unwrap_or(other);
            Some(format!("{key} missing ({}): {}; got {}", missing.len(), shown(want), shown(got)))
        }
        (None, Some((row, _))) if key == ROWS => Some(format!("{key} extra ({}): {}", extra.len(), shown(row))),
        _ => None,
    }
}

/// The row about the same rule and resource, which tells more than any other.
fn closest<'r>(want: &[String], extra: &Multiset<'r>) -> Option<&'r [String]> {
    extra.keys().copied().find(|row| row.get(..5) == want.get(..5))
}
