//! What the server learns from where it runs, besides policies.

use crate::engine::{Host, NoHost, Status, User};
use crate::offline::validate::Served;
use crate::review::{GroupVersion, Review};
use std::cell::OnceCell;
use std::sync::Arc;

/// The roles of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// `namespace:name`
    pub roles: Vec<String>,
    /// Names
    pub cluster_roles: Vec<String>,
}

/// The kind that a resource's objects have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// The group, empty for the core group
    pub group: String,
    /// The version
    pub version: String,
    /// The kind
    pub kind: String,
}

/// What a review does not say of its request, looked up when somebody asks for it, and once.
pub struct Lookup<'r> {
    review: &'r Review<'r>,
    world: &'r dyn World,
    user: OnceCell<User>,
    roles: OnceCell<Roles>,
    whole: OnceCell<Option<Kind>>,
}

impl<'r> Lookup<'r> {
    pub(super) fn new(review: &'r Review<'r>, world: &'r dyn World) -> Self {
        Self { review, world, user: OnceCell::new(), roles: OnceCell::new(), whole: OnceCell::new() }
    }

    /// Who makes the request, without roles.
    pub fn user(&self) -> &User {
        self.user.get_or_init(|| self.review.user(&[], &[]))
    }

    /// The roles of who makes it.
    pub fn roles(&self) -> &Roles {
        self.roles.get_or_init(|| self.world.roles(self.user(), &self.review.namespace))
    }

    /// The kind of what the request is about a part of; none where it is about the whole.
    pub fn whole(&self) -> Option<&Kind> {
        let is_part = !self.review.subresource.is_empty();
        self.whole.get_or_init(|| is_part.then(|| self.world.kind(&self.review.resource)).flatten()).as_ref()
    }
}

/// What a rule has said of a request.
#[derive(Clone, Copy, Debug)]
pub struct Said<'s> {
    /// The policy's name
    pub policy: &'s str,
    /// The policy's namespace, where it has one
    pub namespace: Option<&'s str>,
    /// The rule's name
    pub rule: &'s str,
    /// Whether it changes objects
    pub changes: bool,
    /// What became of it
    pub status: Status,
    /// Whether it can refuse a request
    pub enforced: bool,
    /// Its message
    pub message: &'s str,
    /// The exceptions that it was skipped for, `namespace/name`
    pub exceptions: &'s [String],
}

/// Where the server runs: alone, or in a cluster.
pub trait World: Send + Sync {
    /// Who answers what rules ask for. It may wait.
    fn host(&self) -> &dyn Host {
        &NoHost
    }

    /// The labels of a namespace, as a JSON object.
    fn namespace_labels(&self, name: &str) -> Option<Arc<str>> {
        let _ = name;
        None
    }

    /// The roles of a user who makes a request in a namespace.
    fn roles(&self, user: &User, namespace: &str) -> Roles {
        let _ = (user, namespace);
        Roles::default()
    }

    /// The kind of the objects of a resource, of which a request is only about a part.
    fn kind(&self, resource: &GroupVersion<'_>) -> Option<Kind> {
        let _ = resource;
        None
    }

    /// Whether a request is allowed as it is, whatever the policies say.
    fn is_left_out(&self, review: &Review<'_>, lookup: &Lookup<'_>) -> bool {
        let _ = (review, lookup);
        false
    }

    /// The namespace whose exceptions count, `*` for all; none where no exception does.
    fn exception_namespace(&self) -> Option<&str> {
        Some("*")
    }

    /// How much the context entries of a policy may have together, in bytes.
    fn context_limit(&self) -> usize {
        // Kyverno: `maxContextSize`
        2 << 20
    }

    /// Whether it knows the kinds of a cluster.
    fn knows_kinds(&self) -> bool {
        false
    }

    /// What the cluster has of a kind, as policies write it.
    fn served(&self, kind: &str) -> Vec<Served> {
        let _ = kind;
        Vec::new()
    }

    /// Why the API server refuses conditions of webhooks.
    fn refused_conditions(&self, conditions: &serde_json::Value) -> Option<String> {
        let _ = conditions;
        None
    }

    /// Which rules it wants to hear of, by what became of them and whether there were exceptions for them.
    fn hears(&self, status: Status, excepted: bool) -> bool {
        let _ = (status, excepted);
        false
    }

    /// What rules have said of a request, and whether it is refused for that.
    fn heard(&self, review: &Review<'_>, refused: bool, said: &[Said<'_>]) {
        let _ = (review, refused, said);
    }
}

/// No cluster.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl World for Alone {}
