//! Why operations cannot be read or do not apply, in the words of json-patch.

use thiserror::Error;

/// Why a list of operations was not applied.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OperationError {
    /// The text is no JSON
    #[error("failed to decode patches: invalid state detected")]
    Unreadable,
    /// The text is no YAML
    #[error("failed to convert patchesJSON6902 to JSON: {0}")]
    Yaml(String),
    /// The operations are no list, or one of them is no map
    #[error("failed to decode patches: json: cannot unmarshal {found} into Go value of type jsonpatch.{wanted}")]
    Shape {
        /// What is there
        found: &'static str,
        /// What it should be
        wanted: &'static str,
    },
    /// An operation that is not one
    #[error("failed to decode patches: invalid operation {operation}: {reason}")]
    Invalid {
        /// Its JSON
        operation: String,
        /// Why not
        reason: Reason,
    },
    /// A path that leads nowhere
    #[error("{operation} operation does not apply: {what}: {path}: missing value")]
    Missing {
        /// Which operation
        operation: &'static str,
        /// What is missing
        what: &'static str,
        /// Where
        path: String,
    },
    /// A step that went wrong
    #[error("error in {what}: '{path}': {cause}")]
    In {
        /// Which operation, and what it did
        what: &'static str,
        /// Where
        path: String,
        /// Why
        cause: Cause,
    },
    /// The copied value could not be added
    #[error("error while adding value during copy: {0}")]
    Copy(Cause),
    /// Containers on the way of an added value could not be made
    #[error(transparent)]
    Way(Cause),
    /// A `test` that found something else
    #[error("testing value {0} failed: test failed")]
    Test(String),
    /// A `move` of everything
    #[error("unable to move entire document to another path: invalid state detected")]
    Whole,
    /// Everything is replaced by a scalar
    #[error("replace operation value must be object or array: %!w(<nil>)")]
    Replaced,
    /// A scalar is added in the place of everything
    #[error("json: cannot unmarshal {0} into Go value of type map[string]*jsonpatch.lazyNode")]
    Added(&'static str),
    /// Null is added in the place of everything
    #[error("json: error calling MarshalJSON for type *jsonpatch.partialDoc: invalid value, expected object")]
    Object,
}

/// Why an operation is not one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Reason {
    /// There is no such operation
    #[error("unsupported operation")]
    Unsupported,
    /// A member is missing
    #[error("failed to decode '{name}': operation{comma} missing {name} field: missing value")]
    Missing {
        /// Its name
        name: &'static str,
        /// json-patch has one here but for paths
        comma: &'static str,
    },
    /// A member is no string
    #[error("failed to decode '{name}': json: cannot unmarshal {found} into Go value of type string")]
    Type {
        /// Its name
        name: &'static str,
        /// What it is
        found: &'static str,
    },
}

/// Why a step went wrong.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Cause {
    /// A map has no such member
    #[error("unable to get nonexistent key: {0}: missing value")]
    Key(String),
    /// A list has no such element
    #[error("Unable to access invalid index: {0}: invalid index referenced")]
    Index(i64),
    /// A list cannot be made for such an index
    #[error("Unable to ensure path for negative index other than -1: {0}: invalid index referenced")]
    Negative(i64),
    /// No number
    #[error("strconv.Atoi: parsing {0:?}: invalid syntax")]
    Syntax(String),
    /// A number beyond int64
    #[error("strconv.Atoi: parsing {0:?}: value out of range")]
    Range(String),
    /// No index to add at
    #[error("value was not a proper array index: '{key}': {cause}")]
    NoIndex {
        /// What was there instead
        key: String,
        /// Why
        cause: Box<Cause>,
    },
    /// A scalar where a map or list should be
    #[error("invalid state detected")]
    State,
    /// Null where a map should be
    #[error("invalid value, expected object")]
    Object,
}
