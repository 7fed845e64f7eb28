//! Kyverno's `patchesJson6902`: RFC 6902 as evanphx/json-patch v5 applies it, with the options that Kyverno gives it.
//!
//! Indices may be negative, what is to be removed need not be there, and `add` makes the containers on its way. Kyverno:
//! pkg/engine/mutate/patch/patchJSON6902.go.

mod apply;
mod container;
mod error;
mod operation;
mod same;
mod test;

pub use error::{Cause, OperationError, Reason};

use super::emit::{Emitter, Numbers};
use super::tree::{Cell, Class, Side, Tree};
use super::{PatchError, Space, strategic};
use crate::document::{Document, NodeId};
use apply::Patching;
use bumpalo::Bump;
use operation::{Operation, Verb};

/// How the operations were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// In JSON. Kyverno takes their values over as they are spelled.
    Json,
    /// In YAML, of which Kyverno makes JSON first: a float64 without a fraction is an int64 then.
    Yaml,
}

impl Written {
    /// How Kyverno takes a text: as JSON only where it begins with `[`.
    pub fn of(text: &str) -> Self {
        if text.starts_with('[') { Self::Json } else { Self::Yaml }
    }
}

/// What is to be seen of an operation without a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline<'d> {
    /// Where it works
    pub path: &'d str,
    /// Whether it compares with nothing
    pub tests_nothing: bool,
}

/// Reads a list of operations without applying them.
pub fn outlines<'d>(operations: &'d Document<'d>, written: Written) -> Result<Vec<Outline<'d>>, PatchError> {
    let list = Operation::decode(operations, written)?.list;
    let outline = |o: &Operation<'d>| Outline { path: o.path, tests_nothing: o.tests_nothing() };
    Ok(list.iter().map(outline).collect())
}

/// The JSON pointer to a value.
fn pointer(doc: &Document<'_>, root: NodeId, node: NodeId) -> String {
    let (mut at, mut path) = (root, String::new());
    while at != node {
        let inside = |child: &NodeId| *child <= node && node < doc.end(*child);
        let Some((n, child)) = doc.children(at).enumerate().find(|(_, child)| inside(child)) else { break };
        path.push('/');
        match doc.key(child) {
            Some(key) => path.push_str(&doc.key_text(key).replace('~', "~0").replace('/', "~1")),
            None => path.push_str(&n.to_string()),
        }
        at = child;
    }
    path
}

/// Applies a list of operations. `None` where that changes nothing, not even how Kyverno spells the resource, which it
/// calls `no patches applied`.
///
/// The resource has to be flattened whole, as far as the operations go. Operations in JSON are to be read with their
/// places, because Kyverno compares numbers as they are spelled. A text that is no JSON or YAML at all has no
/// document; [`OperationError::Unreadable`] and [`OperationError::Yaml`] are what Kyverno says of it.
pub fn apply<'a>(
    resource: &Document<'a>,
    operations: &Document<'_>,
    written: Written,
    space: Space,
) -> Result<Option<Document<'a>>, PatchError> {
    let Some(root) = resource.root() else { return Ok(None) };
    let operations = Operation::decode(operations, written)?;
    for raw in resource.raws() {
        // Whatever is done with it or around it is done with all of it.
        let raw = pointer(resource, root, raw);
        let meets = |path: &str| raw.starts_with(path) || path.starts_with(&raw);
        if operations.list.iter().any(|o| meets(o.path) || (matches!(o.verb, Verb::Move | Verb::Copy) && meets(o.from)))
        {
            return Err(PatchError::Unread);
        }
    }
    let arena = Bump::new();
    let mut tree = Tree::new(resource, operations.doc, false, space.limits);
    let base = tree.add(Cell::Node(Side::Base, root))?;
    let this = tree.add(Cell::Node(Side::Base, root))?;
    let mut patching =
        Patching { tree: &mut tree, root: base, this: Some(this), nothing: None, written, arena: &arena };
    for operation in &operations.list {
        patching.apply(operation)?;
    }
    let (root_now, nothing) = (patching.root, patching.nothing);
    if nothing == Some(root_now) {
        tree.set(root_now, Cell::Null);
    } else if tree.class(root_now) == Class::Null {
        return Err(OperationError::Object.into());
    }
    if tree.same_text(root_now, root, written) {
        return Ok(None);
    }
    let numbers = if written == Written::Yaml { Numbers::OfGo } else { Numbers::AsWritten };
    let (readable, settled) = strategic::still(&mut tree, resource, root_now);
    let mut doc = Emitter::new(&tree, resource, space, numbers).document(root_now)?;
    (doc.readable, doc.settled) = (readable, settled);
    Ok(Some(doc))
}
