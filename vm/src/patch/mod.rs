//! Patches of documents: the engine behind mutate rules, as functions from one document to the next.
//!
//! [`strategic`] is Kyverno's `patchStrategicMerge`, [`json6902`] its `patchesJson6902`; both give `None` where Kyverno
//! says that no patches were applied. [`diff()`] says in RFC 6902 what changed between two documents, for the answer to
//! an API server. Nothing here knows policies: an overlay or a list of operations comes as a document.
//!
//! A patch works on a `tree` that refers to the documents and is opened only along the paths that the patch takes.
//! What it does not touch is copied to the new document as ranges of nodes.

mod diff;
mod emit;
mod equal;
mod error;
pub mod json6902;
mod schema;
pub mod strategic;
mod text;
mod tree;

#[cfg(test)]
mod tests;

pub use diff::diff;
pub use equal::{equal, same};
pub use error::PatchError;

use crate::document::{Buffers, Limits};

/// The memory of the new document, and what it may cost.
#[derive(Debug, Default)]
pub struct Space {
    /// Of a document that is no longer needed
    pub buffers: Buffers,
    /// Depth and size
    pub limits: Limits,
}
