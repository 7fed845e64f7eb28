//! From a document of operations to operations.

use super::Written;
use super::error::{OperationError, Reason};
use crate::document::{Document, Kind, NodeId, write_json, write_str};
use crate::patch::PatchError;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation<'d> {
    pub(super) verb: Verb,
    pub(super) path: &'d str,
    /// Empty for those that have none.
    pub(super) from: &'d str,
    pub(super) value: Option<NodeId>,
}

/// Operations and the document that has their values.
#[derive(Debug)]
pub(super) struct Operations<'d> {
    pub(super) doc: &'d Document<'d>,
    pub(super) list: Vec<Operation<'d>>,
}

impl<'d> Operation<'d> {
    /// Reads a list of operations; all of them are checked before any is applied.
    pub(super) fn decode(doc: &'d Document<'d>, written: Written) -> Result<Operations<'d>, PatchError> {
        let Some(root) = doc.root() else { return Err(OperationError::Unreadable.into()) };
        let shape = |node, wanted| PatchError::from(OperationError::Shape { found: name(doc.kind(node)), wanted });
        match doc.kind(root) {
            Kind::List | Kind::Null => {}
            Kind::Raw => return Err(PatchError::Unread),
            _ => return Err(shape(root, "Patch")),
        }
        if let Some(wrong) = doc.children(root).find(|n| !matches!(doc.kind(*n), Kind::Map | Kind::Null)) {
            return Err(shape(wrong, "Operation"));
        }
        let list = doc.children(root).map(|node| {
            Self::one(doc, node)
                .map_err(|reason| OperationError::Invalid { operation: shown(doc, node, written), reason }.into())
        });
        Ok(Operations { doc, list: list.collect::<Result<_, PatchError>>()? })
    }

    /// Whether it compares with nothing.
    pub(super) fn tests_nothing(&self) -> bool {
        self.verb == Verb::Test && self.value.is_none()
    }

    fn one(doc: &'d Document<'d>, node: NodeId) -> Result<Self, Reason> {
        let verb = match doc.get_str(node, "op").and_then(|n| doc.as_str(n)) {
            Some("add") => Verb::Add,
            Some("remove") => Verb::Remove,
            Some("replace") => Verb::Replace,
            Some("move") => Verb::Move,
            Some("copy") => Verb::Copy,
            Some("test") => Verb::Test,
            _ => return Err(Reason::Unsupported),
        };
        let value = doc.get_str(node, "value");
        if matches!(verb, Verb::Add | Verb::Replace) && value.is_none() {
            return Err(Reason::Missing { name: "value", comma: "," });
        }
        let from = match verb {
            Verb::Move | Verb::Copy => text(doc, node, "from", ",")?,
            _ => "",
        };
        Ok(Self { verb, path: text(doc, node, "path", "")?, from, value })
    }
}

fn text<'d>(doc: &'d Document<'_>, node: NodeId, name: &'static str, comma: &'static str) -> Result<&'d str, Reason> {
    match doc.get_str(node, name).map(|n| (n, doc.kind(n))) {
        Some((n, Kind::Str)) => Ok(doc.str(n)),
        None | Some((_, Kind::Null)) => Err(Reason::Missing { name, comma }),
        Some((_, kind)) => Err(Reason::Type { name, found: self::name(kind) }),
    }
}

/// An operation as json-patch shows it: its members in order, their values as they were written.
fn shown(doc: &Document<'_>, node: NodeId, written: Written) -> String {
    let mut out = String::new();
    if written == Written::Yaml || doc.kind(node) != Kind::Map {
        write_json(doc, node, &mut out);
        return out;
    }
    let mut members: Vec<_> = doc.entries(node).map(|(key, child)| (doc.key_text(key), child)).collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    write_members(doc, members.into_iter(), &mut out);
    out
}

fn write_members<'d>(doc: &'d Document<'_>, members: impl Iterator<Item = (&'d str, NodeId)>, out: &mut String) {
    let mut before = '{';
    for (key, child) in members {
        out.push(before);
        write_str(key, out);
        out.push(':');
        write_as_written(doc, child, out);
        before = ',';
    }
    out.push_str(if before == '{' { "{}" } else { "}" });
}

fn write_as_written(doc: &Document<'_>, node: NodeId, out: &mut String) {
    match doc.kind(node) {
        Kind::Map => write_members(doc, doc.entries(node).map(|(key, child)| (doc.key_text(key), child)), out),
        Kind::List => {
            out.push('[');
            for (i, child) in doc.children(node).enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_as_written(doc, child, out);
            }
            out.push(']');
        }
        _ => match doc.spelled(node) {
            Some(number) => out.push_str(number),
            None => write_json(doc, node, out),
        },
    }
}

/// What Go's JSON decoder calls a value.
pub(super) fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "bool",
        Kind::Int | Kind::Float | Kind::Uint => "number",
        Kind::Str => "string",
        Kind::List => "array",
        Kind::Map | Kind::Raw => "object",
    }
}
