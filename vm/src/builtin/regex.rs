//! Functions that match texts: Go's regular expressions, and wildcards.

mod class;
mod engine;
mod names;
pub(super) mod syntax;
pub(super) mod template;
#[cfg(test)]
mod tests;
pub(super) mod tree;

use super::strings::{MAX_TEXT, text};
use super::{Builtin, Call, Failure, Type, call};
use crate::scalar::glob;
use crate::value::Val;
use crate::verdict::TrapKind;
use call::argument_error;
pub use engine::GoRegex;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use template::Template;
