use super::*;
use proptest::prelude::*;

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn canonical(text: &str) -> String {
    quantity(text).canonical()
}

#[test]
fn kept_spellings() {
    for text in ["5.", "01", "+5", "1E3", "1e+3", "123.456m", "1.500", "5e0", "5e4294967299", "5.Ki"] {
        assert_eq!(canonical(text), text);
        assert_ne!(Quantity::parse_number(text).unwrap().canonical(), text);
    }
    assert_eq!(quantity("5.").add(&quantity("0")).unwrap().canonical(), "5");
}

#[test]
fn errors() {
    let error = |text| Quantity::parse(text).unwrap_err();
    assert_eq!(error(""), QuantityError::Format);
    assert_eq!(error("1.2.3"), QuantityError::Format);
    assert_eq!(error("1é"), QuantityError::Format);
    assert_eq!(error("1K"), QuantityError::Suffix);
    assert_eq!(error("1e99999999999999999999"), QuantityError::Suffix);
    assert_eq!(error("Ei"), QuantityError::Numeric);
    assert_eq!(error("-e-10"), QuantityError::Numeric);
    assert!(quantity("-").is_zero());
    assert!(quantity("Gi").is_zero());
}

#[test]
fn numbers_beyond_the_fast_form() {
    let long = "123456789012345678901234567890123456789012345678901234567890";
    assert_eq!(canonical(long), "12345678901234567890123456789012345678901234567890123456789".to_owned() + "0");
    assert_eq!(quantity(long).sub(&quantity(long)).unwrap().canonical(), "0");
    assert!(quantity(long) < quantity("1e60"));
    assert!(quantity(&format!("{long}.5")) > quantity(long));
    assert_eq!(quantity("1e60").sub(&quantity("1")).unwrap().canonical(), "9".repeat(60));
    assert_eq!(quantity("1e60").sub(&quantity("1n")).unwrap().canonical(), "9".repeat(69) + "e-9");
    assert_eq!(canonical("9999999999999999999999.9999999999Ki"), "9223372036854775807");
}

#[test]
fn extreme_exponents_cost_nothing() {
    assert!(quantity("1e2000000000") > quantity("1e1999999999"));
    assert!(quantity("-1e2000000000") < quantity("1n"));
    assert_eq!(canonical("1e-2000000000"), "1e-9");
    assert_eq!(quantity("1e2000000000").add(&quantity("1")).unwrap_err(), QuantityError::TooLong);
    assert_eq!(quantity("12345678901234567890e2000000000").value(), 0);
}

#[test]
fn overflow_is_that_of_the_reference() {
    assert_eq!(quantity("57000040761G").value(), 1_659_808_539_871_345_152);
    assert_eq!(quantity("70800530601506e3").milli_value(), 0_i64.wrapping_sub(2_986_445_693_332_206_464));
    assert_eq!(quantity("1e20").value(), 0);
    assert_eq!(quantity("-9223372036854775808").value(), 0);
    assert_eq!(quantity("1e20").as_int(), None);
}

#[test]
fn suffixes_run_out_as_in_the_reference() {
    assert_eq!(canonical("1000E"), "1");
    let mut sum = quantity("1Ei");
    for _ in 0..10 {
        sum = sum.add(&sum).unwrap();
    }
    assert_eq!(sum.canonical(), "1");
    assert_eq!(sum.approx(), 2_f64.powi(70));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn canonical_text_reads_back(text in "[-+]?[0-9]{1,24}(\\.[0-9]{0,12})?([numkMG]|[KMGTPE]i|[eE][-+]?[0-9]{1,2})?") {
        let quantity = quantity(&text);
        prop_assert_eq!(&super::Quantity::parse(&quantity.canonical()).unwrap(), &quantity);
        // A number too large for its decimal suffixes is printed without one; sums are not subject to that here.
        let plain = quantity.add(&super::Quantity::from_int(0, Format::DecimalSi)).unwrap();
        if quantity < super::Quantity::parse("999E").unwrap() {
            prop_assert_eq!(&super::Quantity::parse(&plain.canonical()).unwrap(), &quantity);
        }
    }

    #[test]
    fn both_forms_of_magnitudes_agree(a in "[0-9]{1,45}", b in "[0-9]{1,45}", places in 0..12_i64) {
        let digits = |text: &str| text.bytes().map(|byte| byte - b'0').collect::<Vec<_>>();
        let (large, other) = (magnitude::Magnitude::from_digits(&digits(&a)), magnitude::Magnitude::from_digits(&digits(&b)));
        let sum = large.plus(&other);
        prop_assert!(sum.minus(&other).compare(0, &large, 0).is_eq());
        prop_assert!(large.times_pow10(places).compare(0, &large, places).is_eq());
        let (back, exact) = large.times_pow10(places).divided_by_pow10(places);
        prop_assert!(exact && back.compare(0, &large, 0).is_eq());
        let (quotient, rest) = large.times(1024).divided_by(1024);
        prop_assert!(rest == 0 && quotient.compare(0, &large, 0).is_eq());
        prop_assert_eq!(large.compare(0, &other, 0), sum.compare(0, &other.plus(&other), 0));
    }

    #[test]
    fn any_text_is_safe(text in any::<String>(), likely in "[-+]?[0-9.]{0,30}[eEinumkKMGTP]{0,2}[-+]?[0-9]{0,12}") {
        for text in [text, likely] {
            if let Ok(quantity) = super::Quantity::parse(&text) {
                let _ = (quantity.canonical(), quantity.value(), quantity.milli_value(), quantity.approx());
                let _ = quantity.sub(&super::Quantity::from_int(7, Format::BinarySi));
            }
        }
    }
}
