//! Mutations of a value: fields removed, retyped, and set to values at the edges.

use super::Gen;
use super::vocab::TEXTS;
use serde_json::{Value, json};

/// A place in a value: keys and indexes from the root.
pub(crate) type Path = Vec<Step>;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a map.
    Key(String),
    /// Into a list.
    Index(usize),
}

/// Every place in a value, the root excluded.
pub(crate) fn paths(value: &Value) -> Vec<Path> {
    let mut out = Vec::new();
    walk(value, &mut Vec::new(), &mut out);
    out
}

fn walk(value: &Value, at: &mut Path, out: &mut Vec<Path>) {
    let steps: Vec<(Step, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(k, v)| (Step::Key(k.clone()), v)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(i, v)| (Step::Index(i), v)).collect(),
        _ => Vec::new(),
    };
    for (step, below) in steps {
        at.push(step);
        out.push(at.clone());
        walk(below, at, out);
        at.pop();
    }
}

/// The value at a place.
pub(crate) fn at<'a>(value: &'a mut Value, path: &[Step]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |v, step| match step {
        Step::Key(k) => v.get_mut(k),
        Step::Index(i) => v.get_mut(i),
    })
}

/// Takes the value at a place out.
pub(crate) fn remove(value: &mut Value, path: &[Step]) -> bool {
    let Some((last, above)) = path.split_last() else { return false };
    match (at(value, above), last) {
        (Some(Value::Object(map)), Step::Key(k)) => map.remove(k).is_some(),
        (Some(Value::Array(list)), Step::Index(i)) if *i < list.len() => {
            list.remove(*i);
            true
        }
        _ => false,
    }
}

/// Whether a place of a manifest must stay: what identifies it, and what makes it readable at all.
fn fixed(path: &[Step]) -> bool {
    let key = |i: usize| match path.get(i) {
        Some(Step::Key(k)) => k.as_str(),
        _ => "",
    };
    match path.len() {
        1 => matches!(key(0), "apiVersion" | "kind" | "metadata"),
        _ => key(0) == "metadata" && matches!(key(1), "name" | "namespace"),
    }
}

/// Mutates a manifest in one to three places.
pub(crate) fn mutate(g: &mut Gen, value: &mut Value) {
    for _ in 0..g.rng.between(1, 3) {
        let places: Vec<Path> = paths(value).into_iter().filter(|p| !fixed(p)).collect();
        if places.is_empty() {
            return;
        }
        let path = g.rng.pick(&places).clone();
        let table =
            [("manifest/removed", 25), ("manifest/retyped", 30), ("manifest/edge", 38), ("manifest/doubled", 7)];
        match g.choose(&table[..if lists(value).is_empty() { 3 } else { 4 }]) {
            "manifest/removed" => {
                remove(value, &path);
            }
            "manifest/doubled" => double(g, value),
            how => {
                if let Some(place) = at(value, &path) {
                    *place = if how == "manifest/retyped" { retyped(g, place) } else { edge(g, place) };
                }
            }
        }
    }
}

/// The lists that have elements.
fn lists(value: &Value) -> Vec<Path> {
    let first = |p: Path| p.split_last().filter(|(last, _)| **last == Step::Index(0)).map(|(_, list)| list.to_vec());
    paths(value).into_iter().filter_map(first).collect()
}

/// Doubles a list that has elements.
fn double(g: &mut Gen, value: &mut Value) {
    let path = g.rng.pick(&lists(value)).clone();
    if let Some(Value::Array(list)) = at(value, &path) {
        let copy = list.clone();
        list.extend(copy);
    }
}

fn retyped(g: &mut Gen, old: &Value) -> Value {
    match g.rng.below(8) {
        0 => Value::Null,
        1 => json!(g.rng.chance(50)),
        2 => json!(old.as_f64().unwrap_or(1.0) as i64),
        3 => json!(old.as_str().map_or_else(|| old.to_string(), str::to_owned)),
        4 => json!([old]),
        5 => json!({ "a": old }),
        6 => json!([]),
        _ => json!({}),
    }
}

fn edge(g: &mut Gen, old: &Value) -> Value {
    let numbers = [
        json!(0),
        json!(-1),
        json!(1e6),
        json!(1_000_000),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(0.5),
        json!(1.0),
        json!(-0.0),
        json!(1e21),
        json!(1e-7),
        json!(1e300),
    ];
    match old {
        Value::Number(_) => g.rng.pick(&numbers).clone(),
        Value::String(_) if g.rng.chance(12) => g.rng.pick(&numbers).clone(),
        Value::String(_) => json!(g.rng.pick(TEXTS)),
        Value::Array(_) => (*g.rng.pick(&[json!([]), json!([null]), json!([[]]), json!([{}])])).clone(),
        Value::Object(_) => (*g.rng.pick(&[json!({}), json!({ "": "" }), json!({ "app": null })])).clone(),
        _ => (*g.rng.pick(&[json!(null), json!(""), json!(0), json!("false")])).clone(),
    }
}
