//! Merging lists whose elements have keys.
//!
//! Where every element has keys of its own, what kyaml's steps come to can be said in a sentence, and is done here;
//! [`exact`](super::exact) follows the steps for all other lists.

use super::merge::{DIRECTIVE, Directive, Merger, Walked, directive};
use super::settled::{Tuple, distinct, tuple_of, uniform};
use crate::patch::PatchError;
use crate::patch::schema::Schema;
use crate::patch::text::Text;
use crate::patch::tree::{Cell, Class, Id};
use smallvec::SmallVec;
use std::collections::HashMap;

type Tuples<'d> = SmallVec<[Tuple<'d>; 16]>;
type Elements = SmallVec<[Id; 8]>;

/// From so many pairs on, elements are found by a table.
const MANY: usize = 1_024;

impl<'d> Merger<'_, 'd> {
    /// Merges a list by the keys of its elements; without keys, by the elements themselves.
    pub(super) fn list(
        &mut self,
        dest: Option<Id>,
        origin: Option<Id>,
        keys: &[&'static str],
        schema: Option<Schema>,
        depth: usize,
    ) -> Result<Walked, PatchError> {
        let target = match (dest, origin) {
            (None, None) => return Ok(Walked::Gone),
            // A directive in a list that the resource does not have is an element like others.
            (None, Some(origin)) => origin,
            (Some(dest), None) => dest,
            (Some(dest), Some(origin)) => {
                if self.tree.class(origin) == Class::Null {
                    return Ok(Walked::Gone);
                }
                match self.list_directive(origin)? {
                    Directive::Delete => return Ok(Walked::Gone),
                    Directive::Replace => origin,
                    Directive::Merge => dest,
                }
            }
        };
        self.tree.open(target)?;
        let origin = origin.filter(|id| self.tree.class(*id) == Class::List);
        if let Some(origin) = origin {
            self.tree.open(origin)?;
        }
        match self.tidy(target, origin, keys) {
            Some((own, others)) => self.tidy_lists(target, origin, &own, &others, schema, depth)?,
            None => return self.exact(target, origin, keys, schema, depth).map(Walked::Value),
        }
        Ok(Walked::Value(target))
    }

    /// Takes the directive out of a list: the element that has nothing else.
    fn list_directive(&mut self, list: Id) -> Result<Directive, PatchError> {
        self.tree.open(list)?;
        let elements = self.tree.elements(list);
        let is_map = |id: &&Id| self.tree.class(**id) == Class::Map;
        let with = elements.iter().filter(is_map).find_map(|id| self.tree.member(*id, DIRECTIVE).map(|v| (*id, v)));
        let Some((element, value)) = with else { return Ok(Directive::Merge) };
        self.tree.open(element)?;
        if self.tree.slots(element).count() > 1 {
            return Ok(Directive::Merge);
        }
        let text = self.tree.text(value);
        let directive = directive(text.as_str())?;
        // All elements go that say the same, whatever else they say.
        self.set_element(list, None, &[DIRECTIVE], &[text.as_str()])?;
        Ok(directive)
    }

    /// The merge keys of two lists, if all elements have keys of their own.
    fn tidy(&self, target: Id, origin: Option<Id>, keys: &[&str]) -> Option<(Tuples<'d>, Tuples<'d>)> {
        let own = self.tuples(target, keys)?;
        let others = match origin.filter(|origin| *origin != target) {
            Some(origin) => self.tuples(origin, keys)?,
            None => Tuples::new(),
        };
        let mut ends: SmallVec<[Tuple<'d>; 2]> = SmallVec::new();
        ends.extend(own.first().cloned());
        ends.extend(others.first().cloned());
        let tidy = uniform(&own) && uniform(&others) && uniform(&ends) && distinct(&own) && distinct(&others);
        tidy.then_some((own, others))
    }

    fn tuples(&self, list: Id, keys: &[&str]) -> Option<Tuples<'d>> {
        self.tree.slots(list).map(|(_, slot)| self.tuple(slot.value, keys)).collect()
    }

    fn tuple(&self, element: Id, keys: &[&str]) -> Option<Tuple<'d>> {
        let cell = self.tree.cell(element);
        match cell {
            Cell::Node(side, node) => tuple_of(self.tree.doc(side), node, keys),
            Cell::Map(_) if !keys.is_empty() => keys.iter().map(|key| self.proper(element, key)).collect(),
            Cell::Spelled(..) if keys.is_empty() => Some(SmallVec::from_iter([Some(self.tree.text(cell))])),
            _ => None,
        }
    }

    fn proper(&self, map: Id, key: &str) -> Option<Option<Text<'d>>> {
        let Some(cell) = self.tree.member(map, key) else { return Some(None) };
        let text = self.tree.text(cell);
        (self.tree.class_of(cell) == Class::Scalar && !text.as_str().is_empty()).then_some(Some(text))
    }

    /// The overlay's elements come first, in their order, merged with those of the same key, then the others. By several
    /// keys, only those of the overlay that are new come first.
    fn tidy_lists(
        &mut self,
        target: Id,
        origin: Option<Id>,
        own: &[Tuple<'d>],
        others: &[Tuple<'d>],
        schema: Option<Schema>,
        depth: usize,
    ) -> Result<(), PatchError> {
        let elements = self.tree.elements(target);
        let mut out = Elements::new();
        let Some(origin) = origin.filter(|origin| *origin != target) else {
            let itself = origin.is_some();
            for element in elements {
                let walked = self.walk(Some(element), itself.then_some(element), schema, depth)?;
                out.extend(self.left(walked));
            }
            self.tree.set_elements(target, &out);
            return Ok(());
        };
        let several = own.first().or(others.first()).is_some_and(|t| t.iter().flatten().count() > 1);
        // What becomes of each element of the target.
        let mut fate: SmallVec<[Fate; 8]> = SmallVec::from_elem(Fate::Alone, elements.len());
        let index = Index::of(own, others.len());
        for (element, tuple) in self.tree.elements(origin).into_iter().zip(others) {
            let at = index.find(own, tuple);
            let old = at.and_then(|at| elements.get(at)).copied();
            let walked = self.walk(old, Some(element), schema, depth)?;
            let left = self.left(walked);
            match (at.and_then(|at| fate.get_mut(at)), old) {
                (Some(fate), Some(old)) => {
                    *fate = if left.is_some() { Fate::Merged } else { Fate::Gone };
                    // The element of the resource takes the place of what it was replaced by.
                    out.extend(left.filter(|_| !several).map(|_| old));
                }
                _ => out.extend(left),
            }
        }
        for (element, fate) in elements.into_iter().zip(fate) {
            match fate {
                Fate::Alone => {
                    if !self.settled(element, schema) {
                        let walked = self.walk(Some(element), None, schema, depth)?;
                        out.extend(self.left(walked));
                    } else {
                        out.push(element);
                    }
                }
                Fate::Merged if several => out.push(element),
                Fate::Merged | Fate::Gone => {}
            }
        }
        self.tree.set_elements(target, &out);
        Ok(())
    }

    /// What a walk leaves of an element: null and empty maps go.
    pub(super) fn left(&self, walked: Walked) -> Option<Id> {
        match walked {
            Walked::Value(id) if self.tree.class(id) != Class::Null && !self.tree.is_empty_map(id) => Some(id),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    /// The overlay has no element for it.
    Alone,
    Merged,
    Gone,
}

/// Finds elements by their keys.
enum Index<'t> {
    Scan,
    Table(HashMap<SmallVec<[&'t str; 2]>, usize>),
}

impl<'t> Index<'t> {
    fn of(tuples: &'t [Tuple<'_>], lookups: usize) -> Self {
        if tuples.len().saturating_mul(lookups) < MANY {
            return Self::Scan;
        }
        Self::Table(tuples.iter().enumerate().map(|(i, t)| (texts(t), i)).collect())
    }

    fn find<'d>(&self, tuples: &[Tuple<'d>], wanted: &'t Tuple<'d>) -> Option<usize> {
        match self {
            Self::Scan => tuples.iter().position(|t| t == wanted),
            Self::Table(table) => table.get(&texts(wanted)).copied(),
        }
    }
}

fn texts<'t>(tuple: &'t Tuple<'_>) -> SmallVec<[&'t str; 2]> {
    tuple.iter().flatten().map(Text::as_str).collect()
}
