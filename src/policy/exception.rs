//! PolicyException of `kyverno.io`: rules that are not asked about some resources.

use super::classic::{Conditions, Match};
use super::fields::{Fields, Problems, Text};
use super::pod_security;
use super::tree::{Tree, Value};
use crate::diag::Code;
use kyvc_vm::document::Place;
use kyvc_vm::pod_security::Exclusion;
use kyvc_vm::scalar::Glob;

/// A policy exception.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    /// Its name, after its namespace where it is in one
    pub key: String,
    /// The rules it is about
    pub rules: Vec<ExceptedRules>,
    /// The resources it is about
    pub matches: Match,
    /// What has to hold besides
    pub conditions: Option<Conditions>,
    /// Parts of the Pod Security Standards that it lifts; all of the rule where there are none
    pub pod_security: Vec<Exclusion>,
    /// Where it starts
    pub place: Place,
}

/// Rules of one policy.
#[derive(Clone, Debug, PartialEq)]
pub struct ExceptedRules {
    /// The policy's name, after its namespace where it is in one
    pub policy: Text,
    /// Names with wildcards
    pub rules: Vec<Text>,
}

impl Exception {
    /// Reads an exception. Problems go to `problems`; what could be read is returned all the same.
    pub fn read(tree: &Tree, problems: &Problems) -> Self {
        let mut top = Fields::of(tree, "", problems);
        top.ignore(&["apiVersion", "kind", "status"]);
        let metadata = top.take("metadata");
        let text = |key| metadata.and_then(|m| m.get(key)).and_then(Tree::as_str).unwrap_or_default();
        let (namespace, name) = (text("namespace"), text("name"));
        if name.is_empty() {
            problems.add(Code::MissingField, tree.place, "a policy exception needs `metadata.name`");
        }
        let key = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") };
        let empty = Tree { place: tree.place, value: Value::Null };
        let mut f = Fields::of(top.take("spec").unwrap_or(&empty), "spec", problems);
        top.finish();
        // What is there and says nothing excepts nothing; what is not there is refused.
        let empty = |is_there: bool| if is_there { Code::UselessException } else { Code::MissingField };
        let items = f.list("exceptions");
        let is_there = items.is_some();
        let items = items.unwrap_or_default().iter().enumerate();
        let rules: Vec<_> =
            items.map(|(i, t)| ExceptedRules::read(t, &format!("spec.exceptions[{i}]"), problems)).collect();
        if rules.is_empty() {
            problems.add(empty(is_there), f.place(), "`spec.exceptions` has to name a policy and its rules");
        }
        let matches = f.take("match").map(|t| Match::read(t, "spec.match", problems));
        if matches.as_ref().is_none_or(|m| m.any.is_empty() && m.all.is_empty()) {
            problems.add(empty(matches.is_some()), f.place(), "`spec.match` needs `any` or `all`");
        }
        let conditions = f.take("conditions").map(|t| Conditions::read(t, "spec.conditions", problems));
        let pod_security = f.list("podSecurity").unwrap_or_default();
        let pod_security = pod_security::exclusions(pod_security, "spec.podSecurity", None, problems);
        // Whether it counts for existing resources has no bearing on a verdict.
        f.bool("background");
        f.finish();
        let matches = matches.unwrap_or_else(|| Match::none(tree.place));
        Self { key, rules, matches, conditions, pod_security, place: tree.place }
    }

    /// Whether it is about a rule of a policy; a policy in a namespace is named `namespace/name`.
    pub fn contains(&self, policy: &str, rule: &str) -> bool {
        let hit =
            |e: &ExceptedRules| e.policy.text == policy && e.rules.iter().any(|r| Glob::new(&r.text).matches(rule));
        self.rules.iter().any(hit)
    }
}

impl ExceptedRules {
    fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
        let mut f = Fields::of(tree, path, problems);
        let policy = f.text("policyName").filter(|t| !t.text.is_empty());
        if policy.is_none() {
            problems.add(Code::MissingField, tree.place, format!("`{path}.policyName` is missing"));
        }
        let rules = f.texts("ruleNames");
        f.finish();
        Self { policy: policy.unwrap_or(Text { text: String::new(), place: tree.place }), rules }
    }
}
