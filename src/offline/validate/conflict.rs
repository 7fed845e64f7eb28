//! Whether a rule excludes all that it matches.
//!
//! Kyverno: api/kyverno/v1/rule_types.go, ValidateMatchExcludeConflict.

use super::{json, list, some};
use crate::policy::classic::{Filter, Rule, Selector, Subject};
use crate::policy::fields::Text;
use crate::policy::tree::Tree;
use kyvc_vm::scalar::Glob;

/// Whether Kyverno takes what is left for empty.
pub(super) fn empty(rule: &Rule, tree: &Tree) -> bool {
    let (Some(exclude), Some(out), Some(into)) = (&rule.exclude, some(tree, "exclude"), some(tree, "match")) else {
        return false;
    };
    if !exclude.all.is_empty() || !rule.matches.all.is_empty() {
        return false;
    }
    if !rule.matches.any.is_empty() && !exclude.any.is_empty() {
        let excluded: Vec<String> = list(out.get("any")).iter().map(json::filter).collect();
        return list(into.get("any")).iter().any(|f| excluded.contains(&json::filter(f)));
    }
    let (m, e) = (&rule.matches.legacy, &exclude.legacy);
    if exclude.any.is_empty() && e.no_resources() && e.no_user() {
        return false;
    }
    covered(m, e)
}

/// Whether everything that `e` asks for is asked for by `m` too.
fn covered(m: &Filter, e: &Filter) -> bool {
    let inside = |e: &[Text], m: &[Text]| {
        let has = |t: &Text| e.iter().any(|x| x.text == t.text);
        e.is_empty() || (!m.is_empty() && m.iter().all(has))
    };
    let subject = |s: &Subject| (s.kind.clone(), s.name.clone(), s.namespace.clone());
    let subjects = e.subjects.is_empty()
        || (!m.subjects.is_empty() && m.subjects.iter().all(|s| e.subjects.iter().any(|x| subject(x) == subject(s))));
    if !inside(&e.roles, &m.roles) || !inside(&e.cluster_roles, &m.cluster_roles) || !subjects {
        return false;
    }
    let glob = |pattern: &str, name: &str| Glob::new(pattern).matches(name);
    if let Some(name) = e.name.as_ref().filter(|n| !n.text.is_empty())
        && !glob(&name.text, m.name.as_ref().map_or("", |n| n.text.as_str()))
    {
        return false;
    }
    if !e.names.is_empty() {
        return m.names.iter().any(|name| e.names.iter().any(|pattern| glob(&pattern.text, &name.text)));
    }
    let annotations = |f: &Filter| {
        let pairs = f.annotations.as_ref()?;
        let mut pairs: Vec<_> = pairs.iter().map(|(k, v)| (k.clone(), v.text.clone())).collect();
        pairs.sort_unstable();
        Some(pairs)
    };
    inside(&e.namespaces, &m.namespaces)
        && inside(&e.kinds, &m.kinds)
        && same(m.selector.as_ref(), e.selector.as_ref())
        && same(m.namespace_selector.as_ref(), e.namespace_selector.as_ref())
        && annotations(m) == annotations(e)
}

fn same(m: Option<&Selector>, e: Option<&Selector>) -> bool {
    match (m, e) {
        (None, None) => true,
        (Some(m), Some(e)) => {
            let expressions = e.expressions.is_empty()
                || (!m.expressions.is_empty() && m.expressions.iter().all(|x| e.expressions.contains(x)));
            let labels = e.labels.is_empty() || (!m.labels.is_empty() && m.labels.iter().all(|l| e.labels.contains(l)));
            expressions && labels
        }
        _ => false,
    }
}
