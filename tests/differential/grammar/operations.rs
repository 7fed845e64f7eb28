//! `patchesJson6902`: operations, their pointers, and the texts they are written in.

use super::Gen;
use super::mutation::{self, Path, Step};
use super::patches;
use super::shape::{self, Field, Shape};
use super::vocab::LABEL_VALUES;
use serde_json::{Map, Value, json};

/// The text of some operations for an object with some fields; `variables` where pointers may have some.
pub(crate) fn text(g: &mut Gen, body: &'static [Field], metadata_only: bool, aim: &Value, variables: bool) -> String {
    let n = if g.maybe("operations/several", 40) { g.rng.between(2, 4) } else { 1 };
    let list: Vec<Value> = (0..n).map(|_| operation(g, body, metadata_only, aim, variables)).collect();
    written(g, &list)
}

/// Operations as text.
pub(crate) fn written(g: &mut Gen, list: &[Value]) -> String {
    match g.choose(&[("operations/yaml", 60), ("operations/json", 40)]) {
        "operations/json" => json!(list).to_string(),
        _ => {
            let one = |operation: &Value| {
                let members = operation.as_object().into_iter().flatten().map(|(k, v)| match v {
                    Value::String(s) if k != "value" && plain(s) => format!("{k}: {s}\n"),
                    _ => format!("{k}: {v}\n"),
                });
                format!("- {}", members.collect::<Vec<_>>().join("  "))
            };
            list.iter().map(one).collect()
        }
    }
}

fn plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '/')
}

fn operation(g: &mut Gen, body: &'static [Field], metadata_only: bool, aim: &Value, variables: bool) -> Value {
    let table = [
        ("operation/add", 36),
        ("operation/replace", 22),
        ("operation/remove", 18),
        ("operation/move", 7),
        ("operation/copy", 7),
        ("operation/test", 8),
        ("operation/odd", 2),
    ];
    let name = g.choose(&table).trim_start_matches("operation/");
    let (path, found) = pointer(g, body, metadata_only, aim, variables);
    let op = if name == "odd" { *g.rng.pick(&["append", "", "Add", "merge"]) } else { name };
    let mut map = Map::from_iter([("op".to_owned(), json!(op)), ("path".to_owned(), json!(path))]);
    match name {
        "move" | "copy" => {
            let (from, _) = pointer(g, body, metadata_only, aim, false);
            map.insert("from".to_owned(), json!(from));
        }
        "remove" if g.rng.chance(95) => {}
        _ if g.rng.chance(3) => {}
        "test" if g.rng.chance(70) => {
            map.insert("value".to_owned(), found);
        }
        _ => {
            map.insert("value".to_owned(), value(g, &found));
        }
    }
    Value::Object(map)
}

/// A value, perhaps like the one that is there.
fn value(g: &mut Gen, found: &Value) -> Value {
    if g.maybe("operations/variable", 8) {
        return json!(patches::variable(g));
    }
    match g.rng.below(10) {
        0..=2 => json!(g.rng.pick(LABEL_VALUES)),
        3 => g.rng.pick(&[json!(null), json!({}), json!([]), json!(1.0), json!(1e21), json!("")]).clone(),
        4 => json!({ "name": "new", "image": "nginx" }),
        5 => json!([{ "name": "new" }]),
        6 => json!(g.rng.between(0, 100)),
        7 => json!(g.rng.chance(50)),
        _ => found.clone(),
    }
}

/// A pointer, and what it points at.
fn pointer(g: &mut Gen, body: &'static [Field], metadata_only: bool, aim: &Value, variables: bool) -> (String, Value) {
    let table = [
        ("pointer/known", 46),
        ("pointer/missing", 14),
        ("pointer/end", 9),
        ("pointer/negative", 6),
        ("pointer/beyond", 4),
        ("pointer/escaped", 10),
        ("pointer/deep", 8),
        ("pointer/odd", 3),
    ];
    let inside = |p: &Path| {
        let top = p.first() == Some(&Step::Key("metadata".to_owned()));
        !matches!(p.as_slice(), [Step::Key(k)] if k == "kind" || k == "apiVersion" || k == "metadata")
            && p.last() != Some(&Step::Key("name".to_owned()))
            && (top || !metadata_only)
    };
    let places: Vec<Path> = mutation::paths(aim).into_iter().filter(|p| inside(p)).collect();
    let lists: Vec<Path> = places.iter().filter(|p| at(aim, p).is_array()).cloned().collect();
    let list = |g: &mut Gen| if lists.is_empty() { None } else { Some(g.rng.pick(&lists).clone()) };
    let form = g.choose(&table);
    if variables && g.rng.chance(40) {
        return ("/metadata/annotations/n-{{ elementIndex }}".to_owned(), Value::Null);
    }
    match form {
        "pointer/known" if !places.is_empty() => {
            let path = g.rng.pick(&places).clone();
            (text_of(&path), at(aim, &path))
        }
        "pointer/end" => match list(g) {
            Some(path) => (text_of(&path) + "/-", at(aim, &path)[0].clone()),
            None => ("/spec/containers/-".to_owned(), Value::Null),
        },
        "pointer/negative" => match list(g) {
            Some(path) => {
                let n = g.rng.between(1, 3);
                (format!("{}/-{n}", text_of(&path)), at(aim, &path)[0].clone())
            }
            None => ("/spec/containers/-1".to_owned(), Value::Null),
        },
        "pointer/beyond" => match list(g) {
            Some(path) => {
                let n = at(aim, &path).as_array().map_or(0, Vec::len) + g.rng.between(0, 2);
                (format!("{}/{n}", text_of(&path)), Value::Null)
            }
            None => ("/spec/containers/7".to_owned(), Value::Null),
        },
        "pointer/escaped" => {
            let key = *g.rng.pick(&["example.com~1owner", "a~0b", "a~1b~01c", "x~2y", "example.com~1tier"]);
            (format!("/metadata/{}/{key}", g.rng.pick(&["labels", "annotations"])), json!("web"))
        }
        "pointer/deep" => {
            let field = g.rng.pick(body);
            let below = match field.shape {
                Shape::Map(known) => g.rng.pick(known).key,
                _ => "new",
            };
            let tail = *g.rng.pick(&["", "", "/a", "/a/b", "/0", "/-", "/0/name", "/a/0"]);
            (format!("/{}/{below}{tail}", field.key), shape::value(g, &Shape::Text(LABEL_VALUES)))
        }
        "pointer/odd" => {
            let odd =
                ["", "/", "metadata/labels/x", "/metadata/labels/", "//x", "/spec/containers/01", "/spec/containers/x"];
            ((*g.rng.pick(&odd)).to_owned(), Value::Null)
        }
        _ => {
            let (top, key) = (*g.rng.pick(&["labels", "annotations", "nothing"]), *g.rng.pick(&["new", "a", "app"]));
            (format!("/metadata/{top}/{key}"), json!("web"))
        }
    }
}

fn at(aim: &Value, path: &[Step]) -> Value {
    mutation::at(&mut aim.clone(), path).cloned().unwrap_or(Value::Null)
}

fn text_of(path: &[Step]) -> String {
    let step = |s: &Step| match s {
        Step::Key(k) => format!("/{}", k.replace('~', "~0").replace('/', "~1")),
        Step::Index(i) => format!("/{i}"),
    };
    path.iter().map(step).collect()
}
