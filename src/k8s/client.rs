//! Requests to an API server.

use super::failure::Failure;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use kube::client::Body;
use std::future::Future;
use std::sync::Arc;
use tokio::runtime::{Handle, Runtime};

/// Who lets requests go on.
#[derive(Clone, Debug)]
enum Driver {
    /// Whoever waits for an answer
    Waiting(Arc<Runtime>),
    /// Somebody else
    Running(Handle),
}

/// A client of an API server, for code that waits for answers.
///
/// It may be used by several threads at a time, but not by those that drive a runtime.
#[derive(Clone)]
pub struct Client {
    inner: kube::Client,
    driver: Driver,
    /// The server's address, for errors
    server: Arc<str>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Client {
    /// A client whose requests are driven by whoever waits for them.
    ///
    /// # Errors
    /// Says what is wrong with the credentials, or that the system gives nothing to wait with.
    pub(super) fn new(config: kube::Config) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        let server = config.cluster_url.to_string();
        let inner = {
            let _inside = runtime.enter();
            kube::Client::try_from(config).map_err(|e| e.to_string())?
        };
        let server = server.trim_end_matches('/').into();
        Ok(Self { inner, driver: Driver::Waiting(Arc::new(runtime)), server })
    }

    /// A client whose requests are driven by a runtime that runs.
    pub fn within(inner: kube::Client, server: &str, runtime: Handle) -> Self {
        Self { inner, driver: Driver::Running(runtime), server: server.into() }
    }

    /// What is at a path of the API server.
    ///
    /// # Errors
    /// Says why there is no answer.
    pub fn get(&self, target: &str) -> Result<String, Failure> {
        self.send("GET", target, Vec::new())
    }

    /// Sends JSON to a path of the API server, and gives what comes back.
    ///
    /// # Errors
    /// Says why there is no answer.
    pub fn post(&self, target: &str, json: &str) -> Result<String, Failure> {
        self.send("POST", target, json.as_bytes().to_vec())
    }

    fn send(&self, method: &str, target: &str, body: Vec<u8>) -> Result<String, Failure> {
        let lost = |e: &kube::Error| Failure::lost(e, method, &self.server, target);
        let mut request = Request::builder().method(method).uri(target).header(ACCEPT, "application/json, */*");
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(Body::from(body)).map_err(|e| lost(&kube::Error::HttpError(e)))?;
        let (code, content_type, bytes) = self
            .wait(async {
                let reply = self.inner.send(request).await?;
                let code = reply.status();
                let content_type = reply.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);
                let bytes = reply.into_body().collect_bytes().await?;
                Ok::<_, kube::Error>((code, content_type.unwrap_or_default(), bytes))
            })
            .map_err(|e| lost(&e))?;
        let text = match String::from_utf8(bytes.into()) {
            Ok(text) => text,
            Err(e) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
        };
        if (200..=206).contains(&code.as_u16()) {
            return Ok(text);
        }
        Err(Failure::refused(code.as_u16(), &content_type, &text))
    }

    /// What kinds the server knows, those of the core group first.
    ///
    /// # Errors
    /// Says why there is no answer.
    pub(super) fn groups(&self) -> Result<[kube::client::APIGroupDiscoveryList; 2], String> {
        self.wait(async {
            let core = self.inner.list_core_api_versions_aggregated().await.map_err(|e| ("/api", e))?;
            let others = self.inner.list_api_groups_aggregated().await.map_err(|e| ("/apis", e))?;
            Ok([core, others])
        })
        .map_err(|(target, e)| match e {
            kube::Error::Api(status) => status.message.clone(),
            e => Failure::lost(&e, "GET", &self.server, target).of_paths(),
        })
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        match &self.driver {
            Driver::Waiting(runtime) => runtime.block_on(future),
            Driver::Running(handle) => handle.block_on(future),
        }
    }
}
