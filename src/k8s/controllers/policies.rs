//! From the policies of the cluster to the set that is served.

use super::Shared;
use super::checked::{Checked, Excepted};
use crate::engine::{Parsed, PolicySet};
use crate::serve::{Exchange, apart};
use kube::api::DynamicObject;
use kube::runtime::reflector::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tracing::{error, info, warn};

/// How long is waited for more changes after one.
const SETTLE: Duration = Duration::from_millis(20);
/// How often is looked whether the server is still there.
const LOOK: Duration = Duration::from_secs(1);

/// A namespace, which cluster policies lack, and a name.
pub(super) type Key = (Option<String>, String);

/// What is known of policies and exceptions.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) policies: BTreeMap<Key, Arc<Checked>>,
    /// Those that count
    exceptions: BTreeMap<Key, Arc<Excepted>>,
}

/// All that is compiled, and what is known of it.
pub(super) struct Read {
    pub(super) known: Known,
    pub(super) compiled: Compiled,
}

/// What a set is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Compiled {
    /// What the compiler gets
    texts: Vec<Arc<str>>,
    /// The policies that have webhooks of their own, by namespace and name
    own: BTreeSet<Key>,
}

/// The kinds of policies, by their stores.
fn kinds(shared: &Shared) -> [(&'static str, &Store<DynamicObject>); 2] {
    [("ClusterPolicy", &shared.stores.cluster_policies), ("Policy", &shared.stores.policies)]
}

/// Reads all policies and exceptions as they are now. What has not changed since `before` is not looked at again.
pub(super) fn read(shared: &Shared, before: &Known) -> Read {
    let mut known = Known::default();
    for (kind, store) in kinds(shared) {
        for object in store.state() {
            let key = key(&object);
            let checked = Checked::new(kind, &object, before.policies.get(&key));
            known.policies.insert(key, checked);
        }
    }
    if let Some(namespace) = shared.settings.exceptions.as_deref() {
        let counts = |e: &Arc<DynamicObject>| namespace == "*" || e.metadata.namespace.as_deref() == Some(namespace);
        for object in shared.stores.exceptions.state().iter().filter(|e| counts(e)) {
            let key = key(object);
            let checked = Excepted::new(object, before.exceptions.get(&key));
            known.exceptions.insert(key, checked);
        }
    }
    let good = || known.policies.iter().filter_map(|(key, c)| (*c.outcome).as_ref().ok().map(|good| (key, c, good)));
    let exceptions = known.exceptions.values().filter_map(|e| e.text.clone());
    let texts = good().map(|(_, c, _)| c.text.clone()).chain(exceptions).collect();
    let own = good().filter(|(_, _, g)| !g.asks.conditions.is_empty()).map(|(key, _, _)| key.clone()).collect();
    Read { compiled: Compiled { texts, own }, known }
}

/// Where an object is kept.
pub(super) fn key(object: &DynamicObject) -> Key {
    (object.metadata.namespace.clone(), object.metadata.name.clone().unwrap_or_default())
}

/// Compiles what was read.
///
/// # Errors
/// Says why there is no set.
pub(super) fn compile(read: &Read) -> Result<PolicySet, String> {
    let Compiled { texts, own } = &read.compiled;
    if texts.is_empty() {
        return Ok(Parsed::default().compile().set);
    }
    let (set, said) = apart::compile(&["-".to_owned()], &texts.join("\n---\n"))?;
    if !said.is_empty() {
        warn!("{said}");
    }
    Ok(set.with_own_webhooks(|p| own.contains(&(p.namespace.clone(), p.name.clone()))))
}

/// Reads and compiles again where something changes, until the server is gone. It has a thread of its own: what it takes
/// of memory then stays in one place.
pub(super) fn follow(shared: &Arc<Shared>, mut served: Compiled, runtime: &Handle, exchange: &Exchange) {
    while !exchange.is_gone() {
        let changed = async {
            tokio::select! {
                () = shared.changed.policies.notified() => {
                    tokio::time::sleep(SETTLE).await;
                    true
                }
                () = tokio::time::sleep(LOOK) => false,
            }
        };
        if !runtime.block_on(changed) {
            continue;
        }
        let before = shared.known.load_full();
        let read = read(shared, &before);
        // Changes of what is written about a policy, as its status, are none of the set.
        if read.compiled != served {
            match compile(&read) {
                Ok(set) => {
                    let (policies, rules) = (set.policies().len(), set.rules().len());
                    exchange.policies(set);
                    served = read.compiled;
                    info!(policies, rules, "there are new policies");
                }
                Err(why) => error!(why, "the new policies are not used, the old ones stay"),
            }
        }
        let (now, before) = (&read.known.policies, &before.policies);
        let same =
            now.len() == before.len() && now.iter().all(|(k, c)| before.get(k).is_some_and(|b| Arc::ptr_eq(b, c)));
        shared.known.store(Arc::new(read.known));
        if !same {
            shared.changed.registration.notify_one();
            shared.changed.status.notify_one();
        }
    }
}
