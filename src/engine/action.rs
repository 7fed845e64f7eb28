//! What becomes of a violation, by policy, rule and namespace.

use super::set::{PolicySet, RuleInfo, RuleOverride};
use crate::policy::classic::Action;
use kyvc_vm::document::Document;
use kyvc_vm::scalar::Glob;
use kyvc_vm::selector::Labels;

impl PolicySet {
    /// What becomes of a rule's violation in a namespace, overrides included.
    pub fn action(&self, rule: usize, namespace: &str, labels: Option<&Document<'_>>) -> Action {
        let Some(info) = self.rules.get(rule) else { return Action::Audit };
        let Some(policy) = self.policies.get(info.policy) else { return Action::Audit };
        matching(&info.overrides, namespace, labels)
            .or(info.action)
            .or_else(|| matching(&policy.overrides, namespace, labels))
            .unwrap_or(policy.action)
    }

    /// Whether a rule lets an update pass that violates it as the old object did.
    pub(super) fn tolerates(&self, info: &RuleInfo) -> bool {
        let policy = || self.policies.get(info.policy).map_or(Action::Audit, |p| p.action);
        info.allow_existing && info.action.unwrap_or_else(policy) == Action::Enforce
    }
}

fn matching(overrides: &[RuleOverride], namespace: &str, labels: Option<&Document<'_>>) -> Option<Action> {
    let hit = |o: &&RuleOverride| {
        let named = o.namespaces.is_empty() || o.namespaces.iter().any(|n| Glob::new(n).matches(namespace));
        named && o.selector.as_ref().is_none_or(|s| s.matches(&NamespaceLabels(labels)))
    };
    overrides.iter().find(hit).map(|o| o.action)
}

struct NamespaceLabels<'d>(Option<&'d Document<'d>>);

impl Labels for NamespaceLabels<'_> {
    fn label(&self, key: &str) -> Option<&str> {
        let doc = self.0?;
        doc.get_str(doc.root()?, key).and_then(|n| doc.as_str(n))
    }

    fn any(&self, f: &mut dyn FnMut(&str, &str) -> bool) -> bool {
        let Some((doc, root)) = self.0.and_then(|d| Some((d, d.root()?))) else { return false };
        doc.entries(root).any(|(k, n)| f(doc.key_text(k), doc.str(n)))
    }
}
