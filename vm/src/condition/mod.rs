//! Kyverno's condition operators: whether a key and a value, both already expanded, are related as an operator says.
//!
//! A value that an operator cannot compare is never an error, but most often simply not so; each family of operators
//! has a module and its own idea of what it can compare. Which type of Go a number has matters only in lists and maps.

use std::borrow::Cow;

use crate::builtin::Call;
use crate::machine::View;
use crate::value::Val;

mod deprecated;
mod durations;
mod equality;
mod json;
mod membership;
mod order;
mod range;
#[cfg(test)]
mod tests;

/// How a condition relates its key to its value. The number of each is its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Operator {
    /// `Equals`, also written `Equal`
    Equals,
    /// `NotEquals`, also written `NotEqual`
    NotEquals,
    /// `In`, deprecated
    In,
    /// `NotIn`, deprecated
    NotIn,
    /// `AnyIn`
    AnyIn,
    /// `AllIn`
    AllIn,
    /// `AnyNotIn`
    AnyNotIn,
    /// `AllNotIn`
    AllNotIn,
    /// `GreaterThan`
    GreaterThan,
    /// `GreaterThanOrEquals`
    GreaterThanOrEquals,
    /// `LessThan`
    LessThan,
    /// `LessThanOrEquals`
    LessThanOrEquals,
    /// `DurationGreaterThan`, deprecated
    DurationGreaterThan,
    /// `DurationGreaterThanOrEquals`, deprecated
    DurationGreaterThanOrEquals,
    /// `DurationLessThan`, deprecated
    DurationLessThan,
    /// `DurationLessThanOrEquals`, deprecated
    DurationLessThanOrEquals,
    /// An order in another case, like `greaterthan`: accepted, but it never holds
    Miscased,
}

impl Operator {
    /// All operators, each at the place of its encoding.
    pub const ALL: [Operator; 17] = [
        Operator::Equals,
        Operator::NotEquals,
        Operator::In,
        Operator::NotIn,
        Operator::AnyIn,
        Operator::AllIn,
        Operator::AnyNotIn,
        Operator::AllNotIn,
        Operator::GreaterThan,
        Operator::GreaterThanOrEquals,
        Operator::LessThan,
        Operator::LessThanOrEquals,
        Operator::DurationGreaterThan,
        Operator::DurationGreaterThanOrEquals,
        Operator::DurationLessThan,
        Operator::DurationLessThanOrEquals,
        Operator::Miscased,
    ];

    /// The operator of this name in any case; `None` where Kyverno has none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "Equal" => return Some(Operator::Equals),
            "NotEqual" => return Some(Operator::NotEquals),
            _ => {}
        }
        if let Some(exact) = Self::ALL.into_iter().find(|operator| operator.name() == name) {
            return Some(exact);
        }
        // Go's strings.ToLower makes one more letter an `i`; no other letter becomes one of an operator's name.
        let lower: String = name.chars().map(|c| if c == 'İ' { 'i' } else { c.to_ascii_lowercase() }).collect();
        match lower.as_str() {
            "equal" => return Some(Operator::Equals),
            "notequal" => return Some(Operator::NotEquals),
            _ => {}
        }
        let found = Self::ALL.into_iter().find(|operator| operator.name().eq_ignore_ascii_case(&lower))?;
        // Kyverno: operator.go finds the handler in any case, numeric.go and duration.go then want the exact name.
        Some(if found.is_order() { Operator::Miscased } else { found })
    }

    /// The name, which [`Operator::parse`] reads back.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operator::Equals => "Equals",
            Operator::NotEquals => "NotEquals",
            Operator::In => "In",
            Operator::NotIn => "NotIn",
            Operator::AnyIn => "AnyIn",
            Operator::AllIn => "AllIn",
            Operator::AnyNotIn => "AnyNotIn",
            Operator::AllNotIn => "AllNotIn",
            Operator::GreaterThan => "GreaterThan",
            Operator::GreaterThanOrEquals => "GreaterThanOrEquals",
            Operator::LessThan => "LessThan",
            Operator::LessThanOrEquals => "LessThanOrEquals",
            Operator::DurationGreaterThan => "DurationGreaterThan",
            Operator::DurationGreaterThanOrEquals => "DurationGreaterThanOrEquals",
            Operator::DurationLessThan => "DurationLessThan",
            Operator::DurationLessThanOrEquals => "DurationLessThanOrEquals",
            Operator::Miscased => "greaterthan",
        }
    }

    /// The operator of this encoding.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    fn is_order(self) -> bool {
        self as u8 >= Operator::GreaterThan as u8
    }
}

/// Whether the key stands in this relation to the value. Nothing, and what has failed, count as `null`.
#[must_use]
pub fn holds(call: &Call<'_, '_>, operator: Operator, key: Val, value: Val) -> bool {
    use membership::Quantifier::{All, AllNot, Any, AnyNot};
    use order::Order::{Greater, GreaterOrEqual, Less, LessOrEqual};
    match operator {
        Operator::Equals => equality::equal(call, key, value),
        Operator::NotEquals => equality::not_equal(call, key, value),
        Operator::In => deprecated::is_in(call, key, value),
        Operator::NotIn => deprecated::not_in(call, key, value),
        Operator::AnyIn => membership::holds(call, Any, key, value),
        Operator::AllIn => membership::holds(call, All, key, value),
        Operator::AnyNotIn => membership::holds(call, AnyNot, key, value),
        Operator::AllNotIn => membership::holds(call, AllNot, key, value),
        Operator::GreaterThan => order::holds(Greater, call.view(key), call.view(value)),
        Operator::GreaterThanOrEquals => order::holds(GreaterOrEqual, call.view(key), call.view(value)),
        Operator::LessThan => order::holds(Less, call.view(key), call.view(value)),
        Operator::LessThanOrEquals => order::holds(LessOrEqual, call.view(key), call.view(value)),
        Operator::DurationGreaterThan => durations::holds(Greater, call.view(key), call.view(value)),
        Operator::DurationGreaterThanOrEquals => durations::holds(GreaterOrEqual, call.view(key), call.view(value)),
        Operator::DurationLessThan => durations::holds(Less, call.view(key), call.view(value)),
        Operator::DurationLessThanOrEquals => durations::holds(LessOrEqual, call.view(key), call.view(value)),
        Operator::Miscased => false,
    }
}

/// A value as Go's `fmt.Sprint` prints it.
fn text<'c>(call: &'c Call<'_, '_>, value: Val) -> Cow<'c, str> {
    match call.view(value) {
        View::Str(text) => Cow::Borrowed(text),
        View::Bool(true) => Cow::Borrowed("true"),
        View::Bool(false) => Cow::Borrowed("false"),
        _ => Cow::Owned(call.go_value(value)),
    }
}

/// The elements of a list, one after the other.
fn elements(call: &Call<'_, '_>, list: Val) -> impl Iterator<Item = Val> {
    let mut walk = call.memory.walk(call.documents, list);
    std::iter::from_fn(move || {
        let (item, rest) = call.memory.next(call.documents, walk)?;
        walk = rest;
        Some(item)
    })
}
