//! Points in time of certificates.

use super::der::{Der, GENERALIZED_TIME, UTC_TIME};

/// The next time, in RFC 3339.
pub(super) fn read(der: &mut Der<'_>) -> Result<String, &'static str> {
    if der.at(UTC_TIME) {
        der.read(UTC_TIME).and_then(|d| utc(d.0)).ok_or("x509: malformed UTCTime")
    } else if der.at(GENERALIZED_TIME) {
        der.read(GENERALIZED_TIME).and_then(|d| generalized(d.0)).ok_or("x509: malformed GeneralizedTime")
    } else {
        Err("x509: unsupported time format")
    }
}

/// Two digits of the year; the seconds may be missing.
fn utc(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let (year, rest) = text.split_at_checked(2)?;
    let year = number(year)?;
    let year = if year < 50 { 2000 + year } else { 1900 + year };
    let (digits, zone) = rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit())?)?;
    match digits.len() {
        8 => time(year, &format!("{digits}00"), zone),
        10 => time(year, digits, zone),
        _ => None,
    }
}

fn generalized(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let (year, rest) = text.split_at_checked(4)?;
    let (digits, zone) = rest.split_at_checked(10)?;
    time(number(year)?, digits, zone)
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The time of ten digits from the month on, and a zone: `Z` or `+hhmm`.
fn time(year: u32, digits: &str, zone: &str) -> Option<String> {
    let at = |i: usize| digits.get(2 * i..2 * i + 2).and_then(number);
    let (month, day, hour, minute, second) = (at(0)?, at(1)?, at(2)?, at(3)?, at(4)?);
    let leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let fits = (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60;
    let zone = if zone == "Z" {
        "Z".to_owned()
    } else {
        let (sign, digits) = zone.split_at_checked(1).filter(|(sign, _)| matches!(*sign, "+" | "-"))?;
        let (hours, minutes) = digits.split_at_checked(2).filter(|_| digits.len() == 4)?;
        // An offset of nothing is written as Z.
        let fits = number(hours)? < 24 && number(minutes)? < 60 && digits != "0000";
        fits.then(|| format!("{sign}{hours}:{minutes}"))?
    };
    fits.then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}"))
}
