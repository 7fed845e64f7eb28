//! Conditions: jumps on their tests, and a list of what is said about those that decide.

use super::CodegenError;
use super::ends::Ends;
use super::expr;
use super::unit::{Label, UnitBuilder};
use crate::ir::{Condition, Conditions, Expr};
use kyvc_vm::document::Place;
use kyvc_vm::ids::Reg;
use kyvc_vm::op::Op;
use kyvc_vm::program::{Reason, Site};

/// Where conditions lead, and the registers of what is said.
struct Ways {
    fault: Reg,
    /// What is said by conditions that hold
    held: Reg,
    /// What is said by conditions that do not
    missed: Reg,
    undecided: Label,
    /// What failed, where one cannot be decided
    what: &'static str,
}

/// What is said of preconditions of a rule that cannot be decided.
pub(super) const OF_RULE: &str = "failed to evaluate preconditions";

/// The same of a rule that makes objects.
pub(super) const OF_TRIGGER: &str = "failed to evaluate conditions";

/// Code that goes on where the preconditions hold, and elsewhere where they do not. `what` is said of those that cannot be
/// decided.
pub(super) fn preconditions(
    u: &mut UnitBuilder<'_>,
    c: &Conditions,
    what: &'static str,
    ends: &Ends,
) -> Result<(), CodegenError> {
    let taken = u.taken();
    let ways = ways(u, what, ends)?;
    let (met, unmet) = (u.label(), u.label());
    conditions(u, c, &ways, met, unmet)?;
    u.bind(unmet);
    said(u, ways.fault, "preconditions not met")?;
    u.emit(Op::FaultJoin, ways.fault.0, u16::from(ways.missed.0), 0);
    u.jump(Op::Jump, 0, 0, ends.skip);
    u.bind(met);
    u.release(taken);
    Ok(())
}

/// Code that goes on where conditions hold, and elsewhere where they do not or cannot be decided.
///
/// Kyverno: pkg/utils/conditions, `all` is looked at first here, and an empty `any` holds.
pub(super) fn quiet(u: &mut UnitBuilder<'_>, c: &Conditions, no: Label) -> Result<(), CodegenError> {
    let taken = u.taken();
    let fault = u.reg()?;
    let ends = Ends { fault, pass: None, skip: no, fail: no, error: no, nothing: no };
    let ways = ways(u, "", &ends)?;
    all_then_any(u, c, &ways, no)?;
    u.release(taken);
    Ok(())
}

/// Code that goes on where the conditions of a cleanup policy hold, and ends the unit where they do not. They are looked
/// at as those of exceptions; what cannot be decided is told.
pub(super) fn of_cleanup(u: &mut UnitBuilder<'_>, c: &Conditions, ends: &Ends) -> Result<(), CodegenError> {
    let taken = u.taken();
    let ways = ways(u, "", ends)?;
    all_then_any(u, c, &ways, ends.nothing)?;
    u.release(taken);
    Ok(())
}

fn all_then_any(u: &mut UnitBuilder<'_>, c: &Conditions, ways: &Ways, no: Label) -> Result<(), CodegenError> {
    all(u, &c.all, ways, no)?;
    if let Some(any) = c.any.as_ref().filter(|any| !any.is_empty()) {
        let one = u.label();
        for condition in any {
            let next = u.label();
            test(u, condition, ways, next)?;
            u.jump(Op::Jump, 0, 0, one);
            u.bind(next);
        }
        u.jump(Op::Jump, 0, 0, no);
        u.bind(one);
    }
    Ok(())
}

/// Code that fails where the conditions hold.
pub(super) fn deny(u: &mut UnitBuilder<'_>, c: &Conditions, ends: &Ends) -> Result<(), CodegenError> {
    let taken = u.taken();
    let ways = ways(u, "failed to check deny conditions", ends)?;
    let (denied, allowed) = (u.label(), u.label());
    conditions(u, c, &ways, denied, allowed)?;
    u.bind(allowed);
    ends.passes(u, 0);
    u.bind(denied);
    let done = u.label();
    u.emit(Op::Move, ways.fault.0, u16::from(ways.held.0), 0);
    u.jump(Op::JumpPresent, ways.held.0, 0, done);
    said(u, ways.fault, "")?;
    u.bind(done);
    u.jump(Op::Jump, 0, 0, ends.fail);
    u.release(taken);
    Ok(())
}

fn ways(u: &mut UnitBuilder<'_>, what: &'static str, ends: &Ends) -> Result<Ways, CodegenError> {
    let (held, missed) = (u.reg()?, u.reg()?);
    for r in [held, missed] {
        u.emit(Op::Clear, r.0, 0, 0);
    }
    Ok(Ways { fault: ends.fault, held, missed, undecided: ends.error, what })
}

fn said(u: &mut UnitBuilder<'_>, out: Reg, text: &str) -> Result<(), CodegenError> {
    let site = Site { reason: Reason::Said, path: [].into(), text: text.into(), place: Place::default() };
    let site = u.linker.site(site)?.number();
    u.emit(Op::FaultNew, out.0, u16::from(out.0), site);
    Ok(())
}

fn conditions(u: &mut UnitBuilder<'_>, c: &Conditions, ways: &Ways, yes: Label, no: Label) -> Result<(), CodegenError> {
    if let Some(any) = &c.any {
        let one = u.label();
        for condition in any {
            let next = u.label();
            test(u, condition, ways, next)?;
            u.jump(Op::Jump, 0, 0, one);
            u.bind(next);
            note(u, condition, ways.fault, ways.missed)?;
        }
        // Kyverno looks at the other list all the same, for its messages and errors.
        all(u, &c.all, ways, no)?;
        u.jump(Op::Jump, 0, 0, no);
        u.bind(one);
    }
    all(u, &c.all, ways, no)?;
    u.jump(Op::Jump, 0, 0, yes);
    Ok(())
}

fn all(u: &mut UnitBuilder<'_>, list: &[Condition], ways: &Ways, no: Label) -> Result<(), CodegenError> {
    for condition in list {
        let (missed, next) = (u.label(), u.label());
        test(u, condition, ways, missed)?;
        u.jump(Op::Jump, 0, 0, next);
        u.bind(missed);
        note(u, condition, ways.fault, ways.missed)?;
        u.jump(Op::Jump, 0, 0, no);
        u.bind(next);
    }
    Ok(())
}

/// Kyverno: pkg/utils/conditions/condition.go, the schema of cleanup policies does not ask for an operator.
const NO_OPERATOR: &str = "failed to create handler for condition operator: %!w(<nil>)";

/// Goes on where a condition holds, with its message noted.
fn test(u: &mut UnitBuilder<'_>, c: &Condition, ways: &Ways, otherwise: Label) -> Result<(), CodegenError> {
    u.at(c.place);
    let taken = u.taken();
    let key = expr::generate(u, &c.key)?;
    resolved(u, key, ways, "key")?;
    let value = expr::generate(u, &c.value)?;
    resolved(u, value, ways, "value")?;
    match c.operator {
        Some(operator) => {
            u.test(Op::TestCondition, key.0, operator as u32, otherwise);
            note(u, c, ways.fault, ways.held)?;
        }
        None => {
            let fault = expr::generate(u, &Expr::Fail(NO_OPERATOR.to_owned()))?;
            u.emit(Op::Move, ways.fault.0, u16::from(fault.0), 0);
            u.jump(Op::Jump, 0, 0, ways.undecided);
        }
    }
    u.release(taken);
    Ok(())
}

/// Ends the unit where a side of a condition cannot be resolved.
fn resolved(u: &mut UnitBuilder<'_>, value: Reg, ways: &Ways, side: &str) -> Result<(), CodegenError> {
    let parts = [ways.what, "failed to substitute variables in condition"].into_iter().filter(|s| !s.is_empty());
    let text = format!("{} {side}", parts.collect::<Vec<_>>().join(": "));
    let site = Site { reason: Reason::Because, path: [].into(), text: text.into(), place: Place::default() };
    let bad = u.fault(ways.fault, value, site, ways.undecided)?;
    u.jump(Op::JumpFault, value.0, 0, bad);
    Ok(())
}

fn note(u: &mut UnitBuilder<'_>, c: &Condition, fault: Reg, list: Reg) -> Result<(), CodegenError> {
    if c.message.is_empty() {
        return Ok(());
    }
    said(u, fault, &c.message)?;
    u.emit(Op::FaultJoin, list.0, u16::from(fault.0), 0);
    Ok(())
}
