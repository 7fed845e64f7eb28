//! `GreaterThan` and the like: as durations, quantities, numbers or versions, whichever the key is first.

use super::durations;
use crate::machine::View;
use crate::scalar::Quantity;
use crate::scalar::number::parse_float;
use crate::scalar::semver::Version;

/// An order of two values.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Order {
    /// Whether the key stands in this order to the value; what has no order does not.
    pub(super) fn holds<T: PartialOrd>(self, key: &T, value: &T) -> bool {
        match self {
            Order::Greater => key > value,
            Order::GreaterOrEqual => key >= value,
            Order::Less => key < value,
            Order::LessOrEqual => key <= value,
        }
    }
}

/// Whether the key stands in this order to the value.
pub(super) fn holds(order: Order, key: View<'_>, value: View<'_>) -> bool {
    match key {
        View::Int(number) => number_holds(order, number as f64, key, value),
        View::Float(number) => number_holds(order, number, key, value),
        View::Str(text) => text_holds(order, text, value),
        _ => false,
    }
}

/// A key that is a number, and the same as a float64, which is what is compared.
fn number_holds(order: Order, number: f64, key: View<'_>, value: View<'_>) -> bool {
    match value {
        View::Int(value) => order.holds(&number, &(value as f64)),
        View::Float(value) => order.holds(&number, &value),
        View::Str(text) => match durations::pair(key, value) {
            Some((key, value)) => order.holds(&key, &value),
            // Kyverno reads an int64 next, but whatever is one has been a float64 already.
            None => parse_float(text).is_some_and(|value| order.holds(&number, &value)),
        },
        _ => false,
    }
}

fn text_holds(order: Order, key: &str, value: View<'_>) -> bool {
    if let Some((key, value)) = durations::pair(View::Str(key), value) {
        return order.holds(&key, &value);
    }
    if let View::Str(text) = value
        && let Ok(key) = Quantity::parse_number(key)
        && let Ok(value) = Quantity::parse_number(text)
    {
        return order.holds(&key, &value);
    }
    if let Some(number) = parse_float(key) {
        return number_holds(order, number, View::Float(number), value);
    }
    match (Version::parse(key), value) {
        (Ok(key), View::Str(text)) => Version::parse(text).is_ok_and(|value| order.holds(&key, &value)),
        _ => false,
    }
}
