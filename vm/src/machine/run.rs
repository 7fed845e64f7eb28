//! The hot loop: the operations that every rule is made of.

use super::{Input, Machine};
use crate::document::{PathId, Sym};
use crate::ids::{ConstId, Pc};
use crate::op::Op;
use crate::program::{Const, Program};
use crate::value::{DocId, Val};
use crate::verdict::{Step, Trap, TrapKind};

/// How a run goes on after a rare operation.
pub(super) enum Flow {
    /// At this instruction
    Goto(usize),
    /// Not now
    Stop(Step),
}

impl Machine {
    /// Runs from an instruction on until the unit ends or waits. `end` is the end of the unit.
    ///
    /// Fuel is taken where code goes back, by the length of the way, and for each rare operation: what lies between is
    /// bounded by the length of the program.
    pub(super) fn execute(
        &mut self,
        program: &Program,
        input: &Input<'_>,
        from: usize,
        end: usize,
    ) -> Result<Step, Trap> {
        // The verifier keeps labels inside the unit: the slice's bound is the only check.
        let code = program.code().get(..end).unwrap_or_default();
        let docs = input.documents;
        let mut pc = from;
        loop {
            let trap = |kind| Trap { kind, pc: Pc::from_number(pc as u32) };
            let Some(&i) = code.get(pc) else { return Err(trap(TrapKind::Code)) };
            let ahead = pc.wrapping_add(1);
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
                    let value = self.memory.field(program, docs, self.reg(i.b as u8), Sym::from_number(i.c));
                    self.set(i.a, value);
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
                    self.set(i.a, self.memory.walk(docs, self.reg(i.b as u8)));
                    false
                }
                Op::IterNext => match self.memory.next(docs, self.reg(i.b as u8)) {
                    Some((element, walk)) => {
                        self.set(i.b as u8, walk);
                        self.set(i.a, element);
                        false
                    }
                    None => true,
                },
                Op::TestScalar => {
                    let Some(Const::Pattern(pattern)) = program.constant(ConstId::from_number(i.c)) else {
                        return Err(trap(TrapKind::Code));
                    };
                    if !self.test_scalar(program, input, self.reg(i.a), pattern) {
                        pc = ahead.wrapping_add(usize::from(i.b));
                        continue;
                    }
                    false
                }
                _ => match self.rare(program, input, i, pc, end)? {
                    Flow::Goto(next) => {
                        if next <= pc {
                            self.spend((ahead - next) as u64).map_err(trap)?;
                        }
                        pc = next;
                        continue;
                    }
                    Flow::Stop(step) => return Ok(step),
                },
            };
            if !taken {
                pc = ahead;
                continue;
            }
            let label = i.c as usize;
            if label <= pc {
                self.spend((ahead - label) as u64).map_err(trap)?;
            }
            pc = label;
        }
    }

    /// Takes fuel.
    #[inline]
    pub(super) fn spend(&mut self, cost: u64) -> Result<(), TrapKind> {
        self.fuel = self.fuel.checked_sub(cost).ok_or(TrapKind::Fuel)?;
        Ok(())
    }
}
