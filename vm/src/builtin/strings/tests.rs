//! What Kyverno's functions were recorded to do, for the families that work on strings.

use crate::builtin::{Builtin, Call, Environment, Failure, encoding, images, random, regex, x509};
use crate::machine::View;
use crate::machine::memory::Memory;
use crate::program::Program;
use crate::value::Val;
use serde_json::Value;
use std::path::PathBuf;

const FAMILIES: &[&[Builtin]] =
    &[super::FUNCTIONS, regex::FUNCTIONS, encoding::FUNCTIONS, x509::FUNCTIONS, images::FUNCTIONS, random::FUNCTIONS];

fn find(name: &str) -> Option<&'static Builtin> {
    FAMILIES.iter().copied().flatten().find(|f| f.name == name)
}

fn is_a(call: &Call<'_, '_>, value: Val, kind: crate::builtin::Type) -> bool {
    use crate::builtin::Type;
    matches!(
        (call.view(value), kind),
        (View::Str(_), Type::Str) | (View::Float(_), Type::Number) | (View::Map, Type::Object)
    )
}

/// Calls a function as an expression would, with the checks that come before it.
pub(in crate::builtin) fn run(name: &str, args: &[Value]) -> Result<Value, String> {
    let function = find(name).unwrap_or_else(|| panic!("no function {name}"));
    let (mut memory, program) = (Memory::new(64 << 20), Program::empty());
    let environment = Environment { random: noise, ..Environment::default() };
    let mut call = Call::new(&mut memory, &program, &[], &environment);
    if args.len() != function.args.len() {
        return Err("incorrect number of args".to_owned());
    }
    let mut values = Vec::new();
    for (arg, types) in args.iter().zip(function.args) {
        let value = call.make_json(&arg.to_string(), false).expect("JSON");
        if !types.iter().any(|t| is_a(&call, value, *t)) {
            let names: Vec<String> = types.iter().map(|t| format!("\"{}\"", t.name())).collect();
            let shown = call.go_value(value);
            return Err(format!("Invalid type for: {shown}, expected: []jmespath.JpType{{{}}}", names.join(", ")));
        }
        values.push(value);
    }
    match (function.code)(&mut call, &values) {
        Ok(value) => Ok(serde_json::from_str(&call.json(value)).expect("JSON")),
        Err(Failure::Error(text) | Failure::Crash(text)) => Err(text),
        Err(Failure::Trap(kind)) => Err(format!("trap: {kind}")),
    }
}

/// Random enough for a test.
fn noise() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static STATE: AtomicU64 = AtomicU64::new(0x9e37_79b9_7f4a_7c15);
    let x = STATE.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

/// A reader of the simplest expressions: literals, `@`, fields, positions, pipes and calls.
struct Reader<'e> {
    rest: &'e str,
}

/// `None` where an expression needs more than that.
type Found = Option<Result<Value, String>>;

impl<'e> Reader<'e> {
    fn eat(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut out = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.rest = &self.rest[at + 1..];
                return Some(out);
            }
            if c == '\\' && self.rest[at + 1..].starts_with(quote) {
                chars.next();
                out.push(quote);
            } else {
                out.push(c);
            }
        }
        None
    }

    fn name(&mut self) -> Option<&'e str> {
        let end = self.rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!name.is_empty()).then_some(name)
    }

    fn expression(&mut self, input: &Value) -> Found {
        let mut value = self.operand(input)?;
        loop {
            if self.eat("|") {
                let Ok(input) = &value else { return Some(value) };
                value = self.expression(&input.clone())?;
            } else if self.rest.starts_with('.') {
                self.eat(".");
                let name = self.name()?;
                value = value.map(|v| v[name].clone());
            } else if self.rest.starts_with('[') {
                self.eat("[");
                let at: usize = self.name()?.parse().ok()?;
                self.eat("]").then_some(())?;
                value = value.map(|v| v[at].clone());
            } else {
                return Some(value);
            }
        }
    }

    fn operand(&mut self, input: &Value) -> Found {
        if self.eat("@") {
            return Some(Ok(input.clone()));
        }
        if self.eat("'") {
            return self.quoted('\'').map(|text| Ok(Value::String(text)));
        }
        if self.eat("`") {
            return self.quoted('`').map(|text| Ok(serde_json::from_str(&text).unwrap_or(Value::String(text))));
        }
        let name = self.name()?;
        if !self.rest.starts_with('(') {
            return Some(Ok(input.get(name)?.clone()));
        }
        self.eat("(");
        let mut args = Vec::new();
        while !self.eat(")") {
            args.push(self.expression(input)?.ok()?);
            self.eat(",");
        }
        find(name)?;
        Some(run(name, &args))
    }
}

pub(in crate::builtin) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|other| same(v, other)))
        }
        (a, b) => a == b,
    }
}

fn agrees(case: &Value, found: &Result<Value, String>) -> bool {
    match (found, case["shape"].as_str(), case["panic"].is_null()) {
        (_, _, false) => found.is_err(),
        (Ok(Value::String(text)), Some(shape), _) => regex::prepare(shape).expect("a pattern").is_match(text),
        (Ok(value), ..) => case["error"].is_null() && same(value, &case["result"]),
        (Err(error), ..) => case["error"].as_str() == Some(error),
    }
}

#[test]
fn recorded() {
    let root = std::env::var_os("KYVC_CONFORMANCE")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance")), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(root.join("expected/jmespath.json")) else {
        println!("skipped: no conformance data");
        return;
    };
    let cases: Vec<Value> = serde_json::from_str(&text).expect("the recordings are JSON");
    let (mut covered, mut failures, mut skipped) = (0, Vec::new(), Vec::new());
    for case in &cases {
        let id = case["id"].as_str().expect("an id");
        if find(id.split('/').nth(1).expect("a group")).is_none() {
            continue;
        }
        let mut reader = Reader { rest: case["expr"].as_str().expect("an expression") };
        let found = reader.expression(&case["input"]).filter(|_| reader.rest.trim().is_empty());
        match found {
            Some(found) if agrees(case, &found) => covered += 1,
            Some(found) => failures.push(format!("{id}: {} gives {found:?}", case["expr"])),
            None => skipped.push(id),
        }
    }
    println!("{covered} agree, {} not evaluated: {skipped:?}", skipped.len());
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(skipped.len() < 5, "{skipped:?}");
}

/// Examples that are no more than a call of literals.
#[test]
fn examples() {
    for function in FAMILIES.iter().copied().flatten() {
        for (expr, result) in function.examples {
            let mut reader = Reader { rest: expr };
            let Some(found) = reader.expression(&Value::Null) else { continue };
            let expected = serde_json::from_str(result).expect("JSON");
            assert!(found.as_ref().is_ok_and(|v| same(v, &expected)), "{expr}: {found:?}");
        }
    }
}

fn text(name: &str, args: &[Value]) -> String {
    run(name, args).expect("a value").as_str().expect("a text").to_owned()
}

#[test]
fn cases_of_letters() {
    assert_eq!(text("to_upper", &["ᾳß".into()]), "ᾼß");
    assert_eq!(text("to_lower", &["İΣ".into()]), "iσ");
    assert_eq!(run("equal_fold", &["ſK".into(), "SK".into()]), Ok(true.into()));
    assert_eq!(run("equal_fold", &["a".into(), "ab".into()]), Ok(false.into()));
}

#[test]
fn numbers_become_ints() {
    let replaced = |n: f64| text("replace", &["aaa".into(), "a".into(), "b".into(), n.into()]);
    assert_eq!([replaced(1e30), replaced(-0.5), replaced(1.9)], ["bbb", "aaa", "baa"]);
    assert_eq!(text("truncate", &["abc".into(), 1e30.into()]), "");
}

#[test]
fn a_text_cannot_grow_without_end() {
    let long = "a".repeat(1 << 20);
    let found = run("replace_all", &[long.as_str().into(), "a".into(), long.as_str().into()]);
    assert_eq!(found, Err("trap: out of memory".to_owned()));
    let found = run("regex_replace_all", &["a".into(), long.as_str().into(), long.as_str().into()]);
    assert_eq!(found, Err("trap: out of memory".to_owned()));
}
