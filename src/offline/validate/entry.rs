//! What Kyverno refuses of entries of the global context.
//!
//! Kyverno: api/kyverno/v2beta1/global_context_entry_types.go

use super::{Checked, fields, json, list, some};
use crate::engine::query::{Query, QueryError};
use crate::policy::tree::Tree;
use kyvc_vm::scalar::duration;

pub(super) fn check(tree: &Tree) -> Checked {
    let mut errors = Vec::new();
    let Some(spec) = some(tree, "spec") else { return Ok(()) };
    let (watched, called) = (some(spec, "kubernetesResource"), some(spec, "apiCall"));
    if watched.is_some() == called.is_some() {
        errors.push(
            "spec.kubernetesResource: Forbidden: A global context entry should either have KubernetesResource or APICall"
                .to_owned(),
        );
    }
    if let Some(watched) = watched {
        let (version, resource) = (text(watched, "version"), text(watched, "resource"));
        let missing = [
            ("group", text(watched, "group").is_empty() && version != "v1"),
            ("version", version.is_empty()),
            ("resource", resource.is_empty()),
        ];
        errors.extend(
            missing.iter().filter(|(_, is)| *is).map(|(field, _)| {
                format!("spec.resource.{field}: Required value: A Resource entry requires a {field}")
            }),
        );
    }
    if let Some(called) = called {
        call(called, &mut errors);
    }
    let name = tree.get("metadata").map(|m| text(m, "name")).unwrap_or_default();
    for (i, made) in list(spec.get("projections")).iter().enumerate() {
        projection(made, name, &format!("spec.projections[{i}]"), &mut errors);
    }
    fields::aggregate(errors)
}

fn text<'t>(tree: &'t Tree, key: &str) -> &'t str {
    tree.get(key).and_then(Tree::as_str).unwrap_or_default()
}

fn call(called: &Tree, errors: &mut Vec<String>) {
    if duration::parse(text(called, "refreshInterval")).is_ok_and(|d| d == 0) {
        errors.push(
            "spec.apiCall.refreshIntervalSeconds: Required value: A Resource entry requires a refresh interval greater \
             than 0 seconds"
                .to_owned(),
        );
    }
    if some(called, "service").is_some() != text(called, "urlPath").is_empty() {
        errors.push(
            "spec.apiCall.service: Forbidden: An External API call should either have Service or URLPath".to_owned(),
        );
    }
    if some(called, "data").is_some() && text(called, "method") != "POST" {
        errors.push(
            "spec.apiCall.method: Forbidden: An External API call with data should have method as POST".to_owned(),
        );
    }
}

fn projection(made: &Tree, entry: &str, path: &str, errors: &mut Vec<String>) {
    let (name, expression) = (text(made, "name"), text(made, "jmesPath"));
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
    if let Err(QueryError::Syntax(why)) = Query::compile(expression) {
        errors.push(format!("{path}.jmesPath: Invalid value: {}: {why}", json::quoted(expression)));
    }
}
