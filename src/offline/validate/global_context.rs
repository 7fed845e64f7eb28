//! What Kyverno refuses of entries of the global context.
//!
//! Kyverno: api/kyverno/v2beta1/global_context_entry_types.go

use super::{Checked, fields, json, list, some};
use crate::policy::tree::Tree;
use bumpalo::Bump;
use kyvc_grammar::jmespath;
use kyvc_vm::scalar::duration;

pub(super) fn check(tree: &Tree) -> Checked {
    let mut errors = Vec::new();
    let spec = some(tree, "spec");
    let part = |key| spec.and_then(|s| some(s, key));
    let (resource, call) = (part("kubernetesResource"), part("apiCall"));
    if resource.is_some() == call.is_some() {
        errors.push(
            "spec.kubernetesResource: Forbidden: A global context entry should either have KubernetesResource or APICall"
                .to_owned(),
        );
    }
    if let Some(resource) = resource {
        kubernetes(resource, &mut errors);
    }
    if let Some(call) = call {
        external(call, &mut errors);
    }
    let name = tree.get("metadata").map(|m| text(m, "name")).unwrap_or_default();
    for (i, projection) in list(spec.and_then(|s| s.get("projections"))).iter().enumerate() {
        projected(projection, &format!("spec.projections[{i}]"), name, &mut errors);
    }
    fields::aggregate(errors)
}

fn text<'t>(tree: &'t Tree, key: &str) -> &'t str {
    tree.get(key).and_then(Tree::as_str).unwrap_or_default()
}

fn kubernetes(resource: &Tree, errors: &mut Vec<String>) {
    let missing = |key: &str| text(resource, key).is_empty();
    for key in ["group", "version", "resource"] {
        let core = key == "group" && text(resource, "version") == "v1";
        if missing(key) && !core {
            errors.push(format!("spec.resource.{key}: Required value: A Resource entry requires a {key}"));
        }
    }
}

fn external(call: &Tree, errors: &mut Vec<String>) {
    // The API server puts ten minutes where nothing is said.
    let interval = some(call, "refreshInterval").and_then(Tree::as_str).map(duration::parse);
    if matches!(interval, Some(Ok(0))) {
        errors.push(
            "spec.apiCall.refreshIntervalSeconds: Required value: A Resource entry requires a refresh interval greater \
             than 0 seconds"
                .to_owned(),
        );
    }
    if some(call, "service").is_some() != text(call, "urlPath").is_empty() {
        errors.push(
            "spec.apiCall.service: Forbidden: An External API call should either have Service or URLPath".to_owned(),
        );
    }
    if some(call, "data").is_some() && text(call, "method") != "POST" {
        errors.push(
            "spec.apiCall.method: Forbidden: An External API call with data should have method as POST".to_owned(),
        );
    }
}

fn projected(projection: &Tree, path: &str, entry: &str, errors: &mut Vec<String>) {
    let (name, expression) = (text(projection, "name"), text(projection, "jmesPath"));
    if name.is_empty() {
        errors.push(format!("{path}.name: Required value: A projection entry requires a name"));
    }
    if name == entry {
        errors.push(format!(
            "{path}.name: Required value: A projection entry requires a name different from the global context entry name"
        ));
    }
    if expression.is_empty() {
        errors.push(format!("{path}.jmesPath: Required value: A projection entry requires a JMESPath"));
    }
    if let Err(e) = jmespath::parse(&Bump::new(), expression) {
        errors.push(format!("{path}.jmesPath: Invalid value: {}: {e}", json::quoted(expression)));
    }
}
