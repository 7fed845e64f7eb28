//! `preconditions` and `deny.conditions` to the intermediate form.

use super::text;
use crate::diag::Code;
use crate::ir::{self, Expr};
use crate::policy::classic::{Condition, Conditions};
use crate::policy::fields::Problems;
use crate::policy::tree::{Tree, Value};

/// Lowers conditions.
pub fn lower(conditions: &Conditions, problems: &Problems) -> ir::Conditions {
    let list = |list: &[Condition]| list.iter().map(|c| condition(c, problems)).collect();
    ir::Conditions { any: conditions.any.as_deref().map(list), all: list(&conditions.all) }
}

fn condition(c: &Condition, problems: &Problems) -> ir::Condition {
    if kyvc_grammar::template::has_variables(&c.message) {
        let message = "a variable in the message of a condition is not compiled yet";
        problems.add(Code::ExpressionNotCompiled, c.place, message);
    }
    ir::Condition {
        key: value(&c.key, "", problems),
        operator: c.operator,
        value: value(&c.value, "", problems),
        message: c.message.clone(),
        place: c.place,
    }
}

/// A value with variables in it. Kyverno reads conditions as JSON: all their numbers are float64.
pub fn value(tree: &Tree, path: &str, problems: &Problems) -> Expr {
    match &tree.value {
        Value::Null => Expr::Null,
        Value::Bool(b) => Expr::Bool(*b),
        Value::Int(n) => Expr::Float(*n as f64),
        Value::Float(n) => Expr::Float(*n),
        Value::Str(s) => text::lower(s, tree.place, path, problems),
        Value::List(items) => {
            Expr::List(items.iter().enumerate().map(|(i, t)| value(t, &format!("{path}/{i}"), problems)).collect())
        }
        Value::Map(members) => Expr::Map(
            members
                .iter()
                .map(|m| {
                    let path = format!("{path}/{}", m.key.replace('/', "\\/"));
                    (m.key.clone(), value(&m.value, &path, problems))
                })
                .collect(),
        ),
    }
}
