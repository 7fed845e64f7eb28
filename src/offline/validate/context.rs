//! Context entries of rules.
//!
//! Kyverno: pkg/validation/policy/validate.go, validateRuleContext.

use super::{Checked, list, some};
use crate::policy::tree::Tree;
use kyvc_grammar::{jmespath, template};

/// Names that mean something else.
const RESERVED: [&str; 6] =
    ["images", "request", "serviceAccountName", "serviceAccountNamespace", "element", "elementIndex"];
/// Where entries come from.
const SOURCES: [&str; 5] = ["configMap", "apiCall", "globalReference", "imageRegistry", "variable"];

/// Whether a problem of the policy's reader is one that is refused here, in Kyverno's words.
pub(in crate::offline) fn is_checked_here(message: &str) -> bool {
    message.starts_with("a context entry cannot be named")
        || message.contains("has more than one source")
        || message.contains("needs one of `variable`")
}

/// Whether an entry says where it comes from, once.
pub(in crate::offline) fn has_one_source(entry: &Tree) -> bool {
    SOURCES.iter().filter(|s| some(entry, s).is_some()).count() == 1
}

/// Checks the entries of a rule.
pub(super) fn check(rule: &Tree) -> Checked {
    list(rule.get("context")).iter().try_for_each(entry)
}

fn text<'t>(tree: &'t Tree, key: &str) -> &'t str {
    tree.get(key).and_then(Tree::as_str).unwrap_or_default()
}

fn entry(entry: &Tree) -> Checked {
    let name = text(entry, "name");
    if name.is_empty() {
        return Err("a name is required for context entries".to_owned());
    }
    let taken = RESERVED.iter().find(|r| name.strip_prefix(**r).is_some_and(|n| n.is_empty() || n.starts_with('.')));
    if let Some(reserved) = taken {
        return Err(format!("entry name {name} is invalid as it conflicts with a pre-defined variable {reserved}"));
    }
    let found: Vec<_> = SOURCES.iter().filter_map(|s| Some((*s, some(entry, s)?))).collect();
    let [(kind, source)] = found.as_slice() else {
        return Err("exactly one of configMap or apiCall or imageRegistry or variable is required for context entries"
            .to_owned());
    };
    match *kind {
        "configMap" => config_map(source),
        "apiCall" if !text(source, "urlPath").is_empty() && some(source, "service").is_some() => {
            Err("a URLPath cannot be used for service API calls".to_owned())
        }
        "globalReference" if text(source, "name").is_empty() => {
            Err("a name is required for globalReference context entry".to_owned())
        }
        "imageRegistry" if text(source, "reference").is_empty() => {
            Err("a ref is required for imageRegistry context entry".to_owned())
        }
        "variable" => expression(source).and_then(|()| variable(source)),
        _ => expression(source),
    }
}

fn config_map(source: &Tree) -> Checked {
    let missing = ["name", "namespace"].into_iter().find(|key| text(source, key).is_empty());
    missing.map_or(Ok(()), |key| Err(format!("a {key} is required for configMap context entry")))
}

fn variable(source: &Tree) -> Checked {
    let expression = !text(source, "jmesPath").is_empty();
    if !expression && some(source, "value").is_none() {
        return Err("a variable must define a value or a jmesPath expression".to_owned());
    }
    if !expression && some(source, "default").is_some() {
        return Err("a variable must define a default value only when a jmesPath expression is defined".to_owned());
    }
    Ok(())
}

/// An expression without variables in it has to be one.
fn expression(source: &Tree) -> Checked {
    let text = text(source, "jmesPath");
    if text.is_empty() || template::parse(text).has_variables() {
        return Ok(());
    }
    jmespath::parse(&bumpalo::Bump::new(), text)
        .map(|_| ())
        .map_err(|e| format!("failed to parse JMESPath {text}: {e}"))
}
