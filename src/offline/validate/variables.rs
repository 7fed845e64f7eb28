//! Variables that may not stand where they stand.
//!
//! Kyverno parses each variable and looks it up in a list of what is defined; here that is the same list.

use super::{Checked, Subject, images, json, list, mutate, some, strings, substitution};
use crate::policy::classic::{Filter, Rule};
use crate::policy::tree::{Tree, Value};
use crate::resolve::Guard;
use bumpalo::Bump;
use kyvc_grammar::jmespath;
use kyvc_vm::scalar::Glob;

/// Kyverno: `allowedVariables` and `allowedVariablesBackground`, whose text is part of the error.
const ALLOWED: &str =
    r"request|serviceAccountName|serviceAccountNamespace|element|elementIndex|@|images|image|([a-z_0-9]+\()[^{}]";
const ALLOWED_BACKGROUND: &str = r"request\.|element|elementIndex|@|images|images\.|image\.|([a-z_0-9]+\()[^{}]";
/// The same in rules that have targets.
const ALLOWED_TARGET: &str = r"request\.|serviceAccountName|serviceAccountNamespace|element|elementIndex|@|images|images\.|image\.|target\.|([a-z_0-9]+\()[^{}]";
const ALLOWED_BACKGROUND_TARGET: &str =
    r"request\.|element|elementIndex|@|images|images\.|image\.|target\.|([a-z_0-9]+\()[^{}]";
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
    names(s, background).map_err(|e| format!("policy contains invalid variables: {e}"))
}

/// Names that are not defined.
pub(super) fn names(s: &Subject<'_>, background: bool) -> Checked {
    let hidden = |name: &str| s.resolved.iter().any(|r| r.rule.name == name && matches!(r.guard, Guard::Unless(_)));
    let rules = s.policy.spec.rules.iter().zip(s.rules());
    for (rule, tree) in rules.filter(|(rule, _)| !hidden(&rule.name)) {
        one(&rule.name, tree, background)?;
    }
    // Rules made for the controllers of Pods have no targets.
    let written = |name: &str| s.policy.spec.rules.iter().any(|r| r.name == name);
    for (_, made) in s.computed().filter(|(_, r)| !written(&r.rule.name)) {
        let Some(tree) = s.rule(made) else { continue };
        let untargeted = mutate::targets(tree).map(|_| untargeted(tree));
        if let Some(tree) = substitution::made(&made.rule, tree).or(untargeted) {
            one(&made.rule.name, &tree, background)?;
        }
    }
    Ok(())
}

/// A rule that changes the object that it is about.
fn untargeted(rule: &Tree) -> Tree {
    let mut rule = rule.clone();
    if let Value::Map(members) = &mut rule.value {
        for mutate in members.iter_mut().filter(|m| m.key == "mutate") {
            if let Value::Map(members) = &mut mutate.value.value {
                members.retain(|m| m.key != "targets");
            }
        }
    }
    rule
}

/// Whether a policy has variables at all.
pub(super) fn any(policy: &Tree) -> bool {
    let one = |text: &str, _: &str| variables(text).next().map_or(Ok(()), |_| Err(String::new()));
    ["metadata", "spec"].into_iter().filter_map(|k| policy.get(k)).any(|part| strings(part, "", &mut { one }).is_err())
}

/// What is only known while a request is made.
pub(super) fn user(s: &Subject<'_>) -> Checked {
    for (i, r) in s.computed() {
        if let Some(path) = user_path(&r.rule) {
            return Err(format!("invalid variable used at path: spec/rules[{i}]/{path}"));
        }
    }
    if s.rules().iter().any(|r| mutate::targets(r).is_some()) {
        return Ok(());
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
    mutate::variable_paths(name, rule)?;
    for block in ["exclude", "match"] {
        let has = |tree: &Tree| {
            let found = strings(tree, "", &mut |text, _| if simple(text) { Err(String::new()) } else { Ok(()) });
            found.is_err()
        };
        if some(rule, block).is_some_and(has) {
            return Err(format!("rule \"{name}\" should not have variables in {block} section"));
        }
    }
    images::references(name, rule)?;
    let names = bound(rule);
    let targets = mutate::targets(rule);
    selectors(rule, targets.unwrap_or_default(), background)?;
    let allowed = Allowed { background, target: targets.is_some(), names: &names };
    let defined = |expression: &str, path: &str| match images::is_dynamic(path) {
        true => Ok(()),
        false => allowed.defined(expression, path),
    };
    substitution::check(rule, &defined).map_err(|e| format!("variable substitution failed for rule {name}: {e}"))
}

/// What names the targets of a rule has to be known before there is one of them.
fn selectors(rule: &Tree, targets: &[Tree], background: bool) -> Checked {
    let mut names = Vec::new();
    entries(rule, &mut names);
    let allowed = Allowed { background, target: false, names: &names };
    let check = |tree: &Tree, path: &str| {
        strings(tree, path, &mut |text, path| variables(text).try_for_each(|v| allowed.defined(braces(v).0, path)))
    };
    for (i, target) in targets.iter().enumerate() {
        let own =
            ["apiVersion", "kind", "namespace", "name", "uid"].into_iter().filter_map(|k| Some((k, target.get(k)?)));
        let around = ["context", "preconditions"].into_iter().filter_map(|k| Some((k, rule.get(k)?)));
        own.map(|(key, tree)| check(tree, &format!("/mutate/targets/{i}/{key}")))
            .chain(around.map(|(key, tree)| check(tree, &format!("/{key}"))))
            .collect::<Checked>()
            .map_err(|e| format!("invalid variables defined at mutate.targets[{i}]: {e}"))?;
    }
    Ok(())
}

/// The patterns of the variables that a rule's context entries define, those of its loops included.
fn bound(rule: &Tree) -> Vec<String> {
    let mut out = Vec::new();
    entries(rule, &mut out);
    images::names(rule, &mut out);
    for kind in ["validate", "mutate", "generate"] {
        let Some(check) = rule.get(kind) else { continue };
        list(check.get("foreach")).iter().for_each(|t| entries(t, &mut out));
        list(check.get("targets")).iter().for_each(|t| entries(t, &mut out));
    }
    out
}

/// The patterns of the variables that context entries define.
fn entries(tree: &Tree, out: &mut Vec<String>) {
    for entry in list(tree.get("context")) {
        let Some(name) = entry.get("name").and_then(Tree::as_str) else { continue };
        if ["apiCall", "globalReference", "imageRegistry", "variable"].iter().any(|k| some(entry, k).is_some()) {
            out.push(format!("{name}*"));
        }
        if some(entry, "configMap").is_some() {
            out.extend([".data", ".metadata", ".data.*", ".metadata.*"].map(|part| format!("{name}{part}")));
        }
    }
}

/// Go: `\{\{[^{}]*\}\}`
pub(super) fn simple(text: &str) -> bool {
    text.match_indices("{{").any(|(at, _)| {
        let rest = text.get(at + 2..).unwrap_or_default();
        rest.find(['{', '}']).is_some_and(|end| rest.get(end..).is_some_and(|r| r.starts_with("}}")))
    })
}

/// What variables may name.
struct Allowed<'a> {
    background: bool,
    target: bool,
    /// What context entries define
    names: &'a [String],
}

impl Allowed<'_> {
    fn known(&self) -> (&'static [&'static str], &'static str) {
        match (self.background, self.target) {
            (true, false) => (&["request.", "element", "@", "images", "image."], ALLOWED_BACKGROUND),
            (true, true) => (&["request.", "element", "@", "images", "image.", "target."], ALLOWED_BACKGROUND_TARGET),
            (false, false) => {
                (&["request", "serviceAccountName", "serviceAccountNamespace", "element", "@", "image"], ALLOWED)
            }
            (false, true) => {
                let names = &[
                    "request.",
                    "serviceAccountName",
                    "serviceAccountNamespace",
                    "element",
                    "@",
                    "images",
                    "image.",
                    "target.",
                ];
                (names, ALLOWED_TARGET)
            }
        }
    }

    fn defined(&self, query: &str, path: &str) -> Checked {
        if query.is_empty() {
            return Err(format!("failed to resolve  at path {path}: invalid query (nil)"));
        }
        if let Err(e) = jmespath::parse(&Bump::new(), query) {
            return Err(format!("failed to resolve {query} at path {path}: invalid JMESPath query {query}: {e}"));
        }
        let query = query.replace('"', "");
        let (known, allowed) = self.known();
        if known.iter().any(|n| query.contains(n)) || calls(&query) {
            return Ok(());
        }
        if self.names.iter().any(|pattern| Glob::new(pattern).matches(&query)) {
            return Ok(());
        }
        Err(format!("variable {query} must match regex \"{allowed}\" or patterns [{}]", self.names.join(" ")))
    }
}

/// The expression of a variable without its braces, and whether its value is looked at no further.
///
/// Kyverno: pkg/engine/variables/vars.go, replaceBracesAndTrimSpaces.
pub(super) fn braces(variable: &str) -> (&str, bool) {
    let text = variable.trim_start_matches("{{").trim_end_matches("}}").trim();
    text.strip_prefix('-').map_or((text, false), |rest| (rest.trim(), true))
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

/// The variables of a text, with their braces. One that follows another at once is not found: the character before it
/// belongs to the other.
///
/// Go: `(^|[^\\])(\{\{(?:\{[^{}]*\}|[^{}])*\}\})`
pub(super) fn variables(text: &str) -> impl Iterator<Item = &str> {
    let (mut at, mut end) = (0, 0);
    std::iter::from_fn(move || {
        while let Some(found) = text.get(at..).and_then(|r| r.find("{{")) {
            let start = at + found;
            at = start + 1;
            let escaped = text.get(..start).is_some_and(|t| t.ends_with('\\'));
            let touching = start == end && end > 0;
            if let Some(len) = (!escaped && !touching).then(|| text.get(start..)).flatten().and_then(braced) {
                (at, end) = (start + len, start + len);
                return text.get(start..start + len);
            }
        }
        None
    })
}

/// A text with something else in the place of its variables.
pub(super) fn replaced(text: &str, with: &str) -> String {
    let mut out = String::new();
    let mut from = 0;
    for variable in variables(text) {
        let at = variable.as_ptr().addr() - text.as_ptr().addr();
        out.push_str(text.get(from..at).unwrap_or_default());
        out.push_str(with);
        from = at + variable.len();
    }
    out + text.get(from..).unwrap_or_default()
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
