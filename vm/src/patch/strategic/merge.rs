//! Merging two values as kyaml's `merge2` does, with the options that kustomize's strategic merge gives it.
//!
//! kyaml walks the resource and the overlay side by side, and the overlay wins. What the resource does not have is
//! taken from the overlay and then merged with itself: that is how directives and nulls disappear from it.

use super::MergeError;
use crate::document::BuildError;
use crate::patch::PatchError;
use crate::patch::schema::{self, Schema};
use crate::patch::tree::{Cell, Class, Id, SlotId, Tree};
use smallvec::SmallVec;
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

type Members<'d> = SmallVec<[(SlotId, &'d str, Id); 16]>;

/// See the module.
pub(super) struct Merger<'t, 'd> {
    pub(super) tree: &'t mut Tree<'d>,
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
        depth: usize,
    ) -> Result<Walked, PatchError> {
        let Some(below) = depth.checked_sub(1) else { return Err(BuildError::Depth(depth).into()) };
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
    fn kind(&self, value: Option<Id>) -> Option<Schema> {
        let value = value?;
        let kind = self.tree.member(value, "kind")?;
        let version = self.tree.member(value, "apiVersion")?;
        schema::of_kind(self.tree.text(version).as_str(), self.tree.text(kind).as_str())
    }

    fn map(
        &mut self,
        dest: Option<Id>,
        origin: Option<Id>,
        schema: Option<Schema>,
        depth: usize,
    ) -> Result<Walked, PatchError> {
        let Some(dest) = dest else {
            let Some(origin) = origin else { return Ok(Walked::Gone) };
            // A directive that does not exist is not noticed here.
            if matches!(self.directive(origin), Ok(Directive::Delete)) {
                return Ok(Walked::Gone);
            }
            return self.members(origin, Some(origin), schema, depth);
        };
        match origin {
            Some(origin) if self.tree.class(origin) == Class::Null => Ok(Walked::Gone),
            Some(origin) => match self.directive(origin)? {
                Directive::Delete => Ok(Walked::Gone),
                Directive::Replace => self.members(origin, Some(origin), schema, depth),
                Directive::Merge => self.members(dest, Some(origin), schema, depth),
            },
            None => self.members(dest, None, schema, depth),
        }
    }

    /// Takes the directive out of a map.
    fn directive(&mut self, map: Id) -> Result<Directive, PatchError> {
        self.tree.open(map)?;
        let Some(at) = self.tree.find(map, DIRECTIVE) else { return Ok(Directive::Merge) };
        let value = self.tree.slot(at).map_or(Cell::Null, |slot| self.tree.cell(slot.value));
        let directive = directive(self.tree.text(value).as_str())?;
        self.tree.unlink(map, at);
        Ok(directive)
    }

    /// Merges the members of a map into another one, or into itself.
    fn members(
        &mut self,
        dest: Id,
        origin: Option<Id>,
        schema: Option<Schema>,
        depth: usize,
    ) -> Result<Walked, PatchError> {
        self.tree.open(dest)?;
        let mut first = First::default();
        if origin == Some(dest) {
            for (at, key, value) in self.once(dest) {
                let walked = self.walk(Some(value), Some(value), schema.and_then(|s| s.field(key)), depth);
                self.settle(dest, Some(at), key, walked, &mut first)?;
            }
        } else {
            let mut touched: SmallVec<[SlotId; 16]> = SmallVec::new();
            if let Some(origin) = origin {
                self.tree.open(origin)?;
                let members = self.once(origin);
                let index = self.index(dest, members.len());
                for (_, key, value) in members {
                    let at = match &index {
                        Some(index) => index.get(key).copied(),
                        None => self.tree.find(dest, key),
                    };
                    touched.extend(at);
                    let old = at.and_then(|at| self.tree.slot(at)).map(|slot| slot.value);
                    let walked = self.walk(old, Some(value), schema.and_then(|s| s.field(key)), depth);
                    self.settle(dest, at, key, walked, &mut first)?;
                }
            }
            self.others(dest, &mut touched, schema, depth, &mut first)?;
        }
        first.result()?;
        Ok(Walked::Value(dest))
    }

    /// The members of the resource that the overlay says nothing of.
    fn others(
        &mut self,
        dest: Id,
        touched: &mut [SlotId],
        schema: Option<Schema>,
        depth: usize,
        first: &mut First<'d>,
    ) -> Result<(), PatchError> {
        touched.sort_unstable();
        let mut at = self.tree.items(dest).first();
        while let Some((id, slot)) = at.and_then(|at| self.tree.slot(at).map(|slot| (at, *slot))) {
            at = self.tree.after(id);
            if !slot.home || touched.binary_search(&id).is_ok() {
                continue;
            }
            let field = schema.and_then(|s| s.field(slot.key));
            if !self.settled(slot.value, field) {
                let walked = self.walk(Some(slot.value), None, field, depth);
                self.settle(dest, Some(id), slot.key, walked, first)?;
            }
        }
        Ok(())
    }

    /// The members of an opened map, of those with the same key only the first.
    fn once(&self, map: Id) -> Members<'d> {
        let mut members: Members<'d> = self.tree.slots(map).map(|(at, slot)| (at, slot.key, slot.value)).collect();
        if !self.tree.twice(self.tree.items(map)).is_empty() {
            let mut seen = HashSet::with_capacity(members.len());
            members.retain(|(_, key, _)| seen.insert(*key));
        }
        members
    }

    /// Where members of a map are to be found, if it is worth it.
    fn index(&self, map: Id, lookups: usize) -> Option<HashMap<&'d str, SlotId>> {
        let len = self.tree.slots(map).count();
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
