//! Rules for Pods, repeated for the controllers that make Pods.
//!
//! Kyverno computes a policy's rules anew for each request's kind. Here they are computed once, each with a [`Guard`]
//! that says for which kinds it stands.

use super::printed::printed;
use crate::policy::classic::{Check, Filter, Match, Policy, Rule, Validate};
use crate::policy::fields::Text;
use crate::policy::mutate::{Change, ForEachPatch, Mutate};
use crate::policy::tree::{Tree, Value};

/// The annotation that chooses the controllers.
pub const CONTROLLERS_ANNOTATION: &str = "pod-policies.kyverno.io/autogen-controllers";

const CRON_JOB: &str = "CronJob";
const CONTROLLERS: [(&str, &str); 7] = [
    ("DaemonSet", "apps/v1/DaemonSet"),
    ("Deployment", "apps/v1/Deployment"),
    ("Job", "batch/v1/Job"),
    ("ReplicaSet", "apps/v1/ReplicaSet"),
    ("ReplicationController", "v1/ReplicationController"),
    ("StatefulSet", "apps/v1/StatefulSet"),
    (CRON_JOB, "batch/v1/CronJob"),
];

/// For which kinds of resources a rule stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// All
    Always,
    /// All but these
    Unless(Vec<String>),
    /// Only these
    Only(Vec<String>),
}

/// A rule that is run.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedRule {
    /// The rule
    pub rule: Rule,
    /// For which kinds it stands
    pub guard: Guard,
}

/// How the Pod's part of an object is reached.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Controller,
    CronJob,
}

/// The rules of a policy, the written ones first.
pub fn rules(policy: &Policy) -> Vec<ResolvedRule> {
    let controllers = controllers(policy);
    let (cron, others): (Vec<String>, Vec<String>) =
        controllers.iter().filter(|c| !c.is_empty() && *c != "none").cloned().partition(|c| c == CRON_JOB);
    let mut generated = Vec::new();
    for rule in policy.spec.rules.iter().filter(|r| takes_part(r)) {
        if !others.is_empty() {
            let made = generate(rule, Shape::Controller, &others);
            generated.extend(made.map(|rule| ResolvedRule { rule: printed(rule), guard: Guard::Only(others.clone()) }));
        }
        // Kyverno: pkg/autogen/v1/rule.go, the name of the kind is looked for in the text of the annotation, so that a rule
        // may be counted that is never asked.
        if controllers.iter().any(|c| c.contains(CRON_JOB) || c.contains("all")) {
            let made = generate(rule, Shape::CronJob, &[CRON_JOB.to_owned()]);
            generated.extend(made.map(|rule| ResolvedRule { rule: printed(rule), guard: Guard::Only(cron.clone()) }));
        }
    }
    let covered: Vec<String> = if generated.is_empty() { Vec::new() } else { controllers };
    let written = policy.spec.rules.iter().map(|rule| ResolvedRule {
        rule: rule.clone(),
        guard: if is_autogen(&rule.name) && !covered.is_empty() {
            Guard::Unless(covered.clone())
        } else {
            Guard::Always
        },
    });
    written.chain(generated).collect()
}

fn is_autogen(name: &str) -> bool {
    name.starts_with("autogen-")
}

/// The controllers for which rules are made; none where the policy has none.
fn controllers(policy: &Policy) -> Vec<String> {
    if !supported(policy) {
        return Vec::new();
    }
    match policy.annotation(CONTROLLERS_ANNOTATION) {
        None => CONTROLLERS.iter().map(|(kind, _)| (*kind).to_owned()).collect(),
        Some(list) => list.split(',').map(str::to_owned).collect(),
    }
}

/// Kyverno: pkg/autogen/v1/autogen.go, one rule that cannot be repeated switches autogen off for the whole policy.
fn supported(policy: &Policy) -> bool {
    let mut needed = false;
    for rule in &policy.spec.rules {
        if rule.generate.is_some() || rule.mutate.as_ref().is_some_and(|m| m.has_json) {
            return false;
        }
        for part in std::iter::once(&rule.matches).chain(&rule.exclude) {
            for filter in std::iter::once(&part.legacy).chain(&part.any).chain(&part.all) {
                if !filter_supported(filter) {
                    return false;
                }
                needed |= filter.kinds.iter().any(|k| k.text == "Pod" || CONTROLLERS.iter().any(|c| c.0 == k.text));
            }
        }
    }
    needed
}

fn filter_supported(filter: &Filter) -> bool {
    let named = filter.name.as_ref().is_some_and(|n| !n.text.is_empty()) || !filter.names.is_empty();
    let mixed = filter.kinds.len() > 1 && contains_pod(filter.kinds.iter().map(|k| k.text.as_str()));
    !named && filter.selector.is_none() && filter.annotations.is_none() && !mixed
}

/// Whether one of the kinds is Pod, in whatever group, version or subresource.
fn contains_pod<'k>(kinds: impl IntoIterator<Item = &'k str>) -> bool {
    kinds.into_iter().any(|selector| {
        let parts: Vec<&str> = selector.split('/').collect();
        let kind = match parts.as_slice() {
            [kind] => kind.replacen('.', "/", 1),
            [version, kind] if is_version(version) => kind.replacen('.', "/", 1),
            [version, kind, _] if is_version(version) => (*kind).to_owned(),
            [kind, sub] if (*kind, *sub) != ("*", "*") => (*kind).to_owned(),
            [_, _, kind] => kind.replacen('.', "/", 1),
            [_, _, kind, _] => (*kind).to_owned(),
            _ => return false,
        };
        kind.split_once('/').map_or(kind.as_str(), |(k, _)| k) == "Pod"
    })
}

/// Kyverno: pkg/utils/kube/kind.go, a version has single digits, or is `*`.
pub fn is_version(text: &str) -> bool {
    let digit = |s: &str| s.len() == 1 && s.bytes().all(|b| b.is_ascii_digit());
    if text == "*" {
        return true;
    }
    let Some(rest) = text.strip_prefix('v') else { return false };
    let Some((major, rest)) = rest.split_at_checked(1) else { return false };
    let stage = rest.strip_prefix("alpha").or_else(|| rest.strip_prefix("beta"));
    digit(major) && (rest.is_empty() || stage.is_some_and(digit))
}

fn takes_part(rule: &Rule) -> bool {
    let exclude: Vec<&str> = rule.exclude.iter().flat_map(Match::kinds).collect();
    !is_autogen(&rule.name)
        && contains_pod(rule.matches.kinds())
        && (exclude.is_empty() || contains_pod(exclude.iter().copied()))
}

fn generate(rule: &Rule, shape: Shape, controllers: &[String]) -> Option<Rule> {
    let mut made = rule.clone();
    let prefix = if shape == Shape::CronJob { "autogen-cronjob" } else { "autogen" };
    made.name = cut(&format!("{prefix}-{}", rule.name), 63);
    // Kyverno looks at the mutation first, and leaves a rule alone that it finds nothing in.
    made.mutate = rule.mutate.as_ref().and_then(|m| wrap_mutate(m, shape));
    if made.mutate.is_none() {
        made.validate = rule.validate.as_ref().and_then(|v| wrap(v, shape));
        if made.validate.is_none() {
            made.verify_images.as_ref()?;
        }
    }
    // Kyverno: pkg/autogen/v1/rule.go, the rule that is made has no such field.
    made.image_extractors = None;
    replace_kinds(&mut made.matches, shape, controllers, true);
    if let Some(exclude) = &mut made.exclude {
        replace_kinds(exclude, shape, controllers, false);
    }
    let change = |s: &str| rewrite(s, shape);
    made.report_properties = rule.report_properties.as_ref().map(|tree| {
        let mut tree = tree.clone();
        tree.map_strings(&change);
        // Kyverno: pkg/autogen/v1/autogen.go, convertRule reads the changed map into the one that was there.
        if let (Value::Map(members), Some(Value::Map(written))) =
            (&mut tree.value, rule.report_properties.as_ref().map(|t| &t.value))
        {
            let kept: Vec<_> = written.iter().filter(|w| !members.iter().any(|m| m.key == w.key)).cloned().collect();
            members.extend(kept);
        }
        tree
    });
    made.context.iter_mut().for_each(|e| e.map_strings(&change));
    if let Some(conditions) = &mut made.preconditions {
        conditions.map_strings(&change);
    }
    if let Some(m) = &mut made.mutate {
        m.change.map_strings(&change);
        m.around.map_strings(&change);
    }
    if let Some(v) = &mut made.verify_images {
        v.tree.map_strings(&change);
        v.entries.iter_mut().flat_map(|e| &mut e.references).for_each(|r| *r = change(r));
    }
    if let Some(v) = &mut made.validate {
        if let Some(message) = &mut v.message {
            message.text = change(&message.text);
        }
        rewrite_check(v.check.as_mut(), &change);
    }
    Some(made)
}

fn rewrite_check(check: Option<&mut Check>, change: &dyn Fn(&str) -> String) {
    match check {
        Some(Check::Pattern(tree)) => tree.map_strings(change),
        Some(Check::AnyPattern(trees)) => trees.iter_mut().for_each(|t| t.map_strings(change)),
        Some(Check::Deny(conditions)) => conditions.map_strings(change),
        Some(Check::ForEach(loops)) => {
            for l in loops {
                l.list.text = change(&l.list.text);
                l.context.iter_mut().for_each(|e| e.map_strings(change));
                if let Some(conditions) = &mut l.preconditions {
                    conditions.map_strings(change);
                }
                rewrite_check(l.check.as_mut(), change);
            }
        }
        Some(Check::PodSecurity(_) | Check::Manifests(_) | Check::Nothing) => {}
        None => {}
    }
}

/// Go cuts names by bytes; a character that would be split is dropped whole.
fn cut(name: &str, len: usize) -> String {
    let mut end = len.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or(name).to_owned()
}

/// A pattern or patch for a Pod, as one for what makes Pods.
fn wrap_tree(tree: &Tree, shape: Shape) -> Tree {
    let template = tree.clone().wrapped("template").wrapped("spec");
    if shape == Shape::CronJob { template.wrapped("jobTemplate").wrapped("spec") } else { template }
}

/// A mutation for what makes Pods; all but its merges is lost on the way.
fn wrap_mutate(m: &Mutate, shape: Shape) -> Option<Mutate> {
    let change = match &m.change {
        Change::Strategic(tree) => Change::Strategic(wrap_tree(tree, shape)),
        Change::ForEach(loops) => {
            let wrapped = |l: &ForEachPatch| {
                let null = Tree::null(l.place);
                let tree = if let Change::Strategic(tree) = &l.change { tree } else { &null };
                ForEachPatch { descending: None, change: Change::Strategic(wrap_tree(tree, shape)), ..l.clone() }
            };
            Change::ForEach(loops.iter().map(wrapped).collect())
        }
        Change::Json6902(_) | Change::Nothing => return None,
    };
    let mut around = m.around.clone();
    if let Value::Map(members) = &mut around.value {
        members.retain(|m| m.key != "mutate");
    }
    Some(Mutate { change, targets: Vec::new(), on_policy_update: false, has_json: false, around, place: m.place })
}

fn wrap(v: &Validate, shape: Shape) -> Option<Validate> {
    let one = |tree: &Tree| wrap_tree(tree, shape);
    let check = match v.check.as_ref()? {
        Check::Pattern(tree) => Check::Pattern(one(tree)),
        Check::AnyPattern(trees) => Check::AnyPattern(trees.iter().map(one).collect()),
        Check::Deny(conditions) => Check::Deny(conditions.clone()),
        // Kyverno: what is about an element stays as it is; only the text of its expressions changes.
        Check::ForEach(loops) => Check::ForEach(loops.clone()),
        Check::PodSecurity(standard) => Check::PodSecurity(standard.clone()),
        Check::Nothing => Check::Nothing,
        // A signature is one of an object as a whole.
        Check::Manifests(_) => return None,
    };
    Some(Validate { check: Some(check), ..v.clone() })
}

fn replace_kinds(part: &mut Match, shape: Shape, controllers: &[String], matching: bool) {
    let place = part.place;
    let kinds = || -> Vec<Text> {
        let full = |kind: &String| CONTROLLERS.iter().find(|c| c.0 == *kind).map_or(kind.as_str(), |c| c.1).to_owned();
        controllers.iter().map(|c| Text { text: full(c), place }).collect()
    };
    let filters = if !part.any.is_empty() {
        &mut part.any
    } else if !part.all.is_empty() {
        &mut part.all
    } else {
        if matching || !part.legacy.kinds.is_empty() {
            part.legacy.kinds = kinds();
        }
        return;
    };
    for filter in filters {
        // Kyverno makes the rule for CronJobs from one that was already made for controllers, and then replaces the
        // kinds of every filter.
        if shape == Shape::CronJob || contains_pod(filter.kinds.iter().map(|k| k.text.as_str())) {
            filter.kinds = kinds();
        }
    }
}

/// Kyverno replaces the text of the whole rule, wherever it stands.
fn rewrite(text: &str, shape: Shape) -> String {
    let to = match shape {
        Shape::Controller => "spec.template",
        Shape::CronJob => "spec.jobTemplate.spec.template",
    };
    let mut out = text.to_owned();
    for part in ["spec", "metadata"] {
        for object in ["request.object", "request.oldObject"] {
            // The order of Kyverno's replacements: spec of both objects, then metadata of both.
            out = out.replace(&format!("{object}.{part}"), &format!("{object}.{to}.{part}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_single_digits() {
        assert!(is_version("v1") && is_version("v1beta2") && is_version("*") && is_version("v2alpha1"));
        assert!(!is_version("v10") && !is_version("v1beta12") && !is_version("apps") && !is_version("v"));
    }

    #[test]
    fn pods_in_every_form() {
        for k in ["Pod", "v1/Pod", "Pod/status", "Pod.status", "core/v1/Pod", "v1/Pod/status", "/v1/Pod/x"] {
            assert!(contains_pod([k]), "{k}");
        }
        assert!(!contains_pod(["*", "Po*", "Deployment", "*/*"]));
    }

    #[test]
    fn rewriting_is_textual() {
        assert_eq!(
            rewrite("{{request.object.spec.x}} {{ request.oldObject.metadata.name }}", Shape::Controller),
            "{{request.object.spec.template.spec.x}} {{ request.oldObject.spec.template.metadata.name }}"
        );
        assert_eq!(
            rewrite("request.object.spec", Shape::CronJob),
            "request.object.spec.jobTemplate.spec.template.spec"
        );
    }

    #[test]
    fn names_are_cut_at_63_bytes() {
        assert_eq!(cut(&"é".repeat(40), 63).len(), 62);
    }
}
