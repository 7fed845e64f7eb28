//! Which texts yaml.v2 takes for a timestamp. Needed for `!!timestamp` only: the value stays text in any case.

/// Whether one of the layouts of yaml.v2 `resolve.go` reads the text, as Go's `time.Parse` would.
pub(super) fn is_timestamp(text: &str) -> bool {
    date(text).is_some_and(|rest| match rest.as_bytes().first() {
        None => true,
        Some(b'T' | b't') => rest.get(1..).and_then(clock).is_some_and(zone),
        Some(b' ') => rest.get(1..).and_then(clock).is_some_and(str::is_empty),
        Some(_) => false,
    })
}

/// A year of four digits, month and day of one or two; gives what follows.
fn date(text: &str) -> Option<&str> {
    let (year, rest) = text.split_at_checked(4)?;
    let year: u32 = year.bytes().all(|b| b.is_ascii_digit()).then(|| year.parse().ok())??;
    let (month, rest) = small(rest.strip_prefix('-')?)?;
    let (day, rest) = small(rest.strip_prefix('-')?)?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(rest)
}

/// Hours, minutes, seconds and a fraction; gives what follows.
fn clock(text: &str) -> Option<&str> {
    let (hour, rest) = small(text)?;
    let (minute, rest) = small(rest.strip_prefix(':')?)?;
    let (second, rest) = small(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let Some(fraction) = rest.strip_prefix(['.', ',']) else { return Some(rest) };
    let end = fraction.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(fraction.len());
    // Without a digit there is no fraction, and the point is left over.
    if end == 0 { Some(rest) } else { fraction.get(end..) }
}

/// `Z` or `+hh:mm`, and nothing after it.
fn zone(text: &str) -> bool {
    let Some(offset) = text.strip_prefix(['+', '-']) else { return text == "Z" };
    let two = |range| offset.get(range).filter(|s: &&str| s.bytes().all(|b| b.is_ascii_digit()));
    let number = |range| two(range).and_then(|s| s.parse::<u32>().ok());
    offset.len() == 5
        && offset.get(2..3) == Some(":")
        && number(0..2).is_some_and(|h| h <= 24)
        && number(3..5).is_some_and(|m| m < 60)
}

/// One or two digits.
fn small(text: &str) -> Option<(u32, &str)> {
    let end = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::is_timestamp;

    #[test]
    fn as_go() {
        for text in ["2001-12-14", "2001-1-2", "2001-12-14t21:59:43.10-05:00", "2001-1-2T1:2:3Z", "2000-02-29 1:2:3.5"]
        {
            assert!(is_timestamp(text), "{text}");
        }
        for text in ["2001-13-14", "2001-02-29", "201-1-1", "2001-12-14 21:59:43.10 -5", "2001-1-2T1:2:3", "2001-1-2x"]
        {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
