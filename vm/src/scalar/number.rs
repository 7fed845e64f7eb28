//! Numbers as Go reads and writes them.
//!
//! Messages, comparisons with globs and generated documents show Go's spelling, so it has to be the same to the byte.

use std::fmt::{self, Write as _};
use std::ops::Deref;

mod parse;
#[cfg(test)]
mod tests;

pub use parse::{parse_float, parse_int};

/// A short text kept on the stack; writing more than `N` bytes into it is an error.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

/// Room for every spelling of a number but [`format_fixed`].
pub type NumberText = Text<32>;

/// Room for [`format_fixed`]: 309 digits, six more, a sign and a point.
pub type FixedText = Text<320>;

impl<const N: usize> Text<N> {
    const EMPTY: Self = Self { bytes: [0; N], len: 0 };

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.bytes.get(..self.len).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    pub(super) fn of(write: impl FnOnce(&mut Self) -> fmt::Result) -> Self {
        let mut text = Self::EMPTY;
        let written = write(&mut text);
        debug_assert!(written.is_ok(), "{N} bytes hold every number of this spelling");
        text
    }
}

impl<const N: usize> Deref for Text<N> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> fmt::Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// An integer in decimal.
#[must_use]
pub fn format_int(value: i64) -> NumberText {
    Text::of(|out| write!(out, "{value}"))
}

/// Appends `%v` of a float64, as in messages: `1`, `1.5`, `1e+06`, `1e-05`.
pub fn format_v(value: f64, out: &mut String) {
    out.push_str(&text_v(value));
}

/// Appends a float64 as Go's `encoding/json` writes it, and `null` for what JSON has no number for.
pub fn json_float(value: f64, out: &mut String) {
    match format_json(value) {
        Some(text) => out.push_str(&text),
        None => out.push_str("null"),
    }
}

/// `%v` of a float64, see [`format_v`].
#[must_use]
pub fn text_v(value: f64) -> NumberText {
    Text::of(|out| {
        let Some(digits) = Digits::of(value) else { return out.write_str(non_finite(value)) };
        if (-4..6).contains(&digits.exponent) { digits.plain(out) } else { digits.scientific(out, 'e', 2) }
    })
}

/// `strconv.FormatFloat(value, 'E', -1, 64)`, the spelling that globs are matched with: `1E+00`, `1.5E-07`.
#[must_use]
pub fn format_exponent(value: f64) -> NumberText {
    Text::of(|out| match Digits::of(value) {
        Some(digits) => digits.scientific(out, 'E', 2),
        None => out.write_str(non_finite(value)),
    })
}

/// `%f` of a float64: always six digits after the point.
#[must_use]
pub fn format_fixed(value: f64) -> FixedText {
    Text::of(|out| if value.is_finite() { write!(out, "{value:.6}") } else { out.write_str(non_finite(value)) })
}

/// A float64 as Go's `encoding/json` writes it; `None` for what JSON has no number for.
#[must_use]
pub fn format_json(value: f64) -> Option<NumberText> {
    let digits = Digits::of(value)?;
    let plain = value == 0.0 || (-6..21).contains(&digits.exponent);
    Some(Text::of(|out| if plain { digits.plain(out) } else { digits.scientific(out, 'e', 1) }))
}

/// Go's conversion of a float64 to an int64 on amd64: what does not fit becomes the smallest integer.
#[must_use]
pub fn float_to_int(value: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&value) {
        // In range, so that this only drops the fraction.
        value as i64
    } else {
        i64::MIN
    }
}

/// The int64 that Go reads back where its `encoding/json` wrote this float64 without a fraction.
#[must_use]
pub fn whole(value: f64) -> Option<i64> {
    /// Below, every whole float64 is written digit for digit.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.abs() < EXACT {
        return (value.trunc() == value).then_some(value as i64);
    }
    parse_int(&format_json(value)?)
}

fn non_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    }
}

/// The shortest decimal digits that read back as the same float.
struct Digits {
    negative: bool,
    /// Digits with no point in between.
    digits: Text<20>,
    /// Of the first digit.
    exponent: i32,
}

impl Digits {
    fn of(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        // Rust and Go both print the shortest digits and of these the nearest, only the layout differs.
        let mut shortest = Text::<32>::of(|out| write!(out, "{:e}", value.abs()));
        let places = shortest.bytes().take_while(|byte| *byte != b'e').count().saturating_sub(2);
        // With two of them equally near, Rust takes the larger one and Go the even one. A float is half way between
        // decimals of its own precision only, so this cannot happen to fewer digits.
        if places >= 14 {
            let even = Text::of(|out| write!(out, "{:.places$e}", value.abs()));
            if even.parse() == Ok(value.abs()) {
                shortest = even;
            }
        }
        let (mantissa, exponent) = shortest.split_once('e')?;
        let mut digits = Text::EMPTY;
        for part in mantissa.split('.') {
            digits.write_str(part).ok()?;
        }
        Some(Self { negative: value.is_sign_negative(), digits, exponent: exponent.parse().ok()? })
    }

    fn sign(&self) -> &'static str {
        if self.negative { "-" } else { "" }
    }

    fn plain(&self, out: &mut impl fmt::Write) -> fmt::Result {
        out.write_str(self.sign())?;
        let digits = self.digits.as_str();
        let Ok(exponent) = usize::try_from(self.exponent) else {
            out.write_str("0.")?;
            for _ in self.exponent..-1 {
                out.write_char('0')?;
            }
            return out.write_str(digits);
        };
        let whole = exponent + 1;
        match digits.split_at_checked(whole) {
            Some((whole, "")) => out.write_str(whole),
            Some((whole, fraction)) => write!(out, "{whole}.{fraction}"),
            None => {
                out.write_str(digits)?;
                for _ in digits.len()..whole {
                    out.write_char('0')?;
                }
                Ok(())
            }
        }
    }

    fn scientific(&self, out: &mut impl fmt::Write, letter: char, exponent_digits: usize) -> fmt::Result {
        let (first, rest) = self.digits.split_at_checked(1).unwrap_or_default();
        let point = if rest.is_empty() { "" } else { "." };
        let (sign, exponent) = (if self.exponent < 0 { '-' } else { '+' }, self.exponent.unsigned_abs());
        write!(out, "{}{first}{point}{rest}{letter}{sign}{exponent:0exponent_digits$}", self.sign())
    }
}
