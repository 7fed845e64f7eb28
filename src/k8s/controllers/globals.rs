//! The global context: objects that are watched, and calls that are made again and again, for rules that ask for them.
//!
//! Kyverno: pkg/globalcontext and pkg/controllers/globalcontext.

use super::Shared;
use super::status::now;
use super::watch::watch_as;
use crate::engine::query::evaluate;
use crate::engine::{ApiCall, Host, Question, Service};
use crate::k8s::api::context::{Header, Method, RequestData};
use crate::k8s::api::global_context_entry::{EntryCall, GlobalContextEntrySpec, Projection, WatchedResource};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::runtime::reflector::Store;
use kube::runtime::watcher;
use kube::{Api, Client};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::collections::hash_map::Entry::Vacant;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing::{error, warn};

/// How often a call is made where the entry does not say it.
const REFRESH: Duration = Duration::from_secs(600);
/// How long is waited for the objects of an entry when we start.
const FIRST: Duration = Duration::from_secs(10);
/// The pause before a call that failed is made again, which grows.
const RETRY: Duration = Duration::from_millis(10);

/// What is known of an entry: JSON texts by the names of projections, the whole under an empty one.
type Texts = HashMap<String, Arc<str>>;

/// An entry that is kept up to date.
struct Entry {
    spec: Value,
    known: Arc<RwLock<Result<Texts, String>>>,
    /// Keeps it up to date
    _task: Option<Ended>,
}

/// All entries, by name.
pub(super) struct Globals {
    client: Client,
    entries: RwLock<HashMap<String, Entry>>,
}

impl Globals {
    pub(super) fn new(client: Client) -> Self {
        Self { client, entries: RwLock::default() }
    }

    /// The value of an entry, or of a projection of it, as JSON.
    pub(super) fn get(&self, name: &str, projection: &str) -> Result<String, String> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(name).ok_or_else(|| format!("failed to fetch entry key={name}"))?;
        let known = entry.known.read().unwrap_or_else(PoisonError::into_inner);
        let texts = known.as_ref().map_err(Clone::clone)?;
        let missing = || {
            if projection.is_empty() {
                "no data available".to_owned()
            } else {
                format!("projection {projection:?} not found")
            }
        };
        texts.get(projection).map(|t| t.to_string()).ok_or_else(missing)
    }

    /// Begins with new entries, and ends with those that are gone or have changed.
    pub(super) async fn follow_entries(&self, shared: &Arc<Shared>) {
        let objects = shared.stores.globals.state();
        let mut wanted: HashMap<String, Value> = HashMap::new();
        for object in &objects {
            let name = object.metadata.name.clone().unwrap_or_default();
            wanted.insert(name, object.data.get("spec").cloned().unwrap_or_default());
        }
        let mut first = Vec::new();
        {
            let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
            entries.retain(|name, entry| wanted.get(name) == Some(&entry.spec));
            for (name, spec) in wanted {
                if let Vacant(place) = entries.entry(name) {
                    let (entry, ready) = self.start(shared, place.key(), spec);
                    first.extend(ready);
                    place.insert(entry);
                }
            }
        }
        for ready in first {
            let _ = tokio::time::timeout(FIRST, ready.notified()).await;
        }
    }

    /// Begins with an entry. Tells when it is known for the first time, where that is soon.
    fn start(&self, shared: &Arc<Shared>, name: &str, written: Value) -> (Entry, Option<Arc<Notify>>) {
        let known = Arc::new(RwLock::new(Err("no data available".to_owned())));
        let spec: Option<GlobalContextEntrySpec> = serde_json::from_value(written.clone())
            .inspect_err(|e| error!(entry = name, error = %e, "an entry of the global context cannot be read"))
            .ok();
        let (watched, called) =
            spec.as_ref().map(|s| (s.kubernetes_resource.clone(), s.api_call.clone())).unwrap_or_default();
        let projections = spec.and_then(|s| s.projections).unwrap_or_default();
        let (task, ready) = match (watched, called) {
            (Some(watched), _) => {
                let (task, ready) = self.watch(name, &watched, projections, known.clone());
                (Some(Ended(task)), Some(ready))
            }
            (None, Some(called)) => {
                let task = call(shared.clone(), name.to_owned(), called, projections, known.clone());
                (Some(Ended(tokio::spawn(task))), None)
            }
            (None, None) => (None, None),
        };
        (Entry { spec: written, known, _task: task }, ready)
    }

    fn watch(
        &self,
        name: &str,
        watched: &WatchedResource,
        projections: Vec<Projection>,
        known: Arc<RwLock<Result<Texts, String>>>,
    ) -> (JoinHandle<()>, Arc<Notify>) {
        let group = watched.group.as_deref().unwrap_or_default();
        let gvk = GroupVersionKind::gvk(group, &watched.version, &watched.resource);
        let kind = ApiResource::from_gvk_with_plural(&gvk, &watched.resource);
        let api = match watched.namespace.as_deref().filter(|n| !n.is_empty()) {
            None => Api::all_with(self.client.clone(), &kind),
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &kind),
        };
        let changed = Arc::new(Notify::new());
        let tell = changed.clone();
        let (store, task) = watch_as(
            "an entry of the global context",
            kind,
            api,
            watcher::Config::default(),
            |_| {},
            move || tell.notify_one(),
        );
        let name = name.to_owned();
        let ready = Arc::new(Notify::new());
        let is_ready = ready.clone();
        let followed = tokio::spawn(async move {
            // It ends with this one.
            let _task = Ended(task);
            loop {
                changed.notified().await;
                let now = listed(&store, &projections)
                    .inspect_err(|why| warn!(entry = name, why, "a projection of the global context"));
                *known.write().unwrap_or_else(PoisonError::into_inner) = now;
                is_ready.notify_one();
            }
        });
        (followed, ready)
    }
}

/// A task that ends with its owner.
struct Ended(JoinHandle<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn listed(store: &Store<DynamicObject>, projections: &[Projection]) -> Result<Texts, String> {
    let mut objects = store.state();
    objects.sort_by_key(|o| (o.metadata.namespace.clone(), o.metadata.name.clone()));
    let texts: Result<Vec<String>, _> = objects.iter().map(|o| serde_json::to_string(&**o)).collect();
    let all = format!("[{}]", texts.map_err(|e| e.to_string())?.join(","));
    projected(all, projections)
}

fn projected(all: String, projections: &[Projection]) -> Result<Texts, String> {
    let mut texts = Texts::new();
    for Projection { name, jmes_path } in projections {
        let made = evaluate(jmes_path, &all, true).map_err(|e| format!("failed to apply projection {name:?}: {e}"))?;
        texts.insert(name.clone(), made.into());
    }
    texts.insert(String::new(), all.into());
    Ok(texts)
}

/// Makes the call of an entry, for ever.
async fn call(
    shared: Arc<Shared>,
    name: String,
    called: EntryCall,
    projections: Vec<Projection>,
    known: Arc<RwLock<Result<Texts, String>>>,
) {
    let every = called.refresh_interval.as_deref().and_then(go_duration).filter(|d| !d.is_zero()).unwrap_or(REFRESH);
    let tries = called.retry_limit.and_then(|n| u32::try_from(n).ok()).unwrap_or(3).max(1);
    let question = question(&name, called);
    loop {
        let mut answer = Err("no data available".to_owned());
        for attempt in 0..tries {
            let asked = question.clone();
            answer = shared.asked(move |host| host.ask(&asked)).await;
            if answer.is_ok() {
                break;
            }
            tokio::time::sleep(RETRY * 5_u32.saturating_pow(attempt.min(5))).await;
        }
        let now = answer.and_then(|text| projected(text, &projections));
        match &now {
            Ok(_) => refreshed(&shared, &name).await,
            Err(why) => warn!(entry = name, why, "a call of the global context"),
        }
        *known.write().unwrap_or_else(PoisonError::into_inner) = now;
        tokio::time::sleep(every).await;
    }
}

async fn refreshed(shared: &Shared, name: &str) {
    if !shared.leader.is_leading() {
        return;
    }
    let api: Api<DynamicObject> = Api::all_with(shared.client.clone(), &shared.kinds.global);
    let patch = json!({"status": {"lastRefreshTime": now()}});
    if let Err(e) = api.patch_status(name, &PatchParams::default(), &Patch::Merge(&patch)).await {
        warn!(entry = name, error = %e, "the status of an entry of the global context cannot be written");
    }
}

fn question(name: &str, called: EntryCall) -> Question {
    let EntryCall { url_path, method, data, service, .. } = called;
    let data: Map<String, Value> =
        data.unwrap_or_default().into_iter().map(|RequestData { key, value }| (key, value.0)).collect();
    let method = if method == Some(Method::Post) { "POST" } else { "GET" };
    Question::ApiCall(ApiCall {
        entry: name.to_owned(),
        url_path: url_path.unwrap_or_default(),
        method: method.to_owned(),
        data: if data.is_empty() { String::new() } else { Value::Object(data).to_string() },
        service: service.map(|service| Service {
            url: service.url,
            ca_bundle: service.ca_bundle.unwrap_or_default(),
            headers: service
                .headers
                .unwrap_or_default()
                .into_iter()
                .map(|Header { key, value }| (key, value))
                .collect(),
        }),
    })
}

/// A duration as Go writes it.
fn go_duration(text: &str) -> Option<Duration> {
    let nanoseconds = kyvc_vm::scalar::duration::parse(text).ok()?;
    u64::try_from(nanoseconds).ok().map(Duration::from_nanos)
}

/// Begins and ends with entries where they change, for ever.
pub(super) async fn follow(shared: Arc<Shared>) {
    loop {
        shared.changed.globals.notified().await;
        shared.globals.follow_entries(&shared).await;
    }
}
