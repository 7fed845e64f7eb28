//! From a tree back to a document. What was not opened is copied as ranges of nodes.

use super::strategic::MergeError;
use super::tree::{Cell, Id, Items, Side, SlotId, Tree};
use super::{PatchError, Space};
use crate::document::{Buffers, Builder, Document, Kind, NodeId, Place};
use crate::scalar::{Scalar, number};

/// How numbers of the patch are taken over. Those of the base are always as Go reads them back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// As after a trip through Go's JSON: a float64 without a fraction is an int64.
    OfGo,
    /// As they are.
    AsWritten,
}

/// See the module.
pub(super) struct Emitter<'t, 'd, 'a> {
    tree: &'t Tree<'d>,
    /// What is taken over, unless the document stands for itself.
    base: Option<&'t Document<'a>>,
    builder: Builder<'a>,
    numbers: Numbers,
    /// Keys that a map has more than once, which nothing reads back.
    twice: Vec<String>,
}

impl<'t, 'd, 'a> Emitter<'t, 'd, 'a> {
    /// For a document that is `base` with changes.
    pub(super) fn new(tree: &'t Tree<'d>, base: &'t Document<'a>, space: Space, numbers: Numbers) -> Self {
        let builder = Builder::from_base(base, space.buffers, space.limits);
        Self { tree, base: Some(base), builder, numbers, twice: Vec::new() }
    }

    /// Writes the value as the document's root.
    pub(super) fn document(mut self, root: Id) -> Result<Document<'a>, PatchError> {
        self.value(root, self.base.is_some(), None)?;
        if !self.twice.is_empty() {
            return Err(MergeError::Duplicate(self.twice).into());
        }
        Ok(match self.base {
            Some(base) => self.builder.finish_from(base),
            None => self.builder.finish(),
        })
    }

    /// A value; `home` says that it stands where the base has it. `place` is that of the nearest value of the base
    /// around it.
    fn value(&mut self, id: Id, home: bool, place: Option<Place>) -> Result<(), PatchError> {
        match self.tree.cell(id) {
            Cell::Node(Side::Base, node) if home => self.keep(node, node),
            Cell::Node(side, node) => self.copy(self.tree.doc(side), node, side, place),
            Cell::Spelled(side, node) => {
                let text = super::text::spelling(self.tree.doc(side), node);
                Ok(self.builder.str(&text.shown(), place)?)
            }
            Cell::Null | Cell::PutNull => Ok(self.builder.null(place)?),
            Cell::Map(items) => {
                let place = self.place_of(items).or(place);
                self.builder.begin_map(place)?;
                self.members(items, home, place)?;
                self.builder.end();
                Ok(())
            }
            Cell::List(items) => {
                let place = self.place_of(items).or(place);
                self.builder.begin_list(place)?;
                self.elements(items, home, place)?;
                self.builder.end();
                Ok(())
            }
        }
    }

    /// The place of an opened value, in the form in which the base keeps it.
    fn place_of(&self, items: Items) -> Option<Place> {
        self.base.zip(items.base).and_then(|(base, node)| base.kept_place(node))
    }

    fn members(&mut self, items: Items, home: bool, place: Option<Place>) -> Result<(), PatchError> {
        let of_base = items.base.is_some();
        if !of_base {
            let twice = self.tree.twice(items);
            if !twice.is_empty() {
                // Whoever reads it back looks no further into this map.
                self.twice.extend(twice.into_iter().map(str::to_owned));
                return Ok(());
            }
        }
        let mut at = items.first();
        while let Some(slot) = at.and_then(|at| self.tree.slot(at)) {
            let here = home && slot.home;
            if here && let Some((first, last, next)) = self.run(at) {
                self.keep(first, last)?;
                at = next;
                continue;
            }
            match slot.known {
                Some(key) => self.builder.base_key(key),
                // Members that are added to a map of the base are new to it.
                None if of_base => self.builder.new_key(slot.key)?,
                None => {
                    self.builder.key(slot.key, place)?;
                }
            }
            self.value(slot.value, here, place)?;
            at = at.and_then(|at| self.tree.after(at));
        }
        Ok(())
    }

    fn elements(&mut self, items: Items, home: bool, place: Option<Place>) -> Result<(), PatchError> {
        let mut at = items.first();
        while let Some(slot) = at.and_then(|at| self.tree.slot(at)) {
            let here = home && slot.home;
            if here && let Some((first, last, next)) = self.run(at) {
                self.keep(first, last)?;
                at = next;
                continue;
            }
            self.value(slot.value, here, place)?;
            at = at.and_then(|at| self.tree.after(at));
        }
        Ok(())
    }

    /// Neighbours in the base that still are: the first and the last of them, and what comes after.
    fn run(&self, from: Option<SlotId>) -> Option<(NodeId, NodeId, Option<SlotId>)> {
        let base = self.base?;
        let node = |at: Option<SlotId>| {
            let slot = at.and_then(|at| self.tree.slot(at)).filter(|slot| slot.home)?;
            match self.tree.cell(slot.value) {
                Cell::Node(Side::Base, node) => Some(node),
                _ => None,
            }
        };
        let first = node(from)?;
        let (mut last, mut at) = (first, from.and_then(|at| self.tree.after(at)));
        while let Some(next) = node(at).filter(|next| *next == base.end(last)) {
            last = next;
            at = at.and_then(|at| self.tree.after(at));
        }
        Some((first, last, at))
    }

    fn keep(&mut self, first: NodeId, last: NodeId) -> Result<(), PatchError> {
        match self.base {
            Some(base) => Ok(self.builder.keep(base, first..base.end(last))?),
            None => Ok(()),
        }
    }

    /// A value of a document at a place of its own.
    fn copy(&mut self, doc: &Document<'_>, node: NodeId, side: Side, place: Option<Place>) -> Result<(), PatchError> {
        match doc.kind(node) {
            kind @ (Kind::Map | Kind::List) => {
                if kind == Kind::Map {
                    self.builder.begin_map(place)?;
                } else {
                    self.builder.begin_list(place)?;
                }
                for child in doc.children(node) {
                    if let Some(key) = doc.key(child) {
                        self.builder.key(doc.key_text(key), place)?;
                    }
                    self.copy(doc, child, side, place)?;
                }
                self.builder.end();
            }
            Kind::Raw => return Err(PatchError::Unread),
            _ => match doc.scalar(node) {
                Scalar::Bool(value) => self.builder.bool(value, place)?,
                Scalar::Int(value) => self.builder.int(value, place)?,
                Scalar::Float(value) => {
                    let go = side == Side::Base || self.numbers == Numbers::OfGo;
                    match number::whole(value).filter(|_| go) {
                        Some(whole) => self.builder.int(whole, place)?,
                        None => self.builder.float(value, place)?,
                    }
                }
                Scalar::Str(value) => self.builder.str(value, place)?,
                Scalar::Null | Scalar::List | Scalar::Map => self.builder.null(place)?,
            },
        }
        Ok(())
    }
}

impl<'t, 'd> Emitter<'t, 'd, 'd> {
    /// For a value of the patch that is a document of its own.
    pub(super) fn detached(tree: &'t Tree<'d>) -> Self {
        let builder = Builder::new("", tree.doc(Side::Patch).layout(), Buffers::default(), tree.limits());
        Self { tree, base: None, builder, numbers: Numbers::OfGo, twice: Vec::new() }
    }
}
