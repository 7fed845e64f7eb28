//! Parts of a policy as the JSON that Kyverno prints in its errors: Go's order of fields, with the defaults of the CRD.

pub(super) use super::shape::Shape;
use super::some;
use crate::policy::tree::{Tree, Value};
use crate::report::go_json;

/// A rule.
pub(super) fn rule(tree: &Tree) -> String {
    text(tree, Shape::Rule)
}

/// A tree as what it is; without the defaults of the CRD where it stands in what the CRD does not look into.
pub(super) fn shaped(tree: &Tree, shape: Shape, defaults: bool) -> String {
    let mut out = String::new();
    write(tree, shape, defaults, &mut out);
    out
}

/// A filter of `any` or `all`.
pub(super) fn filter(tree: &Tree) -> String {
    text(tree, Shape::Filter)
}

/// A label selector.
pub(super) fn selector(tree: &Tree) -> String {
    text(tree, Shape::Selector)
}

/// A string or list of strings.
pub(super) fn raw(tree: &Tree) -> String {
    text(tree, Shape::Raw)
}

/// A string.
pub(super) fn quoted(text: &str) -> String {
    go_json::to_json(&text).unwrap_or_default()
}

fn text(tree: &Tree, shape: Shape) -> String {
    let mut out = String::new();
    write(tree, shape, true, &mut out);
    out
}

fn write(tree: &Tree, shape: Shape, defaults: bool, out: &mut String) {
    match &tree.value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(n) => out.push_str(&n.to_string()),
        Value::Float(n) => kyvc_vm::scalar::number::json_float(*n, out),
        Value::Str(s) => out.push_str(&quoted(s)),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                write(item, shape, defaults, out);
            }
            out.push(']');
        }
        Value::Map(members) if shape.fields().is_empty() => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|m| m.key.as_str());
            out.push('{');
            for (i, m) in members.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                out.push_str(&quoted(&m.key));
                out.push(':');
                write(&m.value, Shape::Raw, defaults, out);
            }
            out.push('}');
        }
        Value::Map(_) => {
            out.push('{');
            for (field, inner) in shape.fields() {
                let off = |t: &&Tree| t.value == Value::Bool(false) && FLAGS.contains(field);
                let value = match some(tree, field).filter(|t| (matches!(inner, Shape::Any) || !omitted(t)) && !off(t))
                {
                    Some(value) => shaped(value, *inner, defaults),
                    None => match shape.default(field).filter(|_| defaults) {
                        Some(default) => default.to_owned(),
                        None => continue,
                    },
                };
                out.push_str(if out.ends_with('{') { "" } else { "," });
                out.push_str(&quoted(field));
                out.push(':');
                out.push_str(&value);
            }
            out.push('}');
        }
    }
}

/// What Go leaves out where it is false.
const FLAGS: [&str; 6] = [
    "synchronize",
    "orphanDownstreamOnPolicyDelete",
    "cosignOCI11",
    "ignoreTlog",
    "ignoreSCT",
    "allowInsecureRegistry",
];

/// Go leaves out empty strings and lists.
fn omitted(tree: &Tree) -> bool {
    match &tree.value {
        Value::Str(s) => s.is_empty(),
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}
