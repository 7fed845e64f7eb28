//! Agreement with what was recorded from Kubernetes and Kyverno.

use std::path::PathBuf;

use serde_json::Value;

use super::number::text_v;
use super::{Glob, Quantity, duration};

/// The cases of one recorded file and of one kind; `None` where the recordings are not at hand.
fn cases(file: &str, kind: &str) -> Option<Vec<Value>> {
    let root = std::env::var_os("KYVC_CONFORMANCE")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance")), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(root.join("expected").join(file)) else {
        println!("skipped: no conformance data");
        return None;
    };
    let all: Vec<Value> = serde_json::from_str(&text).expect("the recordings are JSON");
    Some(all.into_iter().filter(|case| case["kind"] == kind).collect())
}

fn check(file: &str, kind: &str, fails: impl Fn(&Value) -> Option<String>) {
    let Some(cases) = cases(file, kind) else { return };
    assert!(!cases.is_empty(), "no case of kind {kind}");
    let failures: Vec<String> =
        cases.iter().filter_map(|case| fails(case).map(|why| format!("{why}: {case}"))).collect();
    println!("{kind}: {} of {} agree", cases.len() - failures.len(), cases.len());
    assert!(failures.is_empty(), "{failures:#?}");
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_else(|| panic!("{field} of {case}"))
}

#[test]
fn wildcards() {
    check("patterns.json", "wildcard", |case| {
        let (pattern, value) = (text(case, "pattern"), text(case, "value"));
        let found = (Glob::new(pattern).matches(value), super::glob::matches(pattern, value));
        let expected = case["result"].as_bool().expect("a result");
        (found != (expected, expected)).then(|| format!("{found:?}"))
    });
}

#[test]
fn quantities() {
    check("quantity_duration.json", "quantity", |case| {
        let found = match Quantity::parse(text(case, "input")) {
            Err(error) => serde_json::json!({"error": error.to_string()}),
            Ok(quantity) => serde_json::json!({
                "canonical": quantity.canonical(),
                "format": quantity.format().name(),
                "sign": quantity.sign(),
                "value": quantity.value().to_string(),
                "milli_value": quantity.milli_value().to_string(),
                "is_int64": quantity.is_int64(),
                "approx": text_v(quantity.approx()).as_str(),
            }),
        };
        differs(case, &found)
    });
}

#[test]
fn quantity_operations() {
    check("quantity_duration.json", "quantity_op", |case| {
        let quantity = |field| Quantity::parse(text(case, field)).expect("a quantity");
        let (a, b) = (quantity("a"), quantity("b"));
        let sum = a.add(&b).expect("a sum").canonical();
        let difference = a.sub(&b).expect("a difference").canonical();
        let order = a.cmp(&b) as i8;
        differs(case, &serde_json::json!({"cmp": order, "equal": a == b, "add": sum, "sub": difference}))
    });
}

#[test]
fn durations() {
    check("quantity_duration.json", "duration", |case| {
        let found = match duration::parse(text(case, "input")) {
            Err(error) => serde_json::json!({"error": error.to_string()}),
            Ok(nanoseconds) => serde_json::json!({
                "ns": nanoseconds.to_string(),
                "string": duration::format(nanoseconds).as_str(),
                "seconds": text_v(duration::seconds(nanoseconds)).as_str(),
            }),
        };
        differs(case, &found)
    });
}

/// Every field but the question has to be found, and nothing else.
fn differs(case: &Value, found: &Value) -> Option<String> {
    let mut expected = case.as_object().expect("an object").clone();
    expected.retain(|field, _| !matches!(field.as_str(), "id" | "kind" | "input" | "a" | "b"));
    (Value::Object(expected) != *found).then(|| found.to_string())
}
