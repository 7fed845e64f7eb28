//! Agreement with what was recorded from Kyverno.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::json::{Strings, strings};
use super::{Operator, holds};
use crate::builtin::{Call, Environment};
use crate::document::{Buffers, JsonOptions, Layout, read_json};
use crate::machine::memory::Memory;
use crate::program::Program;
use crate::value::{DocId, Val};

/// The result for a key and a value in JSON, which is the same for values of the run and of documents.
fn result(operator: Operator, key: &str, value: &str) -> bool {
    let (mut memory, program, environment) = (Memory::new(1 << 24), Program::empty(), Environment::default());
    let layout = Layout::everything();
    let read = |text| read_json(text, &layout, Buffers::default(), JsonOptions::default()).expect("a JSON text");
    let documents = [&read(key), &read(value)];
    let mut call = Call::new(&mut memory, &program, &documents, &environment);
    let [key, value] = [key, value].map(|text| call.make_json(text, true).expect("a JSON text"));
    let found = holds(&call, operator, key, value);
    let root = |at: u16| Val::Node(DocId(at), documents[usize::from(at)].root().expect("a value"));
    assert_eq!(holds(&call, operator, root(0), value), found, "with the key of a document");
    assert_eq!(holds(&call, operator, root(0), root(1)), found, "with both of documents");
    found
}

#[test]
fn names() {
    for (code, operator) in Operator::ALL.into_iter().enumerate() {
        assert_eq!(operator as usize, code);
        assert_eq!(Operator::from_code(operator as u8), Some(operator));
        assert_eq!(Operator::parse(operator.name()), Some(operator));
    }
    assert_eq!(Operator::from_code(17), None);
    assert_eq!(Operator::parse("EQUAL"), Some(Operator::Equals));
    assert_eq!(Operator::parse("notEqual"), Some(Operator::NotEquals));
    assert_eq!(Operator::parse("anyİn"), Some(Operator::AnyIn));
    assert_eq!(Operator::parse("durationLessThan"), Some(Operator::Miscased));
    assert_eq!(Operator::parse("Exists"), None);
    assert_eq!(Operator::parse(""), None);
}

#[test]
fn nothing_is_null() {
    let (mut memory, program, environment) = (Memory::new(1 << 10), Program::empty(), Environment::default());
    let call = Call::new(&mut memory, &program, &[], &environment);
    for operator in Operator::ALL {
        assert!(!holds(&call, operator, Val::Absent, Val::Null), "{operator:?}");
    }
}

#[test]
fn a_negative_lower_end_turns_into_another_pattern() {
    assert!(!result(Operator::AnyNotIn, r#"["2"]"#, r#""1-3""#));
    assert!(result(Operator::AnyNotIn, r#"["2"]"#, r#""-1-3""#));
    assert!(!result(Operator::AllNotIn, r#"["2"]"#, r#""-1-3""#));
}

#[test]
fn numbers_inside_lists_have_types() {
    assert!(result(Operator::Equals, "3", "3.0"));
    assert!(!result(Operator::Equals, "[3]", "[3.0]"));
    assert!(result(Operator::AllIn, "[3]", "[3.0]"));
}

#[test]
fn not_in_of_the_same_text() {
    assert!(result(Operator::In, r#"["a"]"#, r#""a""#));
    assert!(result(Operator::NotIn, r#"["a"]"#, r#""a""#));
    assert!(!result(Operator::NotIn, r#""a""#, r#""a""#));
}

#[test]
fn lists_of_strings() {
    let list = |members: &[&str]| Strings::List(members.iter().map(|member| (*member).to_owned()).collect());
    assert_eq!(strings(r#" ["a", null, "\u0062"] "#), list(&["a", "", "b"]));
    assert_eq!(strings("null"), list(&[]));
    for other in ["{}", "1e999", "[1]", r#"["a", [{"b": -0.5e+3}]]"#, "true", r#""a""#] {
        assert_eq!(strings(other), Strings::None, "{other}");
    }
    for wrong in ["", "[", "[1,]", "01", "[1 2]", r#"{"a"}"#, r#""\q""#, "\"\u{1}\"", "-", "1.", "nul", "[]]", "{,}"] {
        assert_eq!(strings(wrong), Strings::NoJson, "{wrong}");
    }
    assert_eq!(strings(&("[".repeat(10_000) + &"]".repeat(10_000))), Strings::None);
    assert_eq!(strings(&("[".repeat(10_001) + &"]".repeat(10_001))), Strings::NoJson);
}

#[test]
fn recorded() {
    let root = std::env::var_os("KYVC_CONFORMANCE")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance")), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(root.join("expected/patterns.json")) else {
        println!("skipped: no conformance data");
        return;
    };
    let cases: Vec<Value> = serde_json::from_str(&text).expect("the recordings are JSON");
    let (mut total, mut failures) = (0, Vec::new());
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for case in cases.iter().filter(|case| case["kind"] == "condition") {
        total += 1;
        let name = case["operator"].as_str().expect("an operator");
        let found = Operator::parse(name)
            .map(|operator| result(operator, &case["key"].to_string(), &case["value"].to_string()));
        let agrees = match case.get("result").and_then(Value::as_bool) {
            Some(expected) => found == Some(expected),
            // Where Kyverno panics, any result is as good as another.
            None if case.get("panic").is_some() => found.is_some(),
            None => found.is_none(),
        };
        counts.entry(name).or_default()[usize::from(found == Some(true))] += 1;
        if !agrees {
            failures.push(format!("{found:?}: {case}"));
        }
    }
    println!("false and true: {counts:?}");
    println!("conditions: {} of {total} agree", total - failures.len());
    failures.truncate(40);
    assert!(total > 0 && failures.is_empty(), "{failures:#?}");
}
