//! The Pod Security Standards, as Kyverno checks them: at a level and version, with exclusions.
//!
//! [`Schema`] is made once for a layout, [`Facts`] is the memory of a thread. [`Pod::read`] decodes an object as Go
//! would and finds what checks look at; [`evaluate`] makes the checks of a [`Rule`]. A pod that passes costs no
//! allocation. What is found is put into words elsewhere.

mod checks;
mod control;
mod exempt;
mod facts;
mod fields;
mod finding;
mod pod;
mod read;
mod rule;
mod schema;
mod types;
mod wire;

#[cfg(test)]
mod tests;

pub use control::{Check, Control, Reach};
pub use exempt::exempt;
pub use facts::Facts;
pub use finding::{At, Bad, Finding, Place, Violation};
pub use pod::{Pod, Unreadable};
pub use read::Workload;
pub use rule::{Exclusion, Level, Misuse, Rule, Version};
pub use schema::Schema;
pub use types::List;
pub use wire::{read_exclusions, write_exclusions};

/// What a pod violates, in Kubernetes' order of checks, without what the rule excludes.
pub fn evaluate<'p>(rule: &'p Rule, pod: Pod<'p>) -> Vec<Violation<'p>> {
    let mut violations = Vec::new();
    let mut found = checks::Found::new();
    for check in Check::ALL.into_iter().filter(|c| checks::is_made(*c, rule.level)) {
        checks::check(check, rule.version, pod, &mut found);
        if !found.is_empty() {
            violations.push(Violation::new(check, std::mem::take(&mut found)));
        }
    }
    if !violations.is_empty() {
        exempt(rule, pod, &rule.exclude, &mut violations);
    }
    violations
}
