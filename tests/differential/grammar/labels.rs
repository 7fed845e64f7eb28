//! Patterns for metadata: names, labels and annotations, with wildcards in keys.

use super::Gen;
use super::anchors::{self, Place};
use super::operators;
use super::vocab::{ANNOTATION_KEYS, LABEL_KEYS, LABEL_VALUES, NAMES, NAMESPACES, wildcard_of};
use serde_json::{Map, Value, json};

/// A pattern for `metadata`, perhaps one that the metadata `aim` meets.
pub(crate) fn metadata(g: &mut Gen, aim: &Value) -> Value {
    let mut map = Map::new();
    if g.rng.chance(72) {
        insert(g, &mut map, "labels", LABEL_KEYS, aim);
    }
    if g.rng.chance(30) || g.wants("pattern/annotations") {
        g.tag("pattern/annotations");
        insert(g, &mut map, "annotations", ANNOTATION_KEYS, aim);
    }
    if map.is_empty() || g.rng.chance(12) {
        name(g, &mut map);
    }
    Value::Object(map)
}

fn insert(g: &mut Gen, map: &mut Map<String, Value>, field: &str, keys: &[&str], aim: &Value) {
    let anchor = anchors::choose(g, Place::Map, false);
    let below = free(g, keys, true, &aim[field]);
    map.insert(anchors::key(anchor, field), below);
}

fn name(g: &mut Gen, map: &mut Map<String, Value>) {
    let anchor = anchors::choose(g, Place::Map, false);
    let (field, pattern) = match g.rng.below(4) {
        0 => ("namespace", json!(g.rng.pick_early(NAMESPACES))),
        1 => ("namespace", operators::text_only(g, NAMESPACES, &Value::Null)),
        2 => ("name", json!(format!("{}-*", g.rng.pick_early(NAMES)))),
        _ => ("name", json!(format!("!{}*", g.rng.pick_early(NAMES)))),
    };
    map.insert(anchors::key(anchor, field), pattern);
}

/// A pattern for a free map of texts; `expands` where wildcards in its keys are expanded.
pub(crate) fn free(g: &mut Gen, keys: &[&str], expands: bool, aim: &Value) -> Value {
    let present: Vec<String> = aim.as_object().into_iter().flatten().map(|(k, _)| k.clone()).collect();
    let mut map = Map::new();
    for _ in 0..g.rng.between(1, 2) {
        let aimed = !present.is_empty() && g.rng.chance(80);
        let mut key = if aimed { g.rng.pick(&present).clone() } else { (*g.rng.pick_early(keys)).to_owned() };
        let at = aim[key.as_str()].clone();
        if expands && g.maybe("pattern/key-wildcard", 25) {
            key = wildcard_of(g, &key);
        }
        let anchor = anchors::choose(g, Place::Map, false);
        let value = if expands { operators::text_only(g, LABEL_VALUES, &at) } else { label_value(g, &at) };
        map.insert(anchors::key(anchor, &key), value);
    }
    Value::Object(map)
}

fn label_value(g: &mut Gen, aim: &Value) -> Value {
    if g.rng.chance(15) { Value::Null } else { operators::text_only(g, LABEL_VALUES, aim) }
}
