//! The run loop: from a request to verdicts.

use super::dynamic::{self, Dynamic};
use super::environment::environment;
use super::message::{self, Own, Words};
use super::request::{Operation, Request};
use super::set::{CheckKind, PolicySet, RuleInfo, RuleOverride};
use crate::lower::pattern::scalar_pattern;
use crate::policy::classic::Action;
use kyvc_vm::document::{Buffers, Document, JsonOptions, Kind, Layout, NodeId, Place, read_json};
use kyvc_vm::ids::{FaultId, UnitId};
use kyvc_vm::machine::{FaultView, Input, Machine, View};
use kyvc_vm::scalar::Glob;
use kyvc_vm::selector::{Labels, ResourceKind};
use kyvc_vm::value::{DocId, Val};
use kyvc_vm::verdict::{Fact, Need, Outcome, Root, Step, Trap};
use std::sync::LazyLock;

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// It holds
    Pass,
    /// It is violated
    Fail,
    /// It is violated and only warns
    Warn,
    /// It could not be decided
    Error,
    /// It does not apply
    Skip,
}

impl Status {
    /// The status as reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::Warn => "warn",
            Status::Error => "error",
            Status::Skip => "skip",
        }
    }
}

/// What one rule says of a request.
#[derive(Clone, Debug)]
pub struct Verdict<'s> {
    /// The rule's number in its set
    pub rule: usize,
    /// What it is
    pub info: &'s RuleInfo,
    /// What became of it
    pub status: Status,
    /// Which alternative holds, where there are several
    alternative: Option<u32>,
    /// Made only where the rule does not hold
    text: String,
    /// Where in the manifest the value is that a failure is about; unknown where the manifest was read without places
    pub place: Place,
}

impl Verdict<'_> {
    /// Kyverno's message. That of a rule that holds is made here, so that a pass costs no text.
    pub fn message(&self) -> String {
        match self.status {
            Status::Pass => message::pass(&self.info.name, self.alternative, &self.info.message),
            _ => self.text.clone(),
        }
    }
}

/// A machine with what it needs between requests. One for each thread.
#[derive(Debug)]
pub struct Engine {
    machine: Machine,
}

impl Default for Engine {
    fn default() -> Self {
        let mut machine = Machine::default();
        machine.set_environment(environment());
        Self { machine }
    }
}

/// The layout of documents that the engine makes itself.
static EVERYTHING: LazyLock<Layout> = LazyLock::new(Layout::everything);

/// The documents of a run: the object, the namespace's labels, and the rest of the request.
pub(super) const OBJECT: DocId = DocId(0);
const NAMESPACE_LABELS: DocId = DocId(1);
pub(super) const REQUEST: DocId = DocId(2);

impl Engine {
    /// Asks every rule that may be about the request, in the order of the set, and passes each verdict on.
    ///
    /// Rules that do not match give no verdict. A trap, which is a limit or a bug of ours, becomes an error verdict of
    /// its rule.
    pub fn check<'s>(&mut self, set: &'s PolicySet, request: &Request<'_>, mut each: impl FnMut(Verdict<'s>)) {
        let Some(root) = request.object.root() else { return };
        let kind = resource_kind(set, request);
        let text = set.reads_request.then(|| request_json(set, request));
        let rest = text.as_deref().and_then(request_document);
        self.ready(set, request, rest.as_ref());
        let around = Around { kind, root, rest: rest.as_ref() };
        let mut ended = None;
        for &number in set.index.rules(kind.kind) {
            let Some(info) = set.rules.get(number as usize) else { continue };
            if ended == Some(info.policy) {
                continue;
            }
            let Some(mut verdict) = self.rule(set, number as usize, info, request, around) else { continue };
            if verdict.status == Status::Fail && request.operation == Operation::Update && set.tolerates(info) {
                if self.old_fails(set, number as usize, info, request) {
                    verdict.status = Status::Skip;
                    verdict.text = "skipping the rule evaluation as pre-existing violations are allowed".to_owned();
                }
                self.ready(set, request, rest.as_ref());
            }
            let one = set.policies.get(info.policy).is_some_and(|p| p.apply_one);
            if one && matches!(verdict.status, Status::Pass | Status::Fail) {
                ended = Some(info.policy);
            }
            each(verdict);
        }
    }

    /// Tells the machine what a request is about.
    fn ready(&mut self, set: &PolicySet, request: &Request<'_>, rest: Option<&Document<'_>>) {
        self.facts(set, request);
        if let Some(node) = rest.and_then(Document::root) {
            self.machine.set_root(Root::Request, Some(Val::Node(REQUEST, node)));
        }
    }

    /// Whether a rule fails for the old object as if that were created now. The machine then is ready for that request.
    fn old_fails(&mut self, set: &PolicySet, number: usize, info: &RuleInfo, request: &Request<'_>) -> bool {
        let Some(root) = request.object.root() else { return false };
        let request = Request { operation: Operation::Create, ..*request };
        let text = set.reads_request.then(|| request_json(set, &request));
        let rest = text.as_deref().and_then(request_document);
        self.ready(set, &request, rest.as_ref());
        let around = Around { kind: resource_kind(set, &request), root, rest: rest.as_ref() };
        self.rule(set, number, info, &request, around).is_some_and(|v| v.status == Status::Fail)
    }

    fn facts(&mut self, set: &PolicySet, request: &Request<'_>) {
        let m = &mut self.machine;
        m.begin();
        let doc = request.object;
        let at = |path| doc.slot(path).map_or(Val::Absent, |n| Val::Node(OBJECT, n));
        let text = |path| doc.slot(path).and_then(|n| doc.as_str(n)).unwrap_or("");
        let paths = &set.paths;
        let name = if text(paths.name).is_empty() { at(paths.generate_name) } else { at(paths.name) };
        let string = |m: &mut Machine, v: Val, s: &str| if s.is_empty() { m.text("") } else { v };
        let own = string(m, at(paths.namespace), text(paths.namespace));
        let kind = string(m, at(paths.kind), text(paths.kind));
        let named = if text(paths.name).is_empty() { text(paths.generate_name) } else { text(paths.name) };
        let name = string(m, name, named);
        let namespace = if text(paths.kind) == "Namespace" { string(m, at(paths.name), text(paths.name)) } else { own };
        m.set_fact(Fact::Name, name);
        m.set_fact(Fact::Namespace, namespace);
        m.set_fact(Fact::OwnNamespace, own);
        m.set_fact(Fact::Kind, kind);
        m.set_fact(Fact::Labels, at(paths.labels));
        m.set_fact(Fact::Annotations, at(paths.annotations));
        let operation = m.text(request.operation.name());
        m.set_fact(Fact::Operation, operation);
        m.set_fact(Fact::UserKnown, Val::Bool(request.user.is_some()));
        if let Some(user) = request.user {
            let name = m.text(&user.name);
            m.set_fact(Fact::Username, name);
            for (fact, list) in
                [(Fact::Groups, &user.groups), (Fact::Roles, &user.roles), (Fact::ClusterRoles, &user.cluster_roles)]
            {
                let list = m.texts(list.iter().map(String::as_str));
                m.set_fact(fact, list);
            }
        }
        if let Some(node) = request.namespace_labels.and_then(Document::root) {
            m.set_fact(Fact::NamespaceLabels, Val::Node(NAMESPACE_LABELS, node));
        }
        // Kyverno rewrites `request.object` to `request.oldObject` in every variable of a deletion; and its CLI takes
        // the object for its own old one in an update.
        let old = doc.root().filter(|_| matches!(request.operation, Operation::Delete | Operation::Update));
        m.set_root(Root::Object, doc.root().map(|n| Val::Node(OBJECT, n)));
        m.set_root(Root::OldObject, old.map(|n| Val::Node(OBJECT, n)));
        m.ready();
    }

    fn rule<'s>(
        &mut self,
        set: &'s PolicySet,
        number: usize,
        info: &'s RuleInfo,
        request: &Request<'_>,
        around: Around<'_>,
    ) -> Option<Verdict<'s>> {
        let mut run = Run { machine: &mut self.machine, set, request, around };
        let outcome = match run.unit(info.code.check, false) {
            Ok(outcome) => outcome,
            Err(trap) => {
                let text = format!("rule {}: {trap}", info.name);
                return Some(verdict(number, info, Status::Error, text, Place::default()));
            }
        };
        match outcome {
            Outcome::None | Outcome::Value(_) => None,
            // Kyverno: patterns say nothing of an object that goes.
            _ if request.operation == Operation::Delete && info.check != CheckKind::Deny => None,
            Outcome::Pass(n) => Some(Verdict {
                rule: number,
                info,
                status: Status::Pass,
                alternative: (info.check == CheckKind::AnyPattern).then_some(n),
                text: String::new(),
                place: Place::default(),
            }),
            Outcome::Skip(id) | Outcome::Fail(id) | Outcome::Error(id) => {
                let own = run.own_message(info);
                let (status, text, place) = run.explain(info, outcome, id, &own)?;
                Some(verdict(number, info, status, text, place))
            }
        }
    }
}

fn verdict(number: usize, info: &RuleInfo, status: Status, text: String, place: Place) -> Verdict<'_> {
    Verdict { rule: number, info, status, alternative: None, text, place }
}

/// What the engine finds out about a request.
#[derive(Clone, Copy)]
struct Around<'e> {
    kind: ResourceKind<'e>,
    root: NodeId,
    /// `request` without the objects, where a rule of the set reads it
    rest: Option<&'e Document<'e>>,
}

/// One unit's run over one request.
struct Run<'e, 'r> {
    machine: &'e mut Machine,
    set: &'e PolicySet,
    request: &'e Request<'r>,
    around: Around<'e>,
}

impl Run<'_, '_> {
    /// Runs a unit to its end, answering what it asks for.
    fn unit(&mut self, unit: UnitId, after: bool) -> Result<Outcome, Trap> {
        let program = &self.set.program;
        let documents = documents(self.request, self.around.rest);
        let input = Input { documents: &documents, kind: self.around.kind, root: self.around.root };
        let first =
            if after { self.machine.run_after(program, unit, &input) } else { self.machine.run(program, unit, &input) };
        match first? {
            Step::Done(outcome) => Ok(outcome),
            Step::Need(need) => self.answer(need),
        }
    }

    /// The slow road of a run that waits for something.
    fn answer(&mut self, mut need: Need) -> Result<Outcome, Trap> {
        loop {
            let program = &self.set.program;
            let documents = documents(self.request, self.around.rest);
            let input = Input { documents: &documents, kind: self.around.kind, root: self.around.root };
            match need {
                Need::Root(root) => self.machine.set_root(root, None),
                Need::Text(value) => {
                    let text = match self.machine.view(program, &input, value) {
                        View::Str(s) => s.to_owned(),
                        _ => String::new(),
                    };
                    self.evaluate(&text, &input)?;
                }
                Need::Pattern(value) => {
                    let text = match self.machine.view(program, &input, value) {
                        View::Str(s) => s.to_owned(),
                        _ => String::new(),
                    };
                    self.machine.set_pattern(&text, scalar_pattern(&text));
                }
            }
            match self.machine.resume(program, &input)? {
                Step::Done(outcome) => return Ok(outcome),
                Step::Need(next) => need = next,
            }
        }
    }

    /// Evaluates the variables of a text that was only known now: it is compiled like any other and run beside.
    fn evaluate(&mut self, text: &str, input: &Input<'_>) -> Result<(), Trap> {
        let result = dynamic::evaluate(text, input, self.around.rest, self.request.operation);
        let value = match result {
            Ok(Dynamic::Node(value)) => Ok(value),
            Ok(Dynamic::Json(json)) => self.machine.import_json(&json, false).ok_or("invalid value"),
            Err(ref text) => Err(text.as_str()),
        };
        let pc = kyvc_vm::ids::Pc::from_number(0);
        self.machine.set_answer(value).map_err(|kind| Trap { kind, pc })
    }

    fn own_message(&mut self, info: &RuleInfo) -> Own {
        let Some(unit) = info.code.message else { return Own::None };
        match self.unit(unit, true) {
            Ok(Outcome::Value(value)) => {
                let documents = documents(self.request, self.around.rest);
                let input = Input { documents: &documents, kind: self.around.kind, root: self.around.root };
                match self.machine.view(&self.set.program, &input, value) {
                    View::Fault(_) => Own::Unresolved,
                    View::Str(s) => Own::Text(s.to_owned()),
                    _ => {
                        let mut out = String::new();
                        self.machine.json(&self.set.program, &input, value, &mut out);
                        Own::Text(out)
                    }
                }
            }
            _ => Own::Unresolved,
        }
    }

    fn explain(&self, info: &RuleInfo, outcome: Outcome, fault: FaultId, own: &Own) -> Option<(Status, String, Place)> {
        let documents = documents(self.request, self.around.rest);
        let input = Input { documents: &documents, kind: self.around.kind, root: self.around.root };
        let words = Words { machine: self.machine, program: &self.set.program, input: &input, rule: &info.name };
        let (status, text) = words.outcome(outcome, info.check, own)?;
        Some((status, text, self.place(fault)))
    }

    /// Where the value is that the first site of a fault is about.
    fn place(&self, fault: FaultId) -> Place {
        let doc = self.request.object;
        let mut at = fault;
        loop {
            match self.machine.fault(&self.set.program, at) {
                Some(FaultView::Missed { cause, .. }) => at = cause,
                Some(FaultView::Both(first, _)) => at = first,
                Some(FaultView::Site { value: Val::Fault(cause), .. }) => at = cause,
                Some(FaultView::Site { site, moved, .. }) => {
                    let node = self.machine.node_near(doc, self.around.root, site, moved);
                    return if doc.kind(node) == Kind::Map { doc.key_place(node) } else { doc.place(node) };
                }
                Some(FaultView::UnknownKey(_) | FaultView::Failed(_)) | None => return Place::default(),
            }
        }
    }
}

/// `request`, without the objects.
fn request_json(set: &PolicySet, request: &Request<'_>) -> String {
    let doc = request.object;
    let namespace = doc.slot(set.paths.namespace).and_then(|n| doc.as_str(n)).unwrap_or("");
    let mut json = serde_json::json!({
        "operation": request.operation.name(),
        "namespace": namespace,
    });
    if let (Some(user), Some(map)) = (request.user, json.as_object_mut()) {
        map.insert("roles".into(), user.roles.clone().into());
        map.insert("clusterRoles".into(), user.cluster_roles.clone().into());
        map.insert("userInfo".into(), serde_json::json!({"username": user.name, "groups": user.groups}));
    }
    json.to_string()
}

/// The documents of a run; the object stands in for those that are not there.
fn request_document(json: &str) -> Option<Document<'_>> {
    read_json(json, &EVERYTHING, Buffers::default(), JsonOptions::default()).ok()
}

fn documents<'d>(request: &Request<'d>, rest: Option<&'d Document<'d>>) -> [&'d Document<'d>; 3] {
    let object = request.object;
    [object, request.namespace_labels.unwrap_or(object), rest.unwrap_or(object)]
}

/// What a request is about.
fn resource_kind<'r>(set: &PolicySet, request: &Request<'r>) -> ResourceKind<'r> {
    let doc = request.object;
    let text = |path| doc.slot(path).and_then(|n| doc.as_str(n)).unwrap_or("");
    let kind = ResourceKind::of(text(set.paths.api_version), text(set.paths.kind));
    ResourceKind { subresource: request.subresource, ..kind }
}

impl PolicySet {
    /// What becomes of a rule's violation in a namespace, overrides included.
    pub fn action(&self, rule: usize, namespace: &str, labels: Option<&Document<'_>>) -> Action {
        let Some(info) = self.rules.get(rule) else { return Action::Audit };
        let Some(policy) = self.policies.get(info.policy) else { return Action::Audit };
        matching(&info.overrides, namespace, labels)
            .or(info.action)
            .or_else(|| matching(&policy.overrides, namespace, labels))
            .unwrap_or(policy.action)
    }

    /// Whether a rule lets an update pass that violates it as the old object did.
    fn tolerates(&self, info: &RuleInfo) -> bool {
        let policy = || self.policies.get(info.policy).map_or(Action::Audit, |p| p.action);
        info.allow_existing && info.action.unwrap_or_else(policy) == Action::Enforce
    }
}

fn matching(overrides: &[RuleOverride], namespace: &str, labels: Option<&Document<'_>>) -> Option<Action> {
    let hit = |o: &&RuleOverride| {
        let named = o.namespaces.is_empty() || o.namespaces.iter().any(|n| Glob::new(n).matches(namespace));
        named && o.selector.as_ref().is_none_or(|s| s.matches(&NamespaceLabels(labels)))
    };
    overrides.iter().find(hit).map(|o| o.action)
}

struct NamespaceLabels<'d>(Option<&'d Document<'d>>);

impl Labels for NamespaceLabels<'_> {
    fn label(&self, key: &str) -> Option<&str> {
        let doc = self.0?;
        doc.get_str(doc.root()?, key).and_then(|n| doc.as_str(n))
    }

    fn any(&self, f: &mut dyn FnMut(&str, &str) -> bool) -> bool {
        let Some((doc, root)) = self.0.and_then(|d| Some((d, d.root()?))) else { return false };
        doc.entries(root).any(|(k, n)| f(doc.key_text(k), doc.str(n)))
    }
}
