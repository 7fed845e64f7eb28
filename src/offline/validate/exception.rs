//! What Kyverno refuses of exceptions.
//!
//! Kyverno: api/kyverno/v2/policy_exception_types.go and api/kyverno/v2beta1/match_resources_types.go

use super::{Checked, fields, json, list, pod_security, some};
use crate::policy::tree::{Tree, Value};

pub(super) fn check(tree: &Tree) -> Checked {
    let mut errors = Vec::new();
    let Some(spec) = some(tree, "spec") else { return Ok(()) };
    if some(spec, "background").is_none_or(|b| b.value != Value::Bool(false)) {
        no_users(spec, &mut errors);
    }
    if let Some(matches) = some(spec, "match") {
        if ["any", "all"].iter().all(|key| !list(matches.get(key)).is_empty()) {
            let value = both(matches);
            errors.push(format!("spec.match: Invalid value: {value}: Can't specify any and all together"));
        }
        fields::lists(matches, "spec.match", false, &mut errors);
    }
    for (i, excepted) in list(spec.get("exceptions")).iter().enumerate() {
        if excepted.get("policyName").and_then(Tree::as_str).is_none_or(str::is_empty) {
            errors
                .push(format!("spec.exceptions[{i}].policyName: Required value: An exception requires a policy name"));
        }
    }
    pod_security::exclusions(spec.get("podSecurity"), "spec.podSecurity", None, &mut errors);
    fields::aggregate(errors)
}

/// An exception of `policies.kyverno.io`.
///
/// Kyverno: api/policies.kyverno.io/v1alpha1/policy_exception.go
pub(super) fn of_cel(tree: &Tree) -> Checked {
    let mut errors = Vec::new();
    let policies = list(some(tree, "spec").and_then(|s| s.get("policyRefs")));
    if policies.is_empty() {
        errors.push("spec.policyRefs: Invalid value: null: must specify at least one policy ref".to_owned());
    }
    for (i, policy) in policies.iter().enumerate() {
        for field in ["name", "kind"] {
            if policy.get(field).and_then(Tree::as_str).is_none_or(str::is_empty) {
                let path = format!("spec.policyRefs[{i}].{field}");
                errors.push(format!("{path}: Invalid value: \"\": must specify policy {field}"));
            }
        }
    }
    fields::aggregate(errors)
}

/// What counts for existing resources cannot be about who makes a request.
fn no_users(spec: &Tree, errors: &mut Vec<String>) {
    let Some(matches) = some(spec, "match") else { return };
    fields::each_of_lists(matches, "spec.match", &mut |filter, path| {
        let given = ["roles", "clusterRoles", "subjects"].into_iter().filter(|f| !list(filter.get(f)).is_empty());
        errors.extend(given.map(|field| format!("{path}.{field}: Forbidden: Usage of user info is forbidden")));
    });
}

fn both(matches: &Tree) -> String {
    let part = |key: &str| {
        let filters: Vec<String> = list(matches.get(key)).iter().map(json::filter).collect();
        format!("\"{key}\":[{}]", filters.join(","))
    };
    format!("{{{},{}}}", part("any"), part("all"))
}
