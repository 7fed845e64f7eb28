//! What the rules of a request did, step by step, for those who ask.
//!
//! The machine notes instructions and the values they read; here they become steps in the terms of a policy, by the
//! tables that code generation leaves for messages and listings. Only what a run really did is told: a step is always an
//! instruction that ran.

mod steps;

use super::Engine;
use super::run::Run;
use super::set::CheckKind;
use kyvc_vm::document::{Document, Place};
use kyvc_vm::ids::{Pc, UnitId};
use kyvc_vm::patch::diff;
use kyvc_vm::program::Program;
use kyvc_vm::verdict::{Outcome, Trap};
use serde::Serialize;

/// What one rule did about one request.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RuleTrace {
    /// The rule's number in its set
    #[serde(skip)]
    pub rule: usize,
    /// What ran, in its order
    pub parts: Vec<Part>,
    /// The patch that comes of the rule, as RFC 6902 has it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// How many instructions ran
    pub instructions: u64,
    /// What they cost
    pub fuel: u64,
}

/// One run of a piece of code.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// What it is: `rule`, `message`, `make` and so on
    pub name: String,
    /// What it did
    pub steps: Vec<Step>,
    /// How many steps are left out because there were too many
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
    /// How it ended, where that says anything
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Line of the policy, from 1; 0 where it is unknown
    pub line: u32,
    /// Column, from 1
    pub column: u32,
    /// How many context entries wait for this one
    #[serde(skip_serializing_if = "is_zero_depth")]
    pub depth: usize,
    /// What happened
    #[serde(flatten)]
    pub what: What,
}

/// What happened in a step. Values are JSON, abbreviated where they are long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "camelCase")]
pub enum What {
    /// A fact about the request was compared with what `match`, `exclude` or an exception wants
    Match {
        /// Which
        fact: String,
        /// What it is
        value: String,
        /// What is wanted
        wanted: String,
        /// Whether it is that
        holds: bool,
    },
    /// A condition
    Condition {
        /// Its key
        key: String,
        /// The operator
        operator: &'static str,
        /// Its value
        value: String,
        /// Whether it holds
        holds: bool,
    },
    /// A value was compared with a pattern
    Pattern {
        /// Where the value stands
        path: String,
        /// The value; none where nothing stands there
        value: Option<String>,
        /// The pattern
        pattern: String,
        /// Whether it holds
        holds: bool,
    },
    /// What an anchor asks about is not there
    Absent {
        /// Where it would stand
        path: String,
    },
    /// A variable was evaluated
    Variable {
        /// The variable as it is written
        text: String,
        /// Its value
        value: Got,
    },
    /// An expression of the context was evaluated
    Value {
        /// Its value
        value: Got,
    },
    /// A name was bound
    Name {
        /// The name
        name: String,
        /// What to
        value: Got,
    },
    /// A context entry was needed
    Entry {
        /// Its name
        name: String,
    },
    /// The host was asked
    Asked {
        /// For what
        what: &'static str,
        /// What it said
        value: Got,
    },
    /// A patch was applied
    Patch {
        /// The patch
        patch: String,
        /// Whether it changed anything
        value: Got,
    },
    /// An object is to be made
    Make {
        /// The object
        value: Got,
    },
    /// A condition's own message was noted
    Note {
        /// The message
        text: String,
    },
    /// An exception is about the object
    Exception {
        /// Its name
        name: String,
    },
    /// A value was refused, or something could not be decided
    Refused {
        /// Why
        why: String,
    },
}

/// A value, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Got {
    /// A value as JSON
    Json(String),
    /// Why there is none
    Error(String),
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

fn is_zero_depth(n: &usize) -> bool {
    *n == 0
}

impl Engine {
    /// Notes what rules do from now on, or stops to.
    pub fn set_traced(&mut self, traced: bool) {
        self.parts().0.set_traced(traced);
        self.take_traces();
    }
}

impl<'e, 'r: 'e> Run<'e, 'r> {
    /// A trace begins for this rule.
    pub(super) fn begin_trace(&mut self, rule: usize) {
        if self.machine.is_traced() {
            self.machine.take_trace();
            self.traces.push(RuleTrace { rule, ..RuleTrace::default() });
        }
    }

    /// Adds what a unit did to the trace of the rule. `before` is the fuel that had been taken when it started.
    pub(super) fn trace(&mut self, unit: UnitId, outcome: &Result<Outcome, Trap>, before: u64) {
        let trace = self.machine.take_trace();
        let fuel = self.machine.spent().saturating_sub(before);
        let name = self.program().unit(unit).map_or("", |u| &u.name);
        let label = format!("{}/{}", self.policy_name(), self.info.name);
        let name = match name.strip_prefix(&label).and_then(|rest| rest.strip_prefix('.')) {
            Some(part) => part.to_owned(),
            None => "rule".to_owned(),
        };
        let documents = self.documents();
        let input = self.input(&documents);
        let rule = unit == self.info.code.check;
        use CheckKind::{AnyPattern, Deny, ForEach, Pattern};
        let decides = matches!(self.info.check, Pattern | AnyPattern | Deny | ForEach);
        let ended = match outcome {
            Err(trap) => Some(trap.to_string()),
            Ok(Outcome::Pass(_)) if decides => Some("holds".to_owned()),
            Ok(Outcome::Pass(_)) if rule => Some("is about the object".to_owned()),
            Ok(Outcome::None) if rule => Some("is not about the object".to_owned()),
            Ok(Outcome::Pass(_) | Outcome::None | Outcome::Value(_)) => None,
            Ok(Outcome::Skip(_)) => Some("does not apply".to_owned()),
            Ok(Outcome::Fail(_)) => Some("is violated".to_owned()),
            Ok(Outcome::Error(_)) => Some("cannot be decided".to_owned()),
        };
        let steps = steps::Teller::new(self, &input).tell(&trace.events);
        let part = Part { name, steps, left_out: trace.lost, ended };
        if let Some(rule) = self.traces.last_mut() {
            rule.parts.push(part);
            rule.instructions += trace.instructions;
            rule.fuel += fuel;
        }
    }

    /// Adds the patch that comes of the rule.
    pub(super) fn trace_patch(&mut self, changed: &Document<'_>) {
        if let Some(rule) = self.traces.last_mut().filter(|_| self.machine.is_traced()) {
            rule.patch = Some(diff(self.request.object, changed));
        }
    }
}

/// Where in the policy an instruction comes from, as far as its unit says.
fn place_of(program: &Program, pc: Pc) -> Place {
    let lines = program.lines();
    let after = lines.partition_point(|line| line.pc <= pc);
    let line = after.checked_sub(1).and_then(|at| lines.get(at));
    let units = program.units();
    let unit = units.partition_point(|unit| unit.start <= pc).checked_sub(1).and_then(|at| units.get(at));
    match (line, unit) {
        (Some(line), Some(unit)) if line.pc >= unit.start => line.place,
        _ => Place::default(),
    }
}
