//! Objects of a cluster that are kept up to date.

use futures_util::StreamExt;
use kube::Api;
use kube::runtime::reflector::{self, Store};
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::{WatchStreamExt, reflector::Lookup};
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::hash::Hash;
use tokio::task::JoinHandle;
use tracing::{debug, warn};

/// Watches objects until the process ends, and tells of each change. The first is that all are known.
pub(super) fn watch<K>(
    what: &'static str,
    api: Api<K>,
    config: watcher::Config,
    changed: impl Fn() + Send + 'static,
) -> Store<K>
where
    K: kube::Resource + Lookup + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
    <K as Lookup>::DynamicType: Default + Eq + Hash + Clone + Send + Sync,
    K: Lookup<DynamicType = <K as kube::Resource>::DynamicType>,
{
    let kind = <K as Lookup>::DynamicType::default();
    watch_as(what, kind, api, config, |object| object.meta_mut().managed_fields = None, changed).0
}

/// As [`watch`], for objects whose kind is only known now, and of which only a part is kept. The task may be ended.
pub(super) fn watch_as<K>(
    what: &'static str,
    kind: <K as Lookup>::DynamicType,
    api: Api<K>,
    config: watcher::Config,
    keep: fn(&mut K),
    changed: impl Fn() + Send + 'static,
) -> (Store<K>, JoinHandle<()>)
where
    K: kube::Resource + Lookup + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
    <K as Lookup>::DynamicType: Eq + Hash + Clone + Send + Sync,
{
    let writer = reflector::store::Writer::<K>::new(kind);
    let store = writer.as_reader();
    let events = watcher(api, config).default_backoff().modify(keep);
    let task = tokio::spawn(reflector::reflector(writer, events).for_each(move |event| {
        match event {
            Ok(Event::Apply(_) | Event::Delete(_) | Event::InitDone) => changed(),
            Ok(Event::Init | Event::InitApply(_)) => {}
            // The server has forgotten what came since, and all is listed again.
            Err(watcher::Error::WatchError(status)) if status.code == 410 => {
                debug!(what, "what is watched is listed again");
            }
            // It goes on; what was known stays.
            Err(e) => warn!(what, error = %e, "watching is interrupted"),
        }
        std::future::ready(())
    }));
    (store, task)
}
