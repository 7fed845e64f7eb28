//! Workloads whose images rules verify.

use super::Gen;
use super::manifest;
use super::mutation;
use super::shapes::{KINDS, WITH_POD};
use serde_json::{Value, json};

/// Images as they are written, and with their registry and tag.
const IMAGES: &[(&str, &str)] = &[
    ("nginx", "docker.io/nginx:latest"),
    ("nginx:1.25", "docker.io/nginx:1.25"),
    ("docker.io/library/redis:7", "docker.io/library/redis:7"),
    ("ghcr.io/acme/api:v2", "ghcr.io/acme/api:v2"),
    ("ghcr.io/acme/web", "ghcr.io/acme/web:latest"),
    ("registry.invalid/team/app:1.0", "registry.invalid/team/app:1.0"),
    ("registry.local:5000/db:latest", "registry.local:5000/db:latest"),
    (
        "ghcr.io/acme/api@sha256:2a1b5d3c4e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809",
        "ghcr.io/acme/api@sha256:2a1b5d3c4e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809",
    ),
    (
        "nginx:1.25@sha256:2a1b5d3c4e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809",
        "docker.io/nginx:1.25@sha256:2a1b5d3c4e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809",
    ),
    ("x", "docker.io/x:latest"),
];

/// An image with its registry and tag.
pub(crate) fn full(g: &mut Gen) -> &'static str {
    g.rng.pick_early(IMAGES).1
}

/// The `n`th manifest.
pub(crate) fn manifest(g: &mut Gen, n: usize) -> Value {
    let kind = &KINDS[g.rng.weighted(KINDS[..WITH_POD].iter().map(|k| k.weight))];
    let metadata = manifest::metadata(g, kind, n);
    let spec = json!({ "containers": containers(g) });
    let spec = if g.rng.chance(25) {
        let mut spec = spec;
        let field = *g.rng.pick(&["initContainers", "ephemeralContainers"]);
        spec[field] = json!([{ "name": "first", "image": image(g) }]);
        spec
    } else {
        spec
    };
    let template = json!({ "metadata": { "labels": { "app": "x" } }, "spec": spec });
    let spec = match kind.kind {
        "Pod" => spec,
        "CronJob" => json!({ "schedule": "@daily", "jobTemplate": { "spec": { "template": template } } }),
        _ => json!({ "selector": { "matchLabels": { "app": "x" } }, "template": template }),
    };
    let mut object = json!({ "apiVersion": kind.api_version(), "kind": kind.kind, "metadata": metadata, "spec": spec });
    if g.maybe("manifest/retyped", 6) {
        mutation::mutate(g, &mut object);
    } else {
        g.tag("manifest/plain");
    }
    object
}

fn containers(g: &mut Gen) -> Vec<Value> {
    // Two may be verified in either order.
    let n = if g.rng.chance(12) { 2 } else { 1 };
    (0..n).map(|i| json!({ "name": format!("c{i}"), "image": image(g) })).collect()
}

fn image(g: &mut Gen) -> Value {
    if g.rng.chance(4) {
        return g.rng.pick(&[json!("Not//An:Image:"), json!(""), json!("ghcr.io/a:b@sha256:12"), json!(7)]).clone();
    }
    json!(g.rng.pick(IMAGES).0)
}

/// Says of some images, in an annotation, what became of them for a rule.
pub(crate) fn annotate(g: &mut Gen, object: &mut Value, policies: &[(String, String)]) {
    let Some((policy, rule)) = (!policies.is_empty()).then(|| g.rng.pick(policies).clone()) else { return };
    let status = *g.rng.pick(&["pass", "pass", "skip", "fail"]);
    let images: serde_json::Map<String, Value> =
        IMAGES.iter().map(|(_, full)| ((*full).to_owned(), json!(status))).collect();
    let scoped = match g.rng.below(6) {
        0 => "no JSON".to_owned(),
        1 => json!(images).to_string(),
        _ => json!({ "version": 1, "policies": { (policy): { (rule): images } } }).to_string(),
    };
    if let Some(metadata) = object["metadata"].as_object_mut() {
        let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.insert("kyverno.io/verify-images-scoped".to_owned(), json!(scoped));
        }
    }
}
