//! One filter of a match or exclude block: a resource description and user info.

use super::Gen;
use super::vocab::{ANNOTATION_KEYS, LABEL_KEYS, LABEL_VALUES, NAMES, NAMESPACES, wildcard_of};
use serde_json::{Map, Value, json};

/// Whether a filter selects (few attributes, wide) or excludes (anything goes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Of a match block.
    Match,
    /// Of an exclude block.
    Exclude,
}

const ATTRIBUTES: &[(&str, u32)] = &[
    ("filter/name", 8),
    ("filter/names", 12),
    ("filter/namespaces", 20),
    ("filter/annotations", 12),
    ("filter/selector", 18),
    ("filter/selector-expressions", 12),
    ("filter/selector-wildcard", 8),
    ("filter/namespace-selector", 10),
    ("filter/operations", 10),
];

const USERS: &[(&str, u32)] = &[("filter/subjects", 5), ("filter/roles", 4), ("filter/cluster-roles", 4)];

/// The attributes beside `kinds`, put into `description`.
pub(crate) fn attributes(g: &mut Gen, role: Role, namespaced_policy: bool, description: &mut Map<String, Value>) {
    let n = if role == Role::Match { [0, 0, 0, 0, 1, 1][g.rng.below(6)] } else { g.rng.between(1, 2) };
    let n = if n == 0 && g.wants_family("filter/") { 1 } else { n };
    for _ in 0..n {
        attribute(g, role, namespaced_policy, description);
    }
}

fn attribute(g: &mut Gen, role: Role, namespaced_policy: bool, to: &mut Map<String, Value>) {
    match g.choose(ATTRIBUTES) {
        "filter/name" if !to.contains_key("names") => put(to, "name", json!(name(g, role))),
        "filter/names" if !to.contains_key("name") => {
            let names: Vec<_> = (0..g.rng.between(1, 3)).map(|_| name(g, role)).collect();
            put(to, "names", json!(names));
        }
        "filter/namespaces" if !namespaced_policy => {
            let namespaces: Vec<_> = (0..g.rng.between(1, 3)).map(|_| namespace(g)).collect();
            put(to, "namespaces", json!(namespaces));
        }
        "filter/annotations" => put(to, "annotations", pairs(g, ANNOTATION_KEYS, true)),
        "filter/selector" => put(to, "selector", json!({ "matchLabels": pairs(g, LABEL_KEYS, false) })),
        "filter/selector-expressions" => put(to, "selector", expressions(g)),
        "filter/selector-wildcard" => put(to, "selector", json!({ "matchLabels": pairs(g, LABEL_KEYS, true) })),
        "filter/namespace-selector" => put(to, "namespaceSelector", namespace_selector(g)),
        "filter/operations" => put(to, "operations", operations(g)),
        _ => {}
    }
}

fn put(to: &mut Map<String, Value>, key: &str, value: Value) {
    to.insert(key.to_owned(), value);
}

fn name(g: &mut Gen, role: Role) -> String {
    let stem = *g.rng.pick_early(NAMES);
    match (role, g.rng.below(6)) {
        (Role::Match, 0..=2) => "?*-?*".to_owned(),
        (_, 0) => stem.to_owned(),
        (_, 1) => format!("{stem}-?"),
        (_, 2) => format!("*{}*", &stem[..1]),
        _ => format!("{stem}-*"),
    }
}

fn namespace(g: &mut Gen) -> String {
    let text = *g.rng.pick_early(NAMESPACES);
    if g.rng.chance(15) {
        "*".to_owned()
    } else if g.rng.chance(40) {
        wildcard_of(g, text)
    } else {
        text.to_owned()
    }
}

fn pairs(g: &mut Gen, keys: &[&str], wildcards: bool) -> Value {
    let mut map = Map::new();
    for _ in 0..[1, 1, 2][g.rng.below(3)] {
        let (mut key, mut value) = ((*g.rng.pick_early(keys)).to_owned(), (*g.rng.pick_early(LABEL_VALUES)).to_owned());
        if wildcards && g.rng.chance(60) {
            key = wildcard_of(g, &key);
        }
        if wildcards && g.rng.chance(70) {
            value = if g.rng.chance(50) { "*".to_owned() } else { wildcard_of(g, &value) };
        }
        map.insert(key, json!(value));
    }
    Value::Object(map)
}

fn expressions(g: &mut Gen) -> Value {
    let one = |g: &mut Gen| {
        let key = *g.rng.pick_early(LABEL_KEYS);
        let op = *g.rng.pick(&["In", "NotIn", "Exists", "DoesNotExist"]);
        if op.ends_with("In") {
            let values: Vec<_> = (0..g.rng.between(1, 3)).map(|_| *g.rng.pick_early(LABEL_VALUES)).collect();
            json!({ "key": key, "operator": op, "values": values })
        } else {
            json!({ "key": key, "operator": op })
        }
    };
    let list: Vec<_> = (0..g.rng.between(1, 2)).map(|_| one(g)).collect();
    if g.rng.chance(20) {
        json!({ "matchExpressions": list, "matchLabels": pairs(g, LABEL_KEYS, false) })
    } else {
        json!({ "matchExpressions": list })
    }
}

fn namespace_selector(g: &mut Gen) -> Value {
    match g.rng.below(5) {
        0 => json!({ "matchLabels": { "env": *g.rng.pick(&["prod", "dev"]) } }),
        1 => json!({ "matchLabels": { "e*": *g.rng.pick(&["p*", "?*"]) } }),
        2 => json!({ "matchExpressions": [{ "key": "env", "operator": "NotIn", "values": ["dev"] }] }),
        3 => json!({ "matchExpressions": [{ "key": "env", "operator": *g.rng.pick(&["Exists", "DoesNotExist"]) }] }),
        _ => json!({ "matchLabels": { "kubernetes.io/metadata.name": *g.rng.pick_early(NAMESPACES) } }),
    }
}

fn operations(g: &mut Gen) -> Value {
    (*g.rng.pick(&[
        json!(["CREATE"]),
        json!(["CREATE", "UPDATE"]),
        json!(["UPDATE"]),
        json!(["DELETE"]),
        json!(["CONNECT", "DELETE"]),
    ]))
    .clone()
}

/// User info, put beside the description; `spec.background` must be false with it.
pub(crate) fn user_info(g: &mut Gen, filter: &mut Map<String, Value>) -> bool {
    if !USERS.iter().any(|(t, _)| g.wants(t)) && !g.rng.chance(2) {
        return false;
    }
    match g.choose(USERS) {
        "filter/subjects" => {
            let subjects: Vec<_> = (0..g.rng.between(1, 2)).map(|_| subject(g)).collect();
            filter.insert("subjects".to_owned(), json!(subjects));
        }
        "filter/roles" => {
            filter.insert("roles".to_owned(), json!([*g.rng.pick(&["dev:editor", "prod:*", "dev:viewer"])]));
        }
        _ => {
            filter.insert("clusterRoles".to_owned(), json!([*g.rng.pick(&["admin", "edit", "cluster-*"])]));
        }
    }
    true
}

fn subject(g: &mut Gen) -> Value {
    (*g.rng.pick(&[
        json!({ "kind": "User", "name": "alice" }),
        json!({ "kind": "User", "name": "al*" }),
        json!({ "kind": "Group", "name": "system:*" }),
        json!({ "kind": "Group", "name": "devs" }),
        json!({ "kind": "ServiceAccount", "name": "builder", "namespace": "dev" }),
        json!({ "kind": "ServiceAccount", "name": "*", "namespace": "pro?" }),
    ]))
    .clone()
}
