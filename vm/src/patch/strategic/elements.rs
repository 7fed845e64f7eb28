//! Merging lists whose elements have keys.
//!
//! Where every element has keys of its own, what kyaml's steps come to can be said in a sentence, and is done here;
//! [`exact`](super::exact) follows the steps for all other lists.

use super::merge::{DIRECTIVE, Directive, Merger, Walked, directive};
use super::settled::{Tuple, distinct, tuple_of, uniform};
use crate::document::KeyText;
use crate::patch::PatchError;
use crate::patch::schema::Schema;
use crate::patch::text::Text;
use crate::patch::tree::{Cell, Class, Id, Side};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::collections::HashMap;

type Tuples<'d> = Vec<Tuple<'d>>;
type Elements = SmallVec<[Id; 8]>;

/// From so many pairs on, elements are found by a table.
const MANY: usize = 1_024;

impl<'d> Merger<'_, 'd> {
    /// Merges a list by the keys of its elements; without keys, by the elements themselves.
    ///
    /// Not inlined, so that maps in maps need no room for it on the stack.
    #[inline(never)]
    pub(super) fn list(
        &mut self,
        dest: Option<Id>,
        origin: Option<Id>,
        keys: &[&'static str],
        schema: Option<Schema>,
        levels: usize,
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
            Some((own, others)) => self.tidy_lists(target, origin, &own, &others, schema, levels)?,
            None => return self.exact(target, origin, keys, schema, levels).map(Walked::Value),
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
        let directive = directive(&text.shown())?;
        // All elements go that say the same, whatever else they say.
        self.set_element(list, None, &[DIRECTIVE], &[text])?;
        Ok(directive)
    }

    /// The merge keys of two lists, if all elements have keys of their own.
    fn tidy(&self, target: Id, origin: Option<Id>, keys: &[&str]) -> Option<(Tuples<'d>, Tuples<'d>)> {
        let own = self.tuples(target, keys)?;
        let others = match origin.filter(|origin| *origin != target) {
            Some(origin) => self.tuples(origin, keys)?,
            None => Tuples::new(),
        };
        let ends: SmallVec<[Tuple<'d>; 2]> = own.first().into_iter().chain(others.first()).copied().collect();
        let tidy = uniform(&own) && uniform(&others) && uniform(&ends) && distinct(&own) && distinct(&others);
        tidy.then_some((own, others))
    }

    pub(super) fn tuples(&self, list: Id, keys: &[&str]) -> Option<Tuples<'d>> {
        let wanted = |side| keys.iter().map(|key| self.tree.doc(side).key_of(key)).collect();
        let wanted: [SmallVec<[KeyText<'_>; 2]>; 2] = [wanted(Side::Base), wanted(Side::Patch)];
        let [base, patch] = &wanted;
        let tuple = |element| match self.tree.cell(element) {
            Cell::Node(Side::Base, node) => tuple_of(self.tree.doc(Side::Base), node, base),
            Cell::Node(Side::Patch, node) => tuple_of(self.tree.doc(Side::Patch), node, patch),
            Cell::Map(_) if !keys.is_empty() => Tuple::of(keys, |key| self.proper(element, key)),
            cell @ Cell::Spelled(..) if keys.is_empty() => Some(Tuple::single(self.tree.text(cell))),
            _ => None,
        };
        self.tree.slots(list).map(|(_, slot)| tuple(slot.value)).collect()
    }

    fn proper(&self, map: Id, key: &str) -> Option<Option<Text<'d>>> {
        let Some(cell) = self.tree.member(map, key) else { return Some(None) };
        let text = self.tree.text(cell);
        (self.tree.class_of(cell) == Class::Scalar && !text.is_empty()).then_some(Some(text))
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
        levels: usize,
    ) -> Result<(), PatchError> {
        let elements = self.tree.elements(target);
        let mut out = Elements::new();
        let Some(origin) = origin.filter(|origin| *origin != target) else {
            let itself = origin.is_some();
            for element in elements {
                let walked = self.walk(Some(element), itself.then_some(element), schema, levels)?;
                out.extend(self.left(walked));
            }
            self.tree.set_tidy(target, &out);
            return Ok(());
        };
        let several = own.first().or(others.first()).is_some_and(|t| t.texts().count() > 1);
        // What becomes of each element of the target.
        let mut fate: SmallVec<[Fate; 8]> = SmallVec::from_elem(Fate::Alone, elements.len());
        let index = Index::of(own, others.len());
        for (element, tuple) in self.tree.elements(origin).into_iter().zip(others) {
            let at = index.find(own, tuple);
            let old = at.and_then(|at| elements.get(at)).copied();
            let walked = self.walk(old, Some(element), schema, levels)?;
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
                        let walked = self.walk(Some(element), None, schema, levels)?;
                        out.extend(self.left(walked));
                    } else {
                        out.push(element);
                    }
                }
                Fate::Merged if several => out.push(element),
                Fate::Merged | Fate::Gone => {}
            }
        }
        self.tree.set_tidy(target, &out);
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
enum Index<'d> {
    Scan,
    Table(HashMap<[Option<Cow<'d, str>>; 2], usize>),
}

impl<'d> Index<'d> {
    fn of(tuples: &[Tuple<'d>], lookups: usize) -> Self {
        if tuples.len().saturating_mul(lookups) < MANY {
            return Self::Scan;
        }
        Self::Table(tuples.iter().enumerate().map(|(i, t)| (t.shown(), i)).collect())
    }

    fn find(&self, tuples: &[Tuple<'d>], wanted: &Tuple<'d>) -> Option<usize> {
        match self {
            Self::Scan => tuples.iter().position(|t| t == wanted),
            Self::Table(table) => table.get(&wanted.shown()).copied(),
        }
    }
}
