//! What Kyverno refuses of exceptions.
//!
//! Kyverno: api/kyverno/v2/policy_exception_types.go

use super::{Checked, fields, json, list, pod_security, some};
use crate::policy::tree::{Tree, Value};

pub(super) fn check(tree: &Tree) -> Checked {
    let mut errors = Vec::new();
    let Some(spec) = some(tree, "spec") else { return Ok(()) };
    if let Some(part) = some(spec, "match") {
        if spec.get("background").is_none_or(|b| b.value != Value::Bool(false)) {
            users(part, &mut errors);
        }
        if !list(part.get("any")).is_empty() && !list(part.get("all")).is_empty() {
            let value = json::shaped(part, json::Shape::Match, true);
            errors.push(format!("spec.match: Invalid value: {value}: Can't specify any and all together"));
        }
        fields::filters(part, "spec.match", false, &mut errors);
    }
    for (i, exception) in list(spec.get("exceptions")).iter().enumerate() {
        if exception.get("policyName").and_then(Tree::as_str).is_none_or(str::is_empty) {
            errors
                .push(format!("spec.exceptions[{i}].policyName: Required value: An exception requires a policy name"));
        }
    }
    pod_security::exclusions(list(spec.get("podSecurity")), None, "spec.podSecurity", &mut errors);
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

/// Background scans do not know who made the object.
fn users(part: &Tree, errors: &mut Vec<String>) {
    for block in ["any", "all"] {
        for (i, filter) in list(part.get(block)).iter().enumerate() {
            for key in ["roles", "clusterRoles", "subjects"] {
                if !list(filter.get(key)).is_empty() {
                    let path = format!("spec.match.{block}[{i}].{key}");
                    errors.push(format!("{path}: Forbidden: Usage of user info is forbidden"));
                }
            }
        }
    }
}
