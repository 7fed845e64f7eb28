//! Go's number syntax.

use std::borrow::Cow;

/// `strconv.ParseInt(text, 10, 64)`; `None` where Go gives an error.
#[must_use]
pub fn parse_int(text: &str) -> Option<i64> {
    // The two standard libraries agree here: a sign, then ASCII digits, nothing else.
    text.parse().ok()
}

/// `strconv.ParseFloat(text, 64)`; `None` where Go gives an error, which includes numbers out of range.
#[must_use]
pub fn parse_float(text: &str) -> Option<f64> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let signed = |value: f64| if negative { -value } else { value };
    if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") {
        return Some(signed(f64::INFINITY));
    }
    if text.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    let unsigned = if unsigned.contains('_') {
        if !underscores_separate_digits(unsigned) {
            return None;
        }
        Cow::Owned(unsigned.replace('_', ""))
    } else {
        Cow::Borrowed(unsigned)
    };
    let value = match unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        Some(hex) => parse_hex(hex.as_bytes())?,
        None => {
            // Rust reads more words and a second sign here than Go does.
            let decimal = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
            let first = *unsigned.as_bytes().first()?;
            if !unsigned.bytes().all(decimal) || matches!(first, b'+' | b'-') {
                return None;
            }
            unsigned.parse().ok()?
        }
    };
    value.is_finite().then(|| signed(value))
}

/// Whether each underscore has a digit or the prefix `0x` before it and a digit after it.
fn underscores_separate_digits(unsigned: &str) -> bool {
    let (hex, mut after_digit, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', rest @ ..] => (true, true, rest),
        all => (false, false, all),
    };
    let mut open = false;
    for byte in digits {
        let digit = byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit();
        if digit {
            open = false;
        } else if open || *byte == b'_' && !after_digit {
            return false;
        } else {
            open = *byte == b'_';
        }
        after_digit = digit;
    }
    !open
}

/// The mantissa and the obligatory binary exponent of a hexadecimal float.
fn parse_hex(text: &[u8]) -> Option<f64> {
    let at = text.iter().position(|byte| matches!(byte, b'p' | b'P'))?;
    let (mantissa_text, exponent_text) = (text.get(..at)?, text.get(at + 1..)?);

    let (mut mantissa, mut exponent) = (0_u64, 0_i64);
    let (mut digits, mut point, mut lost) = (false, false, false);
    for &byte in mantissa_text {
        if byte == b'.' {
            if point {
                return None;
            }
            point = true;
            continue;
        }
        let digit = char::from(byte).to_digit(16)?;
        digits = true;
        // Sixteen digits fill the mantissa; of the rest it matters only whether they are zero.
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            exponent -= if point { 4 } else { 0 };
        } else {
            lost |= digit != 0;
            exponent += if point { 0 } else { 4 };
        }
    }
    if !digits {
        return None;
    }

    let (negative, exponent_digits) = match exponent_text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    if exponent_digits.is_empty() {
        return None;
    }
    let mut written = 0_i64;
    for &byte in exponent_digits {
        let digit = char::from(byte).to_digit(10)?;
        if written < 10_000 {
            written = written * 10 + i64::from(digit);
        }
    }
    exponent += if negative { -written } else { written };
    Some(assemble(mantissa, lost, exponent))
}

/// `mantissa * 2^exponent` rounded to the nearest float, to the even one of two; infinite if out of range.
fn assemble(mantissa: u64, lost: bool, exponent: i64) -> f64 {
    const FRACTION_BITS: i64 = 52;
    const SMALLEST: i64 = -1074;
    if mantissa == 0 {
        return 0.0;
    }
    let leading = i64::from(mantissa.leading_zeros());
    let top = exponent + 63 - leading;
    if top > 1023 {
        return f64::INFINITY;
    }
    // The exponent of the last bit that a float of this size holds.
    let unit = (top - FRACTION_BITS).max(SMALLEST);
    let shift = unit - exponent;
    let bits = if shift <= 0 {
        // At most eleven zeros lead to 53 bits, so nothing is shifted out.
        mantissa << u32::try_from(-shift).unwrap_or(0)
    } else {
        let shift = u32::try_from(shift).unwrap_or(u32::MAX);
        let kept = mantissa.checked_shr(shift).unwrap_or(0);
        let half = if shift > 64 { 0 } else { 1_u64 << (shift - 1) };
        let rest = mantissa & half.wrapping_sub(1);
        let above_half = mantissa & half != 0 && (rest != 0 || lost || kept & 1 == 1);
        kept + u64::from(above_half)
    };
    if bits == 0 {
        return 0.0;
    }
    // A carry out of the fraction moves into the exponent, which is how the bits of a float are made.
    let exponent_field = u64::try_from(unit - SMALLEST).unwrap_or(0);
    f64::from_bits(bits + (exponent_field << FRACTION_BITS))
}
