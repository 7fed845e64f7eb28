//! A generator of expressions, for the property test, the fuzz target and the comparison with Kyverno.

pub(crate) mod choices;
pub(crate) mod compare;
pub(crate) mod grammar;
pub(crate) mod limits;
pub(crate) mod settings;
pub(crate) mod values;
