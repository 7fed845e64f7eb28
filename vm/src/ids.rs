//! Typed indices. Each is made through a checked constructor, so that a number out of range is an error, not a wrap.

use std::fmt;

/// An index was larger than its kind can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many {0}")]
pub struct IndexOverflow(pub &'static str);

/// A register of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reg(pub u8);

impl fmt::Display for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The id of an index.
            pub fn new(index: usize) -> Result<Self, IndexOverflow> {
                u32::try_from(index).ok().filter(|n| *n < u32::MAX).map(Self).ok_or(IndexOverflow($what))
            }

            /// The index.
            #[inline]
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The id as an operand.
            #[inline]
            pub fn number(self) -> u32 {
                self.0
            }

            /// The id of an operand. The verifier checks its range.
            #[inline]
            pub fn from_number(n: u32) -> Self {
                Self(n)
            }
        }
    )*};
}

ids! {
    /// An instruction of a program.
    Pc, "instructions";
    /// A constant of a program.
    ConstId, "constants";
    /// A place where a value is refused, with what is said about it.
    SiteId, "failure sites";
    /// A compiled rule, message or expression.
    UnitId, "units";
    /// A context entry of a rule.
    EntryId, "context entries";
    /// A fault of the current run.
    FaultId, "faults";
}
