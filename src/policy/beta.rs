//! What `kyverno.io/v2beta1` no longer has of `kyverno.io/v1`.

use super::fields::Problems;
use super::tree::{Member, Tree, Value};
use crate::diag::Code;

/// The fields of the oldest form of `match` and `exclude`.
const OLD_MATCH: [&str; 4] = ["resources", "roles", "clusterRoles", "subjects"];
/// The fields of the oldest form of `verifyImages`.
const OLD_IMAGES: [&str; 8] =
    ["image", "key", "roots", "subject", "issuer", "additionalExtensions", "annotations", "cosignOCI11"];
const OPERATORS: [&str; 14] = [
    "Equals",
    "NotEquals",
    "AnyIn",
    "AllIn",
    "AnyNotIn",
    "AllNotIn",
    "GreaterThanOrEquals",
    "GreaterThan",
    "LessThanOrEquals",
    "LessThan",
    "DurationGreaterThanOrEquals",
    "DurationGreaterThan",
    "DurationLessThanOrEquals",
    "DurationLessThan",
];

/// Reports what a policy of that version has of the older one only.
pub fn check(policy: &Tree, problems: &Problems) {
    let rules = policy.get("spec").and_then(|s| s.get("rules")).map(|r| &r.value);
    let Some(Value::List(rules)) = rules else { return };
    for (i, rule) in rules.iter().enumerate() {
        let path = format!("spec.rules[{i}]");
        for block in ["match", "exclude"] {
            for m in members(rule.get(block)).iter().filter(|m| OLD_MATCH.contains(&m.key.as_str())) {
                unknown(m, &format!("{path}.{block}"), "put it into the filters of `any` or `all`", problems);
            }
        }
        let validate = rule.get("validate");
        for m in members(validate).iter().filter(|m| m.key == "allowExistingViolations") {
            unknown(m, &format!("{path}.validate"), "kyverno.io/v1 has it", problems);
        }
        if let Some(Value::List(entries)) = rule.get("verifyImages").map(|t| &t.value) {
            for (j, entry) in entries.iter().enumerate() {
                for m in members(Some(entry)).iter().filter(|m| OLD_IMAGES.contains(&m.key.as_str())) {
                    unknown(m, &format!("{path}.verifyImages[{j}]"), "kyverno.io/v1 has it", problems);
                }
            }
        }
        let deny = validate.and_then(|v| v.get("deny")).and_then(|d| d.get("conditions"));
        conditions(rule.get("preconditions"), &format!("{path}.preconditions"), problems);
        conditions(deny, &format!("{path}.validate.deny.conditions"), problems);
    }
}

/// Reports what conditions have that this version, and cleanup policies, do not.
pub fn conditions(tree: Option<&Tree>, path: &str, problems: &Problems) {
    let Some(tree) = tree.filter(|t| t.value != Value::Null) else { return };
    let Value::Map(blocks) = &tree.value else {
        let message = format!("`{path}` has to be a map with `any` and `all`");
        return problems.add_with(Code::WrongType, tree.place, message, Some("kyverno.io/v1 has lists too".to_owned()));
    };
    for m in blocks {
        if m.key != "any" && m.key != "all" {
            unknown(m, path, "conditions are in `any` and `all`", problems);
            continue;
        }
        let Value::List(list) = &m.value.value else { continue };
        for operator in list.iter().filter_map(|c| c.get("operator")) {
            if operator.as_str().is_some_and(|o| !OPERATORS.contains(&o)) {
                let help = format!("kyverno.io/v2beta1 has {}", OPERATORS.join(", "));
                let message = format!("unknown operator `{}`", operator.as_str().unwrap_or_default());
                problems.add_with(Code::WrongType, operator.place, message, Some(help));
            }
        }
    }
}

fn members(tree: Option<&Tree>) -> &[Member] {
    match tree.map(|t| &t.value) {
        Some(Value::Map(members)) => members,
        _ => &[],
    }
}

fn unknown(m: &Member, path: &str, help: &str, problems: &Problems) {
    let message = format!("unknown field `{path}.{}` of kyverno.io/v2beta1", m.key);
    problems.add_with(Code::UnknownField, m.key_place, message, Some(help.to_owned()));
}
