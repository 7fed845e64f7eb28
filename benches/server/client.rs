//! Load on a server: as much as it takes, or so many requests a second.

use super::Failure;
use super::trusting::trusting;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;

/// What came of a load.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// How long each request took, in microseconds, counted from when it was due
    latencies: Vec<f64>,
    seconds: f64,
}

impl Load {
    pub(super) fn add(&mut self, other: Load) {
        self.latencies.extend(other.latencies);
        self.seconds += other.seconds;
    }

    pub(super) fn answered(&self) -> usize {
        self.latencies.len()
    }

    /// Requests a second.
    pub(super) fn rate(&self) -> f64 {
        self.answered() as f64 / self.seconds
    }

    pub(super) fn percentile(&mut self, share: f64) -> f64 {
        self.latencies.sort_by(f64::total_cmp);
        let at = (self.latencies.len() as f64 * share) as usize;
        self.latencies.get(at).copied().unwrap_or(f64::NAN)
    }
}

type Sender = SendRequest<Full<Bytes>>;

pub(super) struct Client {
    runtime: Runtime,
    tls: TlsConnector,
    body: Bytes,
}

impl Client {
    pub(super) fn new(body: Vec<u8>) -> Result<Self, Failure> {
        let config = trusting()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        Ok(Self { runtime, tls: TlsConnector::from(Arc::new(config)), body: body.into() })
    }

    /// One request.
    pub(super) fn once(&self, address: SocketAddr) -> Result<String, Failure> {
        self.runtime.block_on(async {
            let mut sender = connect(&self.tls, address).await?;
            Ok(String::from_utf8(ask(&mut sender, &self.body).await?.to_vec())?)
        })
    }

    /// Requests for a time, each connection one after the other.
    pub(super) fn load(
        &self,
        address: SocketAddr,
        connections: usize,
        time: Duration,
        rate: Option<f64>,
    ) -> Result<Load, Failure> {
        self.runtime.block_on(async {
            let mut senders = Vec::new();
            for _ in 0..connections {
                senders.push(connect(&self.tls, address).await?);
            }
            let start = Instant::now();
            let every = rate.map(|r| Duration::from_secs_f64(connections as f64 / r));
            let tasks: Vec<_> = senders
                .into_iter()
                .enumerate()
                .map(|(n, sender)| {
                    // The connections take turns.
                    let first = every.map_or(start, |e| start + e.mul_f64(n as f64 / connections as f64));
                    tokio::spawn(one(sender, self.body.clone(), first, start + time, every))
                })
                .collect();
            let mut load = Load::default();
            for task in tasks {
                load.latencies.extend(task.await??);
            }
            load.seconds = start.elapsed().as_secs_f64();
            Ok(load)
        })
    }
}

async fn one(
    mut sender: Sender,
    body: Bytes,
    mut due: Instant,
    end: Instant,
    every: Option<Duration>,
) -> Result<Vec<f64>, Failure> {
    let mut latencies = Vec::new();
    while due < end {
        if every.is_some() {
            tokio::time::sleep_until(due.into()).await;
        }
        let _answer = ask(&mut sender, &body).await?;
        let now = Instant::now();
        latencies.push(now.duration_since(due).as_secs_f64() * 1e6);
        due = every.map_or(now, |e| due + e);
    }
    Ok(latencies)
}

async fn connect(tls: &TlsConnector, address: SocketAddr) -> Result<Sender, Failure> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let stream = tls.connect(ServerName::try_from("localhost")?, socket).await?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn ask(sender: &mut Sender, body: &Bytes) -> Result<Bytes, Failure> {
    sender.ready().await?;
    let request = hyper::Request::post("/validate").header("host", "a").header("content-type", "application/json");
    let reply = sender.send_request(request.body(Full::new(body.clone()))?).await?;
    if reply.status() != 200 {
        return Err(format!("status {}", reply.status()).into());
    }
    Ok(reply.into_body().collect().await?.to_bytes())
}
