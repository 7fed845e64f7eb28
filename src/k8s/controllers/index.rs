//! Keeps what is made of watched objects, for requests to look things up in.

use super::config::Config;
use super::roles::Bindings;
use super::{AGAIN, Shared};
use crate::k8s::ClusterHost;
use std::sync::Arc;
use tracing::{error, warn};

impl Shared {
    pub(super) fn read_bindings(&self) {
        let (roles, cluster_roles) = (self.stores.role_bindings.state(), self.stores.cluster_role_bindings.state());
        let all = Bindings::of(roles.iter().map(|b| &**b), cluster_roles.iter().map(|b| &**b));
        self.bindings.store(Arc::new(all));
    }

    pub(super) fn read_namespaces(&self) {
        let all = self.stores.namespaces.state();
        let labels = all.iter().map(|n| {
            let labels = n.metadata.labels.clone().unwrap_or_default();
            let labels = serde_json::to_string(&labels).unwrap_or_default();
            (n.metadata.name.clone().unwrap_or_default(), Arc::from(labels))
        });
        self.labels.store(Arc::new(labels.collect()));
    }

    pub(super) fn read_config(&self) {
        let data = self.stores.config().and_then(|c| c.data.clone()).unwrap_or_default();
        self.config.store(Arc::new(Config::read(&data)));
    }
}

/// Waits until the API server knows the kinds of policies.
pub(super) async fn known(shared: &Arc<Shared>) {
    let mut tries = 0;
    loop {
        match shared.asked(ClusterHost::rediscover).await {
            Ok(discovery) => {
                let kinds = shared.kinds.all();
                let missing: Vec<&str> = kinds
                    .iter()
                    .filter(|k| discovery.of_path(&k.group, &k.version, &k.plural).is_none())
                    .map(|k| k.plural.as_str())
                    .collect();
                if missing.is_empty() {
                    return;
                }
                // Those that were applied a moment ago are not known at once.
                tries += 1;
                if tries == 4 {
                    let missing = missing.join(", ");
                    error!(
                        missing,
                        "the API server does not know kinds of kyverno.io: run `kyvc crds | kubectl apply --server-side -f -`"
                    );
                }
            }
            Err(why) => warn!(why, "what the API server knows cannot be read"),
        }
        tokio::time::sleep(AGAIN * 5).await;
    }
}

/// Keeps what is made of watched objects.
pub(super) async fn follow(shared: Arc<Shared>) {
    let changed = &shared.changed;
    loop {
        tokio::select! {
            () = changed.bindings.notified() => shared.read_bindings(),
            () = changed.namespaces.notified() => shared.read_namespaces(),
            () = changed.config.notified() => {
                shared.read_config();
                changed.registration.notify_one();
            }
            () = changed.discovery.notified() => {
                if let Err(why) = shared.asked(ClusterHost::rediscover).await {
                    warn!(why, "what the API server knows cannot be read");
                }
                changed.registration.notify_one();
            }
        }
    }
}
