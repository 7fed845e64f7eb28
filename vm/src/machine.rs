//! The register machine.
//!
//! One [`Machine`] serves many requests, one after the other; its memory is reset, not freed. A run is a unit of a
//! [`Program`] over the documents of an [`Input`]; it ends with an [`Outcome`], asks the host for a value
//! ([`Step::Need`]) or traps.

mod explain;
mod expr;
mod frames;
mod heap;
mod keys;
pub(crate) mod memory;
mod meter;
mod names;
pub(crate) mod print;
mod rebuild;
mod run;
mod template;
mod test;
mod trace;
mod warm;

pub use explain::FaultView;
pub use memory::View;
pub use trace::{Event, Trace};

use crate::builtin::{Call, Environment};
use crate::condition::{self, Operator};
use crate::document::{Document, NodeId, Sym};
use crate::ids::{ConstId, EntryId, FaultId, Pc, SiteId, UnitId};
use crate::op::{Instr, Op};
use crate::program::{Const, Program, Reason, Step as PathStep};
use crate::scalar::ScalarPattern;
use crate::selector::ResourceKind;
use crate::value::{Fault, Moved, Val};
use crate::verdict::{Ask, Fact, Need, Offers, Outcome, Patch, Root, Step, Trap, TrapKind};
use frames::Frame;
use memory::Memory;
use names::Names;
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

/// What the host answered.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// A value
    Value(Val),
    /// How a pattern ended, and why
    Match(Ending, Val),
}

/// How a pattern that was made at run time ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Ending {
    /// It holds
    Holds,
    /// It does not apply
    Skipped,
    /// It is violated
    Violated,
    /// It cannot be decided
    Undecided,
}

/// A scalar pattern made at run time.
#[derive(Debug)]
struct MadePattern {
    /// What it was made from, as Go's `%v` prints it
    text: Box<str>,
    /// Whether the text was read as a pattern; otherwise a value that is no string stands for itself
    read: bool,
    pattern: ScalarPattern,
}

/// What is known of a root.
#[derive(Clone, Copy, Debug, Default)]
enum RootState {
    /// The host has not been asked
    #[default]
    Unknown,
    /// There is none
    Missing,
    /// For the whole request
    Known(Val),
    /// For this run
    Run(Val),
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
    /// What the run may burn now, and what it may after that.
    fuel: u64,
    later: u64,
    /// What the host gave for what it was asked.
    answer: Option<Answer>,
    /// What the host can be asked for.
    offers: Offers,
    names: Names,
    /// The units that wait for the one that runs.
    frames: Vec<Frame>,
    /// What was last asked of the request's kind, by the program's layout and the constant, and the answer.
    kind_test: Option<((u64, u32), bool)>,
    /// How many registers the unit that runs uses.
    used: usize,
    /// Scalar patterns made at run time.
    patterns: Vec<MadePattern>,
    /// Where a suspended run goes on, and the end of its unit.
    suspended: Option<(usize, usize)>,
    /// How a loop was left that has not ended with a value.
    left: Result<Flow, Trap>,
    /// Whether a root was given for one run only.
    roots_of_run: bool,
    /// How large the context has become, in bytes of JSON.
    context: usize,
    /// How large it may become; 0 for no limit.
    context_limit: usize,
    /// Room for a text that is only looked at.
    scratch: String,
    /// What runs did, where somebody wants to know.
    trace: Option<Box<Trace>>,
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
            later: 0,
            answer: None,
            offers: Offers::default(),
            names: Names::default(),
            frames: Vec::new(),
            kind_test: None,
            used: 0,
            patterns: Vec::new(),
            suspended: None,
            left: Ok(Flow::Goto(0)),
            roots_of_run: false,
            context: 0,
            context_limit: 0,
            scratch: String::new(),
            trace: None,
        }
    }

    /// Gives the machine what functions take from outside.
    pub fn set_environment(&mut self, environment: Environment) {
        self.environment = environment;
    }

    /// Forgets the last request: its facts, roots and everything made for it.
    pub fn begin(&mut self) {
        self.memory.clear();
        self.kind_test = None;
        self.facts = [Val::Absent; Fact::ALL.len()];
        self.roots = [RootState::Unknown; Root::ALL.len()];
        self.suspended = None;
        self.names.clear();
        self.refuel();
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

    /// Gives a root for the run that is under way only; its value may have been made in it.
    pub fn set_root_for_run(&mut self, root: Root, value: Option<Val>) {
        if let Some(slot) = self.roots.get_mut(root as usize) {
            *slot = value.map_or(RootState::Missing, RootState::Run);
            self.roots_of_run = true;
        }
    }

    /// Makes the host be asked for a root again.
    pub fn forget_root(&mut self, root: Root) {
        if let Some(slot) = self.roots.get_mut(root as usize) {
            *slot = RootState::Unknown;
        }
    }

    /// What a run may cost.
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// Makes a fault for the host.
    pub fn failed(&mut self, text: &str) -> Result<Val, TrapKind> {
        let Val::Fault(why) = self.memory.failed(text)? else { return Err(TrapKind::Memory) };
        self.memory.fault(Fault::Load(why))
    }

    /// Gives the scalar pattern of a text. Answers [`Need::Pattern`].
    pub fn set_pattern(&mut self, text: &str, pattern: ScalarPattern) {
        self.patterns.push(MadePattern { text: text.into(), read: true, pattern });
    }

    /// Gives a value, or says what failed. Answers [`Need::Text`], [`Need::Tree`], [`Need::Query`] and [`Need::Ask`].
    pub fn set_answer(&mut self, value: Result<Val, &str>) -> Result<(), TrapKind> {
        self.answer = Some(Answer::Value(match value {
            Ok(value) => value,
            Err(text) => self.memory.failed(text)?,
        }));
        Ok(())
    }

    /// Says how a pattern ended, with the path and the text of its miss. Answers [`Need::Match`].
    pub fn set_ending(&mut self, ending: Ending, path: &str, text: &str) -> Result<(), TrapKind> {
        let (Val::Text(path), Val::Text(text)) = (self.memory.text(path), self.memory.text(text)) else {
            return Err(TrapKind::Memory);
        };
        let fault = self.memory.fault(Fault::Elsewhere { path, text })?;
        self.answer = Some(Answer::Match(ending, fault));
        Ok(())
    }

    /// Says what the host can be asked for. Context entries that need more are not there.
    pub fn set_offers(&mut self, offers: Offers) {
        self.offers = offers;
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
        self.names.clear();
        if std::mem::take(&mut self.roots_of_run) {
            for root in self.roots.iter_mut().filter(|r| matches!(r, RootState::Run(_))) {
                *root = RootState::Unknown;
            }
        }
        self.refuel();
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
        self.frames.clear();
        self.answer = None;
        self.clear_registers(unit.registers);
        self.execute(program, input, unit.start.index(), unit.end.index())
    }

    fn clear_registers(&mut self, used: u16) {
        self.used = usize::from(used).min(256);
        self.registers.get_mut(..self.used).unwrap_or_default().fill(Val::Absent);
    }

    /// What is known of a root, where the host gave it.
    pub fn root(&self, root: Root) -> Option<Val> {
        match self.roots.get(root as usize) {
            Some(RootState::Known(value) | RootState::Run(value)) => Some(*value),
            _ => None,
        }
    }

    fn unknown_root(&self, root: Root) -> bool {
        matches!(self.roots.get(root as usize), Some(RootState::Unknown))
    }

    /// Stops at the instruction at `at` until the host has answered.
    fn wait(&mut self, at: usize, end: usize, need: Need) -> Flow {
        self.suspended = Some((at, end));
        Flow::Stop(Step::Need(need))
    }

    /// The value that the host answered with, if it has.
    fn answered(&mut self) -> Option<Val> {
        match self.answer.take() {
            Some(Answer::Value(value) | Answer::Match(_, value)) => Some(value),
            None => None,
        }
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
            Op::JumpForbidden => self.reason(program, self.reg(i.a)) == Some(Reason::Forbidden),
            Op::JumpPathless => self.reason(program, self.reg(i.a)) == Some(Reason::TooShort),
            Op::JumpUnknown => matches!(self.reg(i.a), Val::Fault(id) if self.memory.is_unknown(id)),
            Op::JumpText => matches!(self.view(program, input, self.reg(i.a)), View::Str(_)),
            Op::IterIndex => {
                let taken = match self.reg(i.b as u8) {
                    Val::Walk { taken, .. } => taken,
                    _ => 0,
                };
                self.set(i.a, Val::Int(i64::from(taken.saturating_sub(1))));
                false
            }
            Op::JumpScalar => {
                let value = self.reg(i.a);
                !self.memory.is_list(input.documents, value) && !self.memory.is_map(input.documents, value)
            }
            Op::JumpMissing => matches!(self.reg(i.a), Val::Marks { seen, found } if seen & !found != 0),
            Op::JumpAny => self.is_any(self.reg(i.a)),
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
            Op::RootLoad => match self.roots.get(i.c as usize) {
                Some(RootState::Known(value) | RootState::Run(value)) => {
                    self.set(i.a, *value);
                    if i.c == Root::Context as u32 {
                        // It is another one the next time.
                        self.forget_root(Root::Context);
                    }
                    false
                }
                Some(RootState::Unknown) => {
                    let root = Root::ALL.get(i.c as usize).copied().ok_or(trap(TrapKind::Code))?;
                    return Ok(self.wait(at, end, Need::Root(root)));
                }
                Some(RootState::Missing) | None => {
                    self.set(i.a, Val::Absent);
                    false
                }
            },
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
            Op::PatternMake => match self.make_pattern(program, input, self.reg(i.b as u8)) {
                Some(pattern) => {
                    self.set(i.a, pattern);
                    false
                }
                None => {
                    return Ok(self.wait(at, end, Need::Pattern(self.reg(i.b as u8))));
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
                self.in_bounds().map_err(trap)?;
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
            Op::TextEval | Op::TextScan => match self.evaluated(program, input, i).map_err(trap)? {
                Ok(value) => {
                    self.set(i.a, value);
                    false
                }
                Err(need) => return Ok(self.wait(at, end, need)),
            },
            Op::TextEscape => {
                let value = self.escaped(program, input, self.reg(i.a)).map_err(trap)?;
                self.set(i.a, value);
                false
            }
            Op::NameGet => {
                let name = Sym::from_number(i.c);
                if self.names.get(name).is_none() && self.unknown_root(Root::Given) {
                    return Ok(self.wait(at, end, Need::Root(Root::Given)));
                }
                let value = match self.name(program, input, name) {
                    Some(value) => value,
                    None => self.memory.unknown_key(program.layout().symbols().name(name)).map_err(trap)?,
                };
                self.set(i.a, value);
                false
            }
            Op::NameSet => {
                self.names.bind(Sym::from_number(i.c), self.reg(i.a));
                false
            }
            Op::EntryAdd => {
                let id = EntryId::from_number(i.c);
                let needs = program.entry(id).and_then(|e| e.needs);
                if needs.is_none_or(|ask| self.offers.has(ask)) {
                    self.names.add(id);
                }
                false
            }
            Op::EntryNeed => return self.need(program, EntryId::from_number(i.c), (pc, end), i.a).map_err(trap),
            Op::EntryAgain => return self.again(program, EntryId::from_number(i.c), (pc, end), i.a).map_err(trap),
            Op::RefCall => {
                return self.refer(program, self.reg(i.b as u8), (pc, end), i.a).map_err(trap);
            }
            Op::ScopeEnter => {
                self.names.enter(self.roots[Root::Object as usize]);
                false
            }
            Op::ScopeReset | Op::ScopeLeave => {
                let names = &mut self.names;
                let kept = if i.op == Op::ScopeReset { names.reset(program) } else { names.leave(program) };
                if let Some(object) = kept {
                    self.roots[Root::Object as usize] = object;
                }
                false
            }
            Op::PatchBegin | Op::PatchApply | Op::PatchEnd => match (self.reg(i.a), self.answered()) {
                (Val::Fault(_), _) if i.op == Op::PatchApply => false,
                (_, Some(value)) => {
                    if i.op != Op::PatchBegin {
                        self.set(i.a, value);
                    }
                    false
                }
                (patch, None) => {
                    let need = match i.op {
                        Op::PatchBegin => Patch::Begin,
                        Op::PatchEnd => Patch::End,
                        _ => Patch::Apply { patch, operations: i.b & 1 != 0, constant: i.b & 2 != 0 },
                    };
                    return Ok(self.wait(at, end, Need::Patch(need)));
                }
            },
            Op::IterRest => {
                let rest = self.memory.rest(input.documents, self.reg(i.b as u8));
                self.set(i.a, Val::Int(rest as i64));
                false
            }
            Op::NumberFloat => {
                let value = self.memory.floated(program, input.documents, self.reg(i.a)).map_err(trap)?;
                self.set(i.a, value);
                false
            }
            Op::SizeCount => {
                let counted = self.count_context(program, input, self.reg(i.a)).map_err(trap)?;
                self.set(i.a, counted);
                false
            }
            Op::HostAsk => match (self.reg(i.a), self.answered()) {
                (Val::Fault(_), _) => false,
                (_, Some(value)) => {
                    self.set(i.a, value);
                    false
                }
                (question, None) => {
                    let ask = Ask::ALL.get(i.c as usize).copied().ok_or(trap(TrapKind::Code))?;
                    return Ok(self.wait(at, end, Need::Ask(ask, question)));
                }
            },
            Op::HostTell => match self.answered() {
                Some(_) => false,
                None => return Ok(self.wait(at, end, Need::Tell(self.reg(i.a)))),
            },
            Op::QueryEval => match (self.reg(i.a), self.answered()) {
                (Val::Fault(_), _) => false,
                (_, Some(value)) => {
                    self.set(i.a, value);
                    false
                }
                (text, None) => {
                    let value = (i.b != 0).then(|| self.reg(i.a.wrapping_add(1)));
                    return Ok(self.wait(at, end, Need::Query { text, value }));
                }
            },
            Op::MatchMade => match self.answer.take() {
                Some(Answer::Match(ending, fault)) => {
                    self.set(i.a, Val::Int(ending as i64));
                    self.set(i.a.wrapping_add(1), fault);
                    false
                }
                Some(Answer::Value(_)) => return Err(trap(TrapKind::Code)),
                None => {
                    let (pattern, value) = (self.reg(i.b as u8), self.reg(i.c as u8));
                    return Ok(self.wait(at, end, Need::Match { pattern, value }));
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
            Op::RootPath => {
                let root = Root::ALL.get(usize::from(i.b)).copied().ok_or(trap(TrapKind::Code))?;
                return Ok(self.wait(at, end, Need::Root(root)));
            }
            // The loops' own.
            Op::Jump
            | Op::JumpFault
            | Op::JumpFalse
            | Op::JumpNull
            | Op::JumpFalsy
            | Op::JumpTruthy
            | Op::Move
            | Op::ConstLoad
            | Op::KeyGet
            | Op::KeyFind
            | Op::ElementGet
            | Op::CollectInit
            | Op::Collect
            | Op::CollectKey
            | Op::CollectConst
            | Op::CollectList
            | Op::CollectMap
            | Op::Compare
            | Op::EqualConst
            | Op::UnequalConst
            | Op::IsFalse
            | Op::Forgive
            | Op::ForgiveAll
            | Op::Call
            | Op::CallBy
            | Op::EndValue
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
            | Op::CensusUse
            | Op::CensusMet
            | Op::CensusKinds
            | Op::CensusEvery
            | Op::CensusTest
            | Op::TestKind
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
                PathStep::Pattern(r) => match self.reg(*r) {
                    Val::Pattern(at) => Moved::Pattern(at),
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
