//! Rules with `podSecurity`: what they and exceptions make of an object, in Kyverno's words.
//!
//! Kyverno: pkg/engine/handlers/validation/validate_pss.go

mod detail;
mod report;
#[cfg(test)]
mod tests;

pub use detail::{detail, reason};
pub use report::{ControlReport, controls};

use kyvc_vm::pod_security::{
    At, Bad, Exclusion, Finding, Pod, Rule, Unreadable, Violation, Workload, evaluate, exempt,
};
use std::fmt::Write;

/// A policy exception that matches the request and names the rule.
#[derive(Clone, Copy, Debug)]
pub struct Exception<'s> {
    /// `namespace/name`
    pub key: &'s str,
    /// Its `podSecurity`
    pub exclude: &'s [Exclusion],
}

/// What became of a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<'p> {
    /// It holds; [`pass`] says so
    Pass,
    /// Exceptions let the object through, in these words
    Skip(String),
    /// It is violated; [`failure`] says how
    Fail(Vec<Violation<'p>>),
    /// It could not be decided, in these words
    Error(String),
}

/// Checks a pod, or says why there is none. `exceptions` are those that match the object, in Kyverno's order.
pub fn check<'p>(pod: Result<Pod<'p>, &Unreadable>, rule: &'p Rule, exceptions: &'p [Exception<'p>]) -> Outcome<'p> {
    // An exception that names no control lets everything through.
    if let Some(all) = exceptions.iter().find(|e| e.exclude.is_empty()) {
        return Outcome::Skip(format!("rule is skipped due to policy exception {}", all.key));
    }
    let pod = match pod {
        Ok(pod) => pod,
        Err(why) => return Outcome::Error(unreadable(why)),
    };
    let mut violations = evaluate(rule, pod);
    if violations.is_empty() {
        return Outcome::Pass;
    }
    for exception in exceptions {
        exempt(rule, pod, exception.exclude, &mut violations);
    }
    if violations.is_empty() {
        let keys: Vec<_> = exceptions.iter().map(|e| e.key).collect();
        return Outcome::Skip(format!("rule is skipped due to policy exceptions {}", keys.join(", ")));
    }
    Outcome::Fail(violations)
}

/// The message of a rule that holds.
pub fn pass(rule: &str) -> String {
    format!("Validation rule '{rule}' passed.")
}

/// The message for an object that is not looked at.
fn unreadable(why: &Unreadable) -> String {
    let why = match why {
        Unreadable::Kind => "could not find correct resource type",
        Unreadable::Malformed(error) => error,
    };
    format!("Error while getting new resource: {why}")
}

/// The message of a rule, by its name, that an object of a kind violates.
pub fn failure(name: &str, rule: &Rule, kind: &str, violations: &[Violation<'_>]) -> String {
    let (level, version) = (rule.level.name(), rule.version);
    let mut out = format!("Validation rule '{name}' failed. It violates PodSecurity \"{level}:{version}\": ");
    for violation in violations {
        let _ = write!(out, "(Forbidden reason: {}, field error list: [", reason(violation));
        for (i, finding) in violation.fields().enumerate() {
            out.push_str(if i > 0 { ", " } else { "" });
            field(finding, kind, &mut out);
        }
        out.push_str("])");
    }
    out
}

/// One field that is not allowed.
fn field(finding: &Finding<'_>, kind: &str, out: &mut String) {
    out.push_str(&path(finding.at, kind));
    match &finding.value {
        Bad::Required => out.push_str(": Required value"),
        Bad::Any | Bad::Text("") => out.push_str(": Forbidden"),
        value => {
            out.push_str(" is forbidden, forbidden values found: ");
            let _ = match value {
                Bad::Bool(b) => write!(out, "{b}"),
                Bad::Int(n) => write!(out, "{n}"),
                Bad::Texts(texts) => write!(out, "[{}]", texts.join(" ")),
                Bad::Text(text) => out.write_str(text),
                Bad::Required | Bad::Any => Ok(()),
            };
        }
    }
}

/// The path of a field in an object of a kind. Kyverno puts the way to the pod in front of each `spec`, and that of a
/// pod template in front of each `metadata`, wherever in the path they stand and also for pods.
/// Kyverno: validate_pss.go, convertChecks
fn path(at: At<'_>, kind: &str) -> String {
    let path = at.to_string();
    let path = match Workload::of(kind) {
        Some(Workload::Controller) => path.replace("spec", "spec.template.spec"),
        Some(Workload::CronJob) => path.replace("spec", "spec.jobTemplate.spec.template.spec"),
        Some(Workload::Pod) | None => path,
    };
    path.replace("metadata", "spec.template.metadata")
}
