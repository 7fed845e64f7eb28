//! A policy of whatever kind.

use super::classic::Policy;
use super::cleanup::Cleanup;
use kyvc_vm::document::Place;

/// A policy of one of the kinds that are compiled.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyPolicy {
    /// A `ClusterPolicy` or `Policy`
    Classic(Policy),
    /// A `ClusterCleanupPolicy` or `CleanupPolicy`
    Cleanup(Box<Cleanup>),
}

impl AnyPolicy {
    /// The classic policy that it is.
    pub fn classic(&self) -> Option<&Policy> {
        match self {
            AnyPolicy::Classic(policy) => Some(policy),
            AnyPolicy::Cleanup(_) => None,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            AnyPolicy::Classic(policy) => &policy.name,
            AnyPolicy::Cleanup(policy) => &policy.metadata.name,
        }
    }

    /// An annotation's value.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        match self {
            AnyPolicy::Classic(policy) => policy.annotation(key),
            AnyPolicy::Cleanup(policy) => policy.metadata.annotation(key),
        }
    }

    /// Where it starts.
    pub fn place(&self) -> Place {
        match self {
            AnyPolicy::Classic(policy) => policy.place,
            AnyPolicy::Cleanup(policy) => policy.place,
        }
    }
}
