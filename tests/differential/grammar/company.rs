//! Resources that stand beside the manifests, for API calls and the global context to find. No rows about them are compared.

use super::super::rng::Rng;
use serde_json::{Value, json};

/// The resources; of each kind that calls ask for there is one at least.
pub(crate) fn resources(rng: &mut Rng) -> Vec<Value> {
    let map = |namespace: &str, mode: &str| {
        json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": { "name": "settings", "namespace": namespace, "labels": { "app": "web" } },
            "data": { "mode": mode, "level": "5", "names": "[\"web\", \"db\"]" },
        })
    };
    let namespace = |name: &str| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": { "team": name } } });
    let mut out = vec![
        map("default", "prod"),
        map("prod", "dev"),
        namespace("default"),
        namespace("prod"),
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": { "name": "company-web", "namespace": "default" },
            "spec": { "replicas": rng.between(1, 3), "template": { "spec": { "containers": [{ "name": "main", "image": "nginx" }] } } },
        }),
        json!({
            "apiVersion": "example.com/v1",
            "kind": "Widget",
            "metadata": { "name": "company-widget", "namespace": "default" },
            "spec": { "count": 5, "ratio": 0.5 },
        }),
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": { "name": "company-pod", "namespace": "default" },
            "spec": { "containers": [{ "name": "main", "image": "nginx:1" }] },
        }),
    ];
    out.extend(entries());
    out
}

/// Entries of the global context.
fn entries() -> [Value; 2] {
    let entry = |name: &str, group: &str, resource: &str, projections: Value| {
        json!({
            "apiVersion": "kyverno.io/v2",
            "kind": "GlobalContextEntry",
            "metadata": { "name": name },
            "spec": {
                "kubernetesResource": { "group": group, "version": "v1", "resource": resource },
                "projections": projections,
            },
        })
    };
    [
        entry("maps", "", "configmaps", json!([{ "name": "names", "jmesPath": "[].metadata.name" }])),
        entry("widgets", "example.com", "widgets", json!([{ "name": "count", "jmesPath": "length(@)" }])),
    ]
}
