//! Policy exceptions to the intermediate form, for each rule that they are about.

use super::conditions;
use super::matches;
use super::scope::Scope;
use crate::ir;
use crate::policy::classic::Policy;
use crate::policy::exception::Exception;
use crate::policy::fields::Problems;

/// Adds the exceptions that are about a rule to it. `problems` belong to the source of the exceptions.
pub fn attach<'e>(
    rule: &mut ir::Rule,
    policy: &Policy,
    exceptions: impl IntoIterator<Item = (&'e Exception, &'e Problems)>,
) {
    let key = match policy.namespace.as_deref() {
        None | Some("") => policy.name.clone(),
        Some(namespace) => format!("{namespace}/{}", policy.name),
    };
    for (exception, problems) in exceptions {
        if !exception.contains(&key, &rule.name) {
            continue;
        }
        // Conditions see what the rule binds.
        let names = rule.entries.iter().take(rule.context).map(|e| e.name.as_str());
        let scope = Scope::new(problems).lenient().with_entries(names, 0);
        rule.exceptions.push(ir::Exception {
            key: exception.key.clone(),
            matches: matches::of_object(&exception.matches, problems),
            conditions: exception.conditions.as_ref().map(|c| conditions::lower(c, &scope)),
            pod_security: exception.pod_security.clone(),
            place: exception.place,
        });
    }
}
