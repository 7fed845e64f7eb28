//! `validate.foreach`: loops over lists of every kind, nested, with what stands in them.

use super::Gen;
use super::anchors::{self, Place};
use super::conditions;
use super::context;
use super::expression;
use super::kinds::Target;
use super::mutation;
use super::operators;
use super::pattern;
use super::shape::Shape;
use super::templates;
use super::vocab::LABEL_VALUES;
use serde_json::{Map, Value, json};

/// The constructs of this module.
pub(crate) const TAGS: &[&str] = &[
    "validate/foreach",
    "foreach/several",
    "foreach/nested",
    "foreach/pattern",
    "foreach/any-pattern",
    "foreach/deny",
    "foreach/context",
    "foreach/preconditions",
    "foreach/element-scope",
    "foreach/no-element-scope",
    "foreach/over-maps",
    "foreach/over-scalars",
    "foreach/over-expression",
    "foreach/over-one",
    "foreach/over-nothing",
    "foreach/over-known",
    "foreach/over-lists",
    "message/element",
];

/// How deep loops nest.
const DEPTH: usize = 3;

/// The loops of a rule. What they define is still known afterwards, for the rule's message.
pub(crate) fn loops(g: &mut Gen, target: &Target, newer: bool) -> Value {
    let n = if g.maybe("foreach/several", 20) { 2 } else { 1 };
    let before = g.known.clone();
    let mut out = Vec::new();
    for _ in 0..n {
        g.known = before.clone();
        out.push(one(g, target, newer));
    }
    Value::Array(out)
}

fn one(g: &mut Gen, target: &Target, newer: bool) -> Value {
    let (list, elements) = list(g);
    let mut block = Map::from_iter([("list".to_owned(), json!(list))]);
    let element = elements.as_array().map_or(elements.clone(), |l| l.first().cloned().unwrap_or_default());
    let level = g.nesting;
    g.nesting += 1;
    for (name, value) in [("element", element.clone()), ("elementIndex", json!(0))] {
        g.known.insert(name.to_owned(), value.clone());
        g.known.insert(format!("{name}{level}"), value);
    }
    if g.maybe("foreach/context", 18) {
        block.insert("context".to_owned(), context::entries(g));
    }
    if g.maybe("foreach/preconditions", 22) {
        block.insert("preconditions".to_owned(), any_all(g));
    }
    let scoped = if g.maybe("foreach/element-scope", 8) {
        block.insert("elementScope".to_owned(), json!(true));
        true
    } else if g.maybe("foreach/no-element-scope", 8) {
        block.insert("elementScope".to_owned(), json!(false));
        false
    } else {
        element.is_object()
    };
    let table = [("foreach/pattern", 36), ("foreach/deny", 40), ("foreach/any-pattern", 14), ("foreach/nested", 16)];
    match g.choose(&table[..if g.nesting < DEPTH { 4 } else { 3 }]) {
        "foreach/pattern" => {
            let mut pattern = body(g, target, &element, scoped);
            templates::weave(g, &mut pattern);
            block.insert("pattern".to_owned(), pattern);
        }
        "foreach/any-pattern" => {
            let patterns = (0..2).map(|_| body(g, target, &element, scoped)).collect();
            let mut patterns = Value::Array(patterns);
            templates::weave(g, &mut patterns);
            block.insert("anyPattern".to_owned(), patterns);
        }
        "foreach/deny" => {
            let conditions = conditions::block(g, newer);
            block.insert("deny".to_owned(), json!({ "conditions": conditions }));
        }
        _ => {
            let inner = one(g, target, newer);
            block.insert("foreach".to_owned(), json!([inner]));
        }
    }
    g.nesting -= 1;
    Value::Object(block)
}

/// Preconditions of a loop, which have no old form.
fn any_all(g: &mut Gen) -> Value {
    conditions::block(g, true)
}

/// The list to go through, and what it probably is.
fn list(g: &mut Gen) -> (String, Value) {
    let table = [
        ("foreach/over-maps", 40),
        ("foreach/over-scalars", 12),
        ("foreach/over-expression", 12),
        ("foreach/over-one", 8),
        ("foreach/over-nothing", 5),
        ("foreach/over-known", 12),
        ("foreach/over-lists", 4),
    ];
    let kind = g.choose(&table);
    if g.nesting > 0 && g.rng.chance(50) {
        return inner(g);
    }
    let fixed: &[&str] = match kind {
        "foreach/over-maps" => return found(g, Value::is_object),
        "foreach/over-scalars" => return found(g, |v| !v.is_object() && !v.is_array()),
        "foreach/over-lists" => return found(g, Value::is_array),
        "foreach/over-expression" => &[
            "request.object.spec.[containers, initContainers][]",
            "request.object.spec.containers[].ports[]",
            "request.object.spec.containers[?image]",
            "items(request.object.metadata.labels || `{}`, 'key', 'value')",
            "request.object.spec.containers[].{name: name, image: image}",
            "keys(request.object.metadata)",
            "request.object.spec.containers[:1]",
            "[request.object.metadata, request.object.spec]",
            "request.object.spec.containers[].image | sort(@)",
        ],
        "foreach/over-one" => &[
            "request.object.metadata",
            "request.object.kind",
            "length(request.object.metadata.name)",
            "request.object",
        ],
        "foreach/over-nothing" => &[
            "request.object.spec.nope",
            "`[]`",
            "request.object.metadata.name.nope",
            "to_number('x')",
            "request.object.nope.deeper",
            "`null`",
            "[request.object.nope, request.object.kind]",
        ],
        _ => {
            let names: Vec<String> = g.known.keys().filter(|n| !n.starts_with("element")).cloned().collect();
            if names.is_empty() {
                return expression::random(g);
            }
            let name = expression::quoted(&g.rng.pick(&names).clone());
            let gives = expression::given(g, &name);
            return (name, gives);
        }
    };
    let text = (*g.rng.pick(fixed)).to_owned();
    let gives = expression::given(g, &text);
    (text, gives)
}

/// A list of the manifest whose first element is of a kind.
fn found(g: &mut Gen, kind: fn(&Value) -> bool) -> (String, Value) {
    let mut aim = g.aim.clone().unwrap_or_default();
    let lists: Vec<_> = mutation::paths(&aim)
        .into_iter()
        .filter(|p| mutation::at(&mut aim, p).and_then(|v| v.as_array()?.first().map(kind)).unwrap_or(false))
        .collect();
    let text = if lists.is_empty() {
        "request.object.spec.containers".to_owned()
    } else {
        conditions::expression(g.rng.pick(&lists).clone().as_slice(), false)
    };
    let gives = expression::given(g, &text);
    (text, gives)
}

/// A list below the element.
fn inner(g: &mut Gen) -> (String, Value) {
    let element = g.known.get("element").cloned().unwrap_or_default();
    let keys: Vec<String> = element.as_object().into_iter().flatten().map(|(k, _)| expression::quoted(k)).collect();
    let text = match g.rng.below(6) {
        0 => "keys(element)".to_owned(),
        1 => "element".to_owned(),
        2 => "[element, elementIndex]".to_owned(),
        _ if keys.is_empty() => "element.ports".to_owned(),
        _ => format!("element.{}", g.rng.pick(&keys)),
    };
    let gives = expression::given(g, &text);
    (text, gives)
}

/// The pattern for an element, or for the whole object where the loop is not about its elements.
fn body(g: &mut Gen, target: &Target, element: &Value, scoped: bool) -> Value {
    if scoped && element.is_object() {
        like(g, element, Place::Element)
    } else {
        pattern::document(g, target.shape, target.any_kind)
    }
}

/// A pattern that a value probably meets.
fn like(g: &mut Gen, value: &Value, place: Place) -> Value {
    match value {
        Value::Object(map) if !map.is_empty() => {
            let keys: Vec<&String> = map.keys().collect();
            let mut out = Map::new();
            for _ in 0..g.rng.between(1, 2) {
                let key = (*g.rng.pick(&keys)).clone();
                let below = like(g, &value[&key], Place::Map);
                let anchor = anchors::choose(g, place, false);
                out.insert(anchors::key(anchor, &key), below);
            }
            Value::Object(out)
        }
        Value::Array(list) if !list.is_empty() => json!([like(g, &list[0], Place::Element)]),
        Value::Number(_) => operators::scalar(g, &Shape::Int(&[0, 1, 80, 1000]), value),
        Value::Bool(_) => operators::scalar(g, &Shape::Bool, value),
        _ => operators::scalar(g, &Shape::Text(LABEL_VALUES), value),
    }
}
