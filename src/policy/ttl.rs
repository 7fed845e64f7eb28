//! `cleanup.kyverno.io/ttl`, the label of objects that are deleted after some time or at a time.
//!
//! Kyverno: pkg/controllers/ttl/utils.go. A time is looked for where the text is no duration, with a date or without a
//! time of day; labels cannot hold colons.

use kyvc_vm::builtin::time;
use thiserror::Error;

/// The label.
pub const LABEL: &str = "cleanup.kyverno.io/ttl";

/// When an object goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// This many nanoseconds after it was created
    After(i64),
    /// At a time, in nanoseconds since 1970
    At(i128),
}

/// A text that is neither a duration nor a time.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is neither a duration, such as 1h30m or 2 days, nor a time, such as 2024-01-31T120000Z or 2024-01-31")]
pub struct TtlError(String);

impl Ttl {
    /// Reads the label's value.
    ///
    /// # Errors
    /// Where it is neither a duration nor a time.
    pub fn parse(text: &str) -> Result<Self, TtlError> {
        if let Some(nanoseconds) = duration(text) {
            return Ok(Self::After(nanoseconds));
        }
        let at = |layout| time::nanos_in(layout, text);
        let at = at("2006-01-02T150405Z").or_else(|_| at("2006-01-02"));
        at.map(Self::At).map_err(|_| TtlError(text.to_owned()))
    }

    /// When an object goes that was created at a time; both in nanoseconds since 1970.
    pub fn due(self, created: i128) -> i128 {
        match self {
            Self::After(nanoseconds) => created.saturating_add(i128::from(nanoseconds)),
            Self::At(at) => at,
        }
    }
}

/// The units, and their nanoseconds.
const UNITS: [(&[&str], u64); 8] = [
    (&["ns", "nano", "nanosecond", "nanoseconds", "nanos"], 1),
    (&["us", "µs", "μs", "micro", "micros", "microsecond", "microseconds"], 1_000),
    (&["ms", "milli", "millis", "millisecond", "milliseconds"], 1_000_000),
    (&["s", "sec", "secs", "second", "seconds"], 1_000_000_000),
    (&["m", "min", "mins", "minute", "minutes"], 60_000_000_000),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600_000_000_000),
    (&["d", "day", "days"], 86_400_000_000_000),
    (&["w", "wk", "wks", "week", "weeks"], 604_800_000_000_000),
];

/// A duration in nanoseconds, in the form of `go-openapi/strfmt`: that of Go with more units, and with spaces.
fn duration(text: &str) -> Option<i64> {
    let (negative, rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let mut rest = rest.trim_start();
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let after = after.trim_start();
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit() || c.is_whitespace()).unwrap_or(after.len());
        let (name, after) = after.split_at_checked(end)?;
        let (_, unit) = UNITS.iter().find(|(names, _)| names.contains(&name))?;
        let mut value = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()?.checked_mul(*unit)? };
        value = value.checked_add(part(fraction, *unit))?;
        total = total.checked_add(value).filter(|t| *t <= 1 << 63)?;
        rest = after.trim_start();
    }
    match (negative, i64::try_from(total)) {
        (false, total) => total.ok(),
        (true, Ok(total)) => Some(-total),
        (true, Err(_)) => Some(i64::MIN),
    }
}

/// The digits at the start of a text, and what follows.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// A part of a unit, given by the digits after the point; Go computes it as a float64 from those that fit an int64.
fn part(fraction: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0_i64, 1.0_f64);
    for digit in fraction.bytes() {
        let Some(next) = value.checked_mul(10).and_then(|v| v.checked_add(i64::from(digit - b'0'))) else { break };
        value = next;
        scale *= 10.0;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "less than the unit")]
    #[expect(clippy::cast_precision_loss, reason = "as Go computes it")]
    let part = (value as f64 * (unit as f64 / scale)) as u64;
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn durations() {
        let cases = [
            ("0", 0),
            ("10s", 10 * SECOND),
            ("1h30m", 5400 * SECOND),
            ("2d", 172_800 * SECOND),
            ("1w 2 days", 777_600 * SECOND),
            ("1.5h", 5400 * SECOND),
            (".5s", SECOND / 2),
            ("-1m", -60 * SECOND),
            ("+ 1 min", 60 * SECOND),
            ("3µs", 3_000),
            ("15250w", 9_223_200_000 * SECOND),
        ];
        for (text, want) in cases {
            assert_eq!(Ttl::parse(text), Ok(Ttl::After(want)), "{text}");
        }
    }

    #[test]
    fn times() {
        let second = i128::from(SECOND);
        assert_eq!(Ttl::parse("2024-01-31"), Ok(Ttl::At(1_706_659_200 * second)));
        assert_eq!(Ttl::parse("2024-01-31T120000Z"), Ok(Ttl::At(1_706_702_400 * second)));
        assert_eq!(Ttl::parse("2024-01-31T120000.5Z"), Ok(Ttl::At(1_706_702_400 * second + second / 2)));
    }

    #[test]
    fn what_is_neither() {
        for text in ["", " ", "-", "1", "1y", "h", ".h", "1h2", "16000w", "2024-02-30", "2024-01-31T12:00:00Z", "soon"]
        {
            assert_eq!(Ttl::parse(text), Err(TtlError(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn when_it_is_due() {
        assert_eq!(Ttl::After(5).due(10), 15);
        assert_eq!(Ttl::At(5).due(10), 5);
    }
}
