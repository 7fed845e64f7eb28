//! `duration`: Go's durations, their nanoseconds, text and seconds.

use crate::conformance::data::Datum;
use crate::conformance::suite::{Outcome, cases, same_or_error};
use kyvc_vm::scalar::{duration, number};
use std::path::Path;

/// Runs the suite.
pub(crate) fn run(root: &Path) -> Result<Outcome, String> {
    cases(root, "quantity_duration.json", &["duration"], check)
}

fn check(case: Datum<'_>) -> Result<(), String> {
    let input = case.text("input")?;
    let want = match case.get("error").and_then(Datum::as_str) {
        Some(error) => Err(error),
        None => Ok([case.text("ns")?, case.text("string")?, case.text("seconds")?].map(str::to_owned)),
    };
    let got = duration::parse(input).map_err(|e| e.to_string()).map(|ns| {
        [ns.to_string(), duration::format(ns).to_string(), number::text_v(duration::seconds(ns)).to_string()]
    });
    same_or_error(&format!("{input:?}"), want, got)
}
