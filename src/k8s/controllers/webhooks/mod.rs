//! Telling the API server which requests it is to ask about.

mod build;
mod rules;

pub(in crate::k8s) use build::{Asking, Built, build};
pub(in crate::k8s) use rules::{Kinds, Operation};

use super::config::Config;
use crate::k8s::Failure;
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::PostParams;
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;

/// Where webhooks lead, and how they are.
pub(in crate::k8s) struct Registration<'r> {
    pub(in crate::k8s) namespace: &'r str,
    pub(in crate::k8s) service: &'r str,
    pub(in crate::k8s) port: i32,
    /// The address of a server that is no Service
    pub(in crate::k8s) server: Option<&'r str>,
    /// Whom to trust, as PEM
    pub(in crate::k8s) bundle: &'r str,
    /// In seconds
    pub(in crate::k8s) timeout: i32,
    pub(in crate::k8s) config: &'r Config,
    pub(in crate::k8s) exclude_bootstrap: bool,
    pub(in crate::k8s) owner: Option<OwnerReference>,
}

/// Writes what has changed.
pub(in crate::k8s) async fn write(client: &Client, built: &Built) -> Result<usize, kube::Error> {
    let (validating, mutating) = (Api::all(client.clone()), Api::all(client.clone()));
    let mut written = 0;
    for configuration in &built.mutating {
        written += usize::from(write_one(&mutating, configuration).await?);
    }
    for configuration in &built.validating {
        written += usize::from(write_one(&validating, configuration).await?);
    }
    Ok(written)
}

/// Why the API server does not take conditions, which it is only asked.
pub(in crate::k8s) fn refused(client: &crate::k8s::Client, conditions: &Value) -> Option<String> {
    let tried = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"generateName": "conditions-"},
        "webhooks": [{
            "name": "conditions.kyverno.svc",
            "clientConfig": {"url": "https://localhost/"},
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "matchConditions": conditions,
        }],
    });
    let path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations?dryRun=All";
    match client.post(path, &tried.to_string()) {
        Err(Failure::Refused { code: 400 | 422, message: Some(message), .. }) => {
            let words = message.split_once(" is invalid: ").map_or(message.as_str(), |(_, words)| words);
            let start = words.find("compilation failed: ").unwrap_or_default();
            words.get(start..).map(str::to_owned)
        }
        // Nobody knows.
        _ => None,
    }
}

/// What a configuration has besides what the API server adds.
trait Configuration: Resource<DynamicType = ()> + Clone + Debug + Serialize + DeserializeOwned {
    /// Whether two say the same.
    fn says(&self, other: &Self) -> bool;
}

fn meta_says(mine: &ObjectMeta, other: &ObjectMeta) -> bool {
    let empty = |m: &Option<std::collections::BTreeMap<String, String>>| m.clone().unwrap_or_default();
    empty(&mine.labels) == empty(&other.labels)
        && empty(&mine.annotations) == empty(&other.annotations)
        && mine.owner_references.clone().unwrap_or_default() == other.owner_references.clone().unwrap_or_default()
}

impl Configuration for ValidatingWebhookConfiguration {
    fn says(&self, other: &Self) -> bool {
        meta_says(&self.metadata, &other.metadata)
            && self.webhooks.as_deref().unwrap_or_default() == other.webhooks.as_deref().unwrap_or_default()
    }
}

impl Configuration for MutatingWebhookConfiguration {
    fn says(&self, other: &Self) -> bool {
        meta_says(&self.metadata, &other.metadata)
            && self.webhooks.as_deref().unwrap_or_default() == other.webhooks.as_deref().unwrap_or_default()
    }
}

async fn write_one<C: Configuration>(api: &Api<C>, wanted: &C) -> Result<bool, kube::Error> {
    let name = wanted.meta().name.clone().unwrap_or_default();
    let params = PostParams::default();
    match api.get_opt(&name).await? {
        None => api.create(&params, wanted).await.map(|_| true),
        Some(found) if wanted.says(&found) => Ok(false),
        Some(found) => {
            let mut next = wanted.clone();
            next.meta_mut().resource_version.clone_from(&found.meta().resource_version);
            api.replace(&name, &params, &next).await.map(|_| true)
        }
    }
}
