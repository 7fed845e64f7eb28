//! From text to quantity.

use super::decimal::Decimal;
use super::magnitude::{Digits, Magnitude};
use super::small::Small;
use super::{Amount, Format, Quantity, QuantityError};

/// The number's parts. Leading zeros are gone; `whole` is `0` if nothing else is left of it.
struct Parts<'a> {
    negative: bool,
    /// A sign `+`, leading zeros or a point: canonical text has none of them.
    odd: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
    /// Whether there was any digit at all.
    digits: bool,
}

pub(super) fn parse(text: &str, keep_spelling: bool) -> Result<Quantity, QuantityError> {
    if text.is_empty() {
        return Err(QuantityError::Format);
    }
    let parts = split(text)?;
    let (exponent, format) = suffix(parts.suffix).ok_or(QuantityError::Suffix)?;
    if let Some(small) = small(&parts, exponent, format) {
        let kept = keep_spelling && taken_for_canonical(&parts, small, format);
        let differs = parts.odd || format == Format::DecimalExponent;
        let spelling = (kept && differs).then(|| text.into());
        return Ok(Quantity { amount: Amount::Small(small), format, spelling });
    }
    if !parts.digits {
        return Err(QuantityError::Numeric);
    }
    let (decimal, format) = decimal(&parts, exponent, format);
    Ok(Quantity { amount: Amount::Decimal(decimal), format, spelling: None })
}

fn split(text: &str) -> Result<Parts<'_>, QuantityError> {
    let (negative, plus, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, false, text.get(1..).unwrap_or_default()),
        Some(b'+') => (false, true, text.get(1..).unwrap_or_default()),
        _ => (false, false, text),
    };
    let significant = unsigned.trim_start_matches('0');
    let zeros = significant.len() < unsigned.len();
    let (whole, rest) = digits(significant);
    let (point, (fraction, suffix)) = match rest.strip_prefix('.') {
        Some(rest) => (true, digits(rest)),
        None => (false, ("", rest)),
    };
    let after_letters = suffix.trim_start_matches(|letter| "eEinumkKMGTP".contains(letter));
    let exponent = after_letters.strip_prefix(['+', '-']).unwrap_or(after_letters);
    if !exponent.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(QuantityError::Format);
    }
    Ok(Parts {
        negative,
        odd: plus || zeros || point,
        whole: if whole.is_empty() { "0" } else { whole },
        fraction,
        suffix,
        // What is nothing but a sign is read as zero, before anyone looks for digits.
        digits: zeros || !whole.is_empty() || !fraction.is_empty() || unsigned.is_empty(),
    })
}

fn digits(text: &str) -> (&str, &str) {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(len).unwrap_or((text, ""))
}

/// The exponent, of two or of ten, and the notation of a suffix.
fn suffix(suffix: &str) -> Option<(i32, Format)> {
    let (exponent, format) = match suffix {
        "" => (0, Format::DecimalSi),
        "n" => (-9, Format::DecimalSi),
        "u" => (-6, Format::DecimalSi),
        "m" => (-3, Format::DecimalSi),
        "k" => (3, Format::DecimalSi),
        "M" => (6, Format::DecimalSi),
        "G" => (9, Format::DecimalSi),
        "T" => (12, Format::DecimalSi),
        "P" => (15, Format::DecimalSi),
        "E" => (18, Format::DecimalSi),
        "Ki" => (10, Format::BinarySi),
        "Mi" => (20, Format::BinarySi),
        "Gi" => (30, Format::BinarySi),
        "Ti" => (40, Format::BinarySi),
        "Pi" => (50, Format::BinarySi),
        "Ei" => (60, Format::BinarySi),
        _ => {
            let exponent: i64 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            // The reference drops the high bits too.
            let low = u32::try_from(exponent.cast_unsigned() & u64::from(u32::MAX)).ok()?;
            (low.cast_signed(), Format::DecimalExponent)
        }
    };
    Some((exponent, format))
}

/// The form for numbers of so few digits that they surely fit.
fn small(parts: &Parts<'_>, exponent: i32, format: Format) -> Option<Small> {
    let len = |text: &str| i32::try_from(text.len()).unwrap_or(i32::MAX / 4);
    let places = len(parts.fraction);
    let (precision, factor, scale) = match format {
        Format::BinarySi if parts.fraction.is_empty() => {
            (15 - len(parts.whole) - exponent * 3 / 10 - 1, 1_i64.checked_shl(exponent.unsigned_abs())?, 0)
        }
        Format::BinarySi => return None,
        Format::DecimalSi | Format::DecimalExponent => (18 - len(parts.whole) - places, 1, exponent),
    };
    let scale = scale.wrapping_sub(places);
    if precision < 0 || scale < -9 {
        return None;
    }
    let digits = parts.whole.bytes().chain(parts.fraction.bytes());
    let value = digits.fold(0_i64, |value, digit| value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')));
    let value = value.checked_mul(factor)?;
    Some(Small { value: if parts.negative { -value } else { value }, scale })
}

/// Whether the reference prints this number again as it was read. It looks at a few digits only, so it also keeps
/// spellings like `1.500` and `5.`, which are far from canonical.
fn taken_for_canonical(parts: &Parts<'_>, small: Small, format: Format) -> bool {
    if format == Format::BinarySi {
        return parts.whole.parse::<i64>().is_ok_and(|value| value % 8 != 0);
    }
    let zeros = parts.whole.bytes().chain(parts.fraction.bytes()).rev().take_while(|digit| *digit == b'0').count();
    small.scale % 3 == 0 && zeros < 3 && !parts.whole.starts_with('0')
}

fn decimal(parts: &Parts<'_>, exponent: i32, format: Format) -> (Decimal, Format) {
    let places = i32::try_from(parts.fraction.len()).unwrap_or(i32::MAX);
    let digits: Digits = parts.whole.bytes().chain(parts.fraction.bytes()).map(|digit| digit - b'0').collect();
    let mut magnitude = Magnitude::from_digits(&digits);
    let scale = if format == Format::BinarySi {
        magnitude = magnitude.times(1_u64.checked_shl(exponent.unsigned_abs()).unwrap_or(0));
        places
    } else {
        places.wrapping_sub(exponent)
    };
    let mut decimal = Decimal { negative: parts.negative, magnitude, exponent: -i64::from(scale), scale };
    if !decimal.magnitude.is_zero() {
        // Nine places are kept. What is less than the last of them still counts as one there.
        let dropped = -9 - decimal.exponent;
        if dropped > 0 {
            let (quotient, exact) = decimal.magnitude.divided_by_pow10(dropped);
            decimal.magnitude = if exact { quotient } else { quotient.plus(&Magnitude::Small(1)) };
            decimal.exponent = -9;
        }
        decimal.scale = 9;
    }
    let mut format = format;
    if format == Format::BinarySi {
        const MAX: u64 = i64::MAX.unsigned_abs();
        if !decimal.is_below(MAX) {
            decimal = Decimal { magnitude: Magnitude::Small(MAX.into()), exponent: 0, scale: 0, ..decimal };
        } else if decimal.is_below(1) && !decimal.magnitude.is_zero() {
            format = Format::DecimalSi;
        }
    }
    (decimal, format)
}
