use super::*;
use proptest::prelude::*;

fn one(op: Op<'_>, operand: &str) -> ScalarPattern {
    ScalarPattern::text("source", [[Term { op, operand }]])
}

#[test]
fn parts_come_back() {
    let any = [
        vec![Term { op: Op::More, operand: "1" }, Term { op: Op::Equal, operand: "" }],
        vec![Term { op: Op::NotInRange { low: "1", high: "2h" }, operand: "" }],
    ];
    let pattern = ScalarPattern::text("src", any.clone());
    assert_eq!(pattern.terms().map(Iterator::collect::<Vec<_>>).collect::<Vec<_>>(), any);
    assert_eq!(pattern.source(), Some("src"));
    assert_eq!(pattern.kind(), PatternKind::Text("src"));
    let single = one(Op::Equal, "x");
    assert_eq!(single.terms().map(Iterator::count).collect::<Vec<_>>(), [1]);
    assert_eq!(ScalarPattern::int(1).terms().count(), 0);
    assert_eq!(ScalarPattern::null().kind(), PatternKind::Null);
}

#[test]
fn shown() {
    let shown = |pattern: ScalarPattern| pattern.to_string();
    assert_eq!(shown(one(Op::More, "1")), r#""source""#);
    assert_eq!(shown(ScalarPattern::float(3.0)), "3.0");
    assert_eq!(shown(ScalarPattern::int(3)), "3");
    assert_eq!(shown(ScalarPattern::map_type()), "{}");
}

#[test]
fn literals() {
    let literal = |text| ScalarPattern::text(text, [[Term { op: Op::Equal, operand: text }]]);
    assert_eq!(literal("abc").as_literal(), Some("abc"));
    assert_eq!(literal("a*").as_literal(), None);
    assert_eq!(literal("1Gi").as_literal(), None);
    assert_eq!(one(Op::Equal, "abc").as_literal(), None, "the source is another text that matches");
}

#[test]
fn source_matches_as_it_stands() {
    assert!(one(Op::More, "1").matches(Scalar::Str("source")));
    assert!(!one(Op::More, "1").matches(Scalar::Str("source ")));
}

#[test]
fn no_text_is_neither_equal_nor_unequal() {
    for value in [Scalar::Null, Scalar::List, Scalar::Map] {
        assert!(!one(Op::Equal, "*").matches(value));
        assert!(!one(Op::NotEqual, "x").matches(value));
    }
    assert!(one(Op::NotEqual, "1").matches(Scalar::Null), "as a quantity it is zero");
    assert!(!one(Op::NotEqual, "1").matches(Scalar::Map));
}

#[test]
fn durations_before_quantities() {
    assert!(one(Op::More, "5m").matches(Scalar::Str("301s")));
    assert!(one(Op::More, "5m").matches(Scalar::Str("1")), "no duration, so five thousandths");
    assert!(one(Op::LessEqual, "1h").matches(Scalar::Int(0)));
    assert!(!one(Op::LessEqual, "1h").matches(Scalar::Int(1)));
    assert!(!one(Op::LessEqual, "1h").matches(Scalar::Float(0.0)));
}

#[test]
fn floats_have_six_digits() {
    assert!(!one(Op::More, "0").matches(Scalar::Float(1e-7)));
    assert!(one(Op::Equal, "0.1").matches(Scalar::Float(0.100_000_1)));
    assert!(one(Op::Equal, "1.5E+0?").matches(Scalar::Float(1.5)));
    assert!(one(Op::More, "1").matches(Scalar::Float(1e300)));
    assert!(!one(Op::More, "1").matches(Scalar::Float(f64::INFINITY)));
    assert!(one(Op::Equal, "?Inf").matches(Scalar::Float(f64::INFINITY)));
}

#[test]
fn typed_corners() {
    assert!(ScalarPattern::int(i64::MIN).matches(Scalar::Float(f64::INFINITY)));
    assert!(ScalarPattern::int(i64::MIN).matches(Scalar::Float(1e300)));
    assert!(!ScalarPattern::int(0).matches(Scalar::Float(f64::NAN)));
    assert!(ScalarPattern::float(f64::INFINITY).matches(Scalar::Int(i64::MIN)));
    assert!(ScalarPattern::float(f64::INFINITY).matches(Scalar::Str("+inf")));
    assert!(!ScalarPattern::float(f64::NAN).matches(Scalar::Str("nan")));
    assert!(!ScalarPattern::float(2.5).matches(Scalar::Int(2)));
    assert!(ScalarPattern::null().matches(Scalar::Float(-0.0)));
    assert!(!ScalarPattern::list_type().matches(Scalar::List));
    assert!(ScalarPattern::map_type().matches(Scalar::Map));
}

proptest! {
    #[test]
    fn a_value_is_read_the_same_once_and_twice(text in "[-+0-9.a-zGi*?]{0,6}", operand in "[-+0-9.mskGi*?]{0,5}") {
        let ops = [Op::Equal, Op::NotEqual, Op::More, Op::Less, Op::MoreEqual, Op::LessEqual];
        for op in ops {
            let term = Term { op, operand: &operand };
            let single = ScalarPattern::text("-", [[term]]);
            let double = ScalarPattern::text("-", [[term, term]]);
            prop_assert_eq!(single.matches(Scalar::Str(&text)), double.matches(Scalar::Str(&text)));
        }
    }
}
