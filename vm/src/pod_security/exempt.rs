//! Exclusions: what is taken off the findings.
//!
//! Kyverno does not ask whether a finding is excluded. It makes the checks once more on what an exclusion is about, and
//! takes one finding of the same field off for each that it then finds.
//! Kyverno: pkg/pss/evaluate.go, exemptExclusions

use super::checks::{self, Found};
use super::finding::{Bad, Finding, Violation};
use super::pod::Pod;
use super::rule::{Exclusion, Rule};
use crate::scalar::Glob;
use std::collections::HashMap;

/// Takes what is excluded off the violations, and those off of which nothing is left.
pub fn exempt<'p>(rule: &Rule, pod: Pod<'p>, exclusions: &'p [Exclusion], violations: &mut Vec<Violation<'p>>) {
    for exclusion in exclusions {
        let inside = !exclusion.images.is_empty();
        let about = if inside { pod.with_images(&exclusion.images) } else { pod.outside() };
        violations.retain_mut(|violation| {
            if !exclusion.control.checks().contains(&violation.check) {
                return true;
            }
            let mut found = Found::new();
            checks::check(violation.check, rule.version, about, &mut found);
            take_off(violation, &found, exclusion, inside);
            !violation.left.is_empty()
        });
    }
}

/// Takes one finding off for each that an exclusion found: the first one of the same field, `inside` of a container only
/// one of a container of the same name. The last one moves to its place.
fn take_off<'p>(violation: &mut Violation<'p>, found: &[Finding<'p>], exclusion: &Exclusion, inside: bool) {
    // Findings that may be taken off for each other have the same number.
    let mut numbers = HashMap::new();
    let mut number = |field: String, f: &Finding<'p>| {
        let name = f.at.container().filter(|_| inside).map(|c| c.name);
        let next = numbers.len();
        *numbers.entry((field, name)).or_insert(next)
    };
    let own: Vec<_> = violation.findings.iter().map(|f| number(f.at.pattern(), f)).collect();
    for finding in found.iter().filter(|f| f.at.is_field()) {
        let field = finding.at.pattern();
        let named = exclusion.field.is_empty() || *exclusion.field == field;
        if named && are_excluded(&finding.value, &exclusion.values) {
            let wanted = number(field, finding);
            let at = violation.left.iter().position(|n| own.get(*n as usize) == Some(&wanted));
            if let Some(at) = at {
                violation.left.swap_remove(at);
            }
        }
    }
}

/// Whether the values that Kyverno sees in a finding match. Where it sees none, they do.
fn are_excluded(value: &Bad<'_>, patterns: &[Glob]) -> bool {
    let matches = |text: &str| patterns.iter().any(|p| p.matches(text));
    patterns.is_empty()
        || match value {
            Bad::Required | Bad::Any | Bad::Text("") => true,
            Bad::Bool(true) => matches("true"),
            Bad::Bool(false) => matches("false"),
            Bad::Int(n) => matches(&crate::scalar::number::format_int(*n)),
            Bad::Text(text) => matches(text),
            Bad::Texts(texts) => texts.iter().all(|t| matches(t)),
        }
}
