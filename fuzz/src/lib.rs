//! What the fuzz targets share.

mod expressions;
mod mutants;
mod review;

pub use expressions::expression;
pub use mutants::{ask, spoiled};
pub use review::{REVIEWS, review, review_of};

use kyvc::engine::{Engine, PolicySet, Request};
use kyvc_vm::document::{Buffers, JsonOptions, read_json};
use kyvc_vm::file::encode;
use kyvc_vm::machine::Budget;
use kyvc_vm::program::Program;

/// The object that programs and policies are run over.
pub const POD: &str = include_str!("../../benches/data/pod.json");

/// A run that is small enough for many a second.
pub const BUDGET: Budget = Budget { fuel: 100_000, memory: 1 << 20 };

/// A file around a payload, with the header that it should have: a fuzzer does not guess checksums.
pub fn file_of(payload: &[u8]) -> Vec<u8> {
    // Magic, version and fingerprint of the tables are those of any file.
    let mut file = encode(&Program::empty(), b"").get(..8).unwrap_or_default().to_vec();
    file.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    file.extend_from_slice(&checksum(payload).to_le_bytes());
    file.extend_from_slice(payload);
    file
}

/// The payload of a file.
pub fn payload_of(file: &[u8]) -> &[u8] {
    let payload = file.get(24..).unwrap_or_default();
    assert_eq!(file_of(payload), file, "the header is not the one of kyvc_vm::file any more");
    payload
}

/// As `kyvc_vm::file` computes it; [`payload_of`] notices when that changes.
fn checksum(bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let (chunks, rest) = bytes.as_chunks::<8>();
    let words = chunks.iter().map(|c| u64::from_le_bytes(*c)).chain(rest.iter().map(|b| u64::from(*b)));
    words.fold(0xcbf2_9ce4_8422_2325_u64 ^ bytes.len() as u64, |h, word| {
        let h = (h ^ word).wrapping_mul(PRIME);
        h ^ (h >> 29)
    })
}

/// Checks the Pod against a set and makes every message.
pub fn check_pod(set: &PolicySet) {
    let doc = read_json(POD, set.program().layout(), Buffers::default(), JsonOptions::default());
    let doc = doc.expect("the Pod is JSON");
    Engine::with_budget(BUDGET).check(set, &Request::create(&doc), |verdict| drop(verdict.message()));
}
