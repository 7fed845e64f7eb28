//! Which faults an expression can end with, so that no code looks for those that cannot be.

use crate::ir::Expr;
use kyvc_vm::verdict::Root;

/// The faults that an expression can end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Faults {
    /// None
    None,
    /// Only an unknown key, which a `Forgive` around makes `null` of
    UnknownKey,
    /// Any
    Any,
}

/// What an expression can end with. The current value is never a fault: who binds one looks at it first.
pub(super) fn of(e: &Expr) -> Faults {
    match e {
        Expr::Null
        | Expr::Bool(_)
        | Expr::Int(_)
        | Expr::Float(_)
        | Expr::Str(_)
        | Expr::Reference(_)
        | Expr::Current => Faults::None,
        // The host gives these as they are.
        Expr::Root(Root::Input | Root::Object | Root::Request | Root::Context) => Faults::None,
        Expr::Root(Root::OldObject) => Faults::UnknownKey,
        Expr::Key(of, _) => self::of(of).max(Faults::UnknownKey),
        Expr::Index(of, _)
        | Expr::Not(of)
        | Expr::UnlessNull(of)
        | Expr::Flatten(of)
        | Expr::Values(of)
        | Expr::Floats(of) => self::of(of),
        Expr::Slice(of, [_, _, step]) => match step {
            Some(0) => Faults::Any,
            _ => self::of(of),
        },
        // Nothing forgives what crashes the reference.
        Expr::Forgive(of) | Expr::ForgiveAll(of) => match self::of(of) {
            Faults::Any => Faults::Any,
            _ => Faults::None,
        },
        Expr::Let(a, b) | Expr::Compare(_, a, b) | Expr::And(a, b) | Expr::Or(a, b) | Expr::WhenDeleted(a, b) => {
            self::of(a).max(self::of(b))
        }
        Expr::Each(each) => {
            let condition = each.condition.as_ref().map_or(Faults::None, self::of);
            self::of(&each.list).max(condition).max(self::of(&each.body))
        }
        Expr::List(items) => items.iter().map(self::of).max().unwrap_or(Faults::None),
        Expr::Map(members) => members.iter().map(|(_, v)| self::of(v)).max().unwrap_or(Faults::None),
        _ => Faults::Any,
    }
}
