//! The hot loop: the operations that every rule is made of.

use super::frames::Popped;
use super::test::node_matches;
use super::{Input, Machine};
use crate::document::{Census, Document, Kind, Kinds, NodeId, PathId, SpotId, Sym};
use crate::ids::{ConstId, Pc};
use crate::op::{Instr, Op};
use crate::program::{Const, Program};
use crate::value::{DocId, Val};
use crate::verdict::{Outcome, Step, Trap, TrapKind};

/// How a run goes on after a rare operation.
#[derive(Debug)]
pub(super) enum Flow {
    /// At this instruction
    Goto(usize),
    /// In another unit: its first instruction, and its end
    Enter(usize, usize),
    /// Not now
    Stop(Step),
}

/// How a loop was left. It fits into a register of the processor: what is handed on in memory, part by part, is waited
/// for.
pub(super) enum Ran {
    /// At an instruction that is for another loop
    Goto(u32),
    /// The unit has ended with the value in this register
    Value(u8),
    /// The unit has ended: the rule holds, by this alternative
    Pass(u32),
    /// The unit has ended: there is nothing to say
    None,
    /// As [`Machine::left`] says
    Other,
}

impl Machine {
    /// Runs from an instruction on until the run ends or waits, with all units inside. `end` is the end of the unit.
    #[inline]
    pub(super) fn execute(
        &mut self,
        program: &Program,
        input: &Input<'_>,
        from: usize,
        end: usize,
    ) -> Result<Step, Trap> {
        if !self.is_traced() {
            return self.units::<false>(program, input, from, end);
        }
        let how = self.units::<true>(program, input, from, end);
        self.watched(&how);
        how
    }

    /// One unit after the other. Where they are traced the loops give control back after each instruction.
    #[inline]
    fn units<const TRACED: bool>(
        &mut self,
        program: &Program,
        input: &Input<'_>,
        mut from: usize,
        mut end: usize,
    ) -> Result<Step, Trap> {
        loop {
            if TRACED {
                self.watch(program, from);
            }
            // Units of expressions have their own loop.
            let ran = match program.code().get(from).is_some_and(|i| i.op.is_expression()) {
                true => self.warm::<TRACED>(program, input, from, end),
                false => self.one::<TRACED>(program, input, from, end),
            };
            let outcome = match ran {
                Ran::Value(r) => Outcome::Value(self.reg(r)),
                Ran::Pass(alternative) => Outcome::Pass(alternative),
                Ran::None => Outcome::None,
                Ran::Goto(pc) if pc as usize != from => {
                    from = pc as usize;
                    continue;
                }
                Ran::Goto(_) => return Err(Trap { kind: TrapKind::Code, pc: Pc::from_number(from as u32) }),
                Ran::Other => match std::mem::replace(&mut self.left, Ok(Flow::Goto(0)))? {
                    Flow::Goto(_) => return Err(Trap { kind: TrapKind::Code, pc: Pc::from_number(from as u32) }),
                    Flow::Enter(start, stop) => {
                        (from, end) = (start, stop);
                        continue;
                    }
                    Flow::Stop(Step::Done(outcome)) => outcome,
                    Flow::Stop(step) => return Ok(step),
                },
            };
            let Some(frame) = self.frames.pop() else { return Ok(Step::Done(outcome)) };
            let trap = |kind| Trap { kind, pc: Pc::from_number(from as u32) };
            match self.pop(program, input, frame, outcome).map_err(trap)? {
                Popped::Goto(pc, stop) => (from, end) = (pc, stop),
                Popped::Host(step) => return Ok(step),
            }
        }
    }

    /// Leaves a loop for anything but an end with a value.
    #[cold]
    pub(super) fn leave(&mut self, how: Result<Flow, Trap>) -> Ran {
        self.left = how;
        Ran::Other
    }

    /// Runs one unit from an instruction on until it ends, waits or enters another.
    ///
    /// Fuel is taken where code goes back, by the length of the way, and for each rare operation: what lies between is
    /// bounded by the length of the program.
    #[inline(never)]
    fn one<const TRACED: bool>(&mut self, program: &Program, input: &Input<'_>, from: usize, end: usize) -> Ran {
        // The verifier keeps labels inside the unit: the slice's bound is the only check.
        let code = program.code().get(..end).unwrap_or_default();
        let docs = input.documents;
        let mut pc = from;
        loop {
            if TRACED && pc != from {
                return Ran::Goto(pc as u32);
            }
            let trap = |kind| Trap { kind, pc: Pc::from_number(pc as u32) };
            let Some(&i) = code.get(pc) else { return self.leave(Err(trap(TrapKind::Code))) };
            let ahead = pc.wrapping_add(1);
            // Goes on at the `else` label unless a test holds.
            macro_rules! unless {
                ($holds:expr) => {{
                    if !$holds {
                        pc = ahead.wrapping_add(usize::from(i.b));
                        continue;
                    }
                    false
                }};
            }
            // Nothing here copies a value as a whole: the processor would wait until the parts of it that an operation
            // before has written one by one have reached memory.
            //
            // Whether to go on at the label. It is a branch for each operation and not a choice between two addresses:
            // the processor runs ahead on its guess, where it would wait for the register to know the address.
            let taken = match i.op {
                Op::Jump => true,
                Op::JumpAbsent => matches!(self.reg(i.a), Val::Absent),
                Op::JumpPresent => !matches!(self.reg(i.a), Val::Absent),
                Op::JumpNotMap => !self.memory.is_map(docs, self.reg(i.a)),
                Op::JumpNotList => !self.memory.is_list(docs, self.reg(i.a)),
                Op::JumpTrue => matches!(self.reg(i.a), Val::Bool(true)),
                Op::PathLoad => {
                    match docs.first().and_then(|d| d.slot(PathId::from_number(i.c))) {
                        Some(node) => self.set(i.a, Val::Node(DocId(0), node)),
                        None => self.set(i.a, Val::Absent),
                    }
                    false
                }
                Op::FieldLoad => {
                    let key = Sym::from_number(i.c);
                    match self.reg(i.b as u8) {
                        Val::Node(doc, node) if let Some(d) = native(program, docs, doc) => match d.get(node, key) {
                            Some(found) => self.set(i.a, Val::Node(doc, found)),
                            None => self.set(i.a, Val::Absent),
                        },
                        _ => self.load_field(program, docs, i),
                    }
                    false
                }
                Op::BoolLoad => {
                    self.set(i.a, Val::Bool(i.c != 0));
                    false
                }
                Op::Clear => {
                    self.set(i.a, Val::Absent);
                    false
                }
                Op::IterInit => {
                    match self.reg(i.b as u8) {
                        Val::Node(doc, node)
                            if self.memory.is_in_order()
                                && let Some(d) = docs.get(usize::from(doc.0)) =>
                        {
                            let at = node.number() + 1;
                            let end = if d.kind(node) == Kind::List { d.end(node).number() } else { at };
                            self.set(i.a, Val::Walk { doc, at, end, taken: 0 });
                        }
                        _ => self.start_walk(docs, i),
                    }
                    false
                }
                Op::IterNext => match self.reg(i.b as u8) {
                    Val::Walk { doc, at, end, taken } if let Some(d) = docs.get(usize::from(doc.0)) => {
                        if at < end {
                            let node = NodeId::from_number(at);
                            self.set(i.b as u8, Val::Walk { doc, at: d.end(node).number(), end, taken: taken + 1 });
                            self.set(i.a, Val::Node(doc, node));
                        }
                        at >= end
                    }
                    _ => self.walk_on(docs, i),
                },
                Op::TestScalar => {
                    let Some(Const::Pattern(pattern)) = program.constant(ConstId::from_number(i.c)) else {
                        return self.leave(Err(trap(TrapKind::Code)));
                    };
                    unless!(self.test_scalar(program, input, self.reg(i.a), pattern))
                }
                Op::TestKind => {
                    let Some(Const::Kinds(kinds)) = program.constant(ConstId::from_number(i.c)) else {
                        return self.leave(Err(trap(TrapKind::Code)));
                    };
                    // Rules that follow each other ask the same, mostly.
                    let asked = (program.layout().id(), i.c);
                    let about = match self.kind_test {
                        Some((known, about)) if known == asked => about,
                        _ => kinds.iter().any(|k| k.matches(&input.kind)),
                    };
                    self.kind_test = Some((asked, about));
                    unless!(about)
                }
                Op::EndPass => return Ran::Pass(i.c),
                Op::EndNone => return Ran::None,
                // Who watches wants to see each value.
                Op::CensusUse => unless!(!TRACED && docs.first().is_some_and(|d| is_counted(program, d))),
                Op::CensusMet => unless!(census(docs).is_some_and(|c| c.values(spot(i)).is_some_and(|n| n > 0))),
                Op::CensusKinds => {
                    unless!(census(docs).is_some_and(|c| c.all_are(spot(i), Kinds::from_bits(i.a))))
                }
                Op::CensusEvery => {
                    let above = program.layout().parent(spot(i));
                    unless!(
                        census(docs)
                            .is_some_and(|c| { above.is_some_and(|above| c.values(above) == c.values(spot(i))) })
                    )
                }
                Op::CensusTest => {
                    let (looked, holds) = test_counted(program, docs, i);
                    if let Err(kind) = self.spend(looked) {
                        return self.leave(Err(trap(kind)));
                    }
                    unless!(holds)
                }
                _ => match self.warm::<TRACED>(program, input, pc, end) {
                    Ran::Goto(next) => {
                        pc = next as usize;
                        continue;
                    }
                    other => return other,
                },
            };
            if !taken {
                pc = ahead;
                continue;
            }
            let label = i.c as usize;
            if label <= pc
                && let Err(kind) = self.spend((ahead - label) as u64)
            {
                return self.leave(Err(trap(kind)));
            }
            pc = label;
        }
    }

    #[inline(never)]
    fn load_field(&mut self, program: &Program, docs: &[&Document<'_>], i: Instr) {
        let found = self.memory.field(program, docs, self.reg(i.b as u8), Sym::from_number(i.c));
        self.set(i.a, found);
    }

    #[inline(never)]
    fn start_walk(&mut self, docs: &[&Document<'_>], i: Instr) {
        let walk = self.memory.walk(docs, self.reg(i.b as u8));
        self.set(i.a, walk);
    }

    #[inline(never)]
    fn walk_on(&mut self, docs: &[&Document<'_>], i: Instr) -> bool {
        let Some((element, walk)) = self.memory.next(docs, self.reg(i.b as u8)) else { return true };
        self.set(i.b as u8, walk);
        self.set(i.a, element);
        false
    }
}

/// A document whose keys have the numbers that the program has for them.
#[inline]
pub(super) fn native<'d>(program: &Program, docs: &[&'d Document<'d>], doc: DocId) -> Option<&'d Document<'d>> {
    docs.get(usize::from(doc.0)).copied().filter(|d| std::ptr::eq(d.layout(), program.layout()))
}

/// The path of an operation that asks the counts of the object.
#[inline]
fn spot(i: Instr) -> SpotId {
    SpotId::from_number(i.c)
}

/// The counts of the object.
#[inline]
fn census<'d>(docs: &[&'d Document<'d>]) -> Option<&'d Census> {
    docs.first().map(|d| d.census())
}

/// Whether the counts of a document are right, and those of the program's paths.
#[inline]
fn is_counted(program: &Program, doc: &Document<'_>) -> bool {
    doc.census().is_right() && std::ptr::eq(doc.layout(), program.layout())
}

/// How many values at a path were looked at, and whether all satisfy a pattern.
#[inline(never)]
fn test_counted(program: &Program, docs: &[&Document<'_>], i: Instr) -> (u64, bool) {
    let Some(doc) = docs.first() else { return (0, false) };
    let Some(Const::Tested(spot, pattern)) = program.constant(ConstId::from_number(i.c)) else { return (0, false) };
    let Some(Const::Pattern(pattern)) = program.constant(*pattern) else { return (0, false) };
    let mut looked = 0;
    let holds = doc.census().nodes(*spot).all(|node| {
        looked += 1;
        node_matches(doc, node, pattern)
    });
    (looked, holds)
}
