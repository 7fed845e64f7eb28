//! The rules of a webhook: which requests the API server sends to it.
//!
//! Kyverno: pkg/controllers/webhook/utils_webhook.go.

use crate::k8s::{Discovery, Found};
use crate::lower::matches::{kind_parts, parse_kind};
use k8s_openapi::api::admissionregistration::v1::RuleWithOperations;
use std::collections::{BTreeMap, BTreeSet};

/// The operations of requests, in the order in which Kubernetes sorts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::k8s) enum Operation {
    /// `CONNECT`
    Connect,
    /// `CREATE`
    Create,
    /// `DELETE`
    Delete,
    /// `UPDATE`
    Update,
}

impl Operation {
    /// All
    pub(in crate::k8s) const ALL: [Self; 4] = [Self::Connect, Self::Create, Self::Delete, Self::Update];

    /// As requests have it.
    pub(in crate::k8s) fn name(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Create => "CREATE",
            Self::Delete => "DELETE",
            Self::Update => "UPDATE",
        }
    }

    /// The operation of a name.
    pub(in crate::k8s) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.name() == name)
    }
}

/// Kinds, as policies write them, and the operations on each.
pub(in crate::k8s) type Kinds = BTreeMap<String, BTreeSet<Operation>>;

/// One kind of request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    group: String,
    version: String,
    scope: &'static str,
    resource: String,
    subresource: String,
    operation: Operation,
}

impl Entry {
    fn path(&self) -> String {
        let Self { resource, subresource, .. } = self;
        if subresource.is_empty() { resource.clone() } else { format!("{resource}/{subresource}") }
    }

    /// Whether all that this is about another one is about too.
    fn is_within(&self, other: &Self) -> bool {
        let wide = |mine: &str, others: &str| others == "*" || mine == others;
        // `pods` is within `*` and `*/*`, but not within `pods/*`.
        let part = match (self.subresource.as_str(), other.subresource.as_str()) {
            ("", "*") => other.resource == "*",
            ("", "") => true,
            ("", _) | (_, "") => false,
            (mine, others) => wide(mine, others),
        };
        self != other
            && self.operation == other.operation
            && wide(self.scope, other.scope)
            && wide(&self.group, &other.group)
            && wide(&self.version, &other.version)
            && wide(&self.resource, &other.resource)
            && part
    }
}

/// The requests that a webhook asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules(BTreeSet<Entry>);

impl Rules {
    /// Whether it asks for none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds kinds. Those that the server does not know are left out, and told.
    pub(super) fn add(
        &mut self,
        kinds: &Kinds,
        namespaced: bool,
        discovery: &Discovery,
        unknown: &mut BTreeSet<String>,
    ) {
        for (kind, operations) in kinds.iter().filter(|(_, o)| !o.is_empty()) {
            let (Some(selector), Some([group, version, name, subresource])) = (parse_kind(kind), kind_parts(kind))
            else {
                continue;
            };
            if name == "*" {
                // With wildcards the API server finds out what is meant.
                let scope = if namespaced { "Namespaced" } else { "*" };
                self.insert([group, version, "*", subresource], scope, operations);
                continue;
            }
            let found = discovery.find(&selector);
            if found.is_empty() {
                unknown.insert(kind.clone());
            }
            for Found { resource, subresource } in found {
                let scope = if resource.namespaced { "Namespaced" } else { "*" };
                let part = subresource.map_or("", |s| s.name.as_str());
                self.insert([&resource.group, &resource.version, &resource.plural, part], scope, operations);
            }
        }
    }

    fn insert(
        &mut self,
        [group, version, resource, sub]: [&str; 4],
        scope: &'static str,
        operations: &BTreeSet<Operation>,
    ) {
        for &operation in operations {
            self.0.insert(Entry {
                group: group.to_owned(),
                version: version.to_owned(),
                scope,
                resource: resource.to_owned(),
                subresource: sub.to_owned(),
                operation,
            });
        }
    }

    /// As few as say it.
    pub(super) fn build(&self) -> Vec<RuleWithOperations> {
        let mut operations: BTreeMap<(&str, &str, &str, String), BTreeSet<Operation>> = BTreeMap::new();
        for entry in self.0.iter().filter(|e| !self.0.iter().any(|o| e.is_within(o))) {
            let key = (entry.group.as_str(), entry.version.as_str(), entry.scope, entry.path());
            operations.entry(key).or_default().insert(entry.operation);
        }
        let mut resources: BTreeMap<(&str, &str, BTreeSet<Operation>, &str), BTreeSet<String>> = BTreeMap::new();
        for ((group, version, scope, resource), operations) in operations {
            resources.entry((group, version, operations, scope)).or_default().insert(resource);
        }
        let mut rules: Vec<RuleWithOperations> = resources
            .into_iter()
            .map(|((group, version, operations, scope), mut resources)| {
                let core = matches!(group, "" | "*") && matches!(version, "v1" | "*");
                if core && (resources.contains("pods") || resources.contains("*")) {
                    resources.insert("pods/ephemeralcontainers".to_owned());
                }
                RuleWithOperations {
                    api_groups: Some(vec![group.to_owned()]),
                    api_versions: Some(vec![version.to_owned()]),
                    operations: Some(operations.iter().map(|o| o.name().to_owned()).collect()),
                    resources: Some(resources.into_iter().collect()),
                    scope: Some(scope.to_owned()),
                }
            })
            .collect();
        rules.sort_by(|a, b| key(a).cmp(&key(b)));
        rules
    }
}

/// Kyverno sorts lists by their lengths first.
fn key(rule: &RuleWithOperations) -> impl Ord + '_ {
    fn list(of: Option<&Vec<String>>) -> (usize, &[String]) {
        let of = of.map(Vec::as_slice).unwrap_or_default();
        (of.len(), of)
    }
    (
        list(rule.api_groups.as_ref()),
        list(rule.api_versions.as_ref()),
        list(rule.resources.as_ref()),
        list(rule.operations.as_ref()),
        rule.scope.as_deref(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn kinds(of: &[(&str, &[Operation])]) -> Kinds {
        of.iter().map(|(kind, o)| ((*kind).to_owned(), o.iter().copied().collect())).collect()
    }

    fn built(of: &[(&str, &[Operation])]) -> Value {
        let mut rules = Rules::default();
        rules.add(&kinds(of), false, &Discovery::default(), &mut BTreeSet::new());
        serde_json::to_value(rules.build()).unwrap()
    }

    #[test]
    fn what_is_asked_for_twice_is_said_once() {
        let found = built(&[("*", &[Operation::Create]), ("v1/*", &[Operation::Create, Operation::Delete])]);
        let expected = json!([
            {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["CREATE"], "scope": "*",
             "resources": ["*", "pods/ephemeralcontainers"]},
            {"apiGroups": ["*"], "apiVersions": ["v1"], "operations": ["DELETE"], "scope": "*",
             "resources": ["*", "pods/ephemeralcontainers"]},
        ]);
        assert_eq!(found, expected);
    }

    #[test]
    fn parts_are_no_wholes() {
        let found = built(&[("*", &[Operation::Create]), ("*/scale", &[Operation::Create])]);
        assert_eq!(found[0]["resources"], json!(["*", "*/scale", "pods/ephemeralcontainers"]));
        let found = built(&[("*", &[Operation::Create]), ("*/*", &[Operation::Create])]);
        assert_eq!(found[0]["resources"], json!(["*/*"]));
    }

    #[test]
    fn unknown_kinds_are_told() {
        let mut unknown = BTreeSet::new();
        let mut rules = Rules::default();
        rules.add(&kinds(&[("Nothing", &[Operation::Create])]), false, &Discovery::default(), &mut unknown);
        assert!(rules.is_empty());
        assert_eq!(unknown.into_iter().collect::<Vec<_>>(), ["Nothing"]);
    }
}
