//! Typical expressions, on `benches/data/pod.json`.

/// What an expression stands for, the expression, and how many times faster than the crate's `search` it has to be.
pub(crate) const EXPRESSIONS: [(&str, &str, f64); 12] = [
    ("field", "kind", 10.0),
    ("nested-field", "metadata.labels.\"app.kubernetes.io/name\"", 10.0),
    ("index", "spec.containers[0].image", 10.0),
    ("filter", "spec.containers[?name == 'envoy'].image", 10.0),
    ("projection", "spec.containers[*].image", 10.0),
    ("multi-select", "{name: metadata.name, namespace: metadata.namespace, account: spec.serviceAccountName}", 10.0),
    ("pipe-of-four", "spec.containers[*].securityContext | [0] | capabilities | drop", 10.0),
    ("flatten", "spec.containers[].ports[].containerPort", 10.0),
    ("length", "length(spec.containers)", 4.0),
    ("contains", "contains(spec.containers[*].name, 'envoy')", 4.0),
    ("sort", "sort(spec.containers[*].name)", 4.0),
    ("join", "join(',', spec.containers[*].name)", 4.0),
];

/// Expressions with functions that only Kyverno has.
pub(crate) const OWN: [(&str, &str); 3] = [
    ("regex_match", "regex_match('^registry[.]example[.]com/', spec.containers[0].image)"),
    ("split", "split(spec.containers[0].image, '/')"),
    ("add", "add(spec.containers[0].resources.limits.memory, '64Mi')"),
];
