//! From resolved policies to the intermediate form.

pub mod conditions;
pub mod jmespath;
pub mod matches;
pub mod pattern;
pub mod text;

use crate::ir;
use crate::policy::classic::{Check, Policy};
use crate::policy::fields::Problems;
use crate::resolve::ResolvedRule;

/// Lowers a rule of a classic policy. `None` where it checks nothing that is compiled.
pub fn rule(policy: &Policy, resolved: &ResolvedRule, problems: &Problems) -> Option<ir::Rule> {
    let rule = &resolved.rule;
    let validate = rule.validate.as_ref()?;
    let matches = matches::lower(policy, resolved, problems);
    let body = match validate.check.as_ref()? {
        Check::Pattern(tree) => ir::Body::Pattern(pattern::lower(tree, problems)),
        Check::Deny(conditions) => ir::Body::Deny(conditions::lower(conditions, problems)),
        Check::AnyPattern(trees) => {
            ir::Body::AnyPattern(trees.iter().map(|t| pattern::lower_any(t, problems)).collect())
        }
    };
    let message = validate.message.as_ref().filter(|m| !m.text.is_empty());
    Some(ir::Rule {
        label: format!("{}/{}", policy.name, rule.name),
        name: rule.name.clone(),
        matches,
        preconditions: rule.preconditions.as_ref().map(|c| conditions::lower(c, problems)),
        body,
        message: message.map(|m| text::lower(&m.text, m.place, "", problems)),
        place: rule.place,
    })
}
