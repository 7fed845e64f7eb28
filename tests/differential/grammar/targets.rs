//! `mutate.targets`: rules that change other objects than the one they are about.

use super::Gen;
use super::operations;
use super::patches;
use super::shapes::{Kind, any_kind};
use super::vocab::{LABEL_VALUES, NAMES, NAMESPACES};
use serde_json::{Map, Value, json};

/// The `mutate` block of such a rule.
pub(crate) fn mutation(g: &mut Gen) -> Value {
    let n = if g.maybe("target/several", 20) { 2 } else { 1 };
    let kinds: Vec<&'static Kind> = (0..n).map(|_| any_kind(g)).collect();
    let targets: Vec<Value> = kinds.iter().map(|kind| target(g, kind)).collect();
    let mut mutate = Map::from_iter([("targets".to_owned(), Value::Array(targets))]);
    let body = kinds[0].body;
    if g.maybe("target/operations", 25) {
        let text = operations::text(g, body, n > 1, &Value::Null, false);
        mutate.insert("patchesJson6902".to_owned(), json!(text));
    } else if g.maybe("target/foreach", 10) {
        let list = *g.rng.pick(&["target.spec.containers", "request.object.spec.containers || `[]`", "`[1, 2]`"]);
        let overlay = json!({ "metadata": { "annotations": { "n-{{ elementIndex }}": "{{ element }}" } } });
        mutate.insert("foreach".to_owned(), json!([{ "list": list, "patchStrategicMerge": overlay }]));
    } else {
        let metadata_only = n > 1 || g.rng.chance(40);
        let mut overlay = patches::document(g, body, metadata_only, &Value::Null);
        if let Some(map) = overlay.as_object_mut().filter(|m| !m.contains_key("metadata"))
            && g.rng.chance(60)
        {
            map.insert("metadata".to_owned(), json!({ "annotations": { "of": about(g) } }));
        }
        mutate.insert("patchStrategicMerge".to_owned(), overlay);
    }
    Value::Object(mutate)
}

fn about(g: &mut Gen) -> &'static str {
    let texts = [
        "{{ target.metadata.name }}",
        "{{ request.object.metadata.name }}",
        "{{ target.kind }}-{{ request.object.kind }}",
        "{{ target.metadata.labels.app || 'none' }}",
        "{{ target.nope }}",
        "{{ seen || 'unseen' }}",
    ];
    texts[g.rng.below(texts.len())]
}

fn target(g: &mut Gen, kind: &Kind) -> Value {
    let mut target =
        Map::from_iter([("apiVersion".to_owned(), json!(kind.api_version())), ("kind".to_owned(), json!(kind.kind))]);
    if g.maybe("target/selector", 20) {
        let selector = match g.rng.below(3) {
            0 => json!({ "matchLabels": { "app": g.rng.pick_early(LABEL_VALUES) } }),
            1 => json!({ "matchExpressions": [{ "key": "app", "operator": "Exists" }] }),
            _ => json!({ "matchLabels": { "app": "{{ request.object.metadata.labels.app || 'web' }}" } }),
        };
        target.insert("selector".to_owned(), selector);
    } else {
        let name = match g.choose(&[("target/named", 25), ("target/wildcard", 50), ("target/variable", 15)]) {
            "target/named" => format!("{}-{}", g.rng.pick_early(NAMES), g.rng.below(14)),
            "target/wildcard" => format!("{}*", g.rng.pick(&["", "", "web-", "?", "db"])),
            _ => (*g.rng.pick(&[
                "{{ request.object.metadata.name }}",
                "{{ request.object.metadata.labels.app || 'web' }}-*",
                "{{ request.object.nope }}",
            ]))
            .to_owned(),
        };
        target.insert("name".to_owned(), json!(name));
    }
    if kind.namespaced && g.rng.chance(75) {
        let namespace = match g.rng.below(4) {
            0 => "{{ request.namespace || 'default' }}".to_owned(),
            1 => "*".to_owned(),
            2 => "pro*".to_owned(),
            _ => (*g.rng.pick_early(NAMESPACES)).to_owned(),
        };
        target.insert("namespace".to_owned(), json!(namespace));
    }
    if g.maybe("target/context", 12) {
        let value = *g.rng.pick(&["{{ target.metadata.name }}", "{{ request.object.metadata.name }}"]);
        target.insert("context".to_owned(), json!([{ "name": "seen", "variable": { "value": value } }]));
    }
    if g.maybe("target/preconditions", 25) {
        let key = *g.rng.pick(&[
            "{{ target.metadata.labels.app || '' }}",
            "{{ target.metadata.name }}",
            "{{ request.object.metadata.name }}",
            "{{ target.nope }}",
        ]);
        let operator = *g.rng.pick(&["Equals", "NotEquals", "AnyIn"]);
        let value = *g.rng.pick(&["web", "*", "web-*", "{{ request.object.metadata.name }}"]);
        let condition = json!({ "key": key, "operator": operator, "value": value });
        target.insert("preconditions".to_owned(), json!({ (*g.rng.pick(&["all", "any"])): [condition] }));
    }
    Value::Object(target)
}
