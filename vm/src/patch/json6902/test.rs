//! The operation `test`: json-patch compares what stands in the texts, so numbers are the same where they are spelled
//! the same.

use super::Written;
use super::apply::{Patching, inside};
use super::error::{Cause, OperationError};
use super::operation::Operation;
use crate::document::{Document, Kind, NodeId};
use crate::patch::PatchError;
use crate::patch::text::{Text, spelling};
use crate::patch::tree::{Cell, Class, Id, Side};

impl<'d> Patching<'_, 'd> {
    pub(super) fn op_test(&mut self, operation: &Operation<'d>) -> Result<(), PatchError> {
        let path = operation.path;
        let failed = || PatchError::from(OperationError::Test(path.to_owned()));
        let patch = self.tree.doc(Side::Patch);
        let wanted = operation.value.filter(|n| Class::of(patch.kind(*n)) != Class::Null);
        if path.is_empty() {
            let same = wanted.is_some_and(|wanted| self.holds(self.root, wanted));
            return if same { Ok(()) } else { Err(failed()) };
        }
        let target = self.find(path)?.ok_or_else(|| OperationError::Missing {
            operation: "test",
            what: "is missing path",
            path: path.to_owned(),
        })?;
        let value = match self.get(target.container, target.key) {
            Ok(value) => value,
            Err(Cause::Key(_)) => None,
            Err(cause) => return Err(inside("test for path", path)(cause)),
        };
        match (value, wanted) {
            (None, None) => Ok(()),
            (Some(value), Some(wanted)) if self.holds(value, wanted) => Ok(()),
            _ => Err(failed()),
        }
    }

    /// Whether a value is one of an operation. Where the reference crashes, it is not.
    fn holds(&self, value: Id, wanted: NodeId) -> bool {
        let patch = self.tree.doc(Side::Patch);
        match self.tree.cell(value) {
            Cell::Node(side, node) => spelled_same(self.tree.doc(side), node, side, patch, wanted, self.written),
            Cell::Map(_) => {
                patch.kind(wanted) == Kind::Map
                    && patch.len(wanted) == self.tree.slots(value).count()
                    && self.tree.slots(value).all(|(_, slot)| {
                        patch.get_str(wanted, slot.key).is_some_and(|n| self.holds_member(slot.value, n))
                    })
            }
            Cell::List(_) => {
                patch.kind(wanted) == Kind::List
                    && patch.len(wanted) == self.tree.slots(value).count()
                    && self.tree.slots(value).zip(patch.children(wanted)).all(|((_, slot), n)| {
                        !self.is_nothing(slot.value) && patch.kind(n) != Kind::Null && self.holds(slot.value, n)
                    })
            }
            Cell::Null | Cell::PutNull | Cell::Spelled(..) => false,
        }
    }

    fn holds_member(&self, value: Id, wanted: NodeId) -> bool {
        let null = self.tree.doc(Side::Patch).kind(wanted) == Kind::Null;
        if self.is_nothing(value) || null { self.is_nothing(value) && null } else { self.holds(value, wanted) }
    }
}

/// Whether a value of a document is one of the operations.
fn spelled_same(
    doc: &Document<'_>,
    node: NodeId,
    side: Side,
    patch: &Document<'_>,
    wanted: NodeId,
    written: Written,
) -> bool {
    let below = |m, n| spelled_same(doc, m, side, patch, n, written);
    match (doc.kind(node), patch.kind(wanted)) {
        (Kind::Map, Kind::Map) => {
            doc.len(node) == patch.len(wanted)
                && doc.entries(node).all(|(key, m)| {
                    let other = patch.get_str(wanted, doc.key_text(key));
                    other.is_some_and(|n| match (doc.kind(m), patch.kind(n)) {
                        (Kind::Null, Kind::Null) => true,
                        (Kind::Null, _) | (_, Kind::Null) => false,
                        _ => below(m, n),
                    })
                })
        }
        (Kind::List, Kind::List) => {
            let nulls = |doc: &Document<'_>, n| doc.kind(n) == Kind::Null;
            doc.len(node) == patch.len(wanted)
                && doc
                    .children(node)
                    .zip(patch.children(wanted))
                    .all(|(m, n)| !nulls(doc, m) && !nulls(patch, n) && below(m, n))
        }
        (Kind::Map | Kind::List, _) | (_, Kind::Map | Kind::List) => false,
        (Kind::Int | Kind::Float | Kind::Uint, Kind::Int | Kind::Float | Kind::Uint) => {
            number(doc, node, side, written) == number(patch, wanted, Side::Patch, written)
        }
        _ => doc.scalar(node) == patch.scalar(wanted),
    }
}

/// How a number is spelled in what Kyverno compares.
fn number<'d>(doc: &'d Document<'_>, node: NodeId, side: Side, written: Written) -> Text<'d> {
    match doc.spelled(node).filter(|_| side == Side::Patch && written == Written::Json) {
        Some(text) => Text::Of(text),
        None => spelling(doc, node),
    }
}
