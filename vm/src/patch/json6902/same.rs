//! Whether operations left the resource as it was, to the byte: that is how Kyverno finds out that none was applied.
//!
//! The resource's own text has sorted keys and Go's spelling. What operations add has the order and the spelling they
//! were written in, and maps on their way keep their members' order with new ones at the end.

use super::Written;
use crate::document::{Document, Kind, NodeId};
use crate::patch::equal::equal;
use crate::patch::text::spelling;
use crate::patch::tree::{Cell, Id, Side, Tree};

impl Tree<'_> {
    /// Whether a value is written as a node of the base is.
    pub(super) fn same_text(&self, id: Id, node: NodeId, written: Written) -> bool {
        let base = self.doc(Side::Base);
        match self.cell(id) {
            Cell::Node(Side::Base, own) => own == node || equal((base, own), (base, node)),
            Cell::Node(Side::Patch, own) => {
                let patch = self.doc(Side::Patch);
                equal((patch, own), (base, node)) && (written == Written::Yaml || in_go_s_form(patch, own))
            }
            Cell::Map(_) => {
                base.kind(node) == Kind::Map
                    && base.len(node) == self.slots(id).count()
                    && self.in_order(id)
                    && self.slots(id).all(|(_, slot)| {
                        let child = base.get_str(node, slot.key);
                        child.is_some_and(|child| self.same_text(slot.value, child, written))
                    })
            }
            Cell::List(_) => {
                let same = |((_, slot), child): ((_, &crate::patch::tree::Slot<'_>), _)| {
                    self.same_text(slot.value, child, written)
                };
                base.kind(node) == Kind::List
                    && base.len(node) == self.slots(id).count()
                    && self.slots(id).zip(base.children(node)).all(same)
            }
            Cell::Null | Cell::PutNull => base.kind(node) == Kind::Null,
            Cell::Spelled(..) => false,
        }
    }

    /// Whether the keys of an opened map are in order, and written as Go's encoder does: json-patch leaves `<`, `>` and
    /// `&` as they are.
    fn in_order(&self, map: Id) -> bool {
        let of_base = |known: bool| self.slots(map).filter(move |(_, slot)| slot.known.is_some() == known);
        // Members of the resource were in order, wherever they stand here.
        let mut last = of_base(true).map(|(_, slot)| slot.key).max();
        let added = of_base(false).all(|(_, slot)| last.replace(slot.key).is_none_or(|last| last < slot.key));
        added && self.slots(map).all(|(_, slot)| !slot.key.contains(['<', '>', '&']))
    }
}

/// Whether a value was written as Go's encoder writes it, spaces aside.
fn in_go_s_form(doc: &Document<'_>, node: NodeId) -> bool {
    match doc.kind(node) {
        Kind::Map => {
            let keys = || doc.entries(node).map(|(key, _)| doc.key_text(key));
            keys().zip(keys().skip(1)).all(|(a, b)| a < b)
                && doc
                    .entries(node)
                    .all(|(key, child)| !doc.key_text(key).contains(escaped) && in_go_s_form(doc, child))
        }
        Kind::List => doc.children(node).all(|child| in_go_s_form(doc, child)),
        // A text with escape sequences has them for what Go escapes too, or else it would need none.
        Kind::Str => doc.is_verbatim(node) != doc.str(node).contains(escaped),
        Kind::Int | Kind::Float | Kind::Uint => match doc.spelled(node) {
            Some(text) => text == spelling(doc, node).shown(),
            None => true,
        },
        _ => true,
    }
}

/// What Go's encoder writes as an escape sequence.
fn escaped(c: char) -> bool {
    matches!(c, '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}')
}
