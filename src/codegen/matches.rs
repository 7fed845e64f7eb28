//! `match` and `exclude`.

use super::CodegenError;
use super::unit::{Label, UnitBuilder};
use crate::ir::{Filter, Filters, Matches, Test};
use kyvc_vm::ids::Reg;
use kyvc_vm::op::Op;
use kyvc_vm::program::Const;
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
    match &m.include {
        Filters::All(filters) => {
            for f in filters {
                filter(u, f, true, no)?;
            }
        }
        Filters::Any(filters) => {
            let matched = u.label();
            for f in filters {
                let next = u.label();
                filter(u, f, true, next)?;
                u.jump(Op::Jump, 0, 0, matched);
                u.bind(next);
            }
            u.jump(Op::Jump, 0, 0, no);
            u.bind(matched);
        }
    }
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
        Test::NamespaceLabels(selector) => {
            let (go, check) = (u.label(), u.label());
            any(u, Fact::Kind, &[Glob::literal("Namespace")], check)?;
            u.jump(Op::Jump, 0, 0, no);
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
