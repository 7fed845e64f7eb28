//! Workloads that meet the restricted Pod Security Standard, and fewer and fewer of its controls.

use super::Gen;
use super::manifest;
use super::mutation::{self, Path};
use super::shapes::{KINDS, Kind, WITH_POD};
use super::vocab::IMAGES;
use serde_json::{Map, Value, json};

/// The `n`th manifest.
pub(crate) fn manifest(g: &mut Gen, n: usize) -> Value {
    let kind = &KINDS[g.rng.weighted(KINDS[..WITH_POD].iter().map(|k| k.weight))];
    let mut spec = pod(g);
    let mut metadata = manifest::metadata(g, kind, n);
    let annotations = annotations(g);
    let template = json!({ "metadata": { "labels": { "app": "x" }, "annotations": annotations }, "spec": spec });
    let spec = match kind.kind {
        "Pod" => {
            if !annotations.is_empty() {
                metadata["annotations"] = Value::Object(annotations);
            }
            spec.take()
        }
        "CronJob" => json!({ "schedule": "@daily", "jobTemplate": { "spec": { "template": template } } }),
        _ => json!({ "selector": { "matchLabels": { "app": "x" } }, "template": template }),
    };
    let mut object = object(kind, metadata, spec);
    if g.maybe("manifest/retyped", 6) {
        mutation::mutate(g, &mut object);
    } else {
        g.tag("manifest/plain");
    }
    object
}

fn object(kind: &Kind, metadata: Value, spec: Value) -> Value {
    json!({ "apiVersion": kind.api_version(), "kind": kind.kind, "metadata": metadata, "spec": spec })
}

fn annotations(g: &mut Gen) -> Map<String, Value> {
    let mut map = Map::new();
    if g.rng.chance(15) {
        let value = *g.rng.pick(&["unconfined", "runtime/default", "localhost/x", "bad"]);
        map.insert("container.apparmor.security.beta.kubernetes.io/c0".to_owned(), json!(value));
    }
    if g.rng.chance(8) {
        let value = *g.rng.pick(&["unconfined", "runtime/default", "docker/default"]);
        map.insert("seccomp.security.alpha.kubernetes.io/pod".to_owned(), json!(value));
    }
    map
}

/// The spec of a pod that meets the standard, with none to many faults.
fn pod(g: &mut Gen) -> Value {
    let n = g.rng.between(1, 2);
    let containers: Vec<Value> = (0..n).map(|i| container(g, i)).collect();
    let mut spec = json!({
        "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
        "containers": containers,
        "volumes": [{ "name": "tmp", "emptyDir": {} }],
    });
    if g.rng.chance(30) {
        spec["initContainers"] = json!([container(g, 7)]);
    }
    if g.rng.chance(12) {
        spec["ephemeralContainers"] = json!([container(g, 8)]);
    }
    if g.rng.chance(12) {
        spec["os"] = json!({ "name": g.rng.pick(&["windows", "linux"]) });
    }
    for _ in 0..[0, 1, 1, 2, 2, 3, 5][g.rng.below(7)] {
        fault(g, &mut spec);
    }
    spec
}

fn container(g: &mut Gen, i: usize) -> Value {
    json!({
        "name": format!("c{i}"),
        "image": g.rng.pick(IMAGES),
        "ports": [{ "containerPort": 80 }],
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
        },
    })
}

/// Puts one fault, or something that is none, into a pod.
fn fault(g: &mut Gen, spec: &mut Value) {
    if g.rng.chance(15) {
        let paths: Vec<Path> = mutation::paths(spec);
        let path = g.rng.pick(&paths).clone();
        mutation::remove(spec, &path);
        return;
    }
    if g.rng.chance(45) {
        of_pod(g, spec);
        return;
    }
    let field = *g.rng.pick_early(&["containers", "initContainers", "ephemeralContainers"]);
    let n = spec[field].as_array().map_or(0, Vec::len);
    if n > 0 {
        let i = g.rng.below(n);
        of_container(g, &mut spec[field][i]);
    }
}

/// Puts a value at a place, where that is one.
fn put(value: &mut Value, path: &[&str], new: Value) {
    let mut at = value;
    for key in path {
        if at.is_null() {
            *at = json!({});
        }
        let Some(map) = at.as_object_mut() else { return };
        at = map.entry((*key).to_owned()).or_insert(Value::Null);
    }
    *at = new;
}

fn of_pod(g: &mut Gen, spec: &mut Value) {
    let flag = json!(g.rng.chance(80));
    match g.rng.below(14) {
        0 => put(spec, &["hostNetwork"], flag),
        1 => put(spec, &["hostPID"], flag),
        2 => put(spec, &["hostIPC"], flag),
        3 => {
            let source = *g.rng.pick(&["hostPath", "gitRepo", "nfs", "configMap", "emptyDir", "csi", "iscsi", "image"]);
            let body = if source == "hostPath" { json!({ "path": g.rng.pick(&["/", "/var/run"]) }) } else { json!({}) };
            put(spec, &["volumes"], json!([{ "name": "tmp", "emptyDir": {} }, { "name": "v", (source): body }]));
        }
        4 => put(
            spec,
            &["volumes"],
            json!([{ "name": "v", "hostPath": { "path": "/var/run" } }, { "name": "w", "hostPath": { "path": "/" } }]),
        ),
        5 => put(spec, &["securityContext", "runAsNonRoot"], json!(false)),
        6 => put(spec, &["securityContext", "runAsUser"], json!(g.rng.pick(&[0, 1000]))),
        7 => put(
            spec,
            &["securityContext", "seccompProfile"],
            json!({ "type": g.rng.pick(&["Unconfined", "Localhost", "RuntimeDefault"]) }),
        ),
        8 => {
            let names = [
                "kernel.msgmax",
                "net.ipv4.tcp_syncookies",
                "kernel.shm_rmid_forced",
                "net.ipv4.tcp_rmem",
                "net.ipv4.tcp_keepalive_time",
            ];
            put(spec, &["securityContext", "sysctls"], json!([{ "name": g.rng.pick(&names), "value": "1" }]));
        }
        9 => put(spec, &["securityContext", "seLinuxOptions"], options(g)),
        10 => put(spec, &["securityContext", "windowsOptions"], json!({ "hostProcess": g.rng.chance(80) })),
        11 => put(
            spec,
            &["securityContext", "appArmorProfile"],
            json!({ "type": g.rng.pick(&["Unconfined", "RuntimeDefault"]) }),
        ),
        12 => put(spec, &["hostUsers"], json!(g.rng.chance(40))),
        _ => put(spec, &["securityContext"], g.rng.pick(&[json!({}), Value::Null]).clone()),
    }
}

fn options(g: &mut Gen) -> Value {
    g.rng
        .pick(&[
            json!({ "type": "spc_t" }),
            json!({ "type": "container_t", "level": "s0" }),
            json!({ "user": "root" }),
            json!({ "role": "sysadm_r", "type": "container_kvm_t" }),
            json!({ "type": "container_engine_t" }),
        ])
        .clone()
}

fn of_container(g: &mut Gen, container: &mut Value) {
    let flag = json!(g.rng.chance(80));
    let names = ["NET_ADMIN", "SYS_ADMIN", "NET_BIND_SERVICE", "KILL", "CHOWN", "ALL"];
    match g.rng.below(15) {
        0 => put(container, &["securityContext", "privileged"], flag),
        1 => put(container, &["securityContext", "allowPrivilegeEscalation"], flag),
        2 => {
            put(container, &["securityContext", "capabilities", "add"], json!([g.rng.pick(&names), g.rng.pick(&names)]))
        }
        3 => put(container, &["securityContext", "capabilities", "drop"], json!([g.rng.pick(&names)])),
        4 => put(container, &["securityContext", "capabilities"], json!({})),
        5 => {
            let ports = json!([{ "containerPort": 80, "hostPort": g.rng.pick(&[0, 80, 8080]) }, { "containerPort": 81, "hostPort": 443 }]);
            put(container, &["ports"], ports);
        }
        6 => put(container, &["securityContext", "procMount"], json!(g.rng.pick(&["Unmasked", "Default", "Other"]))),
        7 => put(container, &["securityContext", "runAsNonRoot"], json!(g.rng.chance(30))),
        8 => put(container, &["securityContext", "runAsUser"], json!(g.rng.pick(&[0, 1000]))),
        9 => put(
            container,
            &["securityContext", "seccompProfile"],
            json!({ "type": g.rng.pick(&["Unconfined", "Localhost"]) }),
        ),
        10 => put(container, &["securityContext", "seLinuxOptions"], options(g)),
        11 => put(container, &["securityContext", "windowsOptions"], json!({ "hostProcess": g.rng.chance(80) })),
        12 => put(
            container,
            &["securityContext", "appArmorProfile"],
            json!({ "type": g.rng.pick(&["Unconfined", "Localhost"]) }),
        ),
        13 => {
            let host = json!({ "httpGet": { "path": "/", "port": 80, "host": g.rng.pick(&["127.0.0.1", "example.com", ""]) } });
            put(container, &[*g.rng.pick(&["livenessProbe", "readinessProbe", "startupProbe"])], host);
        }
        _ => put(container, &["securityContext"], g.rng.pick(&[json!({}), Value::Null]).clone()),
    }
}
