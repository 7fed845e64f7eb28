//! Scalars, and whatever else meets a type that it does not fit.

use super::{Stop, Walk, Walked};
use crate::builtin::time::unix_nanos;
use crate::document::{Kind, NodeId};
use crate::pod_security::types::Type;
use crate::scalar::number::{format_int, format_json};
use crate::scalar::{Quantity, Scalar};
use std::fmt::Write;

impl<const CAREFUL: bool> Walk<'_, '_, CAREFUL> {
    /// A value that is not null and that does not plainly fit.
    #[inline(never)]
    pub(super) fn scalar(&mut self, ty: &'static Type, node: NodeId) -> Walked {
        match (ty, self.kind(node)) {
            // Text that was not read: it may be taken for what it begins with.
            (_, Kind::Null) | (Type::Text(_), Kind::Str) | (Type::Bool, Kind::Bool) => Ok(()),
            (Type::Struct(_) | Type::Map(..), Kind::Map) | (Type::List(_), Kind::List) => Ok(()),
            (Type::Int32, _) if self.is_int32(node) => Ok(()),
            (Type::Int64, _) if self.int(node).is_some() => Ok(()),
            (Type::IntOrString, Kind::Str) => Ok(()),
            (Type::IntOrString, _) if self.is_int32(node) => Ok(()),
            (Type::IntOrString, _) => self.stop(|walk| walk.type_error(&Type::Int32, node)),
            (Type::Quantity, _) => self.quantity(node),
            (Type::Time, Kind::Str) => self.time(self.doc.str(node)),
            (Type::Time, _) => self.stop(|walk| walk.type_error(&Type::Text("string"), node)),
            _ if !CAREFUL => Err(Stop),
            _ => {
                if self.error.is_none() {
                    self.error = Some(self.type_error(ty, node));
                }
                Ok(())
            }
        }
    }

    /// Ends the walk, as Go's decoder does where a type that decodes itself fails.
    #[cold]
    fn stop(&mut self, error: impl FnOnce(&Self) -> String) -> Walked {
        if CAREFUL {
            self.error = Some(error(self));
        }
        Err(Stop)
    }

    /// The kind of a value. Of text that was not read, the first character says it.
    fn kind(&self, node: NodeId) -> Kind {
        let kind = self.doc.kind(node);
        if kind != Kind::Raw {
            return kind;
        }
        match self.doc.str(node).bytes().next() {
            Some(b'{') => Kind::Map,
            Some(b'[') => Kind::List,
            Some(b'"') => Kind::Str,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Float,
        }
    }

    fn is_int32(&self, node: NodeId) -> bool {
        self.int(node).is_some_and(|n| i32::try_from(n).is_ok())
    }

    /// A number that Go writes as an integer, and reads again as int64.
    fn int(&self, node: NodeId) -> Option<i64> {
        // 2^63, which is one more than int64 holds.
        const END: f64 = 9_223_372_036_854_775_808.0;
        match self.doc.scalar(node) {
            Scalar::Int(n) => Some(n),
            Scalar::Float(n) if n.trunc() == n && (-END..END).contains(&n) => Some(n as i64),
            _ => None,
        }
    }

    /// Kubernetes: k8s.io/apimachinery/pkg/api/resource/quantity.go, UnmarshalJSON, which looks at the JSON text.
    fn quantity(&mut self, node: NodeId) -> Walked {
        let parsed = match self.doc.scalar(node) {
            Scalar::Str(s) => Quantity::parse(s).or_else(|_| {
                // What Go's encoder writes as an escape is no part of a quantity, not even where it is a space.
                let escaped = s.contains(|c| c < ' ' || matches!(c, '\u{2028}' | '\u{2029}'));
                Quantity::parse(if escaped { "" } else { s.trim() })
            }),
            Scalar::Int(n) => Quantity::parse(&format_int(n)),
            Scalar::Float(n) => Quantity::parse(format_json(n).as_deref().unwrap_or_default()),
            _ => Quantity::parse(""),
        };
        match parsed {
            Ok(_) => Ok(()),
            Err(error) => self.stop(|_| error.to_string()),
        }
    }

    fn time(&mut self, text: &str) -> Walked {
        if is_plain_time(text) {
            return Ok(());
        }
        match unix_nanos(text) {
            Ok(_) => Ok(()),
            Err(error) => self.stop(|_| error),
        }
    }

    /// Go: encoding/json, UnmarshalTypeError.
    fn type_error(&self, ty: &Type, node: NodeId) -> String {
        let mut error = "json: cannot unmarshal ".to_owned();
        match self.kind(node) {
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
                        Scalar::Float(n) => crate::scalar::json_float(n, &mut error),
                        _ => error.push_str(self.doc.str(node)),
                    }
                }
            }
        }
        let ty = ty.go_name();
        let _ = match self.path.as_slice() {
            [] => write!(error, " into Go value of type {ty}"),
            path => write!(error, " into Go struct field {}.{} of type {ty}", self.owner, path.join(".")),
        };
        error
    }
}

/// Whether a text is a time as Kubernetes writes it, on a day that every month has.
fn is_plain_time(text: &str) -> bool {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', i1, i2, b':', s1, s2, b'Z'] = text.as_bytes()
    else {
        return false;
    };
    let within = |tens: &u8, ones: &u8, from: u8, to: u8| {
        let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        digits && (from..=to).contains(&((tens - b'0') * 10 + (ones - b'0')))
    };
    let year = [y1, y2, y3, y4].iter().all(|y| y.is_ascii_digit());
    year && within(m1, m2, 1, 12)
        && within(d1, d2, 1, 28)
        && within(h1, h2, 0, 23)
        && within(i1, i2, 0, 59)
        && within(s1, s2, 0, 59)
}
