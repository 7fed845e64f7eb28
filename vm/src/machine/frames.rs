//! Units that run inside of others: a context entry is loaded where an expression needs it, an expression that is a value
//! is evaluated, and the run goes on there.

use super::run::Flow;
use super::{Input, Machine};
use crate::document::Sym;
use crate::ids::{EntryId, Pc, UnitId};
use crate::program::{Const, Program};
use crate::value::{Fault, Val};
use crate::verdict::{Outcome, Root, Step, Trap, TrapKind};

/// How deep entries may need entries. Each is loaded once, so that only programs that nobody compiled come this far.
const DEPTH: usize = 128;

/// What goes on when a unit inside ends.
#[derive(Debug)]
pub(super) struct Frame {
    registers: Vec<Val>,
    goes: Goes,
    runs: Runs,
}

/// What the unit inside is for.
#[derive(Clone, Copy, Debug)]
enum Runs {
    /// An entry of the context, perhaps one that was loaded before
    Entry { entry: EntryId, again: bool },
    /// An expression that is a value
    Reference,
}

/// Where it goes on.
#[derive(Debug)]
enum Goes {
    /// In the code, with what came of it in a register
    Code { pc: usize, end: usize, dest: u8 },
    /// With the host, which then resumes what was suspended
    Host { suspended: Option<(usize, usize)> },
}

/// What comes after the end of a unit.
pub(super) enum Popped {
    /// The run goes on at this instruction, up to the end of its unit
    Goto(usize, usize),
    /// The host goes on
    Host(Step),
}

impl Machine {
    /// Loads an entry from the code, unless it was looked at before.
    pub(super) fn need(
        &mut self,
        program: &Program,
        id: EntryId,
        at: (usize, usize),
        dest: u8,
    ) -> Result<Flow, TrapKind> {
        if !self.names.take(id) {
            self.set(dest, Val::Absent);
            return Ok(Flow::Goto(at.0));
        }
        self.enter(program, id, false, at, dest)
    }

    /// Loads an entry again that was loaded before.
    pub(super) fn again(
        &mut self,
        program: &Program,
        id: EntryId,
        at: (usize, usize),
        dest: u8,
    ) -> Result<Flow, TrapKind> {
        if !self.names.retake(id) {
            self.set(dest, Val::Absent);
            return Ok(Flow::Goto(at.0));
        }
        self.enter(program, id, true, at, dest)
    }

    fn enter(
        &mut self,
        program: &Program,
        entry: EntryId,
        again: bool,
        (pc, end): (usize, usize),
        dest: u8,
    ) -> Result<Flow, TrapKind> {
        let unit = program.entry(entry).map(|e| e.unit).ok_or(TrapKind::Code)?;
        let (pc, end) = self.push(program, unit, Runs::Entry { entry, again }, Goes::Code { pc, end, dest })?;
        Ok(Flow::Enter(pc, end))
    }

    /// Evaluates an expression that is a value, on the value in a register, which the result replaces.
    pub(super) fn refer(
        &mut self,
        program: &Program,
        reference: Val,
        (pc, end): (usize, usize),
        dest: u8,
    ) -> Result<Flow, TrapKind> {
        let unit = match reference {
            Val::Const(id) => program.constant(id),
            _ => None,
        };
        let Some(Const::Reference(reference)) = unit else {
            self.set(dest, Val::Absent);
            return Ok(Flow::Goto(pc));
        };
        let unit = reference.unit.ok_or(TrapKind::Unit)?;
        let value = self.reg(dest);
        let (start, stop) = self.push(program, unit, Runs::Reference, Goes::Code { pc, end, dest })?;
        self.set(0, value);
        Ok(Flow::Enter(start, stop))
    }

    fn push(&mut self, program: &Program, unit: UnitId, runs: Runs, goes: Goes) -> Result<(usize, usize), TrapKind> {
        let unit = program.unit(unit).ok_or(TrapKind::Unit)?;
        if self.frames.len() >= DEPTH {
            return Err(TrapKind::Memory);
        }
        let registers = self.registers.get(..self.used).unwrap_or_default().to_vec();
        self.frames.push(Frame { registers, goes, runs });
        self.clear_registers(unit.registers);
        Ok((unit.start.index(), unit.end.index()))
    }

    /// Loads a context entry for the host while a run is suspended; afterwards the run can be resumed as before. Gives no
    /// value, or why the entry has none.
    pub fn load(&mut self, program: &Program, input: &Input<'_>, entry: EntryId) -> Result<Step, Trap> {
        let trap = |kind| Trap { kind, pc: Pc::from_number(0) };
        if !self.names.take(entry) {
            return Ok(Step::Done(Outcome::Value(Val::Absent)));
        }
        let unit = program.entry(entry).map(|e| e.unit).ok_or(trap(TrapKind::Unit))?;
        let goes = Goes::Host { suspended: self.suspended.take() };
        let (pc, end) = self.push(program, unit, Runs::Entry { entry, again: false }, goes).map_err(trap)?;
        self.execute(program, input, pc, end)
    }

    /// Ends a unit inside.
    pub(super) fn pop(
        &mut self,
        program: &Program,
        input: &Input<'_>,
        frame: Frame,
        outcome: Outcome,
    ) -> Result<Popped, TrapKind> {
        let Outcome::Value(value) = outcome else { return Err(TrapKind::Code) };
        if let Some(registers) = self.registers.get_mut(..frame.registers.len()) {
            registers.copy_from_slice(&frame.registers);
        }
        self.used = frame.registers.len();
        let result = match frame.runs {
            Runs::Reference => value,
            Runs::Entry { entry, again } => self.loaded(program, input, entry, again, value)?,
        };
        Ok(match frame.goes {
            Goes::Code { pc, end, dest } => {
                self.set(dest, result);
                Popped::Goto(pc, end)
            }
            Goes::Host { suspended } => {
                self.suspended = suspended;
                Popped::Host(Step::Done(Outcome::Value(result)))
            }
        })
    }

    /// Binds what an entry was loaded with.
    fn loaded(
        &mut self,
        program: &Program,
        input: &Input<'_>,
        id: EntryId,
        again: bool,
        value: Val,
    ) -> Result<Val, TrapKind> {
        let result = match value {
            Val::Fault(_) if again => Val::Absent,
            Val::Fault(why) => self.memory.fault(Fault::Load(why))?,
            value => {
                let entry = program.entry(id).ok_or(TrapKind::Code)?;
                let before = self.name(program, input, entry.name);
                let value = self.memory.bound_value(input.documents, entry, before, value)?;
                self.names.bind(entry.name, value);
                Val::Absent
            }
        };
        self.names.leave_entry(id, !matches!(value, Val::Fault(_)));
        Ok(result)
    }

    /// Counts a value of an entry towards the size of the context.
    ///
    /// Kyverno: pkg/engine/context/context.go, nothing is taken off again, whatever becomes of the entry.
    pub(super) fn count_context(&mut self, program: &Program, input: &Input<'_>, value: Val) -> Result<Val, TrapKind> {
        if self.context_limit == 0 || matches!(value, Val::Fault(_)) {
            return Ok(value);
        }
        let limit = self.context_limit;
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        self.json(program, input, value, &mut text);
        let size = self.context.saturating_add(text.len());
        self.scratch = text;
        self.in_bounds()?;
        if size > limit {
            let text = format!("context size limit exceeded: {size} bytes exceeds limit of {limit} bytes");
            return self.memory.failed(&text);
        }
        self.context = size;
        Ok(value)
    }

    /// Says how many bytes of JSON the entries of a context may have together; 0 for no limit.
    pub fn limit_context(&mut self, bytes: usize) {
        self.context_limit = bytes;
    }

    /// Says that what is evaluated from now on has a context of its own.
    pub fn begin_context(&mut self) {
        self.context = 0;
    }

    /// What a name is bound to, by the run or by the host.
    pub(super) fn name(&self, program: &Program, input: &Input<'_>, name: Sym) -> Option<Val> {
        self.names.get(name).or_else(|| {
            let given = self.root(Root::Given)?;
            self.memory.member(input.documents, given, program.layout().symbols().name(name))
        })
    }

    /// The entries of the context that wait to be loaded, in order.
    pub fn waiting(&self) -> impl Iterator<Item = EntryId> {
        self.names.waiting()
    }

    /// The names that the run has bound.
    pub fn bound<'m>(&'m self, program: &'m Program) -> impl Iterator<Item = (&'m str, Val)> {
        self.names.bound().iter().map(|(name, value)| (program.layout().symbols().name(*name), *value))
    }

    /// Binds a name for the next run, where the program knows it.
    pub fn bind(&mut self, program: &Program, name: &str, value: Val) {
        if let Some(name) = program.layout().symbols().lookup(name) {
            self.names.bind(name, value);
        }
    }
}
