//! When a cleanup policy runs: cron's five fields, or a word for them.
//!
//! Kyverno: api/kyverno/v2/cleanup_policy_types.go, ValidateSchedule takes what `robfig/cron` calls the standard form.

use kyvc_vm::scalar::duration;
use std::ops::RangeInclusive;
use thiserror::Error;

/// Points in time that come again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// The minutes in which all fields hold
    At(Fields),
    /// One this many nanoseconds after the other
    Every(i64),
}

/// Sets of numbers: bit `n` stands for `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// 0 to 59
    pub minutes: u64,
    /// 0 to 23
    pub hours: u64,
    /// Of the month, 1 to 31
    pub days: u64,
    /// 1 to 12
    pub months: u64,
    /// 0, which is Sunday, to 6
    pub weekdays: u64,
    /// Whether every day of the month will do, so that only the day of the week counts
    pub any_day: bool,
    /// Whether every day of the week will do, so that only the day of the month counts
    pub any_weekday: bool,
}

/// Why a text is no schedule.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ScheduleError {
    /// There is nothing
    #[error("it is empty")]
    Empty,
    /// It has another number of fields
    #[error("it has {0} fields")]
    Fields(usize),
    /// A word after `@` that means nothing
    #[error("`{0}` is no known word")]
    Word(String),
    /// What comes after `@every`
    #[error("`{0}` is no duration")]
    Duration(String),
    /// Something that has to be a number, or the name of a month or day
    #[error("`{0}` is no number")]
    Number(String),
    /// A part of a field with too many signs
    #[error("`{0}` has too many `-` or `/`")]
    Signs(String),
    /// A range outside of its field, or one that ends before it begins
    #[error("`{0}` is no range from {1} to {2}")]
    Range(String, u32, u32),
    /// A step of zero
    #[error("the step in `{0}` is zero")]
    Step(String),
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The words for schedules, and what they stand for.
const WORDS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Reads a schedule.
///
/// # Errors
/// Says what is wrong with the text.
pub fn parse(text: &str) -> Result<Schedule, ScheduleError> {
    if text.is_empty() {
        return Err(ScheduleError::Empty);
    }
    if let Some(every) = text.strip_prefix("@every ") {
        let nanoseconds = duration::parse(every).map_err(|_| ScheduleError::Duration(every.to_owned()))?;
        return Ok(Schedule::Every(nanoseconds));
    }
    let text = match text.starts_with('@') {
        true => WORDS.iter().find(|(word, _)| *word == text).ok_or(ScheduleError::Word(text.to_owned()))?.1,
        false => text,
    };
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
        return Err(ScheduleError::Fields(fields.len()));
    };
    let (minutes, _) = field(minutes, 0..=59, &[])?;
    let (hours, _) = field(hours, 0..=23, &[])?;
    let (days, any_day) = field(days, 1..=31, &[])?;
    let (months, _) = field(months, 1..=12, &MONTHS)?;
    let (weekdays, any_weekday) = field(weekdays, 0..=6, &DAYS)?;
    Ok(Schedule::At(Fields { minutes, hours, days, months, weekdays, any_day, any_weekday }))
}

/// The numbers that a field names, and whether there is a `*` in it.
fn field(text: &str, bounds: RangeInclusive<u32>, names: &[&str]) -> Result<(u64, bool), ScheduleError> {
    let mut all = (0, false);
    for part in text.split(',').filter(|p| !p.is_empty()) {
        let (bits, any) = range(part, &bounds, names)?;
        all = (all.0 | bits, all.1 || any);
    }
    Ok(all)
}

fn range(text: &str, bounds: &RangeInclusive<u32>, names: &[&str]) -> Result<(u64, bool), ScheduleError> {
    let signs = || ScheduleError::Signs(text.to_owned());
    let parts: Vec<&str> = text.split('/').collect();
    let (span, step) = match parts.as_slice() {
        [span] => (*span, None),
        [span, step] => (*span, Some(*step)),
        _ => return Err(signs()),
    };
    let ends: Vec<&str> = span.split('-').collect();
    let named = |s: &str| {
        let at = names.iter().position(|n| n.eq_ignore_ascii_case(s)).and_then(|i| u32::try_from(i).ok());
        at.map_or_else(|| number(s), |i| Ok(bounds.start() + i))
    };
    let any = matches!(ends.first(), Some(&("*" | "?")));
    let (first, mut last) = match ends.as_slice() {
        _ if any => (*bounds.start(), *bounds.end()),
        [one] => named(one).map(|n| (n, n))?,
        [first, last] => (named(first)?, named(last)?),
        _ => return Err(signs()),
    };
    let step = match step {
        None => 1,
        Some(step) => {
            // A single number with a step goes on to the end.
            if ends.len() == 1 {
                last = *bounds.end();
            }
            number(step)?
        }
    };
    if first < *bounds.start() || last > *bounds.end() || first > last {
        return Err(ScheduleError::Range(text.to_owned(), *bounds.start(), *bounds.end()));
    }
    let step = usize::try_from(step).ok().filter(|s| *s > 0).ok_or(ScheduleError::Step(text.to_owned()))?;
    Ok(((first..=last).step_by(step).fold(0, |bits, n| bits | 1 << n), any))
}

/// As Go's `Atoi` reads it, without negative ones.
fn number(text: &str) -> Result<u32, ScheduleError> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let wrong = || ScheduleError::Number(text.to_owned());
    if !plain || digits.parse::<i64>().is_err() {
        return Err(wrong());
    }
    // What is larger than any field is out of its range, whatever it is.
    Ok(digits.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Fields {
        match parse(text) {
            Ok(Schedule::At(fields)) => fields,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn bits(numbers: impl IntoIterator<Item = u32>) -> u64 {
        numbers.into_iter().fold(0, |all, n| all | 1 << n)
    }

    #[test]
    fn fields() {
        let all = at("* * * * *");
        assert_eq!((all.minutes, all.weekdays), (bits(0..60), bits(0..7)));
        assert!(all.any_day && all.any_weekday);
        let some = at("*/15 1-5/2 1,15 JAN-mar mon");
        assert_eq!((some.minutes, some.hours), (bits([0, 15, 30, 45]), bits([1, 3, 5])));
        assert_eq!((some.days, some.months, some.weekdays), (bits([1, 15]), bits([1, 2, 3]), bits([1])));
        assert!(!some.any_day && !some.any_weekday);
        assert_eq!(at("50/5 ? * * *").minutes, bits([50, 55]));
        assert_eq!(at("+5 0 * * *").minutes, bits([5]));
    }

    #[test]
    fn words() {
        assert_eq!(parse("@every 1h30m"), Ok(Schedule::Every(5_400_000_000_000)));
        assert_eq!(at("@weekly"), at("0 0 * * sun"));
        assert_eq!(parse("@fortnightly"), Err(ScheduleError::Word("@fortnightly".to_owned())));
        assert_eq!(parse("@every day"), Err(ScheduleError::Duration("day".to_owned())));
    }

    #[test]
    fn what_is_no_schedule() {
        let said = |text| parse(text).map_err(|e| e.to_string());
        let error = |text: &str| Err(text.to_owned());
        assert_eq!(said(""), error("it is empty"));
        assert_eq!(said("* * * *"), error("it has 4 fields"));
        assert_eq!(said("60 * * * *"), error("`60` is no range from 0 to 59"));
        assert_eq!(said("* * 0 * *"), error("`0` is no range from 1 to 31"));
        assert_eq!(said("* * * * 7"), error("`7` is no range from 0 to 6"));
        assert_eq!(said("5-1 * * * *"), error("`5-1` is no range from 0 to 59"));
        assert_eq!(said("*/0 * * * *"), error("the step in `*/0` is zero"));
        assert_eq!(said("1-2-3 * * * *"), error("`1-2-3` has too many `-` or `/`"));
        assert_eq!(said("1/2/3 * * * *"), error("`1/2/3` has too many `-` or `/`"));
        assert_eq!(said("a * * * *"), error("`a` is no number"));
        assert_eq!(said("99999999999 * * * *"), error("`99999999999` is no range from 0 to 59"));
    }
}
