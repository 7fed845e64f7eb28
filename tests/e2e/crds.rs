//! The definitions that `kyvc crds` prints, on a real API server: objects of every version, their defaults, what is
//! refused, and the columns of `kubectl get`.

use crate::apply::Case;
use crate::support::Cluster;
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, Instant};

/// What is done with one kind.
struct Sample {
    /// As people type it.
    short: &'static str,
    plural: &'static str,
    /// What begins the paths of its objects.
    namespaced: bool,
    /// Its versions that are served.
    versions: &'static [&'static str],
    /// The spec of an object that is taken.
    spec: fn() -> Value,
    /// What the API server adds to it, by the place.
    defaults: &'static [(&'static str, &'static str)],
    /// A spec that is not taken, and what is said of it.
    refused: fn() -> Value,
    says: &'static str,
    /// The columns of `kubectl get -o wide`.
    columns: &'static [&'static str],
}

/// How long a definition may take until it is in use.
const PATIENCE: Duration = Duration::from_secs(60);
const NAMESPACE: &str = "crds";

/// Gives the cases by their names.
pub(crate) fn cases(cluster: &Cluster) -> Vec<(String, Case<'_>)> {
    let case = |sample: Sample| {
        let name = format!("crds/{}", sample.plural);
        (name, Box::new(move || run(cluster, &sample)) as Case<'_>)
    };
    samples().into_iter().map(case).collect()
}

fn run(cluster: &Cluster, sample: &Sample) -> Result<(), String> {
    let printed = Command::new(env!("CARGO_BIN_EXE_kyvc")).args(["crds", sample.short]).output().unwrap();
    let definition = String::from_utf8_lossy(&printed.stdout);
    cluster.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", "-"], &definition);
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
    cluster.kubectl(&["apply", "--server-side", "-f", "-"], &namespace.to_string());
    for version in sample.versions {
        established(cluster, &path(sample, version))?;
        stored(cluster, sample, version)
            .and_then(|()| refused(cluster, sample, version))
            .map_err(|why| format!("{version}: {why}"))?;
    }
    let of = format!("{}.kyverno.io", sample.plural);
    cluster.kubectl(&["delete", &of, "--all", "-n", NAMESPACE], "");
    Ok(())
}

/// `kubectl wait` fails where the API server has not said anything of a definition yet.
fn established(cluster: &Cluster, path: &str) -> Result<(), String> {
    let start = Instant::now();
    loop {
        match cluster.client().get(path) {
            Ok(_) => return Ok(()),
            Err(e) if start.elapsed() > PATIENCE => return Err(format!("not established: {}", e.of_objects())),
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

fn path(sample: &Sample, version: &str) -> String {
    let namespace = if sample.namespaced { format!("namespaces/{NAMESPACE}/") } else { String::new() };
    format!("/apis/kyverno.io/{version}/{namespace}{}", sample.plural)
}

fn object(sample: &Sample, version: &str, spec: &Value) -> String {
    let kind = kyvc::k8s::api::kinds::KINDS.iter().find(|k| k.plural == sample.plural).unwrap().name;
    let name = format!("crds-{version}");
    json!({ "apiVersion": format!("kyverno.io/{version}"), "kind": kind, "metadata": { "name": name }, "spec": spec })
        .to_string()
}

/// An object is stored with its defaults, without what the schema does not know, and shown in the columns.
fn stored(cluster: &Cluster, sample: &Sample, version: &str) -> Result<(), String> {
    let mut spec = (sample.spec)();
    spec["unknown"] = true.into();
    let answer = cluster.client().post(&path(sample, version), &object(sample, version, &spec));
    let answer: Value = serde_json::from_str(&answer.map_err(|e| e.of_objects())?).map_err(|e| e.to_string())?;
    if answer.pointer("/spec/unknown").is_some() {
        return Err("an unknown field is stored".to_owned());
    }
    for (place, expected) in sample.defaults {
        let found = answer.pointer(place).map(ToString::to_string);
        if found.as_deref() != Some(expected) {
            return Err(format!("{place} is {found:?}, not {expected}"));
        }
    }
    let name = format!("crds-{version}");
    let shown = cluster.kubectl(&["get", sample.short, &name, "-n", NAMESPACE, "-o", "wide"], "");
    let head: Vec<&str> =
        shown.lines().next().unwrap_or_default().split("  ").map(str::trim).filter(|c| !c.is_empty()).collect();
    if head != sample.columns { Err(format!("the columns are {head:?}, not {:?}", sample.columns)) } else { Ok(()) }
}

fn refused(cluster: &Cluster, sample: &Sample, version: &str) -> Result<(), String> {
    match cluster.client().post(&path(sample, version), &object(sample, version, &(sample.refused)())) {
        Ok(_) => Err("a wrong object is taken".to_owned()),
        Err(e) if e.of_objects().contains(sample.says) => Ok(()),
        Err(e) => Err(format!("{} does not say {}", e.of_objects(), sample.says)),
    }
}

const POLICY_COLUMNS: &[&str] = &[
    "NAME",
    "ADMISSION",
    "BACKGROUND",
    "READY",
    "AGE",
    "FAILURE POLICY",
    "VALIDATE",
    "MUTATE",
    "GENERATE",
    "VERIFY IMAGES",
    "MESSAGE",
];
const POLICY_DEFAULTS: &[(&str, &str)] = &[
    ("/spec/admission", "true"),
    ("/spec/background", "true"),
    ("/spec/emitWarning", "false"),
    ("/spec/validationFailureAction", "\"Audit\""),
    ("/spec/rules/0/skipBackgroundRequests", "true"),
    ("/spec/rules/0/context/0/apiCall/method", "\"GET\""),
    // What a pattern says is kept as it is.
    ("/spec/rules/0/validate/pattern/metadata", r#"{"=(labels)":{"a":"?*"}}"#),
];

/// It is about objects that nobody makes.
fn policy() -> Value {
    json!({ "rules": [{
        "name": "never",
        "match": { "any": [{ "resources": { "kinds": ["ConfigMap"], "names": ["of-no-use"] } }] },
        "context": [{ "name": "all", "apiCall": { "urlPath": "/api/v1/namespaces" } }],
        "validate": { "pattern": { "metadata": { "=(labels)": { "a": "?*" } } } },
    }] })
}

fn wrong_policy() -> Value {
    json!({ "rules": [{ "name": "never", "match": { "any": [], "all": [] } }] })
}

fn cleanup() -> Value {
    json!({
        "match": { "any": [{ "resources": { "kinds": ["ConfigMap"], "names": ["of-no-use"] } }] },
        "schedule": "*/5 * * * *",
        "context": [{ "name": "all", "apiCall": { "urlPath": "/api/v1/namespaces" } }],
    })
}

fn wrong_cleanup() -> Value {
    json!({ "match": { "any": [] }, "schedule": "*/5 * * * *", "deletionPropagationPolicy": "Never" })
}

const CLEANUP_COLUMNS: &[&str] = &["NAME", "SCHEDULE", "AGE"];
const CLEANUP_DEFAULTS: &[(&str, &str)] = &[("/spec/context/0/apiCall/method", "\"GET\"")];
const WRONG_CLEANUP: &str = r#"supported values: "Foreground", "Background", "Orphan""#;
const WRONG_POLICY: &str = r#""spec.rules[0].match" must not validate the schema (not)"#;

fn samples() -> [Sample; 7] {
    let of_policies = |short, plural, namespaced| Sample {
        short,
        plural,
        namespaced,
        versions: &["v1", "v2beta1"],
        spec: policy,
        defaults: POLICY_DEFAULTS,
        refused: wrong_policy,
        says: WRONG_POLICY,
        columns: POLICY_COLUMNS,
    };
    let of_cleanups = |short, plural, namespaced| Sample {
        short,
        plural,
        namespaced,
        versions: &["v2", "v2beta1"],
        spec: cleanup,
        defaults: CLEANUP_DEFAULTS,
        refused: wrong_cleanup,
        says: WRONG_CLEANUP,
        columns: CLEANUP_COLUMNS,
    };
    [
        of_policies("cpol", "clusterpolicies", false),
        of_policies("pol", "policies", true),
        of_cleanups("ccleanpol", "clustercleanuppolicies", false),
        of_cleanups("cleanpol", "cleanuppolicies", true),
        exception(),
        entry(),
        request(),
    ]
}

fn exception() -> Sample {
    Sample {
        short: "polex",
        plural: "policyexceptions",
        namespaced: true,
        versions: &["v2", "v2beta1"],
        spec: || json!({ "match": {}, "exceptions": [{ "policyName": "of-no-use", "ruleNames": ["*"] }] }),
        defaults: &[],
        refused: || json!({ "match": {}, "exceptions": [{ "policyName": "of-no-use" }] }),
        says: "spec.exceptions[0].ruleNames: Required value",
        columns: &["NAME", "AGE"],
    }
}

fn entry() -> Sample {
    Sample {
        short: "gctxentry",
        plural: "globalcontextentries",
        namespaced: false,
        versions: &["v2", "v2alpha1", "v2beta1"],
        spec: || json!({ "apiCall": { "urlPath": "/api/v1/namespaces" } }),
        defaults: &[
            ("/spec/apiCall/refreshInterval", "\"10m\""),
            ("/spec/apiCall/retryLimit", "3"),
            ("/spec/apiCall/method", "\"GET\""),
        ],
        refused: || json!({ "apiCall": { "refreshInterval": "often" } }),
        says: "spec.apiCall.refreshInterval: Invalid value",
        columns: &["NAME", "AGE", "REFRESH INTERVAL", "LAST REFRESH"],
    }
}

fn request() -> Sample {
    Sample {
        short: "ur",
        plural: "updaterequests",
        namespaced: true,
        versions: &["v2"],
        spec: || {
            let roles = json!({ "roles": null, "clusterRoles": ["edit"] });
            json!({ "requestType": "cel-generate", "policy": "a", "rule": "b", "deleteDownstream": false, "resource": {}, "context": { "userInfo": roles } })
        },
        defaults: &[("/spec/context/userInfo/roles", "null")],
        refused: || json!({ "policy": "a", "rule": "b", "deleteDownstream": "no", "resource": {}, "context": {} }),
        says: "spec.deleteDownstream: Invalid value",
        columns: &["NAME", "POLICY", "RULETYPE", "RESOURCEKIND", "RESOURCENAME", "RESOURCENAMESPACE", "STATUS", "AGE"],
    }
}
