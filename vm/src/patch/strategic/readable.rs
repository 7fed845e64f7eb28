//! What kyaml cannot read. It takes the JSON of both sides for YAML, and Kyverno crashes where that is an error.
//!
//! One difference is left alone: kyaml takes U+0085 in a string for the end of a line, and makes a space of it.

use super::MergeError;
use crate::document::{Document, NodeId};

/// The longest key, with its quotes and escape sequences.
const LONGEST: usize = 1_024;
/// A string that is so short is no longer than that as a key: an escape sequence has six characters at most, and a key two
/// quotes.
const SHORT: usize = (LONGEST - 2) / 6;

/// Whether kyaml can read the JSON of a value.
pub(super) fn readable(doc: &Document<'_>, node: NodeId) -> Result<(), MergeError> {
    if doc.is_plain(SHORT) {
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
    bytes.iter().fold(true, |all, byte| all & (*byte < 0x7f))
        // An empty string; or one that ends with a quote.
        && memchr::memmem::find(bytes, b"\"\"").is_none()
        && memchr::memmem::find(bytes, b"\"kind\"").is_none()
        && has_short_strings(bytes)
}

/// How far apart quotes are at most, where each block has one.
const BLOCK: usize = 64;

/// Whether no string in a text is longer than a key may be, and none has escape sequences but for quotes.
fn has_short_strings(bytes: &[u8]) -> bool {
    const { assert!(2 * BLOCK <= SHORT) };
    let quoted = |block: &[u8]| block.iter().fold(false, |any, byte| any | (*byte == b'"'));
    let dense = bytes.chunks_exact(BLOCK).all(quoted);
    let mut done = 0;
    let text = |from: usize| bytes.get(from..).unwrap_or_default();
    // Strings without escape sequences are as long as their quotes are apart.
    while let Some(at) = if dense { memchr::memchr(b'\\', text(done)) } else { memchr::memchr(b'"', text(done)) } {
        let before = bytes.get(done..done + at).unwrap_or_default();
        let start = done + if dense { memchr::memrchr(b'"', before).unwrap_or(0) } else { at } + 1;
        let Some(length) = length(text(start)).filter(|length| *length <= SHORT) else { return false };
        done = start + length + 1;
    }
    true
}

/// How long a string is, up to its closing quote, if it has no escape sequences but for quotes.
fn length(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        match (text.get(at), text.get(at + 1)) {
            (Some(b'"'), _) => return Some(at),
            (_, Some(b'"')) => at += 2,
            _ => return None,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`is_plain_raw`] says, character by character.
    fn plain(text: &str) -> bool {
        let (mut open, mut escape) = (None, false);
        for (at, c) in text.char_indices() {
            match (c, escape, open) {
                ('"', false, Some(start)) => {
                    let length = at - start - 1;
                    if length == 0 || length > SHORT {
                        return false;
                    }
                    open = None;
                }
                ('"', false, None) => open = Some(at),
                ('"', true, _) => escape = false,
                (_, true, _) => return false,
                ('\\', false, _) => escape = true,
                _ => {}
            }
        }
        text.bytes().all(|b| b < 0x7f) && !text.contains("\"kind\"")
    }

    #[test]
    fn short_strings_are_told_however_they_are_found() {
        let long = "a".repeat(SHORT);
        for part in
            ["", "a", "ab\\\"c", "\\\"\\\"x", "\\n", "\\\\", "\u{e9}", "kind", "kin", &long, &format!("{long}a")]
        {
            for around in [0, 1, 40, 62, 63, 64, 65, 130] {
                for text in [
                    format!("{{{}\"{part}\":{{}}}}", " ".repeat(around)),
                    format!("{}\"b\\\"c\":[\"{part}\",1]", "\"f:x\":{},".repeat(around)),
                    format!("\"{part}\":\"{}\"", "d".repeat(around + 1)),
                    format!("\"{part}{}\\\"{part}e\"", "\\\"f".repeat(around)),
                ] {
                    // It may be careful, where a string ends with a quote.
                    assert!(is_plain_raw(&text) == plain(&text) || text.contains("\\\"\""), "{text}");
                    assert!(plain(&text) || !is_plain_raw(&text), "{text}");
                }
            }
        }
    }
}
