//! What each thread has for reviews: a machine with its memory, and its counts.

use super::metrics::{Counts, Labels};
use super::route::{Checked, FailurePolicy, Route, Scope, Webhook};
use super::world::{Kind, Lookup, Roles, Said, World};
use super::{Policies, Server, kinds, lock, own};
use crate::engine::{CHANGE, CheckKind, Engine, Host, JUDGE, Operation, PolicyInfo, Status, Until, Verdict};
use crate::offline::validate::Cluster;
use crate::policy::classic::Action;
use crate::review::{Answer, Review, ReviewError, Reviewer, Surroundings};
use hyper::Method;
use hyper::body::Bytes;
use kyvc_vm::document::{Buffers, JsonOptions, Layout, Uses, read_json};
use kyvc_vm::selector::ResourceKind;
use std::cell::RefCell;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

/// After a larger body a machine is made anew, so that the memory for it is not kept.
const KEPT: usize = 1 << 20;

/// The layout of what stands in no review.
static EVERYTHING: LazyLock<Layout> = LazyLock::new(Layout::everything);

/// Why a body gets no review in answer.
pub(super) struct Refused {
    /// The status of HTTP
    pub(super) status: u16,
    /// The reason
    pub(super) why: String,
}

impl From<ReviewError> for Refused {
    fn from(e: ReviewError) -> Self {
        Self { status: e.http_status(), why: e.to_string() }
    }
}

/// What one thread has.
struct Worker {
    reviewer: Reviewer,
    counts: Arc<Mutex<Counts>>,
    labels: Labels,
    /// What rules have said of one request, and how many seconds each took
    results: Vec<(usize, Status, f64)>,
}

thread_local! {
    static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
}

fn with<T>(server: &Server, work: impl FnOnce(&mut Worker) -> T) -> T {
    WORKER.with_borrow_mut(|worker| {
        work(worker.get_or_insert_with(|| Worker {
            reviewer: reviewer(server),
            counts: server.metrics.thread(),
            labels: Labels::default(),
            results: Vec::new(),
        }))
    })
}

fn reviewer(server: &Server) -> Reviewer {
    let mut engine = Engine::default();
    engine.limit_context(server.world.context_limit());
    Reviewer::with_engine(engine)
}

/// A request of HTTP has been answered.
pub(super) fn count(server: &Server, method: &Method, route: &str, took: Duration) {
    with(server, |worker| {
        let known = [Method::GET, Method::POST].contains(method);
        let method = if known { method.as_str() } else { "other" };
        worker.labels.set(&[("http_method", method), ("http_url", route)]);
        lock(&worker.counts).http(&worker.labels, took.as_secs_f64());
    });
}

/// Reviews a body. Rules that are not decided by a time are errors.
pub(super) fn review(server: &Server, route: Route<'_>, body: &[u8], until: Instant) -> Result<Bytes, Refused> {
    with(server, |worker| {
        worker.reviewer.set_deadline(Some(until));
        let host = Until { host: server.world.host(), until };
        let answer = worker.review(&server.policies.load(), &*server.world, &host, route, body);
        if body.len() > KEPT {
            worker.reviewer = reviewer(server);
        }
        answer
    })
}

impl Worker {
    fn review(
        &mut self,
        policies: &Policies,
        world: &dyn World,
        host: &dyn Host,
        route: Route<'_>,
        body: &[u8],
    ) -> Result<Bytes, Refused> {
        let start = Instant::now();
        let set = &policies.set;
        let uses = match route {
            Route::Resource(Webhook::Validate, _) => JUDGE,
            Route::Resource(Webhook::Mutate, _) => CHANGE,
            _ => Uses::ALL,
        };
        let review = self.reviewer.read_for(set, body, uses)?;
        if review.api_version != "admission.k8s.io/v1" || review.kind_of_review != "AdmissionReview" {
            // Kyverno answers anything in the version of the question; whoever asks in another one would be misunderstood.
            let (version, kind) = (&review.api_version, &review.kind_of_review);
            let why = format!("expected an AdmissionReview of admission.k8s.io/v1, found {kind:?} of {version:?}");
            return Err(Refused { status: 400, why });
        }
        let answer = match route {
            Route::Resource(webhook, scope) => self.resource(policies, world, host, webhook, scope, &review),
            Route::Policy(Checked::Policy) => {
                let cluster = Cluster { kinds: &|k| world.served(k), conditions: &|c| world.refused_conditions(c) };
                own::policy(body, &review, world.knows_kinds().then_some(cluster))
            }
            Route::Policy(Checked::Exception) => own::exception(body, &review, world.exception_namespace()),
            Route::Policy(Checked::CelException) => own::cel_exception(body, &review),
            Route::Policy(Checked::GlobalContext) => own::global_context(body, &review),
            _ => Answer::default(),
        };
        let mut out = String::new();
        answer.write(&review, &mut out);
        self.labels.set(&[
            ("resource_kind", &review.kind.name),
            ("resource_namespace", &review.namespace),
            ("resource_request_operation", operation(&review)),
            ("request_allowed", if answer.is_allowed() { "true" } else { "false" }),
            (
                "request_webhook",
                match route {
                    Route::Resource(Webhook::Mutate, _) | Route::Unchanged => "MutatingWebhookConfiguration",
                    _ => "ValidatingWebhookConfiguration",
                },
            ),
        ]);
        lock(&self.counts).admission(&self.labels, start.elapsed().as_secs_f64());
        tracing::debug!(
            uid = %review.uid,
            kind = %review.kind.name,
            namespace = %review.namespace,
            name = %review.name,
            operation = operation(&review),
            allowed = answer.is_allowed(),
            "reviewed"
        );
        self.reviewer.done(review);
        Ok(out.into())
    }

    fn resource(
        &mut self,
        policies: &Policies,
        world: &dyn World,
        host: &dyn Host,
        webhook: Webhook,
        scope: Scope<'_>,
        review: &Review<'_>,
    ) -> Answer {
        let lookup = Lookup::new(review, world);
        if is_report(&review.kind.name) || world.is_left_out(review, &lookup) {
            return Answer::default();
        }
        if let Some((namespace, name)) = scope.policy
            && !policies.set.policies().iter().any(|p| is_named(p, namespace, name))
        {
            // Kyverno: pkg/webhooks/resource/handlers.go, retrieveAndCategorizePolicies
            let kind = if namespace.is_empty() { "clusterpolicy" } else { "policy" };
            let why = format!("{kind}.kyverno.io {name:?} not found");
            return Answer::refused(format!("failed to fetch policy with key: key {namespace}/{name}: {why}"));
        }
        let asked = |policy: &PolicyInfo| {
            let failure = if policy.ignore_failures { FailurePolicy::Ignore } else { FailurePolicy::Fail };
            scope.failure.is_none_or(|f| f == failure)
                && match scope.policy {
                    Some((namespace, name)) => is_named(policy, namespace, name),
                    None => !policy.own_webhook,
                }
                && policy.namespace.as_deref().is_none_or(|n| n == review.namespace)
        };
        let set = &policies.set;
        let nobody = Roles::default();
        let roles = if set.asks_who() { lookup.roles() } else { &nobody };
        let labels = (set.asks_namespace() && !review.namespace.is_empty() && review.kind.name != "Namespace")
            .then(|| world.namespace_labels(&review.namespace))
            .flatten();
        let labels = labels
            .as_deref()
            .and_then(|json| read_json(json, &EVERYTHING, Buffers::default(), JsonOptions::default()).ok());
        let kind = match lookup.whole() {
            Some(Kind { group, version, kind }) => {
                Some(ResourceKind { group, version, kind, subresource: &review.subresource })
            }
            None => kinds::whole(review),
        };
        let around = Surroundings {
            host,
            namespace_labels: labels.as_ref(),
            roles: &roles.roles,
            cluster_roles: &roles.cluster_roles,
            kind,
            asked: &asked,
        };
        let mut last = Instant::now();
        let (results, mut heard) = (&mut self.results, Vec::new());
        let mut note = |verdict: &Verdict<'_>, enforced: bool| {
            let now = Instant::now();
            let took = now.duration_since(std::mem::replace(&mut last, now));
            results.push((verdict.rule, verdict.status, took.as_secs_f64()));
            if !review.dry_run && world.hears(verdict.status, !verdict.exceptions.is_empty()) {
                heard.push((verdict.rule, verdict.status, verdict.message(), verdict.exceptions.clone(), enforced));
            }
        };
        let answer = match webhook {
            Webhook::Validate => {
                self.reviewer.validate(set, review, &around, |v, action| note(v, action == Action::Enforce))
            }
            // Kyverno: who refuses to change an object has no events.
            Webhook::Mutate => {
                self.reviewer.mutate(set, review, &around, |v| note(v, v.info.check != CheckKind::Mutate))
            }
        };
        if !heard.is_empty() {
            let said: Vec<Said<'_>> = heard
                .iter()
                .filter_map(|(rule, status, message, exceptions, enforced)| {
                    let rule = set.rules().get(*rule)?;
                    let policy = set.policies().get(rule.policy)?;
                    let namespace = policy.namespace.as_deref();
                    Some(Said {
                        policy: &policy.name,
                        namespace,
                        rule: &rule.name,
                        changes: rule.check == CheckKind::Mutate,
                        status: *status,
                        enforced: *enforced,
                        message,
                        exceptions,
                    })
                })
                .collect();
            world.heard(review, !answer.is_allowed(), &said);
        }
        self.count(policies, review);
        answer
    }

    fn count(&mut self, policies: &Policies, review: &Review<'_>) {
        self.labels.set(&[
            ("resource_kind", &review.kind.name),
            ("resource_namespace", &review.namespace),
            ("resource_request_operation", operation(review)),
            ("dry_run", if review.dry_run { "true" } else { "false" }),
        ]);
        let mut counts = lock(&self.counts);
        let about = counts.about(&self.labels);
        for (rule, status, seconds) in self.results.drain(..) {
            if let Some(number) = policies.rules.number(rule) {
                counts.result(about, number, status, seconds);
            }
        }
    }
}

fn is_named(policy: &PolicyInfo, namespace: &str, name: &str) -> bool {
    policy.name == name && policy.namespace.as_deref().unwrap_or_default() == namespace
}

/// Kyverno: pkg/webhooks/utils/exclude.go, what it writes itself is not looked at.
fn is_report(kind: &str) -> bool {
    matches!(
        kind,
        "AdmissionReport"
            | "ClusterAdmissionReport"
            | "BackgroundScanReport"
            | "ClusterBackgroundScanReport"
            | "UpdateRequest"
    )
}

fn operation(review: &Review<'_>) -> &'static str {
    match review.operation {
        Operation::Create => "create",
        Operation::Update => "update",
        Operation::Delete => "delete",
        Operation::Connect => "connect",
    }
}
