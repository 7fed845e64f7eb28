//! The tree that a patch works on. Its values are references into two documents, the one that is patched and the one
//! that the patch comes from, until something below them changes: then a map or list is opened, its members become
//! values of their own, and can be renamed, replaced, taken away or added to.
//!
//! A value may stand in several places, as a pointer may in the Go code that this follows.

use super::PatchError;
use crate::document::{BuildError, Document, Key, Kind, Limits, NodeId};
use smallvec::SmallVec;
use std::collections::HashSet;

/// Which document a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The one that is patched
    Base,
    /// The one that says how
    Patch,
}

/// A value of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(u32);

/// A place in an opened map or list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SlotId(u32);

const NO_SLOT: u32 = u32::MAX;

/// How many values a tree may have at most; far more than an API server takes in one object.
const MOST: usize = 1 << 22;

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell {
    /// A value of a document, as it is
    Node(Side, NodeId),
    /// The text of a scalar, as a string
    Spelled(Side, NodeId),
    /// A null that no document has
    Null,
    /// A null that an operation put here, which json-patch tells from those that were there
    PutNull,
    /// An opened map
    Map(Items),
    /// An opened list
    List(Items),
}

/// The members of an opened map or the elements of an opened list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Items {
    first: u32,
    last: u32,
    /// The node of the base that was opened.
    pub(super) base: Option<NodeId>,
    /// Whether each element is known to have merge keys of its own.
    pub(super) tidy: bool,
}

impl Items {
    pub(super) const NONE: Self = Self { first: NO_SLOT, last: NO_SLOT, base: None, tidy: false };

    pub(super) fn first(self) -> Option<SlotId> {
        (self.first != NO_SLOT).then_some(SlotId(self.first))
    }
}

/// A member or an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<'d> {
    /// Empty in lists.
    pub(super) key: &'d str,
    /// The key in the base, where that is where the slot comes from.
    pub(super) known: Option<Key>,
    pub(super) value: Id,
    /// Whether the value stands where it stood in the base, so that it can be taken over with its path.
    pub(super) home: bool,
    /// For whoever goes over the slots more than once.
    pub(super) mark: bool,
    next: u32,
}

impl<'d> Slot<'d> {
    fn new(key: &'d str, value: Id) -> Self {
        Self { key, known: None, value, home: false, mark: false, next: NO_SLOT }
    }
}

/// The kinds that matter to a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Null,
    Scalar,
    List,
    Map,
}

impl Class {
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Null => Self::Null,
            Kind::List => Self::List,
            Kind::Map | Kind::Raw => Self::Map,
            Kind::Bool | Kind::Int | Kind::Float | Kind::Uint | Kind::Str => Self::Scalar,
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Tree<'d> {
    base: &'d Document<'d>,
    patch: &'d Document<'d>,
    cells: Vec<Cell>,
    slots: Vec<Slot<'d>>,
    limits: Limits,
    /// Whether members of the patch are in the order of their keys when they are opened.
    sorted: bool,
}

impl<'d> Tree<'d> {
    /// An empty tree over two documents.
    pub(super) fn new(base: &'d Document<'d>, patch: &'d Document<'d>, sorted: bool, limits: Limits) -> Self {
        let limits = Limits { nodes: limits.nodes.min(MOST), ..limits };
        Self { base, patch, cells: Vec::with_capacity(256), slots: Vec::with_capacity(256), limits, sorted }
    }

    /// How many levels a value may have; the depth of a document counts its maps and lists only.
    pub(super) fn levels(&self) -> usize {
        self.limits.depth.saturating_add(1)
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// One level less.
    pub(super) fn below(&self, levels: usize) -> Result<usize, PatchError> {
        levels.checked_sub(1).ok_or(BuildError::Depth(self.limits.depth).into())
    }

    pub(super) fn doc(&self, side: Side) -> &'d Document<'d> {
        match side {
            Side::Base => self.base,
            Side::Patch => self.patch,
        }
    }

    pub(super) fn add(&mut self, cell: Cell) -> Result<Id, PatchError> {
        if self.cells.len() >= self.limits.nodes {
            return Err(BuildError::Nodes(self.limits.nodes).into());
        }
        self.cells.push(cell);
        Ok(Id(self.cells.len() as u32 - 1))
    }

    #[inline]
    pub(super) fn cell(&self, id: Id) -> Cell {
        self.cells.get(id.0 as usize).copied().unwrap_or(Cell::Null)
    }

    pub(super) fn set(&mut self, id: Id, cell: Cell) {
        if let Some(old) = self.cells.get_mut(id.0 as usize) {
            *old = cell;
        }
    }

    pub(super) fn class(&self, id: Id) -> Class {
        self.class_of(self.cell(id))
    }

    pub(super) fn class_of(&self, cell: Cell) -> Class {
        match cell {
            Cell::Node(side, node) => Class::of(self.doc(side).kind(node)),
            Cell::Spelled(..) => Class::Scalar,
            Cell::Null | Cell::PutNull => Class::Null,
            Cell::Map(_) => Class::Map,
            Cell::List(_) => Class::List,
        }
    }

    /// Whether a value was passed over when its document was read.
    pub(super) fn is_unread(&self, id: Id) -> bool {
        matches!(self.cell(id), Cell::Node(side, node) if self.doc(side).kind(node) == Kind::Raw)
    }

    /// Whether a value is a string.
    pub(super) fn is_string(&self, id: Id) -> bool {
        match self.cell(id) {
            Cell::Node(side, node) => self.doc(side).kind(node) == Kind::Str,
            cell => matches!(cell, Cell::Spelled(..)),
        }
    }

    /// Whether a map has no members.
    pub(super) fn is_empty_map(&self, id: Id) -> bool {
        match self.cell(id) {
            Cell::Node(side, node) => self.doc(side).kind(node) == Kind::Map && self.doc(side).len(node) == 0,
            Cell::Map(items) => items.first().is_none(),
            _ => false,
        }
    }

    /// Opens a map or list; nothing happens to other values.
    pub(super) fn open(&mut self, id: Id) -> Result<(), PatchError> {
        let Cell::Node(side, node) = self.cell(id) else { return Ok(()) };
        let doc = self.doc(side);
        let kind = doc.kind(node);
        match kind {
            Kind::Raw => return Err(PatchError::Unread),
            Kind::Map | Kind::List => {}
            _ => return Ok(()),
        }
        let base = (side == Side::Base).then_some(node);
        let mut items = Items { base, ..Items::NONE };
        let member = |child| {
            let key = doc.key(child);
            (key.map_or("", |key| doc.key_text(key)), key, child)
        };
        if side == Side::Patch && self.sorted && kind == Kind::Map {
            let mut members: SmallVec<[_; 16]> = doc.children(node).map(member).collect();
            members.sort_unstable_by_key(|(key, ..)| *key);
            for (key, _, child) in members {
                let value = self.add(Cell::Node(side, child))?;
                self.append(&mut items, Slot::new(key, value));
            }
        } else {
            // All of them stand one after the other.
            let (first, home) = (self.slots.len() as u32, base.is_some());
            for (key, known, child) in doc.children(node).map(member) {
                let (value, next) = (Id(self.cells.len() as u32), self.slots.len() as u32 + 1);
                self.cells.push(Cell::Node(side, child));
                let known = if home { known } else { None };
                self.slots.push(Slot { key, known, value, home, mark: false, next });
            }
            if self.cells.len() > self.limits.nodes {
                return Err(BuildError::Nodes(self.limits.nodes).into());
            }
            if let Some(last) = self.slots.get_mut(first as usize..).and_then(|own| own.last_mut()) {
                last.next = NO_SLOT;
                (items.first, items.last) = (first, self.slots.len() as u32 - 1);
            }
        }
        self.set(id, if kind == Kind::Map { Cell::Map(items) } else { Cell::List(items) });
        Ok(())
    }

    fn append(&mut self, items: &mut Items, slot: Slot<'d>) {
        let at = self.slots.len() as u32;
        self.slots.push(slot);
        match self.slots.get_mut(items.last as usize) {
            Some(last) => last.next = at,
            None => items.first = at,
        }
        items.last = at;
    }

    pub(super) fn items(&self, id: Id) -> Items {
        match self.cell(id) {
            Cell::Map(items) | Cell::List(items) => items,
            _ => Items::NONE,
        }
    }

    fn set_items(&mut self, id: Id, items: Items) {
        match self.cell(id) {
            Cell::Map(_) => self.set(id, Cell::Map(items)),
            Cell::List(_) => self.set(id, Cell::List(items)),
            _ => {}
        }
    }

    #[inline]
    pub(super) fn slot(&self, at: SlotId) -> Option<&Slot<'d>> {
        self.slots.get(at.0 as usize)
    }

    #[inline]
    pub(super) fn slot_mut(&mut self, at: SlotId) -> Option<&mut Slot<'d>> {
        self.slots.get_mut(at.0 as usize)
    }

    #[inline]
    pub(super) fn after(&self, at: SlotId) -> Option<SlotId> {
        self.slot(at).map(|slot| slot.next).filter(|next| *next != NO_SLOT).map(SlotId)
    }

    /// The members or elements of an opened value.
    pub(super) fn slots(&self, id: Id) -> impl Iterator<Item = (SlotId, &Slot<'d>)> + '_ {
        std::iter::successors(self.items(id).first(), |at| self.after(*at))
            .filter_map(|at| self.slot(at).map(|slot| (at, slot)))
    }

    /// The first member of an opened map with a key.
    pub(super) fn find(&self, map: Id, key: &str) -> Option<SlotId> {
        let Cell::Map(items) = self.cell(map) else { return None };
        let mut at = items.first;
        while let Some(slot) = self.slots.get(at as usize) {
            if slot.key == key {
                return Some(SlotId(at));
            }
            at = slot.next;
        }
        None
    }

    /// The value of the first member of a map with a key. The map is not opened for it.
    pub(super) fn member(&self, map: Id, key: &str) -> Option<Cell> {
        match self.cell(map) {
            Cell::Node(side, node) => self.doc(side).get_str(node, key).map(|node| Cell::Node(side, node)),
            _ => self.find(map, key).and_then(|at| self.slot(at)).map(|slot| self.cell(slot.value)),
        }
    }

    /// The keys of an opened map that it has more than once.
    pub(super) fn twice(&self, items: Items) -> SmallVec<[&'d str; 1]> {
        let keys: SmallVec<[&'d str; 16]> = std::iter::successors(items.first(), |at| self.after(*at))
            .filter_map(|at| self.slot(at).map(|slot| slot.key))
            .collect();
        if keys.len() > 64 {
            let mut seen = HashSet::with_capacity(keys.len());
            return keys.into_iter().filter(|key| !seen.insert(*key)).collect();
        }
        let later = |i: usize, key: &str| keys.get(i + 1..).is_some_and(|after| after.contains(&key));
        keys.iter().enumerate().filter(|(i, key)| later(*i, key)).map(|(_, key)| *key).collect()
    }

    /// Adds a member to an opened map, or an element to an opened list.
    pub(super) fn push(&mut self, container: Id, key: &'d str, value: Id) {
        let mut items = self.items(container);
        self.append(&mut items, Slot::new(key, value));
        self.set_items(container, items);
    }

    /// Adds an element that comes from a list at the same place.
    pub(super) fn push_element(&mut self, list: Id, value: Id) {
        let mut items = self.items(list);
        self.append(&mut items, Slot { home: true, ..Slot::new("", value) });
        self.set_items(list, items);
    }

    /// Puts a value in the place of another one. kyaml keeps the style of what was there: what replaces a string is in
    /// quotes, and so a string, even if it is a number or a boolean; what replaces another value loses its quotes.
    pub(super) fn replace(&mut self, at: SlotId, value: Id) -> Result<(), PatchError> {
        let Some(old) = self.slot(at).map(|slot| slot.value).filter(|old| *old != value) else { return Ok(()) };
        let value = match (self.cell(value), self.is_string(old)) {
            (Cell::Node(side, node), true) if self.class(value) == Class::Scalar && !self.is_string(value) => {
                self.add(Cell::Spelled(side, node))?
            }
            (Cell::Spelled(side, node), false) => self.add(Cell::Node(side, node))?,
            _ => value,
        };
        if let Some(slot) = self.slot_mut(at) {
            slot.value = value;
        }
        Ok(())
    }

    /// Takes a slot out of an opened map or list.
    pub(super) fn unlink(&mut self, container: Id, at: SlotId) {
        let first = self.items(container).first();
        let before = std::iter::successors(first, |at| self.after(*at)).find(|before| self.after(*before) == Some(at));
        if before.is_some() || first == Some(at) {
            self.unlink_after(container, before, at);
        }
    }

    /// As [`unlink`](Self::unlink), for a slot that stands behind another one, or first.
    pub(super) fn unlink_after(&mut self, container: Id, before: Option<SlotId>, at: SlotId) {
        let mut items = self.items(container);
        let next = self.slot(at).map_or(NO_SLOT, |slot| slot.next);
        match before.and_then(|before| self.slot_mut(before)) {
            Some(slot) => slot.next = next,
            None => items.first = next,
        }
        if items.last == at.0 {
            items.last = before.map_or(NO_SLOT, |before| before.0);
        }
        self.set_items(container, items);
    }

    /// Puts a value before the slot of an index of an opened list; at the end where there is none.
    pub(super) fn insert(&mut self, list: Id, index: usize, value: Id) {
        let mut items = self.items(list);
        let before = index.checked_sub(1).and_then(|i| self.slots(list).nth(i)).map(|(at, _)| at);
        let next = match before {
            Some(before) => self.slot(before).map_or(NO_SLOT, |slot| slot.next),
            None => items.first,
        };
        let at = self.slots.len() as u32;
        self.slots.push(Slot { next, ..Slot::new("", value) });
        match before.and_then(|before| self.slot_mut(before)) {
            Some(slot) => slot.next = at,
            None => items.first = at,
        }
        if next == NO_SLOT {
            items.last = at;
        }
        self.set_items(list, items);
    }

    /// The elements of an opened list.
    pub(super) fn elements(&self, list: Id) -> SmallVec<[Id; 8]> {
        self.slots(list).map(|(_, slot)| slot.value).collect()
    }

    /// As [`set_elements`](Self::set_elements), where each element has merge keys of its own.
    pub(super) fn set_tidy(&mut self, list: Id, elements: &[Id]) {
        self.set_elements(list, elements);
        let items = Items { tidy: true, ..self.items(list) };
        self.set_items(list, items);
    }

    /// Gives an opened list other elements, which come from it or from the patch.
    pub(super) fn set_elements(&mut self, list: Id, elements: &[Id]) {
        let mut items = Items { base: self.items(list).base, ..Items::NONE };
        for value in elements {
            self.append(&mut items, Slot { home: true, ..Slot::new("", *value) });
        }
        self.set_items(list, items);
    }

    /// A value of its own that is the same.
    pub(super) fn copy(&mut self, id: Id) -> Result<Id, PatchError> {
        self.copy_levels(id, self.levels())
    }

    fn copy_levels(&mut self, id: Id, levels: usize) -> Result<Id, PatchError> {
        let cell = self.cell(id);
        let (Cell::Map(from) | Cell::List(from)) = cell else { return self.add(cell) };
        let below = self.below(levels)?;
        let mut items = Items::NONE;
        let mut at = from.first();
        while let Some((id, slot)) = at.and_then(|at| self.slot(at).map(|slot| (at, *slot))) {
            let value = self.copy_levels(slot.value, below)?;
            if matches!(self.cell(value), Cell::PutNull) {
                self.set(value, Cell::Null);
            }
            self.append(&mut items, Slot { known: slot.known, ..Slot::new(slot.key, value) });
            at = self.after(id);
        }
        self.add(if matches!(cell, Cell::Map(_)) { Cell::Map(items) } else { Cell::List(items) })
    }
}
