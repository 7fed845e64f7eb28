//! Building a document that is an earlier one with changes: subtrees that stay are taken over node by node, with the
//! text and the keys they refer to.

use super::{BuildError, Builder, Limits};
use crate::document::node::{KEY_DEAD, KEY_LOCAL, KEY_NONE, NO_NODE, Node};
use crate::document::{Buffers, Document, Key, Kind, NodeId, Place, Sym};
use crate::scalar::number;
use smallvec::SmallVec;
use std::ops::Range;

/// Nodes of the base that were taken over, and how far they moved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    from: u32,
    to: u32,
    shift: u32,
}

/// What was taken over so far.
pub(super) type Runs = SmallVec<[Kept; 16]>;

impl<'a> Builder<'a> {
    /// Starts a document whose values come from `base` for the most part.
    pub fn from_base(base: &Document<'a>, buffers: Buffers, limits: Limits) -> Self {
        let mut builder = Self::new(base.src, base.layout, buffers, limits);
        (builder.doc.scope, builder.doc.view) = (base.scope, base.view);
        builder.doc.ambiguous = base.ambiguous;
        builder.doc.owned.reserve(base.owned.len() + 512);
        builder.doc.owned.push_str(&base.owned);
        builder.doc.keys.reserve(base.keys.len() + 16);
        builder.doc.keys.extend_from_slice(&base.keys);
        builder.doc.nodes.reserve(base.nodes.len() + 64);
        builder
    }

    /// The key that a member of the base has, for the value to come. The open map must not have it yet.
    pub fn base_key(&mut self, key: Key) {
        self.key = key.0;
        if let Some(top) = self.stack.last() {
            self.next = self.doc.view.member(top.state, (key.0 < KEY_LOCAL).then_some(Sym(key.0)));
        }
    }

    /// A key that the open map does not have yet, for the value to come.
    pub fn new_key(&mut self, key: &str) -> Result<(), BuildError> {
        let known = self.doc.layout.symbols().lookup(key).map(|sym| sym.0);
        let id = match known {
            Some(id) => id,
            None => {
                let text = self.own(key)?;
                self.next_local(text)?
            }
        };
        self.base_key(Key(id));
        self.key_place = Place::default();
        Ok(())
    }

    /// Takes over siblings of the base, which have to stand where they stood there: below the same path.
    pub fn keep(&mut self, base: &Document<'_>, run: Range<NodeId>) -> Result<(), BuildError> {
        let at = self.doc.nodes.len();
        let (from, to) = (run.start.index(), run.end.index());
        let nodes = base.nodes.get(from..to).unwrap_or_default();
        if at + nodes.len() > self.limits.nodes {
            return Err(BuildError::Nodes(self.limits.nodes));
        }
        let shift = (at as u32).wrapping_sub(run.start.0);
        self.doc.nodes.extend_from_slice(nodes);
        let mut spelled = false;
        for node in self.doc.nodes.get_mut(at..).unwrap_or_default() {
            node.end = node.end.wrapping_add(shift);
            spelled |= matches!(node.kind(), Kind::Float | Kind::Uint);
        }
        if spelled {
            self.doc.nodes.get_mut(at..).unwrap_or_default().iter_mut().for_each(Node::canonical);
        }
        if !base.places.is_empty() {
            self.doc.places.extend_from_slice(base.places.get(from..to).unwrap_or_default());
            self.doc.key_places.extend_from_slice(base.key_places.get(from..to).unwrap_or_default());
        }
        let mut count = 0;
        let mut sibling = run.start.0;
        while let Some(node) = base.nodes.get(sibling as usize).filter(|_| sibling < run.end.0) {
            count += u32::from(node.key() != KEY_DEAD);
            sibling = node.end;
        }
        if let Some(top) = self.stack.last_mut() {
            top.count += count;
        }
        self.key = KEY_NONE;
        self.kept.push(Kept { from: run.start.0, to: run.end.0, shift });
        Ok(())
    }

    /// Ends a document that was started with [`from_base`](Self::from_base).
    pub fn finish_from(mut self, base: &Document<'_>) -> Document<'a> {
        // What was taken over was not counted.
        self.doc.census.spoil();
        self.kept.sort_unstable_by_key(|run| run.from);
        for (slot, old) in self.doc.slots.iter_mut().zip(&base.slots) {
            if *slot != NO_NODE || *old == NO_NODE {
                continue;
            }
            let after = self.kept.partition_point(|run| run.from <= *old);
            let run = after.checked_sub(1).and_then(|i| self.kept.get(i)).filter(|run| *old < run.to);
            if let Some(run) = run {
                *slot = old.wrapping_add(run.shift);
            }
        }
        self.finish()
    }
}

impl Node {
    /// Makes a number what it is after a trip through Go's JSON.
    fn canonical(&mut self) {
        let value = match self.kind() {
            Kind::Float => f64::from_bits(self.payload),
            Kind::Uint => self.payload as f64,
            _ => return,
        };
        let (kind, payload) = match number::whole(value) {
            Some(whole) => (Kind::Int, whole.cast_unsigned()),
            None => (Kind::Float, value.to_bits()),
        };
        *self = Self::new(kind, self.key(), self.end, payload);
    }
}
