//! Expressions that depend on nothing, evaluated once and for all.
//!
//! The machine evaluates them, as there is no other way to evaluate an expression. What fails is left as it is, so that
//! it fails where and when it is evaluated. That goes for what needs the environment too: there is none here.

use super::Linker;
use crate::ir::Expr;
use kyvc_vm::builtin;
use kyvc_vm::machine::{Budget, Input, Machine, View};
use kyvc_vm::program::Program;
use kyvc_vm::selector::ResourceKind;
use kyvc_vm::value::Val;
use kyvc_vm::verdict::{Outcome, Step};

/// What evaluating a constant expression may cost.
const BUDGET: Budget = Budget { fuel: 100_000, memory: 1 << 16 };
/// How many values a constant may consist of.
const SIZE: usize = 64;

/// The constant that an expression always gives, where that is a simpler expression.
pub(super) fn fold(e: &Expr) -> Option<Expr> {
    if is_simple(e) || !is_constant(e) {
        return None;
    }
    let mut linker = Linker::default();
    let unit = linker.unfolded(e).ok()?;
    let program = linker.finish().ok()?;
    let mut machine = Machine::new(BUDGET);
    machine.begin();
    let input = Input { documents: &[], kind: ResourceKind::default(), root: kyvc_vm::document::NodeId::ROOT };
    let Ok(Step::Done(Outcome::Value(value))) = machine.run(&program, unit, &input) else { return None };
    let mut left = SIZE;
    constant(&machine, &program, &input, value, &mut left)
}

/// A value as the expression that gives it.
fn constant(machine: &Machine, program: &Program, input: &Input<'_>, value: Val, left: &mut usize) -> Option<Expr> {
    *left = left.checked_sub(1)?;
    // These are of types of Go that no literal has.
    if matches!(value, Val::GoInt(_) | Val::Maps(_)) {
        return None;
    }
    Some(match machine.view(program, input, value) {
        View::Null => Expr::Null,
        View::Bool(b) => Expr::Bool(b),
        View::Float(n) => Expr::Float(n),
        View::Str(s) => Expr::Str(s.to_owned()),
        View::List => {
            let items = machine.elements(input.documents, value).into_iter();
            Expr::List(items.map(|v| constant(machine, program, input, v, left)).collect::<Option<_>>()?)
        }
        View::Map => {
            let members = machine.entries(input.documents, value).into_iter();
            let member = |(k, v): (&str, Val)| Some((k.to_owned(), constant(machine, program, input, v, left)?));
            Expr::Map(members.map(member).collect::<Option<_>>()?)
        }
        View::Absent | View::Int(_) | View::Reference(_) | View::Fault(_) => return None,
    })
}

/// Whether there is nothing to evaluate.
fn is_simple(e: &Expr) -> bool {
    match e {
        Expr::Null | Expr::Bool(_) | Expr::Int(_) | Expr::Float(_) | Expr::Str(_) | Expr::Reference(_) => true,
        Expr::List(items) => items.iter().all(is_simple),
        Expr::Map(members) => members.iter().all(|(_, v)| is_simple(v)),
        _ => false,
    }
}

/// Whether an expression depends on nothing but itself.
fn is_constant(e: &Expr) -> bool {
    let mut constant = true;
    let mut bound = 0_usize;
    closed(e, &mut constant, &mut bound);
    constant
}

fn closed(e: &Expr, constant: &mut bool, bound: &mut usize) {
    let pure =
        |name: &str| builtin::lookup(name).and_then(|n| builtin::table().get(n as usize)).is_some_and(|f| f.pure);
    if !*constant {
        return;
    }
    match e {
        Expr::Null | Expr::Bool(_) | Expr::Int(_) | Expr::Float(_) | Expr::Str(_) | Expr::Reference(_) => {}
        Expr::Current => *constant &= *bound > 0,
        // It looks at the current value.
        Expr::UnlessNull(of) => {
            *constant &= *bound > 0;
            closed(of, constant, bound);
        }
        Expr::Key(of, _)
        | Expr::Index(of, _)
        | Expr::Slice(of, _)
        | Expr::Flatten(of)
        | Expr::Values(of)
        | Expr::Not(of)
        | Expr::Forgive(of)
        | Expr::ForgiveAll(of) => closed(of, constant, bound),
        Expr::Compare(_, a, b) | Expr::And(a, b) | Expr::Or(a, b) | Expr::WhenDeleted(a, b) => {
            closed(a, constant, bound);
            closed(b, constant, bound);
        }
        Expr::Let(value, body) => {
            closed(value, constant, bound);
            *bound += 1;
            closed(body, constant, bound);
            *bound -= 1;
        }
        Expr::Each(each) => {
            closed(&each.list, constant, bound);
            *bound += 1;
            each.condition.iter().chain([&each.body]).for_each(|e| closed(e, constant, bound));
            *bound -= 1;
        }
        Expr::List(items) => items.iter().for_each(|e| closed(e, constant, bound)),
        Expr::Map(members) => members.iter().for_each(|(_, e)| closed(e, constant, bound)),
        Expr::Call(name, args) if pure(name) => args.iter().for_each(|e| closed(e, constant, bound)),
        Expr::CallBy(by) if pure(&by.name) => {
            by.args.iter().for_each(|e| closed(e, constant, bound));
            *bound += 1;
            by.body.iter().for_each(|e| closed(e, constant, bound));
            *bound -= 1;
        }
        _ => *constant = false,
    }
}
