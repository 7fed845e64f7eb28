//! kyvc in a cluster: policies that are watched, the webhooks that lead to them, and what is told of both.
//!
//! Every replica answers requests with what it watches. One of them, the [leader](leader), writes: certificates,
//! configurations of webhooks, and the status of policies. All of it is done beside the requests, which only ever read what
//! is exchanged at once.

mod certificates;
mod checked;
mod config;
mod events;
mod globals;
mod leader;
mod policies;
mod roles;
mod status;
mod stores;
mod watch;
mod webhooks;
mod world;

use super::connect::Access;
use super::{Client, ClusterHost};
use crate::engine::PolicySet;
use crate::serve::{Certificate, Exchange, Feed, ServeError, World};
use arc_swap::ArcSwap;
use certificates::{Certificates, Renewed};
use config::Config;
use events::Events;
use globals::Globals;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
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
use webhooks::{Asking, Registration};
use world::ClusterWorld;

/// How often all is looked at, whatever happens.
const RESYNC: Duration = Duration::from_secs(60);
/// How often is looked whether the server still runs.
const LOOK: Duration = Duration::from_millis(100);
/// How long the API server takes to know whom to trust.
const TRUST: Duration = Duration::from_secs(3);
/// How often is asked for what is needed to begin.
const AGAIN: Duration = Duration::from_millis(200);

/// How kyvc stands in a cluster.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The kubeconfig file; empty for what the environment says
    pub kubeconfig: String,
    /// The context in it; empty for the current one
    pub context: String,
    /// Our namespace
    pub namespace: String,
    /// The Service that leads to us
    pub service: String,
    /// Its port
    pub port: i32,
    /// The address at which the API server finds us, where there is no Service: `host:port`
    pub server: Option<String>,
    /// The ConfigMap with what changes while we run
    pub config_map: String,
    /// Who we are among the replicas
    pub identity: String,
    /// How long the API server waits for us, in seconds, where no policy says it
    pub timeout: i32,
    /// Where exceptions count: a namespace, `*` for all, nothing for none
    pub exceptions: Option<String>,
    /// The Secret of the authority that signs our certificate
    pub authority: String,
    /// The Secret of our certificate
    pub certificate: String,
    /// Whether Nodes and their certificates pass where no webhook answers
    pub exclude_bootstrap: bool,
    /// Whether there are events
    pub events: bool,
    /// The ClusterRole with which our webhooks go
    pub owner: Option<String>,
}

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
    fn read_bindings(&self) {
        let (roles, cluster_roles) = (self.stores.role_bindings.state(), self.stores.cluster_role_bindings.state());
        let all = Bindings::of(roles.iter().map(|b| &**b), cluster_roles.iter().map(|b| &**b));
        self.bindings.store(Arc::new(all));
    }

    fn read_namespaces(&self) {
        let all = self.stores.namespaces.state();
        let labels = all.iter().map(|n| {
            let labels = n.metadata.labels.clone().unwrap_or_default();
            let labels = serde_json::to_string(&labels).unwrap_or_default();
            (n.metadata.name.clone().unwrap_or_default(), Arc::from(labels))
        });
        self.labels.store(Arc::new(labels.collect()));
    }

    fn read_config(&self) {
        let data = self.stores.config().and_then(|c| c.data.clone()).unwrap_or_default();
        self.config.store(Arc::new(Config::read(&data)));
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
            let tell =
                || [&changed.certificates, &changed.registration, &changed.status].iter().for_each(|n| n.notify_one());
            leading.leader.run(tell).await;
        });
        tokio::spawn(renew(shared.clone()));
        tokio::spawn(index(shared.clone()));
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
            known(shared).await;
            shared.stores.ready().await;
            shared.read_bindings();
            shared.read_namespaces();
            shared.read_config();
            shared.globals.follow_entries(shared).await;
        });
        let read = policies::read(shared, &Known::new());
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
            tokio::spawn(register(shared.clone()));
            tokio::spawn(new_certificates(shared.clone(), server.clone()));
            tokio::spawn(globals::follow(shared.clone()));
            changed.registration.notify_one();
            changed.status.notify_one();
            let mut resync = tokio::time::interval(RESYNC);
            loop {
                tokio::select! {
                    _ = resync.tick() => {
                        [&changed.registration, &changed.status, &changed.certificates].iter().for_each(|n| n.notify_one());
                    }
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

/// Waits until the API server knows the kinds of policies.
async fn known(shared: &Arc<Shared>) {
    let mut tries = 0;
    loop {
        let own = shared.clone();
        let read = tokio::task::spawn_blocking(move || own.host.rediscover()).await;
        match read {
            Ok(Ok(discovery)) => {
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
            Ok(Err(why)) => warn!(why, "what the API server knows cannot be read"),
            Err(_) => return,
        }
        tokio::time::sleep(AGAIN * 5).await;
    }
}

/// Keeps what is made of watched objects.
async fn index(shared: Arc<Shared>) {
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
                let own = shared.clone();
                let known = tokio::task::spawn_blocking(move || own.host.rediscover()).await;
                if let Ok(Err(why)) = known {
                    warn!(why, "what the API server knows cannot be read");
                }
                changed.registration.notify_one();
            }
        }
    }
}

/// Keeps the certificates, while we lead.
async fn renew(shared: Arc<Shared>) {
    let Settings { namespace, service, authority, certificate, server, .. } = &shared.settings;
    let host = server.as_deref().map(|s| s.rsplit_once(':').map_or(s, |(host, _)| host).trim_matches(['[', ']']));
    let mut names = vec![format!("{service}.{namespace}.svc"), format!("{service}.{namespace}"), service.clone()];
    names.extend(host.map(str::to_owned));
    let all = Certificates {
        api: Api::namespaced(shared.client.clone(), namespace),
        authority: authority.clone(),
        server: certificate.clone(),
        names,
    };
    let mut known = String::new();
    loop {
        shared.changed.certificates.notified().await;
        // A Secret that is written once may be told of several times.
        while shared.leader.is_leading() {
            match all.renew(&known).await {
                Ok(Renewed::Nothing) => break,
                Ok(Renewed::Server) => {
                    info!("there is a new certificate");
                    break;
                }
                Ok(Renewed::Authority) => {
                    info!("there is a new authority");
                    shared.changed.registration.notify_one();
                    tokio::time::sleep(TRUST).await;
                }
                Err(why) => {
                    warn!(why, "certificates cannot be renewed");
                    tokio::time::sleep(AGAIN * 5).await;
                }
            }
        }
        if let Some(bundle) = shared.stores.authority().and_then(|s| certificates::bundle(&s)) {
            known = bundle;
        }
    }
}

/// Gives the server each new certificate.
async fn new_certificates(shared: Arc<Shared>, exchange: Exchange) {
    loop {
        shared.changed.server.notified().await;
        match shared.stores.certificate().map(|s| certificates::certificate(&s)) {
            Some(Ok(certificate)) => exchange.certificate(certificate),
            Some(Err(why)) => error!(why, "the new certificate is not used, the old one stays"),
            None => {}
        }
    }
}

/// Writes the configurations of webhooks, while we lead.
async fn register(shared: Arc<Shared>) {
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
    let own = shared.clone();
    let discovery = tokio::task::spawn_blocking(move || own.host.discovery()).await.map_err(|e| e.to_string())??;
    let known = shared.known.load_full();
    let policies: Vec<Asking<'_>> = known
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
        tracing::debug!(kinds = kinds.join(", "), "policies are about kinds that the API server does not know");
    }
    webhooks::write(&shared.client, &built).await.map_err(|e| e.to_string())
}

/// What our webhooks go with.
async fn owner(shared: &Shared) -> Option<OwnerReference> {
    let name = shared.settings.owner.as_deref()?;
    let api: Api<k8s_openapi::api::rbac::v1::ClusterRole> = Api::all(shared.client.clone());
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
