//! Encodings and hashes.

mod base64;
#[cfg(test)]
mod tests;

use super::strings::{MAX_TEXT, STR, function, map, text};
use super::{Builtin, Call, Failure};
use crate::value::Val;
use crate::verdict::TrapKind;
pub use base64::{decode, encode};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The family.
pub(crate) const FUNCTIONS: &[Builtin] = &[
    function(
        "base64_decode",
        &[STR],
        STR,
        "decodes a base 64 string",
        &[("base64_decode('aGVsbG8=')", "\"hello\"")],
        base64_decode,
    ),
    function(
        "base64_encode",
        &[STR],
        STR,
        "encodes a regular, plaintext and unencoded string to base64",
        &[("base64_encode('hello')", "\"aGVsbG8=\"")],
        base64_encode,
    ),
    function(
        "sha256",
        &[STR],
        STR,
        "generate unique resources name if length exceeds the limit",
        &[("truncate(sha256('hello'), `8`)", "\"2cf24dba\"")],
        |call, args| map(call, args, |s| hex(&Sha256::digest(s))),
    ),
    function(
        "sha1",
        &[STR],
        STR,
        "generate a SHA-1 hash",
        &[("sha1('hello')", "\"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d\"")],
        |call, args| map(call, args, |s| hex(&Sha1::digest(s))),
    ),
    function(
        "md5",
        &[STR],
        STR,
        "generates an MD5 hash",
        &[("md5('hello')", "\"5d41402abc4b2a76b9719d911017c592\"")],
        |call, args| map(call, args, |s| hex(&Md5::digest(s))),
    ),
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{b:02x}");
        out
    })
}

fn base64_decode(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    let bytes = decode(text(call, args, 0).as_bytes())
        .map_err(|at| Failure::Error(format!("illegal base64 data at input byte {at}")))?;
    call.make_str(&lossy(&bytes))
}

fn base64_encode(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    let source = text(call, args, 0);
    if source.len() > MAX_TEXT / 4 * 3 {
        return Err(TrapKind::Memory.into());
    }
    let out = encode(source.as_bytes());
    call.make_str(&out)
}

/// Bytes as text. As Go prints them, every byte that belongs to no character becomes the replacement character.
pub(super) fn lossy(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out
}
