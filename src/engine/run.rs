//! The run loop: from a request to verdicts.

use super::dynamic::Cache;
use super::environment::environment;
use super::generate::Wanted;
use super::host::{Host, NoHost};
use super::index::Topic;
use super::message::{self, Own, Words, path_of};
use super::request::{Operation, Request, User};
use super::set::{CheckKind, PolicySet, RuleInfo};
use super::standard::{Pods, Violated};
use super::trace::RuleTrace;
use super::uses::{Again, JUDGE};
use super::versions::Changing;
use kyvc_vm::document::{Buffers, Document, JsonOptions, Kind, Layout, NodeId, Place, read_json};
use kyvc_vm::ids::{FaultId, UnitId};
use kyvc_vm::machine::{Budget, FaultView, Input, Machine, View};
use kyvc_vm::pod_security::Facts;
use kyvc_vm::program::Program;
use kyvc_vm::selector::ResourceKind;
use kyvc_vm::value::{DocId, Val};
use kyvc_vm::verdict::{Fact, Outcome, Root, Step, Trap, TrapKind};
use smallvec::SmallVec;
use std::sync::LazyLock;
use std::time::Instant;

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
    pub(super) alternative: Option<u32>,
    /// Made only where the rule does not hold
    pub(super) text: String,
    /// The policy exceptions that it does not apply because of
    pub exceptions: Vec<String>,
    /// Where in the manifest the value is that a failure is about; unknown where the manifest was read without places
    pub place: Place,
    /// What is violated of a Pod Security Standard
    pub standard: Option<Box<Violated>>,
    /// `reportProperties`, as far as its variables were looked at
    pub properties: Vec<(String, String)>,
}

impl Verdict<'_> {
    /// Kyverno's message. That of a rule that holds is made here, so that a pass costs no text.
    pub fn message(&self) -> String {
        match self.status {
            Status::Pass if self.info.says_own_pass() => {
                message::pass(&self.info.name, self.info.check, self.alternative, &self.info.message)
            }
            _ => self.text.clone(),
        }
    }
}

/// A machine with what it needs between requests. One for each thread.
#[derive(Debug)]
pub struct Engine {
    machine: Machine,
    /// Programs that were made while rules ran.
    cache: Cache,
    /// Machines for these.
    spare: Vec<Machine>,
    /// The memory for what is known of a pod, in a box, as it is passed on for each request.
    facts: Option<Box<Facts>>,
    /// What rules did, where somebody wants to know.
    traces: Vec<RuleTrace>,
}

impl Default for Engine {
    fn default() -> Self {
        Self::with_budget(Budget::default())
    }
}

/// The layout of documents that the engine makes itself.
pub(super) static EVERYTHING: LazyLock<Layout> = LazyLock::new(Layout::everything);

/// A user that no rule means.
static NOBODY: LazyLock<User> = LazyLock::new(|| User {
    name: "kyverno:kyverno-invalid-controller".to_owned(),
    groups: vec!["kyverno:invalidgroup".to_owned()],
    roles: vec!["kyverno:invalidrole".to_owned()],
    cluster_roles: vec!["kyverno:invalidrole".to_owned()],
    ..User::default()
});

/// The documents of a run: the object, the namespace's labels, the rest of the request, the old object, and versions of
/// an object that changes.
pub(super) const OBJECT: DocId = DocId(0);
const NAMESPACE_LABELS: DocId = DocId(1);
const REQUEST: DocId = DocId(2);
const OLD: DocId = DocId(3);

const VERSIONS: usize = 4;

/// The number of a version among the documents of a run.
pub(super) fn version(number: usize) -> Result<DocId, TrapKind> {
    u16::try_from(VERSIONS + number).ok().filter(|n| *n < u16::MAX).map(DocId).ok_or(TrapKind::Memory)
}

/// The documents of a run, by their numbers.
pub(super) type Documents<'d> = SmallVec<[&'d Document<'d>; 6]>;

impl Engine {
    /// An engine in which no rule may cost more than a budget.
    pub fn with_budget(budget: Budget) -> Self {
        let mut machine = Machine::new(budget);
        machine.set_environment(environment());
        Self { machine, cache: Cache::default(), spare: Vec::new(), facts: None, traces: Vec::new() }
    }

    /// Asks every rule that may be about the request, in the order of the set, and passes each verdict on.
    ///
    /// Rules that do not match give no verdict. A trap, which is a limit or a bug of ours, becomes an error verdict of
    /// its rule.
    pub fn check<'s>(&mut self, set: &'s PolicySet, request: &Request<'_>, each: impl FnMut(Verdict<'s>)) {
        self.check_with(set, request, &NoHost, |_| true, each);
    }

    /// As [`check`](Self::check), with a host that answers what rules ask for, and only for some policies, by number.
    pub fn check_with<'s>(
        &mut self,
        set: &'s PolicySet,
        request: &Request<'_>,
        host: &dyn Host,
        asked: impl Fn(usize) -> bool,
        each: impl FnMut(Verdict<'s>),
    ) {
        let topic = set.topic(request);
        match Again::of(request, &topic, JUDGE) {
            None => self.check_read(set, request, &topic, host, asked, each),
            Some(again) => self.check_read(set, &again.request(request), &topic, host, asked, each),
        }
    }

    fn check_read<'s>(
        &mut self,
        set: &'s PolicySet,
        request: &Request<'_>,
        topic: &Topic<'_>,
        host: &dyn Host,
        asked: impl Fn(usize) -> bool,
        mut each: impl FnMut(Verdict<'s>),
    ) {
        let Some(root) = request.object.root() else { return };
        let kind = topic.kind;
        let text = set.reads_of(request.object).request.then(|| request_json(set, request));
        let rest = text.as_deref().and_then(request_document);
        self.set_offers(host);
        self.ready(set, request, topic, rest.as_ref());
        let around = Around { kind, root, rest: rest.as_ref(), images_of: request.object, host };
        let mut facts = self.facts.take().unwrap_or_default();
        let mut pods = Pods::new(set, request, &mut facts);
        let (mut ended, mut policy) = (None, None);
        let documents = documents(request, rest.as_ref());
        let input = Input { documents: &documents, kind, root };
        // Who wants to know what rules did is told of those that ask for another name, too.
        let traced = self.machine.is_traced();
        let all = if traced { set.rules.as_slice() } else { &[] };
        let all = all.iter().enumerate().filter(|(_, r)| r.about.has_kind(kind.kind));
        let found = set.rules_about(topic).filter(|_| !traced);
        for (number, info) in all.chain(found) {
            if !info.judges() || ended == Some(info.policy) || !asked(info.policy) {
                continue;
            }
            // Kyverno has one context for all rules of a policy.
            if policy.replace(info.policy) != Some(info.policy) {
                self.machine.begin_context();
            }
            let one = |set: &PolicySet| set.policies.get(info.policy).is_some_and(|p| p.apply_one);
            let verdict = match self.begin_rule(set, info, request, host, &input) {
                Begun::Nothing => None,
                Begun::Holds(alternative) => {
                    if one(set) {
                        ended = Some(info.policy);
                    }
                    each(passed(number, info, alternative));
                    continue;
                }
                Begun::Open(first) => self.rule(set, number, info, request, around, &mut pods, first),
            };
            let Some(mut verdict) = verdict else { continue };
            if verdict.status == Status::Fail && request.operation == Operation::Update && set.tolerates(info) {
                if self.old_fails(set, number, info, request, host) {
                    verdict.status = Status::Skip;
                    verdict.text = "skipping the rule evaluation as pre-existing violations are allowed".to_owned();
                }
                self.ready(set, request, topic, rest.as_ref());
            }
            if one(set) && matches!(verdict.status, Status::Pass | Status::Fail) {
                ended = Some(info.policy);
            }
            each(verdict);
        }
        drop(pods);
        self.facts = Some(facts);
    }

    /// Limits what the context entries of a policy may have together, in bytes of JSON; 0 for no limit.
    ///
    /// Kyverno: its command line has no limit, its controllers have `maxContextSize` of their configuration, or 2Mi.
    pub fn limit_context(&mut self, bytes: usize) {
        self.machine.limit_context(bytes);
    }

    /// Ends rules that are not decided by a time: they become errors. Those after them that cost next to nothing are
    /// decided all the same.
    pub fn set_deadline(&mut self, until: Option<Instant>) {
        self.machine.set_deadline(until);
    }

    /// What a run needs of the engine.
    pub(super) fn parts(&mut self) -> Parts<'_> {
        (&mut self.machine, &mut self.cache, &mut self.spare, &mut self.traces)
    }

    /// What rules did since this was called last; nothing where they are not [traced](Self::set_traced).
    pub fn take_traces(&mut self) -> Vec<RuleTrace> {
        std::mem::take(&mut self.traces)
    }

    pub(super) fn set_offers(&mut self, host: &dyn Host) {
        self.machine.set_offers(host.offers());
    }

    /// Tells the machine what a request is about.
    pub(super) fn ready(
        &mut self,
        set: &PolicySet,
        request: &Request<'_>,
        topic: &Topic<'_>,
        rest: Option<&Document<'_>>,
    ) {
        self.facts(set, request, topic);
        if let Some(node) = rest.and_then(Document::root) {
            self.machine.set_root(Root::Request, Some(Val::Node(REQUEST, node)));
        }
    }

    /// Whether a rule fails for the old object as if that were created now. The machine then is ready for that request.
    fn old_fails(
        &mut self,
        set: &PolicySet,
        number: usize,
        info: &RuleInfo,
        request: &Request<'_>,
        host: &dyn Host,
    ) -> bool {
        let object = request.old.unwrap_or(request.object);
        let Some(root) = object.root() else { return false };
        let request = Request { object, old: None, operation: Operation::Create, ..*request };
        let text = request.rest.map(created);
        let request = Request { rest: text.as_deref(), ..request };
        let text = set.reads_of(object).request.then(|| request_json(set, &request));
        let rest = text.as_deref().and_then(request_document);
        // Kyverno: pkg/engine/handlers/validation/utils.go, the old object was another user's: it is matched as nobody's,
        // while variables see the user of now.
        let request = Request { user: Some(&NOBODY), subresource: "", ..request };
        let topic = set.topic(&request);
        self.ready(set, &request, &topic, rest.as_ref());
        let around = Around { kind: topic.kind, root, rest: rest.as_ref(), images_of: object, host };
        let mut facts = Facts::default();
        let mut pods = Pods::new(set, &request, &mut facts);
        self.rule(set, number, info, &request, around, &mut pods, None).is_some_and(|v| v.status == Status::Fail)
    }

    fn facts(&mut self, set: &PolicySet, request: &Request<'_>, topic: &Topic<'_>) {
        let m = &mut self.machine;
        m.begin();
        let doc = request.object;
        let at = |path| doc.slot(path).map_or(Val::Absent, |n| Val::Node(OBJECT, n));
        let paths = &set.paths;
        let nothing = m.text("");
        let string = |path, text: &str| if text.is_empty() { nothing } else { at(path) };
        let own = string(paths.namespace, topic.own_namespace);
        let kind = string(paths.kind, topic.own_kind);
        let name = string(if topic.generated { paths.generate_name } else { paths.name }, topic.object.name);
        let is_namespace = topic.own_kind == "Namespace";
        let namespace = if is_namespace { string(paths.name, topic.object.namespace) } else { own };
        m.set_fact(Fact::Name, name);
        m.set_fact(Fact::Namespace, namespace);
        m.set_fact(Fact::OwnNamespace, own);
        m.set_fact(Fact::Kind, kind);
        m.set_fact(Fact::Labels, at(paths.labels));
        m.set_fact(Fact::Annotations, at(paths.annotations));
        let operation = m.text(topic.operation);
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
        m.set_root(Root::Object, doc.root().map(|n| Val::Node(OBJECT, n)));
        m.set_root(Root::OldObject, old_object(request));
        m.ready();
    }

    /// Runs the code of a rule as far as it goes by itself. Most rules hold or are about something else, and then that is
    /// all there is to do.
    #[inline]
    fn begin_rule(
        &mut self,
        set: &PolicySet,
        info: &RuleInfo,
        request: &Request<'_>,
        host: &dyn Host,
        input: &Input<'_>,
    ) -> Begun {
        if self.machine.is_traced() || !info.says_what_code_says() {
            return Begun::Open(None);
        }
        match self.machine.run(&set.program, info.code.check, input) {
            Ok(Step::Done(Outcome::None)) => Begun::Nothing,
            Ok(Step::Done(Outcome::Pass(n))) if request.operation != Operation::Delete => {
                let policy = set.policies.get(info.policy).map_or("", |p| &p.name);
                match host.stops(policy, &info.name) {
                    None => Begun::Holds(n),
                    Some(_) => Begun::Open(Some(Ok(Step::Done(Outcome::Pass(n))))),
                }
            }
            step => Begun::Open(Some(step)),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a rule is asked about, and what is known of that")]
    fn rule<'s>(
        &mut self,
        set: &'s PolicySet,
        number: usize,
        info: &'s RuleInfo,
        request: &Request<'_>,
        around: Around<'_>,
        pods: &mut Pods<'_>,
        first: Option<Result<Step, Trap>>,
    ) -> Option<Verdict<'s>> {
        let Self { machine, cache, spare, traces, .. } = self;
        let mut run = Run { machine, cache, spare, traces, set, info, request, around, change: None, told: Vec::new() };
        run.begin_trace(number);
        let verdict = run.verdict(number, info, pods, first)?;
        Some(Verdict { properties: run.properties(), ..verdict })
    }
}

pub(super) fn verdict(number: usize, info: &RuleInfo, status: Status, text: String, place: Place) -> Verdict<'_> {
    Verdict {
        rule: number,
        info,
        status,
        alternative: None,
        text,
        exceptions: Vec::new(),
        place,
        standard: None,
        properties: Vec::new(),
    }
}

/// The verdict that a rule holds.
pub(super) fn passed(number: usize, info: &RuleInfo, alternative: u32) -> Verdict<'_> {
    let alternative = (info.check == CheckKind::AnyPattern).then_some(alternative);
    Verdict { alternative, ..verdict(number, info, Status::Pass, String::new(), Place::default()) }
}

/// How the run of a rule began.
enum Begun {
    /// The rule has nothing to say
    Nothing,
    /// It holds, by one of its alternatives
    Holds(u32),
    /// There is more to do: after this step, or from the start
    Open(Option<Result<Step, Trap>>),
}

/// The old object of a request. Kyverno rewrites `request.object` to `request.oldObject` in every variable of a deletion;
/// and its CLI takes the object for its own old one in an update.
fn old_object(request: &Request<'_>) -> Option<Val> {
    if !matches!(request.operation, Operation::Delete | Operation::Update) {
        return None;
    }
    let (doc, number) = request.old.map_or((request.object, OBJECT), |old| (old, OLD));
    doc.root().map(|n| Val::Node(number, n))
}

/// What the engine finds out about a request.
#[derive(Clone, Copy)]
pub(super) struct Around<'e> {
    pub(super) kind: ResourceKind<'e>,
    pub(super) root: NodeId,
    /// `request` without the objects, where a rule of the set reads it
    pub(super) rest: Option<&'e Document<'e>>,
    /// The object whose images `images` has
    pub(super) images_of: &'e Document<'e>,
    pub(super) host: &'e dyn Host,
}

/// What a run needs of the engine.
pub(super) type Parts<'e> = (&'e mut Machine, &'e mut Cache, &'e mut Vec<Machine>, &'e mut Vec<RuleTrace>);

/// One rule's run over one request.
pub(super) struct Run<'e, 'r> {
    pub(super) machine: &'e mut Machine,
    pub(super) cache: &'e mut Cache,
    pub(super) spare: &'e mut Vec<Machine>,
    /// Where it is told what the rule did, if the machine is traced
    pub(super) traces: &'e mut Vec<RuleTrace>,
    pub(super) set: &'e PolicySet,
    pub(super) info: &'e RuleInfo,
    pub(super) request: &'e Request<'r>,
    pub(super) around: Around<'e>,
    /// The object that the rule changes
    pub(super) change: Option<Changing<'r>>,
    /// What its code has handed over
    pub(super) told: Vec<Wanted>,
}

/// The documents of a run about a request, without versions of an object that changes.
fn documents<'d>(request: &Request<'d>, rest: Option<&'d Document<'d>>) -> Documents<'d> {
    let Request { object, old, namespace_labels, .. } = *request;
    let rest = rest.unwrap_or(object);
    SmallVec::from_slice(&[object, namespace_labels.unwrap_or(object), rest, old.unwrap_or(object)])
}

impl<'e, 'r: 'e> Run<'e, 'r> {
    pub(super) fn program(&self) -> &'e Program {
        &self.set.program
    }

    pub(super) fn documents(&self) -> Documents<'e> {
        let mut documents = documents(self.request, self.around.rest);
        documents.extend(self.change.iter().flat_map(|c| c.seen().iter().copied()));
        documents
    }

    pub(super) fn input<'d>(&self, documents: &'d [&'d Document<'d>]) -> Input<'d>
    where
        'e: 'd,
    {
        Input { documents, kind: self.around.kind, root: self.around.root }
    }

    pub(super) fn policy_name(&self) -> &'e str {
        self.set.policies.get(self.info.policy).map_or("", |p| &p.name)
    }

    pub(super) fn old_object(&self) -> Option<Val> {
        old_object(self.request)
    }

    pub(super) fn request_text(&self) -> Option<String> {
        Some(request_json(self.set, self.request))
    }

    pub(super) fn words<'w>(&'w self, input: &'w Input<'w>) -> Words<'w> {
        Words {
            machine: self.machine,
            program: self.program(),
            input,
            rule: &self.info.name,
            deletes: self.request.operation == Operation::Delete,
        }
    }

    /// Why the host cannot load the context of a rule that matches, as the rule says it.
    pub(super) fn stopped(&self, outcome: Outcome) -> Option<String> {
        let matches = !matches!(outcome, Outcome::None);
        matches
            .then(|| self.around.host.stops(self.policy_name(), &self.info.name))?
            .map(|why| message::no_context(&why))
    }

    /// Runs a unit to its end, answering what it asks for.
    pub(super) fn unit(&mut self, unit: UnitId, after: bool) -> Result<Outcome, Trap> {
        if !self.machine.is_traced() {
            return self.run_unit(unit, after);
        }
        let before = if after { self.machine.spent() } else { 0 };
        let outcome = self.run_unit(unit, after);
        self.trace(unit, &outcome, before);
        outcome
    }

    fn run_unit(&mut self, unit: UnitId, after: bool) -> Result<Outcome, Trap> {
        let documents = self.documents();
        let input = self.input(&documents);
        let program = self.program();
        let first =
            if after { self.machine.run_after(program, unit, &input) } else { self.machine.run(program, unit, &input) };
        self.after(first)
    }

    /// Goes on after the first step of a unit, to its end.
    pub(super) fn after(&mut self, step: Result<Step, Trap>) -> Result<Outcome, Trap> {
        match step? {
            Step::Done(outcome) => Ok(outcome),
            Step::Need(need) => self.answer(need),
        }
    }

    /// The rule's own message about an outcome; for a denial, what its conditions say is part of it.
    pub(super) fn own_message(&mut self, outcome: Outcome, id: FaultId) -> Own {
        let own = match self.info.code.message.map(|unit| self.unit(unit, true)) {
            None => Own::None,
            Some(Ok(Outcome::Value(value))) => self.message_of(value),
            Some(_) => Own::Unresolved,
        };
        let documents = self.documents();
        let input = self.input(&documents);
        let said = match outcome {
            Outcome::Fail(_) => self.words(&input).said(id, self.info.check).filter(|said| !said.is_empty()),
            _ => None,
        };
        let Some(said) = said else { return own };
        if said.contains("{{") {
            // Kyverno substitutes the rule's message and those of the conditions as one text.
            let whole = [self.info.message.as_str(), &said].into_iter().filter(|s| !s.is_empty());
            let whole = whole.collect::<Vec<_>>().join("; ");
            return match self.template(&whole, "", 0) {
                Ok(value) => self.message_of(value),
                Err(_) => Own::Unresolved,
            };
        }
        match own {
            Own::None => Own::Text(said),
            Own::Text(text) | Own::Other(text) => Own::Text(format!("{text}; {said}")),
            Own::Unresolved => Own::Unresolved,
        }
    }

    /// The names of the exceptions that are the reason of a skip.
    pub(super) fn exceptions(&self, outcome: Outcome) -> Vec<String> {
        let Outcome::Skip(id) = outcome else { return Vec::new() };
        let documents = self.documents();
        let input = self.input(&documents);
        self.words(&input).exceptions(id)
    }

    fn message_of(&self, value: Val) -> Own {
        let documents = self.documents();
        let input = self.input(&documents);
        match self.machine.view(self.program(), &input, value) {
            View::Fault(_) => Own::Unresolved,
            View::Str(s) => Own::Text(s.to_owned()),
            _ => {
                let mut out = String::new();
                self.machine.json(self.program(), &input, value, &mut out);
                Own::Other(out)
            }
        }
    }

    pub(super) fn explain(&self, outcome: Outcome, fault: FaultId, own: &Own) -> Option<(Status, String, Place)> {
        let documents = self.documents();
        let input = self.input(&documents);
        let (status, text) = self.words(&input).outcome(outcome, self.info.check, own)?;
        Some((status, text, self.place(fault)))
    }

    /// Where the value is that the first site of a fault is about.
    fn place(&self, fault: FaultId) -> Place {
        let doc = self.request.object;
        let (mut at, mut root) = (fault, self.around.root);
        loop {
            match self.machine.fault(self.program(), at) {
                Some(FaultView::Missed { cause, .. } | FaultView::Load(cause)) => at = cause,
                Some(FaultView::Both(first, _)) => at = first,
                Some(FaultView::Site { value: Val::Fault(cause), .. }) => {
                    if let Some(element) = self.element(at) {
                        root = element;
                    }
                    at = cause;
                }
                Some(FaultView::Site { site, moved, .. }) => {
                    return place_of(doc, self.machine.node_near(doc, root, path_of(site), moved));
                }
                // A pattern that is undecided or does not apply has no path.
                Some(FaultView::Elsewhere { path, .. }) if !path.is_empty() => {
                    return place_of(doc, near(doc, root, path));
                }
                Some(FaultView::UnknownKey(_) | FaultView::Failed(_) | FaultView::Elsewhere { .. }) | None => {
                    return Place::default();
                }
            }
        }
    }

    /// The element of the object that a loop ended with.
    fn element(&self, fault: FaultId) -> Option<NodeId> {
        let documents = self.documents();
        let input = self.input(&documents);
        self.words(&input).looped(fault)?;
        let element = self.machine.bound(self.program()).find(|(name, _)| *name == "element")?.1;
        match element {
            Val::Node(OBJECT, node) => Some(node),
            _ => None,
        }
    }
}

/// Where a value stands, or its key where it is a map.
fn place_of(doc: &Document<'_>, node: NodeId) -> Place {
    if doc.kind(node) == Kind::Map { doc.key_place(node) } else { doc.place(node) }
}

/// The node at a path of a message, or the last one on the way that exists. A key may have slashes of its own.
fn near(doc: &Document<'_>, root: NodeId, path: &str) -> NodeId {
    let (mut at, mut rest) = (root, path.trim_matches('/'));
    while !rest.is_empty() {
        let ends = rest.match_indices('/').map(|(end, _)| end).chain([rest.len()]);
        let mut found = ends.filter_map(|end| {
            let step = rest.get(..end)?;
            let node = match doc.kind(at) {
                Kind::List => doc.children(at).nth(step.parse().ok()?),
                _ => doc.get_str(at, step),
            };
            Some((node?, end))
        });
        let Some((node, end)) = found.next_back() else { break };
        at = node;
        rest = rest.get(end..).unwrap_or_default().trim_start_matches('/');
    }
    at
}

/// `request`, without the objects.
pub(super) fn request_json(set: &PolicySet, request: &Request<'_>) -> String {
    if let Some(text) = request.rest {
        return text.to_owned();
    }
    let doc = request.object;
    let namespace = doc.slot(set.paths.namespace).and_then(|n| doc.as_str(n)).unwrap_or("");
    let mut json = serde_json::json!({
        "operation": request.operation.name(),
        "namespace": namespace,
    });
    if let (Some(user), Some(map)) = (request.user, json.as_object_mut()) {
        map.extend(user.request_fields());
    }
    json.to_string()
}

/// `request` as that of a creation.
fn created(json: &str) -> String {
    let mut request: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    if let Some(map) = request.as_object_mut() {
        map.insert("operation".to_owned(), Operation::Create.name().into());
    }
    request.to_string()
}

pub(super) fn request_document(json: &str) -> Option<Document<'_>> {
    read_json(json, &EVERYTHING, Buffers::default(), JsonOptions::default()).ok()
}
