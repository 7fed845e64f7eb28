//! What Kyverno's CLI refuses before it applies a policy, in its words and its order.
//!
//! Kyverno: pkg/validation/policy/validate.go, with the checks of api/kyverno/v1, pkg/policy/mutate,
//! pkg/policy/generate and pkg/policy/validate.

pub(super) mod conditions;
mod conflict;
pub(super) mod context;
mod exception;
mod fields;
pub(super) mod generate;
mod global_context;
mod images;
mod json;
mod mutate;
mod namespaces;
mod pattern;
mod pod_security;
mod rules;
mod selector;
mod shape;
mod substitution;
mod variables;
mod warnings;

use crate::diag::Source;
use crate::policy::classic::Policy;
use crate::policy::fields::Problems;
use crate::policy::tree::{Tree, Value};
use crate::resolve::{self, Guard, ResolvedRule};
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::Layout;
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A policy that is not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its name
    pub name: String,
    /// Why
    pub reason: String,
    /// Whether Kyverno lists it under `Invalid Policies:` instead of `Policies Skipped:`
    pub invalid: bool,
}

/// A kind that a cluster has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// `group/version`, or the version alone
    pub api_version: String,
    /// The kind
    pub kind: String,
    /// Whether its objects are in namespaces
    pub namespaced: bool,
    /// Whether it is only a part of another kind's objects
    pub part: bool,
}

/// A cluster, for what only that can say of a policy.
#[derive(Clone, Copy)]
pub struct Cluster<'c> {
    /// What it has of a kind, as policies write it: nothing, one, or with wildcards several
    pub kinds: &'c dyn Fn(&str) -> Vec<Served>,
    /// What is wrong with conditions of webhooks
    pub conditions: &'c dyn Fn(&serde_json::Value) -> Option<String>,
}

/// What the checks look at.
#[derive(Clone, Copy)]
struct Subject<'p> {
    policy: &'p Policy,
    /// The policy as it is written, for what the AST leaves out.
    tree: &'p Tree,
    resolved: &'p [ResolvedRule],
    cluster: Option<Cluster<'p>>,
    warnings: &'p RefCell<Vec<String>>,
}

/// Checks a policy.
pub(super) fn check(policy: &Policy, tree: &Tree, resolved: &[ResolvedRule]) -> Result<(), Refusal> {
    let warnings = RefCell::default();
    let subject = Subject { policy, tree, resolved, cluster: None, warnings: &warnings };
    subject.check().map_err(|reason| Refusal {
        name: policy.name.clone(),
        invalid: reason.starts_with("variable 'element.name'"),
        reason,
    })
}

/// Why Kyverno refuses a policy, where it does. What the compiler refuses is not looked at.
pub fn refusal(source: &Arc<Source>) -> Option<String> {
    refused(source, &|tree| match kind(tree) {
        "ClusterPolicy" | "Policy" => {
            let policy = Policy::read(tree, kind(tree) == "ClusterPolicy", &Problems::new(source.clone()));
            check(&policy, tree, &resolve::rules(&policy)).map_err(|r| r.reason)
        }
        _ => Ok(()),
    })
}

/// The same of a policy where there may be a cluster, and the warnings.
pub fn review(source: &Arc<Source>, cluster: Option<Cluster<'_>>) -> (Option<String>, Vec<String>) {
    let warnings = RefCell::default();
    let refusal = refused(source, &|tree| {
        if !matches!(kind(tree), "ClusterPolicy" | "Policy") {
            return Ok(());
        }
        let policy = Policy::read(tree, kind(tree) == "ClusterPolicy", &Problems::new(source.clone()));
        let resolved = resolve::rules(&policy);
        Subject { policy: &policy, tree, resolved: &resolved, cluster, warnings: &warnings }.check()
    });
    (refusal, warnings.into_inner())
}

fn kind(tree: &Tree) -> &str {
    tree.get("kind").and_then(Tree::as_str).unwrap_or_default()
}

/// Why Kyverno refuses an exception, where it does.
pub fn exception_refusal(source: &Arc<Source>) -> Option<String> {
    refused(source, &exception::check)
}

/// Why Kyverno refuses an exception of policies that are written in CEL, where it does.
pub fn cel_exception_refusal(source: &Arc<Source>) -> Option<String> {
    refused(source, &exception::of_cel)
}

/// Why Kyverno refuses an entry of the global context, where it does.
pub fn global_context_refusal(source: &Arc<Source>) -> Option<String> {
    refused(source, &global_context::check)
}

/// What is said first against an object of a source.
fn refused(source: &Arc<Source>, check: &dyn Fn(&Tree) -> Checked) -> Option<String> {
    let layout = Layout::everything();
    let mut found = None;
    let _ = yaml::documents(source, &layout, ReadOptions::policy(), &mut |doc| {
        let tree = doc.root().map(|root| Tree::of(&doc, root));
        found = found.take().or(tree.and_then(|t| check(&t).err()));
        ControlFlow::Continue(doc.recycle())
    });
    found
}

type Checked = Result<(), String>;

impl<'p> Subject<'p> {
    fn check(&self) -> Checked {
        let namespace = self.tree.get("metadata").and_then(|m| m.get("namespace")).and_then(Tree::as_str);
        if self.policy.namespace.is_none() && namespace.is_some_and(|n| !n.is_empty()) {
            return Err("A clusterpolicy should not have the namespace defined".to_owned());
        }
        warnings::actions(self);
        let webhook = self.spec().and_then(|s| some(s, "webhookConfiguration"));
        if let (Some(cluster), Some(conditions)) = (self.cluster, webhook.and_then(|w| some(w, "matchConditions")))
            && let Some(why) = (cluster.conditions)(&conditions.json())
        {
            return Err(format!("match conditions compilation errors: [{why}]"));
        }
        variables::check(self)?;
        fields::check(self)?;
        if self.policy.namespace.is_none() {
            namespaces::check(self)?;
        }
        if !self.policy.spec.admission && !self.policy.spec.background {
            return Err("disabling both admission and background processing is not allowed".to_owned());
        }
        if !self.policy.spec.admission
            && self.rules().iter().any(|r| mutate::has(r) || generate::has(r) || images::has(r))
        {
            return Err("disabling admission processing is only allowed with validation policies".to_owned());
        }
        rules::check(self)
    }

    fn warn(&self, warning: impl Into<String>) {
        let (warning, mut all) = (warning.into(), self.warnings.borrow_mut());
        if !all.contains(&warning) {
            all.push(warning);
        }
    }

    fn spec(&self) -> Option<&'p Tree> {
        self.tree.get("spec")
    }

    /// The rules as they are written.
    fn rules(&self) -> &'p [Tree] {
        list(self.spec().and_then(|s| s.get("rules")))
    }

    /// The rules that Kyverno computes of the policy as a whole, with their numbers: where rules are made for the
    /// controllers of Pods, written ones with a name of that kind drop out, whatever is in them.
    fn computed(&self) -> impl Iterator<Item = (usize, &'p ResolvedRule)> {
        self.resolved.iter().filter(|r| !matches!(r.guard, Guard::Unless(_))).enumerate()
    }

    /// The tree of a computed rule: that of the written one it was made from.
    fn rule(&self, resolved: &ResolvedRule) -> Option<&'p Tree> {
        let written = |name: &str| self.rules().iter().find(|r| r.get("name").and_then(Tree::as_str) == Some(name));
        let name = resolved.rule.name.as_str();
        let stem = name.strip_prefix("autogen-cronjob-").or(name.strip_prefix("autogen-")).unwrap_or(name);
        if self.policy.spec.rules.iter().any(|r| r.name == name) { written(name) } else { written(stem) }
    }
}

/// The elements of a list; none where it is no list.
fn list(tree: Option<&Tree>) -> &[Tree] {
    match tree.map(|t| &t.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

/// A member that is not null.
fn some<'t>(tree: &'t Tree, key: &str) -> Option<&'t Tree> {
    tree.get(key).filter(|t| t.value != Value::Null)
}

/// Visits the strings of a tree, keys included, each with the path of its value. Stops at the first error.
fn strings(tree: &Tree, path: &str, each: &mut dyn FnMut(&str, &str) -> Checked) -> Checked {
    match &tree.value {
        Value::Str(s) => each(s, path),
        Value::List(items) => {
            items.iter().enumerate().try_for_each(|(i, item)| strings(item, &format!("{path}/{i}"), each))
        }
        Value::Map(members) => members.iter().try_for_each(|m| {
            let path = format!("{path}/{}", m.key);
            each(&m.key, &path)?;
            strings(&m.value, &path, each)
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
