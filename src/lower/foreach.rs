//! `validate.foreach` to the intermediate form.

use super::context::{self, Owner};
use super::scope::Scope;
use super::{check, conditions, jmespath};
use crate::ir;
use crate::policy::foreach::ForEach;

/// Lowers a loop; its context entries, and those of loops inside, are added to `entries`.
pub(super) fn lower(l: &ForEach, scope: &Scope<'_>, owner: &Owner, entries: &mut Vec<ir::ContextEntry>) -> ir::Loop {
    let list = jmespath::lower_list(&l.list.text, l.list.place, scope);
    let again = scope.entries().filter(|n| entries.get(*n).is_some_and(|e| !e.steady)).collect();
    let first = entries.len();
    let inner = scope.in_loop().with_entries(l.context.iter().map(|e| e.name.text.as_str()), first);
    let lowered = context::lower(&l.context, &inner, owner, entries);
    entries.extend(lowered);
    let context = first..entries.len();
    let preconditions = l.preconditions.as_ref().map(|c| conditions::lower(c, &inner));
    let body = match &l.check {
        Some(c) => check(c, &inner, owner, entries),
        None => ir::Body::Broken(String::new()),
    };
    ir::Loop {
        list,
        depth: scope.loops(),
        scoped: l.element_scope,
        context,
        again,
        preconditions,
        body: Box::new(body),
        place: l.place,
    }
}
