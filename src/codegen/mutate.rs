//! Changes of objects.
//!
//! Kyverno: pkg/engine/handlers/mutation/common.go. The host keeps the versions of the object; expressions see the one
//! of the last loop that has ended, patches the one of now.

use super::CodegenError;
use super::conditions;
use super::ends::Ends;
use super::expr;
use super::foreach::{again, bind_element, wrap};
use super::unit::{Label, UnitBuilder};
use crate::ir::mutate::{Change, Patch, PatchLoop, Target};
use kyvc_vm::builtin;
use kyvc_vm::document::Place;
use kyvc_vm::ids::Reg;
use kyvc_vm::op::Op;
use kyvc_vm::program::{Reason, Site, Step};

/// Code that changes an object; an error in it is told as it is.
pub(super) fn whole(u: &mut UnitBuilder<'_>, change: &Change, ends: &Ends) -> Result<(), CodegenError> {
    let failed = u.label();
    generate(u, change, &Ends { error: failed, ..*ends })?;
    u.bind(failed);
    let site = Site { reason: Reason::Lost, path: [].into(), text: "".into(), place: Place::default() };
    let site = u.linker.site(site)?.number();
    u.emit(Op::FaultNew, ends.fault.0, u16::from(ends.fault.0), site);
    u.jump(Op::Jump, 0, 0, ends.error);
    Ok(())
}

fn generate(u: &mut UnitBuilder<'_>, change: &Change, ends: &Ends) -> Result<(), CodegenError> {
    let taken = u.taken();
    match change {
        Change::Patch(p) => patch(u, p, ends)?,
        Change::ForEach(loops) => each(u, loops, ends)?,
        Change::Nothing => {
            said(u, ends, "empty mutate rule")?;
            u.jump(Op::Jump, 0, 0, ends.error);
        }
    }
    u.release(taken);
    Ok(())
}

/// Code for one of the objects that are changed instead of the one the rule is about, from its context on.
pub(super) fn target(u: &mut UnitBuilder<'_>, t: &Target, ends: &Ends) -> Result<(), CodegenError> {
    u.at(t.place);
    for n in t.context.clone() {
        let entry = u.linker.entry(n)?;
        u.emit(Op::EntryAdd, 0, 0, entry);
    }
    if let Some(c) = &t.preconditions {
        conditions::preconditions(u, c, conditions::OF_RULE, ends)?;
    }
    whole(u, &t.change, ends)
}

fn patch(u: &mut UnitBuilder<'_>, p: &Patch, ends: &Ends) -> Result<(), CodegenError> {
    u.at(p.place);
    let patch = expr::generate(u, &p.value)?;
    unless_fault(u, patch, Reason::Because, "variable substitution failed", ends)?;
    for e in &p.also {
        let taken = u.taken();
        let value = expr::generate(u, e)?;
        unless_fault(u, value, Reason::Because, "variable substitution failed", ends)?;
        u.release(taken);
    }
    if !p.constant {
        let (empty, some) = (u.label(), u.label());
        if p.operations {
            // Kyverno loses what is no text.
            let none = u.reg()?;
            u.emit(Op::IsFalse, none.0, u16::from(patch.0), 0);
            u.jump(Op::JumpTrue, none.0, 0, empty);
            u.jump(Op::JumpText, patch.0, 0, some);
        } else {
            u.jump(Op::JumpNull, patch.0, 0, empty);
            u.jump(Op::Jump, 0, 0, some);
        }
        u.bind(empty);
        said(u, ends, "empty mutate rule")?;
        u.jump(Op::Jump, 0, 0, ends.error);
        u.bind(some);
    }
    let flags = u16::from(p.operations) | u16::from(p.constant) << 1;
    u.emit(Op::PatchApply, patch.0, flags, 0);
    let (changed, refused, same) = (u.label(), u.label(), u.label());
    u.jump(Op::JumpTrue, patch.0, 0, changed);
    u.jump(Op::JumpFault, patch.0, 0, refused);
    u.jump(Op::Jump, 0, 0, same);
    u.bind(refused);
    u.emit(Op::Move, ends.fault.0, u16::from(patch.0), 0);
    u.jump(Op::Jump, 0, 0, ends.error);
    u.bind(same);
    said(u, ends, "no patches applied")?;
    u.jump(Op::Jump, 0, 0, ends.skip);
    u.bind(changed);
    ends.passes(u, 0);
    Ok(())
}

fn each(u: &mut UnitBuilder<'_>, loops: &[PatchLoop], ends: &Ends) -> Result<(), CodegenError> {
    let applied = u.reg()?;
    u.emit(Op::BoolLoad, applied.0, 0, 0);
    for l in loops {
        let taken = u.taken();
        one(u, l, applied, ends)?;
        u.release(taken);
    }
    let passed = u.label();
    u.jump(Op::JumpTrue, applied.0, 0, passed);
    said(u, ends, "0 elements processed")?;
    u.jump(Op::Jump, 0, 0, ends.skip);
    u.bind(passed);
    ends.passes(u, 0);
    Ok(())
}

fn one(u: &mut UnitBuilder<'_>, l: &PatchLoop, applied: Reg, ends: &Ends) -> Result<(), CodegenError> {
    u.at(l.place);
    let (next, done, over) = (u.label(), u.label(), u.label());
    let list = list(u, l, over, ends)?;
    let (walk, element, index) = (u.reg()?, u.reg()?, u.reg()?);
    u.emit(Op::PatchBegin, 0, 0, 0);
    u.emit(Op::ScopeEnter, 0, 0, 0);
    u.emit(Op::IterInit, walk.0, u16::from(list.0), 0);
    u.bind(next);
    u.jump(Op::IterNext, element.0, u16::from(walk.0), done);
    u.jump(Op::JumpNull, element.0, 0, next);
    u.emit(Op::ScopeReset, 0, 0, 0);
    again(u, &l.again, index)?;
    let position = if l.descending { Op::IterRest } else { Op::IterIndex };
    u.emit(position, index.0, u16::from(walk.0), 0);
    bind_element(u, l.depth, element, index);
    for n in l.context.clone() {
        let entry = u.linker.entry(n)?;
        u.emit(Op::EntryAdd, 0, 0, entry);
    }
    let (failed, undecided) = (u.label(), u.label());
    if let Some(c) = &l.preconditions {
        let before = Ends { skip: next, error: undecided, ..*ends };
        conditions::preconditions(u, c, "", &before)?;
    }
    let inner = Ends { pass: Some(next), skip: next, fail: failed, error: failed, nothing: next, ..*ends };
    generate(u, &l.change, &inner)?;
    u.bind(undecided);
    let number = u.reg()?;
    u.emit(Op::TextJoin, number.0, u16::from(index.0), 1);
    let text = "failed to evaluate mutate.foreach[%d].preconditions";
    let path = [Step::Text(number.0)];
    let site = Site { reason: Reason::Because, path: path.into(), text: text.into(), place: Place::default() };
    let site = u.linker.site(site)?.number();
    u.emit(Op::FaultNew, ends.fault.0, u16::from(ends.fault.0), site);
    u.bind(failed);
    let text = "failed to mutate elements".into();
    let site = Site { reason: Reason::Because, path: [].into(), text, place: Place::default() };
    let site = u.linker.site(site)?.number();
    u.emit(Op::FaultNew, ends.fault.0, u16::from(ends.fault.0), site);
    u.jump(Op::Jump, 0, 0, ends.error);
    u.bind(done);
    u.emit(Op::ScopeLeave, 0, 0, 0);
    again(u, &l.again, index)?;
    let changed = u.reg()?;
    u.emit(Op::PatchEnd, changed.0, 0, 0);
    u.jump(Op::JumpFalse, changed.0, 0, over);
    u.emit(Op::BoolLoad, applied.0, 0, 1);
    u.bind(over);
    Ok(())
}

/// The list of a loop; a value that is no list is a list of it.
fn list(u: &mut UnitBuilder<'_>, l: &PatchLoop, over: Label, ends: &Ends) -> Result<Reg, CodegenError> {
    let list = expr::generate(u, &l.list)?;
    unless_fault(u, list, Reason::Twice, &format!("failed to evaluate list {}", l.text), ends)?;
    u.jump(Op::JumpNull, list.0, 0, over);
    let (one, listed) = (u.label(), u.label());
    u.jump(Op::JumpNotList, list.0, 0, one);
    u.jump(Op::Jump, 0, 0, listed);
    wrap(u, list, one, listed)?;
    if let Some(reverse) = builtin::lookup("reverse").filter(|_| l.descending) {
        u.emit(Op::Call, list.0, 1, reverse);
    }
    Ok(list)
}

/// Ends with an error that a value is the cause of, where that is a fault.
fn unless_fault(
    u: &mut UnitBuilder<'_>,
    value: Reg,
    reason: Reason,
    text: &str,
    ends: &Ends,
) -> Result<(), CodegenError> {
    let site = Site { reason, path: [].into(), text: text.into(), place: Place::default() };
    let bad = u.fault(ends.fault, value, site, ends.error)?;
    u.jump(Op::JumpFault, value.0, 0, bad);
    Ok(())
}

fn said(u: &mut UnitBuilder<'_>, ends: &Ends, text: &str) -> Result<(), CodegenError> {
    let site = Site { reason: Reason::Said, path: [].into(), text: text.into(), place: Place::default() };
    let site = u.linker.site(site)?.number();
    u.emit(Op::FaultNew, ends.fault.0, u16::from(ends.fault.0), site);
    Ok(())
}
