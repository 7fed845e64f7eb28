use super::FUNCTIONS;
use super::parse::parse;
use crate::builtin::arithmetic::testing::{err, examples, ok, recorded};

#[test]
fn examples_hold() {
    examples(FUNCTIONS);
}

#[test]
fn recorded_cases_agree() {
    recorded(FUNCTIONS);
}

#[test]
fn the_clock_is_the_environments() {
    assert_eq!(ok("time_now()"), r#""2023-11-14T22:13:20Z""#);
    assert_eq!(ok("time_since('', '2023-11-14T22:13:19Z', '')"), r#""1.123456789s""#);
}

#[test]
fn layouts_are_read_as_in_go() {
    for (layout, text, expected) in [
        ("Mon Jan _2 15:04:05 2006", "sun FEB  7 01:02:03 2021", "2021-02-07T01:02:03Z"),
        ("3:04PM", "12:30AM", "0000-01-01T00:30:00Z"),
        ("06-1-2 -07", "69-3-4 +02", "1969-03-04T00:00:00+02:00"),
        ("2006-01-02 15:04:05 -070000", "2021-01-02 00:00:00 +013045", "2021-01-02T00:00:00+01:30"),
        ("2006-01-02 Z07:00:00", "2021-01-02 -00:00:01", "2021-01-02T00:00:00Z"),
        ("2006-01-02 MST", "2021-01-02 GMT+3", "2021-01-02T03:00:00+03:00"),
        ("2006 __2", "2020  60", "2020-02-29T00:00:00Z"),
        ("2006_2006", "2020_2021", "2021-01-01T00:00:00Z"),
        ("05,000", "07,120", "0000-01-01T00:00:07Z"),
        ("Month 2", "Month 2", "0000-01-02T00:00:00Z"),
    ] {
        assert_eq!(parse(layout, text).map(|time| time.rfc3339()), Ok(expected.to_owned()), "{layout} {text}");
    }
}

#[test]
fn errors_are_those_of_go() {
    for (layout, text, expected) in [
        ("2006-01-02", "2021-13-01", "parsing time \"2021-13-01\": month out of range"),
        ("2006-01-02", "é", "parsing time \"\\xc3\\xa9\" as \"2006-01-02\": cannot parse \"\\xc3\\xa9\" as \"2006\""),
        ("2006 002", "2021 366", "parsing time \"2021 366\": day-of-year out of range"),
        ("2006 Jan 002", "2021 Feb 001", "parsing time \"2021 Feb 001\": day-of-year does not match month"),
        ("-07:00", "+25:61", "parsing time \"+25:61\": time zone offset minute out of range"),
        ("05.00", "01.-1", "parsing time \"01.-1\": fractional second out of range"),
    ] {
        assert_eq!(parse(layout, text).map(|time| time.rfc3339()), Err(expected.to_owned()), "{layout} {text}");
    }
}

#[test]
fn the_ends_of_time_do_not_overflow() {
    assert_eq!(ok("time_parse('1', '9223372036854775807')"), r#""292277026596-12-04T15:30:07Z""#);
    assert!(ok("time_parse('1', '-9223372036854775808')").starts_with('"'));
    assert_eq!(
        err("time_parse('1', '9223372036854775808')"),
        "strconv.ParseInt: parsing \"9223372036854775808\": value out of range"
    );
    assert_eq!(ok("time_truncate('0000-01-01T00:00:00.5Z', '7ns')"), r#""0000-01-01T00:00:00Z""#);
    assert_eq!(ok("time_add('0000-01-01T00:00:00Z', '-1ns')"), r#""-0001-12-31T23:59:59Z""#);
}
