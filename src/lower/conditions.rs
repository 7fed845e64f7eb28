//! `preconditions` and `deny.conditions` to the intermediate form.

use super::reference;
use super::scope::Scope;
use super::text;
use crate::ir::{self, Expr};
use crate::policy::classic::{Condition, Conditions};
use crate::policy::tree::Tree;

/// Lowers conditions.
pub fn lower(conditions: &Conditions, scope: &Scope<'_>) -> ir::Conditions {
    let list = |list: &[Condition]| list.iter().map(|c| condition(c, scope)).collect();
    ir::Conditions { any: conditions.any.as_deref().map(list), all: list(&conditions.all) }
}

fn condition(c: &Condition, scope: &Scope<'_>) -> ir::Condition {
    ir::Condition {
        key: side(&c.key, scope),
        operator: c.operator,
        value: side(&c.value, scope),
        message: c.message.clone(),
        place: c.place,
    }
}

/// One side of a condition; references in it can only lead to itself.
fn side(tree: &Tree, scope: &Scope<'_>) -> Expr {
    match reference::resolve(tree) {
        Ok(tree) => text::tree(&tree, "", scope),
        Err(text) => Expr::Fail(text),
    }
}
