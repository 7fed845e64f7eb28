//! Texts whose variables are only known at run time, as in `{{ a.{{ b }} }}`: compiled when they come up, and run beside
//! the rule over the same documents.

use super::environment::environment;
use super::message::Words;
use super::request::Operation;
use super::run::{OBJECT, REQUEST};
use crate::codegen::Linker;
use crate::diag::Source;
use crate::lower::text;
use crate::policy::fields::Problems;
use kyvc_vm::document::{Document, Place};
use kyvc_vm::machine::{Input, Machine, View};
use kyvc_vm::value::Val;
use kyvc_vm::verdict::{Need, Outcome, Root, Step};

/// How deep texts may bring forth texts.
const DEPTH: usize = 8;

/// A value that crosses from one machine to another.
pub(super) enum Dynamic {
    /// A node of the documents, or a scalar
    Node(Val),
    /// Anything else, as JSON
    Json(String),
}

/// Evaluates the variables in a text.
pub(super) fn evaluate(
    source: &str,
    input: &Input<'_>,
    rest: Option<&Document<'_>>,
    operation: Operation,
) -> Result<Dynamic, String> {
    level(source, input, rest, operation, DEPTH)
}

fn level(
    source: &str,
    input: &Input<'_>,
    rest: Option<&Document<'_>>,
    operation: Operation,
    depth: usize,
) -> Result<Dynamic, String> {
    let depth = depth.checked_sub(1).ok_or("variables are nested too deeply")?;
    let problems = Problems::new(Source::new("variable", ""));
    let lowered = text::lower(source, Place::default(), "", &problems);
    if let Some(problem) = problems.into_inner().into_iter().find(|d| d.is_error()) {
        return Err(problem.message);
    }
    let mut linker = Linker::default();
    let unit = linker.expression("variable".to_owned(), &lowered).map_err(|e| e.to_string())?;
    let program = linker.finish().map_err(|e| e.to_string())?;
    let mut machine = Machine::default();
    machine.set_environment(environment());
    machine.begin();
    let object = Some(Val::Node(OBJECT, input.root));
    let old = object.filter(|_| matches!(operation, Operation::Delete | Operation::Update));
    machine.set_root(Root::Object, object);
    machine.set_root(Root::OldObject, old);
    machine.set_root(Root::Request, rest.and_then(Document::root).map(|n| Val::Node(REQUEST, n)));
    let mut step = machine.run(&program, unit, input);
    loop {
        match step.map_err(|trap| trap.to_string())? {
            Step::Done(Outcome::Value(value)) => return result(&machine, &program, input, value),
            Step::Done(_) => return Err("no value".to_owned()),
            Step::Need(Need::Root(root)) => machine.set_root(root, None),
            Step::Need(Need::Text(value)) => {
                let inner = match machine.view(&program, input, value) {
                    View::Str(s) => s.to_owned(),
                    _ => String::new(),
                };
                let value = match level(&inner, input, rest, operation, depth) {
                    Ok(Dynamic::Node(value)) => Ok(value),
                    Ok(Dynamic::Json(json)) => machine.import_json(&json, false).ok_or("invalid value".to_owned()),
                    Err(text) => Err(text),
                };
                machine.set_answer(value.as_ref().copied().map_err(String::as_str)).map_err(|e| e.to_string())?;
            }
            Step::Need(Need::Pattern(_)) => return Err("a pattern where none is".to_owned()),
        }
        step = machine.resume(&program, input);
    }
}

fn result(
    machine: &Machine,
    program: &kyvc_vm::program::Program,
    input: &Input<'_>,
    value: Val,
) -> Result<Dynamic, String> {
    match (value, machine.view(program, input, value)) {
        (_, View::Fault(id)) => Err(Words { machine, program, input, rule: "" }.text(id)),
        (Val::Node(..) | Val::Null | Val::Bool(_) | Val::Int(_) | Val::Float(_), _) => Ok(Dynamic::Node(value)),
        _ => {
            let mut json = String::new();
            machine.json(program, input, value, &mut json);
            Ok(Dynamic::Json(json))
        }
    }
}
