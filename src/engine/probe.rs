//! One pattern or condition and one value, without a policy around them: for tests that compare with recorded cases.

use super::message::{Words, path_of};
use super::run::Status;
use crate::codegen::Linker;
use crate::diag::Source;
use crate::lower::pattern;
use crate::lower::scope::Scope;
use crate::policy::fields::Problems;
use crate::policy::tree::Tree;
use kyvc_vm::condition::Operator;
use kyvc_vm::document::{Buffers, JsonOptions, read_json};
use kyvc_vm::machine::{FaultView, Input, Machine};
use kyvc_vm::program::Program;
use kyvc_vm::selector::ResourceKind;
use kyvc_vm::verdict::{Outcome, Step};

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
