//! JSON bytes to a document, in one pass.

mod escape;
mod read;
mod scan;
mod skip;
mod walk;
mod write;

pub use walk::JsonWalk;
pub use write::{go_json, write_json, write_str};

use super::build::{BuildError, Builder, Limits};
use super::{Buffers, Document, Layout, Place, Uses};
use scan::Scanner;
use thiserror::Error;

/// What is wrong with a JSON text.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// The text ended inside a value
    #[error("the text ends where {0} was expected")]
    End(&'static str),
    /// Another character stands there
    #[error("expected {0}")]
    Expected(&'static str),
    /// A bad escape sequence
    #[error("invalid escape sequence in a string")]
    Escape,
    /// A control character
    #[error("control character in a string; write it as an escape sequence")]
    Control,
    /// A number that no float64 holds
    #[error("number out of range")]
    Number,
    /// Text after the value
    #[error("text after the end of the value")]
    Trailing,
    /// The same key twice in a map
    #[error("key {0:?} already set in the same map")]
    Duplicate(String),
    /// A limit was reached
    #[error("{0}")]
    Build(#[from] BuildError),
}

/// Why a JSON text was refused, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{kind}")]
pub struct JsonError {
    /// Byte offset
    pub offset: usize,
    /// What is wrong
    pub kind: JsonErrorKind,
}

/// How a text is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonOptions {
    /// Remember where each value stands; the text itself starts at this place.
    pub places: Option<Place>,
    /// Remember the byte offset of each value instead, for [`Document::spelled`].
    pub offsets: bool,
    /// Refuse a key that its map already has, where Go's decoder lets the later one win. Nothing is then passed over.
    pub unique_keys: bool,
    /// Make int64 of every number without a fraction, however it is written, and keep the digits of whole numbers beyond
    /// int64: as Go has them where JSON was read as YAML and printed again.
    pub whole_numbers: bool,
    /// Make a float64 of every number, as Go's decoder does where nobody asks for more.
    pub floats: bool,
    /// Read only what programs of these uses want of the object, which says itself of what kind it is; otherwise what any
    /// program wants of any object.
    pub by_identity: Option<Uses>,
    /// What the document may cost.
    pub limits: Limits,
}

/// Flattens one JSON value. Numbers are int64 where they fit and have neither fraction nor exponent, float64 otherwise; see
/// [`JsonOptions::whole_numbers`].
pub fn read_json<'a>(
    src: &'a str,
    layout: &'a Layout,
    buffers: Buffers,
    options: JsonOptions,
) -> Result<Document<'a>, JsonError> {
    small_enough(src)?;
    let mut b = builder(src, layout, buffers, options);
    let mut s = Scanner::new(src);
    match read::document(&mut s, &mut b, options) {
        Ok(()) => Ok(b.finish()),
        Err(scan::Bad) => Err(s.error()),
    }
}

fn builder<'a>(src: &'a str, layout: &'a Layout, buffers: Buffers, options: JsonOptions) -> Builder<'a> {
    let builder = Builder::new(src, layout, buffers, options.limits);
    match options.by_identity {
        Some(uses) => builder.by_identity(uses),
        None => builder,
    }
}

/// Whether offsets into a text fit a node.
fn small_enough(src: &str) -> Result<(), JsonError> {
    if src.len() < 1 << 31 { Ok(()) } else { Err(JsonError { offset: 0, kind: BuildError::Size.into() }) }
}
