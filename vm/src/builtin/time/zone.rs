//! Time zones: offsets from UTC, and abbreviations, of which only `UTC` and `GMT` with an offset mean something.

use super::layout::OffsetForm;
use super::scan::{Misfit, digits, integer, take};

/// Seconds of a signed offset.
pub(super) fn take_offset(rest: &mut &[u8], form: OffsetForm) -> Result<i64, Misfit> {
    let (len, colon, minutes_at, seconds_at) = match form {
        OffsetForm::Hours => (3, false, None, None),
        OffsetForm::Minutes => (5, false, Some(3), None),
        OffsetForm::Seconds => (7, false, Some(3), Some(5)),
        OffsetForm::ColonMinutes => (6, true, Some(4), None),
        OffsetForm::ColonSeconds => (9, true, Some(4), Some(7)),
    };
    let text = take(rest, len)?;
    if colon
        && [Some(3), seconds_at.map(|at: usize| at - 1)].into_iter().flatten().any(|at| text.get(at) != Some(&b':'))
    {
        return Err(Misfit::Bad);
    }
    let two = |at: Option<usize>| match at {
        Some(at) => text.get(at..at + 2).filter(|two| digits(two).len() == 2).and_then(|two| integer(two).ok()),
        None => Some(0),
    };
    let hours = two(Some(1));
    let minutes = hours.and_then(|_| two(minutes_at));
    let seconds = minutes.and_then(|_| two(seconds_at));
    // What is no number is out of no range, and of several the last one is reported.
    for (value, most, what) in [
        (seconds, 60, "time zone offset second"),
        (minutes, 60, "time zone offset minute"),
        (hours, 24, "time zone offset hour"),
    ] {
        if value > Some(most) {
            return Err(Misfit::Range(what));
        }
    }
    let (Some(hours), Some(minutes), Some(seconds)) = (hours, minutes, seconds) else { return Err(Misfit::Bad) };
    let offset = (hours * 60 + minutes) * 60 + seconds;
    match text.first() {
        Some(b'+') => Ok(offset),
        Some(b'-') => Ok(-offset),
        _ => Err(Misfit::Bad),
    }
}

/// The length of the abbreviation that a text starts with.
pub(super) fn name_len(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_len(rest));
    }
    if matches!(text.first(), Some(b'+' | b'-')) {
        return Some(signed_len(text)).filter(|len| *len > 0);
    }
    let capitals = text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count();
    let ends_in_t = |at: usize| text.get(at) == Some(&b'T');
    match capitals {
        3 => Some(3),
        4 if ends_in_t(3) || text.starts_with(b"WITA") => Some(4),
        5 if ends_in_t(4) => Some(5),
        _ => None,
    }
}

/// The length of a sign and hours up to 23, else none.
fn signed_len(text: &[u8]) -> usize {
    let [b'+' | b'-', hours @ ..] = text else { return 0 };
    let hours = digits(hours);
    match integer(hours) {
        Ok(value) if !hours.is_empty() && value <= 23 => hours.len() + 1,
        _ => 0,
    }
}

/// Seconds that a place with this abbreviation is shown to be ahead of UTC.
pub(super) fn named_offset(name: &[u8]) -> i64 {
    let hours = name.strip_prefix(b"GMT").and_then(|hours| integer(hours).ok());
    hours.map_or(0, |hours| hours.saturating_mul(3600))
}
