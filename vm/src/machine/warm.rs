//! The loop of expressions: their operations, and those of the hot loop that stand between them.
//!
//! It is a loop of its own so that the hot loop stays small, and rules without expressions do not pay for them. It goes
//! back where an operation is the hot loop's.

use super::memory::{Memory, View};
use super::run::{Flow, Ran, native};
use super::{Input, Machine, RootState, load_const};
use crate::document::{Document, Kind, NodeId, PathId, Sym};
use crate::ids::{ConstId, Pc};
use crate::op::{Instr, Op};
use crate::program::{Comparison, Const, Program};
use crate::value::{DocId, Fault, Val};
use crate::verdict::{Trap, TrapKind};

/// How many values are collected between two looks at how much memory they take.
const COLLECTED: usize = 256;

impl Machine {
    /// Runs from an instruction of expressions on, until one is the hot loop's or the run ends, waits or enters a unit.
    ///
    /// Fuel is taken where code goes back, and by operations whose cost has no bound.
    #[inline(never)]
    pub(super) fn warm<const TRACED: bool>(
        &mut self,
        program: &Program,
        input: &Input<'_>,
        from: usize,
        end: usize,
    ) -> Ran {
        let code = program.code().get(..end).unwrap_or_default();
        let docs = input.documents;
        let mut pc = from;
        loop {
            if TRACED && pc != from {
                return Ran::Goto(pc as u32);
            }
            let trap = |kind| Trap { kind, pc: Pc::from_number(pc as u32) };
            // What a fallible operation gives; where it failed, that is how the loop is left.
            macro_rules! sure {
                ($result:expr) => {
                    match $result {
                        Ok(value) => value,
                        Err(kind) => return self.leave(Err(trap(kind))),
                    }
                };
            }
            let Some(&i) = code.get(pc) else { return self.leave(Err(trap(TrapKind::Code))) };
            let ahead = pc.wrapping_add(1);
            let taken = match i.op {
                Op::Jump => true,
                Op::JumpFault => matches!(self.reg(i.a), Val::Fault(_)),
                Op::JumpTrue => matches!(self.reg(i.a), Val::Bool(true)),
                Op::JumpFalse => !matches!(self.reg(i.a), Val::Bool(true)),
                Op::JumpNotList => !self.memory.is_list(docs, self.reg(i.a)),
                Op::JumpNull => self.is_null(program, docs, i.a),
                Op::JumpFalsy => self.is_falsy(program, docs, i.a),
                Op::JumpTruthy => !self.is_falsy(program, docs, i.a),
                Op::Move => {
                    self.set(i.a, self.reg(i.b as u8));
                    false
                }
                Op::ConstLoad => {
                    self.set(i.a, load_const(program, ConstId::from_number(i.c)));
                    false
                }
                Op::RootPath => {
                    let found = match self.roots.get(usize::from(i.b)) {
                        Some(RootState::Known(Val::Node(DocId(0), NodeId::ROOT))) => match docs.first() {
                            Some(d) if std::ptr::eq(d.layout(), program.layout()) => d.slot(PathId::from_number(i.c)),
                            _ => None,
                        },
                        _ => None,
                    };
                    match found {
                        Some(node) => self.set(i.a, Val::Node(DocId(0), node)),
                        None => match sure!(self.root_path(program, docs, i)) {
                            true => {}
                            false => {
                                let waits = self.rare(program, input, i, pc, end);
                                return self.leave(waits);
                            }
                        },
                    }
                    false
                }
                Op::KeyFind => {
                    let key = Sym::from_number(i.c);
                    match self.reg(i.b as u8) {
                        Val::Node(doc, node) if let Some(d) = native(program, docs, doc) => match d.get(node, key) {
                            Some(found) => self.set(i.a, Val::Node(doc, found)),
                            None => self.set(i.a, Val::Null),
                        },
                        value => {
                            let found = self.memory.find(program, docs, value, key);
                            self.set(i.a, found);
                        }
                    }
                    false
                }
                Op::KeyGet => {
                    let key = Sym::from_number(i.c);
                    match self.reg(i.b as u8) {
                        Val::Node(doc, node)
                            if let Some(d) = native(program, docs, doc)
                                && let Some(found) = d.get(node, key) =>
                        {
                            self.set(i.a, Val::Node(doc, found));
                        }
                        value => {
                            let found = sure!(self.memory.key_get(program, docs, value, key));
                            self.set(i.a, found);
                        }
                    }
                    false
                }
                Op::ElementGet => {
                    match (self.reg(i.b as u8), i.c) {
                        (Val::Node(doc, node), 0)
                            if self.memory.is_in_order()
                                && let Some(d) = docs.get(usize::from(doc.0))
                                && d.kind(node) == Kind::List
                                && d.len(node) > 0 =>
                        {
                            self.set(i.a, Val::Node(doc, NodeId::from_number(node.number() + 1)));
                        }
                        (value, at) => self.set(i.a, self.memory.element(docs, value, at.cast_signed())),
                    }
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
                        list => {
                            let walk = self.memory.walk(docs, list);
                            self.set(i.a, walk);
                        }
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
                    walk => match self.memory.next(docs, walk) {
                        Some((element, rest)) => {
                            self.set(i.b as u8, rest);
                            self.set(i.a, element);
                            false
                        }
                        None => true,
                    },
                },
                Op::CollectInit => {
                    self.set(i.a, Val::Int(self.memory.collected.len() as i64));
                    false
                }
                Op::Collect => {
                    if i.c != 0 || !self.is_null(program, docs, i.a) {
                        self.memory.collected.push(self.reg(i.a));
                        if self.memory.collected.len().is_multiple_of(COLLECTED) {
                            sure!(self.memory.check());
                        }
                    }
                    false
                }
                Op::CollectKey => {
                    let key = Sym::from_number(i.c);
                    match self.reg(i.a) {
                        Val::Node(doc, node) if let Some(d) = native(program, docs, doc) => {
                            if let Some(found) = d.get(node, key)
                                && d.kind(found) != Kind::Null
                            {
                                self.memory.collected.push(Val::Node(doc, found));
                            }
                        }
                        value => {
                            let found = self.memory.find(program, docs, value, key);
                            self.set(i.b as u8, found);
                            if !self.is_null(program, docs, i.b as u8) {
                                self.memory.collected.push(found);
                            }
                        }
                    }
                    if self.memory.collected.len().is_multiple_of(COLLECTED) {
                        sure!(self.memory.check());
                    }
                    false
                }
                Op::CollectConst => {
                    self.memory.collected.push(load_const(program, ConstId::from_number(i.c)));
                    false
                }
                Op::CollectList => {
                    let value = sure!(self.memory.collect_list(self.reg(i.b as u8)));
                    self.set(i.a, value);
                    false
                }
                Op::CollectMap => {
                    let value = sure!(self.memory.collect_map(program, docs, self.reg(i.b as u8)));
                    self.set(i.a, value);
                    false
                }
                Op::Compare => {
                    let (left, right) = (self.reg(i.b as u8), self.reg((i.b as u8).wrapping_add(1)));
                    let how = sure!(Comparison::ALL.get(i.c as usize).copied().ok_or(TrapKind::Code));
                    self.set(i.a, self.memory.compare(program, docs, how, left, right));
                    sure!(self.in_bounds());
                    false
                }
                Op::EqualConst | Op::UnequalConst => {
                    let value = self.reg(i.b as u8);
                    let same = match value {
                        Val::Fault(_) => value,
                        _ => {
                            let same = self.memory.is_const(program, docs, value, ConstId::from_number(i.c));
                            Val::Bool(same == (i.op == Op::EqualConst))
                        }
                    };
                    self.set(i.a, same);
                    false
                }
                Op::IsFalse => {
                    let falsy = self.is_falsy(program, docs, i.b as u8);
                    self.set(i.a, Val::Bool(falsy));
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
                Op::Call | Op::CallBy => {
                    let value = sure!(self.call(program, input, i));
                    self.set(i.a, value);
                    false
                }
                Op::EndValue => return Ran::Value(i.a),
                Op::EndPass => return Ran::Pass(i.c),
                Op::EndNone => return Ran::None,
                // The hot loop's own.
                Op::PathLoad
                | Op::FieldLoad
                | Op::BoolLoad
                | Op::Clear
                | Op::CensusUse
                | Op::CensusMet
                | Op::CensusKinds
                | Op::CensusEvery
                | Op::CensusTest
                | Op::TestKind
                | Op::TestScalar
                | Op::JumpAbsent
                | Op::JumpPresent
                | Op::JumpNotMap => return Ran::Goto(pc as u32),
                _ => match self.rare(program, input, i, pc, end) {
                    Ok(Flow::Goto(next)) => {
                        if next <= pc {
                            sure!(self.spend((ahead - next) as u64));
                        }
                        pc = next;
                        continue;
                    }
                    other => return self.leave(other),
                },
            };
            if !taken {
                pc = ahead;
                continue;
            }
            let label = i.c as usize;
            if label <= pc {
                sure!(self.spend((ahead - label) as u64));
            }
            pc = label;
        }
    }

    /// The member at a path below a root, key by key. False where the root has to be asked for.
    #[inline(never)]
    fn root_path(&mut self, program: &Program, docs: &[&Document<'_>], i: Instr) -> Result<bool, TrapKind> {
        let mut value = match self.roots.get(usize::from(i.b)) {
            Some(RootState::Known(value) | RootState::Run(value)) => *value,
            Some(RootState::Missing) | None => Val::Absent,
            Some(RootState::Unknown) => return Ok(false),
        };
        for key in program.layout().path(PathId::from_number(i.c)) {
            value = self.memory.key_get(program, docs, value, *key)?;
        }
        self.set(i.a, value);
        Ok(true)
    }

    #[inline]
    fn is_null(&self, program: &Program, docs: &[&Document<'_>], r: u8) -> bool {
        match self.reg(r) {
            Val::Node(doc, node) => docs.get(usize::from(doc.0)).is_none_or(|d| d.kind(node) == Kind::Null),
            Val::Null | Val::Absent => true,
            Val::Const(_) => matches!(self.memory.view(program, docs, self.reg(r)), View::Null),
            _ => false,
        }
    }

    #[inline]
    fn is_falsy(&self, program: &Program, docs: &[&Document<'_>], r: u8) -> bool {
        match self.reg(r) {
            Val::Bool(b) => !b,
            value => self.memory.is_false(program, docs, value),
        }
    }

    /// Whether what went through whole values had enough fuel for it.
    #[inline]
    pub(super) fn in_bounds(&self) -> Result<(), TrapKind> {
        if self.memory.exhausted() { Err(self.memory.limit_of_work()) } else { Ok(()) }
    }
}

impl Memory {
    /// The member of a map under a key; `null` where there is none or the value is no map. A fault stays itself.
    pub(super) fn find(&self, program: &Program, docs: &[&Document<'_>], value: Val, key: Sym) -> Val {
        match self.field(program, docs, value, key) {
            Val::Absent if matches!(value, Val::Fault(_)) => value,
            Val::Absent => Val::Null,
            found => found,
        }
    }

    /// Whether a value equals a constant.
    pub(super) fn is_const(&self, program: &Program, docs: &[&Document<'_>], value: Val, id: ConstId) -> bool {
        match (program.constant(id), self.view(program, docs, value)) {
            (Some(Const::Str(a)), View::Str(b)) => self.same_text(a, b),
            (Some(Const::Float(a)), View::Float(b)) => *a == b,
            (Some(Const::Bool(a)), View::Bool(b)) => *a == b,
            (Some(Const::Null), View::Null | View::Absent) => true,
            (Some(Const::Int(_) | Const::Reference(_)), _) => self.equal(program, docs, value, load_const(program, id)),
            _ => false,
        }
    }
}
