//! What merging leaves as it is, so that it need not be looked at again: a value of the resource that the overlay says
//! nothing of. kyaml walks it all the same, and makes lists that are merged by a key tidy: elements that are null, empty or
//! without the key go, and so does the second of two with the same key.

use super::merge::Merger;
use crate::document::{Document, KeyText, Kind, NodeId, hash_text};
use crate::patch::schema::{self, Schema, Shape};
use crate::patch::text::{Text, spelling};
use crate::patch::tree::{Cell, Class, Id, Side, Slot};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::collections::HashSet;

/// Up to here, values are compared with each other.
const FEW: usize = 12;

impl Merger<'_, '_> {
    /// Whether merging nothing into a value leaves it as it is.
    pub(super) fn settled(&self, value: Id, schema: Option<Schema>) -> bool {
        match self.tree.cell(value) {
            Cell::Node(Side::Base, node) => self.base.all || self.base.settled(node, schema),
            Cell::Node(Side::Patch, _) | Cell::Map(_) | Cell::List(_) => false,
            Cell::Spelled(..) | Cell::Null | Cell::PutNull => true,
        }
    }
}

impl<'d> Merger<'_, 'd> {
    /// Whether merging nothing into what has been merged would leave it as it is. A `false` says nothing.
    pub(super) fn is_settled(&self, merged: Id) -> bool {
        self.base.all && self.stays(merged, None, &Base::new(self.tree.doc(Side::Patch)))
    }

    /// Whether a value stands where the resource has it.
    fn keeps(&self, slot: &Slot<'_>) -> bool {
        slot.home && matches!(self.tree.cell(slot.value), Cell::Node(Side::Base, _))
    }

    /// Whether an opened map says what kind of object it is as the resource does.
    fn keeps_kind(&self, map: Id) -> bool {
        ["apiVersion", "kind"]
            .iter()
            .all(|key| self.tree.find(map, key).and_then(|at| self.tree.slot(at)).is_some_and(|slot| self.keeps(slot)))
    }

    fn stays(&self, value: Id, schema: Option<Schema>, patch: &Base<'d>) -> bool {
        match self.tree.cell(value) {
            Cell::Spelled(..) | Cell::Null | Cell::PutNull => true,
            // Elsewhere it may mean something else.
            Cell::Node(Side::Base, node) => self.base.settled(node, schema),
            Cell::Node(Side::Patch, node) => patch.settled(node, schema),
            Cell::Map(items) => {
                let before = items.base.filter(|_| schema.is_none()).map(|node| self.base.object(node));
                let own = match before {
                    _ if schema.is_some() => None,
                    Some(before) if self.keeps_kind(value) => before,
                    _ => self.kind(Some(value)),
                };
                if before.is_some_and(|before| before.map(std::ptr::from_ref) != own.map(std::ptr::from_ref)) {
                    // It is of another kind now, and what comes from the resource may mean something else.
                    return false;
                }
                let schema = schema.or(own);
                self.tree.slots(value).all(|(_, slot)| {
                    // Scalars and what comes from the resource need no schema.
                    let alone = |id| self.tree.class(id) == Class::Scalar;
                    let kept = self.keeps(slot) || alone(slot.value);
                    !slot.key.is_empty()
                        && (kept || self.stays(slot.value, schema.and_then(|s| s.field(slot.key)), patch))
                })
            }
            Cell::List(items) => {
                let Some((keys, elements)) = schema.and_then(Shape::list) else { return true };
                let of_their_own = |tuples: &Vec<_>| uniform(tuples) && distinct(tuples);
                (items.tidy || self.tuples(value, keys).is_some_and(|tuples| of_their_own(&tuples)))
                    && self
                        .tree
                        .slots(value)
                        .all(|(_, slot)| self.keeps(slot) || self.stays(slot.value, elements, patch))
            }
        }
    }
}

/// A document, and the key that an object of some kind has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base<'d> {
    doc: &'d Document<'d>,
    version: KeyText<'static>,
    /// The key without a name, if a map of the document has it.
    unnamed: Option<KeyText<'static>>,
    /// Whether all of it is settled
    pub(super) all: bool,
}

impl<'d> Base<'d> {
    pub(super) fn new(doc: &'d Document<'d>) -> Self {
        let unnamed = Some(doc.key_of("")).filter(|key| doc.root().is_some_and(|root| doc.names(root, *key)));
        Self { doc, version: doc.key_of("apiVersion"), unnamed, all: false }
    }

    /// As [`of`](Self::of), where nothing is found out.
    pub(super) fn known(doc: &'d Document<'d>) -> Self {
        Self { doc, version: doc.key_of("apiVersion"), unnamed: None, all: doc.settled }
    }

    /// Of a resource, of which it may be known that it is settled.
    pub(super) fn of(doc: &'d Document<'d>) -> Self {
        if doc.settled {
            return Self::known(doc);
        }
        let base = Self::new(doc);
        let all = doc.root().is_some_and(|root| base.settled(root, None));
        Self { all, ..base }
    }

    fn settled(&self, node: NodeId, schema: Option<Schema>) -> bool {
        match self.doc.kind(node) {
            // Merging it fails.
            Kind::Map if self.unnamed.is_some_and(|key| self.doc.names(node, key)) => false,
            Kind::Map if schema.is_none_or(|s| !s.reaches_list()) && !self.doc.names(node, self.version) => {
                // Nothing below can be of a kind that has such lists.
                true
            }
            Kind::Map => {
                let schema = schema.or_else(|| self.object(node));
                self.doc.entries(node).all(|(key, child)| {
                    !matches!(self.doc.kind(child), Kind::Map | Kind::List)
                        || self.settled(child, schema.and_then(|s| s.field(self.doc.key_text(key))))
                })
            }
            Kind::List => match schema.and_then(Shape::list) {
                Some((keys, elements)) => self.tidy(node, keys, elements),
                None => true,
            },
            // Of what was passed over that is known before.
            _ => true,
        }
    }

    /// The schema of an object inside a value that has none.
    fn object(&self, node: NodeId) -> Option<Schema> {
        let version = spelling(self.doc, self.doc.get_key(node, self.version)?);
        let kind = spelling(self.doc, self.doc.get_str(node, "kind")?);
        schema::of_kind(&version.shown(), &kind.shown())
    }

    /// Whether all elements of a list have their own keys.
    fn tidy(&self, list: NodeId, keys: &[&str], elements: Option<Schema>) -> bool {
        let keys: SmallVec<[KeyText<'_>; 2]> = keys.iter().map(|key| self.doc.key_of(key)).collect();
        let mut seen = Vec::with_capacity(self.doc.len(list));
        for element in self.doc.children(list) {
            let Some(tuple) = tuple_of(self.doc, element, &keys) else { return false };
            seen.push(tuple);
        }
        uniform(&seen) && distinct(&seen) && self.doc.children(list).all(|element| self.settled(element, elements))
    }
}

/// How many merge keys a list has at most, to be told apart here.
const KEYS: usize = 2;

/// An element's merge keys: texts, where it has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tuple<'d>([Option<Text<'d>>; KEYS]);

impl<'d> Tuple<'d> {
    /// Of an element that has its keys by a function, which gives `None` for what is no proper text.
    pub(super) fn of<K>(keys: &[K], mut text: impl FnMut(&K) -> Option<Option<Text<'d>>>) -> Option<Self> {
        let mut tuple = Self::default();
        for (i, key) in keys.iter().enumerate() {
            *tuple.0.get_mut(i)? = text(key)?;
        }
        Some(tuple)
    }

    /// Of a list without merge keys, where the element is the text.
    pub(super) fn single(text: Text<'d>) -> Self {
        Self([Some(text), None])
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &Text<'d>> {
        self.0.iter().flatten()
    }

    /// To be found by.
    pub(super) fn shown(&self) -> [Option<Cow<'d, str>>; KEYS] {
        self.0.map(|text| text.map(|text| text.shown()))
    }

    fn has_keys_of(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a.is_some() == b.is_some())
    }
}

/// The merge keys of an element of a document; `None` where one of them is no proper text.
pub(super) fn tuple_of<'d>(doc: &'d Document<'_>, element: NodeId, keys: &[KeyText<'_>]) -> Option<Tuple<'d>> {
    let proper = |node| {
        let text = spelling(doc, node);
        (Class::of(doc.kind(node)) == Class::Scalar && !text.is_empty()).then_some(text)
    };
    if keys.is_empty() {
        return proper(element).map(Tuple::single);
    }
    if doc.kind(element) != Kind::Map {
        return None;
    }
    Tuple::of(keys, |key| match doc.get_key(element, *key) {
        Some(node) => proper(node).map(Some),
        None => Some(None),
    })
}

/// Whether each merge key is there in all elements or in none, and one of them is.
pub(super) fn uniform(tuples: &[Tuple<'_>]) -> bool {
    let Some(first) = tuples.first() else { return true };
    first.texts().next().is_some() && tuples.iter().all(|t| t.has_keys_of(first))
}

/// Whether no two are the same.
pub(super) fn distinct(tuples: &[Tuple<'_>]) -> bool {
    if tuples.len() < FEW {
        return tuples.iter().enumerate().all(|(i, t)| tuples.get(i + 1..).is_none_or(|rest| !rest.contains(t)));
    }
    let mut hashes: SmallVec<[u32; 64]> = tuples.iter().map(hash).collect();
    hashes.sort_unstable();
    if hashes.windows(2).all(|pair| pair.first() != pair.last()) {
        return true;
    }
    // The hash is a weak one.
    let mut seen = HashSet::new();
    tuples.iter().all(|t| seen.insert(t.shown()))
}

fn hash(tuple: &Tuple<'_>) -> u32 {
    tuple.texts().fold(0, |all: u32, text| {
        let hash = match text {
            Text::Of(text) => hash_text(text.as_bytes()),
            number => hash_text(number.shown().as_bytes()),
        };
        all.rotate_left(5) ^ hash
    })
}
