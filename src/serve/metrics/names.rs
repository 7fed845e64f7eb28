//! Label texts, and numbers for those of rules.

use super::super::lock;
use crate::engine::{CheckKind, PolicyInfo, PolicySet, RuleInfo};
use crate::policy::classic::Action;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Mutex;

/// What of a label's value is kept, in bytes: no name of Kubernetes is longer.
const LONGEST: usize = 253;

/// Labels as they are written, in memory that is used again.
#[derive(Debug, Default)]
pub(in super::super) struct Labels(String);

impl Labels {
    /// Replaces the labels.
    pub(in super::super) fn set(&mut self, labels: &[(&str, &str)]) {
        self.0.clear();
        labels.iter().for_each(|(name, value)| self.add(name, value));
    }

    /// Adds one.
    pub(in super::super) fn add(&mut self, name: &str, value: &str) {
        let comma = if self.0.is_empty() { "" } else { "," };
        let _ = write!(self.0, "{comma}{name}=\"");
        let cut = (0..=LONGEST.min(value.len())).rev().find_map(|n| value.get(..n)).unwrap_or_default();
        for c in cut.chars() {
            match c {
                '\\' | '"' => self.0.extend(['\\', c]),
                '\n' => self.0.push_str("\\n"),
                c => self.0.push(c),
            }
        }
        self.0.push('"');
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// Numbers for labels of rules, which are the same whichever set a rule is in.
#[derive(Debug, Default)]
pub(in super::super) struct Names(Mutex<Numbered>);

#[derive(Debug, Default)]
struct Numbered {
    numbers: HashMap<Box<str>, u32>,
    names: Vec<Box<str>>,
}

impl Names {
    /// The number of labels.
    pub(in super::super) fn number(&self, labels: &str) -> u32 {
        let Numbered { numbers, names } = &mut *lock(&self.0);
        if let Some(number) = numbers.get(labels) {
            return *number;
        }
        let number = u32::try_from(names.len()).unwrap_or(u32::MAX);
        names.push(labels.into());
        numbers.insert(labels.into(), number);
        number
    }

    /// The labels of a number.
    pub(super) fn name(&self, number: u32) -> Option<Box<str>> {
        lock(&self.0).names.get(number as usize).cloned()
    }
}

/// The numbers of a set's rules.
#[derive(Debug, Default)]
pub(in super::super) struct RuleNames(Vec<u32>);

impl RuleNames {
    /// Names the rules of a set.
    pub(in super::super) fn of(set: &PolicySet, names: &Names) -> Self {
        let mut labels = Labels::default();
        let number = |rule: &RuleInfo| {
            let none = PolicyInfo::default();
            labels.set(&[]);
            describe(set.policies().get(rule.policy).unwrap_or(&none), rule, &mut labels);
            names.number(labels.text())
        };
        Self(set.rules().iter().map(number).collect())
    }

    /// The number of a rule.
    pub(in super::super) fn number(&self, rule: usize) -> Option<u32> {
        self.0.get(rule).copied()
    }

    /// The numbers of all.
    pub(super) fn current(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied()
    }
}

/// Kyverno: pkg/metrics/policy_engine.go
fn describe(policy: &PolicyInfo, rule: &RuleInfo, labels: &mut Labels) {
    let mode = if policy.action == Action::Enforce { "enforce" } else { "audit" };
    let kind = match rule.check {
        CheckKind::Mutate => "mutate",
        CheckKind::Generate => "generate",
        CheckKind::VerifyImages => "imageVerify",
        _ => "validate",
    };
    let scope = if policy.namespace.is_some() { "namespaced" } else { "cluster" };
    let background = if policy.background { "true" } else { "false" };
    for (name, value) in [
        ("policy_validation_mode", mode),
        ("policy_type", scope),
        ("policy_background_mode", background),
        ("policy_namespace", policy.namespace.as_deref().unwrap_or("-")),
        ("policy_name", &policy.name),
        ("rule_name", &rule.name),
        ("rule_type", kind),
    ] {
        labels.add(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_cut() {
        let mut labels = Labels::default();
        labels.set(&[("a", "x\"\\\n"), ("b", &"ä".repeat(300))]);
        assert_eq!(labels.text(), format!("a=\"x\\\"\\\\\\n\",b=\"{}\"", "ä".repeat(126)));
    }

    #[test]
    fn numbers_stay() {
        let names = Names::default();
        assert_eq!([names.number("a"), names.number("b"), names.number("a")], [0, 1, 0]);
        assert_eq!(names.name(1).as_deref(), Some("b"));
    }
}
