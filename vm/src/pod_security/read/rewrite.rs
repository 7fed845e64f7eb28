//! Objects in which keys have another case than the fields that Go takes them for, as plain objects.
//!
//! Several keys may be the same field. Go then decodes each value into what the one before has left: fields of structs
//! and members of maps add up, elements of lists by position, and a scalar takes the place of another.

use super::decode::fields;
use crate::document::{Buffers, BuildError, Builder, Document, JsonOptions, Kind, Layout, Limits, NodeId, read_json};
use crate::pod_security::schema::{Known, Schema, StructId};
use crate::pod_security::types::Type;
use crate::scalar::Scalar;
use std::sync::LazyLock;

/// The layout of plain objects.
static EVERYTHING: LazyLock<Layout> = LazyLock::new(Layout::everything);

/// Rewrites an object. What is no field is left out.
#[cold]
pub(super) fn rewrite(schema: &Schema, doc: &Document<'_>, of: StructId, root: NodeId) -> Document<'static> {
    let mut out = Builder::new("", &EVERYTHING, Buffers::default(), Limits::default());
    out.places_are_lines();
    let mut writer = Writer { schema, out };
    // What fits into the limits of one document fits into those of another.
    let _ = writer.fields(of, &[(doc, root)]);
    writer.out.finish()
}

type Written = Result<(), BuildError>;
/// A value, and the document that it is in.
type Value<'v> = (&'v Document<'v>, NodeId);

struct Writer<'w> {
    schema: &'w Schema,
    out: Builder<'static>,
}

impl Writer<'_> {
    /// The struct that all of these are decoded into, one after the other.
    fn fields(&mut self, of: StructId, values: &[Value<'_>]) -> Written {
        let schema = self.schema;
        self.out.begin_map(place(values))?;
        let found = values.iter().flat_map(|(doc, node)| {
            let fields = fields(schema, doc, schema.is_bound(doc), of, *node).into_iter();
            fields.map(move |(_, field, child)| (field, (*doc, child)))
        });
        let mut found: Vec<_> = found.collect();
        // Stable: the values of a field stay in their order.
        found.sort_by_key(|(field, _)| std::ptr::from_ref::<Known>(field).addr());
        for same in found.chunk_by(|(a, _), (b, _)| std::ptr::eq(*a, *b)) {
            let Some((field, (doc, child))) = same.first() else { continue };
            self.out.key(field.name, Some(doc.key_place(*child)))?;
            let all: Vec<_> = same.iter().map(|(_, value)| *value).collect();
            self.value(field.ty, field.of, &all)?;
        }
        self.out.end();
        Ok(())
    }

    fn value(&mut self, ty: &'static Type, of: StructId, values: &[Value<'_>]) -> Written {
        let read: Vec<_> = values.iter().map(|(doc, node)| unread(doc, *node)).collect();
        let values = values.iter().zip(&read).map(|(value, read)| {
            let read = read.as_ref().and_then(|doc| Some((doc, doc.root()?)));
            read.unwrap_or(*value)
        });
        let mut last = Vec::new();
        for (doc, node) in values {
            match (ty, doc.kind(node)) {
                (Type::Struct(_) | Type::Map(..), Kind::Null) => last.clear(),
                (Type::List(_), Kind::Null | Kind::List) if doc.len(node) == 0 => {
                    last.clear();
                    last.push((doc, node));
                }
                (_, Kind::Null) => {}
                _ => last.push((doc, node)),
            }
        }
        let Some((doc, node)) = last.last().copied() else { return self.out.null(place(&last)) };
        match (ty, doc.kind(node)) {
            (Type::Struct(_), Kind::Map) => self.fields(of, &last),
            (Type::List(element), Kind::List) => {
                self.out.begin_list(place(&last))?;
                let mut lists: Vec<_> = last.iter().map(|(doc, list)| (*doc, doc.children(*list))).collect();
                for _ in 0..doc.len(node) {
                    let all: Vec<_> = lists.iter_mut().filter_map(|(doc, rest)| Some((*doc, rest.next()?))).collect();
                    self.value(element, of, &all)?;
                }
                self.out.end();
                Ok(())
            }
            (Type::Map(..), Kind::Map) => {
                self.out.begin_map(place(&last))?;
                for (doc, node) in last {
                    for (key, child) in doc.entries(node) {
                        self.out.key(doc.key_text(key), Some(doc.key_place(child)))?;
                        self.scalar(doc, child)?;
                    }
                }
                self.out.end();
                Ok(())
            }
            _ => self.scalar(doc, node),
        }
    }

    /// A scalar. Of lists and maps that stand where none should be only the kind is kept, for the error.
    fn scalar(&mut self, doc: &Document<'_>, node: NodeId) -> Written {
        let place = Some(doc.place(node));
        match (doc.scalar(node), doc.uint(node)) {
            (_, Some(n)) => self.out.uint(n, place),
            (Scalar::Null, _) => self.out.null(place),
            (Scalar::Bool(b), _) => self.out.bool(b, place),
            (Scalar::Int(n), _) => self.out.int(n, place),
            (Scalar::Float(n), _) => self.out.float(n, place),
            (Scalar::Str(s), _) => self.out.str(s, place),
            (Scalar::List, _) => self.out.begin_list(place).map(|()| self.out.end()),
            (Scalar::Map, _) => self.out.begin_map(place).map(|()| self.out.end()),
        }
    }
}

/// Text that was passed over, as a document.
fn unread<'v>(doc: &'v Document<'_>, node: NodeId) -> Option<Document<'v>> {
    let text = (doc.kind(node) == Kind::Raw).then(|| doc.str(node))?;
    read_json(text, &EVERYTHING, Buffers::default(), JsonOptions::default()).ok()
}

/// The place of the last value.
fn place(values: &[Value<'_>]) -> Option<crate::document::Place> {
    Some(values.last().map(|(doc, node)| doc.place(*node)).unwrap_or_default())
}
