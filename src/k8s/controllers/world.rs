//! What the server asks of the cluster while it answers requests.

use super::Shared;
use super::config::{About, Who};
use super::events;
use crate::engine::{Host, Question, Status, TargetSelector, User};
use crate::k8s::Found;
use crate::lower::matches::parse_kind;
use crate::offline::validate::Served;
use crate::review::{GroupVersion, Review};
use crate::serve::{Kind, Lookup, Roles, Said, World};
use k8s_openapi::api::core::v1::{ConfigMap, ObjectReference};
use kube::runtime::reflector::ObjectRef;
use kyvc_vm::verdict::{Ask, Offers};
use serde_json::json;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Instant;
use tokio::task::block_in_place;

/// The cluster.
pub(super) struct ClusterWorld(pub(super) Arc<Shared>);

impl World for ClusterWorld {
    fn host(&self) -> &dyn Host {
        self
    }

    fn namespace_labels(&self, name: &str) -> Option<Arc<str>> {
        let known = self.0.labels.load().get(name).cloned();
        // One that was made a moment ago is not known yet.
        known.or_else(|| block_in_place(|| self.0.host.namespace_labels(name)).ok().map(Into::into))
    }

    fn roles(&self, user: &User, namespace: &str) -> Roles {
        self.0.bindings.load().roles(&user.name, &user.groups, namespace)
    }

    fn kind(&self, resource: &GroupVersion<'_>) -> Option<Kind> {
        let discovery = block_in_place(|| self.0.host.discovery()).ok()?;
        let found = discovery.of_path(&resource.group, &resource.version, &resource.name)?;
        Some(Kind { group: found.group.clone(), version: found.version.clone(), kind: found.kind.clone() })
    }

    fn is_left_out(&self, review: &Review<'_>, lookup: &Lookup<'_>) -> bool {
        let config = self.0.config.load();
        if config.asks_who() {
            let (user, nobody) = (lookup.user(), Roles::default());
            let Roles { roles, cluster_roles } = if config.asks_roles() { lookup.roles() } else { &nobody };
            if config.excludes(&Who { user: &user.name, groups: &user.groups, roles, cluster_roles }) {
                return true;
            }
        }
        if !config.has_filters() {
            return false;
        }
        let (group, version, kind) = match lookup.whole() {
            Some(k) => (k.group.as_str(), k.version.as_str(), k.kind.as_str()),
            None => (&*review.kind.group, &*review.kind.version, &*review.kind.name),
        };
        let (subresource, namespace, name) = (&*review.subresource, &*review.namespace, &*review.name);
        config.filters(&About { group, version, kind, subresource, namespace, name })
    }

    fn exception_namespace(&self) -> Option<&str> {
        self.0.settings.exceptions.as_deref()
    }

    fn context_limit(&self) -> usize {
        self.0.config.load().context
    }

    fn knows_kinds(&self) -> bool {
        block_in_place(|| self.0.host.discovery()).is_ok()
    }

    fn served(&self, kind: &str) -> Vec<Served> {
        let (Ok(discovery), Some(selector)) = (block_in_place(|| self.0.host.discovery()), parse_kind(kind)) else {
            return Vec::new();
        };
        let found = discovery.find(&selector).into_iter().map(|Found { resource, subresource }| Served {
            api_version: resource.api_version(),
            kind: resource.kind.clone(),
            namespaced: resource.namespaced,
            part: subresource.is_some(),
        });
        found.collect()
    }

    fn refused_conditions(&self, conditions: &serde_json::Value) -> Option<String> {
        block_in_place(|| super::webhooks::refused(self.0.host.client(), conditions))
    }

    fn hears(&self, status: Status, excepted: bool) -> bool {
        match status {
            _ if !self.0.settings.events => false,
            Status::Fail | Status::Error => true,
            Status::Skip if excepted => true,
            Status::Pass | Status::Warn | Status::Skip => self.0.config.load().success_events,
        }
    }

    fn heard(&self, review: &Review<'_>, refused: bool, said: &[Said<'_>]) {
        let resource = events::resource(review);
        // Nothing has a name that is only made later.
        if resource.name.is_none() {
            return;
        }
        for said in said.chunk_by(|a, b| (a.namespace, a.policy) == (b.namespace, b.policy)) {
            let Some(first) = said.first() else { continue };
            let about = events::About { policy: self.policy(first), resource: resource.clone() };
            self.0.events.add(&about, said, refused, |key| self.exception(key));
        }
    }
}

impl ClusterWorld {
    fn policy(&self, said: &Said<'_>) -> ObjectReference {
        let Shared { stores, kinds, .. } = &*self.0;
        let (store, kind, name) = match said.namespace {
            Some(_) => (&stores.policies, &kinds.policy, "Policy"),
            None => (&stores.cluster_policies, &kinds.cluster_policy, "ClusterPolicy"),
        };
        let mut key = ObjectRef::new_with(said.policy, kind.clone());
        key.namespace = said.namespace.map(str::to_owned);
        ObjectReference {
            api_version: Some("kyverno.io/v1".to_owned()),
            kind: Some(name.to_owned()),
            name: Some(said.policy.to_owned()),
            namespace: said.namespace.map(str::to_owned),
            uid: store.get(&key).and_then(|p| p.metadata.uid.clone()),
            ..ObjectReference::default()
        }
    }

    /// An exception, by its namespace and name.
    fn exception(&self, key: &str) -> ObjectReference {
        let Shared { stores, kinds, .. } = &*self.0;
        let (namespace, name) = key.split_once('/').unwrap_or(("", key));
        let found = stores.exceptions.get(&ObjectRef::new_with(name, kinds.exception.clone()).within(namespace));
        ObjectReference {
            api_version: Some("kyverno.io/v2".to_owned()),
            kind: Some("PolicyException".to_owned()),
            name: Some(name.to_owned()),
            namespace: Some(namespace.to_owned()),
            uid: found.and_then(|e| e.metadata.uid.clone()),
            ..ObjectReference::default()
        }
    }

    /// The answer to a question for which nobody has to be asked.
    fn at_hand(&self, question: &Question) -> Option<Result<String, String>> {
        match question {
            Question::ConfigMap { namespace, name } => self.kept(namespace, name).map(Ok),
            Question::GlobalContext { name, projection } => Some(self.0.globals.get(name, projection)),
            _ => None,
        }
    }

    /// A ConfigMap that asks to be kept.
    fn kept(&self, namespace: &str, name: &str) -> Option<String> {
        let key = ObjectRef::<ConfigMap>::new(name).within(namespace);
        let found = self.0.stores.config_maps.get(&key)?;
        let mut metadata = serde_json::to_value(&found.metadata).ok()?;
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.remove("managedFields");
        }
        Some(json!({"data": found.data, "metadata": metadata}).to_string())
    }
}

impl Host for ClusterWorld {
    fn offers(&self) -> Offers {
        self.0.host.offers().with(Ask::GlobalContext)
    }

    fn ask(&self, question: &Question) -> Result<String, String> {
        // It waits for somebody else, and so must not keep other requests waiting.
        self.at_hand(question).unwrap_or_else(|| block_in_place(|| self.0.host.ask(question)))
    }

    fn ask_until(&self, question: &Question, until: Instant) -> Result<String, String> {
        if let Some(answer) = self.at_hand(question) {
            return answer;
        }
        // Nothing ends a call that is under way but its own limit, so somebody else waits for that.
        let (reply, answer) = sync_channel(1);
        let (shared, question) = (self.0.clone(), question.clone());
        let call = move || drop(reply.send(shared.host.ask(&question)));
        if let Err(e) = std::thread::Builder::new().name("kyvc-call".to_owned()).spawn(call) {
            return Err(e.to_string());
        }
        let left = until.saturating_duration_since(Instant::now());
        block_in_place(|| answer.recv_timeout(left)).unwrap_or_else(|_| Err("context deadline exceeded".to_owned()))
    }

    fn targets(&self, selector: &TargetSelector) -> Option<Result<Vec<String>, String>> {
        // Who changes other objects is not the admission of this one.
        let _ = selector;
        None
    }
}
