//! JSON inside YAML: the fast reader where a text looks like JSON.

use super::fault::Fault;
use super::{Chunk, ReadOptions, reader};
use crate::diag::Code;
use kyvc_vm::document::{
    Buffers, BuildError, Document, JsonError, JsonErrorKind, JsonOptions, Kind, Layout, NodeId, line_column, read_json,
};

/// What became of a text that starts like JSON.
pub(super) enum Outcome<'a> {
    /// A value; the text goes on with another one from this offset.
    Value(Document<'a>, Option<usize>),
    /// No JSON.
    Error(JsonError),
}

/// Whether a text starts as a JSON map or list does.
pub(super) fn starts(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Whether an error is better told in JSON's terms than in YAML's.
pub(super) fn looks_like_json(text: &str) -> bool {
    let text = text.trim_start();
    text.strip_prefix('{').map(str::trim_start).is_some_and(|t| t.starts_with(['"', '}']))
}

/// Reads the first JSON value of a text.
pub(super) fn first<'a>(text: &'a str, layout: &'a Layout, buffers: Buffers, options: &ReadOptions) -> Outcome<'a> {
    let json = JsonOptions {
        places: options.places,
        unique_keys: options.strict,
        limits: options.limits,
        ..JsonOptions::default()
    };
    match read_json(text, layout, buffers, json) {
        Ok(doc) => Outcome::Value(doc, None),
        Err(error) => {
            let next = (error.kind == JsonErrorKind::Trailing).then_some(error.offset);
            let (Some(next), Some((value, rest))) = (next, text.split_at_checked(error.offset)) else {
                return Outcome::Error(error);
            };
            if !starts(rest) {
                return Outcome::Error(error);
            }
            match read_json(value, layout, Buffers::default(), json) {
                Ok(doc) => Outcome::Value(doc, Some(next)),
                Err(error) => Outcome::Error(error),
            }
        }
    }
}

/// Kyverno reads JSON files as YAML, where `1.0` is an int64, while JSON makes it a float64: reads the text again if
/// that matters. What only JSON can read stays as it is.
pub(super) fn as_yaml<'a>(
    doc: Document<'a>,
    chunk: Chunk<'a>,
    layout: &'a Layout,
    options: &ReadOptions,
    again: bool,
) -> Document<'a> {
    if !again && !doc.root().is_some_and(|root| whole_float(&doc, root)) {
        return doc;
    }
    reader::read(chunk, layout, Buffers::default(), options).unwrap_or(doc)
}

fn whole_float(doc: &Document<'_>, node: NodeId) -> bool {
    use kyvc_vm::scalar::Scalar;
    match doc.kind(node) {
        Kind::Float => matches!(doc.scalar(node), Scalar::Float(f) if f.fract() == 0.0),
        Kind::List | Kind::Map => doc.children(node).any(|child| whole_float(doc, child)),
        _ => false,
    }
}

/// The fault of a JSON error in the text that starts at `offset` of the source.
pub(super) fn fault(error: &JsonError, source: &str, offset: usize) -> Fault {
    let code = match &error.kind {
        JsonErrorKind::Duplicate(_) => Code::DuplicateKey,
        JsonErrorKind::Build(BuildError::Depth(_)) => Code::TooDeep,
        JsonErrorKind::Build(_) => Code::TooLarge,
        _ => Code::JsonSyntax,
    };
    let at = source.floor_char_boundary((offset + error.offset).min(source.len()));
    Fault::new(code, error.to_string(), line_column(source, at))
}
