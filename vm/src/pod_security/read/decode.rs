//! Decoding as Go does it: through the keys in the order in which Kyverno writes them before, up to Go's error.
//!
//! Go: encoding/json, decode.go

use super::scalar::{self, Misfit, kind};
use crate::document::{Document, Kind, NodeId};
use crate::pod_security::schema::{Known, Lookup, Schema, StructId};
use crate::pod_security::types::Type;
use crate::scalar::Scalar;
use crate::scalar::number::{format_int, json_float};
use std::fmt::Write;

/// Decodes an object; else gives the error.
#[cold]
pub(super) fn decode(schema: &Schema, doc: &Document<'_>, of: StructId, root: NodeId) -> Result<(), String> {
    let bound = schema.is_bound(doc);
    let mut decoder = Decoder { schema, doc, bound, owner: "", path: Vec::new(), error: None };
    // The last error is one that ended the decoding, or else the first that did not.
    let _ = decoder.object(of, root);
    decoder.error.map_or(Ok(()), Err)
}

/// The end of decoding.
struct Stop;

struct Decoder<'w, 'd> {
    schema: &'w Schema,
    doc: &'w Document<'d>,
    bound: bool,
    /// The struct and the path of the field that is decoded
    owner: &'static str,
    path: Vec<&'static str>,
    error: Option<String>,
}

impl Decoder<'_, '_> {
    fn object(&mut self, of: StructId, node: NodeId) -> Result<(), Stop> {
        let (owner, depth) = (self.owner, self.path.len());
        for (_, field, child) in fields(self.schema, self.doc, self.bound, of, node) {
            self.path.extend(field.embedded);
            self.path.push(field.name);
            self.owner = self.schema.name(of);
            self.value(field.ty, field.of, child)?;
            self.owner = owner;
            self.path.truncate(depth);
        }
        Ok(())
    }

    fn value(&mut self, ty: &'static Type, of: StructId, node: NodeId) -> Result<(), Stop> {
        let doc = self.doc;
        match (ty, doc.kind(node)) {
            (Type::Struct(_), Kind::Map) => self.object(of, node),
            (Type::List(element), Kind::List) => doc.children(node).try_for_each(|n| self.value(element, of, n)),
            (Type::Map(_, element), Kind::Map) => {
                let mut members: Vec<_> = doc.entries(node).map(|(key, n)| (doc.key_text(key), n)).collect();
                members.sort_unstable_by_key(|(key, _)| *key);
                members.into_iter().try_for_each(|(_, n)| self.value(element, of, n))
            }
            _ => self.scalar(ty, node),
        }
    }

    fn scalar(&mut self, ty: &'static Type, node: NodeId) -> Result<(), Stop> {
        let error = match scalar::check(self.doc, ty, node) {
            Ok(()) => return Ok(()),
            Err(Misfit::Type) => {
                if self.error.is_none() {
                    self.error = Some(self.type_error(ty, node));
                }
                return Ok(());
            }
            Err(Misfit::Inner(ty)) => self.type_error(ty, node),
            Err(Misfit::Error(error)) => error,
        };
        self.error = Some(error);
        Err(Stop)
    }

    /// Go: UnmarshalTypeError.Error
    fn type_error(&self, ty: &Type, node: NodeId) -> String {
        let mut error = "json: cannot unmarshal ".to_owned();
        match kind(self.doc, node) {
            Kind::Null => error.push_str("null"),
            Kind::Bool => error.push_str("bool"),
            Kind::Str => error.push_str("string"),
            Kind::List => error.push_str("array"),
            Kind::Map | Kind::Raw => error.push_str("object"),
            Kind::Int | Kind::Float | Kind::Uint => {
                error.push_str("number");
                if matches!(ty, Type::Int32 | Type::Int64) {
                    error.push(' ');
                    match self.doc.scalar(node) {
                        Scalar::Int(n) => error.push_str(&format_int(n)),
                        Scalar::Float(n) => json_float(n, &mut error),
                        _ => error.push_str(self.doc.str(node)),
                    }
                }
            }
        }
        let (owner, path, ty) = (self.owner, self.path.join("."), ty.go_name());
        let _ = write!(error, " into Go struct field {owner}.{path} of type {ty}");
        error
    }
}

/// The fields of a map, in the order of the keys.
pub(super) fn fields<'w>(
    schema: &'w Schema,
    doc: &'w Document<'_>,
    bound: bool,
    of: StructId,
    node: NodeId,
) -> Vec<(&'w str, &'w Known, NodeId)> {
    let lookup = |(key, child)| match schema.field(of, doc, key, bound) {
        Lookup::Field(field) | Lookup::Folded(field) => Some((doc.key_text(key), field, child)),
        Lookup::Unknown => None,
    };
    let mut fields: Vec<_> = doc.entries(node).filter_map(lookup).collect();
    fields.sort_unstable_by_key(|(key, ..)| *key);
    fields
}
