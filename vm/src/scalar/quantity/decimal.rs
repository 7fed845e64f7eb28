//! The other form of a quantity: a decimal of any size.

use std::cmp::Ordering;

use super::magnitude::Magnitude;
use super::pow10;
use crate::scalar::number::float_to_int;

/// More digits than this are not computed with.
const MAX_DIGITS: i64 = 10_000;

/// `± magnitude * 10^exponent`
///
/// The reference has an integer ("unscaled") and a count of decimal places. `scale` is that count, so that its integer
/// is `magnitude * 10^(exponent + scale)`, which is computed only where its overflow is to be seen: for `1e300` it has
/// more than three hundred digits. `exponent + scale` is never negative.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    pub(super) negative: bool,
    pub(super) magnitude: Magnitude,
    pub(super) exponent: i64,
    pub(super) scale: i32,
}

impl Decimal {
    pub(super) fn sign(&self) -> i8 {
        match (self.magnitude.is_zero(), self.negative) {
            (true, _) => 0,
            (_, true) => -1,
            _ => 1,
        }
    }

    pub(super) fn negated(&self) -> Self {
        Self { negative: !self.negative, ..self.clone() }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let sign = self.sign();
        sign.cmp(&other.sign()).then_with(|| {
            let ordering = self.magnitude.compare(self.exponent, &other.magnitude, other.exponent);
            if sign < 0 { ordering.reverse() } else { ordering }
        })
    }

    /// Whether the magnitude is less than this integer.
    pub(super) fn is_below(&self, limit: u64) -> bool {
        self.magnitude.compare(self.exponent, &Magnitude::Small(limit.into()), 0) == Ordering::Less
    }

    /// `None` if the sum has too many digits.
    pub(super) fn checked_add(&self, other: &Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        if other.magnitude.is_zero() {
            return Some(Self { scale, ..self.clone() });
        }
        if self.magnitude.is_zero() {
            return Some(Self { scale, ..other.clone() });
        }
        let exponent = self.exponent.min(other.exponent);
        let aligned = |decimal: &Self| {
            let places = decimal.exponent - exponent;
            let fits = decimal.magnitude.len().saturating_add(places) <= MAX_DIGITS;
            fits.then(|| decimal.magnitude.times_pow10(places))
        };
        let (a, b) = (aligned(self)?, aligned(other)?);
        let (negative, magnitude) = if self.negative == other.negative {
            (self.negative, a.plus(&b))
        } else {
            match a.compare(0, &b, 0) {
                Ordering::Less => (other.negative, b.minus(&a)),
                Ordering::Equal => (false, Magnitude::Small(0)),
                Ordering::Greater => (self.negative, a.minus(&b)),
            }
        };
        let exponent = if magnitude.is_zero() { -i64::from(scale) } else { exponent };
        Some(Self { negative, magnitude, exponent, scale })
    }

    /// The number in units of `10^new_scale`, rounded up, cut to 64 bits at the places where the reference cuts.
    pub(super) fn scaled_value(&self, new_scale: i32) -> i64 {
        let drop = i64::from(self.scale) + i64::from(new_scale);
        let zeros = self.exponent + i64::from(self.scale);
        let low = || self.signed(self.magnitude.low_bits(zeros));
        if drop <= 0 {
            return if drop == 0 { low() } else { low().wrapping_mul(float_to_int(pow10(-drop))) };
        }
        let unscaled_fits = self.negative
            || self.magnitude.compare(zeros, &Magnitude::Small(i64::MAX.unsigned_abs().into()), 0).is_lt();
        if unscaled_fits && drop < 19 {
            // Large negative numbers take this way too and lose their high bits; positive ones do not.
            let divisor = float_to_int(pow10(drop));
            let unscaled = low();
            return unscaled / divisor + i64::from(unscaled % divisor != 0);
        }
        // A division that rounds down, and one more if there was a remainder.
        let (quotient, exact) = if zeros >= drop {
            (self.magnitude.low_bits(zeros - drop), true)
        } else {
            let (quotient, exact) = self.magnitude.divided_by_pow10(drop - zeros);
            (quotient.low_bits(0), exact)
        };
        match (exact, self.negative) {
            (true, _) => self.signed(quotient),
            (false, true) => self.signed(quotient.wrapping_add(1)).wrapping_add(1),
            (false, false) => self.signed(quotient).wrapping_add(1),
        }
    }

    fn signed(&self, low_bits: u64) -> i64 {
        let value = low_bits.cast_signed();
        if self.negative { value.wrapping_neg() } else { value }
    }

    pub(super) fn approx(&self) -> f64 {
        let unscaled = self.magnitude.to_float(self.exponent + i64::from(self.scale));
        let base = if self.negative && !self.magnitude.is_zero() { -unscaled } else { unscaled };
        let exponent = self.scale.wrapping_neg();
        if exponent == 0 { base } else { base * pow10(exponent.into()) }
    }
}
