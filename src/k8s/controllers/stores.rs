//! All that is watched.

use super::watch::{watch, watch_as};
use super::{Changed, Settings};
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::Store;
use kube::runtime::watcher;
use kube::{Api, Client};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Notify;

/// The kinds that are no part of Kubernetes.
#[derive(Clone, Debug)]
pub(super) struct Kinds {
    pub(super) cluster_policy: ApiResource,
    pub(super) policy: ApiResource,
    pub(super) exception: ApiResource,
    pub(super) global: ApiResource,
}

impl Default for Kinds {
    fn default() -> Self {
        let kind = |version: &str, kind: &str, plural: &str| {
            ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("kyverno.io", version, kind), plural)
        };
        Self {
            cluster_policy: kind("v1", "ClusterPolicy", "clusterpolicies"),
            policy: kind("v1", "Policy", "policies"),
            exception: kind("v2", "PolicyException", "policyexceptions"),
            global: kind("v2beta1", "GlobalContextEntry", "globalcontextentries"),
        }
    }
}

impl Kinds {
    /// All
    pub(super) fn all(&self) -> [&ApiResource; 4] {
        [&self.cluster_policy, &self.policy, &self.exception, &self.global]
    }
}

/// Leaves of an object what is read of it, and its specification as a text: as a tree it takes many times that.
fn compact(object: &mut DynamicObject) {
    object.metadata.managed_fields = None;
    if let Some(annotations) = &mut object.metadata.annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    let mut member = |key: &str| object.data.get_mut(key).map(Value::take).unwrap_or_default();
    object.data = json!({"spec": member("spec").to_string(), "status": member("status")});
}

/// The specification of an object as a text of JSON.
pub(super) fn spec(object: &DynamicObject) -> &str {
    object.data.get("spec").and_then(Value::as_str).unwrap_or("null")
}

/// What is known of the cluster.
pub(super) struct Stores {
    pub(super) cluster_policies: Store<DynamicObject>,
    pub(super) policies: Store<DynamicObject>,
    pub(super) exceptions: Store<DynamicObject>,
    pub(super) globals: Store<DynamicObject>,
    pub(super) namespaces: Store<PartialObjectMeta<Namespace>>,
    pub(super) role_bindings: Store<RoleBinding>,
    pub(super) cluster_role_bindings: Store<ClusterRoleBinding>,
    /// Those that rules may read without asking
    pub(super) config_maps: Store<ConfigMap>,
    config: Store<ConfigMap>,
    authority: Store<Secret>,
    certificate: Store<Secret>,
}

impl Stores {
    /// Begins to watch.
    pub(super) fn watch(client: &Client, kinds: &Kinds, settings: &Settings, changed: &Arc<Changed>) -> Self {
        let all = watcher::Config::default;
        let tell = |notify: &'static [fn(&Changed) -> &Notify]| {
            let changed = changed.clone();
            move || notify.iter().for_each(|n| n(&changed).notify_one())
        };
        let dynamic = |what, kind: &ApiResource, keep: fn(&mut DynamicObject), notify| {
            watch_as(what, kind.clone(), Api::all_with(client.clone(), kind), all(), keep, tell(notify)).0
        };
        let named = |name: &str| all().fields(&format!("metadata.name={name}"));
        let secret = |what, name: &str, notify| {
            watch(what, Api::<Secret>::namespaced(client.clone(), &settings.namespace), named(name), tell(notify))
        };
        watch(
            "webhooks",
            Api::<PartialObjectMeta<ValidatingWebhookConfiguration>>::all(client.clone()),
            all().labels("webhook.kyverno.io/managed-by=kyverno"),
            tell(&[|c| &c.registration]),
        );
        watch(
            "webhooks",
            Api::<PartialObjectMeta<MutatingWebhookConfiguration>>::all(client.clone()),
            all().labels("webhook.kyverno.io/managed-by=kyverno"),
            tell(&[|c| &c.registration]),
        );
        watch(
            "kinds",
            Api::<PartialObjectMeta<CustomResourceDefinition>>::all(client.clone()),
            all(),
            tell(&[|c| &c.discovery]),
        );
        Self {
            cluster_policies: dynamic("cluster policies", &kinds.cluster_policy, compact, &[|c| &c.policies]),
            policies: dynamic("policies", &kinds.policy, compact, &[|c| &c.policies]),
            exceptions: dynamic("exceptions", &kinds.exception, compact, &[|c| &c.policies]),
            globals: dynamic("the global context", &kinds.global, |_| {}, &[|c| &c.globals]),
            namespaces: watch("namespaces", Api::all(client.clone()), all(), tell(&[|c| &c.namespaces])),
            role_bindings: watch("role bindings", Api::all(client.clone()), all(), tell(&[|c| &c.bindings])),
            cluster_role_bindings: watch("role bindings", Api::all(client.clone()), all(), tell(&[|c| &c.bindings])),
            config_maps: watch(
                "config maps",
                Api::all(client.clone()),
                all().labels("cache.kyverno.io/enabled=true"),
                || {},
            ),
            config: watch(
                "configuration",
                Api::namespaced(client.clone(), &settings.namespace),
                named(&settings.config_map),
                tell(&[|c| &c.config]),
            ),
            authority: secret("the authority", &settings.authority, &[|c| &c.certificates, |c| &c.registration]),
            certificate: secret("the certificate", &settings.certificate, &[|c| &c.certificates, |c| &c.server]),
        }
    }

    /// Waits until all that answers depend on is known.
    pub(super) async fn ready(&self) {
        let dynamic = [&self.cluster_policies, &self.policies, &self.exceptions, &self.globals];
        for store in dynamic {
            let _ = store.wait_until_ready().await;
        }
        let _ = self.namespaces.wait_until_ready().await;
        let _ = self.role_bindings.wait_until_ready().await;
        let _ = self.cluster_role_bindings.wait_until_ready().await;
        let _ = self.config_maps.wait_until_ready().await;
        let _ = self.config.wait_until_ready().await;
    }

    /// The ConfigMap with what changes.
    pub(super) fn config(&self) -> Option<Arc<ConfigMap>> {
        self.config.state().into_iter().next()
    }

    /// The Secret of who signs certificates.
    pub(super) fn authority(&self) -> Option<Arc<Secret>> {
        self.authority.state().into_iter().next()
    }

    /// The Secret of our certificate.
    pub(super) fn certificate(&self) -> Option<Arc<Secret>> {
        self.certificate.state().into_iter().next()
    }
}
