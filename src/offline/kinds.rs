//! What a document among policies is to Kyverno's CLI.

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// A `ClusterPolicy` or `Policy`
    Classic,
    /// A list of documents
    List,
    /// A policy that says what is to be deleted when
    Cleanup,
    /// A policy of a kind that kyvc does not compile yet
    Uncompiled,
    /// A `PolicyException` for classic policies
    Exception,
    /// Something that belongs to policies with CEL and does nothing without them
    Companion,
    /// An object of Kubernetes or of Kyverno's tests; Kyverno knows it and drops the file for it
    Foreign,
    /// Nothing Kyverno knows
    Nothing,
}

/// The groups of Kubernetes, whose objects Kyverno's CLI has schemas of.
const KUBERNETES: [&str; 23] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
    "cli.kyverno.io",
];

/// What a document with this `apiVersion` and `kind` is.
pub(super) fn known(api_version: &str, kind: &str) -> Known {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    match (group, version, kind) {
        (_, "", _) | (_, _, "") => Known::Nothing,
        ("", "v1", "List") => Known::List,
        ("kyverno.io", "v1" | "v2beta1", "ClusterPolicy" | "Policy") => Known::Classic,
        ("kyverno.io", "v2" | "v2beta1", "CleanupPolicy" | "ClusterCleanupPolicy") => Known::Cleanup,
        ("kyverno.io", "v2" | "v2beta1", "PolicyException") => Known::Exception,
        // Kyverno: policy/load.go, the only version of these that may stand among policies.
        ("policies.kyverno.io", "v1beta1", "PolicyException") => Known::Companion,
        ("policies.kyverno.io", _, "PolicyException") => Known::Foreign,
        ("policies.kyverno.io", _, kind) if kind.ends_with("Policy") => Known::Uncompiled,
        ("admissionregistration.k8s.io", _, kind) if kind.ends_with("AdmissionPolicy") => Known::Uncompiled,
        ("admissionregistration.k8s.io", _, kind) if kind.ends_with("AdmissionPolicyBinding") => Known::Companion,
        (group, _, _) if KUBERNETES.contains(&group) => Known::Foreign,
        _ => Known::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let cases = [
            ("kyverno.io/v1", "Policy", Known::Classic),
            ("kyverno.io/v2", "ClusterPolicy", Known::Nothing),
            ("v1", "List", Known::List),
            ("v1", "Pod", Known::Foreign),
            ("apps/v1", "Deployment", Known::Foreign),
            ("cli.kyverno.io/v1alpha1", "Test", Known::Foreign),
            ("example.com/v1", "Thing", Known::Nothing),
            ("", "Pod", Known::Nothing),
            ("policies.kyverno.io/v1", "ValidatingPolicy", Known::Uncompiled),
            ("kyverno.io/v2", "PolicyException", Known::Exception),
            ("policies.kyverno.io/v1beta1", "PolicyException", Known::Companion),
            ("policies.kyverno.io/v1", "PolicyException", Known::Foreign),
            ("kyverno.io/v2", "CleanupPolicy", Known::Cleanup),
        ];
        for (api_version, kind, want) in cases {
            assert_eq!(known(api_version, kind), want, "{api_version} {kind}");
        }
    }
}
