//! Strings with `{{ }}` variables to expressions.

use super::here;
use super::jmespath;
use super::scope::Scope;
use crate::ir::Expr;
use crate::policy::tree::{Tree, Value};
use kyvc_grammar::template::{self, Part, Variable, unescape_variables};
use kyvc_vm::document::Place;

/// Lowers a string. `path` is where it stands in the value that Kyverno substitutes, for its messages.
///
/// The value of a variable that is the whole string is as it is, whatever type it has; variables in the texts of a list
/// or map are evaluated once more. A text with variables inside is read again for as long as their values bring others.
pub fn lower(text: &str, place: Place, path: &str, scope: &Scope<'_>) -> Expr {
    if scope.literal() {
        return Expr::Str(text.to_owned());
    }
    let template = template::parse(text);
    if !template.has_variables() {
        return Expr::Str(unescape_variables(text).into_owned());
    }
    if let Some(whole) = template.whole() {
        return Expr::Scan(Box::new(variable(whole, place, path, scope)), path.to_owned());
    }
    let part = |p: &Part<'_>| match p {
        Part::Text { raw, .. } => Expr::Str((*raw).to_owned()),
        Part::Variable(v) if v.shallow => Expr::Escape(Box::new(variable(v, place, path, scope))),
        Part::Variable(v) => variable(v, place, path, scope),
    };
    let joined = Expr::Join(template.parts.iter().map(part).collect());
    Expr::Settle { text: Box::new(joined), last: !template.rescans(), nested: template.nested(), path: path.to_owned() }
}

fn variable(v: &Variable<'_>, place: Place, path: &str, scope: &Scope<'_>) -> Expr {
    // Multi-line scalars are folded, so that a column inside the text is only right on its first line.
    let inside = Place { column: place.column + u32::try_from(v.text_span.start).unwrap_or(0), ..place };
    let text = if v.text == "@" { here::expression(path, scope.here()) } else { v.text.to_owned() };
    let value = jmespath::lower(&text, inside, scope);
    Expr::Variable { text, path: path.to_owned(), value: Box::new(value) }
}

/// Lowers a tree in which every string may hold variables, as Kyverno substitutes it.
///
/// Kyverno passes all but patterns through JSON first: their numbers are all float64.
pub fn tree(tree: &Tree, path: &str, scope: &Scope<'_>) -> Expr {
    value(tree, path, scope, true)
}

/// As [`tree()`], with whole numbers as they are.
pub fn tree_with_ints(tree: &Tree, path: &str, scope: &Scope<'_>) -> Expr {
    value(tree, path, scope, false)
}

fn value(tree: &Tree, path: &str, scope: &Scope<'_>, floats: bool) -> Expr {
    match &tree.value {
        Value::Null => Expr::Null,
        Value::Bool(b) => Expr::Bool(*b),
        Value::Int(n) if !floats => Expr::Int(*n),
        Value::Int(n) => Expr::Float(*n as f64),
        Value::Float(n) => Expr::Float(*n),
        Value::Str(s) => lower(s, tree.place, path, scope),
        Value::List(items) => {
            let items = items.iter().enumerate();
            Expr::List(items.map(|(i, t)| value(t, &format!("{path}/{i}"), scope, floats)).collect())
        }
        Value::Map(members) => {
            let members: Vec<(Expr, Expr)> = members
                .iter()
                .map(|m| {
                    let below = format!("{path}/{}", m.key.replace('/', "\\/"));
                    (key(&m.key, m.key_place, path, scope), value(&m.value, &below, scope, floats))
                })
                .collect();
            if members.iter().all(|(k, _)| matches!(k, Expr::Str(_))) {
                let plain = |(k, v)| match k {
                    Expr::Str(k) => (k, v),
                    _ => (String::new(), v),
                };
                Expr::Map(members.into_iter().map(plain).collect())
            } else {
                Expr::MapOf(members)
            }
        }
    }
}

/// Lowers a key of a map.
pub fn key(text: &str, place: Place, path: &str, scope: &Scope<'_>) -> Expr {
    match lower(text, place, path, scope) {
        Expr::Str(s) => Expr::Str(s),
        e => Expr::Text(Box::new(e), format!("expected string after substituting variables in key \"{text}\"")),
    }
}
