//! `match`: a pattern's tree against a resource; status, path and message.

use crate::conformance::data::Datum;
use crate::conformance::suite::{Outcome, cases, same};
use kyvc::engine::probe::match_pattern;
use std::path::Path;

/// Runs the suite.
pub(crate) fn run(root: &Path) -> Result<Outcome, String> {
    cases(root, "patterns.json", &["match"], check)
}

fn check(case: Datum<'_>) -> Result<(), String> {
    let (pattern, resource) = (case.need("pattern")?, case.need("resource")?.json());
    let input = format!("{} on {resource}", pattern.json());
    let optional = |key| case.get(key).and_then(Datum::as_str).unwrap_or("");
    let want = (case.text("status")?, optional("path"), optional("message"));
    match match_pattern(&pattern.tree(), &resource) {
        Some(got) => same(&input, &want, &(got.status.name(), &got.path, &got.message)),
        None => Err(format!("{input}: want {want:?}, got no code for it")),
    }
}
