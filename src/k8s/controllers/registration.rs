//! Keeps the configurations of webhooks as the policies want them.

use super::webhooks::{self, Asking, Registration};
use super::{AGAIN, Shared, certificates};
use crate::k8s::ClusterHost;
use k8s_openapi::api::rbac::v1::ClusterRole;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::Api;
use std::sync::Arc;
use tracing::{debug, info, warn};

/// Writes the configurations of webhooks, while we lead.
pub(super) async fn follow(shared: Arc<Shared>) {
    loop {
        shared.changed.registration.notified().await;
        if !shared.leader.is_leading() {
            continue;
        }
        match register_once(&shared).await {
            Ok(0) => {}
            Ok(written) => info!(written, "webhooks are registered"),
            Err(why) => {
                warn!(why, "webhooks cannot be registered");
                tokio::time::sleep(AGAIN).await;
                shared.changed.registration.notify_one();
            }
        }
    }
}

async fn register_once(shared: &Arc<Shared>) -> Result<usize, String> {
    let Some(bundle) = shared.stores.authority().and_then(|s| certificates::bundle(&s)) else { return Ok(0) };
    let discovery = shared.asked(ClusterHost::discovery).await?;
    let known = shared.known.load_full();
    let policies: Vec<Asking<'_>> = known
        .policies
        .values()
        .filter_map(|checked| {
            let good = (*checked.outcome).as_ref().ok()?;
            Some(Asking { namespace: checked.namespace.as_deref(), name: &checked.name, asks: &good.asks })
        })
        .collect();
    let config = shared.config.load_full();
    let settings = &shared.settings;
    let registration = Registration {
        namespace: &settings.namespace,
        service: &settings.service,
        port: settings.port,
        server: settings.server.as_deref(),
        bundle: &bundle,
        timeout: settings.timeout,
        config: &config,
        exclude_bootstrap: settings.exclude_bootstrap,
        owner: owner(shared).await,
    };
    let built = webhooks::build(&policies, &discovery, &registration);
    if !built.unknown.is_empty() {
        let kinds: Vec<&str> = built.unknown.iter().map(String::as_str).collect();
        debug!(kinds = kinds.join(", "), "policies are about kinds that the API server does not know");
    }
    webhooks::write(&shared.client, &built).await.map_err(|e| e.to_string())
}

/// What our webhooks go with.
async fn owner(shared: &Shared) -> Option<OwnerReference> {
    let name = shared.settings.owner.as_deref()?;
    let api: Api<ClusterRole> = Api::all(shared.client.clone());
    let found = match api.get_opt(name).await {
        Ok(found) => found?,
        Err(e) => {
            warn!(error = %e, "the owner of the webhooks cannot be read");
            return None;
        }
    };
    Some(OwnerReference {
        api_version: "rbac.authorization.k8s.io/v1".to_owned(),
        kind: "ClusterRole".to_owned(),
        name: name.to_owned(),
        uid: found.metadata.uid?,
        ..OwnerReference::default()
    })
}
