//! kyvc in a cluster: policies that are watched, the webhooks that lead to them, and what is told of both.
//!
//! Every replica answers requests with what it watches. One of them, the leader, writes: certificates,
//! configurations of webhooks, and the status of policies. All of it is done beside the requests, which only ever read what
//! is exchanged at once.

mod certificates;
mod checked;
mod config;
mod events;
mod globals;
mod index;
mod leader;
mod policies;
mod registration;
mod renewal;
mod roles;
mod settings;
mod status;
mod stores;
mod watch;
mod webhooks;
mod world;

pub use settings::Settings;

use super::connect::Access;
use super::{Client, ClusterHost};
use crate::engine::PolicySet;
use crate::serve::{Certificate, Exchange, Feed, ServeError, World};
use arc_swap::ArcSwap;
use config::Config;
use events::Events;
use globals::Globals;
use kube::Api;
use kube::api::DynamicObject;
use leader::Leader;
use policies::{Compiled, Known};
use roles::Bindings;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use stores::{Kinds, Stores};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tracing::{error, info, warn};
use world::ClusterWorld;

/// How often all is looked at, whatever happens.
const RESYNC: Duration = Duration::from_secs(60);
/// How often is looked whether the server still runs.
const LOOK: Duration = Duration::from_millis(100);
/// How often is asked for what is needed to begin.
const AGAIN: Duration = Duration::from_millis(200);

/// What has changed.
#[derive(Debug, Default)]
struct Changed {
    policies: Notify,
    registration: Notify,
    status: Notify,
    certificates: Notify,
    server: Notify,
    discovery: Notify,
    bindings: Notify,
    namespaces: Notify,
    globals: Notify,
    config: Notify,
}

impl Changed {
    /// All that the leader writes is looked at.
    fn for_leader(&self) {
        [&self.certificates, &self.registration, &self.status].iter().for_each(|n| n.notify_one());
    }
}

/// What all parts share.
struct Shared {
    settings: Settings,
    client: kube::Client,
    host: ClusterHost,
    kinds: Kinds,
    stores: Stores,
    globals: Globals,
    leader: Leader,
    events: Events,
    changed: Arc<Changed>,
    known: ArcSwap<Known>,
    config: ArcSwap<Config>,
    bindings: ArcSwap<Bindings>,
    labels: ArcSwap<HashMap<String, Arc<str>>>,
}

impl Shared {
    /// What the API server is asked where nothing else waits for the answer.
    async fn asked<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&ClusterHost) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let own = self.clone();
        tokio::task::spawn_blocking(move || ask(&own.host)).await.map_err(|e| e.to_string())?
    }

    fn policy_api(&self, cluster: bool, namespace: Option<&str>) -> Api<DynamicObject> {
        match namespace.filter(|_| !cluster) {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &self.kinds.policy),
            None => Api::all_with(self.client.clone(), &self.kinds.cluster_policy),
        }
    }
}

/// The controllers of a cluster.
pub struct Operator {
    runtime: Runtime,
    shared: Arc<Shared>,
    served: Compiled,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operator").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

impl Operator {
    /// Connects to a cluster and begins to watch.
    ///
    /// # Errors
    /// Says what is wrong with the kubeconfig file, or that the system gives no threads.
    pub fn start(settings: Settings) -> Result<Self, String> {
        let access = Access { kubeconfig: &settings.kubeconfig, context: &settings.context };
        let config = access.config()?;
        let server = config.cluster_url.to_string();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .thread_name("kyvc-cluster")
            .build()
            .map_err(|e| e.to_string())?;
        let inside = runtime.enter();
        let client = kube::Client::try_from(config).map_err(|e| e.to_string())?;
        let asking = Client::within(client.clone(), server.trim_end_matches('/'), runtime.handle().clone());
        let changed = Arc::new(Changed::default());
        let kinds = Kinds::default();
        let stores = Stores::watch(&client, &kinds, &settings, &changed);
        let leases = Api::namespaced(client.clone(), &settings.namespace);
        let (events, queue) = Events::new(settings.identity.clone());
        tokio::spawn(events::write(client.clone(), queue));
        let shared = Arc::new(Shared {
            leader: Leader::new(leases, "kyvc".to_owned(), settings.identity.clone()),
            globals: Globals::new(client.clone()),
            settings,
            client,
            host: ClusterHost::new(asking),
            kinds,
            stores,
            events,
            changed,
            known: ArcSwap::default(),
            config: ArcSwap::from_pointee(Config::default()),
            bindings: ArcSwap::default(),
            labels: ArcSwap::default(),
        });
        let leading = shared.clone();
        tokio::spawn(async move {
            let changed = &leading.changed;
            leading.leader.run(|| changed.for_leader()).await;
        });
        tokio::spawn(renewal::follow(shared.clone()));
        tokio::spawn(index::follow(shared.clone()));
        drop(inside);
        Ok(Self { runtime, shared, served: Compiled::default() })
    }

    /// What the server asks while it answers.
    pub fn world(&self) -> Arc<dyn World> {
        Arc::new(ClusterWorld(self.shared.clone()))
    }
}

impl Feed for Operator {
    fn first(&mut self) -> Result<(PolicySet, Certificate), ServeError> {
        let shared = &self.shared;
        self.runtime.block_on(async {
            info!("waiting for the cluster");
            index::known(shared).await;
            shared.stores.ready().await;
            shared.read_bindings();
            shared.read_namespaces();
            shared.read_config();
            shared.globals.follow_entries(shared).await;
        });
        let read = policies::read(shared, &Known::default());
        let set = policies::compile(&read).map_err(ServeError::Policies)?;
        shared.known.store(Arc::new(read.known));
        self.served = read.compiled;
        let certificate = self.runtime.block_on(async {
            loop {
                match shared.stores.certificate().map(|s| certificates::certificate(&s)) {
                    Some(Ok(certificate)) => return certificate,
                    Some(Err(why)) => warn!(why, "the certificate cannot be used"),
                    None => {}
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
        Ok((set, certificate))
    }

    fn run(self: Box<Self>, server: Exchange) {
        let Self { runtime, shared, served } = *self;
        let (own, handle, exchange) = (shared.clone(), runtime.handle().clone(), server.clone());
        let follow = move || policies::follow(&own, served, &handle, &exchange);
        let following = std::thread::Builder::new().name("kyvc-policies".to_owned()).spawn(follow);
        if let Err(e) = &following {
            error!(error = %e, "policies cannot be followed");
        }
        let changed = &shared.changed;
        runtime.block_on(async {
            tokio::spawn(status::follow(shared.clone()));
            tokio::spawn(registration::follow(shared.clone()));
            tokio::spawn(renewal::take_over(shared.clone(), server.clone()));
            tokio::spawn(globals::follow(shared.clone()));
            // The first tick comes at once.
            let mut resync = tokio::time::interval(RESYNC);
            loop {
                tokio::select! {
                    _ = resync.tick() => changed.for_leader(),
                    () = tokio::time::sleep(LOOK) => {}
                }
                if server.is_stopping() {
                    // The others need not wait until our time has run out. What is asked meanwhile is still answered.
                    shared.leader.release().await;
                    if server.is_gone() {
                        return;
                    }
                }
            }
        });
        // It needs the runtime.
        let _ = following.map(std::thread::JoinHandle::join);
    }
}
