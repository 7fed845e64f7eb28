use super::testing::{err, examples, ok, recorded};
use super::{FUNCTIONS, power_of_ten};

#[test]
fn examples_hold() {
    examples(FUNCTIONS);
}

#[test]
fn recorded_cases_agree() {
    recorded(FUNCTIONS);
}

#[test]
fn products_are_exact() {
    assert_eq!(ok("multiply('12345678901234567890', `3`)"), r#""37037036703703703670""#);
    assert_eq!(ok("multiply('1n', `0.001`)"), r#""1""#, "a suffix that there is none for");
    assert_eq!(ok("multiply('1e-9', `0.001`)"), r#""1e-12""#);
    assert_eq!(ok("multiply('1e300', `2`)"), r#""2e300""#);
    assert_eq!(ok("multiply('-0.5', `3`)"), r#""-1500m""#);
}

#[test]
fn quotients_keep_as_many_places_as_were_written() {
    assert_eq!(ok("divide('1.5', `4`)"), r#""300m""#);
    assert_eq!(ok("divide('1.50', `4`)"), r#""370m""#);
    assert_eq!(ok("divide('1.5Gi', `7`)"), r#""230087533714285714n""#);
    assert_eq!(ok("divide('-10', `4`)"), r#""-2""#);
    assert_eq!(ok("divide('1M', `1000000`)"), r#""0""#);
}

#[test]
fn nothing_overflows() {
    assert_eq!(ok("modulo('-9223372036854775808ns', '-1ns')"), r#""0s""#);
    assert_eq!(ok("modulo(`-9223372036854775808`, `-1`)"), "0");
    assert_eq!(ok("add('2562047h', '2562047h')"), r#""-1h34m33.709551616s""#);
    assert_eq!(ok("multiply('1h', `1e300`)"), r#""-2562047h47m16.854775808s""#);
    assert_eq!(err("divide('1e2000000000', `3`)"), "the sum of the quantities has too many digits");
    assert_eq!(err("round(`1`, `1e300`)"), "JMESPath function 'round': Non-integer argument(s) passed for round off");
}

#[test]
fn an_empty_list_has_no_sum() {
    assert_eq!(err("sum(`[]`)"), "JMESPath function 'sum': at least one element in the array is required");
}

#[test]
fn powers_are_those_of_go() {
    for (exponent, expected) in [(0, 1.0), (1, 10.0), (22, 1e22), (308, 1.0000000000000006e308)] {
        assert_eq!(power_of_ten(exponent), expected, "10^{exponent}");
    }
    assert_eq!(power_of_ten(309), f64::INFINITY);
    assert_eq!(power_of_ten(i64::MAX), f64::INFINITY);
}
