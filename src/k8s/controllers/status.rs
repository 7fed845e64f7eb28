//! The status of policies, which the leader writes.
//!
//! Kyverno: pkg/controllers/webhook/controller.go, updatePolicyStatuses.

use super::Shared;
use super::checked::{Checked, Good};
use k8s_openapi::jiff::Timestamp;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use std::sync::Arc;
use tracing::warn;

/// The longest message of a condition.
const LONGEST: usize = 32 << 10;

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
                let namespace = object.metadata.namespace.clone().filter(|_| !cluster);
                let key = (namespace, object.metadata.name.clone().unwrap_or_default());
                let Some(checked) = known.get(&key) else { continue };
                if let Err(e) = write(&shared, &object, checked, cluster).await {
                    warn!(policy = key.1, error = %e, "the status of a policy cannot be written");
                }
            }
        }
    }
}

async fn write(shared: &Shared, object: &DynamicObject, checked: &Checked, cluster: bool) -> Result<(), kube::Error> {
    let before = object.data.get("status").cloned().unwrap_or_default();
    let wanted = wanted(checked, &before, object.metadata.generation);
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

fn wanted(checked: &Checked, before: &Value, generation: Option<i64>) -> Value {
    let mut conditions = Vec::new();
    let mut add = |kind: &str, holds: bool, reason: &str, message: &str| {
        conditions.push(condition(kind, holds, reason, message, before, generation));
    };
    let good = Good::default();
    let good = match &*checked.outcome {
        Ok(good) => {
            add("Ready", true, "Succeeded", "Ready");
            if !good.not_run.is_empty() {
                add("AllRulesRun", false, "NotRunYet", &good.not_run.join("; "));
            }
            good
        }
        Err(why) => {
            add("Ready", false, "Failed", why);
            &good
        }
    };
    let counts = good.counts;
    json!({
        "autogen": {},
        "conditions": conditions,
        "rulecount": {
            "validate": counts.validate,
            "generate": counts.generate,
            "mutate": counts.mutate,
            "verifyimages": counts.verify_images,
        },
        "validatingadmissionpolicy": {"generated": false, "message": ""},
    })
}

fn condition(kind: &str, holds: bool, reason: &str, message: &str, before: &Value, generation: Option<i64>) -> Value {
    let status = if holds { "True" } else { "False" };
    let end = (0..=message.len().min(LONGEST)).rev().find(|at| message.is_char_boundary(*at)).unwrap_or_default();
    let old = before.get("conditions").and_then(Value::as_array).into_iter().flatten();
    let old = old.into_iter().find(|c| c.get("type").and_then(Value::as_str) == Some(kind));
    // The time is when the status changed, not when it was written.
    let same = old.filter(|c| c.get("status").and_then(Value::as_str) == Some(status));
    let since = same.and_then(|c| c.get("lastTransitionTime").cloned());
    let mut condition = json!({
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message.get(..end).unwrap_or_default(),
        "lastTransitionTime": since.unwrap_or_else(|| json!(now())),
    });
    if let Some(generation) = generation {
        condition["observedGeneration"] = json!(generation);
    }
    condition
}

/// Now, without parts of a second.
fn now() -> String {
    let seconds = Timestamp::now().as_second();
    Timestamp::from_second(seconds).map(|t| t.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_already_is_not_written_again() {
        let good = Checked::of(Ok(Good { not_run: vec!["rule g: no".to_owned()], ..Good::default() }));
        let first = wanted(&good, &Value::Null, Some(1));
        assert!(!is_said(&first, &Value::Null));
        assert!(is_said(&wanted(&good, &first, Some(1)), &first));
        assert_eq!(first["conditions"][1]["message"], "rule g: no");
        let bad = wanted(&Checked::of(Err("no".to_owned())), &first, Some(2));
        assert!(!is_said(&bad, &first) && bad["conditions"][0]["status"] == "False");
    }
}
