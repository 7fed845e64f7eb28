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

/// Whether a merge would leave a value as it is that was passed over, and has nothing against it: nothing in it can be an
/// object of some kind, lack a name or be unreadable. A `false` says nothing.
pub(super) fn is_plain_raw(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !bytes.iter().fold(true, |all, byte| all & (*byte < 0x7f)) || memchr::memmem::find(bytes, b"\"kind\"").is_some()
    {
        return false;
    }
    // Where the string starts that is open, and whether the byte before is a backslash.
    let (mut open, mut escape) = (None, false);
    for (at, byte) in bytes.iter().enumerate() {
        match (*byte, escape) {
            (b'"', false) => {
                // An escape sequence has six characters at most, and a key two quotes.
                if open.is_some_and(|start| !(2..(LONGEST - 2) / 6).contains(&(at - start))) {
                    return false;
                }
                open = if open.is_some() { None } else { Some(at) };
            }
            // Of escape sequences only those that stand for a quote.
            (b'"', true) => escape = false,
            (_, true) => return false,
            (b'\\', false) => escape = true,
            _ => {}
        }
    }
    true
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
