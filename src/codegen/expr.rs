//! Expressions.

use super::CodegenError;
use super::faults::{self, Faults};
use super::fold;
use super::unit::{Label, UnitBuilder};
use crate::ir::{CallBy, Each, Expr, Fallback, First};
use kyvc_vm::builtin;
use kyvc_vm::document::{Place, Segment, Sym};
use kyvc_vm::ids::{Reg, UnitId};
use kyvc_vm::op::Op;
use kyvc_vm::program::{Comparison, Const, Reason, Reference, Site};
use kyvc_vm::scalar::Glob;
use kyvc_vm::verdict::{Fact, Root};

/// Code that leaves the value of an expression in the register returned.
pub(super) fn generate(u: &mut UnitBuilder<'_>, e: &Expr) -> Result<Reg, CodegenError> {
    let out = u.reg()?;
    into(u, e, out, None)?;
    Ok(out)
}

/// Code for an expression. `current` holds what `@` is; it is never `out`.
fn into(u: &mut UnitBuilder<'_>, e: &Expr, out: Reg, current: Option<Reg>) -> Result<(), CodegenError> {
    let taken = u.taken();
    let folded = if u.linker.unfolded || super::is_plain() { None } else { fold::fold(e) };
    match folded.as_ref().unwrap_or(e) {
        Expr::Null => constant(u, Const::Null, out)?,
        Expr::Bool(b) => constant(u, Const::Bool(*b), out)?,
        Expr::Int(n) => constant(u, Const::Int(*n), out)?,
        Expr::Float(n) => constant(u, Const::Float(*n), out)?,
        Expr::Str(s) => constant(u, Const::Str(s.as_str().into()), out)?,
        // Where there is none, it is a key that the request lacks. So are images, whatever it is that lacks them.
        Expr::Root(root @ (Root::OldObject | Root::Images)) => {
            want(u, e);
            let done = u.label();
            u.emit(Op::RootLoad, out.0, 0, *root as u32);
            u.jump(Op::JumpPresent, out.0, 0, done);
            let key = u.linker.layout.sym(root.name()).number();
            u.emit(Op::RootLoad, out.0, 0, Root::Request as u32);
            u.emit(Op::KeyGet, out.0, u16::from(out.0), key);
            u.bind(done);
        }
        Expr::Root(root) => {
            want(u, e);
            u.emit(Op::RootLoad, out.0, 0, *root as u32);
        }
        Expr::Current => match current {
            Some(r) => u.emit(Op::Move, out.0, u16::from(r.0), 0),
            None => constant(u, Const::Null, out)?,
        },
        Expr::Key(..) => {
            keys(u, e, Op::KeyGet, out, current)?;
        }
        Expr::Index(of, n) => {
            let from = operand(u, of, out, current)?;
            u.emit(Op::ElementGet, out.0, u16::from(from.0), n.cast_unsigned());
        }
        Expr::Slice(of, bounds) => {
            let from = operand(u, of, out, current)?;
            let c = u.constant(Const::Bounds(*bounds))?;
            u.emit(Op::SliceGet, out.0, u16::from(from.0), c);
        }
        Expr::Flatten(of) => unary(u, Op::Flatten, of, out, current)?,
        Expr::Values(of) => unary(u, Op::Values, of, out, current)?,
        Expr::Let(value, body) => {
            let bound = u.reg()?;
            into(u, value, bound, current)?;
            let (go, done) = (u.label(), u.label());
            let may_fail = faults::of(value) != Faults::None;
            if may_fail {
                u.jump(Op::JumpFault, bound.0, 0, go);
            }
            let path = path_of(u, value, current);
            let known = path.is_some();
            if let Some((root, path)) = path {
                u.note_path(bound, root, path);
            }
            into(u, body, out, Some(bound))?;
            if known {
                u.forget_path();
            }
            if may_fail {
                u.jump(Op::Jump, 0, 0, done);
                u.bind(go);
                u.emit(Op::Move, out.0, u16::from(bound.0), 0);
                u.bind(done);
            }
        }
        Expr::Each(each) => loop_over(u, each, out, current)?,
        Expr::Compare(how, a, b) => compare(u, *how, a, b, out, current)?,
        Expr::And(a, b) | Expr::Or(a, b) => {
            let done = u.label();
            into(u, a, out, current)?;
            unless_fault(u, a, out, done);
            u.jump(if matches!(e, Expr::And(..)) { Op::JumpFalsy } else { Op::JumpTruthy }, out.0, 0, done);
            into(u, b, out, current)?;
            u.bind(done);
        }
        Expr::Not(of) => {
            let done = u.label();
            let from = operand(u, of, out, current)?;
            unless_fault(u, of, out, done);
            u.emit(Op::IsFalse, out.0, u16::from(from.0), 0);
            u.bind(done);
        }
        Expr::List(items) => collect(u, items.iter().map(|i| (None, i)), Op::CollectList, out, current)?,
        Expr::Map(members) => {
            let members = members.iter().map(|(k, v)| (Some(k.as_str()), v));
            collect(u, members, Op::CollectMap, out, current)?;
        }
        Expr::MapOf(members) => map_of(u, members, out, current)?,
        Expr::WhenDeleted(deleted, e) => {
            let (stays, done) = (unless_deleted(u)?, u.label());
            into(u, deleted, out, current)?;
            u.jump(Op::Jump, 0, 0, done);
            u.bind(stays);
            into(u, e, out, current)?;
            u.bind(done);
        }
        Expr::UnlessNull(of) => {
            let (null, done) = (u.label(), u.label());
            if let Some(current) = current {
                u.jump(Op::JumpNull, current.0, 0, null);
            }
            into(u, of, out, current)?;
            u.jump(Op::Jump, 0, 0, done);
            u.bind(null);
            constant(u, Const::Null, out)?;
            u.bind(done);
        }
        Expr::Forgive(of) => match (faults::of(of), &**of) {
            (Faults::None, of) => into(u, of, out, current)?,
            // Looking up a member can do without a fault in the first place.
            (_, Expr::Key(..)) => {
                if keys(u, of, Op::KeyFind, out, current)? != Faults::None {
                    u.emit(Op::Forgive, out.0, 0, 0);
                }
            }
            (_, of) => {
                into(u, of, out, current)?;
                u.emit(Op::Forgive, out.0, 0, 0);
            }
        },
        Expr::ForgiveAll(of) => {
            into(u, of, out, current)?;
            if faults::of(of) != Faults::None {
                u.emit(Op::ForgiveAll, out.0, 0, 0);
            }
        }
        Expr::Call(name, args) => call(u, name, args, out, current)?,
        Expr::CallBy(by) => call_by(u, by, out, current)?,
        Expr::Reference(reference) => {
            let unit = reference.body.as_ref().map(|body| unit_of(u, body)).transpose()?;
            let (shown, tree) = (reference.shown.as_str().into(), reference.tree.as_str().into());
            constant(u, Const::Reference(Box::new(Reference { shown, tree, unit })), out)?;
        }
        Expr::Fail(text) => fail(u, text, out)?,
        Expr::Join(parts) => {
            let registers = parts.iter().map(|_| u.reg()).collect::<Result<Vec<_>, _>>()?;
            for (part, r) in parts.iter().zip(&registers) {
                into(u, part, *r, current)?;
            }
            let first = registers.first().copied().unwrap_or(out);
            u.emit(Op::TextJoin, out.0, u16::from(first.0), registers.len() as u32);
        }
        Expr::Settle { text, last, nested, path } => {
            if *nested {
                // Nobody knows yet what the text will name.
                u.linker.layout.want(&[], true);
            }
            into(u, text, out, current)?;
            let path = u.constant(Const::Str(path.as_str().into()))?;
            u.emit(Op::TextEval, out.0, u16::from(!last), path);
        }
        Expr::Escape(of) => {
            into(u, of, out, current)?;
            u.emit(Op::TextEscape, out.0, 0, 0);
        }
        Expr::Scan(of, path) => {
            into(u, of, out, current)?;
            let path = u.constant(Const::Str(path.as_str().into()))?;
            u.emit(Op::TextScan, out.0, 0, path);
        }
        Expr::Name(name) => {
            let sym = u.linker.layout.sym(name).number();
            u.emit(Op::NameGet, out.0, 0, sym);
        }
        Expr::Need(entries, of) => {
            let done = u.label();
            for n in entries {
                let entry = u.linker.entry(*n)?;
                u.emit(Op::EntryNeed, out.0, 0, entry);
                u.jump(Op::JumpFault, out.0, 0, done);
            }
            into(u, of, out, current)?;
            u.bind(done);
        }
        Expr::Blame(text, of) => {
            into(u, of, out, current)?;
            blame(u, Reason::Because, text, out)?;
        }
        Expr::Queried(of) => {
            into(u, of, out, current)?;
            blame(u, Reason::Queried, "", out)?;
        }
        Expr::Text(of, text) => {
            into(u, of, out, current)?;
            let done = u.label();
            u.jump(Op::JumpFault, out.0, 0, done);
            u.jump(Op::JumpText, out.0, 0, done);
            say(u, Reason::Typed, text, out)?;
            u.bind(done);
        }
        Expr::NotNull(of, text) => {
            into(u, of, out, current)?;
            let (null, done) = (u.label(), u.label());
            u.jump(Op::JumpNull, out.0, 0, null);
            u.jump(Op::Jump, 0, 0, done);
            u.bind(null);
            say(u, Reason::Said, text, out)?;
            u.bind(done);
        }
        Expr::Floats(of) => {
            into(u, of, out, current)?;
            u.emit(Op::NumberFloat, out.0, 0, 0);
        }
        Expr::Sized(of, text) => {
            into(u, of, out, current)?;
            let done = u.label();
            if !text.is_empty() {
                u.jump(Op::JumpFault, out.0, 0, done);
            }
            u.emit(Op::SizeCount, out.0, 0, 0);
            if !text.is_empty() {
                blame(u, Reason::Because, text, out)?;
            }
            u.bind(done);
        }
        Expr::Ask(ask, of) => {
            into(u, of, out, current)?;
            u.emit(Op::HostAsk, out.0, 0, *ask as u32);
        }
        Expr::Query(text, on) => {
            let (query, value) = (u.reg()?, u.reg()?);
            into(u, text, query, current)?;
            if let Some(on) = on {
                into(u, on, value, current)?;
            }
            self::query(u, query, on.is_some(), out);
        }
        Expr::Fallback(f) => fallback(u, f, out, current)?,
        Expr::Variable { text, path, value } => {
            into(u, value, out, current)?;
            let text = format!("{text}\0{path}").into();
            let site = Site { reason: Reason::Unresolved, path: [].into(), text, place: Place::default() };
            let site = u.linker.site(site)?;
            u.emit(Op::TextFault, out.0, 0, site.number());
        }
    }
    u.release(taken);
    Ok(())
}

/// A unit of its own for an expression of the current value, which it gets in its first register.
fn unit_of(u: &mut UnitBuilder<'_>, body: &Expr) -> Result<UnitId, CodegenError> {
    let mut inner = UnitBuilder::new(u.linker);
    let (current, out) = (inner.reg()?, inner.reg()?);
    into(&mut inner, body, out, Some(current))?;
    inner.emit(Op::EndValue, out.0, 0, 0);
    inner.finish("reference".to_owned())
}

fn constant(u: &mut UnitBuilder<'_>, c: Const, out: Reg) -> Result<(), CodegenError> {
    let c = u.constant(c)?;
    u.emit(Op::ConstLoad, out.0, 0, c);
    Ok(())
}

fn unary(u: &mut UnitBuilder<'_>, op: Op, of: &Expr, out: Reg, current: Option<Reg>) -> Result<(), CodegenError> {
    let from = operand(u, of, out, current)?;
    u.emit(op, out.0, u16::from(from.0), 0);
    Ok(())
}

/// The register that holds an expression's value: `out`, unless it is in one already.
fn operand(u: &mut UnitBuilder<'_>, e: &Expr, out: Reg, current: Option<Reg>) -> Result<Reg, CodegenError> {
    match (e, current) {
        (Expr::Current, Some(current)) => Ok(current),
        _ => {
            into(u, e, out, current)?;
            Ok(out)
        }
    }
}

/// Goes on at the label where the expression has ended with a fault, if it can.
fn unless_fault(u: &mut UnitBuilder<'_>, e: &Expr, out: Reg, done: Label) {
    if faults::of(e) != Faults::None {
        u.jump(Op::JumpFault, out.0, 0, done);
    }
}

/// A constant that `equal.const` compares with.
fn constant_of(e: &Expr) -> Option<Const> {
    match e {
        Expr::Null => Some(Const::Null),
        Expr::Bool(b) => Some(Const::Bool(*b)),
        Expr::Float(n) => Some(Const::Float(*n)),
        Expr::Str(s) => Some(Const::Str(s.as_str().into())),
        _ => None,
    }
}

fn compare(
    u: &mut UnitBuilder<'_>,
    how: Comparison,
    a: &Expr,
    b: &Expr,
    out: Reg,
    current: Option<Reg>,
) -> Result<(), CodegenError> {
    let equality = match how {
        Comparison::Equal => Some(Op::EqualConst),
        Comparison::NotEqual => Some(Op::UnequalConst),
        _ => None,
    };
    if let Some(op) = equality
        && let Some((of, c)) = constant_of(b).map(|c| (a, c)).or_else(|| constant_of(a).map(|c| (b, c)))
    {
        let from = operand(u, of, out, current)?;
        let c = u.constant(c)?;
        u.emit(op, out.0, u16::from(from.0), c);
        return Ok(());
    }
    let (left, right) = (u.reg()?, u.reg()?);
    into(u, a, left, current)?;
    into(u, b, right, current)?;
    u.emit(Op::Compare, out.0, u16::from(left.0), how as u32);
    Ok(())
}

/// The root and path at which a chain of keys looks, where the root's document has static paths.
fn path_of(u: &mut UnitBuilder<'_>, e: &Expr, current: Option<Reg>) -> Option<(Root, Vec<Sym>)> {
    match (e, current) {
        (Expr::Key(of, key), _) => {
            let (root, mut path) = path_of(u, of, current)?;
            path.push(u.linker.layout.sym(key));
            Some((root, path))
        }
        (Expr::Root(root @ (Root::Object | Root::Input)), _) => Some((*root, Vec::new())),
        (Expr::Current, Some(current)) => u.path_of(current).map(|(root, path)| (root, path.to_vec())),
        _ => None,
    }
}

/// A chain of keys, each looked up with `op`. Gives the faults that are left.
fn keys(u: &mut UnitBuilder<'_>, e: &Expr, op: Op, out: Reg, current: Option<Reg>) -> Result<Faults, CodegenError> {
    want(u, e);
    if let Some((root, path)) = path_of(u, e, current).filter(|(_, path)| !path.is_empty()) {
        let path = u.linker.layout.path(&path).number();
        u.emit(Op::RootPath, out.0, root as u16, path);
        return Ok(Faults::UnknownKey);
    }
    let Expr::Key(of, key) = e else {
        into(u, e, out, current)?;
        return Ok(faults::of(e));
    };
    let key = u.linker.layout.sym(key).number();
    let (from, faults) = match (&**of, current) {
        // No copy of what is only looked into.
        (Expr::Current, Some(current)) => (current, Faults::None),
        (Expr::Key(..), _) => (out, keys(u, of, op, out, current)?),
        (of, _) => {
            into(u, of, out, current)?;
            (out, faults::of(of))
        }
    };
    u.emit(op, out.0, u16::from(from.0), key);
    Ok(faults)
}

/// Collects values, with keys for a map. The first fault among them is the result.
fn collect<'e>(
    u: &mut UnitBuilder<'_>,
    items: impl Iterator<Item = (Option<&'e str>, &'e Expr)>,
    make: Op,
    out: Reg,
    current: Option<Reg>,
) -> Result<(), CodegenError> {
    let (start, value) = (u.reg()?, u.reg()?);
    let (failed, done) = (u.label(), u.label());
    let mut may_fail = false;
    u.emit(Op::CollectInit, start.0, 0, 0);
    for (key, item) in items {
        if let Some(key) = key {
            let c = u.constant(Const::Str(key.into()))?;
            u.emit(Op::CollectConst, 0, 0, c);
        }
        if let Some(c) = constant_of(item) {
            let c = u.constant(c)?;
            u.emit(Op::CollectConst, 0, 0, c);
            continue;
        }
        let from = operand(u, item, value, current)?;
        unless_fault(u, item, value, failed);
        may_fail |= faults::of(item) != Faults::None;
        u.emit(Op::Collect, from.0, 0, 1);
    }
    u.emit(make, out.0, u16::from(start.0), 0);
    if may_fail {
        finish(u, (start, value), (failed, done), out);
    }
    Ok(())
}

/// After a collection: where it failed, what was collected is dropped and the fault is the result.
fn finish(u: &mut UnitBuilder<'_>, (start, value): (Reg, Reg), (failed, done): (Label, Label), out: Reg) {
    u.jump(Op::Jump, 0, 0, done);
    u.bind(failed);
    u.emit(Op::CollectList, out.0, u16::from(start.0), 0);
    u.emit(Op::Move, out.0, u16::from(value.0), 0);
    u.bind(done);
}

fn loop_over(u: &mut UnitBuilder<'_>, each: &Each, out: Reg, current: Option<Reg>) -> Result<(), CodegenError> {
    let (walk, start, element, value) = (u.reg()?, u.reg()?, u.reg()?, u.reg()?);
    let (next, end, null, failed, done) = (u.label(), u.label(), u.label(), u.label(), u.label());
    let list = operand(u, &each.list, out, current)?;
    unless_fault(u, &each.list, out, done);
    u.jump(Op::JumpNotList, list.0, 0, null);
    u.emit(Op::IterInit, walk.0, u16::from(list.0), 0);
    u.emit(Op::CollectInit, start.0, 0, 0);
    u.bind(next);
    u.jump(Op::IterNext, element.0, u16::from(walk.0), end);
    if let Some(condition) = &each.condition {
        let test = operand(u, condition, value, Some(element))?;
        unless_fault(u, condition, value, failed);
        u.jump(Op::JumpFalsy, test.0, 0, next);
    }
    if let Some(key) = only_key(&each.body) {
        let key = u.linker.layout.sym(key).number();
        u.emit(Op::CollectKey, element.0, u16::from(value.0), key);
    } else {
        let from = operand(u, &each.body, value, Some(element))?;
        unless_fault(u, &each.body, value, failed);
        u.emit(Op::Collect, from.0, 0, 0);
    }
    u.jump(Op::Jump, 0, 0, next);
    u.bind(null);
    constant(u, Const::Null, out)?;
    u.jump(Op::Jump, 0, 0, done);
    u.bind(end);
    u.emit(Op::CollectList, out.0, u16::from(start.0), 0);
    let condition = each.condition.as_ref().map_or(Faults::None, faults::of);
    if condition.max(faults::of(&each.body)) == Faults::None {
        u.bind(done);
    } else {
        finish(u, (start, value), (failed, done), out);
    }
    Ok(())
}

/// The key, where an expression is the member of the current value under one, and nothing if it has none.
fn only_key(e: &Expr) -> Option<&str> {
    let Expr::Forgive(of) = e else { return None };
    match &**of {
        Expr::Key(of, key) if **of == Expr::Current => Some(key),
        _ => None,
    }
}

/// Arguments in registers side by side, of which the first is returned.
fn arguments(u: &mut UnitBuilder<'_>, args: &[Expr], out: Reg, current: Option<Reg>) -> Result<Reg, CodegenError> {
    // The register of the result, where the ones after it are free.
    let first = if u16::from(out.0) + 1 == u.taken() { out } else { u.reg()? };
    let mut at = first;
    for (i, arg) in args.iter().enumerate() {
        if i > 0 {
            at = u.reg()?;
        }
        into(u, arg, at, current)?;
    }
    Ok(first)
}

fn call(
    u: &mut UnitBuilder<'_>,
    name: &str,
    args: &[Expr],
    out: Reg,
    current: Option<Reg>,
) -> Result<(), CodegenError> {
    let first = arguments(u, args, out, current)?;
    let Some(function) = builtin::lookup(name) else {
        // What fails in an argument comes first.
        let done = u.label();
        for r in (first.0..).take(args.len()) {
            u.emit(Op::Move, out.0, u16::from(r), 0);
            u.jump(Op::JumpFault, out.0, 0, done);
        }
        fail(u, &format!("unknown function: {name}"), out)?;
        u.bind(done);
        return Ok(());
    };
    u.emit(Op::Call, first.0, args.len() as u16, function);
    if first != out {
        u.emit(Op::Move, out.0, u16::from(first.0), 0);
    }
    Ok(())
}

/// A call with, after the arguments, the list of what the reference gives for each element.
fn call_by(u: &mut UnitBuilder<'_>, by: &CallBy, out: Reg, current: Option<Reg>) -> Result<(), CodegenError> {
    let Some(function) = builtin::lookup(&by.name) else { return call(u, &by.name, &by.args, out, current) };
    let first = arguments(u, &by.args, out, current)?;
    let list = Reg(first.0.saturating_add(u8::try_from(by.list).unwrap_or(u8::MAX)));
    let (keys, walk, start, element, value) = (u.reg()?, u.reg()?, u.reg()?, u.reg()?, u.reg()?);
    let (next, end, done) = (u.label(), u.label(), u.label());
    u.jump(Op::JumpNotList, list.0, 0, done);
    u.emit(Op::IterInit, walk.0, u16::from(list.0), 0);
    u.emit(Op::CollectInit, start.0, 0, 0);
    u.bind(next);
    u.jump(Op::IterNext, element.0, u16::from(walk.0), end);
    match &by.body {
        Some(body) => into(u, body, value, Some(element))?,
        None => {
            let reference = (first.0..).zip(&by.args).enumerate().find(|(i, _)| *i != by.list);
            let reference = reference.map_or(first.0, |(_, (r, _))| r);
            u.emit(Op::Move, value.0, u16::from(element.0), 0);
            u.emit(Op::RefCall, value.0, u16::from(reference), 0);
        }
    }
    u.emit(Op::Collect, value.0, 0, 1);
    u.jump(Op::Jump, 0, 0, next);
    u.bind(end);
    u.emit(Op::CollectList, keys.0, u16::from(start.0), 0);
    u.bind(done);
    u.emit(Op::CallBy, first.0, by.args.len() as u16, function);
    if first != out {
        u.emit(Op::Move, out.0, u16::from(first.0), 0);
    }
    Ok(())
}

/// An expression whose text is in a register; what it is about, if not the context, is in the one after.
fn query(u: &mut UnitBuilder<'_>, text: Reg, on: bool, out: Reg) {
    // Nobody knows yet what the expression will name.
    u.linker.layout.want(&[], true);
    u.emit(Op::QueryEval, text.0, u16::from(on), 0);
    u.emit(Op::Move, out.0, u16::from(text.0), 0);
}

/// A value with another one to fall back on.
fn fallback(u: &mut UnitBuilder<'_>, f: &Fallback, out: Reg, current: Option<Reg>) -> Result<(), CodegenError> {
    let (text, with, otherwise) = (u.reg()?, u.reg()?, u.reg()?);
    let (done, then) = (u.label(), u.label());
    if let First::Query { text: of, .. } = &f.first {
        into(u, of, text, current)?;
        u.emit(Op::Move, out.0, u16::from(text.0), 0);
        u.jump(Op::JumpFault, out.0, 0, done);
    }
    into(u, &f.otherwise, otherwise, current)?;
    u.emit(Op::Move, out.0, u16::from(otherwise.0), 0);
    u.jump(Op::JumpFault, out.0, 0, done);
    let mut inner = current;
    if let Some(e) = &f.with {
        into(u, e, with, current)?;
        u.emit(Op::Move, out.0, u16::from(with.0), 0);
        u.jump(Op::JumpFault, out.0, 0, done);
        inner = Some(with);
    }
    let value = u.reg()?;
    match &f.first {
        First::Value(e) => into(u, e, value, inner)?,
        First::Query { blame: words, .. } => {
            query(u, text, f.with.is_some(), value);
            if f.with.is_none() {
                blame(u, Reason::Queried, "", value)?;
            }
            blame(u, Reason::Because, words, value)?;
        }
    }
    let (missing, none) = (u.label(), u.label());
    u.jump(Op::JumpFault, value.0, 0, missing);
    if f.nulls {
        u.jump(Op::JumpNull, value.0, 0, missing);
    }
    u.jump(Op::Jump, 0, 0, then);
    u.bind(missing);
    u.emit(Op::Move, out.0, u16::from(otherwise.0), 0);
    u.jump(Op::JumpNull, out.0, 0, none);
    u.jump(Op::Jump, 0, 0, done);
    u.bind(none);
    u.emit(Op::Move, out.0, u16::from(value.0), 0);
    u.jump(Op::Jump, 0, 0, done);
    u.bind(then);
    match &f.then {
        Some(e) => into(u, e, out, Some(value))?,
        None => u.emit(Op::Move, out.0, u16::from(value.0), 0),
    }
    u.bind(done);
    Ok(())
}

/// Collects a map whose keys are values. The first fault among keys and values is the result.
fn map_of(
    u: &mut UnitBuilder<'_>,
    members: &[(Expr, Expr)],
    out: Reg,
    current: Option<Reg>,
) -> Result<(), CodegenError> {
    let (start, value) = (u.reg()?, u.reg()?);
    let (failed, done) = (u.label(), u.label());
    u.emit(Op::CollectInit, start.0, 0, 0);
    for part in members.iter().flat_map(|(k, v)| [k, v]) {
        into(u, part, value, current)?;
        u.jump(Op::JumpFault, value.0, 0, failed);
        u.emit(Op::Collect, value.0, 0, 1);
    }
    u.emit(Op::CollectMap, out.0, u16::from(start.0), 0);
    finish(u, (start, value), (failed, done), out);
    Ok(())
}

/// Goes on where the request deletes its object, and to a label otherwise.
pub(super) fn unless_deleted(u: &mut UnitBuilder<'_>) -> Result<Label, CodegenError> {
    let (operation, stays) = (u.reg()?, u.label());
    u.emit(Op::FactLoad, operation.0, 0, Fact::Operation as u32);
    let delete = u.constant(Const::Globs([Glob::literal("DELETE")].into()))?;
    u.test(Op::TestAny, operation.0, delete, stays);
    Ok(stays)
}

/// Tells a fault after these words; other values stay.
fn blame(u: &mut UnitBuilder<'_>, reason: Reason, text: &str, out: Reg) -> Result<(), CodegenError> {
    let site = Site { reason, path: [].into(), text: text.into(), place: Place::default() };
    let site = u.linker.site(site)?;
    u.emit(Op::TextFault, out.0, 0, site.number());
    Ok(())
}

/// A fault in these words, about the value in the register.
fn say(u: &mut UnitBuilder<'_>, reason: Reason, text: &str, out: Reg) -> Result<(), CodegenError> {
    let site = Site { reason, path: [].into(), text: text.into(), place: Place::default() };
    let site = u.linker.site(site)?;
    u.emit(Op::FaultNew, out.0, u16::from(out.0), site.number());
    Ok(())
}

/// A failure in words of its own.
fn fail(u: &mut UnitBuilder<'_>, text: &str, out: Reg) -> Result<(), CodegenError> {
    say(u, Reason::Said, text, out)
}

/// Tells the layout what a chain of keys reads of the object.
fn want(u: &mut UnitBuilder<'_>, e: &Expr) {
    let mut keys = Vec::new();
    let mut at = e;
    while let Expr::Key(of, key) = at {
        keys.push(Segment::Key(u.linker.layout.sym(key)));
        at = of;
    }
    match at {
        Expr::Root(Root::Object | Root::OldObject) => {
            keys.reverse();
            u.linker.layout.want(&keys, true);
        }
        // Nobody knows what is done with it.
        Expr::Root(Root::Context) => u.linker.layout.want(&[], true),
        // The images are in there, wherever a kind has its containers.
        Expr::Root(Root::Images) => {
            let spec = Segment::Key(u.linker.layout.sym("spec"));
            u.linker.layout.want(&[spec], true);
        }
        _ => {}
    }
}
