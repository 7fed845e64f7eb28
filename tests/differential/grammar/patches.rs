//! `mutate` rules: overlays that are merged, and what else changes an object.
//!
//! An overlay follows the shape of a kind, as patterns do; `aim` is the part of the manifest at its place, null where there
//! is none. Below an anchor that asks for something there is a pattern.

use super::Gen;
use super::kinds::Target;
use super::loops;
use super::operations;
use super::pattern;
use super::shape::{self, Field, Shape};
use super::targets;
use super::vocab::{ANNOTATION_KEYS, LABEL_KEYS, LABEL_VALUES};
use serde_json::{Map, Value, json};

/// The constructs of rules that change objects.
pub(crate) const CONSTRUCTS: &[&str] = &[
    "mutate/merge",
    "mutate/operations",
    "mutate/foreach",
    "mutate/targets",
    "patch/plain",
    "patch/condition",
    "patch/add",
    "patch/global",
    "patch/negation",
    "patch/existence",
    "patch/equality",
    "patch/condition-on-map",
    "patch/delete",
    "patch/directive",
    "patch/odd-directive",
    "patch/list-directive",
    "patch/same",
    "patch/retyped",
    "patch/variable",
    "patch/unresolved",
    "patch/scalar-for-map",
    "patch/finalizers",
    "patch/owners",
    "patch/namespace",
    "element/by-name",
    "element/condition",
    "element/add",
    "element/bare",
    "element/directive",
    "element/odd",
    "elements/several",
    "elements/of-scalars",
    "elements/map-for-list",
    "operation/add",
    "operation/replace",
    "operation/remove",
    "operation/move",
    "operation/copy",
    "operation/test",
    "operation/odd",
    "pointer/known",
    "pointer/missing",
    "pointer/end",
    "pointer/negative",
    "pointer/beyond",
    "pointer/escaped",
    "pointer/deep",
    "pointer/odd",
    "operations/json",
    "operations/yaml",
    "operations/several",
    "operations/variable",
    "loop/merge",
    "loop/operations",
    "loop/ascending",
    "loop/descending",
    "loop/nested",
    "loop/preconditions",
    "loop/context",
    "loop/several",
    "loop/odd-list",
    "loop/missing-list",
    "target/named",
    "target/wildcard",
    "target/variable",
    "target/selector",
    "target/preconditions",
    "target/context",
    "target/several",
    "target/operations",
    "target/foreach",
];

/// The `mutate` block of a rule.
pub(crate) fn mutation(g: &mut Gen, target: &Target) -> Value {
    let wanted = |g: &Gen, families: &[&str]| if families.iter().any(|f| g.wants_family(f)) { 500 } else { 0 };
    let table = [
        ("mutate/merge", 46 + wanted(g, &["patch/", "element/", "elements/"])),
        ("mutate/operations", 28 + wanted(g, &["operation/", "operations/", "pointer/"])),
        ("mutate/foreach", 18 + wanted(g, &["loop/"])),
        ("mutate/targets", 8 + wanted(g, &["target/"])),
    ];
    let aim = g.aim.clone().filter(|a| a["kind"] == target.shape.kind && g.rng.chance(85)).unwrap_or(Value::Null);
    match g.choose(&table) {
        "mutate/merge" => json!({ "patchStrategicMerge": document(g, target.shape.body, target.any_kind, &aim) }),
        "mutate/operations" => {
            json!({ "patchesJson6902": operations::text(g, target.shape.body, target.any_kind, &aim, false) })
        }
        "mutate/foreach" => json!({ "foreach": loops::blocks(g, target, &aim) }),
        _ => targets::mutation(g),
    }
}

/// An overlay for objects with some fields; only about their metadata where `metadata_only`.
pub(crate) fn document(g: &mut Gen, body: &'static [Field], metadata_only: bool, aim: &Value) -> Value {
    let mut map = Map::new();
    if metadata_only || g.rng.chance(40) {
        let key = if metadata_only { "metadata".to_owned() } else { anchored(g, "metadata", 88).0 };
        let below = metadata(g, &aim["metadata"]);
        map.insert(key, below);
    }
    if !metadata_only && (map.is_empty() || g.rng.chance(75)) {
        let n = if g.rng.chance(80) { 1 } else { 2 };
        fields(g, body, aim, &mut map, n);
    }
    Value::Object(map)
}

/// An overlay for `metadata`.
fn metadata(g: &mut Gen, aim: &Value) -> Value {
    let mut map = Map::new();
    if g.maybe("patch/finalizers", 6) {
        map.insert("finalizers".to_owned(), json!([g.rng.pick(&["a.io/x", "b.io/y"])]));
    }
    if g.maybe("patch/owners", 3) {
        let owner = json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": g.rng.pick(&["1", "2"]) });
        map.insert("ownerReferences".to_owned(), json!([owner]));
    }
    if g.maybe("patch/namespace", 2) {
        map.insert(anchored(g, "namespace", 30).0, json!(g.rng.pick(&["prod", "dev", "pro*"])));
    }
    for (field, keys) in [("labels", LABEL_KEYS), ("annotations", ANNOTATION_KEYS)] {
        if map.is_empty() || g.rng.chance(35) {
            let (key, asks) = anchored(g, field, 85);
            let below = free(g, keys, &aim[field], asks);
            map.insert(key, below);
        }
    }
    Value::Object(map)
}

/// An overlay for a free map of texts.
fn free(g: &mut Gen, keys: &[&str], aim: &Value, asks: bool) -> Value {
    let present: Vec<String> = aim.as_object().into_iter().flatten().map(|(k, _)| k.clone()).collect();
    let mut map = Map::new();
    for _ in 0..g.rng.between(1, 3) {
        let aimed = !present.is_empty() && g.rng.chance(60);
        let name = if aimed { g.rng.pick(&present).clone() } else { (*g.rng.pick_early(keys)).to_owned() };
        let (key, pattern) = anchored(g, &name, 66);
        let value = if pattern || asks {
            pattern::pattern(g, &Shape::Text(LABEL_VALUES), &aim[name.as_str()])
        } else {
            scalar(g, &Shape::Text(LABEL_VALUES), &aim[name.as_str()])
        };
        map.insert(key, value);
    }
    Value::Object(map)
}

/// A key with an anchor or, in `plain` of a hundred, without; and whether a pattern stands below it.
fn anchored(g: &mut Gen, key: &str, plain: u32) -> (String, bool) {
    let rest = 100_u32.saturating_sub(plain);
    let table = [
        ("patch/plain", plain * 10),
        ("patch/condition", rest * 4),
        ("patch/add", rest * 4),
        ("patch/global", rest * 15 / 10),
        ("patch/negation", rest / 5),
        ("patch/existence", rest / 5),
        ("patch/equality", rest / 5),
    ];
    match g.choose(&table) {
        "patch/condition" => (format!("({key})"), true),
        "patch/add" => (format!("+({key})"), false),
        "patch/global" => (format!("<({key})"), true),
        "patch/negation" => (format!("X({key})"), true),
        "patch/existence" => (format!("^({key})"), true),
        "patch/equality" => (format!("=({key})"), true),
        _ => (key.to_owned(), false),
    }
}

fn fields(g: &mut Gen, fields: &'static [Field], aim: &Value, map: &mut Map<String, Value>, n: usize) {
    for _ in 0..n {
        let field = choose_field(g, fields, aim);
        let plain = if matches!(field.shape, Shape::Map(_) | Shape::List(_)) { 86 } else { 64 };
        let (key, asks) = anchored(g, field.key, plain);
        let below = if asks {
            if matches!(field.shape, Shape::Map(_)) {
                g.tag("patch/condition-on-map");
            }
            pattern::pattern(g, field.shape, &aim[field.key])
        } else {
            overlay(g, field.shape, &aim[field.key])
        };
        map.insert(key, below);
    }
}

fn choose_field(g: &mut Gen, fields: &'static [Field], aim: &Value) -> &'static Field {
    let listed = g.wants_family("element");
    if let Some(field) = fields.iter().find(|f| listed && matches!(f.shape, Shape::List(Shape::Map(_)))) {
        return field;
    }
    let present: Vec<&'static Field> = fields.iter().filter(|f| aim.get(f.key).is_some()).collect();
    if !present.is_empty() && g.rng.chance(75) {
        return present[g.rng.below(present.len())];
    }
    // The first fields of a shape are the usual ones.
    &fields[g.rng.below(fields.len()).min(g.rng.below(fields.len()))]
}

/// An overlay for values of a shape.
pub(crate) fn overlay(g: &mut Gen, shape: &'static Shape, aim: &Value) -> Value {
    match shape {
        Shape::Map(_) | Shape::List(_) if g.maybe("patch/delete", 3) => Value::Null,
        Shape::Map(_) if g.maybe("patch/scalar-for-map", 1) => json!("x"),
        Shape::Map(known) if known.iter().any(|f| f.key == "labels") => metadata(g, aim),
        Shape::Map(known) => {
            let mut map = Map::new();
            directives(g, &mut map, known);
            let n = [1, 1, 1, 2, 2, 3][g.rng.below(6)];
            fields(g, known, aim, &mut map, n);
            Value::Object(map)
        }
        Shape::Labels => free(g, LABEL_KEYS, aim, false),
        Shape::List(of @ Shape::Map(_)) => elements(g, of, aim),
        Shape::List(_) => {
            g.tag("elements/of-scalars");
            shape::value(g, shape)
        }
        _ => scalar(g, shape, aim),
    }
}

/// What the merge is told of a map.
fn directives(g: &mut Gen, map: &mut Map<String, Value>, known: &[Field]) {
    if g.maybe("patch/directive", 3) {
        map.insert("$patch".to_owned(), json!(g.rng.pick(&["replace", "delete", "merge"])));
    }
    if g.maybe("patch/odd-directive", 1) {
        let all = [
            ("$patch", json!("other")),
            ("$patch", json!(null)),
            ("$retainKeys", json!(["name", "emptyDir"])),
            ("$patch", json!(["delete"])),
        ];
        let (key, value) = g.rng.pick(&all);
        map.insert((*key).to_owned(), value.clone());
    }
    if g.maybe("patch/list-directive", 1) {
        let field = g.rng.pick(known);
        let (key, value) = match g.rng.below(3) {
            0 => (format!("$setElementOrder/{}", field.key), json!([{ "name": "web" }, { "name": "main" }])),
            1 => (format!("$deleteFromPrimitiveList/{}", field.key), json!(["serve", "red"])),
            _ => (format!("$setElementOrder/{}", field.key), json!(["a"])),
        };
        map.insert(key, value);
    }
}

/// An overlay for a list of maps.
fn elements(g: &mut Gen, of: &'static Shape, aim: &Value) -> Value {
    let n = if g.maybe("elements/several", 25) { g.rng.between(2, 3) } else { 1 };
    if g.maybe("elements/map-for-list", 1) {
        return element(g, of, &aim[0]);
    }
    Value::Array((0..n).map(|i| element(g, of, &aim[i])).collect())
}

fn element(g: &mut Gen, of: &'static Shape, aim: &Value) -> Value {
    let Shape::Map(known) = of else { return scalar(g, of, aim) };
    let mut map = Map::new();
    let name = known.iter().find(|f| f.key == "name").unwrap_or(&known[0]);
    let table = [
        ("element/by-name", 34),
        ("element/condition", 36),
        ("element/add", 5),
        ("element/bare", 12),
        ("element/directive", 5),
        ("element/odd", 2),
    ];
    let own = |g: &mut Gen| match &aim[name.key] {
        Value::Null => shape::value(g, name.shape),
        known if g.rng.chance(80) => known.clone(),
        _ => shape::value(g, name.shape),
    };
    match g.choose(&table) {
        "element/by-name" => {
            map.insert(name.key.to_owned(), own(g));
        }
        "element/condition" => {
            let field = if g.rng.chance(60) { name } else { choose_field(g, known, aim) };
            let sign = *g.rng.pick_early(&["", "", "", "<"]);
            let below = if g.rng.chance(40) { json!("*") } else { pattern::pattern(g, field.shape, &aim[field.key]) };
            map.insert(format!("{sign}({})", field.key), below);
            if field.key != name.key && g.rng.chance(25) {
                map.insert(name.key.to_owned(), own(g));
            }
        }
        "element/add" => {
            let field = choose_field(g, known, aim);
            map.insert(name.key.to_owned(), own(g));
            let below = overlay(g, field.shape, &aim[field.key]);
            map.insert(format!("+({})", field.key), below);
        }
        "element/directive" => {
            map.insert("$patch".to_owned(), json!(g.rng.pick(&["delete", "replace", "merge"])));
            if g.rng.chance(70) {
                map.insert(name.key.to_owned(), own(g));
            }
        }
        "element/odd" => return g.rng.pick(&[json!("x"), json!(null), json!({}), json!([]), json!(1)]).clone(),
        _ => {}
    }
    let n = g.rng.between(1, 2);
    fields(g, known, aim, &mut map, n);
    Value::Object(map)
}

/// A scalar that is merged.
pub(crate) fn scalar(g: &mut Gen, shape: &Shape, aim: &Value) -> Value {
    let table = [
        ("patch/plain", 66),
        ("patch/delete", 6),
        ("patch/same", 8),
        ("patch/retyped", 7),
        ("patch/variable", 9),
        ("patch/unresolved", 2),
    ];
    match g.choose(&table) {
        "patch/delete" => Value::Null,
        "patch/same" if !aim.is_null() => aim.clone(),
        "patch/retyped" => g
            .rng
            .pick(&[
                json!("true"),
                json!("1"),
                json!(1.5),
                json!(1.0),
                json!({}),
                json!([]),
                json!({ "a": 1 }),
                json!(""),
                json!("*"),
                json!("?*"),
                json!(1e21),
            ])
            .clone(),
        "patch/variable" => json!(variable(g)),
        "patch/unresolved" => json!("{{ request.object.nope.deeper }}"),
        _ => shape::value(g, shape),
    }
}

/// A text with a variable that resolves on a plain object.
pub(crate) fn variable(g: &mut Gen) -> &'static str {
    let texts = [
        "{{ request.object.metadata.name }}",
        "{{request.operation}}",
        "x-{{ request.object.metadata.labels.app || 'web' }}",
        "{{ request.object.metadata.labels || `{}` }}",
        "{{ request.object.metadata.namespace || 'default' }}",
        "{{ length(request.object.metadata.annotations || `{}`) }}",
        "{{ request.object.spec.replicas || `1` }}",
        "{{ request.object.kind }}/{{ request.object.apiVersion }}",
    ];
    texts[g.rng.below(texts.len())]
}
