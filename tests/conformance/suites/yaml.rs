//! `yaml`: what Kubernetes' YAML reader makes of a text, as JSON byte for byte; and what its strict form refuses.

use crate::conformance::data::Datum;
use crate::conformance::suite::{Outcome, cases, same_or_error};
use kyvc::diag::Source;
use kyvc::yaml::{self, ReadOptions};
use kyvc_vm::document::{Buffers, Layout};
use std::path::Path;

/// Runs the suite.
pub(crate) fn run(root: &Path) -> Result<Outcome, String> {
    cases(root, "yaml.json", &[], check)
}

fn check(case: Datum<'_>) -> Result<(), String> {
    let text = case.text("yaml")?;
    let error = |key| case.get(key).and_then(Datum::as_str);
    let lenient = match error("error") {
        Some(error) => Err(error),
        None => Ok(case.text("json_text")?.to_owned()),
    };
    let strict = match error("strict_error") {
        Some(error) => Err(error),
        None => lenient.clone(),
    };
    same_or_error(&format!("{text:?}"), lenient, json(text, false))?;
    same_or_error(&format!("strict {text:?}"), strict, json(text, true))
}

fn json(text: &str, strict: bool) -> Result<String, String> {
    let (source, layout) = (Source::new("case.yaml", text), Layout::everything());
    let options = ReadOptions { strict, ..ReadOptions::default() };
    let doc = yaml::value(&source, &layout, Buffers::default(), options).map_err(|e| e.message)?;
    Ok(doc.root().map_or_else(|| "null".to_owned(), |root| yaml::go_json(&doc, root)))
}
