//! The admission webhook: HTTP over TLS around a policy set. What it gets from a cluster comes through [`Feed`] and
//! [`World`].
//!
//! Policies and the certificate are exchanged while requests are answered: each request sees one set from beginning to
//! end. What clients may take of time and memory is limited, and what is refused for that is told so.

mod accept;
pub mod apart;
mod body;
mod certificates;
mod checker;
mod chunked;
mod connections;
mod feed;
mod handler;
mod kinds;
mod located;
pub mod logs;
mod metrics;
mod own;
mod route;
mod watch;
mod watched;
mod worker;
mod world;

pub use certificates::{Certificate, CertificateError};
pub use feed::{Exchange, Feed};
pub use own::not_run;
pub use watch::{Files, Sources};
pub use world::{Alone, Kind, Lookup, Roles, Said, World};

use crate::engine::PolicySet;
use arc_swap::ArcSwap;
use certificates::Certificates;
use checker::Checker;
use connections::Connections;
use metrics::{Metrics, RuleNames};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::{Semaphore, oneshot};
use tokio_rustls::TlsAcceptor;
use tracing::info;

/// How often connections are looked at that take too long.
const SWEEP: Duration = Duration::from_secs(1);
/// How many threads stand in for those that work on something long.
const THREADS: usize = 64;
/// How often those that are left at the end are told to end.
const ENDING: Duration = Duration::from_millis(200);

/// What the server may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests at a time; others are told to come back
    pub requests: usize,
    /// Connections at a time; those that wait longest for a request have to go
    pub connections: usize,
    /// The longest body, in bytes
    pub body: usize,
    /// The bodies of all requests, in bytes
    pub bodies: usize,
    /// How long the client may take for a body, if it does not ask for less with `?timeout=`
    pub time: Duration,
    /// How long a connection may be without a request
    pub idle: Duration,
    /// How long requests are still taken after the signal to stop, while nobody is invited to send more
    pub drain: Duration,
    /// How long is waited after that for requests that are not answered yet
    pub end: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: 1024,
            connections: 2048,
            body: 16 << 20,
            bodies: 256 << 20,
            // Kyverno: pkg/webhooks/server.go; API servers wait for 30 seconds at most.
            time: Duration::from_secs(30),
            idle: Duration::from_secs(300),
            drain: Duration::from_secs(5),
            end: Duration::from_secs(20),
        }
    }
}

/// What is served, and where.
pub struct Settings {
    /// Policies and the certificate
    pub feed: Box<dyn Feed>,
    /// What else is known
    pub world: Arc<dyn World>,
    /// The address
    pub listen: SocketAddr,
    /// What may be taken
    pub limits: Limits,
}

/// Why nothing is served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The policies cannot be used
    #[error("{0}")]
    Policies(String),
    /// There is no certificate
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// TLS cannot be set up
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    /// The address cannot be had
    #[error("{0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The system gives no threads or signals
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// A policy set as it is served.
struct Policies {
    set: PolicySet,
    rules: RuleNames,
}

impl Policies {
    fn new(set: PolicySet, metrics: &Metrics) -> Self {
        let rules = RuleNames::of(&set, &metrics.rules);
        metrics.exchange(&rules);
        Self { rules, set }
    }
}

/// What the server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Ready,
    /// Requests are answered, and nobody should send more
    Draining,
}

/// What all connections share.
struct Server {
    policies: ArcSwap<Policies>,
    world: Arc<dyn World>,
    connections: Arc<Connections>,
    requests: Semaphore,
    memory: Arc<Semaphore>,
    metrics: Metrics,
    checker: Checker,
    limits: Limits,
    draining: AtomicBool,
}

impl Server {
    fn phase(&self) -> Phase {
        if self.draining.load(Ordering::Relaxed) { Phase::Draining } else { Phase::Ready }
    }
}

/// A lock of data that is right at any time, whoever broke off.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves until a signal says stop. `bound` is told the address.
///
/// # Errors
/// Says why nothing is served.
pub fn run(settings: Settings, bound: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    connections::allow_files();
    let Settings { mut feed, world, listen, limits } = settings;
    let (set, certificate) = feed.first()?;
    let certificates = Certificates::new(certificate);
    let config = certificates.clone().config()?;
    let tls = TlsAcceptor::from(Arc::new(config));
    let metrics = Metrics::default();
    let (checker, queue) = Checker::new();
    let server = Arc::new(Server {
        policies: ArcSwap::from_pointee(Policies::new(set, &metrics)),
        world,
        connections: Arc::new(Connections::new(limits.connections, limits.idle)),
        requests: Semaphore::new(limits.requests.min(Semaphore::MAX_PERMITS)),
        memory: body::memory(limits.bodies),
        metrics,
        checker,
        limits,
        draining: AtomicBool::new(false),
    });
    let weak = Arc::downgrade(&server);
    std::thread::Builder::new().name("kyvc-check".to_owned()).spawn(move || queue.work(&weak))?;
    runtime::Builder::new_multi_thread()
        .max_blocking_threads(THREADS)
        .enable_all()
        .thread_name("kyvc-serve")
        .build()?
        .block_on(async {
            let listener = TcpListener::bind(listen).await.map_err(|e| ServeError::Listen(listen, e))?;
            // Before anybody knows the address, so that nobody can stop the process before it listens to that.
            let mut signals = Signals::new()?;
            let address = listener.local_addr()?;
            let exchange = Exchange { server: Arc::downgrade(&server), certificates, address };
            std::thread::Builder::new().name("kyvc-watch".to_owned()).spawn(move || feed.run(exchange))?;
            bound(address);
            serve(server, listener, tls, &mut signals).await;
            Ok(())
        })
}

async fn serve(server: Arc<Server>, listener: TcpListener, tls: TlsAcceptor, signals: &mut Signals) {
    {
        let policies = server.policies.load();
        info!(policies = policies.set.policies().len(), rules = policies.set.rules().len(), "serving");
    }
    let (stop, stopped) = oneshot::channel::<()>();
    let connections = server.connections.clone();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(SWEEP);
        loop {
            ticks.tick().await;
            connections.sweep();
        }
    });
    let accepting = tokio::spawn({
        let server = server.clone();
        async move { accept::accept(&server, listener, &tls, stopped).await }
    });
    let waits = signals.next().await;
    server.draining.store(true, Ordering::Relaxed);
    if waits {
        info!("draining: requests are answered, and connections closed with the answers");
        tokio::select! {
            () = tokio::time::sleep(server.limits.drain) => {}
            _ = signals.next() => {}
        }
    }
    drop(stop);
    let _ = accepting.await;
    info!("no more connections are accepted");
    let ended = async {
        loop {
            server.connections.end();
            if tokio::time::timeout(ENDING, server.connections.gone()).await.is_ok() {
                break;
            }
        }
    };
    tokio::select! {
        () = ended => info!("stopped, all requests are answered"),
        () = tokio::time::sleep(server.limits.end) => info!(open = server.connections.len(), "stopped"),
        _ = signals.next() => info!(open = server.connections.len(), "stopped at once"),
    }
}

/// The signals that stop the process.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one. Says whether others may not know yet that the process ends; who presses a key does.
    async fn next(&mut self) -> bool {
        tokio::select! {
            _ = self.terminate.recv() => true,
            _ = self.interrupt.recv() => false,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) -> bool {
        let _ = tokio::signal::ctrl_c().await;
        false
    }
}
