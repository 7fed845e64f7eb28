//! Points in time and their differences, in Go's notation. The local time zone is UTC.

use crate::scalar::duration;
use crate::scalar::semver::go::parse_int;
use crate::value::Val;

use super::{Builtin, Call, Failure, Type};
use instant::Instant;
use parse::{RFC3339, parse};

mod instant;
mod layout;
mod parse;
mod scan;
#[cfg(test)]
mod tests;
mod zone;

const STR: &[Type] = &[Type::Str];
const BOOL: &[Type] = &[Type::Bool];

/// A row of this family that depends on nothing but its arguments.
const PURE: Builtin = Builtin {
    name: "",
    args: &[],
    variadic: false,
    returns: STR,
    doc: "",
    examples: &[],
    pure: true,
    code: |_, _| Ok(Val::Null),
};

/// Nanoseconds since 1970 of a time as RFC 3339 writes it.
///
/// # Errors
/// Says what is wrong with the text.
pub fn unix_nanos(text: &str) -> Result<i128, String> {
    parse(RFC3339, text).map(Instant::total_nanos)
}

/// Nanoseconds since 1970 of a time in one of Go's layouts.
///
/// # Errors
/// Says what is wrong with the text.
pub fn nanos_in(layout: &str, text: &str) -> Result<i128, String> {
    parse(layout, text).map(Instant::total_nanos)
}

/// The functions of this family.
pub(crate) const FUNCTIONS: &[Builtin] = &[
    Builtin {
        name: "time_since",
        args: &[STR, STR, STR],
        doc: "calculate the difference between a start and end period of time where the end may either be a static \
              definition or the then-current time",
        examples: &[
            ("time_since('', '2021-01-02T15:04:05-07:00', '2021-01-10T03:14:05-07:00')", "\"180h10m0s\""),
            ("time_since('2006-01-02', '2021-01-02', '2021-01-03')", "\"24h0m0s\""),
        ],
        pure: false,
        code: time_since,
        ..PURE
    },
    Builtin {
        name: "time_now",
        doc: "returns current time in RFC 3339 format",
        examples: &[("time_after(time_now(), '1969-12-31T00:00:00Z')", "true")],
        pure: false,
        code: now,
        ..PURE
    },
    Builtin {
        name: "time_now_utc",
        doc: "returns current UTC time in RFC 3339 format",
        examples: &[("time_after(time_now_utc(), '1969-12-31T00:00:00Z')", "true")],
        pure: false,
        code: now,
        ..PURE
    },
    Builtin {
        name: "time_to_cron",
        args: &[STR],
        doc: "converts a time (RFC 3339) to a cron expression (string).",
        examples: &[("time_to_cron('2023-02-02T15:04:00Z')", "\"4 15 2 2 4\"")],
        code: |call, args| {
            let at = instant(call, args, 0)?.civil();
            call.make_str(&format!("{} {} {} {} {}", at.minute, at.hour, at.day, at.month, at.weekday))
        },
        ..PURE
    },
    Builtin {
        name: "time_add",
        args: &[STR, STR],
        doc: "adds duration (second string) to a time value (first string)",
        examples: &[("time_add('2023-01-12T12:37:56-05:00', '6h')", "\"2023-01-12T18:37:56-05:00\"")],
        code: |call, args| {
            let sum = instant(call, args, 0)?.plus(nanoseconds(call, args, 1)?);
            call.make_str(&sum.rfc3339())
        },
        ..PURE
    },
    Builtin {
        name: "time_parse",
        args: &[STR, STR],
        doc: "changes a time value of a given layout to RFC 3339",
        examples: &[
            ("time_parse('02 Jan 06 15:04 MST', '02 Jan 21 15:04 UTC')", "\"2021-01-02T15:04:00Z\""),
            ("time_parse('1', '1613151600')", "\"2021-02-12T17:40:00Z\""),
        ],
        code: time_parse,
        ..PURE
    },
    Builtin {
        name: "time_utc",
        args: &[STR],
        doc: "calcutes time in UTC from a given time in RFC 3339 format",
        examples: &[("time_utc('2021-01-02T18:30:00-07:00')", "\"2021-01-03T01:30:00Z\"")],
        code: |call, args| {
            let utc = instant(call, args, 0)?.utc();
            call.make_str(&utc.rfc3339())
        },
        ..PURE
    },
    Builtin {
        name: "time_diff",
        args: &[STR, STR],
        doc: "calculate the difference between a start and end date in RFC3339 format",
        examples: &[("time_diff('2023-01-12T12:00:00Z', '2023-01-12T13:30:00Z')", "\"1h30m0s\"")],
        code: |call, args| {
            let (start, end) = (instant(call, args, 0)?, instant(call, args, 1)?);
            call.make_str(&duration::format(end.since(start)))
        },
        ..PURE
    },
    Builtin {
        name: "time_before",
        args: &[STR, STR],
        returns: BOOL,
        doc: "checks if a time is before another time, both in RFC3339 format",
        examples: &[("time_before('2023-01-01T00:00:00Z', '2023-01-02T00:00:00Z')", "true")],
        code: |call, args| Ok(Val::Bool(instant(call, args, 0)?.total_nanos() < instant(call, args, 1)?.total_nanos())),
        ..PURE
    },
    Builtin {
        name: "time_after",
        args: &[STR, STR],
        returns: BOOL,
        doc: "checks if a time is after another time, both in RFC3339 format",
        examples: &[("time_after('2023-01-01T00:00:00Z', '2023-01-02T00:00:00Z')", "false")],
        code: |call, args| Ok(Val::Bool(instant(call, args, 0)?.total_nanos() > instant(call, args, 1)?.total_nanos())),
        ..PURE
    },
    Builtin {
        name: "time_between",
        args: &[STR, STR, STR],
        returns: BOOL,
        doc: "checks if a time is between a start and end time, all in RFC3339 format",
        examples: &[("time_between('2023-01-12T12:00:00Z', '2023-01-01T00:00:00Z', '2023-02-01T00:00:00Z')", "true")],
        code: |call, args| {
            let at = instant(call, args, 0)?.total_nanos();
            let (start, end) = (instant(call, args, 1)?.total_nanos(), instant(call, args, 2)?.total_nanos());
            Ok(Val::Bool(start < at && at < end))
        },
        ..PURE
    },
    Builtin {
        name: "time_truncate",
        args: &[STR, STR],
        doc: "returns the result of rounding time down to a multiple of duration",
        examples: &[("time_truncate('2021-01-02T17:48:13Z', '30m')", "\"2021-01-02T17:30:00Z\"")],
        code: |call, args| {
            let start = instant(call, args, 0)?.truncate(nanoseconds(call, args, 1)?);
            call.make_str(&start.rfc3339())
        },
        ..PURE
    },
];

fn text<'c>(call: &'c Call<'_, '_>, args: &[Val], index: usize) -> &'c str {
    args.get(index).map_or("", |value| call.str(*value))
}

fn instant(call: &Call<'_, '_>, args: &[Val], index: usize) -> Result<Instant, Failure> {
    parse(RFC3339, text(call, args, index)).map_err(Failure::Error)
}

fn nanoseconds(call: &Call<'_, '_>, args: &[Val], index: usize) -> Result<i64, Failure> {
    duration::parse(text(call, args, index)).map_err(|problem| Failure::error(problem.to_string()))
}

fn now(call: &mut Call<'_, '_>, _: &[Val]) -> Result<Val, Failure> {
    let now = Instant::now(call.environment);
    call.make_str(&now.rfc3339())
}

fn time_since(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    let layout = Some(text(call, args, 0)).filter(|layout| !layout.is_empty()).unwrap_or(RFC3339);
    let start = parse(layout, text(call, args, 1)).map_err(Failure::Error)?;
    let end = match text(call, args, 2) {
        "" => Instant::now(call.environment),
        end => parse(layout, end).map_err(Failure::Error)?,
    };
    call.make_str(&duration::format(end.since(start)))
}

fn time_parse(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    let (layout, value) = (text(call, args, 0), text(call, args, 1));
    // Kyverno: any integer for a layout makes the value count seconds since 1970.
    let time = match parse_int(layout) {
        Ok(_) => parse_int(value).map(Instant::from_unix),
        Err(_) => parse(layout, value),
    };
    call.make_str(&time.map_err(Failure::Error)?.rfc3339())
}
