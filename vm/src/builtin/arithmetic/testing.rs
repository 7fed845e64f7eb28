//! Runs examples and recorded cases of functions: just enough of an expression language for calls with literals and
//! members of the input.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::builtin::{Builtin, Call, Environment, Failure, Type, table};
use crate::machine::View;
use crate::machine::memory::Memory;
use crate::program::Program;
use crate::scalar::number::text_v;
use crate::value::Val;

/// Why an expression has no value.
enum Stop {
    /// It is more than this reader knows.
    Unknown,
    Failed(String),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Error(text) | Failure::Crash(text) => Stop::Failed(text),
            Failure::Trap(kind) => Stop::Failed(format!("{kind:?}")),
        }
    }
}

/// The JSON of an expression's value or the text of its error; `None` for what this reader does not know.
pub(in crate::builtin) fn evaluate(expr: &str, input: &str, ints: bool) -> Option<Result<String, String>> {
    let (mut memory, program) = (Memory::new(1 << 24), Program::empty());
    let environment = Environment { now: || 1_700_000_000_123_456_789, ..Environment::default() };
    let mut call = Call::new(&mut memory, &program, &[], &environment);
    let input = call.make_json(input, ints).expect("the input is JSON");
    let mut reader = Reader { call: &mut call, rest: expr, input };
    let value = reader.value().and_then(|value| if reader.rest.is_empty() { Ok(value) } else { Err(Stop::Unknown) });
    match value {
        Err(Stop::Unknown) => None,
        Err(Stop::Failed(text)) => Some(Err(text)),
        Ok(value) => Some(match call.view(value) {
            View::Float(n) if !n.is_finite() => {
                Err(format!("result is not JSON: json: unsupported value: {}", text_v(n)))
            }
            _ => Ok(call.json(value)),
        }),
    }
}

/// The value of an expression on `null`, which has to have one.
pub(in crate::builtin) fn ok(expr: &str) -> String {
    evaluate(expr, "null", false).expect("a simple expression").unwrap_or_else(|error| panic!("{expr}: {error}"))
}

/// The error of an expression on `null`, which has to have one.
pub(in crate::builtin) fn err(expr: &str) -> String {
    evaluate(expr, "null", false).expect("a simple expression").expect_err(expr)
}

struct Reader<'e, 'a, 'c, 'r> {
    call: &'a mut Call<'c, 'r>,
    rest: &'e str,
    input: Val,
}

impl<'e> Reader<'e, '_, '_, '_> {
    fn eat(&mut self, mark: char) -> bool {
        let found = self.rest.trim_start().strip_prefix(mark);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn name(&mut self) -> Result<&'e str, Stop> {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        self.rest = rest;
        if name.is_empty() { Err(Stop::Unknown) } else { Ok(name) }
    }

    fn quoted(&mut self, mark: char) -> Result<String, Stop> {
        let (text, rest) = self.rest.split_once(mark).ok_or(Stop::Unknown)?;
        self.rest = rest;
        if text.contains('\\') { Err(Stop::Unknown) } else { Ok(text.to_owned()) }
    }

    fn value(&mut self) -> Result<Val, Stop> {
        if self.eat('`') {
            let json = self.quoted('`')?;
            // Numbers out of range are refused before a function is called.
            return self.call.make_json(&json, false).map_err(|_| Stop::Unknown);
        }
        if self.eat('\'') {
            let text = self.quoted('\'')?;
            return Ok(self.call.make_str(&text)?);
        }
        if self.eat('@') {
            return Ok(self.input);
        }
        let name = self.name()?;
        if self.eat('(') {
            return self.function(name);
        }
        let value = self.call.member(self.input, name).ok_or(Stop::Unknown)?;
        self.members(value)
    }

    /// Names after a value, of which `[*]` makes a projection.
    fn members(&mut self, mut value: Val) -> Result<Val, Stop> {
        while self.eat('.') {
            let name = self.name()?;
            value = self.call.member(value, name).unwrap_or(Val::Null);
        }
        let Some(rest) = self.rest.strip_prefix("[*]") else { return Ok(value) };
        let mut found = Vec::new();
        for element in self.call.elements(value) {
            self.rest = rest;
            let value = self.members(element)?;
            if !matches!(value, Val::Null) {
                found.push(value);
            }
        }
        Ok(self.call.make_list(found)?)
    }

    fn function(&mut self, name: &str) -> Result<Val, Stop> {
        let builtin = table().iter().find(|builtin| builtin.name == name).ok_or(Stop::Unknown)?;
        let mut args = Vec::new();
        while !self.eat(')') {
            if !args.is_empty() && !self.eat(',') {
                return Err(Stop::Unknown);
            }
            args.push(self.value()?);
        }
        self.admit(builtin, &args)?;
        Ok((builtin.code)(self.call, &args)?)
    }

    /// The caller's check, in the words of the reference.
    fn admit(&self, builtin: &Builtin, args: &[Val]) -> Result<(), Stop> {
        if builtin.variadic {
            return Err(Stop::Unknown);
        }
        if builtin.args.is_empty() {
            return Ok(());
        }
        if builtin.args.len() != args.len() {
            return Err(Stop::Failed("incorrect number of args".to_owned()));
        }
        for (types, value) in builtin.args.iter().zip(args) {
            let view = self.call.view(*value);
            let fits = types.iter().any(|wanted| match wanted {
                Type::Any => true,
                Type::Number => matches!(view, View::Int(_) | View::Float(_)),
                Type::Str => matches!(view, View::Str(_)),
                Type::Array => matches!(view, View::List),
                Type::Object => matches!(view, View::Map),
                _ => false,
            });
            if types.iter().any(|wanted| matches!(wanted, Type::ArrayNumber | Type::ArrayStr | Type::Expref)) {
                return Err(Stop::Unknown);
            }
            if !fits {
                let names: Vec<String> = types.iter().map(|wanted| format!("{:?}", wanted.name())).collect();
                let (value, names) = (self.call.go_value(*value), names.join(", "));
                return Err(Stop::Failed(format!("Invalid type for: {value}, expected: []jmespath.JpType{{{names}}}")));
            }
        }
        Ok(())
    }
}

/// Runs the examples of these functions.
pub(in crate::builtin) fn examples(functions: &[Builtin]) {
    for builtin in functions {
        assert!(!builtin.examples.is_empty(), "{} has no example", builtin.name);
        for (expr, expected) in builtin.examples {
            assert_eq!(ok(expr), *expected, "{expr}");
        }
    }
}

/// Runs the recorded cases that name one of these functions, and says how many this reader knows.
pub(in crate::builtin) fn recorded(functions: &[Builtin]) {
    let root = std::env::var_os("KYVC_CONFORMANCE")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance")), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(root.join("expected/jmespath.json")) else {
        println!("skipped: no conformance data");
        return;
    };
    let cases: Vec<Value> = serde_json::from_str(&text).expect("the recordings are JSON");
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut failures = Vec::new();
    for case in &cases {
        let expr = case["expr"].as_str().expect("an expression");
        let named = |builtin: &&Builtin| {
            let call = format!("{}(", builtin.name);
            expr.match_indices(&call).any(|(at, _)| !expr[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        };
        let Some(builtin) = functions.iter().find(named) else { continue };
        let count = counts.entry(builtin.name).or_default();
        count.1 += 1;
        let found = evaluate(expr, &case["input"].to_string(), case["numbers"] == "int64");
        let Some(found) = found else {
            println!("not covered: {} {expr}", case["id"]);
            continue;
        };
        count.0 += 1;
        let agrees = match &found {
            Err(text) => case["error"] == text.as_str(),
            Ok(json) => case.get("result").is_some_and(|result| {
                let found: Value = serde_json::from_str(json).expect("the result is JSON");
                found == *result || found.is_number() && found.as_f64() == result.as_f64()
            }),
        };
        if !agrees {
            failures.push(format!("{found:?}: {case}"));
        }
    }
    println!("covered of recorded: {counts:?}");
    let total = counts.values().fold((0, 0), |total, count| (total.0 + count.0, total.1 + count.1));
    println!("{} of {} cases, {} disagree", total.0, total.1, failures.len());
    assert!(failures.is_empty(), "{failures:#?}");
}
