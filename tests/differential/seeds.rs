//! Seeds: policies and manifests that people wrote, which the generator mutates.
//!
//! The policies are under `policies/`, each with a `good.yaml` and a `bad.yaml` beside it. Reading YAML is not done here:
//! `load` gets a reader from the caller.

use super::batch::Item;
use super::grammar::mutation::{self, Path, Step};
use super::grammar::{Gen, Tags};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path as FilePath, PathBuf};

/// A policy and the manifests written for it.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    /// The policy.
    pub(crate) policy: Value,
    /// Manifests it passes and fails.
    pub(crate) manifests: Vec<Value>,
}

/// The documents of a YAML text.
pub(crate) type Reader = fn(&str) -> Vec<Value>;

/// All seeds below a folder, in the order of their paths.
pub(crate) fn load(root: &FilePath, read: Reader) -> Vec<Seed> {
    let mut folders = Vec::new();
    find(root, &mut folders);
    folders.sort();
    folders.iter().flat_map(|folder| seeds_of(folder, read)).collect()
}

fn find(folder: &FilePath, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, out);
        } else if path.file_name().is_some_and(|n| n == "policy.yaml") {
            out.push(folder.to_owned());
        }
    }
}

fn seeds_of(folder: &FilePath, read: Reader) -> Vec<Seed> {
    let documents = |name: &str| fs::read_to_string(folder.join(name)).map(|text| read(&text)).unwrap_or_default();
    let manifests: Vec<Value> = ["good.yaml", "bad.yaml"].iter().flat_map(|n| documents(n)).collect();
    let classic = |p: &Value| p["apiVersion"].as_str().is_some_and(|v| v.starts_with("kyverno.io/"));
    let policies = documents("policy.yaml").into_iter().filter(classic);
    policies.map(|policy| Seed { policy, manifests: manifests.clone() }).collect()
}

/// A seed's policy under another name, with its patterns mutated half of the time.
pub(crate) fn policy(g: &mut Gen, seed: &Seed, name: &str) -> Item {
    let mut item = Item::new(seed.policy.clone(), Tags::from(["seed/policy"]));
    item.rename(name);
    if g.rng.chance(50) {
        item.tags.insert("seed/mutated-policy");
        mutate_pattern(g, &mut item.doc);
    }
    item
}

/// One of a seed's manifests, with a name that is unique by `n`, mutated half of the time.
pub(crate) fn manifest(g: &mut Gen, seed: &Seed, n: usize) -> Item {
    let doc = g.rng.pick(&seed.manifests).clone();
    let mut item = Item::new(doc, Tags::from(["seed/manifest"]));
    let name = format!("{}-{n}", item.name());
    item.rename(&name);
    if g.rng.chance(50) {
        item.tags.insert("seed/mutated-manifest");
        mutation::mutate(g, &mut item.doc);
    }
    item
}

/// Changes one to two places below a `pattern` or `anyPattern`: a key's anchor, a scalar, or a part that goes.
fn mutate_pattern(g: &mut Gen, doc: &mut Value) {
    for _ in 0..g.rng.between(1, 2) {
        let inside: Vec<Path> = mutation::paths(doc).into_iter().filter(|p| in_pattern(p)).collect();
        if inside.is_empty() {
            return;
        }
        let path = g.rng.pick(&inside).clone();
        match g.rng.below(3) {
            0 => {
                mutation::remove(doc, &path);
            }
            1 => anchor(g, doc, &path),
            _ => scalar(g, doc, &path),
        }
    }
}

fn in_pattern(path: &[Step]) -> bool {
    let pattern = |s: &Step| matches!(s, Step::Key(k) if k == "pattern" || k == "anyPattern");
    path.iter().position(pattern).is_some_and(|i| i + 1 < path.len())
}

fn anchor(g: &mut Gen, doc: &mut Value, path: &[Step]) {
    let Some((Step::Key(old), above)) = path.split_last() else { return };
    let bare = old.trim_start_matches(['=', '<', '^', 'X']).trim_start_matches('(').trim_end_matches(')').to_owned();
    let sign = *g.rng.pick(&["", "=", "<", "X"]);
    let new = if g.rng.chance(25) { bare } else { format!("{sign}({bare})") };
    if let Some(Value::Object(map)) = mutation::at(doc, above)
        && let Some(value) = map.remove(old)
    {
        map.insert(new, value);
    }
}

fn scalar(g: &mut Gen, doc: &mut Value, path: &[Step]) {
    let new =
        g.rng.pick(&[json!("?*"), json!("*"), json!(null), json!("!*"), json!(">0"), json!(false), json!("")]).clone();
    if let Some(place) = mutation::at(doc, path)
        && !place.is_object()
        && !place.is_array()
    {
        *place = new;
    }
}
