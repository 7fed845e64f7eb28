//! `metadata` of policies of all kinds.

use super::fields::Problems;
use super::tree::{Tree, Value};
use crate::diag::Code;
use kyvc_vm::document::Place;

/// What counts of a policy's `metadata`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// `name`
    pub name: String,
    /// `namespace`, where it is written
    pub namespace: Option<String>,
    /// `annotations`
    pub annotations: Vec<(String, String)>,
}

impl Metadata {
    /// Reads it. A policy without a name is a problem.
    pub(super) fn read(tree: Option<&Tree>, policy: Place, problems: &Problems) -> Self {
        let text = |key| tree.and_then(|t| t.get(key)).and_then(Tree::as_str).map(str::to_owned);
        let annotations = match tree.and_then(|t| t.get("annotations")).map(|t| &t.value) {
            Some(Value::Map(members)) => {
                members.iter().filter_map(|m| Some((m.key.clone(), m.value.as_str()?.to_owned()))).collect()
            }
            _ => Vec::new(),
        };
        let name = text("name").unwrap_or_default();
        if name.is_empty() {
            problems.add(Code::MissingField, tree.map_or(policy, |t| t.place), "a policy needs `metadata.name`");
        }
        Self { name, namespace: text("namespace"), annotations }
    }

    /// An annotation's value.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
}
