//! The `.kyvb` file: a program and an opaque section for whoever embeds it.
//!
//! ```text
//! magic "KYVB" | format version u16 | tables u16 | payload length u64 | FNV-1a of the payload u64 | payload
//! ```
//!
//! `tables` is a fingerprint of the tables of opcodes and functions, whose numbers the payload uses. Numbers are
//! little-endian; inside the payload lengths and ids are LEB128. The same program gives the same bytes.
//! What is read passes [`verify`](crate::verify::verify) before it can run.

mod read;
pub mod wire;
mod write;

#[cfg(test)]
mod tests;

use crate::program::{Parts, Program};
use thiserror::Error;
use wire::WireError;

const MAGIC: &[u8; 4] = b"KYVB";
/// The version of the format. It changes with the op table, the constants and the layout of the payload.
pub const VERSION: u16 = 10;
const HEADER: usize = 24;

/// Why a file is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FileError {
    /// It is something else
    #[error("not a compiled policy set: the file does not start with KYVB")]
    Magic,
    /// It was written by another version
    #[error(
        "it has format version {found} and other tables than this kyvc, which reads version {VERSION}; compile the policies again"
    )]
    Version {
        /// The version of the file
        found: u16,
    },
    /// It is shorter or longer than it says
    #[error("truncated: {expected} bytes expected, {found} found")]
    Length {
        /// What the header says
        expected: u64,
        /// What there is
        found: u64,
    },
    /// A bit changed
    #[error("damaged: the checksum does not match")]
    Checksum,
    /// The payload makes no sense
    #[error("damaged: {0}")]
    Payload(#[from] WireError),
}

/// Writes a program and a section.
pub fn encode(program: &Program, section: &[u8]) -> Vec<u8> {
    let mut w = wire::Writer::default();
    write::parts(&mut w, &program.parts);
    w.bytes(section);
    let payload = w.finish();
    let mut out = Vec::with_capacity(HEADER + payload.len());
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&tables().to_le_bytes());
    out.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    out.extend_from_slice(&checksum(&payload).to_le_bytes());
    out.extend_from_slice(&payload);
    out
}

/// Reads what [`encode`] wrote. The parts are still to be verified.
pub fn decode(bytes: &[u8]) -> Result<(Parts, &[u8]), FileError> {
    if bytes.get(..4) != Some(MAGIC) {
        return Err(FileError::Magic);
    }
    let short = |expected: usize| FileError::Length { expected: expected as u64, found: bytes.len() as u64 };
    let header = bytes.first_chunk::<HEADER>().ok_or(short(HEADER))?;
    let version = u16::from_le_bytes([header[4], header[5]]);
    if version != VERSION || header[6..8] != tables().to_le_bytes() {
        return Err(FileError::Version { found: version });
    }
    let number = |at: usize| header.get(at..at + 8).and_then(|b| b.first_chunk()).map_or(0, |b| u64::from_le_bytes(*b));
    let payload = bytes.get(HEADER..).unwrap_or_default();
    let expected = (HEADER as u64).saturating_add(number(8));
    if expected != bytes.len() as u64 {
        return Err(FileError::Length { expected, found: bytes.len() as u64 });
    }
    if checksum(payload) != number(16) {
        return Err(FileError::Checksum);
    }
    let mut r = wire::Reader::new(payload);
    let parts = read::parts(&mut r)?;
    let section = r.bytes()?;
    r.end()?;
    Ok((parts, section))
}

/// A fingerprint of the tables whose numbers a file uses: a file of another build of the same version is refused too.
fn tables() -> u16 {
    let ops = crate::op::OPS.iter().map(|i| format!("{}{:?}", i.mnemonic, i.operands));
    let functions = crate::builtin::table().iter().map(|b| b.name.to_owned());
    let all: String = ops.chain(functions).collect();
    (checksum(all.as_bytes()) & 0xffff) as u16
}

/// FNV-1a over eight bytes a step: it guards against damage, not against intent.
fn checksum(bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let (chunks, rest) = bytes.as_chunks::<8>();
    let mut h = 0xcbf2_9ce4_8422_2325_u64 ^ bytes.len() as u64;
    for chunk in chunks {
        h = (h ^ u64::from_le_bytes(*chunk)).wrapping_mul(PRIME);
        h ^= h >> 29;
    }
    for b in rest {
        h = (h ^ u64::from(*b)).wrapping_mul(PRIME);
        h ^= h >> 29;
    }
    h
}
