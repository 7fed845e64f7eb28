//! From the policies of the cluster to the set that is served.

use super::Shared;
use super::checked::{Checked, source};
use crate::diag::render::render;
use crate::engine::{CompileOptions, Parsed, PolicySet};
use crate::serve::apart;
use kube::api::DynamicObject;
use kube::runtime::reflector::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tracing::{error, info, warn};

/// How long is waited for more changes after one.
const SETTLE: Duration = Duration::from_millis(20);

/// Policies by namespace, which cluster policies lack, and name.
pub(super) type Known = BTreeMap<(Option<String>, String), Arc<Checked>>;

/// All that is compiled, and what is known of it.
pub(super) struct Read {
    pub(super) known: Known,
    compiled: Compiled,
}

/// What a set is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Compiled {
    /// What the compiler gets
    text: String,
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
            let source = source("kyverno.io/v1", kind, &object);
            let old = before.get(&key).filter(|old| old.source.text == source.text && old.conditions_are(&object));
            let checked = old.cloned().unwrap_or_else(|| {
                let checked = Checked::new(source, &object);
                if let Err(why) = &checked.outcome {
                    error!("a policy of the cluster is not used\n{why}");
                }
                Arc::new(checked)
            });
            known.insert(key, checked);
        }
    }
    let mut text = String::new();
    for checked in known.values().filter(|c| c.outcome.is_ok()) {
        let _ = write!(text, "---\n{}", checked.source.text);
    }
    for exception in exceptions(shared) {
        let _ = write!(text, "---\n{exception}");
    }
    let own = known.iter().filter(|(_, c)| c.outcome.as_ref().is_ok_and(|g| !g.asks.conditions.is_empty()));
    let own = own.map(|(key, _)| key.clone()).collect();
    Read { known, compiled: Compiled { text, own } }
}

/// The exceptions that count, and can be read.
fn exceptions(shared: &Shared) -> Vec<Arc<str>> {
    let Some(namespace) = shared.settings.exceptions.as_deref() else { return Vec::new() };
    let mut all = shared.stores.exceptions.state();
    all.retain(|e| namespace == "*" || e.metadata.namespace.as_deref() == Some(namespace));
    all.sort_by_key(|e| (e.metadata.namespace.clone(), e.metadata.name.clone()));
    let mut out = Vec::new();
    for exception in all {
        let source = source("kyverno.io/v2", "PolicyException", &exception);
        let mut parsed = Parsed::default();
        parsed.read(std::slice::from_ref(&source), CompileOptions { only_policies: true, ..CompileOptions::default() });
        let errors: Vec<String> =
            parsed.diagnostics.iter().filter(|d| d.is_error()).map(|d| render(d, false)).collect();
        if errors.is_empty() {
            out.push(source.text.clone());
        } else {
            error!("an exception of the cluster is not used\n{}", errors.join("\n"));
        }
    }
    out
}

/// Compiles what was read.
///
/// # Errors
/// Says why there is no set.
pub(super) fn compile(read: &Read) -> Result<PolicySet, String> {
    let Compiled { text, own } = &read.compiled;
    if text.is_empty() {
        return Ok(Parsed::default().compile().set);
    }
    let (set, said) = apart::compile(&["-".to_owned()], text)?;
    if !said.is_empty() {
        warn!("{said}");
    }
    Ok(set.with_own_webhooks(|p| own.contains(&(p.namespace.clone(), p.name.clone()))))
}

/// Reads and compiles again where something changes, for ever.
pub(super) async fn follow(shared: Arc<Shared>, exchange: crate::serve::Exchange) {
    let mut served = Compiled::default();
    loop {
        shared.changed.policies.notified().await;
        tokio::time::sleep(SETTLE).await;
        let (own, before) = (shared.clone(), served.clone());
        let made = tokio::task::spawn_blocking(move || {
            let read = read(&own, &own.known.load());
            // Changes of what is written about a policy, as its status, are none of the set.
            let set = (read.compiled != before).then(|| compile(&read));
            (read, set)
        });
        let Ok((read, set)) = made.await else { continue };
        match set {
            Some(Ok(set)) => {
                let (policies, rules) = (set.policies().len(), set.rules().len());
                exchange.policies(set);
                served = read.compiled;
                info!(policies, rules, "there are new policies");
            }
            Some(Err(why)) => error!(why, "the new policies are not used, the old ones stay"),
            None => {}
        }
        shared.known.store(Arc::new(read.known));
        shared.changed.registration.notify_one();
        shared.changed.status.notify_one();
    }
}
