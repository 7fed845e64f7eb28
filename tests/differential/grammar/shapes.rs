//! The kinds manifests have, and the shapes of those without a pod.

use super::Gen;
use super::shape::{Field, Shape, f};
use super::workload;
use crate::differential::rng::Rng;

/// A kind.
#[derive(Debug)]
pub(crate) struct Kind {
    /// API group, empty for the core group.
    pub(crate) group: &'static str,
    /// API version.
    pub(crate) version: &'static str,
    /// The kind's name.
    pub(crate) kind: &'static str,
    /// Whether its objects live in a namespace.
    pub(crate) namespaced: bool,
    /// How many of the manifests are of it, by weight.
    pub(crate) weight: u32,
    /// What stands beside the metadata.
    pub(crate) body: &'static [Field],
}

impl Kind {
    /// `group/version`, or `version` in the core group.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }
}

const SERVICE_PORT: Shape = Shape::Map(&[
    f("port", 98, &Shape::Int(&[80, 443, 8080])),
    f("targetPort", 60, &Shape::IntOrText(&[80, 8080], &["http", "8080"])),
    f("nodePort", 25, &Shape::Int(&[30_000, 32_000])),
]);
const SERVICE: Shape = Shape::Map(&[
    f("type", 80, &Shape::Text(&["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"])),
    f("ports", 80, &Shape::List(&SERVICE_PORT)),
    f("externalIPs", 35, &Shape::List(&Shape::Text(&["1.2.3.4", "10.0.0.1"]))),
    f("selector", 60, &Shape::Labels),
    f("publishNotReadyAddresses", 30, &Shape::Bool),
]);
const DATA: Shape = Shape::Map(&[
    f("mode", 70, &Shape::Text(&["prod", "dev", "debug"])),
    f("level", 60, &Shape::Text(&["1", "5", "10", "info"])),
    f("timeout", 60, &Shape::Duration),
    f("size", 50, &Shape::Quantity),
    f("config.json", 30, &Shape::Text(&["{}", "{\"a\": 1}", "a: b\nc: d\n"])),
]);
const HOST: Shape = Shape::Text(&["foo.example.com", "bar.example.com", "*.example.com", "foo.local"]);
const INGRESS_PATH: Shape = Shape::Map(&[
    f("path", 90, &Shape::Text(&["/", "/api", "/admin"])),
    f("pathType", 80, &Shape::Text(&["Prefix", "Exact"])),
]);
const INGRESS_RULE: Shape =
    Shape::Map(&[f("host", 85, &HOST), f("http", 80, &Shape::Map(&[f("paths", 90, &Shape::List(&INGRESS_PATH))]))]);
const TLS: Shape =
    Shape::Map(&[f("hosts", 85, &Shape::List(&HOST)), f("secretName", 75, &Shape::Text(&["tls", "foo-tls", ""]))]);
const INGRESS: Shape = Shape::Map(&[
    f("ingressClassName", 60, &Shape::Text(&["nginx", "traefik"])),
    f("rules", 85, &Shape::List(&INGRESS_RULE)),
    f("tls", 55, &Shape::List(&TLS)),
]);
const CELL: Shape = Shape::IntOrText(&[0, 1, 2, 3], &["a", "b", "1"]);
const DEEP: Shape = Shape::Map(&[
    f("mode", 75, &Shape::Text(&["on", "off", "auto"])),
    f("limit", 65, &Shape::Int(&[-1, 0, 5, 100])),
    f("tags", 60, &Shape::List(&Shape::Text(&["red", "green", "blue"]))),
]);
const ITEM: Shape = Shape::Map(&[
    f("kind", 80, &Shape::Text(&["disk", "net"])),
    f("size", 75, &Shape::Quantity),
    f("inner", 60, &DEEP),
    f("steps", 50, &Shape::List(&DEEP)),
]);
const WIDGET: Shape = Shape::Map(&[
    f("mode", 70, &Shape::Text(&["on", "off", "auto"])),
    f("ratio", 70, &Shape::Float),
    f("ratios", 40, &Shape::List(&Shape::Float)),
    f("size", 65, &Shape::Quantity),
    f("ttl", 65, &Shape::Duration),
    f("count", 70, &Shape::Int(&[-1, 0, 1, 5, 10, 1_000_000])),
    f("enabled", 60, &Shape::Bool),
    f("tags", 60, &Shape::List(&Shape::Text(&["red", "green", "blue"]))),
    f("flags", 40, &Shape::List(&Shape::Bool)),
    f("matrix", 65, &Shape::List(&Shape::List(&CELL))),
    f("items", 65, &Shape::List(&ITEM)),
    f("groups", 40, &Shape::List(&Shape::List(&ITEM))),
    f("deep", 60, &DEEP),
]);
const EMPTY_SPEC: Shape = Shape::Map(&[f("finalizers", 60, &Shape::List(&Shape::Text(&["kubernetes"])))]);

const fn kind(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    weight: u32,
    body: &'static [Field],
) -> Kind {
    Kind { group, version, kind, namespaced: true, weight, body }
}

/// The kinds there are; the first ones hold a pod.
pub(crate) const KINDS: &[Kind] = &[
    kind("", "v1", "Pod", 36, &[f("spec", 99, &workload::POD)]),
    kind("apps", "v1", "Deployment", 16, &[f("spec", 99, &workload::DEPLOYMENT)]),
    kind("apps", "v1", "StatefulSet", 6, &[f("spec", 99, &workload::STATEFUL_SET)]),
    kind("apps", "v1", "DaemonSet", 5, &[f("spec", 99, &workload::STATEFUL_SET)]),
    kind("apps", "v1", "ReplicaSet", 4, &[f("spec", 99, &workload::DEPLOYMENT)]),
    kind("batch", "v1", "Job", 5, &[f("spec", 99, &workload::JOB)]),
    kind("batch", "v1", "CronJob", 8, &[f("spec", 99, &workload::CRON_JOB)]),
    kind("", "v1", "Service", 6, &[f("spec", 99, &SERVICE)]),
    kind("", "v1", "ConfigMap", 6, &[f("data", 97, &DATA), f("immutable", 40, &Shape::Bool)]),
    kind("networking.k8s.io", "v1", "Ingress", 5, &[f("spec", 99, &INGRESS)]),
    kind("example.com", "v1", "Widget", 12, &[f("spec", 99, &WIDGET)]),
    kind("example.com", "v1alpha1", "Widget", 3, &[f("spec", 99, &WIDGET)]),
    Kind {
        group: "",
        version: "v1",
        kind: "Namespace",
        namespaced: false,
        weight: 6,
        body: &[f("spec", 40, &EMPTY_SPEC)],
    },
    Kind {
        group: "example.com",
        version: "v1",
        kind: "ClusterWidget",
        namespaced: false,
        weight: 3,
        body: &[f("spec", 99, &WIDGET)],
    },
];

/// Where the custom resource is in `KINDS`.
pub(crate) const CUSTOM: usize = 10;

/// The kinds at the head of `KINDS` that hold a pod.
pub(crate) const WITH_POD: usize = 7;

/// A kind, mostly one of those the batch is about.
pub(crate) fn any_kind(g: &mut Gen) -> &'static Kind {
    if !g.focus.is_empty() && g.rng.chance(85) {
        return &KINDS[*g.rng.pick(&g.focus.clone())];
    }
    &KINDS[g.rng.weighted(KINDS.iter().map(|k| k.weight))]
}

/// The kinds a batch is about: pods mostly, and two others.
pub(crate) fn focus(rng: &mut Rng) -> Vec<usize> {
    let mut out = vec![0, 0];
    if rng.chance(60) {
        out.push(CUSTOM);
    }
    while out.len() < 4 {
        let kind = rng.weighted(KINDS.iter().map(|k| k.weight));
        if !out.contains(&kind) {
            out.push(kind);
        }
    }
    out
}
