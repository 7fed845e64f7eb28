//! The status of policies, which the leader writes.
//!
//! Kyverno: pkg/controllers/webhook/controller.go, updatePolicyStatuses.

use super::Shared;
use super::checked::Checked;
use super::policies::key;
use crate::k8s::api::condition::Condition;
use crate::k8s::api::policy_status::{PolicyStatus, RuleCount};
use k8s_openapi::jiff::Timestamp;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use std::sync::Arc;
use tracing::warn;

/// Writes each status that is not as it should be, for ever.
pub(super) async fn follow(shared: Arc<Shared>) {
    loop {
        shared.changed.status.notified().await;
        if !shared.leader.is_leading() {
            continue;
        }
        let known = shared.known.load_full();
        for (store, cluster) in [(&shared.stores.cluster_policies, true), (&shared.stores.policies, false)] {
            for object in store.state() {
                let key = key(&object);
                let Some(checked) = known.policies.get(&key) else { continue };
                if let Err(e) = write(&shared, &object, checked, cluster).await {
                    warn!(policy = key.1, error = %e, "the status of a policy cannot be written");
                }
            }
        }
    }
}

async fn write(shared: &Shared, object: &DynamicObject, checked: &Checked, cluster: bool) -> Result<(), kube::Error> {
    let before = object.data.get("status").cloned().unwrap_or_default();
    let wanted = json!(wanted(checked, &before, object.metadata.generation));
    if is_said(&wanted, &before) {
        return Ok(());
    }
    let api = shared.policy_api(cluster, checked.namespace.as_deref());
    let patch = json!({"status": wanted});
    match api.patch_status(&checked.name, &PatchParams::default(), &Patch::Merge(&patch)).await {
        // It is gone, or there will be another notice of it.
        Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => Ok(()),
        other => other.map(|_| ()),
    }
}

/// Whether all members of a status are there already.
fn is_said(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.iter().all(|(key, value)| found.get(key).is_some_and(|f| is_said(value, f)))
        }
        (wanted, found) => wanted == found,
    }
}

fn wanted(checked: &Checked, before: &Value, generation: Option<i64>) -> PolicyStatus {
    let now = now();
    let mut wanted = Vec::new();
    let mut add = |condition: Condition| wanted.push(Condition { observed_generation: generation, ..condition });
    let rulecount = match &*checked.outcome {
        Ok(good) => {
            add(Condition::ready(true, "Ready", &now));
            if !good.not_run.is_empty() {
                let (kind, reason) = ("AllRulesRun".to_owned(), "NotRunYet".to_owned());
                add(Condition { kind, reason, ..Condition::ready(false, &good.not_run.join("; "), &now) });
            }
            good.counts
        }
        Err(why) => {
            add(Condition::ready(false, why, &now));
            RuleCount::default()
        }
    };
    let kinds: Vec<String> = wanted.iter().map(|c| c.kind.clone()).collect();
    let before = before.get("conditions").cloned().unwrap_or_default();
    let mut conditions: Vec<Condition> = serde_json::from_value(before).unwrap_or_default();
    conditions.retain(|c| kinds.contains(&c.kind));
    wanted.into_iter().for_each(|c| c.put(&mut conditions));
    PolicyStatus { conditions, rulecount, ..PolicyStatus::default() }
}

/// Now, without parts of a second.
pub(super) fn now() -> String {
    let seconds = Timestamp::now().as_second();
    Timestamp::from_second(seconds).map(|t| t.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::controllers::checked::Good;

    #[test]
    fn what_is_said_already_is_not_written_again() {
        let good = Checked::of(Ok(Good { not_run: vec!["rule g: no".to_owned()], ..Good::default() }));
        let first = json!(wanted(&good, &Value::Null, Some(1)));
        assert!(!is_said(&first, &Value::Null));
        assert!(is_said(&json!(wanted(&good, &first, Some(1))), &first));
        assert_eq!(first["conditions"][1]["message"], "rule g: no");
        let bad = json!(wanted(&Checked::of(Err("no".to_owned())), &first, Some(2)));
        assert!(!is_said(&bad, &first) && bad["conditions"][0]["status"] == "False");
    }
}
