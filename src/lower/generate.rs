//! `generate` to the intermediate form.

use super::context::{self, Owner};
use super::scope::Scope;
use super::{conditions, jmespath, reference, text};
use crate::ir::generate::{Generation, PatternLoop};
use crate::ir::{ContextEntry, Expr};
use crate::policy::generate::{ForEachPattern, Generate, Makes};
use crate::policy::tree::Tree;

/// Lowers what a rule makes; context entries of loops are added to `entries`.
pub(super) fn lower(g: &Generate, scope: &Scope<'_>, owner: &Owner, entries: &mut Vec<ContextEntry>) -> Generation {
    match &g.makes {
        Makes::Pattern(tree) => Generation::One(pattern(tree, scope)),
        Makes::ForEach(loops) => {
            Generation::ForEach(loops.iter().map(|l| pattern_loop(l, scope, owner, entries)).collect())
        }
    }
}

fn pattern(tree: &Tree, scope: &Scope<'_>) -> Expr {
    match reference::resolve(tree) {
        Ok(tree) => text::tree(&tree, "", scope),
        Err(text) => Expr::Fail(text),
    }
}

fn pattern_loop(l: &ForEachPattern, scope: &Scope<'_>, owner: &Owner, entries: &mut Vec<ContextEntry>) -> PatternLoop {
    let list = jmespath::lower_list(&l.list.text, l.list.place, scope);
    let again = scope.entries().filter(|n| entries.get(*n).is_some_and(|e| !e.steady)).collect();
    let first = entries.len();
    let inner = scope.in_loop().with_entries(l.context.iter().map(|e| e.name.text.as_str()), first);
    let lowered = context::lower(&l.context, &inner, owner, entries);
    entries.extend(lowered);
    PatternLoop {
        list,
        context: first..entries.len(),
        again,
        preconditions: l.preconditions.as_ref().map(|c| conditions::lower(c, &inner)),
        pattern: pattern(&l.pattern, &inner),
        place: l.place,
    }
}
