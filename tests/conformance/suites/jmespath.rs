//! `jmespath`: Kyverno's expressions and functions, error texts included; and `jmespath-suite`: the language's own.

use crate::conformance::data::Datum;
use crate::conformance::suite::{Difference, Outcome, cases};
use kyvc::engine::query::evaluate;
use serde_json::Value;
use std::path::Path;

/// Runs Kyverno's cases.
pub(crate) fn run(root: &Path) -> Result<Outcome, String> {
    cases(root, "jmespath.json", &[], check)
}

fn check(case: Datum<'_>) -> Result<(), String> {
    let expression = case.text("expr")?;
    let input = case.get("input").map_or("null".to_owned(), Datum::json);
    let ints = case.get("numbers").and_then(Datum::as_str) == Some("int64");
    let got = evaluate(expression, &input, ints);
    let told = || format!("{expression} on {input}: got {got:?}");
    if case.get("panic").is_some() {
        return if got.is_err() { Ok(()) } else { Err(told()) };
    }
    if let Some(error) = case.get("error").and_then(Datum::as_str) {
        return if got.as_ref().err().is_some_and(|e| e == error) {
            Ok(())
        } else {
            Err(format!("{}, want error {error:?}", told()))
        };
    }
    let Ok(text) = &got else { return Err(told()) };
    if case.get("shape").is_some() {
        return Ok(());
    }
    let want = value(&case.need("result")?.json());
    let mut sides = [want.clone(), value(text)];
    if case.get("unordered").is_some() {
        sides.iter_mut().for_each(sort);
    }
    if same(&sides[0], &sides[1]) { Ok(()) } else { Err(format!("{}, want {want}", told())) }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// Sorts lists whose order is that of Go's maps, at every depth.
fn sort(v: &mut Value) {
    match v {
        Value::Array(items) => {
            items.iter_mut().for_each(sort);
            items.sort_by_key(Value::to_string);
        }
        Value::Object(members) => members.values_mut().for_each(sort),
        _ => {}
    }
}

/// Whether two values are the same, with numbers by their value.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x.as_f64() == y.as_f64(),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(k, v)| y.get(k).is_some_and(|w| same(v, w)))
        }
        _ => a == b,
    }
}

/// Functions that Kyverno replaces: their cases in the language's own suite go by Kyverno's.
const REPLACED: [&str; 1] = ["sum("];

/// Runs the language's own suite. Kyverno's fork differs from it: an unknown key counts as its null.
pub(crate) fn suite(root: &Path) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    let folder = root.join("jmespath");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .map_err(|e| format!("{}: {e}", folder.display()))?
        .filter_map(|e| e.ok().map(|e| e.path()))
        .filter(|f| f.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    for file in files {
        let name = file.file_stem().and_then(|s| s.to_str()).unwrap_or("").to_owned();
        let groups = value(&std::fs::read_to_string(&file).map_err(|e| e.to_string())?);
        for (g, group) in groups.as_array().into_iter().flatten().enumerate() {
            for (c, case) in group["cases"].as_array().into_iter().flatten().enumerate() {
                let expression = case["expression"].as_str().unwrap_or("");
                if REPLACED.iter().any(|f| expression.contains(f)) {
                    continue;
                }
                let id = format!("{name}/{g}/{c}");
                match language(expression, &group["given"], case) {
                    Ok(()) => outcome.add(&id, Ok(())),
                    Err(text) => {
                        outcome.total += 1;
                        outcome.differences.push(Difference { id, text });
                    }
                }
            }
        }
    }
    Ok(outcome)
}

fn language(expression: &str, given: &Value, case: &Value) -> Result<(), String> {
    let got = evaluate(expression, &given.to_string(), false);
    let told = format!("{expression} on {given}: got {got:?}");
    if case.get("error").is_some() {
        return if got.is_err() { Ok(()) } else { Err(format!("{told}, want an error")) };
    }
    let Some(want) = case.get("result") else { return Ok(()) };
    let got = match &got {
        Ok(text) => value(text),
        Err(text) if text.starts_with("Unknown key") => Value::Null,
        Err(_) => return Err(format!("{told}, want {want}")),
    };
    let (mut a, mut b) = (want.clone(), got);
    // The suite's wildcards and keys are in no order.
    if expression.contains('*') || expression.contains("keys(") || expression.contains("values(") {
        sort(&mut a);
        sort(&mut b);
    }
    if same(&a, &b) { Ok(()) } else { Err(format!("{told}, want {want}")) }
}
