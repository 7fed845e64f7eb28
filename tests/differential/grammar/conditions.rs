//! Preconditions and the conditions of a denial: keys that are expressions on the manifest, and every operator.

use super::Gen;
use super::mutation::{self, Path, Step};
use super::templates;
use super::vocab::{DURATIONS, LABEL_VALUES, QUANTITIES, wildcard_of};
use serde_json::{Map, Value, json};

/// Operators of every version, the usual ones first.
const OPERATORS: &[(&str, u32)] = &[
    ("cond/Equals", 16),
    ("cond/NotEquals", 12),
    ("cond/AnyIn", 12),
    ("cond/AllIn", 8),
    ("cond/AnyNotIn", 8),
    ("cond/AllNotIn", 8),
    ("cond/GreaterThan", 7),
    ("cond/GreaterThanOrEquals", 7),
    ("cond/LessThan", 7),
    ("cond/LessThanOrEquals", 7),
    ("cond/DurationGreaterThan", 2),
    ("cond/DurationGreaterThanOrEquals", 2),
    ("cond/DurationLessThan", 2),
    ("cond/DurationLessThanOrEquals", 2),
];
/// Operators that only the old version has.
const OLD: &[(&str, u32)] = &[("cond/Equal", 2), ("cond/NotEqual", 2), ("cond/In", 4), ("cond/NotIn", 4)];

const KEYS: &[(&str, u32)] = &[
    ("key/field", 34),
    ("key/fallback", 16),
    ("key/list", 14),
    ("key/filter", 6),
    ("key/function", 14),
    ("key/embedded", 5),
    ("key/literal", 5),
    ("key/operation", 5),
    ("key/unresolved", 7),
    ("key/template", 26),
    ("key/structure", 4),
];

const VALUES: &[(&str, u32)] = &[
    ("value/same", 36),
    ("value/text", 10),
    ("value/number", 8),
    ("value/bool", 4),
    ("value/list", 18),
    ("value/wildcard", 8),
    ("value/range", 5),
    ("value/json-list", 4),
    ("value/quantity", 5),
    ("value/duration", 5),
    ("value/variable", 4),
    ("value/map", 2),
    ("value/template", 7),
];

/// A rule's `preconditions` or a denial's `conditions`; no list where `newer`, which has `any` and `all` only.
pub(crate) fn block(g: &mut Gen, newer: bool) -> Value {
    let table = [
        ("conditions/any", 32),
        ("conditions/all", 36),
        ("conditions/both", 12),
        ("conditions/empty", 5),
        ("conditions/list", 15),
    ];
    let list = |g: &mut Gen, n: usize| Value::Array((0..n).map(|_| condition(g, newer)).collect());
    let some = |g: &mut Gen| [1, 1, 2, 2, 3][g.rng.below(5)];
    match g.choose(&table[..if newer { 4 } else { 5 }]) {
        "conditions/any" => {
            let n = some(g);
            json!({ "any": list(g, n) })
        }
        "conditions/all" => {
            let n = some(g);
            json!({ "all": list(g, n) })
        }
        "conditions/both" => {
            let (any, all) = (list(g, 2), list(g, 1));
            json!({ "any": any, "all": all })
        }
        "conditions/list" => {
            let n = some(g);
            list(g, n)
        }
        _ => g.rng.pick(&[json!({ "any": [] }), json!({ "all": [] }), json!({})]).clone(),
    }
}

fn condition(g: &mut Gen, newer: bool) -> Value {
    let at = place(g);
    let (key, found) = key(g, &at);
    let operation = key == json!("{{ request.operation }}");
    // The old set operators crash the reference on lists of anything but strings.
    let odd = found.as_array().is_some_and(|all| !all.iter().all(Value::is_string));
    let operators: Vec<_> = if newer || odd { OPERATORS.to_vec() } else { [OPERATORS, OLD].concat() };
    let operator = g.choose(&operators).trim_start_matches("cond/");
    let value = if operation { operations(g) } else { value(g, &found) };
    let mut condition = Map::from_iter([
        ("key".to_owned(), key),
        ("operator".to_owned(), json!(operator)),
        ("value".to_owned(), value),
    ]);
    if g.maybe("condition/message", 15) {
        condition.insert("message".to_owned(), json!(g.rng.pick(&["not so", "It is.", "50%"])));
    }
    Value::Object(condition)
}

/// The policy check knows what an operation may be.
fn operations(g: &mut Gen) -> Value {
    g.rng
        .pick(&[
            json!("CREATE"),
            json!("DELETE"),
            json!(["CREATE", "UPDATE"]),
            json!(["DELETE"]),
            json!("{{ request.operation }}"),
        ])
        .clone()
}

/// A place of the manifest that the policy is about, or one that many have.
pub(crate) fn place(g: &mut Gen) -> Path {
    let aim = g.aim.clone().unwrap_or_else(|| json!({ "metadata": { "labels": { "app": "web" } }, "spec": {} }));
    let places: Vec<Path> = mutation::paths(&aim).into_iter().filter(|p| p.len() < 7).collect();
    if places.is_empty() { vec![Step::Key("kind".to_owned())] } else { g.rng.pick(&places).clone() }
}

fn at(g: &Gen, path: &[Step]) -> Value {
    let mut aim = g.aim.clone().unwrap_or_default();
    mutation::at(&mut aim, path).cloned().unwrap_or_default()
}

/// A path as an expression; with `each`, positions become walks over all elements.
pub(crate) fn expression(path: &[Step], each: bool) -> String {
    let mut out = "request.object".to_owned();
    for step in path {
        match step {
            Step::Index(_) if each => out.push_str("[]"),
            Step::Index(n) => out.push_str(&format!("[{n}]")),
            Step::Key(k)
                if k.chars().all(|c| c.is_ascii_alphanumeric()) && k.starts_with(|c: char| c.is_alphabetic()) =>
            {
                out.push_str(&format!(".{k}"));
            }
            Step::Key(k) => out.push_str(&format!(".\"{k}\"")),
        }
    }
    out
}

/// A key, and what it probably gives.
fn key(g: &mut Gen, path: &[Step]) -> (Value, Value) {
    let found = at(g, path);
    let whole = |e: String| json!(format!("{{{{ {e} }}}}"));
    let here = expression(path, false);
    match g.choose(KEYS) {
        // What a loop is about is its element.
        _ if g.nesting > 0 && g.rng.chance(60) => templates::template(g),
        "key/template" => templates::template(g),
        "key/structure" => templates::structure(g),
        "key/field" => (whole(here), found),
        "key/fallback" => {
            let other = *g.rng.pick(&["''", "'none'", "`0`", "`[]`", "`null`", "`false`"]);
            let missing = if g.rng.chance(30) { format!("{here}.nope") } else { here };
            (whole(format!("{missing} || {other}")), found)
        }
        "key/list" => (whole(format!("{} || `[]`", expression(path, true))), json!([found])),
        "key/filter" => filter(g),
        "key/function" => function(g, &here, found),
        "key/embedded" => (json!(format!("x-{{{{ {here} }}}}")), json!(format!("x-{}", text_of(&found)))),
        "key/literal" => {
            let literals =
                [json!("web"), json!(3), json!(true), json!(["web", "db"]), json!("1h"), json!("10Mi"), json!(1.5)];
            let literal = g.rng.pick(&literals).clone();
            (literal.clone(), literal)
        }
        "key/operation" => (whole("request.operation".to_owned()), json!("CREATE")),
        _ => (whole(format!("{here}.nope.deeper")), found),
    }
}

fn filter(g: &mut Gen) -> (Value, Value) {
    let text = *g.rng.pick(&[
        "{{ request.object.spec.containers[?name=='main'].image }}",
        "{{ request.object.spec.containers[?starts_with(image, 'nginx')].name | [0] || '' }}",
        "{{ request.object.spec.[containers, initContainers][].image || `[]` }}",
        "{{ request.object.spec.containers[?securityContext.privileged].name || `[]` }}",
        "{{ request.object.spec.volumes[?hostPath].name || `[]` }}",
    ]);
    (json!(text), json!(["nginx"]))
}

fn function(g: &mut Gen, here: &str, found: Value) -> (Value, Value) {
    let (text, gives) = match g.rng.below(9) {
        0 => (format!("length({here})"), json!(1)),
        1 => (format!("to_upper(to_string({here}))"), json!(text_of(&found).to_uppercase())),
        2 => ("keys(request.object.metadata.labels || `{}`)".to_owned(), json!(["app"])),
        3 => (format!("type({here})"), json!("string")),
        4 => (format!("to_string({here})"), json!(text_of(&found))),
        5 => ("split(request.object.metadata.name, '-')".to_owned(), json!(["web", "1"])),
        6 => ("length(request.object.spec.containers || `[]`)".to_owned(), json!(1)),
        7 => (format!("contains({here}, 'a')"), json!(true)),
        _ => ("max(request.object.spec.containers[].ports[].containerPort || `[0]`)".to_owned(), json!(80)),
    };
    (json!(format!("{{{{ {text} }}}}")), gives)
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value to compare with, perhaps what the key gives.
fn value(g: &mut Gen, found: &Value) -> Value {
    match g.choose(VALUES) {
        "value/same" if !found.is_null() => found.clone(),
        "value/same" | "value/text" => json!(g.rng.pick(LABEL_VALUES)),
        "value/number" => g.rng.pick(&[json!(0), json!(1), json!(80), json!(2.5), json!("3"), json!(3600)]).clone(),
        "value/bool" => json!(g.rng.chance(50)),
        "value/list" => {
            let mut list: Vec<Value> = (0..g.rng.between(0, 2)).map(|_| json!(g.rng.pick(LABEL_VALUES))).collect();
            match found {
                Value::Array(all) if g.rng.chance(60) => list.extend(all.clone()),
                other if g.rng.chance(60) => list.push(other.clone()),
                _ => list.push(json!(g.rng.pick(&["*", "?*", "nginx*", "80"]))),
            }
            Value::Array(list)
        }
        "value/wildcard" => json!(wildcard_of(g, &text_of(found))),
        "value/range" => json!(g.rng.pick(&["1-10", "0-100", "10Mi-1Gi", "1s-1h", "5-1", "0.5-2.5"])),
        "value/json-list" => {
            json!(g.rng.pick(&["[\"web\", \"nginx\"]", "[\"80\", \"443\"]", "[1, 2]", "[]", "[\"a\""]))
        }
        "value/quantity" => json!(g.rng.pick(QUANTITIES)),
        "value/duration" => json!(g.rng.pick(DURATIONS)),
        "value/template" if g.rng.chance(30) => templates::structure(g).0,
        "value/template" => templates::template(g).0,
        "value/map" => g.rng.pick(&[json!({ "app": "web" }), json!({})]).clone(),
        _ => json!(g.rng.pick(&[
            "{{ request.object.metadata.name }}",
            "{{ request.object.metadata.labels.app || 'web' }}",
            "{{ request.object.metadata.namespace }}",
            "{{ request.object.nope }}",
        ])),
    }
}
