//! What Kyverno takes and warns of.

use super::{Subject, list, some};
use crate::policy::classic::Rule;
use crate::policy::tree::Tree;
use crate::resolve::autogen::CONTROLLERS_ANNOTATION;

/// Actions in the letters of earlier versions.
pub(super) fn actions(s: &Subject<'_>) {
    let old = |tree: &Tree, action: &str, overrides: &str| {
        let is = |t: Option<&Tree>| matches!(t.and_then(Tree::as_str), Some("enforce" | "audit"));
        is(tree.get(action)) || list(tree.get(overrides)).iter().any(|o| is(o.get("action")))
    };
    let of_spec = s.spec().is_some_and(|t| old(t, "validationFailureAction", "validationFailureActionOverrides"));
    let mut of_rules = s.rules().iter().filter_map(|r| some(r, "validate"));
    if of_spec
        || of_rules.any(|v| some(v, "failureAction").is_some() && old(v, "failureAction", "failureActionOverrides"))
    {
        s.warn("Validation failure actions enforce/audit are deprecated, use Enforce/Audit instead.");
    }
}

/// Rules about Pods that are made for some of the controllers of Pods only.
pub(super) fn autogen(s: &Subject<'_>, rule: &Rule) {
    let mut kinds: Vec<&str> = Vec::new();
    for filter in rule.matches.filters() {
        kinds.extend(filter.kinds.iter().map(|k| {
            let whole = k.text.split_once("Pod/").map_or(k.text.as_str(), |(before, _)| before);
            whole.rsplit('/').next().unwrap_or(whole)
        }));
    }
    kinds.dedup();
    let Some(controllers) = s.policy.annotation(CONTROLLERS_ANNOTATION).filter(|c| *c != "none") else { return };
    let controllers = controllers.to_lowercase();
    let mut controllers: Vec<&str> = controllers.split(',').collect();
    controllers.sort_unstable();
    if kinds == ["Pod"] && controllers != ["cronjob", "daemonset", "deployment", "job", "statefulset"] {
        s.warn(
            "Policies that match Pods apply to all Pods including those created and managed by controllers excluded from \
             autogen. Use preconditions to exclude the Pods managed by controllers which are excluded from autogen. Refer \
             to https://kyverno.io/docs/policy-types/cluster-policy/autogen/ for details.",
        );
    }
}

/// Rules about what is changed as a part of its own.
pub(super) fn parts(s: &Subject<'_>, rule: &Rule, tree: &Tree) {
    let filters = rule.matches.filters().iter().chain(rule.exclude.iter().flat_map(|e| e.filters()));
    let mut kinds: Vec<String> = filters.flat_map(|f| &f.kinds).map(|k| k.text.to_lowercase()).collect();
    for part in ["validate", "mutate"] {
        let Some(part) = some(tree, part) else { continue };
        kinds.extend(list(part.get("targets")).iter().filter_map(|t| t.get("kind")?.as_str().map(str::to_lowercase)));
        let mut json = part.json();
        // What stands in conditions is not looked at.
        if let Some(deny) = json.get_mut("deny").and_then(serde_json::Value::as_object_mut) {
            deny.clear();
        }
        let text = json.to_string();
        let without = |word: &str| !kinds.iter().any(|k| k.contains(word));
        if text.contains("replicas") && without("scale") {
            s.warn("You are matching on replicas but not including the scale subresource in the policy.");
        }
        if (text.contains(".status") || text.contains("\"status\":")) && without("status") {
            s.warn("You are matching on status but not including the status subresource in the policy.");
        }
    }
}
