//! Counts of repetitions and escaped characters.

use super::{consumed, error, next};

/// How often something is repeated: at least, and at most.
pub(super) type Times = (u32, Option<u32>);

/// The most that Go repeats anything.
const MOST: u32 = 1000;

/// The counts that follow a `{`, and what follows them. `None` where it is no repetition, no counts where they are
/// too large or in the wrong order.
pub(super) fn counts(t: &str) -> Option<(Option<Times>, &str)> {
    let (min, rest) = digits(t)?;
    let (max, rest) = match rest.strip_prefix(',') {
        None => (Some(min), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => digits(rest).map(|(max, rest)| (Some(max), rest))?,
    };
    let rest = rest.strip_prefix('}')?;
    let fits = min <= MOST && max.is_none_or(|max| max <= MOST && min <= max);
    Some((fits.then_some((min, max)), rest))
}

/// A decimal number without leading zeros.
fn digits(t: &str) -> Option<(u32, &str)> {
    let rest = t.trim_start_matches(|c: char| c.is_ascii_digit());
    let text = consumed(t, rest);
    if text.is_empty() || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    Some((text.parse().unwrap_or(u32::MAX), rest))
}

/// The code point that is escaped at the start of `s`, and what follows it.
pub(crate) fn escape(s: &str) -> Result<(u32, &str), String> {
    let after = next(s).1;
    if after.is_empty() {
        return Err(error("trailing backslash at end of expression", ""));
    }
    let (c, t) = next(after);
    let found = match c {
        '1'..='7' if !t.starts_with(|c| matches!(c, '0'..='7')) => Err(t),
        '0'..='7' => Ok(octal(after)),
        'x' => hexadecimal(t),
        'a' => Ok((0x07, t)),
        'f' => Ok((0x0c, t)),
        'n' => Ok((0x0a, t)),
        'r' => Ok((0x0d, t)),
        't' => Ok((0x09, t)),
        'v' => Ok((0x0b, t)),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok((u32::from(c), t)),
        _ => Err(t),
    };
    found.map_err(|rest| error("invalid escape sequence", consumed(s, rest)))
}

/// Up to three octal digits.
fn octal(mut t: &str) -> (u32, &str) {
    let mut value = 0;
    for _ in 0..3 {
        let (c, rest) = next(t);
        let Some(digit) = c.to_digit(8) else { break };
        value = value * 8 + digit;
        t = rest;
    }
    (value, t)
}

/// What follows `\x`; where it is wrong, what follows the first wrong character.
fn hexadecimal(t: &str) -> Result<(u32, &str), &str> {
    if t.is_empty() {
        return Err(t);
    }
    let (first, mut t) = next(t);
    if first != '{' {
        let (second, t) = next(t);
        return match (first.to_digit(16), second.to_digit(16)) {
            (Some(x), Some(y)) => Ok((x * 16 + y, t)),
            _ => Err(t),
        };
    }
    let (mut value, mut count) = (0, 0);
    while !t.is_empty() {
        let (c, rest) = next(t);
        t = rest;
        match c.to_digit(16) {
            Some(digit) if value * 16 + digit <= 0x10_ffff => value = value * 16 + digit,
            None if c == '}' && count > 0 => return Ok((value, t)),
            _ => return Err(t),
        }
        count += 1;
    }
    Err(t)
}
