//! What merging leaves as it is, so that it need not be looked at again: a value of the resource that the overlay says
//! nothing of. kyaml walks it all the same, and makes lists that are merged by a key tidy: elements that are null, empty or
//! without the key go, and so does the second of two with the same key.

use super::merge::Merger;
use crate::document::{Document, Kind, NodeId};
use crate::patch::schema::{self, Schema, Shape};
use crate::patch::text::{Text, spelling};
use crate::patch::tree::{Cell, Class, Id, Side};
use smallvec::SmallVec;
use std::collections::HashSet;

/// From so many on, values are compared by a table.
const MANY: usize = 32;

impl Merger<'_, '_> {
    /// Whether merging nothing into a value leaves it as it is.
    pub(super) fn settled(&self, value: Id, schema: Option<Schema>) -> bool {
        match self.tree.cell(value) {
            Cell::Node(Side::Base, node) => settled(self.tree.doc(Side::Base), node, schema),
            Cell::Node(Side::Patch, _) | Cell::Map(_) | Cell::List(_) => false,
            Cell::Spelled(..) | Cell::Null | Cell::PutNull => true,
        }
    }
}

fn settled(doc: &Document<'_>, node: NodeId, schema: Option<Schema>) -> bool {
    match doc.kind(node) {
        Kind::Map => {
            if schema.is_none_or(|s| !s.reaches_list()) && !doc.names(node, "apiVersion") {
                // Nothing below can be of a kind that has such lists.
                return true;
            }
            let schema = schema.or_else(|| of_object(doc, node));
            doc.entries(node).all(|(key, child)| settled(doc, child, schema.and_then(|s| s.field(doc.key_text(key)))))
        }
        Kind::List => match schema.and_then(Shape::list) {
            Some((keys, elements)) => tidy(doc, node, keys, elements),
            None => true,
        },
        _ => true,
    }
}

fn of_object(doc: &Document<'_>, node: NodeId) -> Option<Schema> {
    let text = |key| doc.get_str(node, key).map(|n| spelling(doc, n));
    let (kind, version) = (text("kind")?, text("apiVersion")?);
    schema::of_kind(version.as_str(), kind.as_str())
}

/// Whether all elements of a list have their own keys.
fn tidy(doc: &Document<'_>, list: NodeId, keys: &[&str], elements: Option<Schema>) -> bool {
    let mut seen: SmallVec<[Tuple<'_>; 16]> = SmallVec::new();
    for element in doc.children(list) {
        let Some(tuple) = tuple_of(doc, element, keys) else { return false };
        seen.push(tuple);
    }
    uniform(&seen) && distinct(&seen) && doc.children(list).all(|element| settled(doc, element, elements))
}

/// An element's merge keys: texts, where it has them.
pub(super) type Tuple<'d> = SmallVec<[Option<Text<'d>>; 1]>;

/// The merge keys of an element of a document; `None` where one of them is no proper text. Without merge keys the
/// element itself is the text.
pub(super) fn tuple_of<'d>(doc: &'d Document<'_>, element: NodeId, keys: &[&str]) -> Option<Tuple<'d>> {
    let proper = |node| {
        let text = spelling(doc, node);
        (Class::of(doc.kind(node)) == Class::Scalar && !text.as_str().is_empty()).then_some(text)
    };
    if keys.is_empty() {
        return Some(SmallVec::from_iter([Some(proper(element)?)]));
    }
    if doc.kind(element) != Kind::Map {
        return None;
    }
    let key = |key: &&str| match doc.get_str(element, key) {
        Some(node) => proper(node).map(Some),
        None => Some(None),
    };
    keys.iter().map(key).collect()
}

/// Whether each merge key is there in all elements or in none, and one of them is.
pub(super) fn uniform(tuples: &[Tuple<'_>]) -> bool {
    let Some(first) = tuples.first() else { return true };
    let same = |t: &Tuple<'_>| t.iter().zip(first).all(|(a, b)| a.is_some() == b.is_some());
    first.iter().any(Option::is_some) && tuples.iter().all(same)
}

/// Whether no two are the same.
pub(super) fn distinct(tuples: &[Tuple<'_>]) -> bool {
    if tuples.len() < MANY {
        return tuples.iter().enumerate().all(|(i, t)| tuples.get(i + 1..).is_none_or(|rest| !rest.contains(t)));
    }
    let texts =
        |t: &Tuple<'_>| -> SmallVec<[String; 2]> { t.iter().flatten().map(|text| text.as_str().to_owned()).collect() };
    let mut seen = HashSet::new();
    tuples.iter().all(|t| seen.insert(texts(t)))
}
