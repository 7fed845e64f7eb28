//! What a run did, for those who ask step by step.
//!
//! A machine that is traced runs the same code in the same loops, one instruction at a time; one that is not pays for it
//! only where a run starts. An [`Event`] holds values as registers do: they can be looked at until the next run.

use super::{Input, Machine};
use crate::ids::{FaultId, Pc};
use crate::op::{Instr, Op};
use crate::program::Program;
use crate::value::{Moved, Val};
use crate::verdict::{Step, Trap};

/// How many events of a run are kept.
const KEPT: usize = 20_000;

/// An instruction that somebody may want to know of, after it has run.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Where
    pub pc: Pc,
    /// How many units wait for this one
    pub depth: usize,
    /// What it read: the registers `a` and `b`, of a condition its key and its value, of a test the value and its pattern
    pub read: [Val; 2],
    /// What is in the register `a` now
    pub written: Val,
    /// Whether it went on at its label
    pub jumped: bool,
    /// Whether it entered another unit
    pub entered: bool,
}

/// What runs did since somebody asked last.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// In the order of running
    pub events: Vec<Event>,
    /// How many instructions ran
    pub instructions: u64,
    /// How many events were not kept
    pub lost: u64,
    /// The event whose instruction runs, and its register `a`
    open: Option<(Event, u8)>,
}

impl Op {
    /// Whether a trace has it.
    fn is_told(self) -> bool {
        use Op::{
            EndValue, EntryAgain, EntryNeed, FaultNew, FieldLoad, HostAsk, HostTell, IndexLoad, JumpAbsent,
            JumpPresent, MatchMade, NameSet, PatchApply, PathLoad, TestAny, TestCondition, TestKind, TestMade,
            TestPairs, TestScalar, TestSelector, TextFault,
        };
        let tests =
            matches!(self, TestScalar | TestMade | TestAny | TestKind | TestSelector | TestPairs | TestCondition);
        let loads = matches!(self, PathLoad | FieldLoad | IndexLoad | JumpAbsent | JumpPresent);
        let makes = matches!(self, TextFault | NameSet | HostAsk | HostTell | PatchApply | FaultNew | MatchMade);
        tests || loads || makes || matches!(self, EntryNeed | EntryAgain | EndValue)
    }
}

impl Machine {
    /// Traces the runs from now on, or stops to.
    pub fn set_traced(&mut self, traced: bool) {
        self.trace = traced.then(Box::default);
    }

    /// Whether runs are traced.
    pub fn is_traced(&self) -> bool {
        self.trace.is_some()
    }

    /// What the runs did since this was called last; nothing where they are not traced.
    pub fn take_trace(&mut self) -> Trace {
        self.trace.as_deref_mut().map(std::mem::take).unwrap_or_default()
    }

    /// A value as JSON, for people; showing it costs the run nothing. Nothing for a fault or what is no value.
    pub fn shown(&self, program: &Program, input: &Input<'_>, value: Val) -> String {
        let left = self.memory.work.replace(self.budget.fuel);
        let mut out = String::new();
        self.json(program, input, value, &mut out);
        self.memory.work.set(left);
        out
    }

    /// The text of a scalar pattern that was made at run time.
    pub fn pattern_text(&self, value: Val) -> &str {
        match value {
            Val::Pattern(at) => self.moved_text(&Moved::Pattern(at)),
            _ => "",
        }
    }

    /// The fault that a value is.
    pub fn fault_of(&self, value: Val) -> Option<FaultId> {
        match value {
            Val::Fault(id) => Some(id),
            _ => None,
        }
    }

    /// Notes the instruction that is about to run, and what came of the one before.
    #[cold]
    pub(super) fn watch(&mut self, program: &Program, at: usize) {
        self.close(Some(at));
        let Some(&i) = program.code().get(at) else { return };
        let read = self.read(i);
        let depth = self.frames.len();
        let Some(trace) = self.trace.as_deref_mut() else { return };
        trace.instructions += 1;
        if i.op.is_told() {
            let pc = Pc::from_number(u32::try_from(at).unwrap_or(u32::MAX));
            trace.open = Some((Event { pc, depth, read, written: Val::Absent, jumped: false, entered: false }, i.a));
        }
    }

    fn read(&self, i: Instr) -> [Val; 2] {
        let (first, second) = match i.op {
            Op::TestCondition => (i.a, i.a.wrapping_add(1)),
            Op::TestMade => (i.a, i.c as u8),
            Op::MatchMade => (i.c as u8, i.b as u8),
            _ => (i.a, i.b as u8),
        };
        [self.reg(first), self.reg(second)]
    }

    /// Finishes the event of the instruction that has run; `next` is the one that comes now, if any does.
    fn close(&mut self, next: Option<usize>) {
        let (here, registers) = (self.frames.len(), &self.registers);
        let Some(trace) = self.trace.as_deref_mut() else { return };
        let Some((mut event, a)) = trace.open.take() else { return };
        // In another unit the registers are other ones: what enters one is told for what it read.
        event.entered = here > event.depth;
        if here == event.depth {
            event.written = registers[usize::from(a)];
            event.jumped = next.is_some_and(|next| next != event.pc.index() + 1);
        }
        match trace.events.len() < KEPT {
            true => trace.events.push(event),
            false => trace.lost += 1,
        }
    }

    /// Finishes the last event of a run that has come to a stop.
    pub(super) fn watched(&mut self, how: &Result<Step, Trap>) {
        match how {
            // The instruction runs again when there is an answer.
            Ok(Step::Need(_)) => {
                if let Some(trace) = self.trace.as_deref_mut() {
                    trace.open = None;
                    trace.instructions = trace.instructions.saturating_sub(1);
                }
            }
            _ => self.close(None),
        }
    }
}
