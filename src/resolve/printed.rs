//! What is lost of a rule that is printed as JSON and read again, as Kyverno does with the rules that it makes.

use crate::policy::classic::{Check, Conditions, Rule};
use crate::policy::mutate::Change;

/// The rule as it is read again.
///
/// Kyverno: api/kyverno/v1/common_types.go, an empty `any` is not printed. It never holds where it is written, and is no
/// condition at all in a rule that is made.
pub(super) fn printed(mut rule: Rule) -> Rule {
    rule.preconditions.iter_mut().for_each(conditions);
    if let Some(validate) = &mut rule.validate {
        validate.check.iter_mut().for_each(check);
    }
    if let Some(mutate) = &mut rule.mutate {
        change(&mut mutate.change);
    }
    rule
}

fn conditions(conditions: &mut Conditions) {
    if conditions.any.as_ref().is_some_and(Vec::is_empty) {
        conditions.any = None;
    }
}

fn check(check: &mut Check) {
    match check {
        Check::Deny(deny) => conditions(deny),
        Check::ForEach(loops) => {
            for each in loops {
                each.preconditions.iter_mut().for_each(conditions);
                each.check.iter_mut().for_each(self::check);
            }
        }
        Check::Pattern(_) | Check::AnyPattern(_) | Check::PodSecurity(_) | Check::Manifests(_) | Check::Nothing => {}
    }
}

fn change(change: &mut Change) {
    if let Change::ForEach(loops) = change {
        for each in loops {
            each.preconditions.iter_mut().for_each(conditions);
            self::change(&mut each.change);
        }
    }
}
