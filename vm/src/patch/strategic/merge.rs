//! Merging two values as kyaml's `merge2` does, with the options that kustomize's strategic merge gives it.
//!
//! kyaml walks the resource and the overlay side by side, and the overlay wins. What the resource does not have is
//! taken from the overlay and then merged with itself: that is how directives and nulls disappear from it.

use super::MergeError;
use super::settled::Base;
use crate::patch::PatchError;
use crate::patch::schema::{self, Schema};
use crate::patch::tree::{Cell, Class, Id, Side, SlotId, Tree};
use std::collections::{HashMap, HashSet};

/// What a merge comes to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Walked {
    /// Nothing; a member is taken away.
    Gone,
    /// A value. A null takes a member away too.
    Value(Id),
    /// A null of the resource that stays.
    Kept,
}

/// What `$patch` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

pub(super) const DIRECTIVE: &str = "$patch";

/// From so many pairs of keys on, members are found by a table.
const MANY: usize = 4_096;

/// See the module.
pub(super) struct Merger<'t, 'd> {
    pub(super) tree: &'t mut Tree<'d>,
    pub(super) base: Base<'d>,
}

/// The error of the member that kyaml comes to first.
#[derive(Default)]
struct First<'d>(Option<(&'d str, PatchError)>);

impl<'d> First<'d> {
    fn add(&mut self, key: &'d str, error: PatchError) {
        if self.0.as_ref().is_none_or(|(first, _)| key < *first) {
            self.0 = Some((key, error));
        }
    }

    fn result(self) -> Result<(), PatchError> {
        self.0.map_or(Ok(()), |(_, error)| Err(error))
    }
}

impl<'d> Merger<'_, 'd> {
    /// Merges a value of the overlay into one of the resource.
    pub(super) fn walk(
        &mut self,
        dest: Option<Id>,
        origin: Option<Id>,
        schema: Option<Schema>,
        levels: usize,
    ) -> Result<Walked, PatchError> {
        let below = self.tree.below(levels)?;
        if origin.is_some() && dest.is_some_and(|id| self.tree.is_unread(id)) {
            return Err(PatchError::Unread);
        }
        let present = |tree: &Tree<'_>, id: Option<Id>| id.filter(|id| tree.class(*id) != Class::Null);
        let (d, o) = (present(self.tree, dest), present(self.tree, origin));
        let Some(class) = d.or(o).map(|id| self.tree.class(id)) else {
            // Both are null or missing.
            return Ok(match (dest, origin) {
                (Some(_), None) => Walked::Kept,
                (_, Some(origin)) => Walked::Value(origin),
                (None, None) => Walked::Gone,
            });
        };
        if let Some(origin) = o.filter(|id| self.tree.class(*id) != class) {
            return Err(self.tree.wrong_kind(class, self.tree.cell(origin)).into());
        }
        let schema = schema.or_else(|| self.kind(d)).or_else(|| self.kind(o));
        match class {
            Class::Map => self.map(d, origin, schema, below),
            Class::List => match schema.and_then(schema::Shape::list) {
                Some((keys, elements)) => self.list(d, origin, keys, elements, below),
                None => Ok(origin.or(dest).map_or(Walked::Gone, Walked::Value)),
            },
            Class::Scalar | Class::Null => Ok(origin.or(dest).map_or(Walked::Gone, Walked::Value)),
        }
    }

    /// The schema of an object inside a value that has none: kyaml looks for a kind anywhere.
    pub(super) fn kind(&self, value: Option<Id>) -> Option<Schema> {
        let value = value?;
        let kind = self.tree.member(value, "kind")?;
        let version = self.tree.member(value, "apiVersion")?;
        schema::of_kind(&self.tree.text(version).shown(), &self.tree.text(kind).shown())
    }

    fn map(
        &mut self,
        dest: Option<Id>,
        origin: Option<Id>,
        schema: Option<Schema>,
        levels: usize,
    ) -> Result<Walked, PatchError> {
        let Some(dest) = dest else {
            let Some(origin) = origin else { return Ok(Walked::Gone) };
            // A directive that does not exist is not noticed here.
            if matches!(self.directive(origin), Ok(Directive::Delete)) {
                return Ok(Walked::Gone);
            }
            return self.members(origin, Some(origin), schema, levels);
        };
        match origin {
            Some(origin) if self.tree.class(origin) == Class::Null => Ok(Walked::Gone),
            Some(origin) => match self.directive(origin)? {
                Directive::Delete => Ok(Walked::Gone),
                Directive::Replace => self.members(origin, Some(origin), schema, levels),
                Directive::Merge => self.members(dest, Some(origin), schema, levels),
            },
            None => self.members(dest, None, schema, levels),
        }
    }

    /// Takes the directive out of a map.
    fn directive(&mut self, map: Id) -> Result<Directive, PatchError> {
        self.tree.open(map)?;
        let Some(at) = self.tree.find(map, DIRECTIVE) else { return Ok(Directive::Merge) };
        let value = self.tree.slot(at).map_or(Cell::Null, |slot| self.tree.cell(slot.value));
        let directive = directive(&self.tree.text(value).shown())?;
        self.tree.unlink(map, at);
        Ok(directive)
    }

    /// Merges the members of a map into another one, or into itself.
    fn members(
        &mut self,
        dest: Id,
        origin: Option<Id>,
        schema: Option<Schema>,
        levels: usize,
    ) -> Result<Walked, PatchError> {
        self.tree.open(dest)?;
        let mut first = First::default();
        if let Some(origin) = origin {
            self.tree.open(origin)?;
        }
        self.unnamed(dest, origin, schema, levels)?;
        if let Some(origin) = origin {
            let index = if origin == dest { None } else { self.index(dest, origin) };
            let twice = !self.tree.twice(self.tree.items(origin)).is_empty();
            let mut seen = HashSet::new();
            let mut next = self.tree.items(origin).first();
            while let Some((at, key, value)) = self.at(next) {
                next = self.tree.after(at);
                // Of members with the same key only the first counts.
                if twice && !seen.insert(key) {
                    continue;
                }
                let own = match &index {
                    _ if origin == dest => Some(at),
                    Some(index) => index.get(key).copied(),
                    None => self.tree.find(dest, key),
                };
                let old = own.and_then(|own| self.tree.slot_mut(own)).map(|slot| {
                    slot.mark = true;
                    slot.value
                });
                let walked = self.walk(old, Some(value), schema.and_then(|s| s.field(key)), levels);
                self.settle(dest, own, key, walked, &mut first)?;
            }
        }
        if origin != Some(dest) {
            self.others(dest, schema, levels, &mut first)?;
        }
        first.result()?;
        Ok(Walked::Value(dest))
    }

    /// Merging a member whose key is empty, which kyaml comes to before all others, and then takes the map for the place of
    /// the member's value.
    ///
    /// kyaml: yaml/fns.go, FieldSetter without a name
    fn unnamed(
        &mut self,
        dest: Id,
        origin: Option<Id>,
        schema: Option<Schema>,
        levels: usize,
    ) -> Result<(), PatchError> {
        let value = |map| self.tree.find(map, "").and_then(|at| self.tree.slot(at)).map(|slot| slot.value);
        let (old, new) = (value(dest), origin.and_then(value));
        if old.or(new).is_none() {
            return Ok(());
        }
        self.walk(old, new, schema.and_then(|s| s.field("")), levels)?;
        Err(self.tree.wrong_kind(Class::Scalar, self.tree.cell(dest)).into())
    }

    fn at(&self, at: Option<SlotId>) -> Option<(SlotId, &'d str, Id)> {
        at.and_then(|at| self.tree.slot(at).map(|slot| (at, slot.key, slot.value)))
    }

    /// The members of the resource that the overlay says nothing of.
    fn others(
        &mut self,
        dest: Id,
        schema: Option<Schema>,
        levels: usize,
        first: &mut First<'d>,
    ) -> Result<(), PatchError> {
        let mut next = self.tree.items(dest).first();
        while let Some(at) = next {
            next = self.tree.after(at);
            let Some(slot) = self.tree.slot_mut(at) else { continue };
            let marked = std::mem::take(&mut slot.mark);
            let (key, value) = (slot.key, slot.value);
            if marked || !slot.home {
                continue;
            }
            if self.base.all && matches!(self.tree.cell(value), Cell::Node(Side::Base, _)) {
                continue;
            }
            let field = schema.and_then(|s| s.field(key));
            if !self.settled(value, field) {
                let walked = self.walk(Some(value), None, field, levels);
                self.settle(dest, Some(at), key, walked, first)?;
            }
        }
        Ok(())
    }

    /// Where members of a map are to be found, if it is worth it.
    fn index(&self, map: Id, others: Id) -> Option<HashMap<&'d str, SlotId>> {
        let (len, lookups) = (self.tree.slots(map).count(), self.tree.slots(others).count());
        (len.saturating_mul(lookups) > MANY).then(|| {
            let mut index = HashMap::with_capacity(len);
            for (at, slot) in self.tree.slots(map) {
                index.entry(slot.key).or_insert(at);
            }
            index
        })
    }

    /// Puts the outcome for a member into its map.
    fn settle(
        &mut self,
        map: Id,
        at: Option<SlotId>,
        key: &'d str,
        walked: Result<Walked, PatchError>,
        first: &mut First<'d>,
    ) -> Result<(), PatchError> {
        let value = match walked {
            Ok(Walked::Value(id)) if self.tree.class(id) != Class::Null => id,
            Ok(Walked::Kept) => return Ok(()),
            Ok(Walked::Value(_) | Walked::Gone) => {
                if let Some(at) = at {
                    self.tree.unlink(map, at);
                }
                return Ok(());
            }
            Err(PatchError::Limit(limit)) => return Err(limit.into()),
            Err(error) => {
                first.add(key, error);
                return Ok(());
            }
        };
        match at {
            Some(at) => self.tree.replace(at, value),
            None => {
                self.tree.push(map, key, value);
                Ok(())
            }
        }
    }
}

/// Reads the value of a `$patch`.
pub(super) fn directive(text: &str) -> Result<Directive, PatchError> {
    match text {
        "delete" => Ok(Directive::Delete),
        "replace" => Ok(Directive::Replace),
        "merge" => Ok(Directive::Merge),
        other => Err(MergeError::Strategy(other.to_owned()).into()),
    }
}
