//! Cleanup policies: what is to go, when, and what is wrong with that.

use super::Gen;
use super::conditions;
use super::context;
use super::kinds;
use super::matching::{self, Form};
use super::vocab::NAMESPACES;
use serde_json::{Map, Value, json};

/// The constructs of cleanup policies.
pub(crate) const CONSTRUCTS: &[&str] = &[
    "cleanup/v2",
    "cleanup/v2beta1",
    "cleanup/cluster",
    "cleanup/namespaced",
    "cleanup/no-namespace",
    "cleanup/plain",
    "cleanup/conditions",
    "cleanup/context",
    "cleanup/request",
    "cleanup/images",
    "cleanup/propagation",
    "cleanup/odd-propagation",
    "cleanup/unknown-field",
    "cleanup/no-match",
    "cleanup/odd-match",
    "cleanup/odd-conditions",
    "cleanup/odd-context",
    "cleanup/no-spec",
    "schedule/cron",
    "schedule/word",
    "schedule/every",
    "schedule/malformed",
    "schedule/missing",
    "schedule/odd",
];

/// Those of them that make a policy one that is refused.
pub(crate) const REFUSED: &[&str] = &[
    "cleanup/odd-propagation",
    "cleanup/unknown-field",
    "cleanup/no-match",
    "cleanup/odd-match",
    "cleanup/odd-conditions",
    "cleanup/odd-context",
    "cleanup/no-spec",
    "schedule/missing",
    "schedule/odd",
];

/// A policy named `name`.
pub(crate) fn policy(g: &mut Gen, name: &str) -> Value {
    let version = g.choose(&[("cleanup/v2", 70), ("cleanup/v2beta1", 30)]);
    let namespaced = g.wants("cleanup/no-namespace")
        || g.choose(&[("cleanup/cluster", 70), ("cleanup/namespaced", 30)]) == "cleanup/namespaced";
    let mut metadata = json!({ "name": name });
    if namespaced && !g.maybe("cleanup/no-namespace", 8) {
        let aim = g.aim.as_ref().and_then(|a| a["metadata"]["namespace"].as_str());
        metadata["namespace"] = json!(aim.unwrap_or(*g.rng.pick_early(NAMESPACES)));
    }
    let mut out = json!({
        "apiVersion": format!("kyverno.io/{}", version.trim_start_matches("cleanup/")),
        "kind": if namespaced { "CleanupPolicy" } else { "ClusterCleanupPolicy" },
        "metadata": metadata,
    });
    if !g.maybe("cleanup/no-spec", 1) {
        out["spec"] = Value::Object(spec(g, namespaced));
    }
    out
}

fn spec(g: &mut Gen, namespaced: bool) -> Map<String, Value> {
    let target = kinds::target(g);
    let blocks = matching::blocks(g, &target, Form { namespaced, newer: true });
    let mut spec = Map::from_iter([("match".to_owned(), blocks.select)]);
    if let Some(exclude) = blocks.exclude {
        spec.insert("exclude".to_owned(), exclude);
    }
    schedule(g, &mut spec);
    // A context is loaded before there is an object.
    if g.maybe("cleanup/context", 25) {
        let entries = if g.rng.chance(60) { own_context(g) } else { context::entries(g) };
        spec.insert("context".to_owned(), entries);
    }
    if g.maybe("cleanup/conditions", 70) {
        spec.insert("conditions".to_owned(), about_target(g));
    } else {
        g.tag("cleanup/plain");
    }
    if g.maybe("cleanup/odd-propagation", 2) {
        spec.insert("deletionPropagationPolicy".to_owned(), json!(g.rng.pick(&["foreground", "", "Never"])));
    } else if g.maybe("cleanup/propagation", 20) {
        let known = ["Foreground", "Background", "Orphan"];
        spec.insert("deletionPropagationPolicy".to_owned(), json!(g.rng.pick(&known)));
    }
    faults(g, &mut spec);
    spec
}

/// Conditions, which see the object as `target`; some still look for a request.
fn about_target(g: &mut Gen) -> Value {
    let block = conditions::block(g, true);
    if g.maybe("cleanup/request", 8) {
        return block;
    }
    let mut text = block.to_string().replace("request.object", "target");
    if g.maybe("cleanup/images", 6) {
        let key = *g.rng.pick(&["images.containers.main.tag", "images.containers.*.name", "images"]);
        let more =
            json!({ "all": [{ "key": format!("{{{{ {key} }}}}"), "operator": "NotEquals", "value": "latest" }] });
        text = more.to_string();
    }
    serde_json::from_str(&text).unwrap_or(block)
}

fn own_context(g: &mut Gen) -> Value {
    let entries = [
        json!({ "name": "limit", "variable": { "value": 1 } }),
        json!({ "name": "names", "variable": { "value": ["web", "db"] } }),
        json!({ "name": "about", "variable": { "jmesPath": "target.metadata.labels.app || 'none'" } }),
        json!({ "name": "deep", "variable": { "jmesPath": "target.nope.deeper", "default": "none" } }),
        json!({ "name": "maps", "apiCall": { "urlPath": "/api/v1/configmaps", "jmesPath": "items[].metadata.name" } }),
    ];
    let n = g.rng.between(1, 2);
    let list: Vec<Value> = (0..n).map(|_| g.rng.pick(&entries).clone()).collect();
    for entry in &list {
        g.known.insert(entry["name"].as_str().unwrap_or_default().to_owned(), json!("web"));
    }
    Value::Array(list)
}

fn schedule(g: &mut Gen, spec: &mut Map<String, Value>) {
    let table = [
        ("schedule/cron", 60),
        ("schedule/word", 15),
        ("schedule/every", 12),
        ("schedule/malformed", 8),
        ("schedule/missing", 2),
        ("schedule/odd", 2),
    ];
    let text = match g.choose(&table) {
        "schedule/word" => json!(g.rng.pick(&["@daily", "@hourly", "@yearly"])),
        "schedule/every" => json!(g.rng.pick(&["@every 5m", "@every 1h30m"])),
        "schedule/malformed" => json!(g.rng.pick(&["every day", "* * *", "61 * * * *", "@often", "* * * * * *"])),
        "schedule/missing" => return,
        "schedule/odd" => g.rng.pick(&[json!(""), json!(5), json!(null), json!(["* * * * *"])]).clone(),
        _ => json!(g.rng.pick(&["*/5 * * * *", "0 0 * * *", "15 3 1-7 * mon", "0,30 9-17/2 * jan *"])),
    };
    spec.insert("schedule".to_owned(), text);
}

/// What the schema refuses.
fn faults(g: &mut Gen, spec: &mut Map<String, Value>) {
    if g.maybe("cleanup/unknown-field", 1) {
        spec.insert((*g.rng.pick(&["rules", "when", "background"])).to_owned(), json!(true));
    }
    if g.maybe("cleanup/no-match", 1) {
        spec.remove("match");
    }
    if g.maybe("cleanup/odd-match", 1) {
        let odd = [json!({}), json!({ "any": [] }), json!({ "any": {} }), json!({ "resources": { "kinds": ["Pod"] } })];
        spec.insert("match".to_owned(), g.rng.pick(&odd).clone());
    }
    if g.maybe("cleanup/odd-conditions", 1) {
        let odd = [json!([]), json!({ "any": {} }), json!({ "none": [] }), json!({ "all": [{ "key": "a" }] })];
        spec.insert("conditions".to_owned(), g.rng.pick(&odd).clone());
    }
    if g.maybe("cleanup/odd-context", 1) {
        let odd = [
            json!([{ "name": "x", "configMap": { "name": "settings", "namespace": "default" } }]),
            json!([{ "name": "x" }]),
            json!([{ "variable": { "value": 1 } }]),
            json!({}),
        ];
        spec.insert("context".to_owned(), g.rng.pick(&odd).clone());
    }
}
