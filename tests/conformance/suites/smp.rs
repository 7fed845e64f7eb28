//! `smp`: an overlay merged into a resource.

use crate::conformance::data::Datum;
use crate::conformance::suite::{Outcome, cases};
use kyvc::engine::Status;
use kyvc::engine::probe::match_pattern;
use kyvc::policy::tree::{Tree, Value};
use kyvc::yaml::go_json;
use kyvc_vm::document::{Buffers, Document, JsonOptions, Layout, Place, read_json};
use kyvc_vm::patch::strategic::{self, Conditions, Operand};
use kyvc_vm::patch::{PatchError, Space};
use kyvc_vm::scalar::Scalar;
use std::path::Path;

/// Runs the suite.
pub(crate) fn run(root: &Path) -> Result<Outcome, String> {
    cases(root, "smp.json", &["smp"], check)
}

fn check(case: Datum<'_>) -> Result<(), String> {
    let (resource, overlay) = (case.need("resource")?.json(), case.need("patch")?.json());
    let layout = Layout::everything();
    let read = |text| read_json(text, &layout, Buffers::default(), JsonOptions::default()).map_err(|e| e.to_string());
    let (resource, overlay) = (read(&resource)?, read(&overlay)?);
    let root = overlay.root().ok_or("no overlay")?;
    let got = strategic::merge(&resource, (&overlay, root), &mut Patterns, Space::default());
    compare(case, &resource, got)
}

/// Compares the outcome of a patch with the recorded one.
pub(crate) fn compare(
    case: Datum<'_>,
    resource: &Document<'_>,
    got: Result<Option<Document<'_>>, PatchError>,
) -> Result<(), String> {
    let changed = !matches!(got, Ok(None));
    let got = got.map_err(|error| error.to_string());
    let result = got.as_ref().map(|doc| doc.as_ref().unwrap_or(resource));
    let shown = result.as_ref().map(|doc| doc.root().map(|root| go_json(doc, root)));
    let differs = |want: &str| Err(format!("{}: want {want}, got changed {changed}, {shown:?}", case.json()));
    if let Some(error) = case.get("error").or_else(|| case.get("panic")) {
        return if result.is_err() { Ok(()) } else { differs(&error.json()) };
    }
    let (want, want_changed) = (case.need("result")?, case.need("changed")?.scalar() == Scalar::Bool(true));
    match result {
        Ok(doc) if changed == want_changed && want.is(doc) => Ok(()),
        _ => differs(&format!("changed {want_changed}, {}", want.json())),
    }
}

/// Conditions as compiled patterns.
pub(crate) struct Patterns;

impl Conditions for Patterns {
    fn hold(&mut self, pattern: Operand<'_>, value: Operand<'_>) -> Result<bool, String> {
        let pattern = match pattern {
            Operand::Text(text) => Tree { place: Place::default(), value: Value::Str(text.to_owned()) },
            Operand::Tree(doc, node) => Tree::of(doc, node),
        };
        let value = match value {
            Operand::Text(text) => serde_json::Value::from(text).to_string(),
            Operand::Tree(doc, node) => Datum::of(doc, node).json(),
        };
        let probe = match_pattern(&pattern, &value).ok_or("the pattern has no code")?;
        Ok(probe.status == Status::Pass)
    }
}
