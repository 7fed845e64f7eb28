//! PEM blocks, as Go's encoding/pem finds them.

use crate::builtin::encoding::decode;

const END: &str = "\n-----END ";
const BEGIN: &str = "-----BEGIN ";

/// A block.
pub(super) struct Block<'t> {
    /// Its type
    pub(super) kind: String,
    /// What is in it
    pub(super) bytes: Vec<u8>,
    /// What follows it
    pub(super) rest: &'t str,
}

/// The first block.
pub(super) fn next(text: &str) -> Option<Block<'_>> {
    let mut rest = text;
    loop {
        // The first end, and the last start before it.
        let end = rest.find(END)?;
        let (before, trailer) = (rest.get(..end)?, rest.get(end + END.len()..)?);
        if let Some(start) = before.rfind(BEGIN).filter(|at| *at == 0 || before.as_bytes().get(*at - 1) == Some(&b'\n'))
            && let Some(block) = rest.get(start + BEGIN.len()..).and_then(|text| block(text, trailer))
        {
            return Some(block);
        }
        rest = trailer;
    }
}

/// A line without its end, and what follows it.
fn line(text: &str) -> (&str, &str) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    (line.trim_end_matches(['\r', ' ', '\t']), rest)
}

/// The block whose text follows the word BEGIN, and whose trailer follows the word END.
fn block<'t>(text: &'t str, trailer: &'t str) -> Option<Block<'t>> {
    let (first, mut body) = line(text);
    let kind = first.strip_suffix("-----")?;
    let tail = trailer.len() + END.len();
    while let (header, rest) = line(body)
        && header.contains(':')
    {
        body = rest;
        if body.len() < tail {
            return None;
        }
    }
    let after = trailer.strip_prefix(kind)?.strip_prefix("-----")?;
    let (end_of_line, rest) = line(after);
    if !end_of_line.is_empty() {
        return None;
    }
    // Of an empty block the line break before END is the one after BEGIN.
    let end = body.len().saturating_sub(tail);
    let data: Vec<u8> = body.get(..end)?.bytes().filter(|b| !matches!(b, b' ' | b'\t')).collect();
    Some(Block { kind: kind.to_owned(), bytes: decode(&data).ok()?, rest })
}
