//! Working off an overlay's anchors against the resource.
//!
//! Kyverno: pkg/engine/mutate/patch/strategicPreprocessing.go. A condition that does not hold ends the nearest element
//! of a list around it, or else the whole overlay.

use super::anchor::{self, Modifier};
use super::conditions::{Conditions, Operand};
use super::{MergeError, strip};
use crate::document::{Buffers, Builder, Document, Kind, Limits, NodeId};
use crate::patch::PatchError;
use crate::patch::emit::Emitter;
use crate::patch::tree::{Cell, Class, Id, Side, Tree};

/// Why working off an overlay ended.
pub(super) enum Stop {
    /// A condition did not hold.
    Condition,
    /// A condition for the whole overlay did not hold.
    Global,
    Error(PatchError),
}

impl From<PatchError> for Stop {
    fn from(error: PatchError) -> Self {
        Self::Error(error)
    }
}

/// See the module.
pub(super) struct Preprocess<'t, 'd, 'c> {
    pub(super) tree: &'t mut Tree<'d>,
    pub(super) conditions: &'c mut dyn Conditions,
}

impl Preprocess<'_, '_, '_> {
    /// Works off all anchors of an overlay and takes them away.
    pub(super) fn run(&mut self, pattern: Id, resource: NodeId) -> Result<(), Stop> {
        if self.is_plain(pattern, resource) {
            return Ok(());
        }
        let done = self.value(pattern, Some(resource), self.tree.levels());
        done.and_then(|()| Ok(self.tree.strip_root(pattern)?)).map_err(|stop| match stop {
            Stop::Error(PatchError::Strategic(error)) => Stop::Error(MergeError::Preprocess(error).into()),
            stop => stop,
        })
    }

    /// Whether an overlay has no anchors, nothing that goes where they are taken away, and no list of maps that meets
    /// something else. A `false` says nothing.
    fn is_plain(&self, pattern: Id, resource: NodeId) -> bool {
        let Cell::Node(Side::Patch, node) = self.tree.cell(pattern) else { return false };
        let doc = self.tree.doc(Side::Patch);
        doc.kind(node) == Kind::Map
            && !doc.has_empty_maps(node)
            && doc.layout().symbols().is_empty()
            && doc.texts(node).all(|(text, _)| !text.contains('('))
            && self.lists_meet_lists(node, resource)
    }

    fn lists_meet_lists(&self, pattern: NodeId, resource: NodeId) -> bool {
        let (patch, base) = (self.tree.doc(Side::Patch), self.tree.doc(Side::Base));
        patch.entries(pattern).all(|(key, child)| {
            let (kind, other) = (patch.kind(child), base.get_str(resource, patch.key_text(key)));
            match other.map(|other| (base.kind(other), other)) {
                Some((Kind::Raw, _)) => false,
                Some((Kind::Map, other)) if kind == Kind::Map => self.lists_meet_lists(child, other),
                Some((Kind::List | Kind::Null, _)) | None => true,
                Some(_) => kind != Kind::List,
            }
        })
    }

    fn value(&mut self, pattern: Id, resource: Option<NodeId>, levels: usize) -> Result<(), Stop> {
        let below = self.tree.below(levels)?;
        if resource.is_some_and(|node| self.tree.doc(Side::Base).kind(node) == Kind::Raw) {
            return Err(PatchError::Unread.into());
        }
        match self.tree.class(pattern) {
            Class::Map => self.map(pattern, resource, below),
            Class::List => self.list(pattern, resource, below),
            Class::Scalar | Class::Null => Ok(()),
        }
    }

    fn map(&mut self, pattern: Id, resource: Option<NodeId>, levels: usize) -> Result<(), Stop> {
        self.tree.open(pattern)?;
        self.add_if_missing(pattern, resource);
        if !self.conditions(pattern, resource, Modifier::Global)? {
            return Err(Stop::Global);
        }
        if !self.conditions(pattern, resource, Modifier::Condition)? {
            return Err(Stop::Condition);
        }
        let mut next = self.tree.items(pattern).first();
        while let Some(key) = self.tree.next_key(&mut next) {
            if anchor::parse(key).is_some_and(|a| a.modifier.is_ours()) {
                continue;
            }
            if let Some((_, value)) = self.tree.value(pattern, key) {
                self.value(value, self.field(resource, key), levels)?;
            }
        }
        Ok(())
    }

    /// A member of the resource; there is none below a value that is no map.
    fn field(&self, resource: Option<NodeId>, key: &str) -> Option<NodeId> {
        self.tree.doc(Side::Base).get_str(resource?, key)
    }

    /// Drops `+(key)` where the resource has the key, else makes it a plain member. Says whether there was one.
    fn add_if_missing(&mut self, pattern: Id, resource: Option<NodeId>) -> bool {
        let mut any = false;
        let mut next = self.tree.items(pattern).first();
        while let Some(key) = self.tree.next_key(&mut next) {
            let Some(anchor) = anchor::parse(key).filter(|a| a.modifier == Modifier::Add) else { continue };
            any = true;
            if self.field(resource, anchor.key).is_some() {
                self.tree.clear(pattern, anchor.text);
            } else {
                self.tree.rename(pattern, anchor.text, anchor.key);
            }
        }
        any
    }

    /// Whether all conditions of one sort hold in a map.
    fn conditions(&mut self, pattern: Id, resource: Option<NodeId>, sort: Modifier) -> Result<bool, Stop> {
        let mut next = self.tree.items(pattern).first();
        while let Some(key) = self.tree.next_key(&mut next) {
            let Some(anchor) = anchor::parse(key).filter(|a| a.modifier == sort) else { continue };
            let Some(value) = self.field(resource, anchor.key) else { return Ok(false) };
            let Some((_, wanted)) = self.tree.value(pattern, anchor.text) else {
                return Err(Stop::Error(strip::spaces(key)));
            };
            self.tree.open(wanted)?;
            // The reference takes a condition for fulfilled that has such a member.
            if self.add_if_missing(wanted, Some(value)) {
                continue;
            }
            if !self.check(wanted, value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Not inlined, so that maps in maps need no room for it on the stack.
    #[inline(never)]
    fn check(&mut self, pattern: Id, value: NodeId) -> Result<bool, Stop> {
        let base = self.tree.doc(Side::Base);
        let kept = match Class::of(base.kind(value)) {
            Class::Map | Class::List => Some(floats(base, value, self.tree.limits())?),
            Class::Scalar | Class::Null => None,
        };
        let text = self.tree.text(Cell::Node(Side::Base, value)).shown();
        let value = match kept.as_ref().and_then(|doc| doc.root().map(|root| Operand::Tree(doc, root))) {
            Some(tree) => tree,
            None => Operand::Text(&text),
        };
        let cell = self.tree.cell(pattern);
        let holds = match self.tree.class(pattern) {
            Class::Scalar | Class::Null => self.conditions.hold(Operand::Text(&self.tree.text(cell).shown()), value),
            Class::Map | Class::List => {
                let mut doc = match Emitter::detached(self.tree).document(pattern) {
                    Ok(doc) => doc,
                    // The reference reads the pattern back from YAML, and takes its error for one of the condition.
                    Err(PatchError::Strategic(error)) if matches!(*error, MergeError::Duplicate(_)) => {
                        return Ok(false);
                    }
                    Err(error) => return Err(Stop::Error(error)),
                };
                doc.numbers_to_floats();
                let Some(root) = doc.root() else { return Ok(false) };
                self.conditions.hold(Operand::Tree(&doc, root), value)
            }
        };
        holds.map_err(|text| Stop::Error(MergeError::Condition(text).into()))
    }

    fn list(&mut self, pattern: Id, resource: Option<NodeId>, levels: usize) -> Result<(), Stop> {
        self.tree.open(pattern)?;
        let elements = self.tree.elements(pattern);
        if elements.first().is_some_and(|first| self.tree.class(*first) == Class::Map) {
            for element in elements {
                self.list_of_maps(pattern, element, resource, levels)?;
            }
        }
        Ok(())
    }

    /// One element of an overlay's list against all of the resource's.
    fn list_of_maps(&mut self, pattern: Id, element: Id, resource: Option<NodeId>, levels: usize) -> Result<(), Stop> {
        let base = self.tree.doc(Side::Base);
        if let Some(resource) = resource
            && !matches!(base.kind(resource), Kind::Null | Kind::List)
        {
            let error = self.tree.wrong_kind(Class::List, Cell::Node(Side::Base, resource));
            return Err(Stop::Error(error.into()));
        }
        if !self.tree.has_anchors(element, Modifier::is_ours) {
            return Ok(());
        }
        let global = self.tree.has_anchors(element, |m| m == Modifier::Global);
        // One copy for all elements: what `+()` became for the first one it stays for the others.
        let copy = self.tree.copy(element)?;
        let mut passed = false;
        let mut missed = false;
        for other in resource.into_iter().flat_map(|resource| base.children(resource)) {
            match self.value(copy, Some(other), levels) {
                Ok(()) if global => passed = true,
                Ok(()) => self.named(pattern, copy, other)?,
                Err(Stop::Condition) => {}
                Err(Stop::Global) => missed = true,
                Err(error) => return Err(error),
            }
        }
        if resource.is_none() {
            match self.value(copy, None, levels) {
                Ok(()) => passed |= global,
                Err(Stop::Condition) => return Ok(()),
                Err(stop) => return Err(stop),
            }
        }
        if missed && !passed { Err(Stop::Global) } else { Ok(()) }
    }

    /// Adds the element that changes one element of the resource, by its name. `handlePatternName`
    fn named(&mut self, pattern: Id, element: Id, other: NodeId) -> Result<(), Stop> {
        let base = self.tree.doc(Side::Base);
        let Some(name) = base.get_str(other, "name") else { return Ok(()) };
        let empty = match Class::of(base.kind(name)) {
            Class::Null => true,
            Class::List | Class::Map => base.len(name) == 0,
            Class::Scalar => false,
        };
        if empty {
            return Ok(());
        }
        let element = self.tree.copy(element)?;
        if self.tree.strip(element, true)? {
            return Ok(());
        }
        if self.tree.class(element) != Class::Map {
            let error = self.tree.wrong_kind(Class::Map, self.tree.cell(element));
            return Err(Stop::Error(MergeError::Name(Box::new(error)).into()));
        }
        let name = self.tree.add(Cell::Node(Side::Base, name))?;
        match self.tree.find(element, "name") {
            Some(at) => self.tree.replace(at, name)?,
            None => self.tree.push(element, "name", name),
        }
        self.tree.push(pattern, "", element);
        Ok(())
    }
}

/// A subtree as a document of its own, with all numbers as float64.
fn floats<'d>(doc: &Document<'d>, node: NodeId, limits: Limits) -> Result<Document<'d>, PatchError> {
    let mut builder = Builder::new("", doc.layout(), Buffers::default(), limits);
    builder.graft(doc, node)?;
    let mut out = builder.finish();
    out.numbers_to_floats();
    Ok(out)
}
