//! Durations: what a pair of values is in time, and the deprecated `Duration*` operators.

use super::order::Order;
use crate::machine::View;
use crate::scalar::duration;
use crate::scalar::number::float_to_int;

/// Whether the key stands in this order to the value, both as durations.
pub(super) fn holds(order: Order, key: View<'_>, value: View<'_>) -> bool {
    match (nanoseconds(key), nanoseconds(value)) {
        (Some(key), Some(value)) => order.holds(&key, &value),
        _ => false,
    }
}

/// Key and value in seconds, where one is a text that is a duration, and the other is one or a number of seconds.
pub(super) fn pair(key: View<'_>, value: View<'_>) -> Option<(f64, f64)> {
    let (mut key_time, mut value_time) = (of_text(key), of_text(value));
    match (key_time, value_time) {
        (None, None) => return None,
        (None, _) => key_time = of_number(key),
        (_, None) => value_time = of_number(value),
        _ => {}
    }
    Some((duration::seconds(key_time?), duration::seconds(value_time?)))
}

fn of_text(view: View<'_>) -> Option<i64> {
    match view {
        // Kyverno: operator.go, `0` is a duration in Go; the other spellings of zero are taken for one.
        View::Str("0") => None,
        View::Str(text) => duration::parse(text).ok(),
        _ => None,
    }
}

/// Seconds as nanoseconds, without a fraction and without a check for overflow, as Go multiplies.
fn of_number(view: View<'_>) -> Option<i64> {
    let seconds = match view {
        View::Int(seconds) => seconds,
        View::Float(seconds) => float_to_int(seconds),
        _ => return None,
    };
    Some(seconds.wrapping_mul(1_000_000_000))
}

fn nanoseconds(view: View<'_>) -> Option<i64> {
    match view {
        View::Str(text) => duration::parse(text).ok(),
        _ => of_number(view),
    }
}
