//! Maps and lists as the steps of a path see them.

use super::apply::Patching;
use super::error::Cause;
use crate::patch::PatchError;
use crate::patch::tree::{Cell, Class, Id, SlotId};
use std::num::IntErrorKind;

/// A container that a path leads to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Container {
    pub(super) id: Id,
    /// Whether it is the whole document. An empty key names the document itself there, as it was at first, and nothing
    /// elsewhere.
    pub(super) root: bool,
}

/// The last step of a path and what it is a step from.
pub(super) struct Target<'d> {
    pub(super) container: Container,
    pub(super) key: &'d str,
}

impl<'d> Patching<'_, 'd> {
    /// Follows a path up to its last step. `None` where that is not possible.
    pub(super) fn find(&mut self, path: &'d str) -> Result<Option<Target<'d>>, PatchError> {
        let mut container = self.whole()?;
        let Some((_, steps)) = path.split_once('/') else {
            return Ok(path.is_empty().then_some(Target { container, key: "" }));
        };
        let mut steps = steps.split('/').peekable();
        while let Some(step) = steps.next() {
            if steps.peek().is_none() {
                return Ok(Some(Target { container, key: self.decoded(step) }));
            }
            let Ok(Some(next)) = self.get(container, self.decoded(step)) else { return Ok(None) };
            match self.enter(next)? {
                Some(inner) => container = inner,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// A step of a path without its escapes, which are read from the left.
    pub(super) fn decoded(&self, step: &'d str) -> &'d str {
        if !step.contains('~') {
            return step;
        }
        let mut out = String::with_capacity(step.len());
        let mut rest = step;
        while let Some((plain, from)) = rest.split_once('~') {
            out.push_str(plain);
            let (c, after) = if let Some(after) = from.strip_prefix('1') {
                ('/', after)
            } else {
                ('~', from.strip_prefix('0').unwrap_or(from))
            };
            out.push(c);
            rest = after;
        }
        out.push_str(rest);
        self.arena.alloc_str(&out)
    }

    /// The document as a container.
    pub(super) fn whole(&mut self) -> Result<Container, PatchError> {
        self.tree.open(self.root)?;
        Ok(Container { id: self.root, root: true })
    }

    /// A value as a container, if it is one.
    pub(super) fn enter(&mut self, id: Id) -> Result<Option<Container>, PatchError> {
        self.tree.open(id)?;
        Ok(matches!(self.tree.class(id), Class::Map | Class::List).then_some(Container { id, root: false }))
    }

    /// The value under a key; nulls of a document are as nothing.
    pub(super) fn get(&self, from: Container, key: &str) -> Result<Option<Id>, Cause> {
        if key.is_empty() {
            return Ok(self.this.filter(|_| from.root));
        }
        let slot = match self.tree.class(from.id) {
            Class::Map => self.tree.find(from.id, key).ok_or_else(|| Cause::Key(key.to_owned()))?,
            Class::List => {
                let index = index(key)?;
                self.element(from.id, index).ok_or(Cause::Index(index))?
            }
            Class::Null | Class::Scalar => return Err(Cause::Object),
        };
        let value = self.tree.slot(slot).map(|slot| slot.value);
        Ok(value.filter(|id| !self.is_nothing(*id)))
    }

    /// Whether a value is a null that json-patch has no node for.
    pub(super) fn is_nothing(&self, id: Id) -> bool {
        self.tree.class(id) == Class::Null && !matches!(self.tree.cell(id), Cell::PutNull)
    }

    /// The slot of an index, counted from the end where it is negative.
    fn element(&self, list: Id, index: i64) -> Option<SlotId> {
        let at = if index < 0 { index + self.len(list) } else { index };
        let at = usize::try_from(at).ok()?;
        self.tree.slots(list).nth(at).map(|(slot, _)| slot)
    }

    pub(super) fn len(&self, list: Id) -> i64 {
        i64::try_from(self.tree.slots(list).count()).unwrap_or(i64::MAX)
    }

    /// Gives a member or an element another value, of a map also one that it does not have yet.
    pub(super) fn put(&mut self, into: Container, key: &'d str, value: Id) -> Result<(), Cause> {
        let slot = match self.tree.class(into.id) {
            Class::Map => self.tree.find(into.id, key),
            Class::List => {
                let index = index(key)?;
                Some(self.element(into.id, index).ok_or(Cause::Index(index))?)
            }
            Class::Null | Class::Scalar => return Err(Cause::Object),
        };
        match slot.and_then(|slot| self.tree.slot_mut(slot)) {
            Some(slot) => {
                slot.value = value;
                slot.home = false;
            }
            None => self.tree.push(into.id, key, value),
        }
        Ok(())
    }

    /// Adds a value: to a list before an index, to a map in the place of what is there.
    pub(super) fn add(&mut self, into: Container, key: &'d str, value: Id) -> Result<(), Cause> {
        if self.tree.class(into.id) != Class::List {
            return self.put(into, key, value);
        }
        if key == "-" {
            self.tree.push(into.id, "", value);
            return Ok(());
        }
        let index = index(key).map_err(|cause| Cause::NoIndex { key: key.to_owned(), cause: Box::new(cause) })?;
        // Counted from the end, -1 is behind the last element.
        let places = self.len(into.id) + 1;
        let at = if index < 0 { index + places } else { index };
        match usize::try_from(at) {
            Ok(at) if index < places => {
                self.tree.insert(into.id, at, value);
                Ok(())
            }
            _ => Err(Cause::Index(index)),
        }
    }

    /// Takes a value away; it is no error if there is none.
    pub(super) fn remove(&mut self, from: Container, key: &str) -> Result<(), Cause> {
        let slot = match self.tree.class(from.id) {
            Class::Map => self.tree.find(from.id, key),
            Class::List => self.element(from.id, index(key)?),
            Class::Null | Class::Scalar => return Err(Cause::Object),
        };
        if let Some(slot) = slot {
            self.tree.unlink(from.id, slot);
        }
        Ok(())
    }
}

/// `strconv.Atoi`
pub(super) fn index(key: &str) -> Result<i64, Cause> {
    key.parse().map_err(|error: std::num::ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => Cause::Range(key.to_owned()),
        _ => Cause::Syntax(key.to_owned()),
    })
}
