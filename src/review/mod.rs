//! Admission reviews: from the bytes that an API server sends to the bytes of the answer.
//!
//! A [`Reviewer`] is one thread's machine and memory. [`read`](Reviewer::read) takes a review apart in one pass: its
//! objects are flattened for the policy set as they come, everything else stays text until a rule asks for it. With what
//! it says of the namespace and the user the caller can look up [what else](Surroundings) rules may want to know.
//! [`validate`](Reviewer::validate) and [`mutate`](Reviewer::mutate) are Kyverno's two webhooks. No input or output is
//! done here.
//!
//! ```
//! use kyvc::diag::Source;
//! use kyvc::engine::{CompileOptions, compile_sources};
//! use kyvc::review::{Reviewer, Surroundings};
//!
//! let policy = r#"
//! apiVersion: kyverno.io/v1
//! kind: ClusterPolicy
//! metadata: {name: owned}
//! spec:
//!   rules:
//!   - name: team
//!     match: {any: [{resources: {kinds: [Pod]}}]}
//!     validate:
//!       failureAction: Enforce
//!       message: Every Pod has a team.
//!       pattern: {metadata: {labels: {team: "?*"}}}
//! "#;
//! let set = compile_sources(&[Source::new("policy.yaml", policy)], CompileOptions::default()).set;
//! let bytes = br#"{"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {"uid": "1",
//!     "kind": {"group": "", "version": "v1", "kind": "Pod"}, "namespace": "shop", "operation": "CREATE",
//!     "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}}}}"#;
//!
//! let mut reviewer = Reviewer::default();
//! let review = reviewer.read(&set, bytes)?;
//! let answer = reviewer.validate(&set, &review, &Surroundings::default(), |verdict, action| {
//!     println!("{} {action:?}: {}", verdict.info.name, verdict.message());
//! });
//! assert!(!answer.is_allowed());
//! let mut out = String::new();
//! answer.write(&review, &mut out);
//! assert!(out.starts_with(r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"1","#));
//! reviewer.done(review);
//! # Ok::<_, kyvc::review::ReviewError>(())
//! ```

mod blocked;
mod mutate;
mod read;
mod response;
mod validate;

pub use read::{GroupVersion, Review, ReviewError};
pub use response::Answer;

use crate::engine::{Engine, Host, NoHost, PolicyInfo, PolicyKind, PolicySet, Request, RuleInfo, User};
use kyvc_vm::document::{Document, Uses};
use kyvc_vm::selector::ResourceKind;
use read::Memory;
use std::time::Instant;

/// What rules may want to know that stands in no review.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Who answers what rules ask for
    pub host: &'a dyn Host,
    /// The labels of the request's namespace, as a map, flattened with a layout that keeps everything
    pub namespace_labels: Option<&'a Document<'a>>,
    /// The user's roles, `namespace:name`
    pub roles: &'a [String],
    /// The user's cluster roles
    pub cluster_roles: &'a [String],
    /// The kind of the request's resource, which the object of a subresource is not. Where nobody says it, rules are
    /// matched with the kind of the object.
    pub kind: Option<ResourceKind<'a>>,
    /// Which policies are asked, of those that are about admission
    pub asked: &'a dyn Fn(&PolicyInfo) -> bool,
}

impl Default for Surroundings<'_> {
    fn default() -> Self {
        Self { host: &NoHost, namespace_labels: None, roles: &[], cluster_roles: &[], kind: None, asked: &|_| true }
    }
}

/// An engine with the memory for the next review. One for each thread.
#[derive(Debug, Default)]
pub struct Reviewer {
    engine: Engine,
    memory: Memory,
}

impl Reviewer {
    /// With an engine of one's own budget and limits.
    pub fn with_engine(engine: Engine) -> Self {
        Self { engine, memory: Memory::default() }
    }

    /// Ends rules that are not decided by a time; that is an error of theirs, so that there is an answer in time.
    pub fn set_deadline(&mut self, until: Option<Instant>) {
        self.engine.set_deadline(until);
    }

    /// Takes a review apart, for the set that will be asked.
    ///
    /// # Errors
    /// Says why the bytes are no review.
    pub fn read<'a>(&mut self, set: &'a PolicySet, bytes: &'a [u8]) -> Result<Review<'a>, ReviewError> {
        self.read_for(set, bytes, Uses::ALL)
    }

    /// As [`read`](Self::read), for some of what can be asked of the set: [`JUDGE`](crate::engine::JUDGE) is enough for
    /// [`validate`](Self::validate), and [`CHANGE`](crate::engine::CHANGE) for [`mutate`](Self::mutate). Of the objects
    /// only that is flattened which rules want for it.
    ///
    /// # Errors
    /// Says why the bytes are no review.
    pub fn read_for<'a>(&mut self, set: &'a PolicySet, bytes: &'a [u8], uses: Uses) -> Result<Review<'a>, ReviewError> {
        Review::read(set, bytes, uses, &mut self.memory)
    }

    /// Takes back the memory of a review.
    pub fn done(&mut self, review: Review<'_>) {
        if let Some(object) = review.object {
            self.memory.object = object.recycle();
        }
        if let Some(old) = review.old_object {
            self.memory.old_object = old.recycle();
        }
    }
}

/// The parts of a request that are only made where a rule asks for them.
struct Parts {
    user: Option<User>,
    rest: Option<String>,
}

impl Parts {
    fn new(set: &PolicySet, review: &Review<'_>, around: &Surroundings<'_>, uses: Uses) -> Self {
        let Surroundings { roles, cluster_roles, .. } = *around;
        let mut parts = Self { user: None, rest: None };
        let reads = parts.request(review, around).map(|request| set.reads(&request, uses));
        parts.user = reads.filter(|r| r.user).map(|_| review.user(roles, cluster_roles));
        parts.rest = reads.filter(|r| r.request || r.user).map(|_| review.rest(roles, cluster_roles));
        parts
    }

    /// The request as the engine has it; none where there is no object.
    fn request<'r>(&'r self, review: &'r Review<'_>, around: &Surroundings<'r>) -> Option<Request<'r>> {
        let object = review.object.as_ref().or(review.old_object.as_ref())?;
        Some(Request {
            object,
            old: review.old_object.as_ref().filter(|old| !std::ptr::eq(*old, object)),
            operation: review.operation,
            user: self.user.as_ref(),
            namespace_labels: around.namespace_labels,
            subresource: &review.subresource,
            whole: around.kind,
            rest: self.rest.as_deref(),
        })
    }
}

fn is_asked(set: &PolicySet, around: &Surroundings<'_>, policy: usize) -> bool {
    let asked = |p: &PolicyInfo| p.kind == PolicyKind::Classic && p.admission && (around.asked)(p);
    set.policies().get(policy).is_some_and(asked)
}

/// Whether errors refuse a request, as far as some of the rules about objects of its kind say it.
///
/// Kyverno asks that of all policies about the resource together: one that fails closed is enough.
fn fails_closed(
    set: &PolicySet,
    request: &Request<'_>,
    around: &Surroundings<'_>,
    of: impl Fn(usize, &RuleInfo) -> bool,
) -> bool {
    let kind = set.topic(request).object.kind;
    let closed = |policy: usize| set.policies().get(policy).is_some_and(|p| !p.ignore_failures);
    set.rules().iter().enumerate().any(|(number, rule)| {
        rule.about.has_kind(kind) && closed(rule.policy) && is_asked(set, around, rule.policy) && of(number, rule)
    })
}

/// A warning of a rule.
///
/// Kyverno: pkg/webhooks/utils/warning.go
fn warning(policy: &str, rule: &str, message: &str) -> String {
    format!("policy {policy}.{rule}: {message}")
}
