//! From the intermediate form to a program.

mod body;
mod census;
mod conditions;
mod ends;
mod expr;
mod faults;
mod fold;
mod foreach;
mod generate;
mod link;
mod matches;
mod mutate;
mod pattern;
mod unit;

pub use link::{CompiledRule, CompiledTarget, Linker};

use std::sync::atomic::{AtomicBool, Ordering};
use thiserror::Error;

static PLAIN: AtomicBool = AtomicBool::new(false);

/// From now on code is made without anything that is there only for speed: no counts are asked, nothing is evaluated
/// ahead, documents are read whole and every rule is run. Results must be the same; it is for finding out whether they
/// are.
pub fn without_optimisations() {
    PLAIN.store(true, Ordering::Relaxed);
}

/// Whether code is made without optimisations.
pub(crate) fn is_plain() -> bool {
    PLAIN.load(Ordering::Relaxed)
}

/// Why a rule has no code. Sizes are the only reason.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CodegenError {
    /// A rule needs more registers than a unit has
    #[error("the rule nests too deeply: it needs more than 250 registers")]
    Registers,
    /// A rule has more anchors than marks
    #[error("a pattern may have at most 32 different conditional and existence anchors")]
    Marks,
    /// A jump is too far
    #[error("the rule is too large: more than 65,535 instructions between a test and its end")]
    Jump,
    /// More of something than ids
    #[error(transparent)]
    Index(#[from] kyvc_vm::ids::IndexOverflow),
}
