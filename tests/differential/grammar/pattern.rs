//! `validate.pattern` and `validate.anyPattern`.
//!
//! A pattern follows the shape of a kind. It may be aimed at one manifest: then it prefers that manifest's fields, and
//! scalars that its values meet. Below, `aim` is the part of that manifest at the pattern's place, null where there is none.

use super::Gen;
use super::anchors::{self, Anchor, Place};
use super::labels;
use super::operators;
use super::shape::{Field, Shape};
use super::shapes::Kind;
use super::vocab::LABEL_KEYS;
use serde_json::{Map, Value, json};

/// A pattern for objects of a kind; only about their metadata where `metadata_only`.
pub(crate) fn document(g: &mut Gen, kind: &Kind, metadata_only: bool) -> Value {
    let aim = g.aim.clone().filter(|a| a["kind"] == kind.kind && g.rng.chance(75)).unwrap_or(Value::Null);
    let mut map = Map::new();
    if metadata_only || g.rng.chance(22) || g.wants("pattern/metadata") || g.wants("pattern/key-wildcard") {
        g.tag("pattern/metadata");
        // The policy check wants a plain key where any kind matches.
        let anchor = if metadata_only { Anchor::None } else { anchors::choose(g, Place::Root, false) };
        let below = labels::metadata(g, &aim["metadata"]);
        map.insert(anchors::key(anchor, "metadata"), below);
    }
    if !metadata_only && (map.is_empty() || g.rng.chance(60)) {
        fields(g, kind.body, Place::Root, &aim, &mut map);
    }
    Value::Object(map)
}

/// A list of patterns, of which one must hold.
pub(crate) fn any(g: &mut Gen, kind: &Kind, metadata_only: bool) -> Value {
    let n = [1, 2, 2, 2, 3][g.rng.below(5)];
    Value::Array((0..n).map(|_| document(g, kind, metadata_only)).collect())
}

fn fields(g: &mut Gen, fields: &[Field], place: Place, aim: &Value, map: &mut Map<String, Value>) {
    let n = if place == Place::Root { 1 } else { [1, 1, 1, 1, 2, 2, 3][g.rng.below(7)] };
    for _ in 0..n {
        let field = &fields[choose_field(g, fields, aim)];
        let anchor = anchors::choose(g, place, listing(field.shape));
        let below = under(g, anchor, field.shape, &aim[field.key]);
        let key =
            if g.maybe("anchor/odd-key", 1) { anchors::odd(g, field.key) } else { anchors::key(anchor, field.key) };
        map.insert(key, below);
    }
}

fn choose_field(g: &mut Gen, fields: &[Field], aim: &Value) -> usize {
    if let Some(wanted) = fields.iter().position(|f| g.wants_shape(f.shape)) {
        return wanted;
    }
    let present: Vec<usize> = (0..fields.len()).filter(|i| aim.get(fields[*i].key).is_some()).collect();
    if !present.is_empty() && g.rng.chance(85) {
        return *g.rng.pick(&present);
    }
    // The first fields of a shape are the usual ones.
    g.rng.below(fields.len()).min(g.rng.below(fields.len()))
}

fn listing(shape: &Shape) -> bool {
    matches!(shape, Shape::List(Shape::Map(_)))
}

impl Gen {
    /// Whether the featured construct needs a field of such a shape.
    fn wants_shape(&self, shape: &Shape) -> bool {
        match shape {
            Shape::List(Shape::Map(_)) => {
                self.wants("anchor/existence")
                    || ["second-ignored", "scalar-for-maps", "empty", "map-for-list"].iter().any(|t| self.wants_list(t))
            }
            Shape::List(Shape::List(_)) => self.wants_list("of-lists"),
            Shape::List(_) => self.wants_list("maps-for-scalars"),
            Shape::Int(_) => self.wants("scalar/int-text") || self.wants("op/not-range"),
            Shape::Bool => self.wants("scalar/bool-text"),
            Shape::Duration => self.wants("op/duration"),
            Shape::Quantity => self.wants("op/quantity"),
            Shape::Float => self.wants("scalar/float"),
            _ => false,
        }
    }

    fn wants_list(&self, tag: &str) -> bool {
        self.wants(&format!("list/{tag}"))
    }
}

/// What stands under a key with an anchor.
fn under(g: &mut Gen, anchor: Anchor, shape: &Shape, aim: &Value) -> Value {
    match (anchor, shape) {
        (Anchor::Existence, Shape::List(of)) => {
            let n = if g.rng.chance(75) { 1 } else { 2 };
            Value::Array((0..n).map(|_| element(g, of, &aim[0])).collect())
        }
        (Anchor::Existence, _) => json!([{ "name": "?*" }]),
        (Anchor::Negation, _) if g.rng.chance(60) => (*g.rng.pick(&[json!(null), json!("null"), json!("*")])).clone(),
        _ => pattern(g, shape, aim),
    }
}

/// A pattern for values of a shape.
pub(crate) fn pattern(g: &mut Gen, shape: &Shape, aim: &Value) -> Value {
    match shape {
        Shape::Map(_) if g.maybe("pattern/scalar-for-map", 2) => operators::scalar(g, shape, &Value::Null),
        Shape::Map(_) if g.maybe("pattern/empty-map", 1) => json!({}),
        Shape::Map(known) if known.iter().any(|f| f.key == "labels") => labels::metadata(g, aim),
        Shape::Map(known) => {
            let mut map = Map::new();
            fields(g, known, Place::Map, aim, &mut map);
            Value::Object(map)
        }
        Shape::Labels => labels::free(g, LABEL_KEYS, false, aim),
        Shape::List(Shape::List(of)) => lists(g, of, aim),
        Shape::List(of @ Shape::Map(_)) => maps(g, of, aim),
        Shape::List(of) => scalars(g, of, aim),
        _ if g.maybe("pattern/map-for-scalar", 2) => json!({ "a": "?*" }),
        _ => operators::scalar(g, shape, aim),
    }
}

fn element(g: &mut Gen, shape: &Shape, aim: &Value) -> Value {
    match shape {
        Shape::Map(known) => {
            let mut map = Map::new();
            fields(g, known, Place::Element, aim, &mut map);
            Value::Object(map)
        }
        _ => pattern(g, shape, aim),
    }
}

/// A pattern for a list of maps.
fn maps(g: &mut Gen, of: &Shape, aim: &Value) -> Value {
    let table = [
        ("list/of-maps", 85),
        ("list/second-ignored", 7),
        ("list/scalar-for-maps", 2),
        ("list/empty", 2),
        ("list/map-for-list", 2),
    ];
    match g.choose(&table) {
        "list/of-maps" => json!([element(g, of, &aim[0])]),
        "list/second-ignored" => json!([element(g, of, &aim[0]), element(g, of, &aim[1])]),
        "list/scalar-for-maps" => json!(g.rng.pick(&["?*", "*", "!x"])),
        "list/empty" => json!([]),
        _ => element(g, of, &aim[0]),
    }
}

/// A pattern for a list of scalars.
fn scalars(g: &mut Gen, of: &Shape, aim: &Value) -> Value {
    match g.choose(&[
        ("list/of-scalars", 55),
        ("list/scalar-for-list", 37),
        ("list/second-ignored", 5),
        ("list/maps-for-scalars", 3),
    ]) {
        "list/of-scalars" => json!([operators::scalar(g, of, &aim[0])]),
        "list/scalar-for-list" => operators::scalar(g, of, &aim[0]),
        "list/second-ignored" => json!([operators::scalar(g, of, &aim[0]), operators::scalar(g, of, &aim[0])]),
        _ => json!([{ "name": operators::scalar(g, of, &aim[0]) }]),
    }
}

/// A pattern for a list of lists.
fn lists(g: &mut Gen, of: &Shape, aim: &Value) -> Value {
    g.tag("list/of-lists");
    let n = g.rng.between(1, 2);
    let rows = (0..n).map(|i| match of {
        Shape::Map(_) => maps(g, of, &aim[i]),
        _ => scalars(g, of, &aim[i]),
    });
    Value::Array(rows.collect())
}
