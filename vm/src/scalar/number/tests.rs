use super::*;
use proptest::prelude::*;

#[test]
fn spellings() {
    let json = |value| format_json(value).map(|text| text.to_string());
    assert_eq!(text_v(1e6).as_str(), "1e+06");
    assert_eq!(text_v(123_456.0).as_str(), "123456");
    assert_eq!(text_v(1e-4).as_str(), "0.0001");
    assert_eq!(text_v(1.25e-5).as_str(), "1.25e-05");
    assert_eq!(text_v(-0.0).as_str(), "-0");
    assert_eq!(text_v(f64::INFINITY).as_str(), "+Inf");
    assert_eq!(format_exponent(1.5).as_str(), "1.5E+00");
    assert_eq!(format_exponent(1e300).as_str(), "1E+300");
    assert_eq!(format_exponent(802_440_413_422_645.0 + 0.25).as_str(), "8.024404134226452E+14", "the even one of two");
    assert_eq!(format_exponent(0.0).as_str(), "0E+00");
    assert_eq!(format_fixed(0.000_000_5).as_str(), "0.000000", "ties go to the even digit of the exact value");
    assert_eq!(format_fixed(f64::MIN).len(), 317);
    assert_eq!(format_fixed(f64::NAN).as_str(), "NaN");
    let mut both = String::new();
    format_v(1e6, &mut both);
    json_float(f64::NAN, &mut both);
    json_float(1e-7, &mut both);
    assert_eq!(both, "1e+06null1e-7");
    assert_eq!(json(1e21).as_deref(), Some("1e+21"));
    assert_eq!(json(1e20).as_deref(), Some("100000000000000000000"));
    assert_eq!(json(1e-7).as_deref(), Some("1e-7"));
    assert_eq!(json(0.000_001).as_deref(), Some("0.000001"));
    assert_eq!(json(f64::NAN), None);
    assert_eq!(format_int(i64::MIN).as_str(), "-9223372036854775808");
}

#[test]
fn conversion_to_int_is_that_of_amd64() {
    assert_eq!(float_to_int(-1.9), -1);
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 9.3e18, -1e300] {
        assert_eq!(float_to_int(value), i64::MIN);
    }
}

#[test]
fn reads_as_go() {
    for (text, value) in [
        ("1.", 1.0),
        (".5e1", 5.0),
        ("+1E+2", 100.0),
        ("0x1p-2", 0.25),
        ("-0X1.8P3", -12.0),
        ("0x1p-1074", 5e-324),
        ("0x1p-1075", 0.0),
        ("0x1.8p-1075", 5e-324),
        ("0x1.fffffffffffff8p0", 2.0),
        ("0x1.fffffffffffff7ffffp0", 2.0 - f64::EPSILON),
        ("0x0p99999999", 0.0),
        ("1e-400", 0.0),
        ("1_000", 1000.0),
        ("0x_1p-2", 0.25),
        ("-Infinity", f64::NEG_INFINITY),
    ] {
        assert_eq!(parse_float(text), Some(value), "{text}");
    }
    assert!(parse_float("NaN").is_some_and(f64::is_nan));
    for text in [
        "",
        "+",
        ".",
        "e5",
        "1e",
        "1e+",
        "+nan",
        "infi",
        "1e400",
        "0x1p2000",
        "0x1",
        "0xp1",
        "0x1.fffffffffffff8p1023",
        "--1",
        "1__0",
        "_1",
        "1_",
        "1_.0",
        "1e_5",
        "0x1_p2",
        " 1",
        "1 ",
        "1f",
        "0x1p--5",
        "\u{661}",
    ] {
        assert_eq!(parse_float(text), None, "{text}");
    }
    assert_eq!(parse_int("+03"), Some(3));
    assert_eq!(parse_int("-9223372036854775808"), Some(i64::MIN));
    for text in ["", "-", "1_0", "9223372036854775808", "0x1", "1.0", " 1"] {
        assert_eq!(parse_int(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn spellings_read_back(value in any::<f64>()) {
        prop_assume!(value.is_finite());
        prop_assert_eq!(parse_float(&text_v(value)), Some(value));
        prop_assert_eq!(parse_float(&format_exponent(value)), Some(value));
        prop_assert_eq!(format_json(value).and_then(|text| parse_float(&text)), Some(value));
        prop_assert!(format_fixed(value).contains('.'));
    }

    #[test]
    fn hexadecimal_floats_are_exact(value in any::<f64>()) {
        prop_assume!(value.is_normal());
        let (bits, sign) = (value.abs().to_bits(), if value < 0.0 { "-" } else { "" });
        let (fraction, exponent) = (bits & ((1 << 52) - 1), i64::try_from(bits >> 52).unwrap() - 1023);
        prop_assert_eq!(parse_float(&format!("{sign}0x1.{fraction:013x}p{exponent}")), Some(value));
    }

    #[test]
    fn any_text_is_safe(text in any::<String>(), likely in "[-+]?(0x)?[0-9a-f._]{0,20}([ep][-+]?[0-9_]{0,6})?") {
        let _ = parse_float(&text);
        let _ = parse_float(&likely);
        let _ = parse_int(&text);
    }
}
