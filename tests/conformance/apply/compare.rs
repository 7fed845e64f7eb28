//! Two lists of rows, compared as multisets.

use super::records::Row;
use std::collections::BTreeMap;

/// Everything of a row but its message.
pub(crate) const ROWS: &str = "rows";
/// The whole row.
pub(crate) const MESSAGES: &str = "messages";

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

    /// Whether there is no difference.
    pub(crate) fn holds(&self) -> bool {
        self.agreed == self.total && self.difference.is_none()
    }
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
