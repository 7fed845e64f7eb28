//! `validate.foreach`: the same check for each element of a list.

use super::classic::{Check, Conditions};
use super::context::{self, ContextEntry};
use super::fields::{Fields, Problems, Text};
use super::tree::{Tree, Value};
use crate::diag::Code;
use kyvc_vm::document::Place;

/// How deep loops may be nested: more has no use, and readers are recursive.
const DEPTH: usize = 16;

/// A loop over the elements of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ForEach {
    /// `list`, an expression
    pub list: Text,
    /// `elementScope`
    pub element_scope: Option<bool>,
    /// `context`
    pub context: Vec<ContextEntry>,
    /// `preconditions`
    pub preconditions: Option<Conditions>,
    /// What is checked of an element
    pub check: Option<Check>,
    /// Where it starts
    pub place: Place,
}

/// Reads a list of loops.
pub fn read(items: &[Tree], path: &str, problems: &Problems) -> Vec<ForEach> {
    nested(items, path, problems, DEPTH)
}

fn nested(items: &[Tree], path: &str, problems: &Problems, depth: usize) -> Vec<ForEach> {
    items.iter().enumerate().map(|(i, t)| one(t, &format!("{path}[{i}]"), problems, depth)).collect()
}

fn one(tree: &Tree, path: &str, problems: &Problems, depth: usize) -> ForEach {
    let mut f = Fields::of(tree, path, problems);
    let list = f.text("list");
    if list.is_none() {
        problems.add(Code::MissingField, tree.place, format!("`{path}.list` is missing"));
    }
    let element_scope = f.bool("elementScope");
    let context = f.list("context").unwrap_or_default();
    let context = context::read(context, &format!("{path}.context"), problems);
    let preconditions = f.take("preconditions");
    let preconditions = preconditions.map(|t| Conditions::read(t, &format!("{path}.preconditions"), problems));
    let deny = f.take("deny").map(|t| Conditions::read_deny(t, &format!("{path}.deny"), problems));
    let pattern = f.take("pattern").cloned();
    let any = f.list("anyPattern").map(<[Tree]>::to_vec);
    let inner = f.take("foreach");
    f.finish();
    let inner = inner.and_then(|t| match (&t.value, depth.checked_sub(1)) {
        (Value::List(items), Some(depth)) => Some(nested(items, &format!("{path}.foreach"), problems, depth)),
        (Value::Map(_), Some(depth)) => {
            Some(nested(std::slice::from_ref(t), &format!("{path}.foreach"), problems, depth))
        }
        (_, None) => {
            problems.add(Code::TooDeep, t.place, format!("`{path}.foreach` is nested more than {DEPTH} deep"));
            None
        }
        _ => {
            problems.add(Code::WrongType, t.place, format!("`{path}.foreach` has to be a list"));
            None
        }
    });
    let check = deny.map(Check::Deny).or(pattern.map(Check::Pattern)).or(any.map(Check::AnyPattern));
    let check = check.or(inner.map(Check::ForEach));
    if check.is_none() {
        let message = format!("`{path}` needs one of `pattern`, `anyPattern`, `deny` and `foreach`");
        problems.add(Code::MissingField, tree.place, message);
    }
    let list = list.unwrap_or(Text { text: String::new(), place: tree.place });
    ForEach { list, element_scope, context, preconditions, check, place: tree.place }
}
