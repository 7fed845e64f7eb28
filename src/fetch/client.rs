//! The client behind [`send`](super::send).

use super::{Call, FetchError, Reply, no_such_host};
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;
use ureq::http::Request;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Error};

/// How long a request may take. Kyverno: 30s in its controllers.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How much an answer may be.
const LIMIT: u64 = 64 << 20;

pub(super) fn transfer(call: &Call<'_>, scheme: &str, host: &str, url: &str) -> Result<Reply, FetchError> {
    let roots = match call.ca_bundle {
        "" => RootCerts::PlatformVerifier,
        bundle => certificates(bundle)?,
    };
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(TIMEOUT))
        .user_agent(concat!("kyvc/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build();
    let agent = Agent::new_with_config(config);
    let mut request = Request::builder().method(call.method).uri(url);
    for (key, value) in call.headers {
        request = request.header(key, value);
    }
    let broken = |e: ureq::http::Error| FetchError::Failed(e.to_string());
    let reply = match call.body {
        Some(body) => agent.run(request.body(body).map_err(broken)?),
        None => agent.run(request.body(()).map_err(broken)?),
    };
    read(reply).map_err(|e| FetchError::Failed(words(&e, scheme, host)))
}

fn certificates(bundle: &str) -> Result<RootCerts, FetchError> {
    let found: Vec<_> = parse_pem(bundle.as_bytes())
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() { Err(FetchError::Certificates) } else { Ok(RootCerts::Specific(Arc::new(found))) }
}

fn read(reply: Result<ureq::http::Response<Body>, Error>) -> Result<Reply, Error> {
    let mut reply = reply?;
    let code = reply.status();
    let status = format!("{} {}", code.as_u16(), code.canonical_reason().unwrap_or_default()).trim_end().to_owned();
    let body = reply.body_mut().with_config().limit(LIMIT).read_to_vec()?;
    let body = String::from_utf8(body).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
    Ok(Reply { code: code.as_u16(), status, body })
}

/// What Go says of a failure.
fn words(error: &Error, scheme: &str, host: &str) -> String {
    let port = if scheme == "https" { 443 } else { 80 };
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let address = if has_port { host.to_owned() } else { format!("{host}:{port}") };
    let name = address.rsplit_once(':').map_or(host, |(name, _)| name);
    match error {
        Error::HostNotFound => no_such_host(name),
        // The standard library has no kind for it.
        Error::Io(e) if e.to_string().starts_with("failed to lookup address") => no_such_host(name),
        Error::Timeout(_) => "context deadline exceeded (Client.Timeout exceeded while awaiting headers)".to_owned(),
        Error::Io(e) => match (e.kind(), tls(e)) {
            (_, Some(why)) => format!("tls: {why}"),
            (ErrorKind::ConnectionRefused, _) => format!("dial tcp {address}: connect: connection refused"),
            (ErrorKind::ConnectionReset, _) => "read: connection reset by peer".to_owned(),
            (ErrorKind::UnexpectedEof, _) => "EOF".to_owned(),
            _ => e.to_string(),
        },
        other => other.to_string(),
    }
}

/// What is wrong with the encryption, where that is what failed.
fn tls(error: &io::Error) -> Option<String> {
    let inner = error.get_ref()?;
    let text = inner.to_string();
    let is_tls = text.contains("certificate")
        || text.contains("TLS")
        || inner.source().is_some_and(|s| s.to_string().contains("TLS"));
    match text {
        text if text.contains("InvalidContentType") || text.contains("corrupt message") => {
            Some("first record does not look like a TLS handshake".to_owned())
        }
        text => is_tls.then_some(text),
    }
}
