//! Rules that change objects: the one that a request is about, or other ones.

use super::host::{Host, TargetSelector};
use super::message::Own;
use super::request::{Operation, Request};
use super::run::{Around, EVERYTHING, Engine, Run, Status, Verdict, request_document, request_json, verdict, version};
use super::set::{CheckKind, PolicySet};
use super::uses::{Again, CHANGE};
use super::versions::{Changing, Versions};
use kyvc_vm::document::{Buffers, Document, JsonOptions, Place, read_json};
use kyvc_vm::ids::UnitId;
use kyvc_vm::machine::{FaultView, View};
use kyvc_vm::program::Reason;
use kyvc_vm::value::Val;
use kyvc_vm::verdict::{Outcome, Root, TrapKind};
use std::fmt::Display;

/// Takes what a rule says, with another object that it changes.
type Each<'e, 's> = &'e mut dyn FnMut(Verdict<'s>, Option<&Document<'_>>);

/// What became of a request's object.
#[derive(Clone, Copy, Debug)]
pub enum Mutated<'d> {
    /// It is as it was
    Same,
    /// It is another one now
    Changed(&'d Document<'d>),
    /// A rule failed. Kyverno then has no object any more, and nothing that comes later is about it.
    Lost,
}

impl Engine {
    /// Lets the rules of one policy change the object of a request, or other objects, and passes each verdict on; with it
    /// that other object as it is to be.
    ///
    /// The set has to have rules that change objects, so that objects are flattened whole for it.
    pub fn mutate<'s, 'r>(
        &mut self,
        set: &'s PolicySet,
        policy: usize,
        request: &Request<'r>,
        versions: &'r Versions<'r>,
        host: &dyn Host,
        mut each: impl FnMut(Verdict<'s>, Option<&Document<'_>>),
    ) -> Mutated<'r> {
        if request.object.root().is_none() {
            return Mutated::Same;
        }
        match Again::of(request, &set.topic(request), CHANGE) {
            None => self.mutate_read(set, policy, request, versions, host, &mut each),
            Some(again) => {
                let (object, old) = again.objects();
                let object = object.map_or(request.object, |doc| versions.alloc(doc));
                let old = old.map(|doc| &*versions.alloc(doc)).or(request.old);
                self.mutate_read(set, policy, &Request { object, old, ..*request }, versions, host, &mut each)
            }
        }
    }

    fn mutate_read<'s, 'r>(
        &mut self,
        set: &'s PolicySet,
        policy: usize,
        request: &Request<'r>,
        versions: &'r Versions<'r>,
        host: &dyn Host,
        each: Each<'_, 's>,
    ) -> Mutated<'r> {
        let Some(info) = set.policies.get(policy) else { return Mutated::Same };
        let kind = set.topic(request).kind;
        self.parts().0.begin_context();
        let first = request.object;
        let mut now = first;
        // Kyverno: pkg/engine/engine.go, matches. Where there is no object, rules are about the old one; what they patch is a
        // null then. A deletion has none from the start.
        let has_old = matches!(request.operation, Operation::Delete | Operation::Update);
        let null = if has_old { null(versions) } else { None };
        let mut lost = request.operation == Operation::Delete;
        let mut text = None;
        for (number, rule) in set.rules_doing(CheckKind::Mutate, policy, kind.kind) {
            let text = rule.reads.request.then(|| &*text.get_or_insert_with(|| request_json(set, request)));
            let rest = text.and_then(|text| request_document(text));
            let old = match request.operation {
                Operation::Delete | Operation::Update => request.old.or(Some(first)),
                _ => request.old,
            };
            let request = Request { object: now, old, ..*request };
            let Some(root) = now.root() else { return Mutated::Same };
            self.set_offers(host);
            let topic = set.topic(&request);
            self.ready(set, &request, &topic, rest.as_ref());
            let around = Around { kind, root, rest: rest.as_ref(), images_of: first, host };
            let mut applied = false;
            let mut tell = |told: Told, target: Option<&Document<'_>>| {
                let Told { status, text, exceptions, place, properties } = told;
                applied |= matches!(status, Status::Pass | Status::Fail);
                let mut verdict = verdict(number, rule, status, text, place);
                verdict.exceptions = exceptions;
                verdict.properties = properties;
                each(verdict, target);
            };
            let (machine, cache, spare, traces) = self.parts();
            let patched = null.filter(|_| lost).unwrap_or(now);
            let change = Some(Changing::new(patched, versions));
            let (request, told) = (&request, Vec::new());
            let mut run = Run { machine, cache, spare, traces, set, info: rule, request, around, change, told };
            run.begin_trace(number);
            if !rule.code.targets.is_empty() {
                run.mutate_others(&mut tell);
            } else if let Some(done) = run.mutate() {
                tell(Told { properties: run.properties(), ..done.told }, None);
                match done.object {
                    Mutated::Same => {}
                    Mutated::Changed(doc) => (now, lost) = (doc, false),
                    Mutated::Lost if has_old => lost = true,
                    Mutated::Lost => return Mutated::Lost,
                }
            }
            if info.apply_one && applied {
                break;
            }
        }
        match lost {
            true => Mutated::Lost,
            false if std::ptr::eq(now, first) => Mutated::Same,
            false => Mutated::Changed(now),
        }
    }
}

/// A null, as a version.
fn null<'r>(versions: &'r Versions<'r>) -> Option<&'r Document<'r>> {
    let null = read_json("null", &EVERYTHING, Buffers::default(), JsonOptions::default()).ok()?;
    Some(versions.alloc(null))
}

/// What is said of a rule.
struct Told {
    status: Status,
    text: String,
    exceptions: Vec<String>,
    place: Place,
    properties: Vec<(String, String)>,
}

impl Told {
    fn new(status: Status, text: String) -> Self {
        Self { status, text, exceptions: Vec::new(), place: Place::default(), properties: Vec::new() }
    }
}

/// What one rule did.
struct Done<'r> {
    told: Told,
    object: Mutated<'r>,
}

/// Takes what is said of a rule, with an object that it changes besides the one it is about.
type Tell<'t> = &'t mut dyn FnMut(Told, Option<&Document<'_>>);

impl<'e, 'r: 'e> Run<'e, 'r> {
    /// Lets the rule change the object of the request.
    fn mutate(&mut self) -> Option<Done<'r>> {
        let outcome = match self.unit(self.info.code.check, false) {
            Ok(outcome) => outcome,
            Err(trap) => return Some(Done { told: self.broken(&trap), object: Mutated::Lost }),
        };
        if let Some(why) = self.stopped(outcome) {
            return Some(Done { told: Told::new(Status::Error, why), object: Mutated::Same });
        }
        let lost = self.is_lost(outcome);
        let (told, doc) = self.changed(outcome)?;
        let object = match doc {
            Some(doc) => {
                self.trace_patch(doc);
                Mutated::Changed(doc)
            }
            None if lost => Mutated::Lost,
            None => Mutated::Same,
        };
        Some(Done { told, object })
    }

    fn broken(&self, why: &dyn Display) -> Told {
        Told::new(Status::Error, format!("rule {}: {why}", self.info.name))
    }

    /// What is said of a run that changes an object, and the object where it was changed.
    fn changed(&mut self, outcome: Outcome) -> Option<(Told, Option<&'r Document<'r>>)> {
        match outcome {
            Outcome::None | Outcome::Value(_) => None,
            Outcome::Pass(_) => Some(match self.change.as_mut()?.keep() {
                Ok(doc) => (Told::new(Status::Pass, mutated(doc)), Some(doc)),
                Err(kind) => (self.broken(&kind), None),
            }),
            Outcome::Skip(id) | Outcome::Fail(id) | Outcome::Error(id) => {
                let (status, text, place) = self.explain(outcome, id, &Own::None)?;
                let exceptions = self.exceptions(outcome);
                Some((Told { exceptions, place, ..Told::new(status, text) }, None))
            }
        }
    }

    /// Lets the rule change other objects than the one the request is about.
    fn mutate_others(&mut self, tell: Tell<'_>) {
        let outcome = self.unit(self.info.code.check, false);
        let properties = self.properties();
        let tell: Tell<'_> = &mut |told, target| tell(Told { properties: properties.clone(), ..told }, target);
        if let Some(why) = outcome.as_ref().ok().and_then(|outcome| self.stopped(*outcome)) {
            return tell(Told::new(Status::Error, why), None);
        }
        match outcome {
            Ok(Outcome::Pass(_)) => {}
            Ok(outcome) => {
                if let Some((told, _)) = self.changed(outcome) {
                    tell(told, None);
                }
                return;
            }
            Err(trap) => return tell(self.broken(&trap), None),
        }
        let (mut found, mut errors) = (Vec::new(), Vec::new());
        for target in &self.info.code.targets {
            match self.select(target.selector) {
                Some(Ok(texts)) => found.extend(texts.into_iter().map(|text| (target.change, text))),
                Some(Err(why)) => errors.push(why),
                None => {}
            }
        }
        if !errors.is_empty() {
            tell(Told::new(Status::Error, format!(": {}", errors.join("; "))), None);
        }
        let documents: Vec<(UnitId, Document<'_>)> = found
            .iter()
            .filter_map(|(unit, text)| {
                let doc = read_json(text, &EVERYTHING, Buffers::default(), JsonOptions::default());
                Some((*unit, doc.ok()?))
            })
            .collect();
        let Some((_, first)) = documents.first() else { return };
        let versions = Versions::default();
        let mut inner = Run {
            machine: self.machine,
            cache: self.cache,
            spare: self.spare,
            traces: self.traces,
            set: self.set,
            info: self.info,
            request: self.request,
            around: self.around,
            change: Some(Changing::new(first, &versions)),
            told: Vec::new(),
        };
        for (unit, doc) in &documents {
            inner.mutate_other(*unit, doc, tell);
        }
    }

    /// The objects that a target names; none where nobody is to change any.
    fn select(&mut self, unit: UnitId) -> Option<Result<Vec<String>, String>> {
        let value = match self.unit(unit, true) {
            Ok(Outcome::Value(value)) => value,
            Ok(_) => return Some(Err(TrapKind::Code.to_string())),
            Err(trap) => return Some(Err(trap.to_string())),
        };
        let documents = self.documents();
        let input = self.input(&documents);
        if let View::Fault(id) = self.machine.view(self.program(), &input, value) {
            return Some(Err(self.words(&input).text(id)));
        }
        let member = |key: &str| self.machine.member(&documents, value, key);
        let text = |key: &str| match member(key).map(|v| self.machine.view(self.program(), &input, v)) {
            Some(View::Str(s)) => s.to_owned(),
            _ => String::new(),
        };
        let policy = self.set.policies.get(self.info.policy)?;
        let labels = member("selector").map(|value| {
            let mut out = String::new();
            self.machine.json(self.program(), &input, value, &mut out);
            out
        });
        self.around.host.targets(&TargetSelector {
            api_version: text("apiVersion"),
            kind: text("kind"),
            // Kyverno: pkg/engine/handlers/mutation/load_targets.go, a policy in a namespace stays there.
            namespace: policy.namespace.clone().unwrap_or_else(|| text("namespace")),
            name: text("name"),
            labels,
        })
    }

    fn mutate_other(&mut self, unit: UnitId, doc: &'r Document<'r>, tell: Tell<'_>) {
        let Some(change) = self.change.as_mut() else { return };
        change.turn_to(doc);
        let number = match version(change.see(doc)) {
            Ok(number) => number,
            Err(kind) => return tell(self.broken(&kind), None),
        };
        self.machine.set_root_for_run(Root::Target, doc.root().map(|node| Val::Node(number, node)));
        match self.unit(unit, true) {
            Ok(outcome) => {
                if let Some((told, patched)) = self.changed(outcome) {
                    tell(told, patched);
                }
            }
            Err(trap) => tell(self.broken(&trap), None),
        }
    }

    /// Whether a run ended with an error in the change of an object.
    fn is_lost(&self, outcome: Outcome) -> bool {
        let Outcome::Error(id) = outcome else { return false };
        matches!(self.machine.fault(self.program(), id), Some(FaultView::Site { site, .. }) if site.reason == Reason::Lost)
    }
}

/// What is said of an object that was changed.
fn mutated(doc: &Document<'_>) -> String {
    let at = |path: &[&str]| {
        let node = path.iter().try_fold(doc.root()?, |node, key| doc.get_str(node, key))?;
        doc.as_str(node)
    };
    let text = |path: &[&str]| at(path).unwrap_or_default();
    let (kind, name) = (text(&["kind"]), text(&["metadata", "name"]));
    match text(&["metadata", "namespace"]) {
        "" => ["mutated ", kind, "/", name].concat(),
        namespace => ["mutated ", kind, "/", name, " in namespace ", namespace].concat(),
    }
}
