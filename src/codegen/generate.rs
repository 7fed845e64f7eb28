//! What is made for an object.
//!
//! Kyverno: pkg/background/generate/generator.go. Each thing that is to be made, or why it cannot be, is handed to the
//! host; one failure does not keep the others from being looked at.

use super::CodegenError;
use super::conditions;
use super::ends::Ends;
use super::expr;
use super::foreach::{again, bind_element, wrap};
use super::unit::{Label, UnitBuilder};
use crate::ir::generate::{Generation, PatternLoop};
use crate::ir::{Conditions, Expr};
use kyvc_vm::document::Place;
use kyvc_vm::ids::Reg;
use kyvc_vm::op::Op;
use kyvc_vm::program::{Reason, Site, Step};

/// Code that hands over all that is to be made. `preconditions` are those of the rule.
pub(super) fn generate(
    u: &mut UnitBuilder<'_>,
    g: &Generation,
    preconditions: Option<&Conditions>,
) -> Result<(), CodegenError> {
    let fault = u.reg()?;
    let end = u.ending(Op::EndNone, 0);
    match g {
        Generation::One(pattern) => {
            let undecided = u.label();
            if let Some(c) = preconditions {
                let ends = Ends { fault, pass: None, skip: end, fail: end, error: undecided, nothing: end };
                conditions::preconditions(u, c, conditions::OF_RULE, &ends)?;
            }
            tell(u, pattern)?;
            u.jump(Op::Jump, 0, 0, end);
            u.bind(undecided);
            u.emit(Op::HostTell, fault.0, 0, 0);
            u.jump(Op::Jump, 0, 0, end);
        }
        // Kyverno does not look at the rule's preconditions again where it has loops.
        Generation::ForEach(loops) => {
            for (number, l) in loops.iter().enumerate() {
                let taken = u.taken();
                one(u, number, l, fault)?;
                u.release(taken);
            }
        }
    }
    u.emit(Op::EndNone, 0, 0, 0);
    Ok(())
}

fn tell(u: &mut UnitBuilder<'_>, pattern: &Expr) -> Result<(), CodegenError> {
    let taken = u.taken();
    let value = expr::generate(u, pattern)?;
    u.emit(Op::HostTell, value.0, 0, 0);
    u.release(taken);
    Ok(())
}

fn one(u: &mut UnitBuilder<'_>, number: usize, l: &PatternLoop, fault: Reg) -> Result<(), CodegenError> {
    u.at(l.place);
    let (next, done, over, undecided) = (u.label(), u.label(), u.label(), u.label());
    let list = list(u, number, l, fault, over)?;
    let (walk, element, index, text) = (u.reg()?, u.reg()?, u.reg()?, u.reg()?);
    u.emit(Op::ScopeEnter, 0, 0, 0);
    u.emit(Op::IterInit, walk.0, u16::from(list.0), 0);
    u.bind(next);
    u.jump(Op::IterNext, element.0, u16::from(walk.0), done);
    u.jump(Op::JumpNull, element.0, 0, next);
    u.emit(Op::ScopeReset, 0, 0, 0);
    again(u, &l.again, index)?;
    u.emit(Op::IterIndex, index.0, u16::from(walk.0), 0);
    bind_element(u, 0, element, index);
    for n in l.context.clone() {
        let entry = u.linker.entry(n)?;
        u.emit(Op::EntryAdd, 0, 0, entry);
    }
    if let Some(c) = &l.preconditions {
        let ends = Ends { fault, pass: None, skip: next, fail: next, error: undecided, nothing: next };
        conditions::preconditions(u, c, conditions::OF_RULE, &ends)?;
    }
    let value = expr::generate(u, &l.pattern)?;
    let failed = u.label();
    u.jump(Op::JumpFault, value.0, 0, failed);
    u.emit(Op::HostTell, value.0, 0, 0);
    u.jump(Op::Jump, 0, 0, next);
    u.bind(failed);
    u.emit(Op::Move, fault.0, u16::from(value.0), 0);
    u.bind(undecided);
    u.emit(Op::TextJoin, text.0, u16::from(index.0), 1);
    let path = [Step::Text(text.0)].into();
    let site =
        Site { reason: Reason::Because, path, text: "failed to process %d element".into(), place: Place::default() };
    let site = u.linker.site(site)?.number();
    u.emit(Op::FaultNew, fault.0, u16::from(fault.0), site);
    u.emit(Op::HostTell, fault.0, 0, 0);
    u.jump(Op::Jump, 0, 0, next);
    u.bind(done);
    u.emit(Op::ScopeLeave, 0, 0, 0);
    again(u, &l.again, index)?;
    u.bind(over);
    Ok(())
}

/// The list of a loop; a value that is no list is a list of it.
fn list(u: &mut UnitBuilder<'_>, number: usize, l: &PatternLoop, fault: Reg, over: Label) -> Result<Reg, CodegenError> {
    let list = expr::generate(u, &l.list)?;
    let text = format!("failed to evaluate {number} foreach list").into();
    let site = Site { reason: Reason::Because, path: [].into(), text, place: Place::default() };
    let told = u.label();
    let bad = u.fault(fault, list, site, told)?;
    u.jump(Op::JumpFault, list.0, 0, bad);
    u.jump(Op::JumpNull, list.0, 0, over);
    let (one, listed) = (u.label(), u.label());
    u.jump(Op::JumpNotList, list.0, 0, one);
    u.jump(Op::Jump, 0, 0, listed);
    u.bind(told);
    u.emit(Op::HostTell, fault.0, 0, 0);
    u.jump(Op::Jump, 0, 0, over);
    wrap(u, list, one, listed)?;
    u.emit(Op::NumberFloat, list.0, 0, 0);
    Ok(list)
}
