//! Where the server gets what it answers with: policies and the certificate.

use super::certificates::{Certificate, Certificates};
use super::{Phase, Policies, ServeError, Server};
use crate::engine::PolicySet;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

/// Knows the policies and the certificate, and when there are others.
pub trait Feed: Send {
    /// What the server starts with.
    ///
    /// # Errors
    /// Says why nothing can be served.
    fn first(&mut self) -> Result<(PolicySet, Certificate), ServeError>;

    /// Exchanges them until the server is gone. It runs on a thread of its own, from the moment when the server listens.
    fn run(self: Box<Self>, server: Exchange);
}

/// A server, for those who give it something else to answer with. It does not keep the server.
#[derive(Clone)]
pub struct Exchange {
    pub(super) server: Weak<Server>,
    pub(super) certificates: Arc<Certificates>,
    pub(super) address: SocketAddr,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Exchange {
    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether there is no server any more.
    pub fn is_gone(&self) -> bool {
        self.server.strong_count() == 0
    }

    /// Whether the server is about to end, or has.
    pub fn is_stopping(&self) -> bool {
        self.server.upgrade().is_none_or(|s| s.phase() == Phase::Draining)
    }

    /// Requests that come from now on see these policies.
    pub fn policies(&self, set: PolicySet) {
        if let Some(server) = self.server.upgrade() {
            server.policies.store(Arc::new(Policies::new(set, &server.metrics)));
        }
    }

    /// Connections that come from now on see this certificate.
    pub fn certificate(&self, certificate: Certificate) {
        self.certificates.exchange(certificate);
    }
}
