//! The configurations of webhooks, from policies and what the server knows.
//!
//! Kyverno: pkg/controllers/webhook/controller.go; the names are the same.

use super::Registration;
use super::rules::Rules;
use crate::k8s::Discovery;
use crate::k8s::api::policy_spec::FailurePolicy;
use crate::k8s::controllers::checked::Asks;
use k8s_openapi::ByteString;
use k8s_openapi::api::admissionregistration::v1::{
    MatchCondition, MutatingWebhook, MutatingWebhookConfiguration, RuleWithOperations, ServiceReference,
    ValidatingWebhook, ValidatingWebhookConfiguration, WebhookClientConfig,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use std::collections::BTreeSet;

/// The API server does not wait longer.
const LONGEST: i32 = 30;
/// Nodes join with these, which have no namespace by which they could be left out.
const BOOTSTRAP: &str = "!(request.resource.group == \"\" && request.resource.resource == \"nodes\") && \
                         !(request.resource.group == \"certificates.k8s.io\" && request.resource.resource == \
                         \"certificatesigningrequests\")";
const BOOTSTRAP_NAME: &str = "kyverno-exclude-bootstrap-resources";

/// What is registered for resources.
pub(in crate::k8s) const VALIDATING: &str = "kyverno-resource-validating-webhook-cfg";
/// What is registered for resources.
pub(in crate::k8s) const MUTATING: &str = "kyverno-resource-mutating-webhook-cfg";

/// A policy, and which requests it asks for.
pub(in crate::k8s) struct Asking<'p> {
    pub(in crate::k8s) namespace: Option<&'p str>,
    pub(in crate::k8s) name: &'p str,
    pub(in crate::k8s) asks: &'p Asks,
}

/// All that is registered, and the kinds that the server does not know.
#[derive(Debug)]
pub(in crate::k8s) struct Built {
    pub(in crate::k8s) validating: Vec<ValidatingWebhookConfiguration>,
    pub(in crate::k8s) mutating: Vec<MutatingWebhookConfiguration>,
    pub(in crate::k8s) unknown: BTreeSet<String>,
}

/// A webhook before it is written down.
struct Webhook {
    failure: FailurePolicy,
    timeout: i32,
    rules: Rules,
    conditions: Vec<MatchCondition>,
    /// Namespace and name of the policy, where it is for one only
    own: Option<(Option<String>, String)>,
}

impl Webhook {
    fn for_all(failure: FailurePolicy, r: &Registration<'_>) -> Self {
        let conditions = r.config.match_conditions.clone();
        Self { failure, timeout: r.timeout, rules: Rules::default(), conditions, own: None }
    }

    /// The name and the path, from those of the kind of webhook.
    fn name_and_path(&self, name: &str, path: &str) -> (String, String) {
        let failure = if self.failure == FailurePolicy::Ignore { "ignore" } else { "fail" };
        let (name, path) = (format!("{name}-{failure}"), format!("{path}/{failure}"));
        let Some((namespace, policy)) = &self.own else { return (name, path) };
        let key = |separator: &str| match namespace {
            Some(namespace) => format!("{namespace}{separator}{policy}"),
            None => policy.clone(),
        };
        (format!("{name}-finegrained-{}", key("-")), format!("{path}/finegrained/{}", key("/")))
    }
}

/// Builds all of them.
pub(in crate::k8s) fn build(policies: &[Asking<'_>], discovery: &Discovery, r: &Registration<'_>) -> Built {
    let mut unknown = BTreeSet::new();
    let validating = merged(policies, discovery, r, &mut unknown, |asks| &asks.validate);
    let mutating = merged(policies, discovery, r, &mut unknown, |asks| &asks.mutate);
    let validating = ValidatingWebhookConfiguration {
        metadata: metadata(VALIDATING, r),
        webhooks: Some(sorted(
            validating.iter().map(|w| resource_validating(w, r, "validate.kyverno.svc", "/validate")).collect(),
            |w| &w.name,
        )),
    };
    let mutating = MutatingWebhookConfiguration {
        metadata: metadata(MUTATING, r),
        webhooks: Some(sorted(
            mutating.iter().map(|w| resource_mutating(w, r, "mutate.kyverno.svc", "/mutate")).collect(),
            |w| &w.name,
        )),
    };
    let exceptions = format!("{}.{}.svc", r.service, r.namespace);
    let own = [
        (
            "kyverno-policy-validating-webhook-cfg",
            "validate-policy.kyverno.svc",
            "/policyvalidate",
            &["v1", "v2beta1"][..],
            &["clusterpolicies", "policies"][..],
        ),
        (
            "kyverno-exception-validating-webhook-cfg",
            &exceptions,
            "/exceptionvalidate",
            &["v2", "v2beta1"],
            &["policyexceptions"],
        ),
        (
            "kyverno-global-context-validating-webhook-cfg",
            &exceptions,
            "/globalcontextvalidate",
            &["v2alpha1", "v2beta1", "v2"],
            &["globalcontextentries"],
        ),
    ];
    let own = own.map(|(configuration, name, path, versions, resources)| ValidatingWebhookConfiguration {
        metadata: metadata(configuration, r),
        webhooks: Some(vec![ValidatingWebhook {
            name: name.to_owned(),
            client_config: client(r, path),
            rules: Some(vec![RuleWithOperations {
                api_groups: Some(vec!["kyverno.io".to_owned()]),
                api_versions: Some(texts(versions)),
                resources: Some(texts(resources)),
                operations: Some(texts(&["CREATE", "UPDATE"])),
                scope: Some("*".to_owned()),
            }]),
            failure_policy: Some("Fail".to_owned()),
            side_effects: "None".to_owned(),
            timeout_seconds: Some(r.timeout),
            admission_review_versions: texts(&["v1"]),
            match_policy: Some("Equivalent".to_owned()),
            namespace_selector: Some(LabelSelector::default()),
            object_selector: Some(LabelSelector::default()),
            match_conditions: None,
        }]),
    });
    let mut all = vec![validating];
    all.extend(own);
    Built { validating: all, mutating: vec![mutating], unknown }
}

fn merged(
    policies: &[Asking<'_>],
    discovery: &Discovery,
    r: &Registration<'_>,
    unknown: &mut BTreeSet<String>,
    kinds: impl Fn(&Asks) -> &super::Kinds,
) -> Vec<Webhook> {
    let mut all = vec![Webhook::for_all(FailurePolicy::Ignore, r), Webhook::for_all(FailurePolicy::Fail, r)];
    let mut own = Vec::new();
    for Asking { namespace, name, asks } in policies {
        let kinds = kinds(asks);
        let webhook = if asks.conditions.is_empty() {
            all.iter_mut().find(|w| w.failure == asks.failure)
        } else {
            own.push(Webhook {
                conditions: asks.conditions.clone(),
                own: Some((namespace.map(str::to_owned), (*name).to_owned())),
                ..Webhook::for_all(asks.failure, r)
            });
            own.last_mut()
        };
        let Some(webhook) = webhook.filter(|_| !kinds.is_empty()) else { continue };
        webhook.rules.add(kinds, namespace.is_some(), discovery, unknown);
        webhook.timeout = webhook.timeout.max(asks.timeout.unwrap_or_default());
    }
    all.extend(own);
    all.retain(|w| !w.rules.is_empty());
    for webhook in all.iter_mut().filter(|w| w.failure == FailurePolicy::Fail && r.exclude_bootstrap) {
        if !webhook.conditions.iter().any(|c| c.name == BOOTSTRAP_NAME) {
            let (name, expression) = (BOOTSTRAP_NAME.to_owned(), BOOTSTRAP.to_owned());
            webhook.conditions.push(MatchCondition { name, expression });
        }
    }
    all
}

fn resource_validating(webhook: &Webhook, r: &Registration<'_>, name: &str, path: &str) -> ValidatingWebhook {
    let (name, path) = webhook.name_and_path(name, path);
    ValidatingWebhook {
        name,
        client_config: client(r, &path),
        rules: Some(webhook.rules.build()),
        failure_policy: Some(failure(webhook)),
        side_effects: "NoneOnDryRun".to_owned(),
        timeout_seconds: Some(webhook.timeout.min(LONGEST)),
        admission_review_versions: texts(&["v1"]),
        match_policy: Some("Equivalent".to_owned()),
        namespace_selector: Some(r.config.selectors.namespace_selector.clone().unwrap_or_default()),
        object_selector: Some(r.config.selectors.object_selector.clone().unwrap_or_default()),
        match_conditions: some(&webhook.conditions),
    }
}

/// The same, for requests that may be changed.
fn resource_mutating(webhook: &Webhook, r: &Registration<'_>, name: &str, path: &str) -> MutatingWebhook {
    let ValidatingWebhook {
        name,
        client_config,
        rules,
        failure_policy,
        side_effects,
        timeout_seconds,
        admission_review_versions,
        match_policy,
        namespace_selector,
        object_selector,
        match_conditions,
    } = resource_validating(webhook, r, name, path);
    MutatingWebhook {
        name,
        client_config,
        rules,
        failure_policy,
        side_effects,
        timeout_seconds,
        admission_review_versions,
        match_policy,
        namespace_selector,
        object_selector,
        match_conditions,
        reinvocation_policy: Some("IfNeeded".to_owned()),
    }
}

fn failure(webhook: &Webhook) -> String {
    (if webhook.failure == FailurePolicy::Ignore { "Ignore" } else { "Fail" }).to_owned()
}

fn some(conditions: &[MatchCondition]) -> Option<Vec<MatchCondition>> {
    (!conditions.is_empty()).then(|| conditions.to_vec())
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| (*t).to_owned()).collect()
}

fn sorted<W>(mut webhooks: Vec<W>, name: impl Fn(&W) -> &String) -> Vec<W> {
    webhooks.sort_by(|a, b| name(a).cmp(name(b)));
    webhooks
}

fn metadata(name: &str, r: &Registration<'_>) -> ObjectMeta {
    let mut labels = r.config.labels.clone();
    labels.insert("webhook.kyverno.io/managed-by".to_owned(), "kyverno".to_owned());
    ObjectMeta {
        name: Some(name.to_owned()),
        labels: Some(labels),
        annotations: (!r.config.annotations.is_empty()).then(|| r.config.annotations.clone()),
        owner_references: r.owner.clone().map(|o| vec![o]),
        ..ObjectMeta::default()
    }
}

fn client(r: &Registration<'_>, path: &str) -> WebhookClientConfig {
    let ca_bundle = Some(ByteString(r.bundle.as_bytes().to_vec()));
    match r.server {
        Some(server) => WebhookClientConfig { ca_bundle, url: Some(format!("https://{server}{path}")), service: None },
        None => WebhookClientConfig {
            ca_bundle,
            url: None,
            service: Some(ServiceReference {
                name: r.service.to_owned(),
                namespace: r.namespace.to_owned(),
                path: Some(path.to_owned()),
                port: Some(r.port),
            }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::controllers::config::Config;
    use crate::k8s::controllers::webhooks::{Kinds, Operation};
    use std::collections::BTreeMap;

    fn asks(failure: FailurePolicy, timeout: Option<i32>, conditions: &[&str]) -> Asks {
        let kinds: Kinds = [("*".to_owned(), BTreeSet::from([Operation::Create]))].into();
        let condition = |name: &&str| MatchCondition { name: (*name).to_owned(), expression: "true".to_owned() };
        Asks {
            validate: kinds,
            failure,
            timeout,
            conditions: conditions.iter().map(condition).collect(),
            ..Asks::default()
        }
    }

    fn built(policies: &[Asking<'_>], config: &[(&str, &str)], server: Option<&str>) -> Built {
        let config: BTreeMap<String, String> = config.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let registration = Registration {
            namespace: "kyvc",
            service: "kyvc-svc",
            port: 443,
            server,
            bundle: "pem",
            timeout: 10,
            config: &Config::read(&config),
            exclude_bootstrap: true,
            owner: None,
        };
        build(policies, &Discovery::default(), &registration)
    }

    fn webhooks(built: &Built) -> Vec<&ValidatingWebhook> {
        built.validating.iter().take(1).flat_map(|c| c.webhooks.iter().flatten()).collect()
    }

    #[test]
    fn policies_share_webhooks_but_for_conditions() {
        let all = [
            asks(FailurePolicy::Fail, None, &[]),
            asks(FailurePolicy::Fail, Some(40), &[]),
            asks(FailurePolicy::Ignore, Some(5), &[]),
            asks(FailurePolicy::Ignore, None, &["mine"]),
        ];
        let policies = [
            Asking { namespace: None, name: "a", asks: &all[0] },
            Asking { namespace: None, name: "b", asks: &all[1] },
            Asking { namespace: None, name: "c", asks: &all[2] },
            Asking { namespace: Some("shop"), name: "d", asks: &all[3] },
        ];
        let built = built(&policies, &[("matchConditions", r#"[{"name": "all", "expression": "true"}]"#)], None);
        let found: Vec<String> = webhooks(&built)
            .iter()
            .map(|w| {
                let conditions: Vec<&str> = w.match_conditions.iter().flatten().map(|c| c.name.as_str()).collect();
                let path = w.client_config.service.as_ref().and_then(|s| s.path.clone()).unwrap();
                format!("{} {path} {}s {}", w.name, w.timeout_seconds.unwrap(), conditions.join(","))
            })
            .collect();
        assert_eq!(
            found,
            [
                "validate.kyverno.svc-fail /validate/fail 30s all,kyverno-exclude-bootstrap-resources",
                "validate.kyverno.svc-ignore /validate/ignore 10s all",
                "validate.kyverno.svc-ignore-finegrained-shop-d /validate/ignore/finegrained/shop/d 10s mine",
            ]
        );
        let scopes: Vec<_> =
            webhooks(&built).iter().map(|w| w.rules.as_ref().unwrap()[0].scope.clone().unwrap()).collect();
        assert_eq!(scopes, ["*", "*", "Namespaced"]);
        assert_eq!(built.mutating[0].webhooks.as_deref(), Some(&[][..]));
    }

    #[test]
    fn servers_outside_are_called_by_address() {
        let all = asks(FailurePolicy::Fail, None, &[]);
        let built = built(
            &[Asking { namespace: None, name: "a", asks: &all }],
            &[("webhookLabels", r#"{"a": "b"}"#)],
            Some("10.0.0.1:9443"),
        );
        assert_eq!(webhooks(&built)[0].client_config.url.as_deref(), Some("https://10.0.0.1:9443/validate/fail"));
        let labels = built.validating[0].metadata.labels.clone().unwrap();
        assert_eq!(
            labels.into_iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(),
            ["a=b", "webhook.kyverno.io/managed-by=kyverno"]
        );
    }
}
