//! Policies and manifests with something wrong in them, as the tests make them.

use crate::expressions::choices;
use asking::text;
use kyvc::diag::Source;
use kyvc::engine::PolicySet;
use std::sync::{Arc, LazyLock};

#[path = "../../tests/mutants/ask.rs"]
mod asking;
#[path = "../../tests/mutants/corpus.rs"]
#[allow(dead_code)] // the tests name the file
mod corpus;
#[path = "../../tests/mutants/edits.rs"]
pub(crate) mod edits;

static CASES: LazyLock<Vec<corpus::Case>> = LazyLock::new(corpus::cases);

/// The texts of policies and of manifests with edits; the first bytes say of which case.
pub fn spoiled(bytes: &[u8]) -> Option<(String, String)> {
    let (number, bytes) = bytes.split_first_chunk::<2>()?;
    let case = CASES.get(usize::from(u16::from_le_bytes(*number)) % CASES.len().max(1))?;
    let (mut policies, mut manifests) = (case.policies.clone(), case.manifests.clone());
    manifests.extend(corpus::common());
    let mut choices = choices::Choices::new(bytes);
    policies.iter_mut().chain(&mut manifests).for_each(|document| edits::edit(document, &mut choices));
    Some((text(&policies), text(&manifests)))
}

/// Puts the objects of a source through all that the rules of a set do.
pub fn ask(set: &PolicySet, source: &Arc<Source>) {
    asking::ask(set, source, crate::BUDGET);
}
