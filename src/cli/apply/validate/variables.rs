//! Variables that may not stand where they stand.
//!
//! Kyverno parses each variable and looks it up in a list of what is defined; here that is the same list.

use super::{Checked, Subject, json, list, some, strings};
use crate::policy::classic::{Filter, Rule};
use crate::policy::tree::{Tree, Value};
use bumpalo::Bump;
use kyvc_grammar::jmespath;
use kyvc_vm::scalar::Glob;

/// Kyverno: `allowedVariables` and `allowedVariablesBackground`, whose text is part of the error.
const ALLOWED: &str =
    r"request|serviceAccountName|serviceAccountNamespace|element|elementIndex|@|images|image|([a-z_0-9]+\()[^{}]";
const ALLOWED_BACKGROUND: &str = r"request\.|element|elementIndex|@|images|images\.|image\.|([a-z_0-9]+\()[^{}]";
const USER: [&str; 5] =
    ["serviceAccountName", "serviceAccountNamespace", "request.userInfo", "request.roles", "request.clusterRoles"];

pub(super) fn check(s: &Subject<'_>) -> Checked {
    let background = s.policy.spec.background;
    if background {
        user(s).map_err(|e| {
            format!(
                "only select variables are allowed in background mode. Set spec.background=false to disable background \
                 mode for this policy rule: {e} "
            )
        })?;
    }
    let rules = s.policy.spec.rules.iter().zip(s.rules());
    for (rule, tree) in rules {
        one(&rule.name, tree, background).map_err(|e| format!("policy contains invalid variables: {e}"))?;
    }
    Ok(())
}

/// What is only known while a request is made.
fn user(s: &Subject<'_>) -> Checked {
    for (i, r) in s.resolved.iter().enumerate() {
        if let Some(path) = user_path(&r.rule) {
            return Err(format!("invalid variable used at path: spec/rules[{i}]/{path}"));
        }
    }
    let parts = ["metadata", "spec"].into_iter().filter_map(|k| s.tree.get(k));
    for part in parts {
        strings(part, "", &mut |text, path| {
            if path.ends_with("/kubectl.kubernetes.io/last-applied-configuration") {
                return Ok(());
            }
            for variable in variables(text) {
                if USER.iter().any(|name| mentions(variable, name)) {
                    // Kyverno looks for variables in the policy's JSON, so that quotes are escaped.
                    let shown = json::quoted(variable);
                    return Err(format!("variable {} is not allowed", shown.trim_matches('"')));
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn user_path(rule: &Rule) -> Option<String> {
    let of = |f: &Filter| match f {
        f if !f.roles.is_empty() => Some("roles"),
        f if !f.cluster_roles.is_empty() => Some("clusterRoles"),
        f if !f.subjects.is_empty() => Some("subjects"),
        _ => None,
    };
    let each = |block: &str, name: &str, filters: &[Filter]| {
        let mut found = filters.iter().enumerate().filter_map(|(i, f)| Some((i, of(f)?)));
        found.next().map(|(i, field)| format!("{block}/{name}[{i}]/{field}"))
    };
    let m = &rule.matches;
    let own = |block: &str, f: &Filter| of(f).map(|field| format!("{block}/{field}"));
    let exclude = || {
        let e = rule.exclude.as_ref()?;
        own("exclude", &e.legacy).or_else(|| each("exclude", "all", &e.all)).or_else(|| each("exclude", "any", &e.any))
    };
    own("match", &m.legacy)
        .or_else(|| each("match", "any", &m.any))
        .or_else(|| each("match", "all", &m.all))
        .or_else(exclude)
}

/// Go: `[^\.](name)\b`, where the name's own dots stand for any character.
fn mentions(variable: &str, name: &str) -> bool {
    let (text, name) = (variable.as_bytes(), name.as_bytes());
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    text.windows(name.len()).enumerate().any(|(at, w)| {
        let same = w.iter().zip(name).all(|(a, b)| a == b || *b == b'.');
        let before = at.checked_sub(1).and_then(|i| text.get(i)).is_some_and(|b| *b != b'.');
        same && before && !text.get(at + name.len()).is_some_and(word)
    })
}

fn one(name: &str, rule: &Tree, background: bool) -> Checked {
    for block in ["exclude", "match"] {
        let has = |tree: &Tree| {
            let found = strings(tree, "", &mut |text, _| if simple(text) { Err(String::new()) } else { Ok(()) });
            found.is_err()
        };
        if some(rule, block).is_some_and(has) {
            return Err(format!("rule \"{name}\" should not have variables in {block} section"));
        }
    }
    let names = bound(rule);
    strings(rule, "", &mut |text, path| variables(text).try_for_each(|v| defined(v, path, background, &names)))
        .map_err(|e| format!("variable substitution failed for rule {name}: {e}"))
}

/// The patterns of the variables that a rule's context entries define, those of its loops included.
fn bound(rule: &Tree) -> Vec<String> {
    let mut out = Vec::new();
    let mut entries = |tree: &Tree| {
        for entry in list(tree.get("context")) {
            let Some(name) = entry.get("name").and_then(Tree::as_str) else { continue };
            if ["apiCall", "globalReference", "imageRegistry", "variable"].iter().any(|k| some(entry, k).is_some()) {
                out.push(format!("{name}*"));
            }
            if some(entry, "configMap").is_some() {
                out.extend([".data", ".metadata", ".data.*", ".metadata.*"].map(|part| format!("{name}{part}")));
            }
        }
    };
    entries(rule);
    for kind in ["validate", "mutate", "generate"] {
        let Some(check) = rule.get(kind) else { continue };
        list(check.get("foreach")).iter().for_each(&mut entries);
        list(check.get("targets")).iter().for_each(&mut entries);
    }
    out
}

/// Go: `\{\{[^{}]*\}\}`
fn simple(text: &str) -> bool {
    text.match_indices("{{").any(|(at, _)| {
        let rest = text.get(at + 2..).unwrap_or_default();
        rest.find(['{', '}']).is_some_and(|end| rest.get(end..).is_some_and(|r| r.starts_with("}}")))
    })
}

fn defined(variable: &str, path: &str, background: bool, bound: &[String]) -> Checked {
    let query = variable.trim_start_matches("{{").trim_end_matches("}}").trim();
    let query = query.strip_prefix('-').map_or(query, str::trim);
    if query.is_empty() {
        return Err(format!("failed to resolve  at path {path}: invalid query (nil)"));
    }
    if let Err(e) = jmespath::parse(&Bump::new(), query) {
        return Err(format!("failed to resolve {query} at path {path}: invalid JMESPath query {query}: {e}"));
    }
    let query = query.replace('"', "");
    let names: &[&str] = if background {
        &["request.", "element", "@", "images", "image."]
    } else {
        &["request", "serviceAccountName", "serviceAccountNamespace", "element", "@", "image"]
    };
    if names.iter().any(|n| query.contains(n)) || calls(&query) {
        return Ok(());
    }
    if bound.iter().any(|pattern| Glob::new(pattern).matches(&query)) {
        return Ok(());
    }
    let allowed = if background { ALLOWED_BACKGROUND } else { ALLOWED };
    Err(format!("variable {query} must match regex \"{allowed}\" or patterns [{}]", bound.join(" ")))
}

/// Go: `([a-z_0-9]+\()[^{}]`
fn calls(query: &str) -> bool {
    query.match_indices('(').any(|(at, _)| {
        let name = query.get(..at).and_then(|s| s.chars().next_back());
        let next = query.get(at + 1..).and_then(|s| s.chars().next());
        name.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && next.is_some_and(|c| c != '{' && c != '}')
    })
}

/// The variables of a text, with their braces.
///
/// Go: `(^|[^\\])(\{\{(?:\{[^{}]*\}|[^{}])*\}\})`
pub(super) fn variables(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(found) = text.get(at..).and_then(|r| r.find("{{")) {
            let start = at + found;
            at = start + 1;
            let escaped = text.get(..start).is_some_and(|t| t.ends_with('\\'));
            if let Some(len) = (!escaped).then(|| text.get(start..)).flatten().and_then(braced) {
                at = start + len;
                return text.get(start..start + len);
            }
        }
        None
    })
}

/// The length of the variable at the start of a text.
fn braced(text: &str) -> Option<usize> {
    let mut at = 2;
    loop {
        let rest = text.get(at..)?;
        let next = rest.find(['{', '}'])?;
        if rest.get(next..).is_some_and(|r| r.starts_with("}}")) {
            return Some(at + next + 2);
        }
        // One level of braces may stand inside: those of a JMESPath hash.
        let inner = rest.get(next..)?.strip_prefix('{')?;
        let end = inner.find(['{', '}'])?;
        inner.get(end..)?.strip_prefix('}')?;
        at += next + 1 + end + 1;
    }
}

/// `element` outside of `foreach`.
pub(super) fn element(rule: &Tree) -> Checked {
    let Value::Map(_) = rule.value else { return Ok(()) };
    strings(rule, "", &mut |text, path| {
        for v in variables(text) {
            let variable = v.trim_start_matches("{{").trim_end_matches("}}").trim();
            if variable.starts_with("element") && !path.contains("/foreach/") {
                return Err(format!("variable '{variable}' present outside of foreach at path {path}"));
            }
        }
        Ok(())
    })
}
