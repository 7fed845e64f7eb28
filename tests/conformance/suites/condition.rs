//! `condition`: a key, an operator and a value.

use crate::conformance::data::Datum;
use crate::conformance::suite::{Outcome, cases, same};
use kyvc::engine::probe::condition;
use std::path::Path;

/// Runs the suite.
pub(crate) fn run(root: &Path) -> Result<Outcome, String> {
    cases(root, "patterns.json", &["condition"], check)
}

fn check(case: Datum<'_>) -> Result<(), String> {
    let (key, value) = (case.need("key")?.json(), case.need("value")?.json());
    let operator = case.text("operator")?;
    let got = condition(&key, operator, &value);
    let input = format!("{key} {operator} {value}");
    match case.get("result").map(Datum::json) {
        // The reference crashes, or refuses the operator: anything but a crash will do.
        None => Ok(()),
        Some(want) => same(&input, &want, &got.map_or("none".to_owned(), |b| b.to_string())),
    }
}
