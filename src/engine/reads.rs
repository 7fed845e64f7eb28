//! What rules look at besides the object.

use super::set::CheckKind;
use kyvc_vm::op::{Instr, Op};
use kyvc_vm::verdict::{Fact, Root};

/// What rules look at besides the object. Where a text is only known at run time they may look at anything.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reads {
    /// Of the request more than its objects. What is only made at run time asks for it then.
    pub(crate) request: bool,
    /// Who makes the request
    pub(crate) user: bool,
    /// The old object of an update
    pub(crate) old: bool,
    /// The labels of the object's namespace
    pub(crate) namespace: bool,
}

impl Reads {
    /// By the code of a rule.
    pub(crate) fn of(code: &[Instr], check: CheckKind, allow_existing: bool) -> Self {
        const OF_USER: [Fact; 5] = [Fact::UserKnown, Fact::Username, Fact::Groups, Fact::Roles, Fact::ClusterRoles];
        let root = |roots: &[Root]| {
            let hit = |n: u32| roots.iter().any(|r| *r as u32 == n);
            code.iter().any(|i| match i.op {
                Op::RootLoad => hit(i.c),
                Op::RootPath => hit(u32::from(i.b)),
                _ => false,
            })
        };
        let anything = code.iter().any(|i| matches!(i.op, Op::TextEval | Op::TextScan | Op::QueryEval))
            // The texts of conditions may have variables, and so may what is told of images.
            || !matches!(check, CheckKind::Pattern | CheckKind::AnyPattern | CheckKind::PodSecurity)
            || root(&[Root::Context, Root::Given]);
        let fact = |facts: &[Fact]| {
            code.iter().any(|i: &Instr| i.op == Op::FactLoad && facts.iter().any(|f| *f as u32 == i.c))
        };
        Self {
            request: root(&[Root::Request, Root::Context]),
            user: anything || root(&[Root::Request, Root::Account]) || fact(&OF_USER),
            old: anything || root(&[Root::OldObject]) || allow_existing,
            namespace: fact(&[Fact::NamespaceLabels]),
        }
    }

    /// As the layout has it of what is read for some rules.
    pub(crate) fn marks(self) -> u8 {
        u8::from(self.request) | u8::from(self.user) << 1 | u8::from(self.old) << 2 | u8::from(self.namespace) << 3
    }

    /// What [`marks`](Self::marks) gave, of all those rules together.
    pub(crate) fn of_marks(marks: u8) -> Self {
        Self { request: marks & 1 != 0, user: marks & 2 != 0, old: marks & 4 != 0, namespace: marks & 8 != 0 }
    }
}
