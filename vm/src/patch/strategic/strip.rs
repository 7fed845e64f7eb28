//! Taking anchors out of an overlay once they are worked off, and with them what is left empty.

use super::MergeError;
use super::anchor;
use crate::patch::PatchError;
use crate::patch::tree::{Cell, Class, Id, SlotId, Tree};
use smallvec::SmallVec;

impl<'d> Tree<'d> {
    /// The next key of an opened map, and what comes after it; nothing that is before it may have gone meanwhile.
    pub(super) fn next_key(&self, next: &mut Option<SlotId>) -> Option<&'d str> {
        let at = (*next)?;
        *next = self.after(at);
        self.slot(at).map(|slot| slot.key)
    }

    /// The value under a key of an opened map.
    pub(super) fn value(&self, map: Id, key: &str) -> Option<(SlotId, Id)> {
        self.find(map, key).and_then(|at| self.slot(at).map(|slot| (at, slot.value)))
    }

    /// Takes the first member with a key away.
    pub(super) fn clear(&mut self, map: Id, key: &str) {
        if let Some(at) = self.find(map, key) {
            self.unlink(map, at);
        }
    }

    /// Kyverno: pkg/engine/mutate/patch/strategicPreprocessing.go, `deleteConditionElements`.
    pub(super) fn strip_root(&mut self, pattern: Id) -> Result<(), PatchError> {
        match self.class(pattern) {
            Class::Null => return Ok(()),
            Class::Map => {}
            Class::Scalar | Class::List => return Err(self.wrong_kind(Class::Map, self.cell(pattern)).into()),
        }
        self.open(pattern)?;
        let mut next = self.items(pattern).first();
        while let Some(key) = self.next_key(&mut next) {
            let condition = anchor::parse(key).is_some_and(|a| a.modifier.is_condition());
            let Some((_, value)) = self.value(pattern, key) else { continue };
            if self.strip(value, condition)? {
                self.clear(pattern, key);
            }
        }
        Ok(())
    }

    /// Takes anchors away below a value, and says whether the value has to go too. `deleteAnchors`
    pub(super) fn strip(&mut self, value: Id, scalars_go: bool) -> Result<bool, PatchError> {
        match self.class(value) {
            Class::Map => self.strip_map(value),
            Class::List => self.strip_list(value),
            Class::Scalar | Class::Null => Ok(scalars_go),
        }
    }

    /// A map goes where nothing is left in it, or nothing was in it before.
    fn strip_map(&mut self, map: Id) -> Result<bool, PatchError> {
        self.open(map)?;
        let mut some_stay = false;
        let conditions = |key: &'d str| anchor::parse(key).filter(|a| a.modifier.is_condition()).map(|a| (key, a));
        let anchors: SmallVec<[_; 2]> = self.slots(map).filter_map(|(_, slot)| conditions(slot.key)).collect();
        for (key, anchor) in anchors {
            // The reference looks the anchor up without its spaces, and crashes where it is not found.
            let Some((_, value)) = self.value(map, anchor.text) else { return Err(spaces(key)) };
            if self.strip(value, true)? {
                self.clear(map, anchor.text);
            } else {
                some_stay = true;
            }
        }
        if some_stay {
            self.unwrap_anchors(map);
        }
        let mut goes = true;
        let mut next = self.items(map).first();
        while let Some(key) = self.next_key(&mut next) {
            let Some((_, value)) = self.value(map, key) else { continue };
            if self.strip(value, false)? {
                self.clear(map, key);
            } else {
                goes = false;
            }
        }
        Ok(goes)
    }

    /// Conditions whose values stay become plain members.
    fn unwrap_anchors(&mut self, map: Id) {
        let mut next = self.items(map).first();
        while let Some(key) = self.next_key(&mut next) {
            if let Some(anchor) = anchor::parse(key).filter(|a| a.modifier.is_condition()) {
                self.rename(map, anchor.text, anchor.key);
            }
        }
    }

    /// Gives the first member with a key another one.
    pub(super) fn rename(&mut self, map: Id, from: &str, to: &'d str) {
        if let Some(slot) = self.find(map, from).and_then(|at| self.slot_mut(at)) {
            slot.key = to;
        }
    }

    /// Elements with anchors have become others, and go; a list goes where nothing is left in it.
    fn strip_list(&mut self, list: Id) -> Result<bool, PatchError> {
        self.open(list)?;
        let mut elements = self.elements(list);
        let before = elements.clone();
        for (index, element) in before.iter().enumerate() {
            if self.has_anchors(*element, |m| m.is_ours()) || self.strip(*element, false)? {
                // The reference goes on with the indices it began with: the second one to go takes its neighbour with it.
                if index >= elements.len() {
                    return Err(MergeError::Elements.into());
                }
                elements.remove(index);
            }
        }
        if elements.len() != before.len() {
            self.set_elements(list, &elements);
        }
        Ok(elements.is_empty() && !before.is_empty())
    }

    /// Whether there is such an anchor in a value: as a key, or a condition as a text.
    pub(super) fn has_anchors(&self, value: Id, wanted: fn(anchor::Modifier) -> bool) -> bool {
        self.cell_has_anchors(self.cell(value), wanted)
    }

    fn cell_has_anchors(&self, cell: Cell, wanted: fn(anchor::Modifier) -> bool) -> bool {
        let named = |key: &str| anchor::parse(key).is_some_and(|a| wanted(a.modifier));
        match cell {
            Cell::Map(items) | Cell::List(items) => {
                let map = matches!(cell, Cell::Map(_));
                let all = || std::iter::successors(items.first(), |at| self.after(*at)).filter_map(|at| self.slot(at));
                let found = |slot: &crate::patch::tree::Slot<'_>| {
                    (map && named(slot.key)) || self.cell_has_anchors(self.cell(slot.value), wanted)
                };
                if !all().any(found) {
                    return false;
                }
                let twice = if map { self.twice(items) } else { SmallVec::new() };
                let mut seen: SmallVec<[&str; 1]> = SmallVec::new();
                let slots = std::iter::successors(items.first(), |at| self.after(*at));
                slots.filter_map(|at| self.slot(at)).any(|slot| {
                    // Members are looked up by their keys: of those with the same one, only the first is looked into.
                    let first = !seen.contains(&slot.key);
                    if first && twice.contains(&slot.key) {
                        seen.push(slot.key);
                    }
                    (map && named(slot.key)) || (first && self.cell_has_anchors(self.cell(slot.value), wanted))
                })
            }
            Cell::Node(side, node) => {
                let doc = self.doc(side);
                match Class::of(doc.kind(node)) {
                    Class::Map | Class::List => doc.children(node).any(|child| {
                        doc.key(child).is_some_and(|key| named(doc.key_text(key)))
                            || self.cell_has_anchors(Cell::Node(side, child), wanted)
                    }),
                    Class::Scalar | Class::Null => doc.as_str(node).is_some_and(is_condition),
                }
            }
            Cell::Spelled(..) | Cell::Null | Cell::PutNull => false,
        }
    }

    /// A value of the wrong kind, as kyaml says it.
    pub(super) fn wrong_kind(&self, expected: Class, found: Cell) -> MergeError {
        let class = self.class_of(found);
        MergeError::Kind { expected: name(expected), found: name(class), contents: self.shown(found) }
    }
}

fn is_condition(text: &str) -> bool {
    anchor::parse(text).is_some_and(|a| a.modifier.is_condition())
}

/// The error for an anchor that is not found because of the spaces around it.
pub(super) fn spaces(key: &str) -> PatchError {
    MergeError::Spaces(key.to_owned()).into()
}

fn name(class: Class) -> &'static str {
    match class {
        Class::Map => "MappingNode",
        Class::List => "SequenceNode",
        Class::Scalar | Class::Null => "ScalarNode",
    }
}
