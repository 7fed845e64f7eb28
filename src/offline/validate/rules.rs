//! Checks of the rules that are run, those made for controllers of Pods included.

use super::{
    Checked, Subject, conditions, context, generate, images, list, mutate, pattern, some, variables, warnings,
};
use crate::policy::classic::{Check, Filter, Match, Rule};
use crate::policy::fields::Text;
use crate::policy::tree::{Tree, Value};
use crate::resolve::ResolvedRule;

const ONLY_METADATA: &str =
    "policy can only deal with the metadata field of the resource if the rule does not match any kind";

pub(super) fn check(s: &Subject<'_>) -> Checked {
    for (i, r) in s.computed() {
        let Some(tree) = s.rule(r) else { continue };
        match kinds(s, &r.rule, tree) {
            Ok(()) => {}
            Err(Stop::Refused(path, e)) => return Err(format!("path: spec.rules[{i}].{path}.kinds: {e}")),
            // Nothing else is looked at.
            Err(Stop::Unknown(kind)) => {
                s.warn(format!(
                    "the kind defined in the all match resource is invalid: unable to convert GVK to GVR for kinds \
                     {kind}, err: resource not found"
                ));
                return Ok(());
            }
        }
    }
    s.computed().try_for_each(|(i, r)| one(s, i, r))
}

fn one(s: &Subject<'_>, i: usize, r: &ResolvedRule) -> Checked {
    let Some(tree) = s.rule(r) else { return Ok(()) };
    mutate::patch(i, tree)?;
    resources(tree).map_err(|(path, e)| format!("path: spec.rules[{i}].{path}: {e}"))?;
    variables::element(tree)?;
    context::check(tree).map_err(|e| format!("path: spec.rules[{i}]: {e}"))?;
    images::expressions(&r.rule).map_err(|e| format!("path: spec.rules[{i}]: {e}"))?;
    let all_metadata = only_metadata(&r.rule) && mutate::only_metadata(tree);
    let without_kind = r.rule.matches.filters().iter().any(|f| f.kinds.is_empty());
    if without_kind {
        return Err(if all_metadata {
            "at least one element must be specified in a kind block, the kind attribute is mandatory when working with \
             the resources element"
                .to_owned()
        } else {
            ONLY_METADATA.to_owned()
        });
    }
    mutate::ways(tree).map_err(|(path, e)| format!("path: spec.rules[{i}].mutate.{path}.: {e}"))?;
    if let Some(validate) = some(tree, "validate") {
        elements(validate).map_err(|(path, e)| format!("path: spec.rules[{i}].validate.{path}.: {e}"))?;
    }
    generate::check(tree).map_err(|(path, e)| format!("path: spec.rules[{i}].generate.{path}.: {e}"))?;
    generate::same_kind(tree)?;
    images::check(s, i, tree)?;
    warnings::autogen(s, &r.rule);
    if !patterns(tree).all(strings_in_metadata) {
        let e =
            "labels and annotations supports only string values, \"use double quotes around the non string values\"";
        return Err(e.to_owned());
    }
    warnings::parts(s, &r.rule, tree);
    mutate::updates(s, tree)
}

/// The patterns and patches of a rule that Kyverno looks into: of loops only the first one with such a thing.
fn patterns(rule: &Tree) -> impl Iterator<Item = &Tree> {
    let is_map = |t: &&Tree| matches!(t.value, Value::Map(_));
    let of = move |what: &str, key: &str| {
        let tree = some(rule, what)?;
        let loops = some(tree, "foreach").map(|t| list(Some(t)));
        match loops {
            Some(loops) => loops.iter().filter_map(|l| l.get(key)).find(is_map),
            None => tree.get(key).filter(is_map),
        }
    };
    let checked = of("validate", "pattern");
    let any = some(rule, "validate").filter(|v| checked.is_none() && some(v, "foreach").is_none());
    let any = list(any.and_then(|v| v.get("anyPattern"))).iter();
    checked.into_iter().chain(any).chain(of("mutate", "patchStrategicMerge"))
}

type At = (String, String);

/// Why kinds are looked at no longer.
enum Stop {
    /// Where, and why
    Refused(String, String),
    /// The cluster does not have one
    Unknown(String),
}

/// Kinds that are wildcards, or that a cluster does not have.
fn kinds(s: &Subject<'_>, rule: &Rule, tree: &Tree) -> Result<(), Stop> {
    let one = |path: String, kinds: &[Text]| {
        match wildcard(kinds, s.policy.spec.background, rule, tree) {
            Err(e) => return Err(Stop::Refused(path, e.to_owned())),
            Ok(()) if kinds.iter().any(|k| k.text == "*") => return Ok(()),
            Ok(()) => {}
        }
        let Some(cluster) = s.cluster else { return Ok(()) };
        for kind in kinds {
            let found = (cluster.kinds)(&kind.text);
            if found.is_empty() {
                return Err(Stop::Unknown(kind.text.clone()));
            }
            if rule.validate.is_some() && s.policy.spec.background && found.iter().any(|f| f.part) {
                return Err(Stop::Refused(path, format!("background scan enabled with subresource {}", kind.text)));
            }
        }
        Ok(())
    };
    let block = |name: &str, m: &Match| -> Result<(), Stop> {
        let each = |what: &str, filters: &[Filter]| {
            filters.iter().enumerate().try_for_each(|(i, f)| one(format!("{name}.{what}[{i}]"), &f.kinds))
        };
        each("any", &m.any)?;
        each("all", &m.all)?;
        one(name.to_owned(), &m.legacy.kinds)
    };
    block("match", &rule.matches)?;
    rule.exclude.as_ref().map_or(Ok(()), |e| block("exclude", e))
}

fn wildcard(kinds: &[Text], background: bool, rule: &Rule, tree: &Tree) -> Result<(), &'static str> {
    if !kinds.iter().any(|k| k.text == "*") {
        Ok(())
    } else if background {
        Err("wildcard policy not allowed in background mode. Set spec.background=false to disable background mode for \
             this policy rule ")
    } else if kinds.len() > 1 {
        Err("wildcard policy can not deal with more than one kind")
    } else {
        match rule.validate.as_ref().and_then(|v| v.check.as_ref()) {
            _ if generate::has(tree) || images::has(tree) => Err("wildcard policy does not support rule type"),
            Some(Check::ForEach(_)) => Err("wildcard policy does not support rule type"),
            Some(Check::Deny(deny)) if !conditions::of_any_kind(deny) => Err(ONLY_METADATA),
            _ if only_metadata(rule) && mutate::only_metadata(tree) => Ok(()),
            _ => Err(ONLY_METADATA),
        }
    }
}

/// Whether the patterns of a rule are about `metadata` and nothing else.
fn only_metadata(rule: &Rule) -> bool {
    let one = |tree: &Tree| match &tree.value {
        Value::Map(members) => members.iter().all(|m| m.key == "metadata"),
        _ => true,
    };
    match rule.validate.as_ref().and_then(|v| v.check.as_ref()) {
        Some(Check::Pattern(p)) => one(p),
        Some(Check::AnyPattern(all)) => all.iter().all(one),
        _ => true,
    }
}

/// The old form of `match` together with the new one, and filters that say nothing.
fn resources(rule: &Tree) -> Result<(), At> {
    let says = |filter: &Tree| match some(filter, "resources").map(|t| &t.value) {
        Some(Value::Map(members)) => members.iter().any(|m| m.value.value != Value::Null),
        _ => false,
    };
    let err = |path: &str, e: &str| Err((path.to_owned(), e.to_owned()));
    let listed = |part: &Tree| !list(part.get("any")).is_empty() || !list(part.get("all")).is_empty();
    if some(rule, "exclude").is_some_and(|e| listed(e) && says(e)) {
        return err("exclude.", "can't specify any/all together with exclude resources");
    }
    let conditions = |rule| conditions::check(rule).and_then(|()| mutate::loops(rule));
    let Some(part) = some(rule, "match") else { return conditions(rule) };
    if listed(part) && says(part) {
        return err("match.", "can't specify any/all together with match resources");
    }
    let all = [list(part.get("any")), list(part.get("all"))].into_iter().find(|l| !l.is_empty());
    let empty = all.map_or_else(|| !says(part), |filters| filters.iter().any(|f| !says(f)));
    if empty { err("match.resources.", "match resources not specified") } else { conditions(rule) }
}

/// What a rule may check, one at a time.
const CHECKS: [&str; 7] = ["pattern", "anyPattern", "deny", "foreach", "podSecurity", "cel", "manifests"];

/// What a rule checks, and the anchors of its patterns.
fn elements(validate: &Tree) -> Result<(), At> {
    let err = |e: &str| Err((String::new(), e.to_owned()));
    let says = |c: &&&str| match **c {
        // Where nobody has to have signed, nothing is said.
        "manifests" => some(validate, c).is_some_and(|m| !list(m.get("attestors")).is_empty()),
        _ => some(validate, c).is_some(),
    };
    match CHECKS.iter().filter(says).count() {
        0 => return err("one of pattern, anyPattern, deny, foreach, cel must be specified"),
        1 => {}
        _ => return err("only one of pattern, anyPattern, deny, foreach, cel can be specified"),
    }
    if let Some(p) = some(validate, "pattern") {
        return pattern::check(p, "/").map_err(|(path, e)| (format!("pattern.{path}"), e));
    }
    list(some(validate, "anyPattern"))
        .iter()
        .enumerate()
        .try_for_each(|(i, p)| pattern::check(p, "/").map_err(|(path, e)| (format!("anyPattern[{i}].{path}"), e)))
}

/// Whether the labels and annotations that a pattern asks for are strings.
fn strings_in_metadata(pattern: &Tree) -> bool {
    let metadata = match pattern.get("metadata").filter(|m| matches!(m.value, Value::Map(_))) {
        Some(metadata) => Some(metadata),
        None => pattern.get("spec").and_then(|s| s.get("template")).and_then(|t| t.get("metadata")),
    };
    let strings = |tree: &Tree| match &tree.value {
        Value::Map(members) => members.iter().all(|m| m.value.as_str().is_some()),
        _ => true,
    };
    metadata.is_none_or(|m| ["labels", "annotations"].iter().filter_map(|k| m.get(k)).all(strings))
}
