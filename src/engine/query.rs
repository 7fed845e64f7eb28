//! One expression by itself, compiled once and evaluated on documents: what `kyvc jp query` does, and what tests and
//! benchmarks of the language start from.

use super::environment::environment;
use super::message::Words;
use crate::codegen::{CodegenError, Linker};
use crate::lower::jmespath::{self, Start};
use kyvc_grammar::jmespath::SyntaxError;
use kyvc_vm::builtin::unsupported_number;
use kyvc_vm::document::{Buffers, Document, JsonError, JsonOptions, Layout, read_json};
use kyvc_vm::ids::{Pc, UnitId};
use kyvc_vm::machine::{Budget, Input, Machine, View};
use kyvc_vm::program::Program;
use kyvc_vm::selector::ResourceKind;
use kyvc_vm::value::{DocId, Val};
use kyvc_vm::verdict::{Outcome, Root, Step, Trap, TrapKind};
use kyvc_vm::verify::VerifyError;
use thiserror::Error;

/// Why an expression has no code.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum QueryError {
    /// It is none
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// It names something that only a policy has
    #[error("nothing gives `{0}` here")]
    Unknown(String),
    /// It is too large
    #[error(transparent)]
    Codegen(#[from] CodegenError),
    /// Its code is refused; a bug of ours
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// A compiled expression.
#[derive(Debug)]
pub struct Query {
    program: Program,
    unit: UnitId,
}

impl Query {
    /// Compiles an expression.
    ///
    /// # Errors
    /// Where it is no expression, or one beyond the machine's limits.
    pub fn compile(expression: &str) -> Result<Self, QueryError> {
        let lowered = jmespath::parse(expression, Start::Value(Root::Input), &|_| true)?;
        let lowered = lowered.map_err(|name| QueryError::Unknown(name.0))?;
        let mut linker = Linker::default();
        linker.layout().want(&[], true);
        let unit = linker.expression("expression".to_owned(), &lowered)?;
        Ok(Self { program: linker.finish()?, unit })
    }

    /// Keys and paths, for flattening the documents that the expression is evaluated on.
    pub fn layout(&self) -> &Layout {
        self.program.layout()
    }

    /// The code.
    pub fn program(&self) -> &Program {
        &self.program
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Failure {
    /// It failed, in Kyverno's words
    #[error("{0}")]
    Failed(String),
    /// A limit of the run
    #[error(transparent)]
    Trap(#[from] Trap),
}

/// Evaluates expressions, one after the other, in the same memory.
#[derive(Debug)]
pub struct Evaluator {
    machine: Machine,
}

impl Default for Evaluator {
    fn default() -> Self {
        Self::new(Budget::default())
    }
}

impl Evaluator {
    /// An evaluator with a budget for each expression.
    pub fn new(budget: Budget) -> Self {
        let mut machine = Machine::new(budget);
        machine.set_environment(environment());
        Self { machine }
    }

    /// Evaluates an expression on a document, which should have been read with the expression's layout.
    ///
    /// # Errors
    /// Where the expression fails, or takes more than the budget.
    pub fn evaluate<'e>(&'e mut self, query: &'e Query, document: &'e Document<'e>) -> Result<Answer<'e>, Failure> {
        let root = document.root();
        let documents = [document];
        let input = Input {
            documents: &documents,
            kind: ResourceKind::default(),
            root: root.unwrap_or(kyvc_vm::document::NodeId::ROOT),
        };
        self.machine.begin();
        self.machine.set_root(Root::Input, Some(root.map_or(Val::Null, |node| Val::Node(DocId(0), node))));
        self.machine.ready();
        let value = match self.machine.run(&query.program, query.unit, &input)? {
            Step::Done(Outcome::Value(value)) => value,
            // An expression ends with a value, and nothing that it can name has to be asked for.
            Step::Done(_) | Step::Need(_) => return Err(trap(TrapKind::Code).into()),
        };
        let machine = &self.machine;
        if let View::Fault(id) = machine.view(&query.program, &input, value) {
            let words = Words { machine, program: &query.program, input: &input, rule: "", deletes: false };
            return Err(Failure::Failed(words.text(id)));
        }
        Ok(Answer { machine, program: &query.program, documents, value })
    }
}

fn trap(kind: TrapKind) -> Trap {
    Trap { kind, pc: Pc::from_number(0) }
}

/// The value of an expression.
#[derive(Debug)]
pub struct Answer<'e> {
    machine: &'e Machine,
    program: &'e Program,
    documents: [&'e Document<'e>; 1],
    value: Val,
}

impl Answer<'_> {
    fn input(&self) -> Input<'_> {
        let root = self.documents[0].root().unwrap_or(kyvc_vm::document::NodeId::ROOT);
        Input { documents: &self.documents, kind: ResourceKind::default(), root }
    }

    /// The text, where the value is a string.
    pub fn text(&self) -> Option<&str> {
        match self.machine.view(self.program, &self.input(), self.value) {
            View::Str(s) => Some(s),
            _ => None,
        }
    }

    /// The value as JSON, as Go spells it.
    ///
    /// # Errors
    /// Where JSON cannot spell a number in it, in Go's words, or it takes more than the budget.
    pub fn json(&self) -> Result<String, Failure> {
        let input = self.input();
        if let Some(number) = self.machine.not_json(&input, self.value) {
            return Err(Failure::Failed(unsupported_number(number)));
        }
        let mut out = String::new();
        self.machine.json(self.program, &input, self.value, &mut out);
        if self.machine.exhausted() { Err(trap(TrapKind::Fuel).into()) } else { Ok(out) }
    }
}

/// Evaluates an expression on a JSON text, and gives the JSON of its value or the error.
///
/// Numbers of the input are float64 unless `ints` is set, as Kyverno's JSON context has them.
///
/// # Errors
/// Says what is wrong with the expression, or with its evaluation.
pub fn evaluate(expression: &str, input: &str, ints: bool) -> Result<String, String> {
    let query = Query::compile(expression).map_err(|e| e.to_string())?;
    answer(&query, input, ints)
}

/// Evaluates a compiled expression on a JSON text.
pub(super) fn evaluate_compiled(query: &Query, input: &str) -> Result<String, String> {
    answer(query, input, false)
}

fn answer(query: &Query, input: &str, ints: bool) -> Result<String, String> {
    let options = JsonOptions { floats: !ints, ..JsonOptions::default() };
    let document = read_json(input, query.layout(), Buffers::default(), options);
    let document = document.map_err(|e: JsonError| e.to_string())?;
    let mut evaluator = Evaluator::default();
    let answer = evaluator.evaluate(query, &document).map_err(|e| e.to_string())?;
    answer.json().map_err(|e| match e {
        Failure::Failed(text) => format!("result is not JSON: {text}"),
        trap @ Failure::Trap(_) => trap.to_string(),
    })
}
