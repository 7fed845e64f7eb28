//! One pattern or expression and one value, without a policy around them: for tests that compare with recorded cases.

use super::environment::environment;
use super::message::{Words, path_of};
use super::run::Status;
use crate::codegen::Linker;
use crate::diag::Source;
use crate::lower::jmespath::{self, Start};
use crate::lower::pattern;
use crate::lower::scope::Scope;
use crate::policy::fields::Problems;
use crate::policy::tree::Tree;
use kyvc_vm::condition::Operator;
use kyvc_vm::document::{Buffers, JsonOptions, read_json};
use kyvc_vm::machine::{FaultView, Input, Machine, View};
use kyvc_vm::program::Program;
use kyvc_vm::selector::ResourceKind;
use kyvc_vm::value::{DocId, Val};
use kyvc_vm::verdict::{Outcome, Root, Step};

/// What a pattern says of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Whether it holds
    pub status: Status,
    /// The path of a failure
    pub path: String,
    /// The bare error
    pub message: String,
}

/// Compiles a pattern and runs it over a JSON text. `None` where the pattern has no code or the text is no JSON.
pub fn match_pattern(tree: &Tree, resource: &str) -> Option<Probe> {
    let problems = Problems::new(Source::new("pattern", ""));
    let lowered = pattern::lower(tree, &Scope::new(&problems));
    let mut linker = Linker::default();
    let unit = linker.pattern(&lowered).ok()?;
    let program = linker.finish().ok()?;
    let doc = read_json(resource, program.layout(), Buffers::default(), JsonOptions::default()).ok()?;
    let documents = [&doc];
    let input = Input { documents: &documents, kind: ResourceKind::default(), root: doc.root()? };
    let mut machine = Machine::default();
    machine.begin();
    let Ok(Step::Done(outcome)) = machine.run(&program, unit, &input) else { return None };
    let (status, id) = match outcome {
        Outcome::Pass(_) => return Some(Probe { status: Status::Pass, path: String::new(), message: String::new() }),
        Outcome::Skip(id) => (Status::Skip, id),
        Outcome::Fail(id) => (Status::Fail, id),
        Outcome::Error(id) => (Status::Error, id),
        Outcome::None | Outcome::Value(_) => return None,
    };
    let path = match machine.fault(&program, id) {
        Some(FaultView::Site { site, moved, .. }) if status == Status::Fail => machine.path(path_of(site), moved),
        _ => String::new(),
    };
    let words = Words { machine: &machine, program: &program, input: &input, rule: "", deletes: false };
    let message = words.text(id);
    Some(Probe { status, path, message })
}

/// Evaluates an expression on a JSON text, and gives the JSON of its value or the error.
///
/// Numbers of the input are float64 unless `ints` is set, as Kyverno's JSON context has them.
pub fn evaluate(expression: &str, input: &str, ints: bool) -> Result<String, String> {
    let lowered = jmespath::parse(expression, Start::Value(Root::Input), &|_| true).map_err(|e| e.to_string())?;
    let lowered = lowered.map_err(|name| format!("unknown name {}", name.0))?;
    let mut linker = Linker::default();
    linker.layout().want(&[], true);
    let unit = linker.expression("expression".to_owned(), &lowered).map_err(|e| e.to_string())?;
    let program = linker.finish().map_err(|e| e.to_string())?;
    let mut doc =
        read_json(input, program.layout(), Buffers::default(), JsonOptions::default()).map_err(|e| e.to_string())?;
    if !ints {
        doc.numbers_to_floats();
    }
    let root = doc.root().ok_or("no input")?;
    let documents = [&doc];
    let input = Input { documents: &documents, kind: ResourceKind::default(), root };
    let mut machine = Machine::default();
    machine.set_environment(environment());
    machine.begin();
    machine.set_root(Root::Input, Some(Val::Node(DocId(0), root)));
    let outcome = match machine.run(&program, unit, &input) {
        Ok(Step::Done(outcome)) => outcome,
        Ok(Step::Need(_)) => return Err("the expression waits for something".to_owned()),
        Err(trap) => return Err(trap.to_string()),
    };
    let Outcome::Value(value) = outcome else { return Err("no value".to_owned()) };
    if let View::Fault(id) = machine.view(&program, &input, value) {
        let words = Words { machine: &machine, program: &program, input: &input, rule: "", deletes: false };
        return Err(words.text(id));
    }
    if let View::Float(n) = machine.view(&program, &input, value)
        && !n.is_finite()
    {
        let name = if n.is_nan() {
            "NaN"
        } else if n > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        return Err(format!("result is not JSON: json: unsupported value: {name}"));
    }
    let mut out = String::new();
    machine.json(&program, &input, value, &mut out);
    Ok(out)
}

/// Whether a condition holds between two JSON values; `None` where there is no such operator or a value is no JSON.
/// Whole numbers are int64 where they are written without a fraction.
pub fn condition(key: &str, operator: &str, value: &str) -> Option<bool> {
    let operator = Operator::parse(operator)?;
    let program = Program::empty();
    let mut machine = Machine::default();
    machine.begin();
    let (key, value) = (machine.import_json(key, true)?, machine.import_json(value, true)?);
    Some(machine.condition(&program, operator, key, value))
}
