//! Scalars: the values at the leaves of a document, and the tests a pattern makes of them.
//!
//! Kyverno gives a scalar three meanings, tried in this order: a duration of Go, a quantity of Kubernetes, a text.
//! Each has a module here; [`pattern`] puts them together and parses everything on the pattern's side only once.

pub mod duration;
pub mod glob;
pub mod number;
pub mod pattern;
pub mod quantity;
pub mod semver;

#[cfg(test)]
mod conformance;

pub use duration::DurationError;
pub use glob::{Glob, is_wildcard};
pub use number::{format_v, json_float};
pub use pattern::{Op, PatternKind, ScalarPattern, Term};
pub use quantity::{Format, Quantity, QuantityError};

/// A value as a pattern sees it; of lists and maps only the kind matters here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// `null`, or nothing at this place.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number written without fraction and exponent.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Str(&'a str),
    /// A list, whatever is in it.
    List,
    /// A map, whatever is in it.
    Map,
}
