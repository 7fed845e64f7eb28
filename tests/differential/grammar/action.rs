//! Failure actions in the old and the new place, overrides, `applyRules`, scoring.

use super::Gen;
use super::vocab::NAMESPACES;
use serde_json::{Map, Value, json};

/// Puts failure actions into a rule's `validate`.
pub(crate) fn of_rule(g: &mut Gen, validate: &mut Map<String, Value>) {
    if g.maybe("action/rule", 35) {
        validate.insert("failureAction".to_owned(), json!(g.rng.pick(&["Enforce", "Audit"])));
        if g.maybe("action/rule-overrides", 12) {
            validate.insert("failureActionOverrides".to_owned(), overrides(g));
        }
    }
}

/// Puts failure actions and the like into a policy's `spec`.
pub(crate) fn of_policy(g: &mut Gen, namespaced: bool, spec: &mut Map<String, Value>) {
    if g.maybe("action/policy", 35) {
        let action = g.choose(&[("action/upper-case", 50), ("action/lower-case", 50)]);
        let names = if action == "action/upper-case" { ["Enforce", "Audit"] } else { ["enforce", "audit"] };
        spec.insert("validationFailureAction".to_owned(), json!(g.rng.pick(&names)));
    }
    if !namespaced && g.maybe("action/policy-overrides", 6) {
        spec.insert("validationFailureActionOverrides".to_owned(), overrides(g));
    }
    if g.maybe("policy/apply-one", 12) {
        spec.insert("applyRules".to_owned(), json!("One"));
    } else if g.rng.chance(10) {
        spec.insert("applyRules".to_owned(), json!("All"));
    }
    if g.maybe("policy/other-fields", 8) {
        spec.insert("failurePolicy".to_owned(), json!(g.rng.pick(&["Fail", "Ignore"])));
        spec.insert("emitWarning".to_owned(), json!(g.rng.chance(50)));
        spec.insert("admission".to_owned(), json!(true));
    }
}

fn overrides(g: &mut Gen) -> Value {
    let namespace = *g.rng.pick_early(NAMESPACES);
    let action = *g.rng.pick(&["Enforce", "Audit", "enforce", "audit"]);
    let mut one = Map::from_iter([("action".to_owned(), json!(action))]);
    if g.rng.chance(75) {
        one.insert("namespaces".to_owned(), json!([namespace]));
    } else {
        one.insert("namespaceSelector".to_owned(), json!({ "matchLabels": { "env": "prod" } }));
        one.insert("namespaces".to_owned(), json!(["pro*"]));
    }
    Value::Array(vec![Value::Object(one)])
}

/// Puts annotations that change the report into a policy's metadata.
pub(crate) fn annotations(g: &mut Gen, annotations: &mut Map<String, Value>) {
    if g.maybe("policy/scored-false", 8) {
        annotations.insert("policies.kyverno.io/scored".to_owned(), json!("false"));
    } else if g.maybe("policy/scored-other", 4) {
        annotations.insert("policies.kyverno.io/scored".to_owned(), json!(g.rng.pick(&["true", "False", ""])));
    }
    if g.rng.chance(15) {
        annotations.insert("policies.kyverno.io/severity".to_owned(), json!(g.rng.pick(&["high", "medium", "odd"])));
        annotations.insert("policies.kyverno.io/category".to_owned(), json!("Sample"));
        annotations.insert("policies.kyverno.io/title".to_owned(), json!("A title"));
    }
}
