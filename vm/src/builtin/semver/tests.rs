use super::FUNCTIONS;
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
fn what_is_no_version_is_zero() {
    assert_eq!(ok("semver_compare('v1.2.3', '0.0.0')"), "true");
}

#[test]
fn errors_are_those_of_the_reference() {
    assert_eq!(err("semver_compare('1.2.3', '|| 1.0.0')"), "First element in range is '||'");
    assert_eq!(err("semver_compare('1.2.3', '1.0.0 ||')"), "Last element in range is '||'");
    assert_eq!(
        err("semver_compare('1.2.3', '99999999999999999999.0.0')"),
        "Could not parse Range \"99999999999999999999.0.0\": Could not parse version \"99999999999999999999.0.0\" in \
         \"99999999999999999999.0.0\": strconv.ParseUint: parsing \"99999999999999999999\": value out of range"
    );
}
