//! `generate` rules: objects that are made of data or of others, one or in loops.

use super::Gen;
use super::kinds::Target;
use super::patches;
use super::shape::{self, Shape};
use super::shapes::{KINDS, Kind, any_kind};
use super::vocab::{LABEL_KEYS, LABEL_VALUES, NAMESPACES};
use serde_json::{Map, Value, json};

/// The constructs of rules that make objects.
pub(crate) const CONSTRUCTS: &[&str] = &[
    "generate/data",
    "generate/clone",
    "generate/clone-list",
    "generate/foreach",
    "generate/nothing",
    "generate/synchronize",
    "generate/other-fields",
    "generate/same-as-trigger",
    "generate/cluster-wide",
    "generate/unresolved",
    "data/labels",
    "data/variables",
    "data/empty",
    "data/odd",
    "data/null",
    "data/anchors",
    "clone/trigger",
    "clone/elsewhere",
    "clone-list/selector",
    "loop/of-labels",
    "loop/of-containers",
    "loop/of-texts",
    "loop/clones",
    "loop/odd",
    "loop/when",
    "loop/context-entry",
];

/// The `generate` block of a rule.
pub(crate) fn generation(g: &mut Gen, target: &Target) -> Value {
    let mut made = Map::new();
    let loops = if g.wants_family("loop/") { 500 } else { 22 };
    let data = if g.wants_family("data/") { 500 } else { 40 };
    let clones = if g.wants_family("clone/") { 500 } else { 20 };
    let lists = if g.wants_family("clone-list/") { 500 } else { 12 };
    let table = [
        ("generate/data", data),
        ("generate/clone", clones),
        ("generate/clone-list", lists),
        ("generate/foreach", loops),
        ("generate/nothing", 4),
    ];
    match g.choose(&table) {
        "generate/foreach" => {
            let n = if g.rng.chance(15) { 2 } else { 1 };
            let blocks: Vec<Value> = (0..n).map(|_| block(g, target)).collect();
            made.insert("foreach".to_owned(), Value::Array(blocks));
        }
        form => pattern(g, target, form, false, &mut made),
    }
    if g.maybe("generate/synchronize", 45) {
        made.insert("synchronize".to_owned(), json!(g.rng.chance(80)));
    }
    if g.maybe("generate/other-fields", 12) {
        made.insert("orphanDownstreamOnPolicyDelete".to_owned(), json!(g.rng.chance(50)));
        made.insert("generateExisting".to_owned(), json!(g.rng.chance(50)));
    }
    Value::Object(made)
}

/// What is made, and of what.
fn pattern(g: &mut Gen, target: &Target, form: &str, looped: bool, made: &mut Map<String, Value>) {
    let kind = if form == "generate/clone" && g.rng.chance(75) || g.maybe("generate/same-as-trigger", 8) {
        target.shape
    } else if g.maybe("generate/cluster-wide", 3) {
        &KINDS[12]
    } else {
        any_kind(g)
    };
    let namespace = (*g.rng.pick_early(&[
        "{{ request.object.metadata.namespace || 'default' }}",
        "prod",
        "{{ request.object.metadata.name }}",
        "dev",
        "",
    ]))
    .to_owned();
    if form == "generate/clone-list" {
        made.insert("namespace".to_owned(), json!(namespace));
        let kinds: Vec<String> =
            (0..g.rng.between(1, 2)).map(|_| format!("{}/{}", target.shape.api_version(), target.shape.kind)).collect();
        let from = *g.rng.pick(&["default", "prod", "{{ request.object.metadata.namespace || 'default' }}"]);
        let mut list = json!({ "namespace": from, "kinds": kinds });
        if g.maybe("clone-list/selector", 40) {
            // An empty selector crashes the reference.
            list["selector"] = g
                .rng
                .pick(&[
                    json!({ "matchLabels": { "app": "web" } }),
                    json!({ "matchExpressions": [{ "key": "app", "operator": "Exists" }] }),
                ])
                .clone();
        }
        made.insert("cloneList".to_owned(), list);
        return;
    }
    let name = match g.rng.below(6) {
        _ if looped => "made-{{ elementIndex }}".to_owned(),
        0 => "{{ request.object.metadata.name }}".to_owned(),
        1 => "{{ request.object.metadata.name }}-made".to_owned(),
        2 => "made-{{ request.object.metadata.labels.app || 'x' }}".to_owned(),
        _ => (*g.rng.pick(&["made", "defaults", "copy"])).to_owned(),
    };
    let name = if g.maybe("generate/unresolved", 4) { "{{ request.object.nope.deeper }}".to_owned() } else { name };
    made.insert("apiVersion".to_owned(), json!(kind.api_version()));
    made.insert("kind".to_owned(), json!(kind.kind));
    made.insert("name".to_owned(), json!(name));
    if kind.namespaced || g.rng.chance(50) {
        made.insert("namespace".to_owned(), json!(namespace));
    }
    match form {
        "generate/data" => {
            made.insert("data".to_owned(), data(g, kind));
        }
        "generate/clone" => {
            let (from, name) = match g.choose(&[("clone/trigger", 70), ("clone/elsewhere", 30)]) {
                "clone/trigger" => {
                    ("{{ request.object.metadata.namespace || 'default' }}", "{{ request.object.metadata.name }}")
                }
                _ => (*g.rng.pick(NAMESPACES), *g.rng.pick(&["source", "{{ request.object.metadata.name }}"])),
            };
            made.insert("clone".to_owned(), json!({ "namespace": from, "name": name }));
        }
        _ => {}
    }
}

fn data(g: &mut Gen, kind: &Kind) -> Value {
    if g.maybe("data/empty", 4) {
        return json!({});
    }
    if g.maybe("data/null", 1) {
        return Value::Null;
    }
    if g.maybe("data/odd", 2) {
        return g.rng.pick(&[json!("x"), json!([]), json!(1), json!({ "kind": "Other", "apiVersion": "v9" })]).clone();
    }
    let mut value = shape::value(g, &Shape::Map(kind.body));
    if g.maybe("data/labels", 45) {
        let mut metadata = json!({ "labels": shape::labels(g, LABEL_KEYS) });
        if g.rng.chance(25) {
            metadata["name"] = json!("other");
            metadata["namespace"] = json!("elsewhere");
        }
        if g.rng.chance(15) {
            metadata["labels"]["generate.kyverno.io/policy-name"] = json!("mine");
        }
        value["metadata"] = metadata;
    }
    if g.maybe("data/variables", 45) {
        value["metadata"]["annotations"]["of"] = json!(patches::variable(g));
        value["spec"]["given"] = json!(patches::variable(g));
    }
    if g.maybe("data/anchors", 1) {
        value["+(spec)"] = json!({ "(a)": g.rng.pick(LABEL_VALUES) });
    }
    value
}

fn block(g: &mut Gen, target: &Target) -> Value {
    let table = [
        ("loop/of-labels", 25),
        ("loop/of-containers", 25),
        ("loop/of-texts", 20),
        ("loop/clones", 12),
        ("loop/odd", 8),
    ];
    let form = g.choose(&table);
    let list = match form {
        "loop/of-labels" => "keys(request.object.metadata.labels || `{}`)",
        "loop/of-containers" => "request.object.spec.containers || `[]`",
        "loop/of-texts" => "request.object.metadata.name | split(@, '-')",
        "loop/odd" => g.rng.pick(&["request.object.nope", "request.object.metadata.name", "`[null, 1]`"]),
        _ => "`[\"a\", \"b\"]`",
    };
    let mut block = Map::from_iter([("list".to_owned(), json!(list))]);
    if g.maybe("loop/context-entry", 15) {
        let value = *g.rng.pick(&["{{ element }}", "{{ elementIndex }}", "{{ request.object.metadata.name }}"]);
        block.insert("context".to_owned(), json!([{ "name": "at", "variable": { "value": value } }]));
    }
    if g.maybe("loop/when", 25) {
        let operator = *g.rng.pick(&["Equals", "NotEquals", "AnyIn"]);
        let value = *g.rng.pick(&["app", "web", "a", "*"]);
        block.insert(
            "preconditions".to_owned(),
            json!({ "all": [{ "key": "{{ element }}", "operator": operator, "value": value }] }),
        );
    }
    let what = if form == "loop/clones" { "generate/clone" } else { "generate/data" };
    pattern(g, target, what, true, &mut block);
    if what == "generate/data" && g.rng.chance(60) {
        let at = *g.rng.pick(&["{{ element }}", "{{ elementIndex }}", "{{ element.name }}", "{{ at || 'x' }}"]);
        if let Some(data) = block.get_mut("data").filter(|d| d.is_object()) {
            data["at"] = json!(at);
        }
    }
    Value::Object(block)
}
