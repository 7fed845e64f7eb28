//! Manifests: objects of the known kinds, and mutations of them.

use super::Gen;
use super::mutation;
use super::shape;
use super::shapes::{Kind, any_kind};
use super::vocab::{ANNOTATION_KEYS, LABEL_KEYS, NAMESPACES, manifest_name};
use serde_json::{Map, Value, json};

/// The `n`th manifest; its name is unique by `n`.
pub(crate) fn manifest(g: &mut Gen, n: usize) -> Value {
    let kind = any_kind(g);
    let mut object = Map::from_iter([
        ("apiVersion".to_owned(), json!(kind.api_version())),
        ("kind".to_owned(), json!(kind.kind)),
        ("metadata".to_owned(), metadata(g, kind, n)),
    ]);
    if let Value::Object(body) = shape::value(g, &shape::Shape::Map(kind.body)) {
        object.extend(body);
    }
    let mut value = Value::Object(object);
    let mutate = ["removed", "retyped", "edge", "doubled"].iter().any(|m| g.wants(&format!("manifest/{m}")));
    let mutate = mutate || g.rng.chance(45);
    if mutate {
        mutation::mutate(g, &mut value);
    } else {
        g.tag("manifest/plain");
    }
    value
}

/// The metadata of the `n`th object of a kind.
pub(crate) fn metadata(g: &mut Gen, kind: &Kind, n: usize) -> Value {
    let name = if kind.kind == "Namespace" && g.rng.chance(40) {
        format!("{}-{n}", g.rng.pick_early(NAMESPACES))
    } else {
        manifest_name(g, n)
    };
    let mut metadata = Map::from_iter([("name".to_owned(), json!(name))]);
    // One of a batch at most: rows are told apart by name.
    if n == 1 && g.maybe("manifest/generate-name", 35) {
        metadata = Map::from_iter([("generateName".to_owned(), json!("web-"))]);
    }
    if kind.namespaced && g.rng.chance(80) {
        metadata.insert("namespace".to_owned(), json!(g.rng.pick_early(NAMESPACES)));
    }
    if g.rng.chance(75) {
        metadata.insert("labels".to_owned(), shape::labels(g, LABEL_KEYS));
    }
    if g.rng.chance(50) {
        metadata.insert("annotations".to_owned(), shape::labels(g, ANNOTATION_KEYS));
    }
    Value::Object(metadata)
}
