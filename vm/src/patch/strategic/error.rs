//! Why a strategic merge is refused.

use thiserror::Error;

/// Why a strategic merge is refused, in the words of Kyverno and kyaml.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MergeError {
    /// While the overlay's anchors were worked off
    #[error("failed to preProcess rule: {0}")]
    Preprocess(Box<MergeError>),
    /// While an element of a list got the name of the resource's element
    #[error("failed to update name in pattern: {0}")]
    Name(Box<MergeError>),
    /// A value of another kind than the resource has there
    #[error("wrong node kind: expected {expected} but got {found}: node contents:\n{contents}")]
    Kind {
        /// What would have been right
        expected: &'static str,
        /// What is there
        found: &'static str,
        /// The value
        contents: String,
    },
    /// A `$patch` that is none of `merge`, `replace` and `delete`
    #[error("unknown patch strategy '{0}'")]
    Strategy(String),
    /// The overlay deletes the whole resource
    #[error("filter cannot create or delete objects")]
    Gone,
    /// Keys that a map has twice after their anchors are gone
    #[error("yaml: unmarshal errors:{}", twice(.0))]
    Duplicate(Vec<String>),
    /// A condition that could not be checked
    #[error("{0}")]
    Condition(String),
    /// An anchor with spaces around it, on which Kyverno crashes
    #[error("the anchor \"{0}\" has spaces around it")]
    Spaces(String),
    /// Elements with anchors in a place where Kyverno crashes
    #[error("elements with anchors cannot be told apart here")]
    Elements,
    /// Text that kyaml cannot read, on which Kyverno crashes
    #[error("yaml: control characters are not allowed")]
    Control,
    /// A key that kyaml cannot read, on which Kyverno crashes
    #[error("yaml: a key may not be longer than 1024 characters")]
    LongKey,
    /// Lists whose elements have no keys of their own, and are too many to be compared with each other
    #[error("lists too long to be merged without merge keys")]
    Work,
}

fn twice(keys: &[String]) -> String {
    keys.iter().map(|key| format!("\n  line 1: mapping key {key:?} already defined at line 1")).collect()
}
