//! Edits of documents: what people and generators get wrong, and what nobody would write.

use super::choices::Choices;
use serde_json::{Map, Value, json};

/// Where a node is: the keys and positions that lead to it.
type Path = Vec<Step>;

#[derive(Clone, Debug)]
enum Step {
    Key(String),
    At(usize),
}

/// Texts that mean something somewhere.
const TEXTS: &[&str] = &[
    "",
    " ",
    "*",
    "?*",
    "!*",
    ">=5 & <10 | 1Gi-2Gi",
    "5!-3",
    "{{",
    "}}",
    "{{ }}",
    "{{ @ }}",
    "{{ request.object }}",
    "{{ request.object.spec.containers[].image }}",
    "{{ request.object.metadata.name || `null` }}",
    "{{ element }}",
    "{{ elementIndex }}",
    "{{ {{ request.name }} }}",
    "{{ images.containers.*.registry }}",
    "{{ random('[a-z]{1000}') }}",
    "\\{{ escaped }}",
    "$(../../metadata/name)",
    "$(/spec)",
    "$(",
    "<(a)",
    "1e309",
    "-0",
    "9223372036854775808",
    "1h30m",
    "0777",
    "~",
    "2026-13-45T99:99:99Z",
    "/metadata/labels/a~1b",
    "/spec/containers/-",
    "\u{0}\u{7f}\u{85}\u{2028}\u{feff}",
    "é\u{301}\u{10ffff}",
    "kyverno.io/v1",
    "Pod/*",
    "*/*",
    "Enforce",
    "UPDATE",
];

/// Anchors that a key may stand in.
const ANCHORS: &[(&str, &str)] =
    &[("(", ")"), ("=(", ")"), ("X(", ")"), ("^(", ")"), ("+(", ")"), ("<(", ")"), ("(", "")];

/// Edits a document in a few places.
pub(crate) fn edit(document: &mut Value, choices: &mut Choices<'_>) {
    for _ in 0..=choices.below(6).saturating_sub(3) {
        let mut paths = Vec::new();
        walk(document, &mut Vec::new(), &mut paths);
        let Some(path) = paths.get(choices.below(paths.len())) else { return };
        once(document, path, choices);
    }
}

fn walk(node: &Value, path: &mut Path, out: &mut Vec<Path>) {
    let mut below = |step: Step, member: &Value| {
        path.push(step);
        out.push(path.clone());
        walk(member, path, out);
        path.pop();
    };
    match node {
        Value::Object(map) => map.iter().for_each(|(key, member)| below(Step::Key(key.clone()), member)),
        Value::Array(list) => list.iter().enumerate().for_each(|(at, member)| below(Step::At(at), member)),
        _ => {}
    }
}

fn find<'v>(node: &'v mut Value, path: &[Step]) -> Option<&'v mut Value> {
    path.iter().try_fold(node, |node, step| match step {
        Step::Key(key) => node.get_mut(key),
        Step::At(at) => node.get_mut(*at),
    })
}

fn once(document: &mut Value, path: &Path, choices: &mut Choices<'_>) {
    let Some((last, above)) = path.split_last() else { return };
    let kind = choices.below(12);
    let Some(parent) = find(document, above) else { return };
    match (kind, parent, last) {
        (0 | 1, Value::Object(map), Step::Key(key)) => drop(map.remove(key)),
        (0 | 1, Value::Array(list), Step::At(at)) => drop(list.remove(*at)),
        (2, Value::Object(map), Step::Key(key)) => rename(map, key, choices),
        (2, Value::Array(list), Step::At(at)) => list.insert(*at, list[*at].clone()),
        (_, parent, last) => {
            let node = find(parent, std::slice::from_ref(last));
            if let Some(node) = node {
                *node = other(std::mem::take(node), kind, choices);
            }
        }
    }
}

/// Puts a key in an anchor, or gives it another name.
fn rename(map: &mut Map<String, Value>, key: &str, choices: &mut Choices<'_>) {
    let Some(value) = map.remove(key) else { return };
    let name = match choices.below(3) {
        0 => choices.pick(TEXTS).to_owned(),
        _ => {
            let (before, after) = choices.pick(ANCHORS);
            format!("{before}{key}{after}")
        }
    };
    map.insert(name, value);
}

/// Another value in the place of one.
fn other(value: Value, kind: usize, choices: &mut Choices<'_>) -> Value {
    match kind {
        3 => Value::Null,
        4 => choices.pick(TEXTS).into(),
        5 => number(choices),
        6 => {
            [json!({}), json!([]), json!(true), json!([null]), json!({"": null}), json!([[]])][choices.below(6)].clone()
        }
        7 => json!([value]),
        8 => match value {
            Value::Array(mut list) if !list.is_empty() => list.swap_remove(0),
            value => json!({ choices.pick(TEXTS): value }),
        },
        9 => deep(choices),
        10 => match value {
            Value::String(text) => spoil(&text, choices).into(),
            Value::Number(n) => n.to_string().into(),
            value => value.to_string().into(),
        },
        _ => "a{{ request.object.metadata.name }}".repeat(1 + choices.below(200)).into(),
    }
}

fn number(choices: &mut Choices<'_>) -> Value {
    const NUMBERS: &[&str] =
        &["0", "-1", "1e308", "-9223372036854775808", "18446744073709551615", "0.1", "1e-320", "5e300"];
    serde_json::from_str(choices.pick(NUMBERS)).unwrap_or_default()
}

/// More levels than anybody means.
fn deep(choices: &mut Choices<'_>) -> Value {
    let list = choices.below(2) == 0;
    (0..choices.below(300)).fold(Value::from("x"), |inner, _| if list { json!([inner]) } else { json!({"a": inner}) })
}

/// A text with something in it, or without some of it.
fn spoil(text: &str, choices: &mut Choices<'_>) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = choices.below(chars.len());
    match choices.below(3) {
        0 if !chars.is_empty() => drop(chars.remove(at)),
        1 => chars.truncate(at),
        _ => drop(chars.splice(at..at, choices.pick(TEXTS).chars())),
    }
    chars.into_iter().collect()
}
