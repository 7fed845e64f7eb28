//! `json6902`: a list of operations applied to a resource.

use super::smp::compare;
use crate::conformance::data::Datum;
use crate::conformance::suite::{Outcome, cases};
use kyvc::diag::Source;
use kyvc::yaml::{self, ReadOptions};
use kyvc_vm::document::{Buffers, Document, JsonOptions, Layout, read_json};
use kyvc_vm::patch::json6902::{self, OperationError, Written};
use kyvc_vm::patch::{PatchError, Space};
use std::path::Path;
use std::sync::Arc;

/// Runs the suite.
pub(crate) fn run(root: &Path) -> Result<Outcome, String> {
    cases(root, "smp.json", &["json6902"], check)
}

fn check(case: Datum<'_>) -> Result<(), String> {
    let (resource, text) = (case.need("resource")?.json(), case.text("patch")?);
    let layout = Layout::everything();
    let read = read_json(&resource, &layout, Buffers::default(), JsonOptions::default());
    let resource = read.map_err(|e| e.to_string())?;
    let source = Source::new("operations", text);
    let got = operations(&source, &layout)
        .and_then(|operations| json6902::apply(&resource, &operations, Written::of(text), Space::default()));
    compare(case, &resource, got)
}

/// Reads a text of operations as Kyverno does.
fn operations<'a>(source: &'a Arc<Source>, layout: &'a Layout) -> Result<Document<'a>, PatchError> {
    let text: &str = &source.text;
    if text.is_empty() {
        return Err(OperationError::Unreadable.into());
    }
    match Written::of(text) {
        Written::Json => {
            let options = JsonOptions { places: true, ..JsonOptions::default() };
            read_json(text, layout, Buffers::default(), options).map_err(|_| OperationError::Unreadable.into())
        }
        Written::Yaml => yaml::value(source, layout, Buffers::default(), ReadOptions::default())
            .map_err(|error| OperationError::Yaml(error.message).into()),
    }
}
