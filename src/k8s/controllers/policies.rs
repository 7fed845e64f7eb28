//! From the policies of the cluster to the set that is served.

use super::Shared;
use super::checked::{Checked, exception};
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

/// Policies by namespace, which cluster policies lack, and name.
pub(super) type Known = BTreeMap<(Option<String>, String), Arc<Checked>>;

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
    own: BTreeSet<(Option<String>, String)>,
}

/// The kinds of policies, by their stores.
fn kinds(shared: &Shared) -> [(&'static str, &Store<DynamicObject>); 2] {
    [("ClusterPolicy", &shared.stores.cluster_policies), ("Policy", &shared.stores.policies)]
}

/// Reads all policies and exceptions as they are now. What has not changed since `before` is not looked at again.
pub(super) fn read(shared: &Shared, before: &Known) -> Read {
    let mut known = Known::new();
    for (kind, store) in kinds(shared) {
        for object in store.state() {
            let key = (object.metadata.namespace.clone(), object.metadata.name.clone().unwrap_or_default());
            let checked = Checked::new(kind, &object, before.get(&key));
            known.insert(key, checked);
        }
    }
    let good = || known.iter().filter_map(|(key, c)| (*c.outcome).as_ref().ok().map(|good| (key, c, good)));
    let texts = good().map(|(_, c, _)| c.text.clone()).chain(exceptions(shared)).collect();
    let own = good().filter(|(_, _, g)| !g.asks.conditions.is_empty()).map(|(key, _, _)| key.clone()).collect();
    Read { compiled: Compiled { texts, own }, known }
}

/// The exceptions that count, and can be read.
fn exceptions(shared: &Shared) -> Vec<Arc<str>> {
    let Some(namespace) = shared.settings.exceptions.as_deref() else { return Vec::new() };
    let mut all = shared.stores.exceptions.state();
    all.retain(|e| namespace == "*" || e.metadata.namespace.as_deref() == Some(namespace));
    all.sort_by_key(|e| (e.metadata.namespace.clone(), e.metadata.name.clone()));
    let read = |object: &Arc<DynamicObject>| {
        exception(object).inspect_err(|why| error!("an exception of the cluster is not used\n{why}")).ok()
    };
    all.iter().filter_map(read).collect()
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
        if read.known.len() == before.len()
            && read.known.iter().all(|(k, c)| before.get(k).is_some_and(|b| Arc::ptr_eq(b, c)))
        {
            continue;
        }
        shared.known.store(Arc::new(read.known));
        shared.changed.registration.notify_one();
        shared.changed.status.notify_one();
    }
}
