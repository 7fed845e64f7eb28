//! What Kyverno refuses of the exclusions of `podSecurity`.
//!
//! Kyverno: api/kyverno/v1/rule_types.go, ValidatePSaControlNames

use super::{json, list, some};
use crate::policy::pod_security::exclusion;
use crate::policy::tree::Tree;
use kyvc_vm::pod_security::{Level, Misuse};

/// Adds the errors of a rule.
pub(super) fn check(rule: &Tree, path: &str, errors: &mut Vec<String>) {
    let Some(written) = some(rule, "validate").and_then(|v| some(v, "podSecurity")) else { return };
    let level = written.get("level").and_then(Tree::as_str).and_then(Level::parse);
    exclusions(written.get("exclude"), &format!("{path}.podSecurity.exclude"), level, errors);
}

/// Adds the errors of a list of exclusions.
pub(super) fn exclusions(all: Option<&Tree>, path: &str, level: Option<Level>, errors: &mut Vec<String>) {
    for (i, tree) in list(all).iter().enumerate() {
        let Some(exclusion) = exclusion(tree) else { continue };
        let name = json::quoted(exclusion.control.name());
        let path = format!("{path}[{i}]");
        errors.extend(exclusion.misuses(level).map(|misuse| match misuse {
            Misuse::ImagesMissing => format!(
                "{path}.controlName: Invalid value: {name}: exclude.images must be specified for the container level \
                 control"
            ),
            Misuse::ImagesGiven => format!(
                "{path}.controlName: Invalid value: {name}: exclude.images must not be specified for the pod level \
                 control"
            ),
            Misuse::ValuesMissing => format!("{path}.values: Forbidden: values is required"),
            Misuse::FieldMissing => format!("{path}.restrictedField: Forbidden: restrictedField is required"),
            Misuse::WrongLevel => {
                format!("{path}.controlName: Invalid value: {name}: Invalid control name defined at the given level")
            }
        }));
    }
}
