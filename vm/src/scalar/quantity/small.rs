//! The common form of a quantity: a 64-bit integer with a decimal exponent.

use super::decimal::Decimal;
use super::magnitude::Magnitude;
use super::pow10;

/// `value * 10^scale`
#[derive(Clone, Copy, Debug)]
pub(super) struct Small {
    pub(super) value: i64,
    pub(super) scale: i32,
}

impl Small {
    pub(super) fn decimal(self) -> Decimal {
        Decimal {
            negative: self.value < 0,
            magnitude: Magnitude::Small(self.value.unsigned_abs().into()),
            exponent: self.scale.into(),
            scale: self.scale.wrapping_neg(),
        }
    }

    /// `None` where the sum or an aligned number leaves 64 bits.
    pub(super) fn checked_add(self, other: Self) -> Option<Self> {
        if other.value == 0 {
            return Some(self);
        }
        if self.value == 0 {
            return Some(other);
        }
        let scale = self.scale.min(other.scale);
        let aligned = |small: Self| times_pow10(small.value, small.scale.wrapping_sub(scale));
        Some(Self { value: aligned(self)?.checked_add(aligned(other)?)?, scale })
    }

    pub(super) fn as_int(self) -> Option<i64> {
        if self.scale < 0 { None } else { times_pow10(self.value, self.scale) }
    }

    /// The number in units of `10^scale`, rounded away from zero. Out of range it is what the reference makes of it.
    pub(super) fn scaled_value(self, scale: i32) -> i64 {
        if self.scale < scale {
            divided_by_pow10(self.value, scale.wrapping_sub(self.scale))
        } else {
            let places = self.scale.wrapping_sub(scale);
            times_pow10(self.value, places).unwrap_or_else(|| overflowed(self.value, places))
        }
    }

    pub(super) fn approx(self) -> f64 {
        let base = self.value as f64;
        if self.scale == 0 { base } else { base * pow10(self.scale.into()) }
    }
}

/// For a `places` that has wrapped around to below zero, the value itself, as in the reference.
fn times_pow10(value: i64, places: i32) -> Option<i64> {
    if value == 0 {
        return Some(0);
    }
    let places = u32::try_from(places).unwrap_or(0);
    value.checked_mul(10_i64.checked_pow(places)?)
}

/// The reference multiplies by the usual powers at once and keeps the low bits, by others step by step and gives up.
fn overflowed(value: i64, places: i32) -> i64 {
    let power = match places {
        _ if value == i64::MIN => 0,
        1 => 10,
        2 => 100,
        3 => 1_000,
        6 => 1_000_000,
        9 => 1_000_000_000,
        _ => 0,
    };
    value.wrapping_mul(power)
}

fn divided_by_pow10(value: i64, places: i32) -> i64 {
    let divisor = u32::try_from(places).ok().and_then(|places| 10_i64.checked_pow(places));
    // A divisor beyond 64 bits leaves nothing but the sign.
    let Some(divisor) = divisor else { return value.signum() };
    let quotient = value / divisor;
    if value % divisor == 0 { quotient } else { quotient + value.signum() }
}
