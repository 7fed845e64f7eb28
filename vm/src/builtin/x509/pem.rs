//! PEM blocks, as Go's encoding/pem finds them.

use crate::builtin::encoding::decode;

const END: &str = "\n-----END ";
const BEGIN: &str = "-----BEGIN ";

/// The type and the bytes of the first block.
pub(super) fn first(text: &str) -> Option<(String, Vec<u8>)> {
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
fn block(text: &str, trailer: &str) -> Option<(String, Vec<u8>)> {
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
    if !line(after).0.is_empty() {
        return None;
    }
    // Of an empty block the line break before END is the one after BEGIN.
    let end = body.len().saturating_sub(tail);
    let data: Vec<u8> = body.get(..end)?.bytes().filter(|b| !matches!(b, b' ' | b'\t')).collect();
    Some((kind.to_owned(), decode(&data).ok()?))
}
