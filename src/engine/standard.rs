//! Rules with a Pod Security Standard: the pod of a request is read once for all of them.

use super::pod_security::{self, ControlReport, Exception, Outcome as Checked};
use super::request::{Operation, Request};
use super::run::{Run, Status, Verdict, verdict};
use super::set::{PolicySet, RuleInfo, Standard};
use kyvc_vm::document::{NodeId, Place};
use kyvc_vm::pod_security::{Facts, Pod, Schema, Unreadable, Violation};
use kyvc_vm::verdict::Outcome;

/// What is violated of a Pod Security Standard, for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violated {
    /// The level
    pub level: &'static str,
    /// The version as Kyverno writes it
    pub version: String,
    /// The checks that fail
    pub controls: Vec<ControlReport>,
}

/// The pod of a request's object.
pub(super) enum Pods<'p> {
    /// Nobody has asked for it
    Unread { schema: &'p Schema, request: Request<'p>, root: NodeId, facts: &'p mut Facts },
    /// The pod, or why there is none
    Read(Result<Pod<'p>, Unreadable>),
    /// Nobody asks for it
    None,
}

impl<'p> Pods<'p> {
    pub(super) fn new(set: &'p PolicySet, request: &Request<'p>, facts: &'p mut Facts) -> Self {
        match (&set.schema, request.object.root()) {
            (Some(schema), Some(root)) => Self::Unread { schema, request: *request, root, facts },
            _ => Self::None,
        }
    }

    fn get(&mut self) -> Option<Result<Pod<'p>, &Unreadable>> {
        if let Self::Unread { .. } = self
            && let Self::Unread { schema, request, root, facts } = std::mem::replace(self, Self::None)
        {
            let doc = request.object;
            let kind = doc.get_str(root, "kind").and_then(|n| doc.as_str(n)).unwrap_or_default();
            *self = Self::Read(Pod::read(schema, doc, root, kind, facts));
        }
        match self {
            Self::Read(pod) => Some(pod.as_ref().copied()),
            _ => None,
        }
    }
}

impl Run<'_, '_> {
    /// What a rule says, once it is known to apply or which exceptions are about the object.
    pub(super) fn standard<'s>(
        &mut self,
        number: usize,
        info: &'s RuleInfo,
        standard: &'s Standard,
        outcome: Outcome,
        pods: &mut Pods<'_>,
    ) -> Option<Verdict<'s>> {
        let keys = self.exceptions(outcome);
        match outcome {
            Outcome::None | Outcome::Value(_) => return None,
            Outcome::Pass(_) => {}
            Outcome::Skip(_) if !keys.is_empty() => {}
            Outcome::Skip(id) | Outcome::Fail(id) | Outcome::Error(id) => {
                let (status, text, place) = self.explain(outcome, id, &super::message::Own::None)?;
                return Some(verdict(number, info, status, text, place));
            }
        }
        if self.request.operation == Operation::Delete {
            return None;
        }
        let exceptions: Vec<Exception<'_>> = keys
            .iter()
            .filter_map(|key| standard.exceptions.iter().find(|(k, _)| k == key))
            .map(|(key, exclude)| Exception { key, exclude })
            .collect();
        let pod = pods.get()?;
        let whole = exceptions.iter().find(|e| e.exclude.is_empty()).map(|e| e.key.to_owned());
        let none = Place::default();
        Some(match pod_security::check(pod, &standard.rule, &exceptions) {
            Checked::Pass => verdict(number, info, Status::Pass, String::new(), none),
            Checked::Skip(text) => {
                let exceptions = whole.map_or(keys, |key| vec![key]);
                Verdict { exceptions, ..verdict(number, info, Status::Skip, text, none) }
            }
            Checked::Error(text) => verdict(number, info, Status::Error, text, none),
            Checked::Fail(violations) => {
                let kind = self.request.object;
                let kind = kind.root().and_then(|r| kind.get_str(r, "kind")).and_then(|n| kind.as_str(n)).unwrap_or("");
                let text = pod_security::failure(&info.name, &standard.rule, kind, &violations);
                let place = pod.map_or(none, |pod| place(pod, &violations));
                let violated = Violated {
                    level: standard.rule.level.name(),
                    version: standard.rule.version.to_string(),
                    controls: pod.map_or_else(|_| Vec::new(), |pod| pod_security::controls(pod, &violations)),
                };
                Verdict { standard: Some(Box::new(violated)), ..verdict(number, info, Status::Fail, text, place) }
            }
        })
    }
}

/// Where the first value stands that is not allowed.
fn place(pod: Pod<'_>, violations: &[Violation<'_>]) -> Place {
    let node = violations.iter().flat_map(|v| &v.findings).find_map(|f| f.node);
    node.map_or(Place::default(), |node| pod.document().place(node))
}
