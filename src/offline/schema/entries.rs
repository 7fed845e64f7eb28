//! What the schema refuses of context entries. Loops inside loops have none.

use super::items;
use crate::diag::Code;
use crate::policy::fields::Problems;
use crate::policy::tree::{Tree, Value};

/// Where entries come from.
const SOURCES: [&str; 5] = ["configMap", "apiCall", "imageRegistry", "variable", "globalReference"];

/// Checks the entries of a rule, of its loops, and of what it changes.
pub(super) fn of_rule(rule: &Tree, path: &str, problems: &Problems) {
    list(rule, path, problems);
    for (part, of) in [("validate", "foreach"), ("mutate", "foreach"), ("mutate", "targets"), ("generate", "foreach")] {
        for (i, each) in items(some(rule, part).and_then(|p| some(p, of))).enumerate() {
            list(each, &format!("{path}.{part}.{of}[{i}]"), problems);
        }
    }
}

/// Checks the entries of the list in a part of a policy.
pub(super) fn list(part: &Tree, path: &str, problems: &Problems) {
    for (i, tree) in items(some(part, "context")).enumerate() {
        entry(tree, &format!("{path}.context[{i}]"), problems);
    }
}

fn some<'t>(tree: &'t Tree, key: &str) -> Option<&'t Tree> {
    tree.get(key).filter(|t| t.value != Value::Null)
}

fn entry(entry: &Tree, path: &str, problems: &Problems) {
    let refuse = |tree: &Tree, message: String| problems.add(Code::WrongType, tree.place, message);
    let need = |tree: Option<&Tree>, path: &str, keys: &[&str]| {
        let Some(tree) = tree.filter(|t| matches!(t.value, Value::Map(_))) else { return };
        for key in keys.iter().filter(|key| tree.get(key).is_none()) {
            refuse(tree, format!("`{path}.{key}` is missing"));
        }
    };
    need(Some(entry), path, &["name"]);
    let found = SOURCES.iter().filter(|s| some(entry, s).is_some()).count();
    if found != 1 {
        refuse(entry, format!("`{path}` needs exactly one source, found {found}"));
    }
    for (source, key) in [("configMap", "name"), ("imageRegistry", "reference"), ("globalReference", "name")] {
        need(some(entry, source), &format!("{path}.{source}"), &[key]);
    }
    let Some(call) = some(entry, "apiCall") else { return };
    for (i, datum) in items(some(call, "data")).enumerate() {
        need(Some(datum), &format!("{path}.apiCall.data[{i}]"), &["key", "value"]);
    }
    let Some(service) = some(call, "service") else { return };
    need(Some(service), &format!("{path}.apiCall.service"), &["url"]);
    for (i, header) in items(some(service, "headers")).enumerate() {
        need(Some(header), &format!("{path}.apiCall.service.headers[{i}]"), &["key", "value"]);
    }
}
