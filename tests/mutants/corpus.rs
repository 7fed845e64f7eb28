//! The policies that are edited, each with the objects it is about.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The policies of a file, and what they are asked about.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The file, for the tests to name
    pub(crate) path: PathBuf,
    pub(crate) policies: Vec<Value>,
    pub(crate) manifests: Vec<Value>,
}

/// The folders of the policies that are shipped, and the recorded ones where they are.
pub(crate) fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let recorded =
        std::env::var_os("KYVC_CONFORMANCE").map_or_else(|| root.join("../shared/conformance"), PathBuf::from);
    let mut out = Vec::new();
    for folder in
        [root.join("policies"), root.join("tests/samples"), recorded.join("policies"), recorded.join("kyverno-cli")]
    {
        find(&folder, &mut out);
    }
    out
}

/// Two Pods that every rule about Pods has something to say of.
pub(crate) fn common() -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/data");
    let read = |name| fs::read_to_string(root.join(name)).ok().and_then(|text| serde_json::from_str(&text).ok());
    ["pod.json", "pod-large.json"].into_iter().filter_map(read).collect()
}

fn find(folder: &Path, out: &mut Vec<Case>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    let (mut policies, mut manifests) = (Vec::new(), Vec::new());
    for path in &paths {
        if path.is_dir() {
            find(path, out);
            continue;
        }
        let documents = documents(path);
        let (mine, others): (Vec<Value>, Vec<Value>) = documents.into_iter().partition(is_policy);
        manifests.extend(others.into_iter().filter(|d| d.get("kind").is_some()));
        if !mine.is_empty() {
            policies.push((path.clone(), mine));
        }
    }
    manifests.truncate(6);
    out.extend(policies.into_iter().map(|(path, policies)| Case { path, policies, manifests: manifests.clone() }));
}

fn documents(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    serde_yaml::Deserializer::from_str(&text)
        .map_while(|d| serde::Deserialize::deserialize(d).ok())
        .filter(|d: &Value| d.is_object())
        .collect()
}

fn is_policy(document: &Value) -> bool {
    let text = |key| document.get(key).and_then(Value::as_str).unwrap_or_default();
    text("apiVersion").starts_with("kyverno.io/") && text("kind").ends_with("Policy")
}
