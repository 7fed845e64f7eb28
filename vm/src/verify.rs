//! The check between bytes or generated code and the machine. Only a verified [`Program`] runs.

use crate::condition::Operator;
use crate::ids::{Pc, UnitId};
use crate::op::{Instr, Operand};
use crate::program::{Comparison, Const, Parts, Program, Step, Unit};
use crate::verdict::{Ask, Fact, Root};
use thiserror::Error;

/// Why a program is refused. Where code generation made it, this is a bug of ours; where a file did, it is damaged.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum VerifyError {
    /// A unit's bounds are not inside the code
    #[error("unit {0:?} has no code")]
    Bounds(Box<str>),
    /// An operand is out of range or of the wrong kind
    #[error("instruction {} has a bad operand {operand}: {expected:?} expected", pc.index())]
    Operand {
        /// Where
        pc: Pc,
        /// Which of `a`, `b`, `c`
        operand: char,
        /// What it should have been
        expected: Operand,
    },
    /// A context entry names no key or unit
    #[error("context entry {0} has no name or no unit")]
    Entry(usize),
    /// A constant is an expression without a unit
    #[error("constant {0} has no unit")]
    Reference(usize),
    /// A constant names a path whose values are not linked, or no scalar pattern
    #[error("constant {0} has no linked path or no pattern")]
    Tested(usize),
    /// Code runs on past the end of its unit
    #[error("unit {0:?} does not end")]
    Open(Box<str>),
    /// There is more code than a program can hold
    #[error("too many instructions")]
    Size,
}

/// Checks every unit, instruction and operand.
pub fn verify(parts: Parts) -> Result<Program, VerifyError> {
    if u32::try_from(parts.code.len()).is_err() {
        return Err(VerifyError::Size);
    }
    for unit in &parts.units {
        let code = parts
            .code
            .get(unit.start.index()..unit.end.index())
            .filter(|c| !c.is_empty() && unit.registers <= 256)
            .ok_or_else(|| VerifyError::Bounds(unit.name.clone()))?;
        for (offset, instr) in code.iter().enumerate() {
            check(&parts, unit, unit.start.index() + offset, *instr)?;
        }
        if !code.last().is_some_and(|i| i.op.ends()) {
            return Err(VerifyError::Open(unit.name.clone()));
        }
    }
    for (i, constant) in parts.consts.iter().enumerate() {
        if let Const::Tested(spot, pattern) = constant {
            let linked = parts.layout.spots().get(spot.index()).is_some_and(|spot| spot.linked);
            if !linked || !matches!(parts.consts.get(pattern.index()), Some(Const::Pattern(_))) {
                return Err(VerifyError::Tested(i));
            }
        }
        let Const::Reference(reference) = constant else { continue };
        // Its unit finds a value in the first register.
        let known = |unit: UnitId| parts.units.get(unit.index()).is_some_and(|u| u.registers > 0);
        if !reference.unit.is_none_or(known) {
            return Err(VerifyError::Reference(i));
        }
    }
    for (i, entry) in parts.entries.iter().enumerate() {
        let named = (entry.name.number() as usize) < parts.layout.symbols().len();
        if !named || entry.unit.index() >= parts.units.len() {
            return Err(VerifyError::Entry(i));
        }
    }
    Ok(Program::of(parts))
}

fn check(parts: &Parts, unit: &Unit, pc: usize, i: Instr) -> Result<(), VerifyError> {
    let info = i.op.info();
    let values = [('a', u32::from(i.a)), ('b', u32::from(i.b)), ('c', i.c)];
    for ((operand, value), kind) in values.into_iter().zip(info.operands) {
        if !fits(parts, unit, pc, i, value, kind) {
            let pc = Pc::from_number(u32::try_from(pc).unwrap_or(0));
            return Err(VerifyError::Operand { pc, operand, expected: kind });
        }
    }
    Ok(())
}

fn fits(parts: &Parts, unit: &Unit, pc: usize, i: Instr, value: u32, kind: Operand) -> bool {
    use crate::op::Op;
    let registers = u32::from(unit.registers);
    let constant = |want: fn(&Const) -> bool| parts.consts.get(value as usize).is_some_and(want);
    match kind {
        Operand::None => value == 0,
        Operand::Def if i.op == Op::KeysNext => value + 2 < registers,
        Operand::Use if matches!(i.op, Op::Compare | Op::TestCondition) => value + 1 < registers,
        Operand::Def if i.op == Op::MatchMade => value + 1 < registers,
        Operand::Mut if i.op == Op::QueryEval => value + u32::from(i.b != 0) < registers,
        Operand::Mut if i.op == Op::Call => value + u32::from(i.b) <= registers && value < registers,
        Operand::Mut if i.op == Op::CallBy => value + u32::from(i.b) < registers,
        Operand::Function => (value as usize) < crate::builtin::table().len(),
        Operand::Compare => (value as usize) < Comparison::ALL.len(),
        Operand::Operator => (value as usize) < Operator::ALL.len(),
        Operand::Bounds => constant(|c| matches!(c, Const::Bounds(_))),
        Operand::Use if i.op == Op::TextJoin => value + i.c <= registers && i.c <= 256,
        Operand::Use => value < registers,
        Operand::Def | Operand::Mut | Operand::Reg => value < registers,
        Operand::Entry => (value as usize) < parts.entries.len(),
        Operand::Ask => (value as usize) < Ask::ALL.len(),
        Operand::Imm if i.op == Op::MarkKey => value < 32,
        Operand::Imm => true,
        Operand::Else => pc + 1 + (value as usize) < unit.end.index(),
        Operand::Label => (unit.start.index()..unit.end.index()).contains(&(value as usize)),
        Operand::Const => constant(|c| c.is_value()),
        Operand::Pattern => constant(|c| matches!(c, Const::Pattern(_))),
        Operand::Globs => constant(|c| matches!(c, Const::Globs(_))),
        Operand::Kinds => constant(|c| matches!(c, Const::Kinds(_))),
        Operand::Selector => constant(|c| matches!(c, Const::Selector(_))),
        Operand::Pairs => constant(|c| matches!(c, Const::Pairs(_))),
        Operand::Keys => constant(|c| matches!(c, Const::Keys(_))),
        Operand::Path => (value as usize) < parts.layout.path_count(),
        Operand::Spot => (value as usize) < parts.layout.spot_count(),
        Operand::KindSet => true,
        Operand::Tested => constant(|c| matches!(c, Const::Tested(..))),
        Operand::Sym => (value as usize) < parts.layout.symbols().len(),
        Operand::Fact => (value as usize) < Fact::ALL.len(),
        Operand::Root => (value as usize) < Root::ALL.len(),
        Operand::Site => parts.sites.get(value as usize).is_some_and(|site| {
            site.path.iter().all(|s| match s {
                Step::Walk(r) | Step::Text(r) | Step::Pattern(r) => u32::from(*r) < registers,
                Step::Key(_) | Step::Index(_) => true,
            })
        }),
    }
}
