use super::*;
use proptest::prelude::*;

#[test]
fn reads() {
    assert_eq!(parse("1h30m"), Ok(5_400_000_000_000));
    assert_eq!(parse("-.5s"), Ok(-500_000_000));
    assert_eq!(parse("1\u{b5}s"), Ok(1000));
    assert_eq!(parse("1\u{3bc}s"), Ok(1000));
    assert_eq!(parse("+0"), Ok(0));
    assert_eq!(parse("-9223372036854775808ns"), Ok(i64::MIN));
    assert_eq!(parse("9223372036854775808ns9223372036854775808ns"), Ok(0), "as in Go");
}

#[test]
fn refuses_in_the_words_of_go() {
    let error = |text| parse(text).unwrap_err().to_string();
    assert_eq!(error(""), r#"time: invalid duration """#);
    assert_eq!(error("5"), r#"time: missing unit in duration "5""#);
    assert_eq!(error("1..5s"), r#"time: missing unit in duration "1..5s""#);
    assert_eq!(
        error("1µ\"\\\u{7f}\n"),
        "time: unknown unit \"\\xc2\\xb5\\\"\\\\\u{7f}\\x0a\" in duration \"1\\xc2\\xb5\\\"\\\\\u{7f}\\x0a\""
    );
    assert_eq!(error("9223372036854775808ns"), r#"time: invalid duration "9223372036854775808ns""#);
}

#[test]
fn writes() {
    assert_eq!(format(0).as_str(), "0s");
    assert_eq!(format(1_001_000_000).as_str(), "1.001s");
    assert_eq!(format(-90_000_000_001).as_str(), "-1m30.000000001s");
    assert_eq!(format(1_050).as_str(), "1.05\u{b5}s");
    assert_eq!(format(i64::MIN).as_str(), "-2562047h47m16.854775808s");
    assert!((seconds(1_500_000_000) - 1.5).abs() < f64::EPSILON);
}

proptest! {
    #[test]
    fn reads_what_it_writes(nanoseconds in any::<i64>(), shift in 0..63_u32) {
        let nanoseconds = nanoseconds >> shift;
        let text = format(nanoseconds);
        prop_assert_eq!(parse(&text), Ok(nanoseconds));
    }

    #[test]
    fn any_text_is_safe(text in any::<String>(), likely in "[-+]?([0-9.]{0,22}(ns|us|µs|ms|s|m|h|é|))*") {
        let _ = parse(&text).map_err(|error| error.to_string());
        let _ = parse(&likely).map_err(|error| error.to_string());
    }
}
