//! Checks of rules that make objects.
//!
//! Kyverno: api/kyverno/v1/common_types.go, Generation.Validate; pkg/policy/generate/validate.go. Its CLI knows no kinds
//! without a namespace.

use super::json::{self, Shape};
use super::{Checked, Subject, list, pattern, some, strings};
use crate::policy::tree::{Tree, Value};

/// Whether a rule makes objects: something has to be said of them.
pub(super) fn has(rule: &Tree) -> bool {
    match some(rule, "generate").map(|m| &m.value) {
        Some(Value::Map(members)) => members.iter().any(|m| !matches!(m.value.value, Value::Null | Value::Bool(false))),
        _ => false,
    }
}

/// What a rule makes, as JSON, where that is neither one kind of object nor a list of copies. Kyverno's tests expect no
/// such rules.
///
/// Kyverno: pkg/background/generate/utils.go, GetUnstrRule.
pub(in crate::offline) fn without_kind(rule: &Tree) -> Option<String> {
    let generate = some(rule, "generate").filter(|_| has(rule))?;
    let lists = some(generate, "cloneList").is_some_and(|c| !list(c.get("kinds")).is_empty());
    (!lists && text(generate, "kind").is_empty()).then(|| json::shaped(generate, Shape::Generate, true))
}

/// What is to be made, and of what.
pub(super) fn fields(s: &Subject<'_>, rule: &Tree, path: &str, errors: &mut Vec<String>) {
    let Some(generate) = some(rule, "generate").filter(|_| has(rule)) else { return };
    let copies = some(generate, "clone").is_some_and(|c| ["name", "namespace"].iter().any(|k| !text(c, k).is_empty()));
    let lists = some(generate, "cloneList").is_some_and(|c| some(c, "kinds").is_some());
    let loops = some(generate, "foreach");
    let ways = [some(generate, "data").is_some(), copies, lists, loops.is_some()];
    if ways.iter().filter(|way| **way).count() > 1 {
        errors.push(format!(
            "{path}: Forbidden: only one of generate patterns(data, clone, cloneList and foreach) can be specified"
        ));
        return;
    }
    match loops {
        Some(loops) => list(Some(loops))
            .iter()
            .enumerate()
            .for_each(|(i, one)| made(s, one, &format!("{path}.foreach[{i}]"), errors)),
        None => made(s, generate, path, errors),
    }
}

fn text<'t>(tree: &'t Tree, key: &str) -> &'t str {
    tree.get(key).and_then(Tree::as_str).unwrap_or_default()
}

/// What one pattern makes.
fn made(s: &Subject<'_>, tree: &Tree, path: &str, errors: &mut Vec<String>) {
    let mut forbidden = |field: &str, why: &str| errors.push(format!("{path}.{field}: Forbidden: {why}"));
    let namespace = text(tree, "namespace");
    if let Some(here) = &s.policy.namespace {
        let clone = some(tree, "clone").filter(|c| !text(c, "name").is_empty());
        let elsewhere = |what: &str, there: &str| {
            format!(
                "target resource scope mismatched: a namespaced policy cannot {what}, expected: {here}, received: \
                 {there} "
            )
        };
        if namespace != here {
            forbidden("namespace", &elsewhere("generate resources in other namespaces", namespace));
        } else if let Some(from) = clone.map(|c| text(c, "namespace")).filter(|from| from != here) {
            forbidden("namespace", &elsewhere("clone resources from other namespaces", from));
        }
    }
    if !text(tree, "kind").is_empty() && namespace.is_empty() {
        forbidden("namespace", "target namespace must be set for a namespaced resource");
    }
    let copied = some(tree, "cloneList");
    let kinds = list(copied.and_then(|c| c.get("kinds")));
    let Some(copied) = copied.filter(|_| !kinds.is_empty()) else {
        for field in ["kind", "name", "apiVersion"].into_iter().filter(|f| text(tree, f).is_empty()) {
            forbidden(field, &format!("{field} can not be empty"));
        }
        return;
    };
    let from = text(copied, "namespace");
    if let Some(here) = s.policy.namespace.as_ref().filter(|here| *here != from) {
        let why = format!(
            "a namespaced policy cannot clone resources from other namespace, expected: {here}, received: {from}"
        );
        kinds.iter().for_each(|_| forbidden("cloneList.namespace", &why));
    }
    if from.is_empty() {
        forbidden("cloneList.namespace", "namespace is required for namespaced target resources");
    }
}

/// What objects are selected with and made of.
pub(super) fn check(rule: &Tree) -> Result<(), (String, String)> {
    let Some(generate) = some(rule, "generate").filter(|_| has(rule)) else { return Ok(()) };
    let selector = some(generate, "cloneList").and_then(|c| some(c, "selector"));
    let wildcards = |tree: &Tree| {
        let any = |text: &str, _: &str| if text.contains(['*', '?']) { Err(String::new()) } else { Ok(()) };
        strings(tree, "", &mut { any }).is_err()
    };
    if selector.is_some_and(wildcards) {
        return Err(("selector".to_owned(), "wildcard characters `*/?` not supported".to_owned()));
    }
    some(generate, "data").map_or(Ok(()), |data| {
        pattern::no_anchors(data, "/")
            .map_err(|(path, e)| (format!("data.{path}"), format!("anchors not supported on generate resources: {e}")))
    })
}

/// A rule may not be about the kind that it makes, in the oldest form of `match`.
pub(super) fn same_kind(rule: &Tree) -> Checked {
    let Some(generate) = some(rule, "generate").filter(|_| has(rule)) else { return Ok(()) };
    let kinds = some(rule, "match").and_then(|m| some(m, "resources")).map(|r| list(r.get("kinds")));
    let kind = text(generate, "kind");
    if kinds.unwrap_or_default().iter().any(|k| k.as_str() == Some(kind)) {
        return Err("generation kind and match resource kind should not be the same".to_owned());
    }
    Ok(())
}
