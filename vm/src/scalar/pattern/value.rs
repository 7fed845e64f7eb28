//! The value's side of a string pattern.

use crate::scalar::number::{format_exponent, format_fixed, format_int};
use crate::scalar::{Format, Glob, Quantity, Scalar, duration};

/// A value with what has been read from it so far, so that the terms of one pattern do not parse it again.
pub(super) struct Value<'a> {
    scalar: Scalar<'a>,
    duration: Option<Option<i64>>,
    quantity: Option<Option<Quantity>>,
}

impl<'a> Value<'a> {
    pub(super) fn new(scalar: Scalar<'a>) -> Self {
        Self { scalar, duration: None, quantity: None }
    }

    /// The value as a duration.
    pub(super) fn duration(&mut self) -> Option<i64> {
        *self.duration.get_or_insert_with(|| match self.scalar {
            Scalar::Str(text) => duration::parse(text).ok(),
            // The only number that needs no unit. A float never is one: Go writes it with a point.
            Scalar::Null | Scalar::Int(0) => Some(0),
            _ => None,
        })
    }

    /// The value as a quantity.
    pub(super) fn quantity(&mut self) -> Option<&Quantity> {
        self.quantity
            .get_or_insert_with(|| match self.scalar {
                Scalar::Str(text) => Quantity::parse_number(text).ok(),
                Scalar::Null => Some(Quantity::from_int(0, Format::DecimalSi)),
                Scalar::Int(value) => Some(Quantity::from_int(value, Format::DecimalSi)),
                // Six digits after the point, which is why 0.0000001 is no more than 0 here.
                Scalar::Float(value) => Quantity::parse_number(&format_fixed(value)).ok(),
                Scalar::Bool(_) | Scalar::List | Scalar::Map => None,
            })
            .as_ref()
    }

    /// Whether the value's text matches; `None` for what has no text.
    pub(super) fn matches(&self, glob: &Glob) -> Option<bool> {
        Some(match self.scalar {
            Scalar::Str(text) => glob.matches(text),
            Scalar::Int(value) => glob.matches(&format_int(value)),
            Scalar::Float(value) => glob.matches(&format_exponent(value)),
            Scalar::Bool(value) => glob.matches(if value { "true" } else { "false" }),
            Scalar::Null | Scalar::List | Scalar::Map => return None,
        })
    }
}
