//! Autogen: the annotation's forms, and rule names that autogen cuts, skips or collides with.

use super::Gen;
use serde_json::{Map, Value, json};

/// Puts the autogen annotation into a policy's annotations, sometimes.
pub(crate) fn annotation(g: &mut Gen, annotations: &mut Map<String, Value>) {
    let table = [("autogen/absent", 66), ("autogen/none", 10), ("autogen/list", 16), ("autogen/odd-list", 6)];
    let value = match g.choose(&table) {
        "autogen/none" => "none",
        "autogen/list" => *g.rng.pick(&[
            "Deployment",
            "CronJob",
            "Deployment,StatefulSet",
            "Job,CronJob",
            "DaemonSet,ReplicaSet,CronJob",
        ]),
        "autogen/odd-list" => *g.rng.pick(&[
            "Deployment, CronJob",
            "",
            "Unknown",
            "Deployment,Unknown",
            "deployment",
            ",",
            "none,Deployment",
        ]),
        _ => return,
    };
    annotations.insert("pod-policies.kyverno.io/autogen-controllers".to_owned(), json!(value));
}

/// A name for the `n`th rule of a policy.
pub(crate) fn rule_name(g: &mut Gen, n: usize) -> String {
    match g.choose(&[("rule/plain-name", 80), ("rule/long-name", 10), ("autogen/user-rule", 6), ("rule/odd-name", 6)]) {
        "rule/long-name" => {
            let length = g.rng.between(50, 63);
            let text = format!("check-{n}-{}", "a-rather-long-name-for-a-rule-of-a-policy-that-has-no-end-at-all");
            text[..length].to_owned()
        }
        "autogen/user-rule" if g.rng.chance(50) => "autogen-check-0".to_owned() + &"x".repeat(n),
        "autogen/user-rule" => format!("autogen-cronjob-{n}"),
        "rule/odd-name" => format!("{} {n}", g.rng.pick(&["Rule with spaces", "Ünïcode", "a/b", "UPPER_case"])),
        _ => format!("check-{n}"),
    }
}
