//! `Equals` and `NotEquals`: the type of the key decides how the value is read.

use super::durations;
use crate::builtin::Call;
use crate::machine::View;
use crate::scalar::number::{float_to_int, parse_float, parse_int};
use crate::scalar::{Quantity, glob};
use crate::value::Val;

/// Whether the value is what the key is; nothing equals `null`.
pub(super) fn equal(call: &Call<'_, '_>, key: Val, value: Val) -> bool {
    let view = call.view(value);
    match call.view(key) {
        View::Absent | View::Null | View::Reference(_) | View::Fault(_) => false,
        View::Bool(key) => view == View::Bool(key),
        View::Int(key) => equals_int(key, view),
        View::Float(key) => equals_float(key, view),
        View::Str(key) => equals_text(key, view),
        View::List => view == View::List && call.equal(key, value),
        View::Map => view == View::Map && call.equal(key, value),
    }
}

/// Kyverno: notequal.go has all branches of equal.go again, each with the opposite result, but `null` is also not
/// unequal to anything.
pub(super) fn not_equal(call: &Call<'_, '_>, key: Val, value: Val) -> bool {
    !matches!(call.view(key), View::Absent | View::Null | View::Fault(_)) && !equal(call, key, value)
}

fn equals_int(key: i64, value: View<'_>) -> bool {
    match value {
        View::Int(value) => value == key,
        View::Float(value) => value == value.trunc() && float_to_int(value) == key,
        View::Str(text) => parse_int(text) == Some(key),
        _ => false,
    }
}

fn equals_float(key: f64, value: View<'_>) -> bool {
    match value {
        View::Int(value) => key == key.trunc() && float_to_int(key) == value,
        View::Float(value) => value == key,
        View::Str(text) => parse_float(text) == Some(key),
        _ => false,
    }
}

/// As durations, else as quantities if the key is one, else with the value as a wildcard.
fn equals_text(key: &str, value: View<'_>) -> bool {
    if let Some((key, value)) = durations::pair(View::Str(key), value) {
        return key == value;
    }
    let View::Str(value) = value else { return false };
    match Quantity::parse_number(key) {
        Ok(key) => Quantity::parse_number(value).is_ok_and(|value| key == value),
        Err(_) => glob::matches(value, key),
    }
}
