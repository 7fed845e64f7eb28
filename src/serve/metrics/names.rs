//! Label texts, and numbers for those of rules.

use super::super::lock;
use crate::engine::{CheckKind, PolicyInfo, PolicySet, RuleInfo};
use crate::policy::classic::Action;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

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
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(name);
        self.0.push_str("=\"");
        let cut = (0..=LONGEST.min(value.len())).rev().find_map(|n| value.get(..n)).unwrap_or_default();
        if cut.bytes().any(|b| matches!(b, b'\\' | b'"' | b'\n')) {
            cut.chars().for_each(|c| self.escape(c));
        } else {
            self.0.push_str(cut);
        }
        self.0.push('"');
    }

    fn escape(&mut self, c: char) {
        match c {
            '\\' | '"' => self.0.extend(['\\', c]),
            '\n' => self.0.push_str("\\n"),
            c => self.0.push(c),
        }
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
    numbers: HashMap<Arc<str>, u32>,
    names: BTreeMap<u32, Arc<str>>,
    next: u32,
}

impl Names {
    /// The number of labels.
    pub(in super::super) fn number(&self, labels: &str) -> u32 {
        let Numbered { numbers, names, next } = &mut *lock(&self.0);
        if let Some(number) = numbers.get(labels) {
            return *number;
        }
        let (number, labels) = (*next, Arc::<str>::from(labels));
        *next = next.wrapping_add(1);
        names.insert(number, labels.clone());
        numbers.insert(labels, number);
        number
    }

    /// The labels of a number.
    pub(super) fn name(&self, number: u32) -> Option<Arc<str>> {
        lock(&self.0).names.get(&number).cloned()
    }

    /// Forgets the oldest labels of rules that are not there any more, where these are more than some. Gives their numbers.
    pub(super) fn forget(&self, current: &RuleNames, kept: usize) -> HashSet<u32> {
        let Numbered { numbers, names, .. } = &mut *lock(&self.0);
        let current: HashSet<u32> = current.current().collect();
        let mut gone: Vec<u32> = names.keys().copied().filter(|n| !current.contains(n)).collect();
        gone.truncate(gone.len().saturating_sub(kept));
        for name in gone.iter().filter_map(|n| names.remove(n)) {
            numbers.remove(&name);
        }
        gone.into_iter().collect()
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
