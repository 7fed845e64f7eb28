//! `time.Parse` of Go, where the local time zone is UTC.

use super::instant::{self, Instant};
use super::layout::{self, Part};
use super::scan::{Misfit, digits, integer, nanos, quote, take, take_name, take_number, take_space};
use super::zone;

pub(super) const RFC3339: &str = "2006-01-02T15:04:05Z07:00";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// What is known of the time.
#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
    afternoon: bool,
    morning: bool,
    utc: bool,
    offset: Option<i64>,
    zone: Option<Vec<u8>>,
}

/// Reads a time.
///
/// # Errors
/// Gives the text of Go's error.
pub(super) fn parse(layout: &str, text: &str) -> Result<Instant, String> {
    let fail = |message: String| format!("parsing time {}{message}", quote(text.as_bytes()));
    let cannot = |value: &[u8], element: &[u8]| {
        let (layout, value, element) = (quote(layout.as_bytes()), quote(value), quote(element));
        fail(format!(" as {layout}: cannot parse {value} as {element}"))
    };
    let (mut rest, mut value) = (layout.as_bytes(), text.as_bytes());
    let mut fields = Fields::default();
    loop {
        let layout::Cut { before, part, rest: after } = layout::cut(rest);
        value = skip(value, before).map_err(|value| cannot(value, before))?;
        let Some((part, element)) = part else { break };
        rest = after;
        value = fields.read(part, value, rest).map_err(|misfit| match misfit {
            Misfit::Bad => cannot(value, element),
            Misfit::Range(what) => fail(format!(": {what} out of range")),
        })?;
    }
    if !value.is_empty() {
        return Err(fail(format!(": extra text: {}", quote(value))));
    }
    fields.instant().map_err(|why| fail(format!(": {why}")))
}

/// Takes a text off the value, where runs of spaces are all the same; else what is left where it differs.
fn skip<'v>(mut value: &'v [u8], mut text: &[u8]) -> Result<&'v [u8], &'v [u8]> {
    while let Some((first, rest)) = text.split_first() {
        if *first == b' ' {
            if value.first().is_some_and(|byte| *byte != b' ') {
                return Err(value);
            }
            text = trim_spaces(text);
            value = trim_spaces(value);
        } else {
            value = value.strip_prefix(std::slice::from_ref(first)).ok_or(value)?;
            text = rest;
        }
    }
    Ok(value)
}

fn trim_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|byte| **byte == b' ').count();
    text.get(spaces..).unwrap_or_default()
}

impl Fields {
    /// Reads a part off the value. What follows in the layout matters for fractions of a second.
    fn read<'v>(&mut self, part: Part, value: &'v [u8], layout: &[u8]) -> Result<&'v [u8], Misfit> {
        let mut rest = value;
        match part {
            Part::Year => {
                let year = integer(take(&mut rest, 2)?)?;
                self.year = year + if year >= 69 { 1900 } else { 2000 };
            }
            Part::LongYear => {
                let year = take(&mut rest, 4)?;
                if !year.first().is_some_and(u8::is_ascii_digit) {
                    return Err(Misfit::Bad);
                }
                self.year = integer(year)?;
            }
            Part::LongMonth => self.month = Some(take_name(&mut rest, &MONTHS, None)? + 1),
            Part::Month => self.month = Some(take_name(&mut rest, &MONTHS, Some(3))? + 1),
            // The day of the week only has to be one.
            Part::LongWeekday => _ = take_name(&mut rest, &WEEKDAYS, None)?,
            Part::Weekday => _ = take_name(&mut rest, &WEEKDAYS, Some(3))?,
            Part::MonthNumber { fixed } => self.month = Some(take_number(&mut rest, fixed, 1..=12, "month")?),
            Part::Day { fixed, padded } => {
                if padded {
                    take_space(&mut rest);
                }
                self.day = Some(take_number(&mut rest, fixed, 0..=99, "day")?);
            }
            Part::YearDay { fixed } => {
                if !fixed {
                    take_space(&mut rest);
                    take_space(&mut rest);
                }
                let len = digits(rest).len().min(3);
                if len == 0 || fixed && len != 3 {
                    return Err(Misfit::Bad);
                }
                self.year_day = Some(integer(take(&mut rest, len)?)?);
            }
            Part::Hour => self.hour = take_number(&mut rest, false, 0..=23, "hour")?,
            Part::Hour12 { fixed } => self.hour = take_number(&mut rest, fixed, 0..=12, "hour")?,
            Part::Minute { fixed } => self.minute = take_number(&mut rest, fixed, 0..=59, "minute")?,
            Part::Second { fixed } => {
                self.second = take_number(&mut rest, fixed, 0..=59, "second")?;
                // A fraction may follow even where the layout has none.
                let expected = matches!(layout::cut(layout).part, Some((Part::Fraction(_) | Part::AnyFraction, _)));
                if !expected {
                    self.any_fraction(&mut rest)?;
                }
            }
            Part::Noon { capital } => match (take(&mut rest, 2)?, capital) {
                (b"PM", true) | (b"pm", false) => self.afternoon = true,
                (b"AM", true) | (b"am", false) => self.morning = true,
                _ => return Err(Misfit::Bad),
            },
            Part::Offset { iso: true, .. } if value.first() == Some(&b'Z') => {
                take(&mut rest, 1)?;
                self.utc = true;
            }
            Part::Offset { form, .. } => self.offset = Some(zone::take_offset(&mut rest, form)?),
            Part::ZoneName => {
                if value.starts_with(b"UTC") {
                    take(&mut rest, 3)?;
                    self.utc = true;
                } else {
                    let len = zone::name_len(value).ok_or(Misfit::Bad)?;
                    self.zone = Some(take(&mut rest, len)?.to_vec());
                }
            }
            Part::Fraction(digits) => self.nanos = nanos(take(&mut rest, digits + 1)?)?,
            Part::AnyFraction => self.any_fraction(&mut rest)?,
        }
        Ok(rest)
    }

    /// A fraction, if there is one.
    fn any_fraction(&mut self, rest: &mut &[u8]) -> Result<(), Misfit> {
        let [b'.' | b',', fraction @ ..] = *rest else { return Ok(()) };
        let len = digits(fraction).len();
        if len > 0 {
            self.nanos = nanos(take(rest, len + 1)?)?;
        }
        Ok(())
    }

    fn instant(mut self) -> Result<Instant, &'static str> {
        if self.afternoon && self.hour < 12 {
            self.hour += 12;
        } else if self.morning && self.hour == 12 {
            self.hour = 0;
        }
        let (month, day) = self.month_and_day()?;
        if day < 1 || day > instant::days_in(month, self.year) {
            return Err("day out of range");
        }
        let days = instant::days(self.year, month, day);
        let seconds = days * 86_400 + self.hour * 3600 + self.minute * 60 + self.second;
        let nanos = u32::try_from(self.nanos).unwrap_or(0);
        // Go: an offset of one second to the west counts as none.
        let (known, shown) = match (self.utc, self.offset.filter(|offset| *offset != -1), &self.zone) {
            (true, ..) | (false, None, None) => (0, 0),
            (false, Some(offset), _) => (offset, offset),
            (false, None, Some(name)) => (0, zone::named_offset(name)),
        };
        Ok(Instant { seconds: seconds - known, nanos, offset: shown })
    }

    fn month_and_day(&self) -> Result<(i64, i64), &'static str> {
        let Some(mut year_day) = self.year_day else {
            return Ok((self.month.unwrap_or(1), self.day.unwrap_or(1)));
        };
        let mut found = None;
        if instant::is_leap(self.year) {
            if year_day == 31 + 29 {
                found = Some((2, 29));
            } else if year_day > 31 + 29 {
                year_day -= 1;
            }
        }
        if !(1..=365).contains(&year_day) {
            return Err("day-of-year out of range");
        }
        let month = (1..=12).rfind(|month| instant::days_before(*month) < year_day).unwrap_or(1);
        let (month, day) = found.unwrap_or((month, year_day - instant::days_before(month)));
        if self.month.is_some_and(|seen| seen != month) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|seen| seen != day) {
            return Err("day-of-year does not match day");
        }
        Ok((month, day))
    }
}
