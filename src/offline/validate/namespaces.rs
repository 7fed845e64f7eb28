//! Actions for namespaces that contradict each other.

use super::{Checked, Subject, list, some};
use crate::policy::tree::Tree;
use kyvc_vm::scalar::Glob;
use std::collections::BTreeSet;

pub(super) fn check(s: &Subject<'_>) -> Checked {
    for (i, rule) in s.rules().iter().enumerate() {
        let overrides = some(rule, "validate").and_then(|v| v.get("failureActionOverrides"));
        // Kyverno names the field of the policy, though it is one of the rule.
        one(list(overrides), &format!("spec.rules[{i}].validate.validationFailureActionOverrides"))?;
    }
    let overrides = s.spec().and_then(|spec| spec.get("validationFailureActionOverrides"));
    one(list(overrides), "spec.validationFailureActionOverrides")
}

/// Names and patterns of one action.
#[derive(Default)]
struct Side<'t> {
    names: BTreeSet<&'t str>,
    patterns: BTreeSet<&'t str>,
}

fn one(overrides: &[Tree], path: &str) -> Checked {
    let (mut audit, mut enforce) = (Side::default(), Side::default());
    for (i, o) in overrides.iter().enumerate() {
        let (own, other) = match o.get("action").and_then(Tree::as_str) {
            Some("Audit" | "audit") => (&mut audit, &mut enforce),
            Some("Enforce" | "enforce") => (&mut enforce, &mut audit),
            _ => return Err("invalid action".to_owned()),
        };
        let path = format!("{path}[{i}].namespaces");
        let namespaces = list(o.get("namespaces")).iter().filter_map(Tree::as_str);
        let (patterns, names): (Vec<_>, Vec<_>) = namespaces.partition(|n| n.contains(['*', '?']));
        let both: BTreeSet<_> = names.iter().filter(|n| other.names.contains(*n)).copied().collect();
        if !both.is_empty() {
            let both: Vec<_> = both.into_iter().collect();
            return Err(format!("conflicting namespaces found in path: {path}: {}", both.join(", ")));
        }
        own.names.extend(names);
        own.patterns.extend(patterns);
        wildcards(&audit, &enforce).map_err(|e| format!("path: {path}: {e}"))?;
    }
    Ok(())
}

fn wildcards(audit: &Side<'_>, enforce: &Side<'_>) -> Checked {
    let hit = |patterns: &BTreeSet<&str>, names: &BTreeSet<&str>, what: &str| {
        let first = names.iter().find_map(|n| patterns.iter().find(|p| Glob::new(p).matches(n)).map(|p| (p, n)));
        first.map_or(Ok(()), |(p, n)| Err(format!("wildcard pattern '{p}' {what} '{n}'")))
    };
    hit(&audit.patterns, &enforce.names, "matches with namespace")?;
    hit(&enforce.patterns, &audit.names, "matches with namespace")?;
    hit(&audit.patterns, &enforce.patterns, "conflicts with the pattern")?;
    hit(&enforce.patterns, &audit.patterns, "conflicts with the pattern")
}
