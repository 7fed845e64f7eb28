//! From the outcome of a rule's code to what the rule says.

use super::request::Operation;
use super::run::{Run, Status, Verdict, passed, verdict};
use super::set::RuleInfo;
use super::standard::Pods;
use kyvc_vm::document::Place;
use kyvc_vm::machine::FaultView;
use kyvc_vm::program::Reason;
use kyvc_vm::verdict::{Outcome, Step, Trap};
use std::collections::BTreeMap;

impl<'e, 'r: 'e> Run<'e, 'r> {
    /// What the rule says of the object, after the first step of its code where that was taken already.
    pub(super) fn verdict<'s>(
        &mut self,
        number: usize,
        info: &'s RuleInfo,
        pods: &mut Pods<'_>,
        first: Option<Result<Step, Trap>>,
    ) -> Option<Verdict<'s>> {
        let outcome = match first {
            None => self.unit(info.code.check, false),
            Some(step) => self.after(step),
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(trap) => {
                let text = format!("rule {}: {trap}", info.name);
                return Some(verdict(number, info, Status::Error, text, Place::default()));
            }
        };
        if info.images.is_some() {
            return self.images_judged(number, info, outcome);
        }
        if let Some(why) = self.stopped(outcome) {
            return Some(verdict(number, info, Status::Error, why, Place::default()));
        }
        if let (Some(manifests), Outcome::Pass(_)) = (&info.manifests, outcome) {
            let judged = self.request.operation != Operation::Delete;
            return judged.then(|| self.signed(number, info, manifests));
        }
        if let Some(standard) = &info.pod_security {
            return self.standard(number, info, standard, outcome, pods);
        }
        match outcome {
            Outcome::None | Outcome::Value(_) => None,
            // Kyverno: patterns say nothing of an object that goes.
            _ if self.request.operation == Operation::Delete && info.is_pattern() && self.was_matched(outcome) => None,
            Outcome::Pass(n) => Some(passed(number, info, n)),
            Outcome::Skip(id) | Outcome::Fail(id) | Outcome::Error(id) => {
                let own = self.own_message(outcome, id);
                let (status, text, place) = self.explain(outcome, id, &own)?;
                let exceptions = self.exceptions(outcome);
                Some(Verdict { exceptions, ..verdict(number, info, status, text, place) })
            }
        }
    }

    /// What reports have of the rule besides: as its code handed it over, otherwise as it is written.
    pub(super) fn properties(&mut self) -> Vec<(String, String)> {
        let written = &self.info.properties;
        if written.is_empty() {
            return Vec::new();
        }
        let known = (!self.told.is_empty()).then(|| self.told.remove(0)).and_then(Result::ok);
        // Kyverno: pkg/engine/internal/rule.go, one value that is no text leaves all as they are written.
        let known = known.and_then(|json| serde_json::from_str::<BTreeMap<String, Option<String>>>(&json).ok());
        known.map_or_else(|| written.clone(), |map| map.into_iter().map(|(k, v)| (k, v.unwrap_or_default())).collect())
    }

    /// Whether a pattern rule came as far as looking at the object.
    fn was_matched(&self, outcome: Outcome) -> bool {
        let (Outcome::Skip(id) | Outcome::Error(id)) = outcome else { return true };
        match self.machine.fault(self.program(), id) {
            Some(FaultView::Both(first, _)) => self.was_matched(Outcome::Skip(first)),
            Some(FaultView::Site { site, .. }) => !matches!(
                site.reason,
                Reason::Said | Reason::Because | Reason::Unresolved | Reason::Typed | Reason::Excepted
            ),
            _ => true,
        }
    }
}
