//! From resolved policies to the intermediate form.

pub mod cleanup;
pub mod conditions;
pub mod context;
pub mod exception;
mod foreach;
mod generate;
mod here;
mod images;
pub mod jmespath;
pub mod matches;
mod mutate;
pub mod pattern;
pub mod reference;
pub mod scope;
pub mod text;

use crate::ir;
use crate::policy::classic::{Check, Policy};
use crate::policy::fields::{Problems, Text};
use crate::policy::tree::{Tree, Value};
use crate::resolve::ResolvedRule;
use context::Owner;
use scope::Scope;

/// How the rules of a policy are lowered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether names that nothing binds are left to the host
    pub lenient: bool,
}

/// Lowers a rule of a classic policy. `None` where it checks nothing that is compiled.
pub fn rule(policy: &Policy, resolved: &ResolvedRule, options: Options, problems: &Problems) -> Option<ir::Rule> {
    let rule = &resolved.rule;
    if rule.mutate.is_none() && rule.validate.is_none() && rule.generate.is_none() && rule.verify_images.is_none() {
        return None;
    }
    let matches = matches::lower(policy, resolved, problems);
    let scope = Scope::new(problems);
    let scope = if options.lenient { scope.lenient() } else { scope };
    let owner = Owner { namespace: matches.namespace.clone(), mutates: rule.mutate.is_some() };
    let scope = scope.with_entries(rule.context.iter().map(|e| e.name.text.as_str()), 0);
    let entries = context::lower(&rule.context, &scope, &owner, &[]);
    let context = entries.len();
    let mut entries = entries;
    // Kyverno takes a rule with both for a mutation.
    let body = match (&rule.mutate, &rule.validate) {
        (Some(m), _) => ir::Body::Mutate(Box::new(mutate::lower(m, &scope, &owner, &mut entries))),
        (None, Some(validate)) => match validate.check.as_ref()? {
            Check::Nothing => return None,
            c => check(c, &scope, &owner, &mut entries),
        },
        (None, None) => match (&rule.generate, &rule.verify_images) {
            (Some(g), _) => ir::Body::Generate(Box::new(generate::lower(g, &scope, &owner, &mut entries))),
            (None, Some(v)) => ir::Body::VerifyImages(Box::new(images::lower(rule, v, &scope))),
            (None, None) => return None,
        },
    };
    // The message is made where the rule fails, and sees what is bound there.
    let mut inside = scope.with_entries(entries.iter().skip(context).map(|e| e.name.as_str()), context);
    for _ in 0..depth(&body) {
        inside = inside.in_loop();
    }
    let message = rule.validate.as_ref().filter(|_| rule.mutate.is_none()).and_then(|v| v.message.as_ref());
    let message = message.filter(|m| !m.text.is_empty());
    Some(ir::Rule {
        label: format!("{}/{}", policy.name, rule.name),
        name: rule.name.clone(),
        matches,
        entries,
        context,
        exceptions: Vec::new(),
        preconditions: rule.preconditions.as_ref().map(|c| conditions::lower(c, &scope)),
        body,
        properties: rule.report_properties.as_ref().map(|t| text::tree(t, "", &scope)),
        message: message.map(|m| self::message(m, &inside)),
        place: rule.place,
    })
}

/// A message; one with references in it is never resolved, as there is nothing in a text that they could lead to.
fn message(message: &Text, scope: &Scope<'_>) -> ir::Expr {
    let tree = Tree { place: message.place, value: Value::Str(message.text.clone()) };
    match reference::resolve(&tree) {
        Ok(tree) => text::lower(tree.as_str().unwrap_or_default(), message.place, "", scope),
        Err(text) => ir::Expr::Fail(text),
    }
}

/// How deep the loops of a check are nested.
fn depth(body: &ir::Body) -> usize {
    match body {
        ir::Body::ForEach(loops) => loops.iter().map(|l| 1 + depth(&l.body)).max().unwrap_or(0),
        _ => 0,
    }
}

/// Lowers what a rule or an element is checked for; context entries of loops are added to `entries`.
fn check(check: &Check, scope: &Scope<'_>, owner: &Owner, entries: &mut Vec<ir::ContextEntry>) -> ir::Body {
    match check {
        Check::Deny(conditions) => ir::Body::Deny(conditions::lower(conditions, scope)),
        Check::Pattern(tree) => match reference::resolve(tree) {
            Ok(tree) => ir::Body::Pattern(pattern::lower(&tree, scope)),
            Err(text) => ir::Body::Broken(text),
        },
        Check::AnyPattern(trees) => match pattern::resolve_any(trees) {
            Ok(trees) => ir::Body::AnyPattern(pattern::lower_any(&trees, scope)),
            Err(text) => ir::Body::Broken(text),
        },
        Check::ForEach(loops) => {
            ir::Body::ForEach(loops.iter().map(|l| foreach::lower(l, scope, owner, entries)).collect())
        }
        Check::PodSecurity(standard) => ir::Body::PodSecurity(Box::new(standard.rule.clone())),
        Check::Manifests(tree) => ir::Body::Manifests(tree.json().to_string()),
        Check::Nothing => ir::Body::Broken(String::new()),
    }
}
