//! How often each result occurs, as Kyverno counts it.
//!
//! Kyverno: cmd/cli/kubectl-kyverno/processor/result.go. A result counts once for each of the policy's rules that has its
//! name. The rules are not computed for the kind of the resource, so that those that generated ones hide do not count.

use super::Args;
use crate::engine::{PolicySet, Status};
use crate::offline::outcome::{Does, Outcome, Response};
use crate::offline::validate::Refusal;
use crate::report::openreports::Summary;
use std::collections::HashMap;

/// How many rules have a name.
#[derive(Clone, Copy, Default)]
struct Named {
    all: usize,
    /// Those that say whether objects are right
    checks: usize,
}

/// The rules of one policy.
type Rules<'s> = HashMap<&'s str, Named>;

/// How often each result occurs. A policy that is not applied is an error.
pub(super) fn counts(args: &Args, set: &PolicySet, refused: &[Refusal], outcome: &Outcome) -> Summary {
    let mut policies = vec![Rules::new(); set.policies().len()];
    for rule in set.rules().iter().filter(|r| !r.hidden) {
        if let Some(rules) = policies.get_mut(rule.policy) {
            let named = rules.entry(rule.name.as_str()).or_default();
            named.all += 1;
            named.checks += usize::from(rule.check.judges());
        }
    }
    let mut counts = Summary { error: refused.len(), ..Summary::default() };
    for response in &outcome.responses {
        let scored = set.policies().get(response.policy).is_none_or(|p| p.scored);
        let warns = !scored || (args.audit_warn && response.audits);
        if let Some(rules) = policies.get(response.policy) {
            add(response, rules, warns, &mut counts);
        }
    }
    counts
}

fn add(response: &Response, rules: &Rules<'_>, warns: bool, counts: &mut Summary) {
    for ruled in &response.rules {
        let named = rules.get(ruled.rule.as_str()).copied().unwrap_or_default();
        let changes = match response.does {
            Does::Cleanup => 1,
            // A mutation has no warnings.
            Does::Mutate if ruled.status == Status::Warn => 0,
            Does::Mutate | Does::Generate => named.all,
            Does::Validate | Does::VerifyImages => 0,
        };
        let checked = if ruled.status == Status::Fail && warns { Status::Warn } else { ruled.status };
        let checks = if response.does == Does::Cleanup { 0 } else { named.checks };
        for status in std::iter::repeat_n(ruled.status, changes).chain(std::iter::repeat_n(checked, checks)) {
            counts.count(status);
        }
    }
}
