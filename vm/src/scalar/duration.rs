//! Durations as Go's `time` package reads and writes them, in nanoseconds.

use std::fmt;

use super::number::Text;

#[cfg(test)]
mod tests;

/// Why a text is no duration, in Go's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("time: {problem} {}", Quoted(self.text))]
pub struct DurationError<'a> {
    /// What is wrong.
    pub problem: Problem<'a>,
    /// The whole text.
    pub text: &'a str,
}

/// The kinds of [`DurationError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem<'a> {
    /// No number where one has to be, or a number out of range.
    Invalid,
    /// A number that ends the text.
    MissingUnit,
    /// A number followed by this.
    UnknownUnit(&'a str),
}

impl fmt::Display for Problem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid => f.write_str("invalid duration"),
            Self::MissingUnit => f.write_str("missing unit in duration"),
            Self::UnknownUnit(unit) => write!(f, "unknown unit {} in duration", Quoted(unit)),
        }
    }
}

/// Go's quotation of a text in such an error, simpler than the usual one: every byte outside ASCII is escaped.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        f.write_char('"')?;
        for byte in self.0.bytes() {
            match byte {
                b'"' | b'\\' => write!(f, "\\{}", char::from(byte))?,
                b' '..=0x7f => f.write_char(char::from(byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        f.write_char('"')
    }
}

const SECOND: u64 = 1_000_000_000;
/// The magnitude of the smallest duration.
const LIMIT: u64 = 1 << 63;

/// `time.ParseDuration`: nanoseconds of a text like `1h30m` or `-1.5s`.
///
/// # Errors
/// Gives Go's error where the text is no duration.
pub fn parse(text: &str) -> Result<i64, DurationError<'_>> {
    magnitude(text).map_err(|problem| DurationError { problem, text })
}

fn magnitude(text: &str) -> Result<i64, Problem<'_>> {
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or_default()),
        Some(b'+') => (false, text.get(1..).unwrap_or_default()),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(Problem::Invalid);
    }
    let mut total = 0_u64;
    while !rest.is_empty() {
        let (part, after) = component(rest)?;
        // Two halves of the range sum up to nothing in Go, and pass its check for overflow.
        total = total.wrapping_add(part);
        if total > LIMIT {
            return Err(Problem::Invalid);
        }
        rest = after;
    }
    if negative {
        return Ok(total.cast_signed().wrapping_neg());
    }
    i64::try_from(total).map_err(|_| Problem::Invalid)
}

/// The first number with its unit, and the text after them.
fn component(text: &str) -> Result<(u64, &str), Problem<'_>> {
    let (whole, after_whole) = leading(text);
    let whole_value = whole.bytes().try_fold(0_u64, |value, digit| {
        value.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|value| *value <= LIMIT)
    });
    let whole_value = whole_value.ok_or(Problem::Invalid)?;
    let (fraction, after) = match after_whole.strip_prefix('.') {
        Some(rest) => leading(rest),
        None => ("", after_whole),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(Problem::Invalid);
    }

    let unit_len = after.bytes().position(|byte| byte == b'.' || byte.is_ascii_digit()).unwrap_or(after.len());
    let (unit, rest) = after.split_at_checked(unit_len).unwrap_or((after, ""));
    let nanoseconds = match unit {
        "" => return Err(Problem::MissingUnit),
        "ns" => 1,
        // The micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3600 * SECOND,
        _ => return Err(Problem::UnknownUnit(unit)),
    };
    if whole_value > LIMIT / nanoseconds {
        return Err(Problem::Invalid);
    }
    let value = whole_value * nanoseconds + fraction_of(fraction, nanoseconds);
    if value > LIMIT { Err(Problem::Invalid) } else { Ok((value, rest)) }
}

fn leading(text: &str) -> (&str, &str) {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(len).unwrap_or((text, ""))
}

/// The digits after a point, in units of this many nanoseconds; computed in floats because Go does so.
fn fraction_of(digits: &str, nanoseconds: u64) -> u64 {
    let (mut value, mut scale) = (0_u64, 1.0_f64);
    for digit in digits.bytes() {
        // Go stops here as soon as one more digit might not fit.
        if value > (LIMIT - 1) / 10 {
            break;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > LIMIT {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    // The unit is exact as a float, the digits are rounded as in Go, and the product is less than one unit and a bit.
    (value as f64 * (nanoseconds as f64 / scale)) as u64
}

/// `Duration.String()`: `1h30m0s`, `1.5s`, `2ms`, `0s`.
#[must_use]
pub fn format(nanoseconds: i64) -> Text<32> {
    Text::of(|out| {
        use fmt::Write as _;
        let magnitude = nanoseconds.unsigned_abs();
        if nanoseconds < 0 {
            out.write_char('-')?;
        }
        match magnitude {
            0 => out.write_str("0s"),
            1..1_000 => write!(out, "{magnitude}ns"),
            1_000..1_000_000 => decimal(out, magnitude, 3, "\u{b5}s"),
            1_000_000..SECOND => decimal(out, magnitude, 6, "ms"),
            _ => {
                let minutes = magnitude / (60 * SECOND);
                let hours = minutes / 60;
                if hours > 0 {
                    write!(out, "{hours}h")?;
                }
                if minutes > 0 {
                    write!(out, "{}m", minutes % 60)?;
                }
                decimal(out, magnitude % (60 * SECOND), 9, "s")
            }
        }
    })
}

/// `value / 10^places` without zeros at the end.
fn decimal(out: &mut impl fmt::Write, value: u64, places: u32, unit: &str) -> fmt::Result {
    let one = 10_u64.pow(places);
    let (whole, mut fraction, mut width) = (value / one, value % one, usize::try_from(places).unwrap_or(0));
    if fraction == 0 {
        return write!(out, "{whole}{unit}");
    }
    while fraction % 10 == 0 {
        fraction /= 10;
        width -= 1;
    }
    write!(out, "{whole}.{fraction:0width$}{unit}")
}

/// `Duration.Seconds()`.
#[must_use]
pub fn seconds(nanoseconds: i64) -> f64 {
    const SECOND: i64 = 1_000_000_000;
    // Split as Go splits it, because the sum of two floats rounds differently from one quotient.
    (nanoseconds / SECOND) as f64 + (nanoseconds % SECOND) as f64 / 1e9
}
