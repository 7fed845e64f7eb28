use super::go::Quoted;
use super::{Range, Version};

fn version(text: &str) -> Version {
    Version::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn versions_are_ordered() {
    let ordered = [
        "0.0.0",
        "1.0.0-1",
        "1.0.0-2",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0",
        "1.0.1",
        "1.1.0",
        "18446744073709551615.0.0",
    ];
    for pair in ordered.windows(2) {
        assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
    }
    assert_eq!(version("1.0.0+a"), version("1.0.0+b"));
}

#[test]
fn what_is_no_version_is_refused() {
    for (text, expected) in [
        ("", "Version string empty"),
        ("1.2", "No Major.Minor.Patch elements found"),
        ("v1.2.3", "Invalid character(s) found in major number \"v1\""),
        ("1.02.3", "Minor number must not contain leading zeroes \"02\""),
        ("1.2.", "strconv.ParseUint: parsing \"\": invalid syntax"),
        ("1.2.3-", "Prerelease is empty"),
        ("1.2.3-01", "Numeric PreRelease version must not contain leading zeroes \"01\""),
        ("1.2.3-é", "Invalid character(s) found in prerelease \"é\""),
        ("1.2.3+", "Build meta data is empty"),
        ("1.2.3+a_b", "Invalid character(s) found in build meta data \"a_b\""),
    ] {
        assert_eq!(Version::parse(text).expect_err(text).to_string(), expected);
    }
}

#[test]
fn ranges_contain_versions() {
    for (range, inside, outside) in [
        (">=1.0.0 <2.0.0", "1.9.9", "2.0.0"),
        (">= 1.0.0  < 2.0.0", "1.0.0", "0.9.0"),
        ("<1.0.0 || >=2.0.0 !2.1.0", "2.0.1", "2.1.0"),
        ("1.x", "1.9.0", "2.0.0"),
        ("1.x.x", "1.0.9", "1.1.0"),
        ("==1.2.x", "1.2.9", "1.3.0"),
        ("<=1.x", "1.9.9", "2.0.0"),
        (">1.2.x", "1.3.0", "1.2.9"),
        ("~1.x", "1.0.0", "1.0.1"),
        (">1.0.0-alpha", "1.0.0-beta", "1.0.0-1"),
    ] {
        let parsed = Range::parse(range).unwrap_or_else(|error| panic!("{range}: {error}"));
        assert_eq!(parsed.contains(&version(inside)), Ok(true), "{inside} in {range}");
        assert_eq!(parsed.contains(&version(outside)), Ok(false), "{outside} not in {range}");
    }
    let none = Range::parse("!1.x").expect("a range");
    assert!(["0.9.0", "1.5.0", "2.0.0"].iter().all(|text| none.contains(&version(text)) == Ok(false)));
    let broken = Range::parse("1.0.0 || || 2.0.0").expect("a range");
    assert_eq!(broken.contains(&version("1.0.0")), Ok(true));
    assert!(broken.contains(&version("2.0.0")).is_err());
}

#[test]
fn what_is_no_range_is_refused() {
    for (text, expected) in
        [("", "Last element in range is '||'"), ("=1.0.0-x", "Could not get version from string: \"<\"")]
    {
        assert_eq!(Range::parse(text).expect_err(text).to_string(), expected);
    }
}

#[test]
fn texts_are_quoted() {
    assert_eq!(
        Quoted("a\"\\\n\u{1}\u{7f}é\u{301}\u{a0}\u{e0001}").to_string(),
        r#""a\"\\\n\x01\x7fé́\u00a0\U000e0001""#
    );
}
