//! Scalars, and whatever else meets a type that it does not fit.

use crate::builtin::time::unix_nanos;
use crate::document::{Document, Kind, NodeId};
use crate::pod_security::types::Type;
use crate::scalar::number::{format_int, format_json};
use crate::scalar::{Quantity, Scalar};

/// Why a value does not fit.
pub(super) enum Misfit {
    /// It is of another type; Go's decoder remembers that and goes on
    Type,
    /// The same, of a type that decodes itself and then expects this one: Go's decoder ends there
    Inner(&'static Type),
    /// The error of a type that decodes itself
    Error(String),
}

/// Whether a value fits a type, as far as can be said without looking into lists and maps.
#[inline(never)]
pub(super) fn check(doc: &Document<'_>, ty: &'static Type, node: NodeId) -> Result<(), Misfit> {
    let is_int32 = || int(doc, node).is_some_and(|n| i32::try_from(n).is_ok());
    match (ty, kind(doc, node)) {
        (_, Kind::Null) | (Type::Any, _) | (Type::Text(_), Kind::Str) | (Type::Bool, Kind::Bool) => Ok(()),
        (Type::Struct(_) | Type::Map(..), Kind::Map) | (Type::List(_), Kind::List) => Ok(()),
        // Text that was not read is what it begins with, and no more is said about it.
        (Type::Int32 | Type::Int64, Kind::Float) if doc.kind(node) == Kind::Raw => Ok(()),
        (Type::IntOrString | Type::Quantity, Kind::Float | Kind::Str) if doc.kind(node) == Kind::Raw => Ok(()),
        (Type::Time, Kind::Str) if doc.kind(node) == Kind::Raw => Ok(()),
        (Type::Int32, _) if is_int32() => Ok(()),
        (Type::Int64, _) if int(doc, node).is_some() => Ok(()),
        (Type::IntOrString, Kind::Str) => Ok(()),
        (Type::IntOrString, _) if is_int32() => Ok(()),
        (Type::IntOrString, _) => Err(Misfit::Inner(&Type::Int32)),
        (Type::Quantity, _) => quantity(doc, node),
        (Type::Time, Kind::Str) => time(doc.str(node)),
        (Type::Time, _) => Err(Misfit::Inner(&Type::Text("string"))),
        _ => Err(Misfit::Type),
    }
}

/// The kind of a value. Of text that was not read, the first character says it.
pub(super) fn kind(doc: &Document<'_>, node: NodeId) -> Kind {
    let kind = doc.kind(node);
    if kind != Kind::Raw {
        return kind;
    }
    match doc.str(node).bytes().next() {
        Some(b'{') => Kind::Map,
        Some(b'[') => Kind::List,
        Some(b'"') => Kind::Str,
        Some(b't' | b'f') => Kind::Bool,
        Some(b'n') | None => Kind::Null,
        Some(_) => Kind::Float,
    }
}

/// A number that Go writes as an integer, and reads again as int64.
fn int(doc: &Document<'_>, node: NodeId) -> Option<i64> {
    // 2^63, which is one more than int64 holds.
    const END: f64 = 9_223_372_036_854_775_808.0;
    match doc.scalar(node) {
        Scalar::Int(n) => Some(n),
        Scalar::Float(n) if n.trunc() == n && (-END..END).contains(&n) => Some(n as i64),
        _ => None,
    }
}

/// Kubernetes: k8s.io/apimachinery/pkg/api/resource/quantity.go, UnmarshalJSON, which looks at the JSON text.
fn quantity(doc: &Document<'_>, node: NodeId) -> Result<(), Misfit> {
    let parsed = match doc.scalar(node) {
        Scalar::Str(s) => Quantity::parse(s).or_else(|_| {
            // What Go's encoder writes as an escape is no part of a quantity, not even where it is a space.
            let escaped = s.contains(|c| c < ' ' || matches!(c, '\u{2028}' | '\u{2029}'));
            Quantity::parse(if escaped { "" } else { s.trim() })
        }),
        Scalar::Int(n) => Quantity::parse(&format_int(n)),
        Scalar::Float(n) => Quantity::parse(format_json(n).as_deref().unwrap_or_default()),
        _ => Quantity::parse(""),
    };
    parsed.map(drop).map_err(|error| Misfit::Error(error.to_string()))
}

fn time(text: &str) -> Result<(), Misfit> {
    if is_plain_time(text) { Ok(()) } else { unix_nanos(text).map(drop).map_err(Misfit::Error) }
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
