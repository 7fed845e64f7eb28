//! What the CustomResourceDefinitions of policies refuse, besides the types of fields.
//!
//! The policy's reader finds unknown fields and wrong types. What its AST cannot tell apart is looked for here, in the
//! tree.

mod entries;

use super::validate::context;
use crate::diag::{Code, Diagnostic};
use crate::policy::beta;
use crate::policy::fields::Problems;
use crate::policy::tree::{Member, Tree, Value};

/// `metadata`, as Kubernetes defines it.
const METADATA: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// `status`, as Kyverno's controllers write it.
const STATUS: [&str; 5] = ["autogen", "conditions", "ready", "rulecount", "validatingadmissionpolicy"];

/// Whether a problem is about an unknown field. Kyverno then drops the whole file.
pub(super) fn is_unknown(d: &Diagnostic) -> bool {
    d.code == Code::UnknownField
}

/// Whether a problem is one that the schema refuses a document for. The codes are those of [`check`] and of wrong
/// types; what [`super::validate`] refuses has others.
pub(super) fn is_refused(d: &Diagnostic) -> bool {
    matches!(d.code, Code::WrongType | Code::NoRules) && !context::is_checked_here(&d.message)
}

/// As [`is_refused`], for kinds of which nothing else is refused than what their schema refuses.
pub(super) fn is_refused_or_missing(d: &Diagnostic) -> bool {
    let lazy = ["needs `value` or `jmesPath`", "needs `urlPath` or `service`"];
    let missing = d.code == Code::MissingField && !lazy.iter().any(|end| d.message.ends_with(end));
    is_refused(d) || missing && !context::is_checked_here(&d.message)
}

/// Reports what the schema of cleanup policies refuses.
pub(super) fn check_cleanup(policy: &Tree, problems: &Problems) {
    metadata(policy, problems);
    if let Some(status) = policy.get("status") {
        unknown(status, "status", &["conditions", "lastExecutionTime"], problems);
    }
    let Some(spec) = policy.get("spec") else { return };
    entries::list(spec, "spec", problems);
    for m in ["match", "exclude"].iter().filter_map(|key| spec.get(key)) {
        part(m, problems);
    }
    if let Some(conditions) = spec.get("conditions") {
        beta::conditions(Some(conditions), "spec.conditions", problems);
    }
    if let Some(Value::List(entries)) = spec.get("context").map(|t| &t.value) {
        for entry in entries.iter().filter(|e| !context::has_one_source(e)) {
            problems.add(Code::WrongType, entry.place, "an entry of a context has one source");
        }
    }
}

fn metadata(policy: &Tree, problems: &Problems) {
    let refuse = |tree: &Tree, message: &str| problems.add(Code::WrongType, tree.place, message);
    let Some(metadata) = policy.get("metadata") else { return refuse(policy, "`metadata` is missing") };
    if !metadata.get("name").and_then(Tree::as_str).is_some_and(is_subdomain) {
        refuse(metadata, "`metadata.name` has to be a DNS name in lower case");
    }
    unknown(metadata, "metadata", &METADATA, problems);
    for m in ["labels", "annotations"].iter().filter_map(|k| metadata.get(k)).flat_map(members) {
        if m.value.as_str().is_none() {
            refuse(&m.value, "labels and annotations have to be strings");
        }
    }
}

/// Reports what the schema refuses.
pub(super) fn check(policy: &Tree, problems: &Problems) {
    if policy.get("apiVersion").and_then(Tree::as_str) == Some("kyverno.io/v2beta1") {
        beta::check(policy, problems);
    }
    metadata(policy, problems);
    if let Some(status) = policy.get("status") {
        unknown(status, "status", &STATUS, problems);
    }
    let refuse = |tree: &Tree, message: &str| problems.add(Code::WrongType, tree.place, message);
    let Some(spec) = policy.get("spec") else { return };
    if spec.get("failurePolicy").and_then(Tree::as_str).is_some_and(|p| p != "Ignore" && p != "Fail") {
        refuse(spec, "`spec.failurePolicy` has to be `Ignore` or `Fail`");
    }
    for (i, rule) in items(spec.get("rules")).enumerate() {
        if rule.get("name").and_then(Tree::as_str).is_none() {
            refuse(rule, &format!("`spec.rules[{i}].name` is missing"));
        }
        match rule.get("match") {
            Some(m) if m.value != Value::Null => part(m, problems),
            _ => refuse(rule, &format!("`spec.rules[{i}].match` is missing")),
        }
        if let Some(e) = rule.get("exclude") {
            part(e, problems);
        }
        entries::of_rule(rule, &format!("spec.rules[{i}]"), problems);
    }
}

fn unknown(tree: &Tree, path: &str, known: &[&str], problems: &Problems) {
    for m in members(tree).filter(|m| !known.contains(&m.key.as_str())) {
        problems.add(Code::UnknownField, m.key_place, format!("unknown field `{path}.{}`", m.key));
    }
}

/// `match` or `exclude`.
fn part(part: &Tree, problems: &Problems) {
    let refuse = |tree: &Tree, message: &str| problems.add(Code::WrongType, tree.place, message);
    let has = |tree: &Tree, key| tree.get(key).is_some_and(|t| t.value != Value::Null);
    if has(part, "any") && has(part, "all") {
        refuse(part, "only one of `any` and `all` is allowed");
    }
    let filters = items(part.get("any")).chain(items(part.get("all"))).chain(std::iter::once(part));
    for resources in filters.filter_map(|f| f.get("resources")) {
        if has(resources, "name") && has(resources, "names") {
            refuse(resources, "only one of `name` and `names` is allowed");
        }
        for operation in items(resources.get("operations")) {
            if !matches!(operation.as_str(), Some("CREATE" | "CONNECT" | "UPDATE" | "DELETE")) {
                refuse(operation, "an operation is one of CREATE, UPDATE, DELETE and CONNECT");
            }
        }
    }
}

fn items(tree: Option<&Tree>) -> impl Iterator<Item = &Tree> {
    match tree.map(|t| &t.value) {
        Some(Value::List(items)) => items.iter(),
        _ => [].iter(),
    }
}

fn members(tree: &Tree) -> impl Iterator<Item = &Member> {
    match &tree.value {
        Value::Map(members) => members.iter(),
        _ => [].iter(),
    }
}

/// Whether Kubernetes takes a text as the name of an object.
fn is_subdomain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let label = |l: &str| {
        let b = l.as_bytes();
        let edges = b.first().zip(b.last()).is_some_and(|(f, l)| plain(*f) && plain(*l));
        edges && b.iter().all(|c| plain(*c) || *c == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(is_subdomain("a-b.c1") && is_subdomain("1"));
        assert!(!is_subdomain("") && !is_subdomain("A") && !is_subdomain("a_b") && !is_subdomain("-a"));
    }
}
