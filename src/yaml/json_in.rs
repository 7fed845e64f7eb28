//! JSON inside YAML: the fast reader where a text looks like JSON.

use super::fault::Fault;
use super::{Chunk, ReadOptions};
use crate::diag::Code;
use kyvc_vm::document::{Buffers, BuildError, Document, JsonError, JsonErrorKind, JsonOptions, Layout, read_json};

/// A value, and the offset from which on the text goes on with another one.
pub(super) type First<'a> = (Document<'a>, Option<usize>);

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
pub(super) fn first<'a>(
    chunk: Chunk<'a>,
    layout: &'a Layout,
    buffers: Buffers,
    options: &ReadOptions,
) -> Result<First<'a>, JsonError> {
    let text = chunk.text;
    let places = options.places.then(|| chunk.start());
    // Kyverno reads JSON files as YAML, where `1.0` is an int64, while JSON makes it a float64.
    let json = JsonOptions {
        places,
        unique_keys: options.strict,
        whole_numbers: true,
        limits: options.limits,
        ..JsonOptions::default()
    };
    match read_json(text, layout, buffers, json) {
        Ok(doc) => Ok((doc, None)),
        Err(error) => {
            let next = (error.kind == JsonErrorKind::Trailing).then_some(error.offset);
            let (Some(next), Some((value, rest))) = (next, text.split_at_checked(error.offset)) else {
                return Err(error);
            };
            if !starts(rest) {
                return Err(error);
            }
            read_json(value, layout, Buffers::default(), json).map(|doc| (doc, Some(next)))
        }
    }
}

/// The fault of a JSON error in a chunk.
pub(super) fn fault(error: &JsonError, chunk: Chunk<'_>) -> Fault {
    let code = match &error.kind {
        JsonErrorKind::Duplicate(_) => Code::DuplicateKey,
        JsonErrorKind::Build(BuildError::Depth(_)) => Code::TooDeep,
        JsonErrorKind::Build(_) => Code::TooLarge,
        _ => Code::JsonSyntax,
    };
    let at = chunk.text.floor_char_boundary(error.offset);
    Fault::new(code, error.to_string(), chunk.start().after(chunk.text.get(..at).unwrap_or("")))
}
