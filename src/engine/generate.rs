//! Rules that make objects: for which objects they do so, and what is to be made.

use super::host::Host;
use super::message::Own;
use super::request::Request;
use super::run::{Around, Engine, Run, Status, Verdict, request_document, request_json, verdict};
use super::set::{CheckKind, PolicySet, RuleInfo};
use super::uses::{Again, MAKE};
use kyvc_vm::document::Place;
use kyvc_vm::machine::View;
use kyvc_vm::value::Val;
use kyvc_vm::verdict::Outcome;

/// What is to be made: a map as JSON with `apiVersion`, `kind`, `namespace` and `name` of the object, and its `data`, or
/// the `clone` or `cloneList` that it comes from. Or why it cannot be known.
pub type Wanted = Result<String, String>;

impl Engine {
    /// Asks the rules of one policy that make objects about a request. With each verdict comes what is to be made.
    ///
    /// Kyverno's CLI makes that of every rule that is about the object, whatever the verdict.
    pub fn generate<'s>(
        &mut self,
        set: &'s PolicySet,
        policy: usize,
        request: &Request<'_>,
        host: &dyn Host,
        mut each: impl FnMut(Verdict<'s>, Vec<Wanted>),
    ) {
        let Some(info) = set.policies.get(policy) else { return };
        let topic = set.topic(request);
        let kind = topic.kind;
        let again = Again::of(request, &topic, MAKE);
        let request = &again.as_ref().map_or(*request, |again| again.request(request));
        let Some(root) = request.object.root() else { return };
        let text = set.reads_of(request.object).request.then(|| request_json(set, request));
        let rest = text.as_deref().and_then(request_document);
        self.parts().0.begin_context();
        self.set_offers(host);
        self.ready(set, request, &topic, rest.as_ref());
        let around = Around { kind, root, rest: rest.as_ref(), images_of: request.object, host };
        for (number, rule) in set.rules_doing(CheckKind::Generate, policy, kind.kind) {
            let (machine, cache, spare, traces) = self.parts();
            let (change, told) = (None, Vec::new());
            let mut run = Run { machine, cache, spare, traces, set, info: rule, request, around, change, told };
            run.begin_trace(number);
            let Some(mut verdict) = run.trigger(number, rule) else { continue };
            verdict.properties = run.properties();
            let status = verdict.status;
            let wanted = run.wanted();
            each(verdict, wanted);
            if info.apply_one && status != Status::Skip {
                break;
            }
        }
    }
}

impl<'e, 'r: 'e> Run<'e, 'r> {
    /// Takes what the code hands over.
    pub(super) fn hear(&mut self, value: Val) {
        let documents = self.documents();
        let input = self.input(&documents);
        let heard = match self.machine.view(self.program(), &input, value) {
            View::Fault(id) => Err(self.words(&input).text(id)),
            _ => {
                let mut out = String::new();
                self.machine.json(self.program(), &input, value, &mut out);
                Ok(out)
            }
        };
        self.told.push(heard);
    }

    /// Whether the rule is about the object. Kyverno says nothing but that.
    fn trigger<'s>(&mut self, number: usize, info: &'s RuleInfo) -> Option<Verdict<'s>> {
        let outcome = match self.unit(info.code.check, false) {
            Ok(outcome) => outcome,
            Err(trap) => {
                let text = format!("rule {}: {trap}", info.name);
                return Some(verdict(number, info, Status::Error, text, Place::default()));
            }
        };
        match outcome {
            Outcome::None | Outcome::Value(_) => None,
            Outcome::Pass(_) => Some(verdict(number, info, Status::Pass, String::new(), Place::default())),
            Outcome::Skip(id) | Outcome::Fail(id) | Outcome::Error(id) => {
                let (status, text, place) = self.explain(outcome, id, &Own::None)?;
                let exceptions = self.exceptions(outcome);
                let text = match (status, exceptions.as_slice()) {
                    (Status::Skip, []) => String::new(),
                    (Status::Skip, keys) => format!("rule is skipped due to policy exception {}", keys.join(", ")),
                    _ => text,
                };
                let mut verdict = verdict(number, info, status, text, place);
                verdict.exceptions = exceptions;
                Some(verdict)
            }
        }
    }

    /// What is to be made.
    fn wanted(&mut self) -> Vec<Wanted> {
        let Some(unit) = self.info.code.make else { return Vec::new() };
        if let Err(trap) = self.unit(unit, false) {
            self.told.push(Err(trap.to_string()));
        }
        std::mem::take(&mut self.told)
    }
}
