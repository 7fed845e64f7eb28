//! From quantity to canonical text.

use std::fmt::Write as _;

use super::Format;
use super::decimal::Decimal;

/// The largest suffix that leaves an integer before it.
pub(super) fn canonical(decimal: &Decimal, format: Format) -> String {
    if decimal.magnitude.is_zero() {
        return "0".to_owned();
    }
    let mut text = String::with_capacity(24);
    if decimal.negative {
        text.push('-');
    }
    if format == Format::BinarySi
        && !decimal.is_below(1024)
        && let Some((digits, exponent)) = binary(decimal)
    {
        push_digits(&mut text, &digits);
        // Beyond the last suffix the reference writes none at all, and so another number.
        text.push_str(match exponent {
            1 => "Ki",
            2 => "Mi",
            3 => "Gi",
            4 => "Ti",
            5 => "Pi",
            6 => "Ei",
            _ => "",
        });
        return text;
    }
    let mut digits = decimal.magnitude.digits();
    let zeros = digits.iter().rev().take_while(|digit| **digit == 0).count();
    digits.truncate(digits.len() - zeros);
    let exponent = decimal.exponent.saturating_add(i64::try_from(zeros).unwrap_or(i64::MAX));
    let padding = exponent.rem_euclid(3);
    let exponent = exponent - padding;
    digits.resize(digits.len() + usize::try_from(padding).unwrap_or(0), 0);
    push_digits(&mut text, &digits);
    if format == Format::DecimalExponent {
        if exponent != 0 {
            let written = write!(text, "e{exponent}");
            debug_assert!(written.is_ok());
        }
        return text;
    }
    text.push_str(match exponent {
        -9 => "n",
        -6 => "u",
        -3 => "m",
        3 => "k",
        6 => "M",
        9 => "G",
        12 => "T",
        15 => "P",
        18 => "E",
        _ => "",
    });
    text
}

/// An integer without its factors of 1024, and how many there were; `None` for what is no integer.
fn binary(decimal: &Decimal) -> Option<(super::magnitude::Digits, u32)> {
    let mut number = if decimal.exponent >= 0 {
        decimal.magnitude.times_pow10(decimal.exponent)
    } else {
        let (quotient, exact) = decimal.magnitude.divided_by_pow10(-decimal.exponent);
        exact.then_some(quotient)?
    };
    let mut times = 0;
    loop {
        let (quotient, rest) = number.divided_by(1024);
        if rest != 0 {
            return Some((number.digits(), times));
        }
        number = quotient;
        times += 1;
    }
}

fn push_digits(text: &mut String, digits: &[u8]) {
    text.extend(digits.iter().map(|digit| char::from(b'0' + digit)));
}
