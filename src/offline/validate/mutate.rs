//! Checks of rules that change objects.
//!
//! Kyverno: pkg/validation/policy/validate.go, and pkg/policy/mutate/validate.go.

use super::variables::{self, simple};
use super::{Checked, Subject, conditions, json, list, some};
use crate::diag::Source;
use crate::policy::tree::{Tree, Value};
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::{Buffers, Layout};
use kyvc_vm::patch::json6902::{Outline, Written, outlines};

type At = (String, String);

/// Whether a rule changes objects: something has to be said of how.
pub(super) fn has(rule: &Tree) -> bool {
    match some(rule, "mutate").map(|m| &m.value) {
        Some(Value::Map(members)) => {
            members.iter().any(|m| m.value.value != Value::Null && m.value.as_str() != Some(""))
        }
        _ => false,
    }
}

/// The objects that a rule changes besides the one it is about; they may be none.
pub(super) fn targets(rule: &Tree) -> Option<&[Tree]> {
    some(rule, "mutate").and_then(|m| some(m, "targets")).map(|t| list(Some(t)))
}

/// Whether a rule also changes objects that exist when the policy comes.
fn on_update(s: &Subject<'_>, rule: &Tree) -> Option<bool> {
    let flag = |tree: &Tree| match some(tree, "mutateExistingOnPolicyUpdate").map(|t| &t.value) {
        Some(Value::Bool(flag)) => Some(*flag),
        _ => None,
    };
    let own = some(rule, "mutate").and_then(flag);
    own.or_else(|| s.spec().and_then(flag))
}

/// Rules that are to change objects that exist, and do not say which. The policy's word counts here whatever a rule says.
pub(super) fn untargeted(s: &Subject<'_>, errors: &mut Vec<String>) {
    let set = |tree: Option<&Tree>| {
        tree.and_then(|t| some(t, "mutateExistingOnPolicyUpdate")).is_some_and(|t| t.value == Value::Bool(true))
    };
    for (i, rule) in s.rules().iter().enumerate().filter(|(_, r)| has(r)) {
        if (set(s.spec()) || set(some(rule, "mutate"))) && targets(rule).is_none_or(<[Tree]>::is_empty) {
            errors.push(format!(
                "spec.mutateExistingOnPolicyUpdate: Forbidden: rules[{i}].mutate.targets has to be specified when \
                 mutateExistingOnPolicyUpdate is set"
            ));
        }
    }
}

/// Targets outside of a policy's namespace.
pub(super) fn foreign(s: &Subject<'_>, rule: &Tree, path: &str, errors: &mut Vec<String>) {
    let Some(namespace) = &s.policy.namespace else { return };
    for (i, target) in targets(rule).unwrap_or_default().iter().enumerate() {
        let named = target.get("namespace").and_then(Tree::as_str).unwrap_or_default();
        if !named.is_empty() && named != namespace {
            let value = json::quoted(named);
            errors.push(format!(
                "{path}.targets[{i}].namespace: Invalid value: {value}: This field can be ignored or should have value \
                 of the namespace where the policy is being created"
            ));
        }
    }
}

/// Operations whose paths have variables. What is wrong with them otherwise is found later.
pub(super) fn variable_paths(name: &str, rule: &Tree) -> Checked {
    let has = operations(rule, false, &mut |list| match list.iter().find(|o| simple(o.path)) {
        Some(_) => Err("has".to_owned()),
        None => Ok(()),
    });
    match has {
        Err(e) if e == "has" => {
            Err(format!("rule \"{name}\" should not have variables in patchesJSON6902 path section"))
        }
        _ => Ok(()),
    }
}

/// The list of operations of a rule.
pub(super) fn patch(i: usize, rule: &Tree) -> Checked {
    let beginning = |e| format!("path must begin with a forward slash: spec.rules[{i}]: {e}");
    operations(rule, true, &mut |list| match list.iter().find(|o| !o.path.starts_with('/')) {
        Some(o) => Err(beginning(o.path.to_owned())),
        None if list.iter().any(|o| o.tests_nothing) => {
            let why = "operation, missing value field: missing value";
            Err(format!("invalid value: spec.rules[{i}]: {why}"))
        }
        None => Ok(()),
    })
    .map_err(|e| if e.contains(": spec.rules[") { e } else { beginning(e) })
}

/// Reads the operations of a rule, with something in the place of variables where that is asked for.
fn operations(rule: &Tree, plain: bool, each: &mut dyn FnMut(&[Outline<'_>]) -> Checked) -> Checked {
    let text = some(rule, "mutate").and_then(|m| m.get("patchesJson6902")).and_then(Tree::as_str).unwrap_or_default();
    if text.is_empty() {
        return Ok(());
    }
    let text = if plain { variables::replaced(text, "kyvernojsonpatchvariable") } else { text.to_owned() };
    let source = Source::new("patchesJson6902", text);
    let layout = Layout::everything();
    let doc = yaml::value(&source, &layout, Buffers::default(), ReadOptions::default()).map_err(|d| d.message)?;
    let list = outlines(&doc, Written::Yaml).map_err(|e| {
        let e = e.to_string();
        e.strip_prefix("failed to decode patches: ").map_or(e.clone(), str::to_owned)
    })?;
    each(&list)
}

/// Whether a rule changes only what every kind has.
pub(super) fn only_metadata(rule: &Tree) -> bool {
    let Some(mutate) = some(rule, "mutate") else { return true };
    let merges = match mutate.get("patchStrategicMerge").map(|t| &t.value) {
        Some(Value::Map(members)) => members.iter().all(|m| m.key == "metadata"),
        _ => true,
    };
    let text = mutate.get("patchesJson6902").and_then(Tree::as_str).unwrap_or_default();
    // Kyverno reads only JSON here.
    let operations: Vec<serde_json::Value> = serde_json::from_str(text).unwrap_or_default();
    let path =
        |o: &serde_json::Value| o.get("path").and_then(|p| p.as_str()).is_some_and(|p| p.starts_with("/metadata"));
    merges && operations.iter().all(path)
}

/// The conditions of loops. Their operators are looked at, and nothing else.
pub(super) fn loops(rule: &Tree) -> Result<(), At> {
    let Some(mutate) = some(rule, "mutate") else { return Ok(()) };
    nested(mutate, "mutate.foreach")
}

fn nested(tree: &Tree, path: &str) -> Result<(), At> {
    for each in list(tree.get("foreach")) {
        let there = |(field, e): At| (format!("{path}.{field}"), e);
        if let Some(tree) = some(each, "preconditions") {
            conditions::operators(tree, "conditions").map_err(there)?;
        }
        nested(each, path).map_err(there)?;
    }
    Ok(())
}

/// That there is one way of changing an object, not several.
pub(super) fn ways(rule: &Tree) -> Result<(), At> {
    let Some(mutate) = some(rule, "mutate").filter(|_| has(rule)) else { return Ok(()) };
    let err = |path: &str, e: &str| Err((path.to_owned(), e.to_owned()));
    let (merges, operates) = (some(mutate, "patchStrategicMerge").is_some(), operates(mutate));
    if !list(mutate.get("foreach")).is_empty() {
        if merges || operates {
            return err("foreach", "only one of `foreach`, `patchStrategicMerge`, or `patchesJson6902` is allowed");
        }
        return each(mutate, String::new());
    }
    if merges && operates {
        return err("foreach", "only one of `patchStrategicMerge` or `patchesJson6902` is allowed");
    }
    Ok(())
}

fn operates(tree: &Tree) -> bool {
    tree.get("patchesJson6902").and_then(Tree::as_str).is_some_and(|t| !t.is_empty())
}

fn each(tree: &Tree, mut tag: String) -> Result<(), At> {
    for (i, one) in list(tree.get("foreach")).iter().enumerate() {
        tag.push_str(&format!("foreach[{i}]"));
        let merges = some(one, "patchStrategicMerge").is_some();
        if !list(one.get("foreach")).is_empty() {
            let more = ["context", "preconditions"].iter().any(|k| some(one, k).is_some());
            if more || merges || operates(one) {
                return Err((tag, "a nested foreach cannot contain other declarations".to_owned()));
            }
            // Kyverno leaves it at that.
            return each(one, tag);
        }
        if merges == operates(one) {
            return Err((tag, "only one of `patchStrategicMerge` or `patchesJson6902` is allowed".to_owned()));
        }
    }
    Ok(())
}

/// What a rule may use that also changes objects when the policy comes.
pub(super) fn updates(s: &Subject<'_>, rule: &Tree) -> Checked {
    if !has(rule) || on_update(s, rule) != Some(true) || !variables::any(s.tree) {
        return Ok(());
    }
    variables::names(s, true).map_err(|e| format!("update event, policy contains invalid variables: {e}"))?;
    variables::user(s).map_err(|e| {
        format!(
            "only select variables are allowed in on policy update. Set spec.mutateExistingOnPolicyUpdate=false to \
             disable update policy mode for this policy rule: {e} "
        )
    })
}
