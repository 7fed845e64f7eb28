//! HTTP requests of the command line: calls of services, and policies and resources by URL.
//!
//! What is said of a request that fails are the words of Go's net/http, as far as there is a cause that it knows.

#[cfg(feature = "http")]
mod client;

use kyvc_vm::builtin::go_url;
use std::sync::LazyLock;
use thiserror::Error;

/// A request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Call<'c> {
    /// `GET` or `POST`
    pub method: &'c str,
    /// The address
    pub url: &'c str,
    /// Headers to send
    pub headers: &'c [(String, String)],
    /// What is sent
    pub body: Option<&'c str>,
    /// Certificates to trust, as PEM; empty for those of the system
    pub ca_bundle: &'c str,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// `200`
    pub code: u16,
    /// `200 OK`
    pub status: String,
    /// What was sent back; what is no UTF-8 in it is replaced
    pub body: String,
}

impl Reply {
    /// Whether the request was answered.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }
}

/// Why nothing came back.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FetchError {
    /// The certificates to trust are none
    #[error("failed to parse PEM CA bundle")]
    Certificates,
    /// The address is none
    #[error("{0}")]
    Url(String),
    /// The request failed
    #[error("{0}")]
    Failed(String),
}

/// Sends a request and waits for its answer.
///
/// # Errors
/// Where there is no answer. An answer that says that something failed is one.
pub fn send(call: &Call<'_>) -> Result<Reply, FetchError> {
    let (scheme, host, target) = go_url(call.url).map_err(FetchError::Url)?;
    let failed = |why: String| {
        let mut method = call.method.to_lowercase();
        if let Some(first) = method.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        FetchError::Failed(format!("{method} {:?}: {why}", call.url))
    };
    match scheme.as_str() {
        "http" | "https" => {}
        other => return Err(failed(format!("unsupported protocol scheme {other:?}"))),
    }
    if host.is_empty() {
        return Err(failed("http: no Host in request URL".to_owned()));
    }
    transfer(call, &scheme, &host, &format!("{scheme}://{host}{target}")).map_err(|e| match e {
        FetchError::Failed(why) => failed(why),
        other => other,
    })
}

/// The first name server of the system, or the one at home where none is named, as Go has it.
static RESOLVER: LazyLock<String> = LazyLock::new(|| {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let server = text.lines().find_map(|l| l.trim().strip_prefix("nameserver").map(str::trim));
    let server = server.unwrap_or("127.0.0.1");
    if server.contains(':') { format!("[{server}]:53") } else { format!("{server}:53") }
});

/// What Go says of a host that has no address.
pub fn no_such_host(name: &str) -> String {
    format!("dial tcp: lookup {name} on {}: no such host", *RESOLVER)
}

/// Whether the name of a file is a URL.
pub fn is_url(name: &str) -> bool {
    name.starts_with("http://") || name.starts_with("https://")
}

/// What is at a URL.
///
/// # Errors
/// As `HTTP 404 Not Found`, or why there is no answer.
pub fn get(url: &str) -> Result<String, String> {
    let reply = send(&Call { method: "GET", url, ..Call::default() }).map_err(|e| e.to_string())?;
    if reply.code == 200 { Ok(reply.body) } else { Err(format!("HTTP {}", reply.status)) }
}

#[cfg(feature = "http")]
use client::transfer;

#[cfg(not(feature = "http"))]
fn transfer(_: &Call<'_>, _: &str, _: &str, _: &str) -> Result<Reply, FetchError> {
    Err(FetchError::Failed("this kyvc was built without HTTP".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        let call = Call { method: "GET", url, ..Call::default() };
        send(&call).map_or_else(|e| e.to_string(), |reply| reply.status)
    }

    #[test]
    fn addresses_that_are_none() {
        assert_eq!(refused("http://a/%zz"), "parse \"http://a/%zz\": invalid URL escape \"%zz\"");
        assert_eq!(refused("http://a:x/"), "parse \"http://a:x/\": invalid port \":x\" after host");
        assert_eq!(refused("ftp://a/x"), "Get \"ftp://a/x\": unsupported protocol scheme \"ftp\"");
        assert_eq!(refused("/x"), "Get \"/x\": unsupported protocol scheme \"\"");
        assert_eq!(refused("http:///x"), "Get \"http:///x\": http: no Host in request URL");
    }
}
