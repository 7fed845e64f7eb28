//! The checks of api/kyverno/v1, which collect all errors.

use super::{Checked, Served, Subject, conflict, generate, images, json, list, mutate, pod_security, selector, some};
use crate::policy::tree::{Tree, Value};
use crate::resolve::autogen::CONTROLLERS_ANNOTATION;

pub(super) fn check(s: &Subject<'_>) -> Checked {
    let mut errors = Vec::new();
    if s.policy.annotation(CONTROLLERS_ANNOTATION) == Some("all") {
        errors.push(
            "metadata.annotations: Forbidden: Autogen annotation does not support 'all' anymore, remove the annotation \
             or set it to a valid value"
                .to_owned(),
        );
    }
    if s.policy.name.len() > 63 {
        errors.push("name: Too long: may not be more than 63 bytes".to_owned());
    }
    spec(s, &mut errors);
    aggregate(errors)
}

/// Kubernetes: one error as it is, several in brackets, none twice.
pub(super) fn aggregate(mut errors: Vec<String>) -> Checked {
    let mut seen = Vec::new();
    errors.retain(|e| {
        !seen.contains(e) && {
            seen.push(e.clone());
            true
        }
    });
    match errors.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        several => Err(format!("[{}]", several.join(", "))),
    }
}

fn spec(s: &Subject<'_>, errors: &mut Vec<String>) {
    let Some(spec) = s.spec() else { return };
    let webhook = some(spec, "webhookConfiguration");
    let deprecated = |old: &str, new: &str| {
        let both = some(spec, old).is_some() && webhook.is_some_and(|w| some(w, new).is_some());
        both.then(|| {
            format!(
                "spec.{old}: Forbidden: remove the deprecated field and use spec.webhookConfiguration.{new} instead"
            )
        })
    };
    errors.extend(deprecated("webhookTimeoutSeconds", "timeoutSeconds"));
    errors.extend(deprecated("failurePolicy", "failurePolicy"));
    if some(spec, "generateExistingOnPolicyUpdate").is_some() {
        errors.push(
            "spec.generateExistingOnPolicyUpdate: Forbidden: remove the deprecated field and use \
             spec.generate[*].generateExisting instead"
                .to_owned(),
        );
    }
    mutate::untargeted(s, errors);
    let timeouts = [
        ("spec.webhookTimeoutSeconds", some(spec, "webhookTimeoutSeconds")),
        ("spec.webhookConfiguration.timeoutSeconds", webhook.and_then(|w| some(w, "timeoutSeconds"))),
    ];
    for (path, timeout) in timeouts {
        if let Some(Value::Int(n)) = timeout.map(|t| &t.value)
            && !(1..=30).contains(n)
        {
            errors.push(format!("{path}: Invalid value: {n}: the timeout value must be between 1 and 30 seconds"));
        }
    }
    let name = |r: &Tree| r.get("name").and_then(Tree::as_str).unwrap_or_default().to_owned();
    for (i, rule) in s.rules().iter().enumerate() {
        if s.rules().iter().take(i).any(|r| name(r) == name(rule)) {
            let (value, name) = (json::rule(rule), name(rule));
            errors.push(format!("spec.rules[{i}].name: Invalid value: {value}: Duplicate rule name: '{name}'"));
        }
    }
    for (i, tree) in s.rules().iter().enumerate() {
        let path = format!("spec.rules[{i}]");
        let operations = [some(tree, "validate").is_some(), mutate::has(tree), generate::has(tree), images::has(tree)];
        match operations.iter().filter(|has| **has).count() {
            0 => errors.push(format!(
                "{path}: Invalid value: {}: No operation defined in the rule '{}'.(supported operations: \
                 mutate,validate,generate,verifyImages)",
                json::rule(tree),
                name(tree)
            )),
            1 => {}
            _ => errors.push(format!(
                "{path}: Invalid value: {}: Multiple operations defined in the rule '{}', only one operation \
                 (mutate,validate,generate,verifyImages) is allowed per rule",
                json::rule(tree),
                name(tree)
            )),
        }
        images::misplaced(tree, &path, errors);
        if let Some(rule) = s.policy.spec.rules.get(i)
            && conflict::empty(rule, tree)
        {
            let value = json::rule(tree);
            errors.push(format!("{path}: Invalid value: {value}: Rule is matching an empty set"));
        }
        for block in ["match", "exclude"] {
            if let Some(part) = some(tree, block) {
                let path = format!("{path}.{block}");
                filters(part, &path, s.policy.namespace.is_some(), errors);
                if s.policy.namespace.is_some() {
                    each_of_lists(part, &path, &mut |f, path| cluster_wide(s, f, path, errors));
                    cluster_wide(s, part, &path, errors);
                }
            }
        }
        mutate::foreign(s, tree, &path, errors);
        pod_security::check(tree, &path, errors);
        generate::fields(s, tree, &path, errors);
    }
    if s.policy.namespace.is_some() && !s.policy.spec.overrides.is_empty() {
        errors.push(
            "spec.validationFailureActionOverrides: Forbidden: Use of validationFailureActionOverrides is supported \
             only with ClusterPolicy"
                .to_owned(),
        );
    }
}

/// `match` or `exclude`.
fn filters(part: &Tree, path: &str, namespaced: bool, errors: &mut Vec<String>) {
    lists(part, path, namespaced, errors);
    filter(part, path, namespaced, errors);
}

/// `any` and `all`.
pub(super) fn lists(part: &Tree, path: &str, namespaced: bool, errors: &mut Vec<String>) {
    each_of_lists(part, path, &mut |f, path| filter(f, path, namespaced, errors));
}

/// Each filter of `any` and `all`, with its path.
pub(super) fn each_of_lists(part: &Tree, path: &str, each: &mut dyn FnMut(&Tree, &str)) {
    for name in ["any", "all"] {
        for (i, f) in list(part.get(name)).iter().enumerate() {
            each(f, &format!("{path}.{name}[{i}]"));
        }
    }
}

/// Kinds without namespaces, which a policy of a namespace cannot be about.
fn cluster_wide(s: &Subject<'_>, f: &Tree, path: &str, errors: &mut Vec<String>) {
    let (Some(cluster), Some(resources)) = (s.cluster, f.get("resources")) else { return };
    for (i, kind) in list(resources.get("kinds")).iter().enumerate() {
        let Some(kind) = kind.as_str() else { continue };
        let is = |k: &Served| k.kind == kind || format!("{}/{}", k.api_version, k.kind) == kind;
        if (cluster.kinds)(kind).iter().any(|k| !k.namespaced && !k.part && is(k)) {
            errors.push(format!(
                "{path}.kinds[{i}]: Forbidden: Cluster wide resource '{kind}' not allowed in namespaced policy"
            ));
        }
    }
}

fn filter(f: &Tree, path: &str, namespaced: bool, errors: &mut Vec<String>) {
    for (i, subject) in list(f.get("subjects")).iter().enumerate() {
        let text = |key| subject.get(key).and_then(Tree::as_str).unwrap_or_default();
        let path = format!("{path}.subjects[{i}]");
        match text("kind") {
            "" => errors.push(format!("{path}.kind: Required value")),
            "Group" | "User" | "ServiceAccount" => {}
            kind => errors.push(format!(
                "{path}.kind: Invalid value: {}: kind must be 'User', 'Group', or 'ServiceAccount'",
                json::quoted(kind)
            )),
        }
        if text("name").is_empty() {
            errors.push(format!("{path}.name: Required value"));
        }
        if text("kind") == "ServiceAccount" && text("namespace").is_empty() {
            errors.push(format!("{path}.namespace: Required value: namespace is required when Kind is ServiceAccount"));
        }
    }
    for (i, role) in list(f.get("roles")).iter().enumerate() {
        if role.as_str().is_some_and(|r| r.split(':').count() != 2) {
            let value = json::raw(role);
            errors.push(format!(
                "{path}.roles[{i}]: Invalid value: {value}: Role is expected to be in namespace:name format"
            ));
        }
    }
    let Some(resources) = f.get("resources") else { return };
    if let Some(tree) = some(resources, "selector")
        && let Some(problem) = selector::problem(tree)
    {
        errors.push(format!("{path}.selector: Invalid value: {}: {problem}", json::selector(tree)));
    }
    if namespaced && !list(resources.get("namespaces")).is_empty() {
        errors.push(format!("{path}.namespaces: Forbidden: Filtering namespaces not allowed in namespaced policies"));
    }
}
