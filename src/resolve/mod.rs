//! From a policy as written to the rules that are run: defaults and autogen.

pub mod autogen;
mod printed;

pub use autogen::{Guard, ResolvedRule, rules};
