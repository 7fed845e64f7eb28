//! `match` and `exclude`.

use super::ends::Ends;
use super::unit::{Label, UnitBuilder};
use super::{CodegenError, conditions};
use crate::ir::{Exception, Filter, Filters, Matches, Test};
use kyvc_vm::ids::Reg;
use kyvc_vm::op::Op;
use kyvc_vm::program::{Const, Reason, Site};
use kyvc_vm::scalar::Glob;
use kyvc_vm::verdict::Fact;

/// Code that goes on where the rule is about the request, and ends the unit where it is not.
pub(super) fn generate(u: &mut UnitBuilder<'_>, m: &Matches) -> Result<(), CodegenError> {
    let (no, yes) = (u.ending(Op::EndNone, 0), u.label());
    let taken = u.taken();
    if let Some((only, kinds)) = &m.guard {
        if *only {
            any(u, Fact::Kind, kinds, no)?;
        } else {
            let go = u.label();
            any(u, Fact::Kind, kinds, go)?;
            u.jump(Op::Jump, 0, 0, no);
            u.bind(go);
        }
    }
    if let Some(namespace) = &m.namespace {
        any(u, Fact::OwnNamespace, &[Glob::literal(namespace)], no)?;
    }
    include(u, &m.include, true, no)?;
    match &m.exclude {
        None => {}
        Some(Filters::Any(filters)) => {
            for f in filters {
                let next = u.label();
                filter(u, f, false, next)?;
                u.jump(Op::Jump, 0, 0, no);
                u.bind(next);
            }
        }
        Some(Filters::All(filters)) => {
            for f in filters {
                filter(u, f, false, yes)?;
            }
            u.jump(Op::Jump, 0, 0, no);
        }
    }
    u.bind(yes);
    u.release(taken);
    Ok(())
}

/// Goes on where filters match, and elsewhere where they do not.
fn include(u: &mut UnitBuilder<'_>, filters: &Filters, including: bool, no: Label) -> Result<(), CodegenError> {
    match filters {
        Filters::All(filters) => filters.iter().try_for_each(|f| filter(u, f, including, no)),
        Filters::Any(filters) => {
            let matched = u.label();
            for f in filters {
                let next = u.label();
                filter(u, f, including, next)?;
                u.jump(Op::Jump, 0, 0, matched);
                u.bind(next);
            }
            u.jump(Op::Jump, 0, 0, no);
            u.bind(matched);
            Ok(())
        }
    }
}

/// Code that goes on where no exception is about the request, and elsewhere, with their names, where some are.
pub(super) fn exceptions(u: &mut UnitBuilder<'_>, list: &[Exception], ends: &Ends) -> Result<(), CodegenError> {
    if list.is_empty() {
        return Ok(());
    }
    let taken = u.taken();
    let (found, one) = (u.reg()?, u.reg()?);
    u.emit(Op::Clear, found.0, 0, 0);
    for e in list {
        let next = u.label();
        if e.matches.list().is_empty() {
            continue;
        }
        // Kyverno keeps what such a filter says of users where nothing is known of them.
        include(u, &e.matches, false, next)?;
        if let Some(c) = &e.conditions {
            // One whose conditions cannot be decided is passed over.
            conditions::quiet(u, c, next)?;
        }
        let site = Site { reason: Reason::Excepted, path: [].into(), text: e.key.as_str().into(), place: e.place };
        let site = u.linker.site(site)?.number();
        u.emit(Op::FaultNew, one.0, u16::from(one.0), site);
        u.emit(Op::FaultJoin, found.0, u16::from(one.0), 0);
        u.bind(next);
    }
    let none = u.label();
    u.jump(Op::JumpAbsent, found.0, 0, none);
    u.emit(Op::Move, ends.fault.0, u16::from(found.0), 0);
    u.jump(Op::Jump, 0, 0, ends.skip);
    u.bind(none);
    u.release(taken);
    Ok(())
}

fn fact(u: &mut UnitBuilder<'_>, fact: Fact) -> Result<Reg, CodegenError> {
    let r = u.reg()?;
    u.emit(Op::FactLoad, r.0, 0, fact as u32);
    Ok(r)
}

fn any(u: &mut UnitBuilder<'_>, of: Fact, globs: &[Glob], no: Label) -> Result<(), CodegenError> {
    let taken = u.taken();
    let r = fact(u, of)?;
    let c = u.constant(Const::Globs(globs.into()))?;
    u.test(Op::TestAny, r.0, c, no);
    u.release(taken);
    Ok(())
}

/// A filter; goes on where it matches. An empty one matches nothing: Kyverno calls it an error in `match`, and lets it
/// exclude nothing.
fn filter(u: &mut UnitBuilder<'_>, f: &Filter, including: bool, no: Label) -> Result<(), CodegenError> {
    u.at(f.place);
    if f.empty {
        u.jump(Op::Jump, 0, 0, no);
        return Ok(());
    }
    for test in &f.resource {
        generate_test(u, test, no)?;
    }
    if f.user.is_empty() {
        return Ok(());
    }
    let taken = u.taken();
    let done = u.label();
    if including {
        // Kyverno: where nothing is known of the user, what a match filter says of users is dropped, and one that says
        // nothing else then matches nothing. Exclude filters keep it.
        let known = fact(u, Fact::UserKnown)?;
        u.jump(Op::JumpFalse, known.0, 0, if f.resource.is_empty() { no } else { done });
    }
    for test in &f.user {
        generate_test(u, test, no)?;
    }
    u.bind(done);
    u.release(taken);
    Ok(())
}

fn generate_test(u: &mut UnitBuilder<'_>, test: &Test, no: Label) -> Result<(), CodegenError> {
    let taken = u.taken();
    match test {
        Test::Kind(kinds) => {
            let c = u.constant(Const::Kinds(kinds.as_slice().into()))?;
            u.test(Op::TestKind, 0, c, no);
        }
        Test::Any(of, globs) => any(u, *of, globs, no)?,
        Test::Selector(of, selector) => {
            let r = fact(u, *of)?;
            let c = u.constant(Const::Selector(Box::new(selector.clone())))?;
            u.test(Op::TestSelector, r.0, c, no);
        }
        Test::Pairs(of, pairs) => {
            let r = fact(u, *of)?;
            let c = u.constant(Const::Pairs(pairs.as_slice().into()))?;
            u.test(Op::TestPairs, r.0, c, no);
        }
        Test::NamespaceLabels(selector, namespaces) => {
            let (go, check) = (u.label(), u.label());
            any(u, Fact::Kind, &[Glob::literal("Namespace")], check)?;
            u.jump(Op::Jump, 0, 0, if *namespaces { go } else { no });
            u.bind(check);
            // An object without a kind is not asked.
            any(u, Fact::Kind, &[Glob::new("?*")], go)?;
            let r = fact(u, Fact::NamespaceLabels)?;
            let c = u.constant(Const::Selector(Box::new(selector.clone())))?;
            u.test(Op::TestSelector, r.0, c, no);
            u.bind(go);
        }
        Test::Subjects { users, groups } => {
            let done = u.label();
            if !users.is_empty() {
                let next = if groups.is_empty() { no } else { u.label() };
                any(u, Fact::Username, users, next)?;
                if !groups.is_empty() {
                    u.jump(Op::Jump, 0, 0, done);
                    u.bind(next);
                }
            }
            if !groups.is_empty() {
                any(u, Fact::Groups, groups, no)?;
            }
            if users.is_empty() && groups.is_empty() {
                u.jump(Op::Jump, 0, 0, no);
            }
            u.bind(done);
        }
    }
    u.release(taken);
    Ok(())
}
