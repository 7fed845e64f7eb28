//! Fields that may differ from what was signed.

use kyvc_vm::builtin::regex;
use serde::Deserialize;

/// Fields of some objects.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Binding {
    fields: Vec<String>,
    objects: Vec<Reference>,
}

/// Objects, with wildcards.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Reference {
    group: String,
    version: String,
    kind: String,
    name: String,
    namespace: String,
}

/// What an object is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: String,
}

impl Reference {
    fn matches(&self, object: &Named) -> bool {
        matches(&self.group, &object.group)
            && matches(&self.version, &object.version)
            && matches(&self.kind, &object.kind)
            && matches(&self.name, &object.name)
            && matches(&self.namespace, &object.namespace)
    }
}

/// k8s-manifest-sigstore: pkg/util/pattern.go.
pub(super) fn matches(pattern: &str, value: &str) -> bool {
    let pattern = pattern.trim();
    if pattern.is_empty() || pattern == "*" || pattern == value || (pattern == "-" && value.is_empty()) {
        return true;
    }
    if pattern.ends_with('*') {
        return value.starts_with(pattern.trim_end_matches('*'));
    }
    pattern.contains(',') && pattern.split(',').any(|p| matches(p, value))
}

impl Binding {
    fn is_about(&self, object: &Named) -> bool {
        self.objects.is_empty() || self.objects.iter().any(|r| r.matches(object))
    }
}

/// What Kubernetes adds to objects or changes in them: kinds, and their fields.
///
/// k8s-manifest-sigstore: pkg/k8smanifest/resources/default-config.yaml, and Kyverno: pkg/engine/resources/default-config.yaml.
const DEFAULTS: &[(&[&str], &[&str])] = &[
    (
        &["*"],
        &[
            "metadata.annotations.cosign.sigstore.dev/resourceBundleRef",
            "metadata.annotations.cosign.sigstore.dev/signature",
            "metadata.annotations.cosign.sigstore.dev/message",
            "metadata.annotations.cosign.sigstore.dev/certificate",
            "metadata.annotations.cosign.sigstore.dev/bundle",
            "metadata.managedFields.*",
            "metadata.resourceVersion",
            "metadata.selfLink",
            "metadata.annotations.kubectl.kubernetes.io/last-applied-configuration",
            "metadata.annotations.namespace",
            "metadata.creationTimestamp",
            "metadata.generation",
            "metadata.uid",
            "metadata.finalizers",
            "metadata.labels.app.kubernetes.io/instance",
            "status",
            "metadata.namespace",
            "spec.containers.*.imagePullPolicy",
            "spec.containers.*.terminationMessagePath",
            "spec.containers.*.terminationMessagePolicy",
            "spec.dnsPolicy",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.terminationGracePeriodSeconds",
            "metadata.annotations.control-plane.alpha.kubernetes.io/leader",
            "metadata.finalizers*",
            "metadata.annotations.deprecated.daemonset.template.generation",
            "metadata.annotations.deployment.kubernetes.io/revision",
        ],
    ),
    (&["ServiceAccount"], &["secrets.*.name", "imagePullSecrets.*.name"]),
    (
        &["Service"],
        &[
            "spec.ports.*.nodePort",
            "spec.clusterIP",
            "spec.clusterIPs.0",
            "spec.sessionAffinity",
            "spec.type",
            "spec.ipFamilies.*",
            "spec.ipFamilyPolicy",
            "spec.internalTrafficPolicy",
        ],
    ),
    (&["Route"], &["spec.host"]),
    (
        &["Pod"],
        &[
            "spec.volumes.*.name",
            "spec.volumes.*.projected.*",
            "spec.volumes.*.configMap.defaultMode",
            "spec.containers.*.volumeMounts.*",
            "spec.tolerations.*",
            "spec.enableServiceLinks",
            "spec.preemptionPolicy",
            "spec.priority",
            "spec.serviceAccount",
        ],
    ),
    (
        &["Deployment"],
        &[
            "spec.progressDeadlineSeconds",
            "spec.revisionHistoryLimit",
            "spec.strategy.*",
            "spec.template.metadata.creationTimestamp",
            "spec.containers.*.ports.*.protocol",
            "spec.containers.*.resources",
            "spec.securityContext",
        ],
    ),
    (&["CustomResourceDefinition"], &["spec.conversion.strategy", "spec.names.listKind"]),
    (
        &["ClusterPolicy", "Policy"],
        &[
            "metadata.annotations.pod-policies.kyverno.io/autogen-controllers",
            "spec.failurePolicy",
            "spec.background",
            "spec.validationFailureAction",
        ],
    ),
];

/// The fields of an object that may differ.
pub(super) fn fields(object: &Named, bindings: &[Binding], domain: &str) -> Vec<String> {
    let is_about = |kinds: &[&str]| {
        // The only group that is named.
        kinds.contains(&"*")
            || (kinds.contains(&object.kind.as_str())
                && (object.kind != "Route" || object.group == "route.openshift.io"))
    };
    let defaults = DEFAULTS.iter().filter(|(kinds, _)| is_about(kinds)).flat_map(|(_, fields)| *fields);
    let given = bindings.iter().filter(|b| b.is_about(object)).flat_map(|b| b.fields.iter().cloned());
    let own = ["message", "signature", "certificate", "bundle", "resourceBundleRef"];
    let own = own.iter().map(|name| format!("metadata.annotations.{domain}/{name}*"));
    defaults.map(|f| (*f).to_owned()).chain(given).chain(own).collect()
}

/// Paths, with `*` for any characters.
///
/// k8s-manifest-sigstore: pkg/util/mapnode/diff.go, patternMatchString. What has a `*` is an expression of Go's that may
/// match anywhere in a path, and a dot in it is any character.
pub(super) struct Patterns(Vec<String>);

impl Patterns {
    pub(super) fn new(patterns: impl IntoIterator<Item = String>) -> Self {
        Self(patterns.into_iter().collect())
    }

    /// Those of all that begins like one of some fields.
    pub(super) fn of_prefixes(fields: &[String]) -> Self {
        Self::new(fields.iter().map(|f| format!("{f}*")))
    }

    /// Whether one of them matches a path.
    pub(super) fn any(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| is_at(pattern, path))
    }
}

fn is_at(pattern: &str, path: &str) -> bool {
    if pattern == path || pattern == "*" || pattern.is_empty() {
        return true;
    }
    if !pattern.contains('*') {
        return false;
    }
    let simple = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '*' | '/' | '-' | '_');
    if pattern.chars().all(simple) && path.bytes().all(|b| b.is_ascii() && b != b'\n') {
        return has(pattern, path.as_bytes());
    }
    regex::prepare(&pattern.replace('*', ".*")).is_ok_and(|regex| regex.is_match(path))
}

/// Whether the parts of a pattern follow one another in a text.
fn has(pattern: &str, mut text: &[u8]) -> bool {
    pattern.split('*').map(str::as_bytes).filter(|part| !part.is_empty()).all(|part| {
        let same = |window: &[u8]| window.iter().zip(part).all(|(c, p)| c == p || *p == b'.');
        let found = text.windows(part.len()).position(same).and_then(|at| text.get(at + part.len()..));
        found.is_some_and(|rest| {
            text = rest;
            true
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_paths() {
        let at = |pattern: &str, path: &str| Patterns::new([pattern.to_owned()]).any(path);
        assert!(at("spec.ports.*.nodePort*", "spec.ports.0.nodePort"));
        assert!(at("status*", "spec.statusPort"));
        assert!(at("spec.type*", "spec/type"));
        assert!(!at("status", "status.phase"));
        assert!(!at("spec.b*", "spec.a"));
        assert!(at("metadata.(name|labels)*", "metadata.labels.a"));
        assert!(at("spec.[ab]*", "spec.b"));
        assert!(!at("spec.[*", "spec.["));
        assert!(at("*", "x") && at("", "x"));
        assert!(!at("é.b*", "e.b") && at("é.b*", "é.b"));
    }

    #[test]
    fn patterns_of_names() {
        assert!(matches("", "x") && matches(" * ", "x") && matches("-", "") && !matches("-", "x"));
        assert!(matches("Pod*", "PodSpec") && matches("A, B", "B") && !matches("A, B", "C"));
    }

    #[test]
    fn fields_of_a_kind() {
        let named =
            |kind: &str, group: &str| Named { kind: kind.to_owned(), group: group.to_owned(), ..Named::default() };
        let bindings: Vec<Binding> = serde_json::from_str(
            r#"[{"fields": ["spec.a"], "objects": [{"kind": "Job"}]}, {"fields": ["spec.b"], "objects": [{"name": "x"}]}]"#,
        )
        .unwrap();
        let job = fields(&named("Job", "batch"), &bindings, "a.io");
        assert!(job.contains(&"spec.a".to_owned()) && !job.contains(&"spec.b".to_owned()));
        assert!(job.contains(&"metadata.annotations.a.io/message*".to_owned()));
        assert!(fields(&named("Route", "route.openshift.io"), &[], "").contains(&"spec.host".to_owned()));
        assert!(!fields(&named("Route", ""), &[], "").contains(&"spec.host".to_owned()));
    }
}
