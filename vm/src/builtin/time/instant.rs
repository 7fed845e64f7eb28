//! Points in time, and the calendar.

use crate::builtin::Environment;

const DAY: i64 = 86_400;
const SECOND: i128 = 1_000_000_000;
/// From the year 1 to 1970.
const ZERO_TO_UNIX: i64 = 719_162 * DAY;
/// From the day that Go counts from to 1970, in days.
const ABSOLUTE_TO_UNIX: i64 = 106_751_991_073_400;

/// A point in time as seen from a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instant {
    /// Since 1970 in UTC.
    pub(super) seconds: i64,
    pub(super) nanos: u32,
    /// Of the place's clock, in seconds.
    pub(super) offset: i64,
}

/// What a calendar and a clock show.
#[derive(Clone, Copy, Debug)]
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    /// From Sunday, which is 0.
    pub(super) weekday: i64,
}

impl Instant {
    pub(super) fn now(environment: &Environment) -> Self {
        Self::from_nanos((environment.now)(), 0)
    }

    /// From seconds since 1970.
    pub(super) fn from_unix(seconds: i64) -> Self {
        Self { seconds, nanos: 0, offset: 0 }
    }

    /// From nanoseconds since 1970. What is out of range becomes the first or last second.
    fn from_nanos(nanos: i128, offset: i64) -> Self {
        let end = if nanos < 0 { i64::MIN } else { i64::MAX };
        let seconds = i64::try_from(nanos.div_euclid(SECOND)).unwrap_or(end);
        Self { seconds, nanos: u32::try_from(nanos.rem_euclid(SECOND)).unwrap_or(0), offset }
    }

    /// Since 1970.
    pub(super) fn total_nanos(self) -> i128 {
        i128::from(self.seconds) * SECOND + i128::from(self.nanos)
    }

    pub(super) fn plus(self, nanoseconds: i64) -> Self {
        Self::from_nanos(self.total_nanos() + i128::from(nanoseconds), self.offset)
    }

    /// The nanoseconds since another instant, or the most that a duration can hold.
    pub(super) fn since(self, other: Self) -> i64 {
        let nanos = self.total_nanos() - other.total_nanos();
        i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
    }

    /// Rounded down to a multiple of a duration since the year 1 in UTC; the same for a duration below zero.
    pub(super) fn truncate(self, nanoseconds: i64) -> Self {
        if nanoseconds <= 0 {
            return self;
        }
        let since_zero = self.total_nanos() + i128::from(ZERO_TO_UNIX) * SECOND;
        Self::from_nanos(self.total_nanos() - since_zero.rem_euclid(nanoseconds.into()), self.offset)
    }

    pub(super) fn utc(self) -> Self {
        Self { offset: 0, ..self }
    }

    pub(super) fn civil(self) -> Civil {
        // Go counts from its own first day in 64 bits without a sign, and lets the sum overflow.
        let absolute = self.seconds.wrapping_add(self.offset).wrapping_add(ABSOLUTE_TO_UNIX * DAY);
        let absolute = absolute.cast_unsigned();
        let (days, second) = (absolute / DAY.unsigned_abs(), absolute % DAY.unsigned_abs());
        let (days, second) = (days.cast_signed() - ABSOLUTE_TO_UNIX, second.cast_signed());
        let (year, month, day) = date(days);
        Civil {
            year,
            month,
            day,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            // 1970 began on a Thursday.
            weekday: (days + 4).rem_euclid(7),
        }
    }

    /// As RFC 3339 has it, without a fraction.
    pub(super) fn rfc3339(self) -> String {
        let Civil { year, month, day, hour, minute, second, .. } = self.civil();
        let minus = if year < 0 { "-" } else { "" };
        let year = year.unsigned_abs();
        let text = format!("{minus}{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if self.offset == 0 {
            return text + "Z";
        }
        let zone = self.offset / 60;
        let sign = if zone < 0 { '-' } else { '+' };
        let zone = zone.abs();
        format!("{text}{sign}{:02}:{:02}", zone / 60, zone % 60)
    }
}

pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The days of a month from 1 to 12.
pub(super) fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of a year that is not a leap year before a month from 1 to 13.
pub(super) fn days_before(month: i64) -> i64 {
    (1..month).map(|month| days_in(month, 1)).sum()
}

/// Days since 1970 of a date. Years are counted from March here, so that the leap day is the last one.
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let year_day = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + year_day - 719_468
}

/// The date of a day since 1970.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next_year, month, day)
}
