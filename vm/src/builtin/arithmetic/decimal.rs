//! Products and quotients of a quantity and a number.
//!
//! The reference computes them with decimals that know how many places they have, and cuts quotients off at the
//! longer of the two. A [`Quantity`] does not show its places, so they are found from its text here.

use std::fmt::Write as _;

use crate::scalar::number::text_v;
use crate::scalar::{Format, Quantity, QuantityError};

/// More digits than this are not computed with.
const MAX_DIGITS: i64 = 10_000;
/// The smallest exponent that a quantity is read with.
const NANO: i64 = -9;

/// `± digits * 10^exponent`
pub(super) struct Decimal {
    negative: bool,
    /// Most significant first.
    digits: Vec<u8>,
    exponent: i64,
    /// Decimal places that the reference keeps of it, zeros included; below zero where it keeps fewer digits.
    places: i64,
}

impl Decimal {
    /// The quantity that was read from this text.
    pub(super) fn of(quantity: &Quantity, text: &str) -> Result<Self, QuantityError> {
        let plain = in_format(quantity, Format::DecimalExponent)?;
        let (number, exponent) = plain.split_once('e').unwrap_or((&plain, "0"));
        let (negative, digits) = match number.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, number),
        };
        let digits = digits.bytes().map(|digit| digit.wrapping_sub(b'0')).collect();
        let exponent = exponent.parse().unwrap_or(0);
        Ok(Self { negative, digits, exponent, places: places(quantity, text) })
    }

    /// The quantity that is spelled as Go's `%v` spells this number; no quantity is infinite.
    pub(super) fn of_float(number: f64) -> Result<Self, QuantityError> {
        let text = text_v(number);
        Self::of(&Quantity::parse_number(&text)?, &text)
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        let mut columns = vec![0_u64; self.digits.len() + other.digits.len()];
        for (i, a) in self.digits.iter().rev().enumerate() {
            for (column, b) in columns.iter_mut().skip(i).zip(other.digits.iter().rev()) {
                *column += u64::from(*a) * u64::from(*b);
            }
        }
        let mut carry = 0;
        let mut digits: Vec<u8> = columns.iter().map(|column| next_digit(&mut carry, *column)).collect();
        digits.reverse();
        Self {
            negative: self.negative != other.negative,
            digits,
            exponent: self.exponent.saturating_add(other.exponent),
            places: self.places.saturating_add(other.places),
        }
    }

    /// The quotient, rounded towards zero. A divisor that comes from a float has few digits.
    pub(super) fn over(&self, divisor: &Self) -> Result<Self, QuantityError> {
        let places = self.places.max(divisor.places);
        let by = divisor.digits.iter().fold(0_u64, |n, digit| n.saturating_mul(10).saturating_add((*digit).into()));
        let shift = self.exponent.saturating_sub(divisor.exponent).saturating_add(places);
        let len = i64::try_from(self.digits.len()).unwrap_or(i64::MAX).saturating_add(shift);
        if len > MAX_DIGITS {
            return Err(QuantityError::TooLong);
        }
        let mut rest = 0_u128;
        let mut quotient = |digit: u8| {
            rest = rest * 10 + u128::from(digit);
            let digit = rest / u128::from(by.max(1));
            rest %= u128::from(by.max(1));
            u8::try_from(digit).unwrap_or(0)
        };
        let zeros = std::iter::repeat(&0);
        let digits = self.digits.iter().chain(zeros).take(usize::try_from(len).unwrap_or(0));
        let digits = digits.map(|digit| quotient(*digit)).collect();
        Ok(Self { negative: self.negative != divisor.negative, digits, exponent: places.saturating_neg(), places })
    }

    /// The canonical text of the quantity with this number and notation.
    pub(super) fn canonical(&self, format: Format) -> Result<String, QuantityError> {
        let mut digits: String = self.digits.iter().map(|digit| char::from(b'0' + digit % 10)).collect();
        let significant = digits.trim_end_matches('0').len();
        let zeros = i64::try_from(digits.len() - significant).unwrap_or(0);
        digits.truncate(significant);
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Ok("0".to_owned());
        }
        let exponent = self.exponent.saturating_add(zeros);
        let sign = if self.negative { "-" } else { "" };
        if exponent >= NANO {
            let quantity = Quantity::parse_number(&format!("{sign}{digits}e{exponent}"))?;
            return in_format(&quantity, format);
        }
        // No suffix stands for less than a billionth: the reference writes none, and so another number.
        let padding = exponent.rem_euclid(3);
        let width = digits.len() + usize::try_from(padding).unwrap_or(0);
        let mut text = format!("{sign}{digits:0<width$}");
        if format == Format::DecimalExponent {
            let written = write!(text, "e{}", exponent.saturating_sub(padding));
            debug_assert!(written.is_ok());
        }
        Ok(text)
    }
}

fn next_digit(carry: &mut u64, column: u64) -> u8 {
    *carry += column;
    let digit = u8::try_from(*carry % 10).unwrap_or(0);
    *carry /= 10;
    digit
}

/// The canonical text of the same number in another notation.
fn in_format(quantity: &Quantity, format: Format) -> Result<String, QuantityError> {
    if quantity.format() == format {
        return Ok(quantity.canonical());
    }
    // A sum has the notation of its first operand.
    let one = Quantity::from_int(1, format);
    Ok(one.add(quantity)?.sub(&one)?.canonical())
}

/// The count of decimal places of the reference: as spelled where the number is held as a 64-bit integer with an
/// exponent, and nine where it is held as a decimal.
fn places(quantity: &Quantity, text: &str) -> i64 {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let significant = unsigned.trim_start_matches('0');
    let suffix_at = significant.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(significant.len());
    let (number, suffix) = significant.split_at_checked(suffix_at).unwrap_or((significant, ""));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let len = |digits: &str| i64::try_from(digits.len()).unwrap_or(i64::MAX / 4);
    let (whole, fraction) = (len(whole).max(1), len(fraction));

    if let Some(exponent) = binary_exponent(suffix) {
        let small = fraction == 0 && 15 - whole - exponent * 3 / 10 > 0;
        // The largest number is the one that others are cut down to, and that has no places.
        let cut = quantity.as_int().is_none() && quantity.value().unsigned_abs() == i64::MAX.unsigned_abs();
        return match quantity.is_zero() {
            true => fraction,
            false if small || cut => 0,
            false => -NANO,
        };
    }
    let exponent = decimal_exponent(suffix);
    let small = whole + fraction <= 18 && exponent.saturating_sub(fraction) >= NANO;
    if small || quantity.is_zero() { fraction.saturating_sub(exponent) } else { -NANO }
}

fn binary_exponent(suffix: &str) -> Option<i64> {
    let at = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].iter().position(|known| *known == suffix)?;
    i64::try_from(at).ok().map(|at| (at + 1) * 10)
}

fn decimal_exponent(suffix: &str) -> i64 {
    match suffix {
        "n" => -9,
        "u" => -6,
        "m" => -3,
        "k" => 3,
        "M" => 6,
        "G" => 9,
        "T" => 12,
        "P" => 15,
        "E" => 18,
        _ => suffix.get(1..).and_then(|exponent| exponent.parse().ok()).unwrap_or(0),
    }
}
