//! Pattern scalars against what Kyverno made of them.

use std::path::PathBuf;

use kyvc_grammar::scalar as surface;
use kyvc_vm::scalar::{Op, Scalar, ScalarPattern, Term};
use serde_json::Value;

fn text_pattern(source: &str) -> ScalarPattern {
    let parsed = surface::parse(source);
    ScalarPattern::text(source, parsed.any.iter().map(|all| all.iter().map(term)))
}

fn term<'a>(term: &surface::Term<'a>) -> Term<'a> {
    let op = match term.op {
        surface::Op::Equal => Op::Equal,
        surface::Op::NotEqual => Op::NotEqual,
        surface::Op::More => Op::More,
        surface::Op::Less => Op::Less,
        surface::Op::MoreEqual => Op::MoreEqual,
        surface::Op::LessEqual => Op::LessEqual,
        surface::Op::InRange { low, high } => Op::InRange { low, high },
        surface::Op::NotInRange { low, high } => Op::NotInRange { low, high },
    };
    Term { op, operand: term.operand }
}

fn pattern(value: &Value) -> ScalarPattern {
    match value {
        Value::Null => ScalarPattern::null(),
        Value::Bool(value) => ScalarPattern::bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(value) => ScalarPattern::int(value),
            None => ScalarPattern::float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(source) => text_pattern(source),
        Value::Array(_) => ScalarPattern::list_type(),
        Value::Object(_) => ScalarPattern::map_type(),
    }
}

fn scalar(value: &Value) -> Scalar<'_> {
    match value {
        Value::Null => Scalar::Null,
        Value::Bool(value) => Scalar::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(value) => Scalar::Int(value),
            None => Scalar::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Scalar::Str(text),
        Value::Array(_) => Scalar::List,
        Value::Object(_) => Scalar::Map,
    }
}

#[test]
fn patterns_agree_with_the_recordings() {
    let root = std::env::var_os("KYVC_CONFORMANCE")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance")), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(root.join("expected/patterns.json")) else {
        println!("skipped: no conformance data");
        return;
    };
    let cases: Vec<Value> = serde_json::from_str(&text).expect("the recordings are JSON");
    let cases: Vec<&Value> = cases.iter().filter(|case| case["kind"] == "pattern").collect();
    assert!(!cases.is_empty());
    let failures: Vec<_> = cases
        .iter()
        .filter(|case| Value::Bool(pattern(&case["pattern"]).matches(scalar(&case["value"]))) != case["result"])
        .collect();
    println!("pattern: {} of {} agree", cases.len() - failures.len(), cases.len());
    assert!(failures.is_empty(), "{failures:#?}");
}
