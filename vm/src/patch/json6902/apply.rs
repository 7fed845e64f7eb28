//! Applying operations, one after the other, to the same tree.

use super::Written;
use super::container::{Container, Target, index};
use super::error::{Cause, OperationError};
use super::operation::{Operation, Verb, name};
use crate::document::NodeId;
use crate::patch::PatchError;
use crate::patch::tree::{Cell, Class, Id, Items, Side, Tree};
use bumpalo::Bump;

/// The tree and what operations know of it.
pub(super) struct Patching<'t, 'd> {
    pub(super) tree: &'t mut Tree<'d>,
    /// The document
    pub(super) root: Id,
    /// What an empty key means at the root: the document before the operations, a copy of its own.
    pub(super) this: Option<Id>,
    /// The null that everything was replaced by. It is a list in the reference, with nothing in it.
    pub(super) nothing: Option<Id>,
    pub(super) written: Written,
    /// Keys that are spelled in another way in paths
    pub(super) arena: &'d Bump,
}

impl<'d> Patching<'_, 'd> {
    /// Applies one operation.
    pub(super) fn apply(&mut self, operation: &Operation<'d>) -> Result<(), PatchError> {
        match operation.verb {
            Verb::Add => self.op_add(operation),
            Verb::Remove => self.op_remove(operation),
            Verb::Replace => self.op_replace(operation),
            Verb::Move => self.op_move(operation),
            Verb::Copy => self.op_copy(operation),
            Verb::Test => self.op_test(operation),
        }
    }

    /// The value of an operation.
    fn value(&mut self, node: Option<NodeId>) -> Result<Id, PatchError> {
        let doc = self.tree.doc(Side::Patch);
        let cell = match node.filter(|n| Class::of(doc.kind(*n)) != Class::Null) {
            Some(node) => Cell::Node(Side::Patch, node),
            None => Cell::PutNull,
        };
        self.tree.add(cell)
    }

    fn op_add(&mut self, operation: &Operation<'d>) -> Result<(), PatchError> {
        let path = operation.path;
        if path.is_empty() {
            // The whole document is read anew, twice.
            let (root, this) = (self.value(operation.value)?, self.value(operation.value)?);
            if self.tree.class(root) == Class::Scalar {
                let kind = operation.value.map_or("null", |n| name(self.tree.doc(Side::Patch).kind(n)));
                return Err(OperationError::Added(kind).into());
            }
            (self.root, self.this) = (root, Some(this));
            return Ok(());
        }
        self.make_way(path)?;
        let target = self.find(path)?.ok_or_else(|| OperationError::Missing {
            operation: "add",
            what: "doc is missing path",
            path: format!("\"{path}\""),
        })?;
        let value = self.value(operation.value)?;
        self.add(target.container, target.key, value).map_err(inside("add for path", path))
    }

    /// Makes the containers on the way to a value that are not there yet. `ensurePathExists`
    fn make_way(&mut self, path: &'d str) -> Result<(), PatchError> {
        let mut container = self.whole()?;
        let Some((_, steps)) = path.split_once('/') else { return Ok(()) };
        let mut steps = steps.split('/').peekable();
        while let (Some(step), Some(next)) = (steps.next(), steps.peek()) {
            if let Ok(Some(inner)) = self.get(container, self.decoded(step)) {
                container = self.enter(inner)?.ok_or(OperationError::Way(Cause::State))?;
                continue;
            }
            if let Ok(wanted) = index(step)
                && self.tree.class(container.id) == Class::List
            {
                self.fill(container, wanted)?;
            }
            let list = index(next).ok().or((*next == "-").then_some(0));
            if let Some(negative) = list.filter(|n| *n < -1) {
                return Err(OperationError::Way(Cause::Negative(negative)).into());
            }
            let cell = if list.is_some() { Cell::List(Items::NONE) } else { Cell::Map(Items::NONE) };
            let made = self.tree.add(cell)?;
            // The reference adds it under the step as it is spelled, and does not look whether that succeeds.
            let _ = self.add(container, step, made);
            container = Container { id: made, root: false };
            self.fill(container, list.unwrap_or(0))?;
        }
        Ok(())
    }

    /// Fills a list with nulls up to an index.
    fn fill(&mut self, list: Container, index: i64) -> Result<(), PatchError> {
        for _ in self.len(list.id)..index {
            let null = self.tree.add(Cell::PutNull)?;
            self.tree.push(list.id, "", null);
        }
        Ok(())
    }

    fn op_remove(&mut self, operation: &Operation<'d>) -> Result<(), PatchError> {
        match self.find(operation.path)? {
            Some(target) => {
                self.remove(target.container, target.key).map_err(inside("remove for path", operation.path))
            }
            None => Ok(()),
        }
    }

    fn op_replace(&mut self, operation: &Operation<'d>) -> Result<(), PatchError> {
        let path = operation.path;
        let value = self.value(operation.value)?;
        if path.is_empty() {
            match self.tree.class(value) {
                Class::Map | Class::List => (self.root, self.this) = (value, None),
                Class::Scalar => return Err(OperationError::Replaced.into()),
                Class::Null => {
                    self.tree.set(value, Cell::List(Items::NONE));
                    (self.root, self.this, self.nothing) = (value, None, Some(value));
                }
            }
            return Ok(());
        }
        let missing = |what| OperationError::Missing { operation: "replace", what, path: path.to_owned() };
        let target = self.find(path)?.ok_or_else(|| missing("doc is missing path"))?;
        self.get(target.container, target.key).map_err(|_| missing("doc is missing key"))?;
        // The reference says so.
        self.put(target.container, target.key, value).map_err(inside("remove for path", path))
    }

    fn op_move(&mut self, operation: &Operation<'d>) -> Result<(), PatchError> {
        let (from, path) = (operation.from, operation.path);
        if from.is_empty() {
            return Err(OperationError::Whole.into());
        }
        let missing = |what, path: &str| OperationError::Missing { operation: "move", what, path: path.to_owned() };
        let source = self.find(from)?.ok_or_else(|| missing("doc is missing from path", from))?;
        let value = self.get(source.container, source.key).map_err(inside("move for path", source.key))?;
        self.remove(source.container, source.key).map_err(inside("move for path", source.key))?;
        let target = self.find(path)?.ok_or_else(|| missing("doc is missing destination path", path))?;
        let value = match value {
            Some(value) => value,
            None => self.tree.add(Cell::Null)?,
        };
        self.add(target.container, target.key, value).map_err(inside("move for path", path))
    }

    fn op_copy(&mut self, operation: &Operation<'d>) -> Result<(), PatchError> {
        let (from, path) = (operation.from, operation.path);
        let missing = |what, path| OperationError::Missing { operation: "copy", what, path };
        let source = self.find(from)?;
        let source = source.ok_or_else(|| missing("doc is missing from path", format!("\"{from}\"")))?;
        let value = self.get(source.container, source.key).map_err(inside("copy for from", from))?;
        let target: Target<'d> =
            self.find(path)?.ok_or_else(|| missing("doc is missing destination path", path.to_owned()))?;
        let copy = match value {
            Some(value) => self.tree.copy(value)?,
            None => self.tree.add(Cell::Null)?,
        };
        self.add(target.container, target.key, copy).map_err(|cause| OperationError::Copy(cause).into())
    }
}

/// An error of one step.
pub(super) fn inside(what: &'static str, path: &str) -> impl FnOnce(Cause) -> PatchError {
    move |cause| OperationError::In { what, path: path.to_owned(), cause }.into()
}
