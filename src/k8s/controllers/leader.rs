//! Which replica writes to the cluster: the one that holds a Lease.
//!
//! The times are those of Kyverno: pkg/leaderelection.

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::PostParams;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// How often is asked.
const RETRY: Duration = Duration::from_secs(2);
/// How long nobody else may take it.
const DURATION: Duration = Duration::from_secs(12);
/// After how long without an answer a leader stops being one, which is before anybody else may.
const DEADLINE: Duration = Duration::from_secs(10);

/// A Lease, and whether it is ours.
pub(super) struct Leader {
    api: Api<Lease>,
    name: String,
    identity: String,
    leading: AtomicBool,
    /// Whether it is given back, and not wanted any more
    released: AtomicBool,
}

/// What was seen of the Lease last, by a clock of our own: others' clocks may be wrong.
struct Seen {
    version: Option<String>,
    at: Instant,
}

impl Leader {
    /// A Lease by its name, and who we are.
    pub(super) fn new(api: Api<Lease>, name: String, identity: String) -> Self {
        Self { api, name, identity, leading: AtomicBool::new(false), released: AtomicBool::new(false) }
    }

    /// Whether we are it.
    pub(super) fn is_leading(&self) -> bool {
        self.leading.load(Ordering::Relaxed)
    }

    /// Tries to be it until it is released. Tells when that changes.
    pub(super) async fn run(&self, changed: impl Fn()) {
        let mut seen = Seen { version: None, at: Instant::now() };
        let mut renewed = Instant::now();
        while !self.released.load(Ordering::Relaxed) {
            let held = tokio::time::timeout(DEADLINE / 2, self.attempt(&mut seen)).await;
            let leading = match held {
                Ok(Ok(held)) => held,
                // Nobody else can have it before it has run out.
                Ok(Err(_)) | Err(_) => self.is_leading() && renewed.elapsed() < DEADLINE,
            };
            if let Ok(Err(e)) = &held {
                warn!(error = %e, "the Lease of the leader cannot be had");
            }
            if matches!(held, Ok(Ok(true))) {
                renewed = Instant::now();
            }
            if self.leading.swap(leading, Ordering::Relaxed) != leading {
                info!(leading, identity = self.identity, "leader election");
                changed();
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Whether it is ours now.
    async fn attempt(&self, seen: &mut Seen) -> Result<bool, kube::Error> {
        let Some(found) = self.api.get_opt(&self.name).await? else {
            let lease = self.lease(None, 0);
            return conflicts_are_no(self.api.create(&PostParams::default(), &lease).await);
        };
        let version = found.metadata.resource_version.clone();
        if version != seen.version {
            *seen = Seen { version, at: Instant::now() };
        }
        let spec = found.spec.clone().unwrap_or_default();
        let holder = spec.holder_identity.unwrap_or_default();
        if !holder.is_empty() && holder != self.identity && seen.at.elapsed() < DURATION {
            return Ok(false);
        }
        let taken = spec.lease_transitions.unwrap_or_default() + i32::from(holder != self.identity);
        let mut lease = self.lease(found.metadata.resource_version, taken);
        if let (Some(new), true) = (&mut lease.spec, holder == self.identity) {
            new.acquire_time = spec.acquire_time;
        }
        conflicts_are_no(self.api.replace(&self.name, &PostParams::default(), &lease).await)
    }

    /// Gives it back, so that others need not wait.
    pub(super) async fn release(&self) {
        self.released.store(true, Ordering::Relaxed);
        if !self.leading.swap(false, Ordering::Relaxed) {
            return;
        }
        let Ok(Some(found)) = self.api.get_opt(&self.name).await else { return };
        if found.spec.as_ref().and_then(|s| s.holder_identity.as_ref()) != Some(&self.identity) {
            return;
        }
        let taken = found.spec.and_then(|s| s.lease_transitions).unwrap_or_default();
        let mut lease = self.lease(found.metadata.resource_version, taken);
        if let Some(spec) = &mut lease.spec {
            (spec.holder_identity, spec.lease_duration_seconds) = (Some(String::new()), Some(1));
        }
        if let Err(e) = self.api.replace(&self.name, &PostParams::default(), &lease).await {
            warn!(error = %e, "the Lease of the leader cannot be given back");
        }
    }

    fn lease(&self, version: Option<String>, transitions: i32) -> Lease {
        let now = MicroTime(Timestamp::now());
        Lease {
            metadata: ObjectMeta { name: Some(self.name.clone()), resource_version: version, ..ObjectMeta::default() },
            spec: Some(LeaseSpec {
                holder_identity: Some(self.identity.clone()),
                lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
                acquire_time: Some(now.clone()),
                renew_time: Some(now),
                lease_transitions: Some(transitions),
                ..LeaseSpec::default()
            }),
        }
    }
}

/// Somebody else was faster.
fn conflicts_are_no(written: Result<Lease, kube::Error>) -> Result<bool, kube::Error> {
    match written {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(e) => Err(e),
    }
}
