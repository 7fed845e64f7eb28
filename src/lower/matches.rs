//! `match` and `exclude` to tests on the request.

use crate::diag::Code;
use crate::ir::{Filter, Filters, Matches, Test};
use crate::policy::classic::{self, Match, Policy, Selector};
use crate::policy::fields::{Problems, Text};
use crate::resolve::autogen::is_version;
use crate::resolve::{Guard, ResolvedRule};
use kyvc_vm::scalar::Glob;
use kyvc_vm::selector::{KindSelector, LabelSelector, Requirement, match_labels};
use kyvc_vm::verdict::Fact;

/// Lowers what a rule is about.
pub fn lower(policy: &Policy, resolved: &ResolvedRule, problems: &Problems) -> Matches {
    let rule = &resolved.rule;
    let exact = |kinds: &[String]| kinds.iter().map(|k| Glob::literal(k)).collect();
    let guard = match &resolved.guard {
        Guard::Always => None,
        Guard::Only(kinds) => Some((true, exact(kinds))),
        Guard::Unless(kinds) => Some((false, exact(kinds))),
    };
    let exclude = rule.exclude.as_ref().filter(|m| !is_empty(m));
    // Kyverno: a policy without a namespace is taken for one of `default`.
    let namespace = policy.namespace.as_ref().map(|n| if n.is_empty() { "default".to_owned() } else { n.clone() });
    Matches {
        namespace,
        guard,
        include: filters(&rule.matches, problems),
        exclude: exclude.map(|m| filters(m, problems)),
    }
}

/// Lowers what a policy exception or a cleanup policy is about.
///
/// Kyverno: pkg/utils/match/match.go, which is another code than that of rules: operations do not count, and a selector
/// of namespaces says nothing of a Namespace.
pub fn of_object(m: &Match, problems: &Problems) -> Filters {
    let adapted = |f: &classic::Filter| {
        let mut filter = filter(f, problems);
        filter.resource.retain(|t| !matches!(t, Test::Any(Fact::Operation, _)));
        for test in &mut filter.resource {
            if let Test::NamespaceLabels(_, namespaces) = test {
                *namespaces = true;
            }
        }
        filter
    };
    if m.any.is_empty() {
        Filters::All(m.all.iter().map(adapted).collect())
    } else {
        Filters::Any(m.any.iter().map(adapted).collect())
    }
}

fn is_empty(m: &Match) -> bool {
    m.any.is_empty() && m.all.is_empty() && m.legacy.no_resources() && m.legacy.no_user()
}

fn filters(m: &Match, problems: &Problems) -> Filters {
    let lowered = m.filters().iter().map(|f| filter(f, problems)).collect();
    if m.any.is_empty() { Filters::All(lowered) } else { Filters::Any(lowered) }
}

fn globs(texts: &[Text]) -> Vec<Glob> {
    texts.iter().map(|t| Glob::new(&t.text)).collect()
}

fn exact(texts: &[Text]) -> Vec<Glob> {
    texts.iter().map(|t| Glob::literal(&t.text)).collect()
}

fn filter(f: &classic::Filter, problems: &Problems) -> Filter {
    let mut resource = Vec::new();
    if !f.operations.is_empty() {
        resource.push(Test::Any(Fact::Operation, exact(&f.operations)));
    }
    if !f.kinds.is_empty() {
        resource.push(Test::Kind(f.kinds.iter().map(|k| kind_selector(k, problems)).collect()));
    }
    if let Some(name) = f.name.as_ref().filter(|n| !n.text.is_empty()) {
        resource.push(Test::Any(Fact::Name, vec![Glob::new(&name.text)]));
    }
    if !f.names.is_empty() {
        resource.push(Test::Any(Fact::Name, globs(&f.names)));
    }
    if !f.namespaces.is_empty() {
        resource.push(Test::Any(Fact::Namespace, globs(&f.namespaces)));
    }
    if let Some(pairs) = f.annotations.as_ref().filter(|a| !a.is_empty()) {
        let pairs = pairs.iter().map(|(k, v)| (Glob::new(k), Glob::new(&v.text))).collect();
        resource.push(Test::Pairs(Fact::Annotations, pairs));
    }
    if let Some(s) = &f.selector {
        resource.push(Test::Selector(Fact::Labels, selector(s)));
    }
    if let Some(s) = &f.namespace_selector {
        resource.push(Test::NamespaceLabels(selector(s), false));
    }
    let mut user = Vec::new();
    if !f.roles.is_empty() {
        user.push(Test::Any(Fact::Roles, exact(&f.roles)));
    }
    if !f.cluster_roles.is_empty() {
        user.push(Test::Any(Fact::ClusterRoles, exact(&f.cluster_roles)));
    }
    if !f.subjects.is_empty() {
        let (mut users, mut groups) = (Vec::new(), Vec::new());
        for s in &f.subjects {
            match s.kind.as_str() {
                "ServiceAccount" => users.push(Glob::new(&format!("system:serviceaccount:{}:{}", s.namespace, s.name))),
                "Group" => groups.push(Glob::new(&s.name)),
                "User" => users.push(Glob::new(&s.name)),
                _ => {}
            }
        }
        user.push(Test::Subjects { users, groups });
    }
    Filter { resource, user, empty: f.no_resources() && f.no_user(), place: f.place }
}

/// A label selector, with what Kubernetes would refuse in it noted.
pub fn selector(s: &Selector) -> LabelSelector {
    let (globs, mut requirements) = match_labels(s.labels.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    let mut invalid = false;
    for (key, op, values) in &s.expressions {
        match op {
            Some(op) => requirements.push(Requirement {
                key: key.as_str().into(),
                op: *op,
                values: values.iter().map(|v| v.as_str().into()).collect(),
            }),
            None => invalid = true,
        }
    }
    invalid |= !requirements.iter().all(Requirement::is_valid);
    LabelSelector { globs: globs.into(), requirements: requirements.into(), invalid }
}

/// Reads `Kind`, `version/Kind`, `group/version/Kind`, each with `/sub` or `.sub`. There is nothing where it is none of these.
///
/// Kyverno: pkg/utils/kube/kind.go, ParseKindSelector.
pub fn parse_kind(text: &str) -> Option<KindSelector> {
    let [group, version, kind, subresource] = kind_parts(text)?.map(Glob::new);
    Some(KindSelector { group, version, kind, subresource })
}

/// The group, the version, the kind and the subresource that the text of a kind names, with wildcards for what it does
/// not; the subresource is empty where the whole is meant.
pub fn kind_parts(text: &str) -> Option<[&str; 4]> {
    let mut parts: Vec<&str> = text.split('/').collect();
    if let Some(last) = parts.pop() {
        parts.extend(last.split('.'));
    }
    Some(match *parts.as_slice() {
        [kind] => ["*", "*", kind, ""],
        ["*", "*"] => ["*", "*", "*", "*"],
        ["*", sub] if sub.to_lowercase() == *sub => ["*", "*", "*", sub],
        [version, kind] if is_version(version) => ["*", version, kind, ""],
        [kind, sub] => ["*", "*", kind, sub],
        [version, kind, sub] if is_version(version) => ["*", version, kind, sub],
        [group, version, kind] => [group, version, kind, ""],
        [group, version, kind, sub] => [group, version, kind, sub],
        _ => return None,
    })
}

fn kind_selector(text: &Text, problems: &Problems) -> KindSelector {
    parse_kind(&text.text).unwrap_or_else(|| {
        let message = format!("`{}` is no kind selector", text.text);
        let help = "write `Kind`, `version/Kind` or `group/version/Kind`, with `/subresource` where one is meant";
        problems.add_with(Code::BadKindSelector, text.place, message, Some(help.to_owned()));
        let nothing = Glob::new("");
        KindSelector { group: nothing.clone(), version: nothing.clone(), kind: nothing.clone(), subresource: nothing }
    })
}
