//! `wildcard`: a glob against a text.

use crate::conformance::data::Datum;
use crate::conformance::suite::{Outcome, cases, same};
use kyvc_vm::scalar::{Glob, Scalar, glob};
use std::path::Path;

/// Runs the suite.
pub(crate) fn run(root: &Path) -> Result<Outcome, String> {
    cases(root, "patterns.json", &["wildcard"], check)
}

fn check(case: Datum<'_>) -> Result<(), String> {
    let (pattern, value) = (case.text("pattern")?, case.text("value")?);
    let want = case.need("result")?.scalar() == Scalar::Bool(true);
    let input = format!("{pattern:?} on {value:?}");
    same(&format!("compiled {input}"), &want, &Glob::new(pattern).matches(value))?;
    same(&input, &want, &glob::matches(pattern, value))
}
