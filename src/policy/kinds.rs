//! The kinds of objects that hold policies, for those that name one which is not compiled.

use super::fields::closest;

/// By API group, every kind that holds policies or has to do with them.
const KINDS: [(&str, &[&str]); 3] = [
    (
        "kyverno.io",
        &[
            "ClusterPolicy",
            "Policy",
            "PolicyException",
            "CleanupPolicy",
            "ClusterCleanupPolicy",
            "GlobalContextEntry",
            "UpdateRequest",
        ],
    ),
    (
        "policies.kyverno.io",
        &[
            "ValidatingPolicy",
            "MutatingPolicy",
            "GeneratingPolicy",
            "DeletingPolicy",
            "ImageValidatingPolicy",
            "NamespacedValidatingPolicy",
            "NamespacedMutatingPolicy",
            "NamespacedGeneratingPolicy",
            "NamespacedDeletingPolicy",
            "NamespacedImageValidatingPolicy",
            "PolicyException",
        ],
    ),
    (
        "admissionregistration.k8s.io",
        &[
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
        ],
    ),
];
/// Kinds that are compiled, in these versions.
const COMPILED: [(&str, &[&str]); 5] = [
    ("ClusterPolicy", &["kyverno.io/v1", "kyverno.io/v2beta1"]),
    ("Policy", &["kyverno.io/v1", "kyverno.io/v2beta1"]),
    ("PolicyException", &["kyverno.io/v2", "kyverno.io/v2beta1"]),
    ("ClusterCleanupPolicy", &["kyverno.io/v2", "kyverno.io/v2beta1"]),
    ("CleanupPolicy", &["kyverno.io/v2", "kyverno.io/v2beta1"]),
];
const HELP: &str = "kyvc compiles ClusterPolicy and Policy of kyverno.io/v1 and v2beta1, and cleanup policies";

/// Why an object is not compiled, and what helps; `None` where it does not belong to policies at all.
pub fn not_compiled(api_version: &str, kind: &str) -> Option<(String, String)> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let (_, kinds) = KINDS.iter().find(|(g, _)| *g == group)?;
    let versions = COMPILED.iter().find(|(k, _)| *k == kind && group == "kyverno.io").map(|(_, versions)| versions);
    if let Some(versions) = versions {
        let message = format!("`{api_version}` is no version of `{kind}` that kyvc knows");
        return Some((message, format!("it is compiled of {}", versions.join(" and "))));
    }
    if kinds.contains(&kind) {
        return Some((format!("`{kind}` of `{api_version}` is not compiled yet"), HELP.to_owned()));
    }
    // Kubernetes has other kinds in its group, and what is no policy of anybody is none of ours.
    if group == "admissionregistration.k8s.io" {
        return None;
    }
    let help = closest(kind, kinds).map_or_else(|| HELP.to_owned(), |k| format!("did you mean `{k}`?"));
    Some((format!("`{kind}` is no kind of `{api_version}`"), help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said() {
        let said =
            |api_version, kind| not_compiled(api_version, kind).map(|(message, help)| format!("{message}; {help}"));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            said("kyverno.io/v1", "ClusterPolice"),
            some("`ClusterPolice` is no kind of `kyverno.io/v1`; did you mean `ClusterPolicy`?")
        );
        assert_eq!(
            said("kyverno.io/v9", "Policy"),
            some(
                "`kyverno.io/v9` is no version of `Policy` that kyvc knows; it is compiled of kyverno.io/v1 and \
                 kyverno.io/v2beta1"
            )
        );
        assert!(said("kyverno.io/v2alpha1", "CleanupPolicy").unwrap().contains("is no version of `CleanupPolicy`"));
        assert!(said("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy").unwrap().contains("not compiled"));
        assert_eq!(said("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"), None);
        assert_eq!(said("v1", "Pod"), None);
    }
}
