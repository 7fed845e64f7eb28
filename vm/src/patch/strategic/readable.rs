//! What kyaml cannot read. It takes the JSON of both sides for YAML, and Kyverno crashes where that is an error.
//!
//! One difference is left alone: kyaml takes U+0085 in a string for the end of a line, and makes a space of it.

use super::MergeError;
use crate::document::{Document, NodeId};

/// The longest key, with its quotes and escape sequences.
const LONGEST: usize = 1_024;

/// Whether kyaml can read the JSON of a value.
pub(super) fn readable(doc: &Document<'_>, node: NodeId) -> Result<(), MergeError> {
    // An escape sequence has six characters at most, and a key two quotes.
    if doc.is_plain((LONGEST - 2) / 6) {
        return Ok(());
    }
    for (text, key) in doc.texts(node) {
        if text.bytes().any(|b| b >= 0x7f) && text.contains(refused) {
            return Err(MergeError::Control);
        }
        if key && text.contains('\u{85}') {
            return Err(MergeError::Control);
        }
        if key && text.chars().map(written).sum::<usize>() + 2 > LONGEST {
            return Err(MergeError::LongKey);
        }
    }
    Ok(())
}

/// The characters that YAML does not have and JSON has no escape sequence for.
fn refused(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// How many characters Go's encoder makes of one.
fn written(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => 6,
        _ => 1,
    }
}
