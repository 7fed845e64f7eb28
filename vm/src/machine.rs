//! The register machine.
//!
//! One [`Machine`] serves many requests, one after the other; its memory is reset, not freed. A run is a unit of a
//! [`Program`] over the documents of an [`Input`]; it ends with an [`Outcome`], asks the host for a value
//! ([`Step::Need`]) or traps.

mod explain;
mod expr;
mod heap;
mod keys;
pub(crate) mod memory;
pub(crate) mod print;
mod run;
mod test;

pub use explain::FaultView;
pub use memory::View;

use crate::builtin::{Call, Environment};
use crate::condition::{self, Operator};
use crate::document::{Document, NodeId, Sym};
use crate::ids::{ConstId, FaultId, Pc, SiteId, UnitId};
use crate::op::{Instr, Op};
use crate::program::{Comparison, Const, Program, Reason, Step as PathStep};
use crate::scalar::ScalarPattern;
use crate::selector::ResourceKind;
use crate::value::{Fault, Moved, Val};
use crate::verdict::{Fact, Need, Outcome, Root, Step, Trap, TrapKind};
use memory::Memory;
use run::Flow;

/// The documents and facts of a request.
#[derive(Debug)]
pub struct Input<'r> {
    /// The documents; [`Val::Node`] refers to them by position. The first is the object that rules are about.
    pub documents: &'r [&'r Document<'r>],
    /// What the request is about
    pub kind: ResourceKind<'r>,
    /// Node of the first document at which the object starts
    pub root: NodeId,
}

/// What a run may cost.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Units of fuel: about one an instruction
    pub fuel: u64,
    /// Bytes of text and lists that a run may make
    pub memory: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { fuel: 50_000_000, memory: 64 << 20 }
    }
}

/// How many patterns made at run time are kept from one request to the next.
const MADE_PATTERNS: usize = 256;

/// What is known of a root.
#[derive(Clone, Copy, Debug, Default)]
enum RootState {
    /// The host has not been asked
    #[default]
    Unknown,
    /// There is none
    Missing,
    Known(Val),
}

/// Registers and memory. See the [module](self).
#[derive(Debug)]
pub struct Machine {
    registers: Box<[Val; 256]>,
    memory: Memory,
    facts: [Val; Fact::ALL.len()],
    roots: [RootState; Root::ALL.len()],
    budget: Budget,
    environment: Environment,
    fuel: u64,
    /// What the host gave for a text that it evaluated.
    answer: Option<Val>,
    /// Scalar patterns made at run time, by their text.
    patterns: Vec<(Box<str>, ScalarPattern)>,
    /// Where a suspended run goes on, and the end of its unit.
    suspended: Option<(usize, usize)>,
}

impl Default for Machine {
    fn default() -> Self {
        Self::new(Budget::default())
    }
}

impl Machine {
    /// A machine with a budget for each run.
    pub fn new(budget: Budget) -> Self {
        Self {
            registers: Box::new([Val::Absent; 256]),
            memory: Memory::new(budget.memory),
            facts: [Val::Absent; Fact::ALL.len()],
            roots: [RootState::Unknown; Root::ALL.len()],
            budget,
            environment: Environment::default(),
            fuel: 0,
            answer: None,
            patterns: Vec::new(),
            suspended: None,
        }
    }

    /// Gives the machine what functions take from outside.
    pub fn set_environment(&mut self, environment: Environment) {
        self.environment = environment;
    }

    /// Forgets the last request: its facts, roots and everything made for it.
    pub fn begin(&mut self) {
        self.memory.clear();
        self.facts = [Val::Absent; Fact::ALL.len()];
        self.roots = [RootState::Unknown; Root::ALL.len()];
        self.suspended = None;
        if self.patterns.len() > MADE_PATTERNS {
            self.patterns.clear();
        }
    }

    /// States a fact about the request.
    pub fn set_fact(&mut self, fact: Fact, value: Val) {
        if let Some(slot) = self.facts.get_mut(fact as usize) {
            *slot = value;
        }
    }

    /// Gives a root, or says that there is none. Answers [`Need::Root`].
    pub fn set_root(&mut self, root: Root, value: Option<Val>) {
        if let Some(slot) = self.roots.get_mut(root as usize) {
            *slot = value.map_or(RootState::Missing, RootState::Known);
        }
    }

    /// Gives the scalar pattern of a text. Answers [`Need::Pattern`].
    pub fn set_pattern(&mut self, text: &str, pattern: ScalarPattern) {
        self.patterns.push((text.into(), pattern));
    }

    /// Gives the value of a text's variables, or what failed in them. Answers [`Need::Text`].
    pub fn set_answer(&mut self, value: Result<Val, &str>) -> Result<(), TrapKind> {
        self.answer = Some(match value {
            Ok(value) => value,
            Err(text) => self.memory.failed(text)?,
        });
        Ok(())
    }

    /// Whether a condition holds between two values that the machine made.
    pub fn condition(&mut self, program: &Program, operator: Operator, key: Val, value: Val) -> bool {
        let environment = self.environment;
        let call = Call::new(&mut self.memory, program, &[], &environment);
        condition::holds(&call, operator, key, value)
    }

    /// Copies a JSON text into the memory of the run; whole numbers become int64 where `ints` says so.
    pub fn import_json(&mut self, text: &str, ints: bool) -> Option<Val> {
        self.memory.import_json(text, ints).ok()
    }

    /// Keeps a text for the length of the request.
    pub fn text(&mut self, text: &str) -> Val {
        self.memory.text(text)
    }

    /// Keeps a list of texts for the length of the request.
    pub fn texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> Val {
        let items: smallvec::SmallVec<[Val; 8]> = texts.into_iter().map(|t| self.memory.text(t)).collect();
        self.memory.make_list(items).unwrap_or_default()
    }

    /// Ends the preparation of a request: what was kept so far stays until [`begin`](Self::begin).
    pub fn ready(&mut self) {
        self.memory.mark();
    }

    /// Runs a unit from its start. What earlier runs of the request made is forgotten, faults included.
    pub fn run(&mut self, program: &Program, unit: UnitId, input: &Input<'_>) -> Result<Step, Trap> {
        self.memory.reset();
        self.fuel = self.budget.fuel;
        self.start(program, unit, input)
    }

    /// Runs a unit without forgetting the faults of the last run, as a message needs that speaks of one.
    pub fn run_after(&mut self, program: &Program, unit: UnitId, input: &Input<'_>) -> Result<Step, Trap> {
        self.start(program, unit, input)
    }

    fn start(&mut self, program: &Program, unit: UnitId, input: &Input<'_>) -> Result<Step, Trap> {
        let Some(unit) = program.unit(unit) else {
            return Err(Trap { kind: TrapKind::Unit, pc: Pc::from_number(0) });
        };
        let used = usize::from(unit.registers).min(256);
        self.registers.get_mut(..used).unwrap_or_default().fill(Val::Absent);
        self.execute(program, input, unit.start.index(), unit.end.index())
    }

    /// Goes on after a [`Step::Need`] that was answered.
    pub fn resume(&mut self, program: &Program, input: &Input<'_>) -> Result<Step, Trap> {
        let Some((pc, end)) = self.suspended.take() else {
            return Err(Trap { kind: TrapKind::Unit, pc: Pc::from_number(0) });
        };
        self.execute(program, input, pc, end)
    }

    #[inline(always)]
    fn reg(&self, r: u8) -> Val {
        self.registers[usize::from(r)]
    }

    #[inline(always)]
    fn set(&mut self, r: u8, v: Val) {
        self.registers[usize::from(r)] = v;
    }

    /// What a value is, with its text where it has one.
    #[inline]
    pub fn view<'v>(&'v self, program: &'v Program, input: &Input<'v>, value: Val) -> View<'v> {
        self.memory.view(program, input.documents, value)
    }

    /// How many elements a list has.
    pub fn length(&self, input: &Input<'_>, value: Val) -> usize {
        self.memory.len(input.documents, value)
    }

    /// One operation outside the [hot loop](run), at `at`. Kept apart so that the loop stays small enough for the
    /// compiler to hold its state in registers.
    #[inline(never)]
    fn rare(&mut self, program: &Program, input: &Input<'_>, i: Instr, at: usize, end: usize) -> Result<Flow, Trap> {
        let trap = |kind| Trap { kind, pc: Pc::from_number(at as u32) };
        self.spend(u64::from(i.op.info().fuel)).map_err(trap)?;
        let mut pc = at + 1;
        let taken = match i.op {
            Op::JumpNull => matches!(self.view(program, input, self.reg(i.a)), View::Absent | View::Null),
            Op::JumpFalse => !matches!(self.reg(i.a), Val::Bool(true)),
            Op::JumpFault => matches!(self.reg(i.a), Val::Fault(_)),
            Op::JumpForbidden => self.reason(program, self.reg(i.a)) == Some(Reason::Forbidden),
            Op::JumpPathless => self.reason(program, self.reg(i.a)) == Some(Reason::TooShort),
            Op::JumpMissing => matches!(self.reg(i.a), Val::Marks { seen, found } if seen & !found != 0),
            Op::JumpCase => matches!(self.reg(i.a), Val::Int(n) if n == i64::from(i.b)),
            Op::IndexLoad => {
                let value = self.memory.index(input.documents, self.reg(i.b as u8), i.c);
                self.set(i.a, value);
                false
            }
            Op::FactLoad => {
                self.set(i.a, self.facts.get(i.c as usize).copied().unwrap_or_default());
                false
            }
            Op::ConstLoad => {
                self.set(i.a, load_const(program, ConstId::from_number(i.c)));
                false
            }
            Op::RootLoad => match self.roots.get(i.c as usize) {
                Some(RootState::Known(value)) => {
                    self.set(i.a, *value);
                    false
                }
                Some(RootState::Unknown) => {
                    let root = Root::ALL.get(i.c as usize).copied().ok_or(trap(TrapKind::Code))?;
                    self.suspended = Some((pc - 1, end));
                    return Ok(Flow::Stop(Step::Need(Need::Root(root))));
                }
                Some(RootState::Missing) | None => {
                    self.set(i.a, Val::Absent);
                    false
                }
            },
            Op::Move => {
                self.set(i.a, self.reg(i.b as u8));
                false
            }
            Op::KeyGet => {
                let value = self.memory.key_get(program, input.documents, self.reg(i.b as u8), Sym::from_number(i.c));
                self.set(i.a, value.map_err(trap)?);
                false
            }
            Op::ElementGet => {
                self.set(i.a, self.memory.element(input.documents, self.reg(i.b as u8), i.c.cast_signed()));
                false
            }
            Op::SliceGet => {
                let Some(Const::Bounds(bounds)) = program.constant(ConstId::from_number(i.c)) else {
                    return Err(trap(TrapKind::Code));
                };
                let value = self.memory.slice(input.documents, self.reg(i.b as u8), bounds).map_err(trap)?;
                self.set(i.a, value);
                false
            }
            Op::Flatten => {
                let value = self.memory.flatten(input.documents, self.reg(i.b as u8)).map_err(trap)?;
                self.set(i.a, value);
                false
            }
            Op::Values => {
                let value = self.memory.values(input.documents, self.reg(i.b as u8)).map_err(trap)?;
                self.set(i.a, value);
                false
            }
            Op::Compare => {
                let (left, right) = (self.reg(i.b as u8), self.reg((i.b as u8).wrapping_add(1)));
                let how = Comparison::ALL.get(i.c as usize).copied().ok_or(trap(TrapKind::Code))?;
                self.set(i.a, self.memory.compare(program, input.documents, how, left, right));
                false
            }
            Op::IsFalse => {
                let value = self.reg(i.b as u8);
                self.set(i.a, Val::Bool(self.memory.is_false(program, input.documents, value)));
                false
            }
            Op::Forgive => {
                if let Val::Fault(id) = self.reg(i.a)
                    && matches!(self.memory.fault_at(id), Some(Fault::UnknownKey(_)))
                {
                    self.set(i.a, Val::Null);
                }
                false
            }
            Op::ForgiveAll => {
                if let Val::Fault(id) = self.reg(i.a)
                    && !matches!(self.memory.fault_at(id), Some(Fault::Crashed(_)))
                {
                    self.set(i.a, Val::Null);
                }
                false
            }
            Op::CollectInit => {
                self.set(i.a, Val::Int(self.memory.collected.len() as i64));
                false
            }
            Op::Collect => {
                let value = self.reg(i.a);
                if i.c != 0 || !matches!(self.view(program, input, value), View::Null | View::Absent) {
                    self.memory.collected.push(value);
                    self.memory.check().map_err(trap)?;
                }
                false
            }
            Op::CollectList => {
                let value = self.memory.collect_list(self.reg(i.b as u8)).map_err(trap)?;
                self.set(i.a, value);
                false
            }
            Op::CollectMap => {
                let value = self.memory.collect_map(program, self.reg(i.b as u8)).map_err(trap)?;
                self.set(i.a, value);
                false
            }
            Op::Call | Op::CallBy => {
                let value = self.call(program, input, i).map_err(trap)?;
                self.set(i.a, value);
                false
            }
            Op::PatternMake => match self.make_pattern(program, input, self.reg(i.b as u8)) {
                Some(pattern) => {
                    self.set(i.a, pattern);
                    false
                }
                None => {
                    self.suspended = Some((pc - 1, end));
                    return Ok(Flow::Stop(Step::Need(Need::Pattern(self.reg(i.b as u8)))));
                }
            },
            Op::TestMade => {
                let pattern = self.reg(i.c as u8);
                pc += self.fails(self.test_made(program, input, self.reg(i.a), pattern), i.b);
                false
            }
            Op::TestCondition => {
                let operator = Operator::ALL.get(i.c as usize).copied().ok_or(trap(TrapKind::Code))?;
                let (key, value) = (self.reg(i.a), self.reg(i.a.wrapping_add(1)));
                let environment = self.environment;
                let call = Call::new(&mut self.memory, program, input.documents, &environment);
                let holds = condition::holds(&call, operator, key, value);
                pc += self.fails(holds, i.b);
                false
            }
            Op::TestAny => {
                let Some(Const::Globs(globs)) = program.constant(ConstId::from_number(i.c)) else {
                    return Err(trap(TrapKind::Code));
                };
                pc += self.fails(self.test_any(program, input, self.reg(i.a), globs), i.b);
                false
            }
            Op::TestKind => {
                let Some(Const::Kinds(kinds)) = program.constant(ConstId::from_number(i.c)) else {
                    return Err(trap(TrapKind::Code));
                };
                pc += self.fails(kinds.iter().any(|k| k.matches(&input.kind)), i.b);
                false
            }
            Op::TestSelector => {
                let Some(Const::Selector(selector)) = program.constant(ConstId::from_number(i.c)) else {
                    return Err(trap(TrapKind::Code));
                };
                pc += self.fails(selector.matches(&self.memory.strings(input.documents, self.reg(i.a))), i.b);
                false
            }
            Op::TestPairs => {
                let Some(Const::Pairs(pairs)) = program.constant(ConstId::from_number(i.c)) else {
                    return Err(trap(TrapKind::Code));
                };
                pc += self.fails(self.test_pairs(input, self.reg(i.a), pairs), i.b);
                false
            }
            Op::TestLength => {
                let len = self.memory.len(input.documents, self.reg(i.a));
                pc += self.fails(len >= i.c as usize, i.b);
                false
            }
            Op::MarkInit => {
                self.set(i.a, Val::Marks { seen: 0, found: 0 });
                false
            }
            Op::MarkKey => {
                self.mark(i);
                false
            }
            Op::KeysInit => {
                let Some(Const::Keys(plan)) = program.constant(ConstId::from_number(i.c)) else {
                    return Err(trap(TrapKind::Code));
                };
                let order = self.memory.order(input.documents, self.reg(i.b as u8), plan).map_err(trap)?;
                self.set(i.a, order);
                false
            }
            Op::KeysNext => self.next_key(i),
            Op::FaultNew => {
                let fault = self.new_fault(program, i).map_err(trap)?;
                self.set(i.a, fault);
                false
            }
            Op::FaultWrap => {
                if let Val::Fault(cause) = self.reg(i.a) {
                    let fault = self.memory.fault(Fault::Missed { global: i.c != 0, cause }).map_err(trap)?;
                    self.set(i.a, fault);
                }
                false
            }
            Op::FaultJoin => {
                let joined = match (self.reg(i.a), self.reg(i.b as u8)) {
                    (Val::Fault(a), Val::Fault(b)) => self.memory.fault(Fault::Both(a, b)).map_err(trap)?,
                    (a, Val::Absent) => a,
                    (_, b) => b,
                };
                self.set(i.a, joined);
                false
            }
            Op::TextEval => match (self.reg(i.a), self.answer.take()) {
                (Val::Fault(_), _) => false,
                (_, Some(value)) => {
                    self.set(i.a, value);
                    false
                }
                (text, None) => {
                    self.suspended = Some((pc - 1, end));
                    return Ok(Flow::Stop(Step::Need(Need::Text(text))));
                }
            },
            Op::TextJoin => {
                let value = self.join(program, input, i).map_err(trap)?;
                self.set(i.a, value);
                false
            }
            Op::TextFault => {
                if let Val::Fault(_) = self.reg(i.a) {
                    let site = self.new_fault(program, Instr { op: i.op, a: i.a, b: u16::from(i.a), c: i.c });
                    self.set(i.a, site.map_err(trap)?);
                }
                false
            }
            Op::EndPass => return Ok(Flow::Stop(Step::Done(Outcome::Pass(i.c)))),
            Op::EndSkip => return self.end(i, Outcome::Skip).map(Flow::Stop).ok_or(trap(TrapKind::Code)),
            Op::EndFail => return self.end(i, Outcome::Fail).map(Flow::Stop).ok_or(trap(TrapKind::Code)),
            Op::EndError => return self.end(i, Outcome::Error).map(Flow::Stop).ok_or(trap(TrapKind::Code)),
            Op::EndNone => return Ok(Flow::Stop(Step::Done(Outcome::None))),
            Op::EndValue => return Ok(Flow::Stop(Step::Done(Outcome::Value(self.reg(i.a))))),
            // The hot loop's own.
            Op::Jump
            | Op::JumpAbsent
            | Op::JumpPresent
            | Op::JumpNotMap
            | Op::JumpNotList
            | Op::JumpTrue
            | Op::PathLoad
            | Op::FieldLoad
            | Op::BoolLoad
            | Op::Clear
            | Op::IterInit
            | Op::IterNext
            | Op::TestScalar => return Err(trap(TrapKind::Code)),
        };
        Ok(Flow::Goto(if taken { i.c as usize } else { pc }))
    }

    /// How far to jump ahead: nowhere when the test holds.
    #[inline(always)]
    fn fails(&self, holds: bool, ahead: u16) -> usize {
        if holds { 0 } else { usize::from(ahead) }
    }

    fn end(&self, i: Instr, how: fn(FaultId) -> Outcome) -> Option<Step> {
        match self.reg(i.a) {
            Val::Fault(id) => Some(Step::Done(how(id))),
            _ => None,
        }
    }

    #[inline]
    fn mark(&mut self, i: Instr) {
        if let Val::Marks { seen, found } = self.reg(i.a) {
            let bit = 1u32 << (i.c & 31);
            let hit = if matches!(self.reg(i.b as u8), Val::Absent) { 0 } else { bit };
            self.set(i.a, Val::Marks { seen: seen | bit, found: found | hit });
        }
    }

    fn reason(&self, program: &Program, value: Val) -> Option<Reason> {
        let Val::Fault(id) = value else { return None };
        match self.memory.fault_at(id)? {
            Fault::Site { site, .. } => program.site(*site).map(|s| s.reason),
            _ => None,
        }
    }

    fn new_fault(&mut self, program: &Program, i: Instr) -> Result<Val, TrapKind> {
        let id = SiteId::from_number(i.c);
        let value = self.reg(i.b as u8);
        let start = self.memory.steps();
        for step in program.site(id).map_or(&[][..], |s| &s.path) {
            let moved = match step {
                PathStep::Walk(r) => match self.reg(*r) {
                    Val::Walk { taken, .. } => Moved::Index(taken.saturating_sub(1)),
                    _ => Moved::Index(0),
                },
                PathStep::Text(r) => match self.reg(*r) {
                    Val::Text(text) => Moved::Key(text),
                    _ => continue,
                },
                PathStep::Key(_) | PathStep::Index(_) => continue,
            };
            self.memory.push_step(moved);
        }
        self.memory.fault(Fault::Site { site: id, value, steps: (start, self.memory.steps()) })
    }

    fn next_key(&mut self, i: Instr) -> bool {
        match self.memory.next_key(self.reg(i.b as u8)) {
            Some(next) => {
                self.set(i.b as u8, next.rest);
                self.set(i.a, Val::Int(i64::from(next.case)));
                self.set(i.a.wrapping_add(1), next.key);
                self.set(i.a.wrapping_add(2), next.value);
                false
            }
            None => true,
        }
    }
}

fn load_const(program: &Program, id: ConstId) -> Val {
    match program.constant(id) {
        Some(Const::Bool(b)) => Val::Bool(*b),
        Some(Const::Int(n)) => Val::Int(*n),
        Some(Const::Float(n)) => Val::Float(*n),
        Some(Const::Str(_) | Const::Reference(_)) => Val::Const(id),
        _ => Val::Null,
    }
}
