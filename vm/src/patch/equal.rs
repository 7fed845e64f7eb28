//! Whether values are the same, as JSON says it.

use super::tree::{Cell, Id, Side, Tree};
use crate::document::{Buffers, Document, JsonOptions, Kind, Layout, NodeId, read_json};
use crate::scalar::{Scalar, number};

/// Whether Go's `encoding/json` writes two values the same way: the order of members does not count, and a float64
/// without a fraction is a whole number.
pub fn equal(a: (&Document<'_>, NodeId), b: (&Document<'_>, NodeId)) -> bool {
    let (doc, other) = (a.0, b.0);
    match (doc.kind(a.1), other.kind(b.1)) {
        (Kind::List, Kind::List) => {
            doc.len(a.1) == other.len(b.1)
                && doc.children(a.1).zip(other.children(b.1)).all(|(m, n)| equal((doc, m), (other, n)))
        }
        (Kind::Map, Kind::Map) => {
            doc.len(a.1) == other.len(b.1)
                && doc.entries(a.1).all(|(key, m)| {
                    let n = other.get_str(b.1, doc.key_text(key));
                    n.is_some_and(|n| equal((doc, m), (other, n)))
                })
        }
        (Kind::Raw, Kind::Raw) if doc.str(a.1) == other.str(b.1) => true,
        (Kind::Raw, _) => expanded(doc, a.1, |whole, node| equal((whole, node), b)),
        (_, Kind::Raw) => expanded(other, b.1, |whole, node| equal(a, (whole, node))),
        _ => canonical(doc.scalar(a.1)) == canonical(other.scalar(b.1)),
    }
}

/// What something is for a value that was passed over, once it is read.
#[cold]
fn expanded(doc: &Document<'_>, node: NodeId, then: impl FnOnce(&Document<'_>, NodeId) -> bool) -> bool {
    let layout = Layout::everything();
    let whole = read_json(doc.str(node), &layout, Buffers::default(), JsonOptions::default());
    whole.is_ok_and(|whole| whole.root().is_some_and(|root| then(&whole, root)))
}

/// Whether a document is the same value as one that may have been made of it.
pub fn same(a: &Document<'_>, b: &Document<'_>) -> bool {
    let (Some(m), Some(n)) = (a.root(), b.root()) else { return a.root().is_none() && b.root().is_none() };
    if !a.is_origin_of(b) {
        return equal((a, m), (b, n));
    }
    let plain = |doc: &Document<'_>| !doc.has_dead() && !doc.has_raw();
    (a.node_count() == b.node_count() || !plain(a) || !plain(b)) && same_below((a, m), (b, n))
}

/// As [`equal`], for documents of which one was made of the other: most of what they have are the same nodes.
fn same_below(a: (&Document<'_>, NodeId), b: (&Document<'_>, NodeId)) -> bool {
    let (doc, other) = (a.0, b.0);
    if doc.same_nodes(a.1, other, b.1) {
        return true;
    }
    match (doc.kind(a.1), other.kind(b.1)) {
        (Kind::List, Kind::List) => {
            doc.len(a.1) == other.len(b.1)
                && doc.children(a.1).zip(other.children(b.1)).all(|(m, n)| same_below((doc, m), (other, n)))
        }
        (Kind::Map, Kind::Map) => {
            doc.len(a.1) == other.len(b.1)
                && doc.entries(a.1).all(|(key, m)| {
                    let n = other.get_str(b.1, doc.key_text(key));
                    n.is_some_and(|n| same_below((doc, m), (other, n)))
                })
        }
        _ => equal(a, b),
    }
}

/// A number as Go reads it back from JSON.
pub(super) fn canonical(scalar: Scalar<'_>) -> Scalar<'_> {
    match scalar {
        Scalar::Float(value) => number::whole(value).map_or(scalar, Scalar::Int),
        other => other,
    }
}

impl Tree<'_> {
    /// Whether a value is still that of a node of the base.
    pub(super) fn same(&self, id: Id, node: NodeId) -> bool {
        let base = self.doc(Side::Base);
        match self.cell(id) {
            Cell::Node(Side::Base, own) if own == node => true,
            Cell::Node(side, own) => equal((self.doc(side), own), (base, node)),
            Cell::Spelled(..) => base.as_str(node) == Some(&self.text(self.cell(id)).shown()),
            Cell::Null | Cell::PutNull => base.kind(node) == Kind::Null,
            Cell::Map(items) => {
                base.kind(node) == Kind::Map
                    && base.len(node) == self.slots(id).count()
                    && (items.base.is_some() || self.twice(items).is_empty())
                    && self.slots(id).all(|(_, slot)| {
                        let known = self.origin(slot.value).filter(|_| slot.home && items.base == Some(node));
                        let child = known.or_else(|| base.get_str(node, slot.key));
                        child.is_some_and(|child| self.same(slot.value, child))
                    })
            }
            Cell::List(_) => {
                base.kind(node) == Kind::List
                    && base.len(node) == self.slots(id).count()
                    && self.slots(id).zip(base.children(node)).all(|((_, slot), child)| self.same(slot.value, child))
            }
        }
    }

    /// The node of the base that a value is, or was before it was opened.
    fn origin(&self, id: Id) -> Option<NodeId> {
        match self.cell(id) {
            Cell::Node(Side::Base, node) => Some(node),
            Cell::Map(items) | Cell::List(items) => items.base,
            _ => None,
        }
    }
}
