//! Cleanup policies to the intermediate form: one rule a policy, which holds for the objects that are to go.

use super::context::{self, Owner};
use super::scope::Scope;
use super::{Options, conditions, matches};
use crate::ir::{Body, Matches, Rule};
use crate::policy::cleanup::Cleanup;
use crate::policy::fields::Problems;

/// Lowers a policy.
pub fn rule(policy: &Cleanup, options: Options, problems: &Problems) -> Rule {
    let namespace = policy.metadata.namespace.clone().filter(|n| !n.is_empty());
    let scope = Scope::new(problems).of_cleanup();
    let scope = if options.lenient { scope.lenient() } else { scope };
    let scope = scope.with_entries(policy.context.iter().map(|e| e.name.text.as_str()), 0);
    let owner = Owner { namespace: None, mutates: false };
    let entries = context::lower(&policy.context, &scope, &owner, &[]);
    Rule {
        label: format!("{0}/{0}", policy.metadata.name),
        name: policy.metadata.name.clone(),
        matches: Matches {
            namespace,
            guard: None,
            include: matches::of_object(&policy.matches, problems),
            exclude: policy.exclude.as_ref().map(|m| matches::of_object(m, problems)),
        },
        context: entries.len(),
        entries,
        preconditions: None,
        exceptions: Vec::new(),
        body: Body::Cleanup(policy.conditions.as_ref().map(|c| conditions::lower(c, &scope))),
        message: None,
        properties: None,
        place: policy.place,
    }
}
