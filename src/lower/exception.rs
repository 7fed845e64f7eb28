//! Policy exceptions to the intermediate form, for each rule that they are about.

use super::conditions;
use super::matches;
use super::scope::Scope;
use crate::diag::Source;
use crate::ir;
use crate::policy::classic::Policy;
use crate::policy::exception::Exception;
use crate::policy::fields::Problems;
use kyvc_vm::document::Place;
use std::sync::Arc;

/// Adds the exceptions that are about a rule to it. `problems` belong to the source of the exceptions; the code of a rule
/// only has places in `source`, the policy's own.
pub fn attach<'e>(
    rule: &mut ir::Rule,
    policy: &Policy,
    source: &Arc<Source>,
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
        let mut lowered = ir::Exception {
            key: exception.key.clone(),
            matches: matches::of_object(&exception.matches, problems),
            conditions: exception.conditions.as_ref().map(|c| conditions::lower(c, &scope)),
            pod_security: exception.pod_security.clone(),
            place: exception.place,
        };
        if !Arc::ptr_eq(problems.source(), source) {
            forget_places(&mut lowered);
        }
        rule.exceptions.push(lowered);
    }
}

fn forget_places(exception: &mut ir::Exception) {
    exception.place = Place::default();
    let (ir::Filters::Any(filters) | ir::Filters::All(filters)) = &mut exception.matches;
    filters.iter_mut().for_each(|f| f.place = Place::default());
    for c in exception.conditions.iter_mut().flat_map(|c| c.any.iter_mut().flatten().chain(&mut c.all)) {
        c.place = Place::default();
    }
}
