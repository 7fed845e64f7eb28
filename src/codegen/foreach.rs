//! Loops over the elements of lists.
//!
//! Kyverno: pkg/engine/handlers/validation/validate_resource.go, validateForEach. An element is bound to names of the
//! context; what was bound and loaded for it is forgotten before the next one. The first element that fails ends the
//! rule, and its names stay bound for the message.

use super::CodegenError;
use super::body;
use super::ends::Ends;
use super::expr;
use super::pattern::About;
use super::unit::{Label, UnitBuilder};
use crate::ir::{Body, Loop};
use kyvc_vm::document::Place;
use kyvc_vm::ids::Reg;
use kyvc_vm::op::Op;
use kyvc_vm::program::{Reason, Site};

/// What holds for all loops of a list of them.
struct Around {
    /// Whether some element counted
    applied: Reg,
    /// Why a list has no value
    no_list: Reg,
    /// What patterns are about where no element is
    about: About,
}

/// Code that checks the elements of lists.
pub(super) fn generate(u: &mut UnitBuilder<'_>, loops: &[Loop], about: About, ends: &Ends) -> Result<(), CodegenError> {
    let taken = u.taken();
    let around = Around { applied: u.reg()?, no_list: u.reg()?, about: outside(u, about)? };
    u.emit(Op::BoolLoad, around.applied.0, 0, 0);
    u.emit(Op::Clear, around.no_list.0, 0, 0);
    for l in loops {
        let taken = u.taken();
        one(u, l, &around, ends)?;
        u.release(taken);
    }
    let applied = u.label();
    u.jump(Op::JumpTrue, around.applied.0, 0, applied);
    u.jump(Op::JumpAbsent, around.no_list.0, 0, ends.nothing);
    because(u, "failed to evaluate list", around.no_list, ends)?;
    u.bind(applied);
    ends.passes(u, 0);
    u.release(taken);
    Ok(())
}

/// Ends with an error that a value is the cause of.
fn because(u: &mut UnitBuilder<'_>, text: &str, cause: Reg, ends: &Ends) -> Result<(), CodegenError> {
    let site = Site { reason: Reason::Because, path: [].into(), text: text.into(), place: Place::default() };
    let site = u.linker.site(site)?.number();
    u.emit(Op::FaultNew, ends.fault.0, u16::from(cause.0), site);
    u.jump(Op::Jump, 0, 0, ends.error);
    Ok(())
}

/// What patterns are about outside of all elements: the object, or nothing where it goes.
fn outside(u: &mut UnitBuilder<'_>, about: About) -> Result<About, CodegenError> {
    let About::Object = about else { return Ok(about) };
    let object = u.reg()?;
    let root = u.linker.layout.path(&[]);
    u.emit(Op::PathLoad, object.0, 0, root.number());
    let stays = expr::unless_deleted(u)?;
    u.emit(Op::Clear, object.0, 0, 0);
    u.bind(stays);
    Ok(About::Value(object))
}

fn one(u: &mut UnitBuilder<'_>, l: &Loop, around: &Around, ends: &Ends) -> Result<(), CodegenError> {
    u.at(l.place);
    let (next, done, over) = (u.label(), u.label(), u.label());
    let list = list(u, l, around, over)?;
    let (walk, element, index) = (u.reg()?, u.reg()?, u.reg()?);
    u.emit(Op::ScopeEnter, 0, 0, 0);
    u.emit(Op::IterInit, walk.0, u16::from(list.0), 0);
    u.bind(next);
    u.jump(Op::IterNext, element.0, u16::from(walk.0), done);
    u.jump(Op::JumpNull, element.0, 0, next);
    u.emit(Op::ScopeReset, 0, 0, 0);
    again(u, &l.again, index)?;
    u.emit(Op::IterIndex, index.0, u16::from(walk.0), 0);
    bind_element(u, l.depth, element, index);
    let about = scope(u, l, element, around, ends)?;
    for n in l.context.clone() {
        let entry = u.linker.entry(n)?;
        u.emit(Op::EntryAdd, 0, 0, entry);
    }
    let (counts, failed, undecided) = (u.label(), u.label(), u.label());
    // An element whose preconditions cannot be decided is passed over like one that does not meet them.
    let before = Ends { skip: next, error: next, ..*ends };
    let inner = Ends { pass: Some(counts), skip: next, fail: failed, error: undecided, nothing: next, ..*ends };
    if let Some(c) = &l.preconditions {
        super::conditions::preconditions(u, c, super::conditions::OF_RULE, &before)?;
    }
    if let (Body::Pattern(_) | Body::AnyPattern(_), About::Value(about)) = (&*l.body, about) {
        u.jump(Op::JumpAbsent, about.0, 0, next);
    }
    body::generate(u, &l.body, about, &inner)?;
    u.bind(counts);
    u.emit(Op::BoolLoad, around.applied.0, 0, 1);
    u.jump(Op::Jump, 0, 0, next);
    let site = Site { reason: Reason::Looped, path: [].into(), text: kind(&l.body).into(), place: Place::default() };
    let site = u.linker.site(site)?.number();
    for (label, end) in [(failed, ends.fail), (undecided, ends.error)] {
        u.bind(label);
        u.emit(Op::FaultNew, ends.fault.0, u16::from(ends.fault.0), site);
        u.jump(Op::Jump, 0, 0, end);
    }
    u.bind(done);
    u.emit(Op::ScopeLeave, 0, 0, 0);
    again(u, &l.again, index)?;
    u.bind(over);
    Ok(())
}

/// What an element is checked for, for messages.
fn kind(body: &Body) -> &'static str {
    match body {
        Body::Pattern(_) | Body::Broken(_) => "pattern",
        Body::AnyPattern(_) => "anyPattern",
        Body::Deny(_) => "deny",
        Body::ForEach(_)
        | Body::Mutate(_)
        | Body::PodSecurity(_)
        | Body::Generate(_)
        | Body::Cleanup(_)
        | Body::VerifyImages(_)
        | Body::Manifests(_) => "foreach",
    }
}

/// The list of a loop; a value that is no list is a list of it.
fn list(u: &mut UnitBuilder<'_>, l: &Loop, around: &Around, over: Label) -> Result<Reg, CodegenError> {
    let list = expr::generate(u, &l.list)?;
    let (found, one, listed, bad) = (u.label(), u.label(), u.label(), u.label());
    u.jump(Op::JumpFault, list.0, 0, bad);
    u.jump(Op::Jump, 0, 0, found);
    u.bind(bad);
    // A list that is not there is none; other faults are told where nothing else counts.
    u.jump(Op::JumpUnknown, list.0, 0, over);
    u.emit(Op::Move, around.no_list.0, u16::from(list.0), 0);
    u.jump(Op::Jump, 0, 0, over);
    u.bind(found);
    u.jump(Op::JumpNull, list.0, 0, over);
    u.jump(Op::JumpNotList, list.0, 0, one);
    u.jump(Op::Jump, 0, 0, listed);
    wrap(u, list, one, listed)?;
    u.emit(Op::NumberFloat, list.0, 0, 0);
    Ok(list)
}

/// Goes on with the list of a loop: at `one` with a value that is none and becomes the list of it, at `listed` as it is.
pub(super) fn wrap(u: &mut UnitBuilder<'_>, list: Reg, one: Label, listed: Label) -> Result<(), CodegenError> {
    u.bind(one);
    let start = u.reg()?;
    u.emit(Op::CollectInit, start.0, 0, 0);
    u.emit(Op::Collect, list.0, 0, 1);
    u.emit(Op::CollectList, list.0, u16::from(start.0), 0);
    u.bind(listed);
    Ok(())
}

/// Binds the names of an element and of its position.
pub(super) fn bind_element(u: &mut UnitBuilder<'_>, depth: usize, element: Reg, index: Reg) {
    for (name, value) in [("element", element), ("elementIndex", index)] {
        for name in [name.to_owned(), format!("{name}{depth}")] {
            let sym = u.linker.layout.sym(&name).number();
            u.emit(Op::NameSet, value.0, 0, sym);
        }
    }
}

/// Loads those entries again whose values may be others now.
pub(super) fn again(u: &mut UnitBuilder<'_>, entries: &[usize], out: Reg) -> Result<(), CodegenError> {
    for n in entries {
        let entry = u.linker.entry(*n)?;
        u.emit(Op::EntryAgain, out.0, 0, entry);
    }
    Ok(())
}

/// What patterns are about inside of a loop: an element that is a map with something in it, unless the loop says
/// otherwise.
fn scope(u: &mut UnitBuilder<'_>, l: &Loop, element: Reg, around: &Around, ends: &Ends) -> Result<About, CodegenError> {
    let About::Value(outer) = around.about else { return Ok(around.about) };
    if l.scoped == Some(false) {
        return Ok(around.about);
    }
    let about = u.reg()?;
    let (done, no_map) = (u.label(), u.label());
    u.emit(Op::Move, about.0, u16::from(outer.0), 0);
    u.jump(Op::JumpNotMap, element.0, 0, no_map);
    u.test(Op::TestLength, element.0, 1, done);
    u.emit(Op::Move, about.0, u16::from(element.0), 0);
    u.jump(Op::Jump, 0, 0, done);
    u.bind(no_map);
    if l.scoped == Some(true) {
        let text = "failed to process foreach: cannot use elementScope=true foreach rules for elements that are not \
                    maps, expected type=map got type=%T";
        let site = Site { reason: Reason::Typed, path: [].into(), text: text.into(), place: l.place };
        let site = u.linker.site(site)?.number();
        u.emit(Op::FaultNew, ends.fault.0, u16::from(element.0), site);
        u.jump(Op::Jump, 0, 0, ends.error);
    }
    u.bind(done);
    Ok(About::Value(about))
}
