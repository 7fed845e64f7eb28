//! Patches by example, and properties that hold for any documents.

mod json6902;
mod properties;
mod space;
mod strategic;

use super::json6902::Written;
use super::strategic::{Conditions, Operand};
use super::{PatchError, Space};
use crate::document::{Buffers, Document, JsonOptions, Layout, go_json, read_json};
use crate::scalar::Glob;

/// Conditions of texts, as globs; trees hold where they are equal.
struct Globs;

impl Conditions for Globs {
    fn hold(&mut self, pattern: Operand<'_>, value: Operand<'_>) -> Result<bool, String> {
        Ok(match (pattern, value) {
            (Operand::Text(pattern), Operand::Text(value)) => Glob::new(pattern).matches(value),
            (Operand::Tree(a, m), Operand::Tree(b, n)) => a.equal(m, b, n),
            _ => false,
        })
    }
}

fn read<'a>(text: &'a str, layout: &'a Layout) -> Document<'a> {
    let options = JsonOptions { places: true, ..JsonOptions::default() };
    read_json(text, layout, Buffers::default(), options).unwrap()
}

fn json(doc: &Document<'_>) -> String {
    doc.root().map_or_else(String::new, |root| go_json(doc, root))
}

/// Merges an overlay: the JSON of the result, `same`, or the error.
fn merged(resource: &str, overlay: &str) -> String {
    let layout = Layout::everything();
    let (resource, overlay) = (read(resource, &layout), read(overlay, &layout));
    let root = overlay.root().unwrap();
    told(super::strategic::merge(&resource, (&overlay, root), &mut Globs, Space::default()))
}

/// Applies operations: the JSON of the result, `same`, or the error.
fn applied(resource: &str, operations: &str, written: Written) -> String {
    let layout = Layout::everything();
    let (resource, operations) = (read(resource, &layout), read(operations, &layout));
    told(super::json6902::apply(&resource, &operations, written, Space::default()))
}

fn told(result: Result<Option<Document<'_>>, PatchError>) -> String {
    match result {
        Ok(Some(doc)) => json(&doc),
        Ok(None) => "same".to_owned(),
        Err(error) => error.to_string(),
    }
}
