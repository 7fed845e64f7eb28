//! A compiled policy set: one program, and what is known of its policies and rules besides code.

use super::index::{About, Index, Topic};
use super::message;
use super::reads::Reads;
use super::request::Request;
use crate::codegen::CompiledRule;
use crate::ir::images::ImageRule;
use crate::policy::classic::Action;
use kyvc_vm::document::{self, Document, Identity, LayoutBuilder, PathId, Place, Segment, Uses};
use kyvc_vm::pod_security::{self, Exclusion, Schema};
use kyvc_vm::program::Program;
use kyvc_vm::selector::{LabelSelector, ResourceKind};

/// How bad a violation is, as the policy's annotation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// `info`
    Info,
    /// `low`
    Low,
    /// `medium`
    Medium,
    /// `high`
    High,
    /// `critical`
    Critical,
}

impl Severity {
    /// All, in the order of their encoding.
    pub const ALL: [Severity; 5] =
        [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    /// The severity as reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// Another action for some namespaces.
#[derive(Clone, Debug)]
pub struct RuleOverride {
    /// The action
    pub action: Action,
    /// Names with wildcards; all where there is none
    pub namespaces: Vec<String>,
    /// Labels of the namespace
    pub selector: Option<LabelSelector>,
}

/// What kind of policy it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum PolicyKind {
    /// `ClusterPolicy` or `Policy`
    #[default]
    Classic,
    /// `ClusterCleanupPolicy` or `CleanupPolicy`
    Cleanup,
}

impl PolicyKind {
    /// All, in the order of their encoding.
    pub const ALL: [PolicyKind; 2] = [PolicyKind::Classic, PolicyKind::Cleanup];
}

/// What is known of a policy.
#[derive(Clone, Debug, Default)]
pub struct PolicyInfo {
    /// What kind of policy it is
    pub kind: PolicyKind,
    /// Its name
    pub name: String,
    /// For a namespaced policy, its namespace
    pub namespace: Option<String>,
    /// `policies.kyverno.io/category`
    pub category: String,
    /// `policies.kyverno.io/severity`
    pub severity: Option<Severity>,
    /// Whether violations count as such; otherwise they are warnings
    pub scored: bool,
    /// Whether the first rule that applies ends the policy
    pub apply_one: bool,
    /// What becomes of violations
    pub action: Action,
    /// Other actions for some namespaces
    pub overrides: Vec<RuleOverride>,
    /// Whether audited violations become admission warnings
    pub emit_warning: bool,
    /// Whether requests pass where its rules cannot be decided
    pub ignore_failures: bool,
    /// Whether it is about admission requests
    pub admission: bool,
    /// Whether it is about existing resources
    pub background: bool,
    /// Whether only its own webhooks ask it, and not those of all policies. It is no part of the policy, and of no file
    pub own_webhook: bool,
    /// How many rules Kyverno counts, generated ones included
    pub rule_count: usize,
    /// Name of the source
    pub source: String,
    /// Where it starts in its source
    pub place: Place,
}

impl PolicyInfo {
    /// What ran its rules, as reports say it.
    ///
    /// Kyverno: pkg/utils/report/results.go, selectProcess; of cleanup policies nothing is said.
    pub fn process(&self) -> &'static str {
        match self.kind {
            PolicyKind::Classic if self.background => "background scan",
            PolicyKind::Classic if self.admission => "admission review",
            PolicyKind::Classic | PolicyKind::Cleanup => "",
        }
    }
}

/// What a rule checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum CheckKind {
    /// One pattern
    Pattern,
    /// Alternatives
    AnyPattern,
    /// Conditions that must not hold
    Deny,
    /// The elements of lists
    ForEach,
    /// Nothing; it changes objects
    Mutate,
    /// The Pod Security Standards
    PodSecurity,
    /// Nothing; it makes objects
    Generate,
    /// Nothing; it says which objects are to go
    Cleanup,
    /// The images of an object
    VerifyImages,
    /// The signatures of an object
    Manifests,
}

impl CheckKind {
    /// All, in the order of their encoding.
    pub const ALL: [CheckKind; 10] = [
        CheckKind::Pattern,
        CheckKind::AnyPattern,
        CheckKind::Deny,
        CheckKind::ForEach,
        CheckKind::Mutate,
        CheckKind::PodSecurity,
        CheckKind::Generate,
        CheckKind::Cleanup,
        CheckKind::VerifyImages,
        CheckKind::Manifests,
    ];
}

impl CheckKind {
    /// Whether a rule says of the object whether it is right, and not what is to be done.
    pub fn judges(self) -> bool {
        !matches!(self, CheckKind::Mutate | CheckKind::Generate | CheckKind::Cleanup)
    }
}

/// A Pod Security Standard, and what exceptions lift of it.
#[derive(Clone, Debug)]
pub(crate) struct Standard {
    pub(crate) rule: pod_security::Rule,
    /// By the keys of the exceptions
    pub(crate) exceptions: Vec<(String, Vec<Exclusion>)>,
}

/// What is known of a rule.
#[derive(Clone, Debug)]
pub struct RuleInfo {
    /// Its policy
    pub policy: usize,
    /// Its name
    pub name: String,
    /// The message as written, empty where there is none
    pub message: String,
    /// What it checks
    pub check: CheckKind,
    /// Its own action
    pub action: Option<Action>,
    /// Other actions for some namespaces
    pub overrides: Vec<RuleOverride>,
    /// Whether generated rules hide it, where it is not about one kind of objects that rules are asked for
    pub hidden: bool,
    /// Whether what it makes follows its source
    pub synchronize: bool,
    /// Whether an update may keep what the old object already violates
    pub allow_existing: bool,
    /// `reportProperties` as written
    pub properties: Vec<(String, String)>,
    /// The images that it is about
    pub(crate) images: Option<Box<ImageRule>>,
    /// Who has to have signed objects, as JSON
    pub(crate) manifests: Option<Box<str>>,
    /// The Pod Security Standard that it checks
    pub(crate) pod_security: Option<Box<Standard>>,
    /// What it can match
    pub(crate) about: About,
    /// What it looks at besides the object
    pub(crate) reads: Reads,
    /// Its code
    pub(crate) code: CompiledRule,
    /// Where it stands in the policy's source
    pub place: Place,
}

impl RuleInfo {
    /// Whether it is Kyverno's usual text that its objects are right.
    pub(crate) fn says_own_pass(&self) -> bool {
        self.check.judges() && !matches!(self.check, CheckKind::VerifyImages | CheckKind::Manifests)
    }

    /// Whether the outcome of its code is all that it says.
    #[inline]
    pub(crate) fn says_what_code_says(&self) -> bool {
        let Self { images, manifests, pod_security, properties, .. } = self;
        images.is_none() && manifests.is_none() && pod_security.is_none() && properties.is_empty()
    }

    /// Whether it says of objects whether they are right.
    pub(crate) fn judges(&self) -> bool {
        self.check.judges() && self.images.as_ref().is_none_or(|i| i.checks())
    }

    /// Whether it checks the object against patterns.
    pub(crate) fn is_pattern(&self) -> bool {
        matches!(self.check, CheckKind::Pattern | CheckKind::AnyPattern)
    }

    /// Kyverno's message where it holds and has no alternatives.
    pub fn passed(&self) -> String {
        message::pass(&self.name, self.check, None, &self.message)
    }
}

/// Paths that the engine itself reads of every object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paths {
    pub(crate) api_version: PathId,
    pub(crate) kind: PathId,
    pub(crate) name: PathId,
    pub(crate) generate_name: PathId,
    pub(crate) namespace: PathId,
    pub(crate) labels: PathId,
    pub(crate) annotations: PathId,
}

impl Paths {
    /// Adds the paths to a layout. They come first, so that their numbers are the same in every set.
    pub(crate) fn add(layout: &mut LayoutBuilder) -> Self {
        let mut path = |keys: &[&str]| {
            let syms: Vec<_> = keys.iter().map(|k| layout.sym(k)).collect();
            let segments: Vec<_> = syms.iter().map(|s| Segment::Key(*s)).collect();
            layout.want(&segments, true);
            layout.path(&syms)
        };
        // Reports read these.
        let _ = (path(&["metadata", "uid"]), path(&["metadata", "resourceVersion"]));
        let paths = Self {
            api_version: path(&["apiVersion"]),
            kind: path(&["kind"]),
            name: path(&["metadata", "name"]),
            generate_name: path(&["metadata", "generateName"]),
            namespace: path(&["metadata", "namespace"]),
            labels: path(&["metadata", "labels"]),
            annotations: path(&["metadata", "annotations"]),
        };
        let Self { kind, name, generate_name, namespace, .. } = paths;
        let spared = ["metadata", "managedFields"].map(|key| Segment::Key(layout.sym(key)));
        layout.spare(&spared);
        layout.identity(Identity { kind, name, generate_name, namespace });
        paths
    }
}

/// A compiled policy set; immutable, to be shared.
#[derive(Debug)]
pub struct PolicySet {
    pub(crate) program: Program,
    pub(crate) policies: Vec<PolicyInfo>,
    pub(crate) rules: Vec<RuleInfo>,
    pub(crate) index: Index,
    pub(crate) paths: Paths,
    /// What rules look at besides the object
    pub(crate) reads: Reads,
    /// How pods are read, where a rule checks them
    pub(crate) schema: Option<Schema>,
    /// The policies with rules that change objects
    mutating: Vec<usize>,
    /// The policies with rules that make objects
    generating: Vec<usize>,
    /// The policies with rules that verify images
    verifying: Vec<usize>,
    /// The policies that say which objects are to go
    cleaning: Vec<usize>,
}

impl PolicySet {
    /// A set, with what follows from its parts. `paths` are those of the program's layout.
    pub(crate) fn new(program: Program, policies: Vec<PolicyInfo>, rules: Vec<RuleInfo>, paths: Paths) -> Self {
        let with = |check: CheckKind| {
            let mut found: Vec<usize> = rules.iter().filter(|r| r.check == check).map(|r| r.policy).collect();
            found.dedup();
            found
        };
        Self {
            reads: Reads::of_marks(program.layout().marks()),
            schema: rules.iter().any(|r| r.pod_security.is_some()).then(|| Schema::new(program.layout())),
            mutating: with(CheckKind::Mutate),
            generating: with(CheckKind::Generate),
            verifying: with(CheckKind::VerifyImages),
            cleaning: with(CheckKind::Cleanup),
            index: Index::new(rules.iter().map(|r| &r.about)),
            program,
            policies,
            rules,
            paths,
        }
    }

    /// The same policies, of which some have webhooks of their own.
    #[must_use]
    pub fn with_own_webhooks(mut self, has: impl Fn(&PolicyInfo) -> bool) -> Self {
        for policy in &mut self.policies {
            policy.own_webhook = has(policy);
        }
        self
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The policies, in the order in which they were given.
    pub fn policies(&self) -> &[PolicyInfo] {
        &self.policies
    }

    /// The rules, policy by policy, generated ones included.
    pub fn rules(&self) -> &[RuleInfo] {
        &self.rules
    }

    /// The policies that have rules that change objects, by number.
    pub fn mutating(&self) -> &[usize] {
        &self.mutating
    }

    /// The policies that have rules that make objects, by number.
    pub fn generating(&self) -> &[usize] {
        &self.generating
    }

    /// The policies that have rules that verify images, by number.
    pub fn verifying(&self) -> &[usize] {
        &self.verifying
    }

    /// The policies that say which objects are to go, by number.
    pub fn cleaning(&self) -> &[usize] {
        &self.cleaning
    }

    /// Whether its rules may ask who makes a request, and what their roles are.
    pub fn asks_who(&self) -> bool {
        self.reads.user
    }

    /// Whether its rules, or what becomes of violations, may ask for the labels of a request's namespace.
    pub fn asks_namespace(&self) -> bool {
        let selects = |overrides: &[RuleOverride]| overrides.iter().any(|o| o.selector.is_some());
        self.reads.namespace
            || self.policies.iter().any(|p| selects(&p.overrides))
            || self.rules.iter().any(|r| selects(&r.overrides))
    }

    /// Whether there are rules that change other objects than the one they are about.
    pub fn changes_others(&self) -> bool {
        self.rules.iter().any(|r| !r.code.targets.is_empty())
    }

    /// The rules of a policy that may be about a kind, with their numbers. What else they ask for may change on the way.
    pub(crate) fn rules_for<'s, 'k>(
        &'s self,
        policy: usize,
        kind: &'k str,
    ) -> impl Iterator<Item = (usize, &'s RuleInfo)> + use<'s, 'k> {
        let first = self.rules.partition_point(|r| r.policy < policy);
        let rules = self.rules.iter().enumerate().skip(first).take_while(move |(_, r)| r.policy == policy);
        rules.filter(move |(_, r)| r.about.has_kind(kind))
    }

    /// The rules that may be about a request, with their numbers.
    pub(crate) fn rules_about<'s>(
        &'s self,
        topic: &Topic<'_>,
    ) -> impl Iterator<Item = (usize, &'s RuleInfo)> + use<'s> {
        let numbers = self.index.rules(topic);
        numbers.filter_map(|n| self.rules.get(n as usize).map(|r| (n as usize, r)))
    }

    /// What a request is about, as rules that match see it.
    pub(crate) fn topic<'q>(&self, request: &Request<'q>) -> Topic<'q> {
        let doc = request.object;
        let text = |path| doc.slot(path).and_then(|n| doc.as_str(n)).unwrap_or("");
        let paths = &self.paths;
        let (own, own_kind, own_namespace) = (text(paths.name), text(paths.kind), text(paths.namespace));
        let generated = own.is_empty();
        let name = if generated { text(paths.generate_name) } else { own };
        let namespace = if own_kind == "Namespace" { own } else { own_namespace };
        let kind = match request.whole {
            Some(whole) => whole,
            None => ResourceKind::of(text(paths.api_version), own_kind),
        };
        let kind = ResourceKind { subresource: request.subresource, ..kind };
        let object = document::Topic { kind: kind.kind, name, namespace };
        Topic { object, operation: request.operation.name(), kind, own_kind, own_namespace, generated }
    }

    /// What rules look at that may be about a request, whose object was read for them.
    pub(crate) fn reads_of(&self, object: &Document<'_>) -> Reads {
        let own = std::ptr::eq(object.layout(), self.program.layout());
        if own { Reads::of_marks(object.marks()) } else { self.reads }
    }

    /// As [`reads_of`](Self::reads_of), where that is not known yet.
    pub(crate) fn reads(&self, request: &Request<'_>, uses: Uses) -> Reads {
        let covered = request.object.covers(&self.topic(request).object, uses);
        if covered { self.reads_of(request.object) } else { self.reads }
    }

    /// The rules of a policy that do something to objects of a kind, with their numbers.
    ///
    /// Kyverno: pkg/engine/mutation.go, image_verify.go and background.go, the rules are not computed for the object's kind.
    pub(crate) fn rules_doing<'s, 'k>(
        &'s self,
        check: CheckKind,
        policy: usize,
        kind: &'k str,
    ) -> impl Iterator<Item = (usize, &'s RuleInfo)> + use<'s, 'k> {
        self.rules_for(policy, kind).filter(move |(_, r)| r.check == check && !r.hidden)
    }

    /// The policy of a rule.
    pub fn policy_of(&self, rule: usize) -> Option<&PolicyInfo> {
        self.policies.get(self.rules.get(rule)?.policy)
    }
}
