//! Taking names and numbers off the front of a text.

use std::ops::RangeInclusive;

/// Why a value does not fit its part of the layout.
pub(super) enum Misfit {
    Bad,
    /// What is out of range.
    Range(&'static str),
}

/// This many bytes.
pub(super) fn take<'v>(rest: &mut &'v [u8], len: usize) -> Result<&'v [u8], Misfit> {
    let (taken, after) = rest.split_at_checked(len).ok_or(Misfit::Bad)?;
    *rest = after;
    Ok(taken)
}

pub(super) fn take_space(rest: &mut &[u8]) {
    *rest = rest.strip_prefix(b" ").unwrap_or(rest);
}

/// One of these names, or of their first letters, in letters of any case: its index.
pub(super) fn take_name(rest: &mut &[u8], names: &[&str], letters: Option<usize>) -> Result<i64, Misfit> {
    for (index, name) in (0..).zip(names) {
        let name = name.get(..letters.unwrap_or(name.len())).unwrap_or(name);
        if let Some((start, after)) = rest.split_at_checked(name.len())
            && start.eq_ignore_ascii_case(name.as_bytes())
        {
            *rest = after;
            return Ok(index);
        }
    }
    Err(Misfit::Bad)
}

/// One or two digits, or exactly two.
pub(super) fn take_number(
    rest: &mut &[u8],
    fixed: bool,
    range: RangeInclusive<i64>,
    what: &'static str,
) -> Result<i64, Misfit> {
    let digits = digits(rest).len().min(2);
    if digits == 0 || fixed && digits == 1 {
        return Err(Misfit::Bad);
    }
    let number = integer(take(rest, digits)?)?;
    if range.contains(&number) { Ok(number) } else { Err(Misfit::Range(what)) }
}

/// The digits that a text starts with.
pub(super) fn digits(text: &[u8]) -> &[u8] {
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.get(..len).unwrap_or_default()
}

/// Digits, which may be none, with or without a sign.
pub(super) fn integer(text: &[u8]) -> Result<i64, Misfit> {
    let (negative, unsigned) = match text {
        [b'-', unsigned @ ..] => (true, unsigned),
        [b'+', unsigned @ ..] => (false, unsigned),
        _ => (false, text),
    };
    let value = unsigned.iter().try_fold(0_i64, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    });
    value.map(|value| if negative { -value } else { value }).ok_or(Misfit::Bad)
}

/// Nanoseconds of a point or comma and digits, of which the first nine count.
pub(super) fn nanos(text: &[u8]) -> Result<i64, Misfit> {
    let [b'.' | b',', digits @ ..] = text else { return Err(Misfit::Bad) };
    let digits = digits.get(..9).unwrap_or(digits);
    // Go: a sign is taken for one of the digits.
    let value = integer(digits)?;
    if value < 0 {
        return Err(Misfit::Range("fractional second"));
    }
    Ok((digits.len()..9).fold(value, |value, _| value * 10))
}

/// Go's quotation in errors about times: every byte outside ASCII is escaped.
pub(super) fn quote(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(*byte)]),
            b' '..=0x7f => out.push(char::from(*byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}
