//! The check of an anchor's pattern, which is compiled code, and not to be had here.

use crate::document::{Document, NodeId};

/// One side of a check.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'d> {
    /// A scalar. Kyverno compares it as a text, whatever it was: `5`, `true` and `null` too.
    Text(&'d str),
    /// A map or a list. All numbers in it are float64.
    Tree(&'d Document<'d>, NodeId),
}

/// Says whether a value satisfies a pattern, as Kyverno's `validate.MatchPattern` does: no error there is `true` here,
/// and any error, whether a failure or a skip, is `false`.
///
/// What becomes of the overlay then is up to the anchor that the pattern stands under.
pub trait Conditions {
    /// Whether `value` satisfies `pattern`. An error is for what could not be decided, and ends the merge.
    fn hold(&mut self, pattern: Operand<'_>, value: Operand<'_>) -> Result<bool, String>;
}
