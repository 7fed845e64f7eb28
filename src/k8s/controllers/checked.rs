//! One policy of the cluster: what the compiler says of it, and which requests it is about.

use super::stores::spec;
use super::webhooks::{Kinds, Operation};
use crate::diag::render::render;
use crate::diag::{Diagnostic, Source};
use crate::engine::{CompileOptions, Parsed};
use crate::k8s::api::policy_spec::{FailurePolicy, WebhookConfiguration};
use crate::k8s::api::policy_status::RuleCount;
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
use tracing::error;

/// `spec`, as far as it is about webhooks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Written {
    failure_policy: Option<FailurePolicy>,
    webhook_timeout_seconds: Option<i32>,
    webhook_configuration: Option<WebhookConfiguration>,
}

/// Which requests a policy asks for.
#[derive(Debug, Default)]
pub(super) struct Asks {
    /// Of the validating webhook
    pub(super) validate: Kinds,
    /// Of the mutating webhook
    pub(super) mutate: Kinds,
    pub(super) failure: FailurePolicy,
    /// In seconds
    pub(super) timeout: Option<i32>,
    /// Where there are some, it has webhooks of its own
    pub(super) conditions: Vec<MatchCondition>,
}

/// A policy that can be used.
#[derive(Debug, Default)]
pub(super) struct Good {
    pub(super) asks: Asks,
    pub(super) counts: RuleCount,
    /// Rules that are not run in the cluster, and why
    pub(super) not_run: Vec<String>,
}

/// A policy, and what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    /// As the compiler gets it
    pub(super) text: Arc<str>,
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    /// What can be used, or what is wrong with it
    pub(super) outcome: Arc<Result<Good, String>>,
    /// The conditions of its webhooks, which the compiler does not get
    conditions: String,
    /// The version of the object
    version: Option<String>,
}

/// What the compiler gets of an object: neither its status nor what the API server adds. Conditions of webhooks are left to
/// the API server; they are given besides.
fn text(api_version: &str, kind: &str, object: &DynamicObject) -> (Arc<str>, String) {
    let meta = &object.metadata;
    let mut metadata = json!({"name": meta.name});
    if let Some(namespace) = &meta.namespace {
        metadata["namespace"] = json!(namespace);
    }
    if let Some(annotations) = meta.annotations.as_ref().filter(|a| !a.is_empty()) {
        metadata["annotations"] = json!(annotations);
    }
    let mut spec: Value = serde_json::from_str(spec(object)).unwrap_or_default();
    let webhook = spec.get_mut("webhookConfiguration").and_then(Value::as_object_mut);
    let conditions = webhook.and_then(|w| w.remove("matchConditions"));
    let whole = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec});
    (whole.to_string().into(), conditions.map(|c| c.to_string()).unwrap_or_default())
}

/// The text of an object as somebody would have written it, so that what is said of it has lines to point at.
fn source(kind: &str, object: &DynamicObject, text: &str) -> Arc<Source> {
    let layout = Layout::everything();
    let yaml = match read_json(text, &layout, Buffers::default(), JsonOptions::default()) {
        Ok(doc) => to_yaml(&doc),
        // JSON is YAML too; what is wrong with it is told by whoever reads it.
        Err(_) => text.to_owned(),
    };
    let meta = &object.metadata;
    let namespace = meta.namespace.as_deref().map(|n| format!("{n}/")).unwrap_or_default();
    Source::new(format!("{kind}/{namespace}{}", meta.name.as_deref().unwrap_or_default()), yaml)
}

fn errors(found: &[Diagnostic]) -> Option<String> {
    let errors: Vec<String> = found.iter().filter(|d| d.is_error()).map(|d| render(d, false)).collect();
    (!errors.is_empty()).then(|| errors.join("\n"))
}

const OPTIONS: CompileOptions =
    CompileOptions { only_policies: true, lenient: false, open_names: false, server_conditions: true };

/// An exception, and what is known of it.
#[derive(Debug)]
pub(super) struct Excepted {
    /// As the compiler gets it, where it can be used
    pub(super) text: Option<Arc<str>>,
    /// The version of the object
    version: Option<String>,
}

impl Excepted {
    /// Reads an exception, unless that has been done `before`.
    pub(super) fn new(object: &DynamicObject, before: Option<&Arc<Self>>) -> Arc<Self> {
        let version = object.metadata.resource_version.clone();
        if let Some(before) = before.filter(|b| b.version.is_some() && b.version == version) {
            return before.clone();
        }
        let (text, _) = text("kyverno.io/v2", "PolicyException", object);
        let mut parsed = Parsed::default();
        parsed.read(&[source("PolicyException", object, &text)], OPTIONS);
        let errors = errors(&parsed.diagnostics);
        if let Some(why) = &errors {
            error!("an exception of the cluster is not used\n{why}");
        }
        Arc::new(Self { text: errors.is_none().then_some(text), version })
    }
}

impl Checked {
    /// Reads and compiles a policy, unless that has been done `before`.
    pub(super) fn new(kind: &str, object: &DynamicObject, before: Option<&Arc<Self>>) -> Arc<Self> {
        let version = object.metadata.resource_version.clone();
        if let Some(before) = before.filter(|b| b.version.is_some() && b.version == version) {
            return before.clone();
        }
        let (text, conditions) = text("kyverno.io/v1", kind, object);
        if let Some(before) = before.filter(|b| b.text == text && b.conditions == conditions) {
            return Arc::new(Self { version, ..Self::clone(before) });
        }
        let outcome = compile(kind, object, &text, &conditions);
        if let Err(why) = &outcome {
            error!("a policy of the cluster is not used\n{why}");
        }
        let meta = &object.metadata;
        let (namespace, name) = (meta.namespace.clone(), meta.name.clone().unwrap_or_default());
        Arc::new(Self { text, namespace, name, outcome: Arc::new(outcome), conditions, version })
    }

    /// A policy with nothing but an outcome.
    #[cfg(test)]
    pub(super) fn of(outcome: Result<Good, String>) -> Self {
        let (text, conditions, name) = ("".into(), String::new(), "p".to_owned());
        Self { text, namespace: None, name, outcome: Arc::new(outcome), conditions, version: None }
    }
}

fn compile(kind: &str, object: &DynamicObject, text: &str, conditions: &str) -> Result<Good, String> {
    let mut parsed = Parsed::default();
    parsed.read(&[source(kind, object, text)], OPTIONS);
    let compiled = parsed.compile();
    if let Some(why) = errors(&compiled.diagnostics) {
        return Err(why);
    }
    let unit = compiled.units.first().ok_or("there is no policy")?;
    let AnyPolicy::Classic(policy) = &unit.policy else { return Err("it is no ClusterPolicy or Policy".to_owned()) };
    let rules: Vec<&Rule> = unit.rules.iter().filter_map(|(_, r)| r.as_ref().map(|r| &r.rule)).collect();
    let written: Written = serde_json::from_str(spec(object)).unwrap_or_default();
    let mut good = good(&rules, policy.spec.admission, written);
    good.asks.conditions = serde_json::from_str(conditions).unwrap_or_default();
    Ok(good)
}

fn good(rules: &[&Rule], admission: bool, written: Written) -> Good {
    let own = written.webhook_configuration;
    let of_own = |own: &WebhookConfiguration| (own.failure_policy, own.timeout_seconds);
    let (failure, timeout) = own.as_ref().map(of_own).unwrap_or_default();
    let mut good = Good::default();
    good.asks.failure = failure.or(written.failure_policy).unwrap_or_default();
    good.asks.timeout = timeout.or(written.webhook_timeout_seconds);
    for rule in rules {
        let is_generated = rule.name.starts_with("autogen-");
        let existing = rule.mutate.as_ref().is_some_and(|m| !m.targets.is_empty());
        let changes = rule.mutate.is_some() && !existing;
        let images = rule.verify_images.as_ref();
        if !is_generated {
            good.counts.validate += isize::from(rule.validate.is_some());
            good.counts.generate += isize::from(rule.generate.is_some());
            good.counts.mutate += isize::from(rule.mutate.is_some());
            good.counts.verifyimages += isize::from(images.is_some());
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

    fn checked(spec: Value) -> Arc<Checked> {
        let object: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "p"}, "spec": spec.to_string(),
        }))
        .unwrap();
        Checked::new("ClusterPolicy", &object, None)
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
        let checked = checked(spec);
        let good = checked.outcome.as_ref().as_ref().unwrap();
        assert_eq!(text(&good.asks.validate), "Ingress CONNECT+CREATE+UPDATE, Service CONNECT+CREATE+DELETE+UPDATE");
        assert_eq!(text(&good.asks.mutate), "Service CREATE");
        assert_eq!(
            (good.asks.failure, good.asks.timeout, good.asks.conditions.len()),
            (FailurePolicy::Ignore, Some(7), 1)
        );
        assert_eq!(good.counts, RuleCount { validate: 1, generate: 1, mutate: 1, verifyimages: 0 });
        assert_eq!(good.not_run, ["rule g: generate is not run in the cluster yet"]);
    }

    #[test]
    fn rules_for_pods_are_about_those_who_make_them_too() {
        let good = checked(json!({"rules": [{"name": "v", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
            "validate": {"pattern": {"metadata": {"labels": {"a": "?*"}}}}}]}));
        let found = good.outcome.as_ref().as_ref().unwrap().asks.validate.keys().cloned().collect::<Vec<_>>().join(" ");
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
        let why = bad.outcome.as_ref().as_ref().unwrap_err();
        assert!(why.contains("ClusterPolicy/p:") && why.contains('^'), "{why}");
    }
}
