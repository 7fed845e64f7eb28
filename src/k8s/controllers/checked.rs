//! One policy of the cluster: what the compiler says of it, and which requests it is about.

use super::webhooks::{Kinds, Operation};
use crate::diag::render::render;
use crate::diag::{Diagnostic, Source};
use crate::engine::{CompileOptions, Parsed};
use crate::policy::any::AnyPolicy;
use crate::policy::classic::Rule;
use crate::policy::matching::Filter;
use crate::report::go_yaml3::to_yaml;
use crate::serve::not_run;
use k8s_openapi::api::admissionregistration::v1::MatchCondition;
use kube::api::DynamicObject;
use kyvc_vm::document::{Buffers, JsonOptions, Layout, read_json};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the API server is to do where no webhook answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Failure {
    #[default]
    Fail,
    Ignore,
}

/// `spec`, as far as it is about webhooks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Written {
    failure_policy: Option<String>,
    webhook_timeout_seconds: Option<i32>,
    webhook_configuration: Option<WrittenWebhook>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WrittenWebhook {
    failure_policy: Option<String>,
    timeout_seconds: Option<i32>,
    match_conditions: Option<Vec<MatchCondition>>,
}

/// Which requests a policy asks for.
#[derive(Debug, Default)]
pub(super) struct Asks {
    /// Of the validating webhook
    pub(super) validate: Kinds,
    /// Of the mutating webhook
    pub(super) mutate: Kinds,
    pub(super) failure: Failure,
    /// In seconds
    pub(super) timeout: Option<i32>,
    /// Where there are some, it has webhooks of its own
    pub(super) conditions: Vec<MatchCondition>,
}

/// How many rules of each type there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) validate: usize,
    pub(super) generate: usize,
    pub(super) mutate: usize,
    pub(super) verify_images: usize,
}

/// A policy that can be used.
#[derive(Debug, Default)]
pub(super) struct Good {
    pub(super) asks: Asks,
    pub(super) counts: Counts,
    /// Rules that are not run in the cluster, and why
    pub(super) not_run: Vec<String>,
}

/// A policy, and what is known of it.
#[derive(Debug)]
pub(super) struct Checked {
    /// As the compiler gets it
    pub(super) source: Arc<Source>,
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    /// What can be used, or what is wrong with it
    pub(super) outcome: Result<Good, String>,
    /// The conditions of its webhooks, which stand in no source
    pub(super) conditions: String,
}

/// What the compiler gets of an object: neither its status nor what the API server adds. Conditions of webhooks are left to
/// the API server.
pub(super) fn source(api_version: &str, kind: &str, object: &DynamicObject) -> Arc<Source> {
    let meta = &object.metadata;
    let mut metadata = json!({"name": meta.name});
    if let Some(namespace) = &meta.namespace {
        metadata["namespace"] = json!(namespace);
    }
    let kept = |(key, _): &(&String, &String)| *key != "kubectl.kubernetes.io/last-applied-configuration";
    let annotations = meta.annotations.iter().flatten().filter(kept);
    let annotations: serde_json::Map<String, Value> = annotations.map(|(k, v)| (k.clone(), json!(v))).collect();
    if !annotations.is_empty() {
        metadata["annotations"] = Value::Object(annotations);
    }
    let mut spec = object.data.get("spec").cloned().unwrap_or_default();
    if let Some(webhook) = spec.get_mut("webhookConfiguration").and_then(Value::as_object_mut) {
        webhook.remove("matchConditions");
    }
    let whole = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}).to_string();
    let layout = Layout::everything();
    let yaml = match read_json(&whole, &layout, Buffers::default(), JsonOptions::default()) {
        Ok(doc) => to_yaml(&doc),
        // JSON is YAML too; what is wrong with it is told by whoever reads it.
        Err(_) => whole,
    };
    let namespace = meta.namespace.as_deref().map(|n| format!("{n}/")).unwrap_or_default();
    Source::new(format!("{kind}/{namespace}{}", meta.name.as_deref().unwrap_or_default()), yaml)
}

impl Checked {
    /// Whether its webhooks have the conditions of an object.
    pub(super) fn conditions_are(&self, object: &DynamicObject) -> bool {
        self.conditions == conditions(object)
    }

    /// Reads and compiles a policy.
    pub(super) fn new(source: Arc<Source>, object: &DynamicObject) -> Self {
        let mut parsed = Parsed::default();
        parsed.read(std::slice::from_ref(&source), CompileOptions { only_policies: true, ..CompileOptions::default() });
        let compiled = parsed.compile();
        let errors: Vec<&Diagnostic> = compiled.diagnostics.iter().filter(|d| d.is_error()).collect();
        let outcome = match compiled.units.first().map(|u| &u.policy) {
            Some(AnyPolicy::Classic(policy)) if errors.is_empty() => {
                let rules: Vec<&Rule> = compiled
                    .units
                    .iter()
                    .flat_map(|u| &u.rules)
                    .filter_map(|(_, resolved)| resolved.as_ref().map(|r| &r.rule))
                    .collect();
                let written = object.data.get("spec").cloned().unwrap_or_default();
                let written: Written = serde_json::from_value(written).unwrap_or_default();
                Ok(good(&rules, policy.spec.admission, written))
            }
            _ => Err(errors.iter().map(|d| render(d, false)).collect::<Vec<_>>().join("\n")),
        };
        let meta = &object.metadata;
        let name = meta.name.clone().unwrap_or_default();
        Self { source, namespace: meta.namespace.clone(), name, outcome, conditions: conditions(object) }
    }
}

/// The conditions as they are written.
fn conditions(object: &DynamicObject) -> String {
    object.data.pointer("/spec/webhookConfiguration/matchConditions").map(Value::to_string).unwrap_or_default()
}

fn good(rules: &[&Rule], admission: bool, written: Written) -> Good {
    let own = written.webhook_configuration.unwrap_or_default();
    let ignore = own.failure_policy.or(written.failure_policy).is_some_and(|f| f == "Ignore");
    let mut good = Good::default();
    let asks = &mut good.asks;
    asks.failure = if ignore { Failure::Ignore } else { Failure::Fail };
    asks.timeout = own.timeout_seconds.or(written.webhook_timeout_seconds);
    asks.conditions = own.match_conditions.unwrap_or_default();
    for rule in rules {
        let is_generated = rule.name.starts_with("autogen-");
        let existing = rule.mutate.as_ref().is_some_and(|m| !m.targets.is_empty());
        let changes = rule.mutate.is_some() && !existing;
        let images = rule.verify_images.as_ref();
        if !is_generated {
            good.counts.validate += usize::from(rule.validate.is_some());
            good.counts.generate += usize::from(rule.generate.is_some());
            good.counts.mutate += usize::from(rule.mutate.is_some());
            good.counts.verify_images += usize::from(images.is_some());
            good.not_run.extend(not_run(rule));
        }
        if !admission {
            continue;
        }
        if rule.validate.is_some() || images.is_some_and(|i| i.checks()) {
            collect(rule, &Operation::ALL, &mut good.asks.validate);
        }
        if changes || images.is_some() {
            collect(rule, &[Operation::Create, Operation::Update], &mut good.asks.mutate);
        }
    }
    good
}

/// The kinds that a rule is about, and the operations on each.
///
/// Kyverno: pkg/controllers/webhook/utils.go, collectResourceDescriptions.
fn collect(rule: &Rule, otherwise: &[Operation], all: &mut Kinds) {
    let mut found = Kinds::new();
    let operations = |filter: &Filter, otherwise: &[Operation]| -> BTreeSet<Operation> {
        if filter.operations.is_empty() {
            otherwise.iter().copied().collect()
        } else {
            filter.operations.iter().filter_map(|o| Operation::of(&o.text)).collect()
        }
    };
    let matches = &rule.matches;
    for filter in std::iter::once(&matches.legacy).chain(&matches.all).chain(&matches.any) {
        for kind in &filter.kinds {
            found.entry(kind.text.clone()).or_default().extend(operations(filter, otherwise));
        }
    }
    for filter in rule.exclude.iter().flat_map(|e| &e.any).filter(|f| excludes_kinds(f)) {
        let gone = operations(filter, &Operation::ALL);
        for (kind, left) in &mut found {
            if filter.kinds.is_empty() || filter.kinds.iter().any(|k| k.text == *kind) {
                left.retain(|o| !gone.contains(o));
            }
        }
    }
    for (kind, operations) in found {
        all.entry(kind).or_default().extend(operations);
    }
}

/// Whether a filter says nothing but kinds and operations.
fn excludes_kinds(filter: &Filter) -> bool {
    filter.no_user()
        && filter.name.as_ref().is_none_or(|n| n.text.is_empty())
        && filter.names.is_empty()
        && filter.namespaces.is_empty()
        && filter.annotations.as_ref().is_none_or(Vec::is_empty)
        && filter.selector.is_none()
        && filter.namespace_selector.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(spec: Value) -> Checked {
        let object: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "p"}, "spec": spec,
        }))
        .unwrap();
        Checked::new(source("kyverno.io/v1", "ClusterPolicy", &object), &object)
    }

    fn text(kinds: &Kinds) -> String {
        let operations = |o: &BTreeSet<Operation>| o.iter().map(|o| o.name()).collect::<Vec<_>>().join("+");
        kinds.iter().map(|(kind, o)| format!("{kind} {}", operations(o))).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_policy_asks_for_what_its_rules_are_about() {
        let spec = json!({
            "failurePolicy": "Ignore",
            "webhookTimeoutSeconds": 5,
            "webhookConfiguration": {"timeoutSeconds": 7, "matchConditions": [{"name": "a", "expression": "true"}]},
            "rules": [
                {"name": "v", "match": {"any": [{"resources": {"kinds": ["Service", "Ingress"]}}]},
                 "exclude": {"any": [{"resources": {"kinds": ["Ingress"], "operations": ["DELETE"]}}]},
                 "validate": {"message": "no", "deny": {}}},
                {"name": "m", "match": {"any": [{"resources": {"kinds": ["Service"], "operations": ["CREATE"]}}]},
                 "mutate": {"patchStrategicMerge": {"metadata": {"labels": {"a": "b"}}}}},
                {"name": "g", "match": {"any": [{"resources": {"kinds": ["Namespace"]}}]},
                 "generate": {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "namespace": "y", "data": {"data": {}}}},
            ],
        });
        let good = checked(spec).outcome.unwrap();
        assert_eq!(text(&good.asks.validate), "Ingress CONNECT+CREATE+UPDATE, Service CONNECT+CREATE+DELETE+UPDATE");
        assert_eq!(text(&good.asks.mutate), "Service CREATE");
        assert_eq!((good.asks.failure, good.asks.timeout, good.asks.conditions.len()), (Failure::Ignore, Some(7), 1));
        assert_eq!(good.counts, Counts { validate: 1, generate: 1, mutate: 1, verify_images: 0 });
        assert_eq!(good.not_run, ["rule g: generate is not run in the cluster yet"]);
    }

    #[test]
    fn rules_for_pods_are_about_those_who_make_them_too() {
        let good = checked(json!({"rules": [{"name": "v", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
            "validate": {"pattern": {"metadata": {"labels": {"a": "?*"}}}}}]}));
        let found = good.outcome.unwrap().asks.validate.into_keys().collect::<Vec<_>>().join(" ");
        assert_eq!(
            found,
            "Pod apps/v1/DaemonSet apps/v1/Deployment apps/v1/ReplicaSet apps/v1/StatefulSet batch/v1/CronJob batch/v1/Job \
             v1/ReplicationController"
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let bad = checked(json!({"rules": [{"name": "v", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
            "validate": {"message": "{{ request.object. }}", "pattern": {"metadata": {"name": "?*"}}}}]}));
        let why = bad.outcome.unwrap_err();
        assert!(why.contains("ClusterPolicy/p:") && why.contains('^'), "{why}");
    }
}
