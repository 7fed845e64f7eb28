//! Calls of services that rules make.
//!
//! Kyverno: pkg/engine/apicall, executor.go and httpclient.go.

use crate::engine::{ApiCall, Service};
use crate::fetch::{self, Call, FetchError, Reply};
use std::borrow::Cow;

/// Where the token is that is made for services, unless the environment says it.
const TOKEN: &str = "/var/run/secrets/kyverno/apicall/token";

/// Calls a service.
///
/// # Errors
/// Says why there is no answer, in the words that follow Kyverno's own.
pub fn call(call: &ApiCall) -> Result<String, String> {
    let name = &call.entry;
    let Some(service) = &call.service else { return Err(format!("missing service for APICall {name}")) };
    let unmade = |why: String| Err(format!("failed to build HTTP request for APICall {name}: {why}"));
    if !["GET", "POST"].contains(&call.method.as_str()) {
        return unmade(format!("invalid request type {} for APICall {name}", call.method));
    }
    // Go's encoder ends what it writes.
    let body = format!("{}\n", call.data);
    let path = std::env::var("KYVERNO_SCOPED_TOKEN_PATH").ok().filter(|p| !p.is_empty());
    let headers = headers(service, path.as_deref().unwrap_or(TOKEN));
    let reply = fetch::send(&Call {
        method: &call.method,
        url: &service.url,
        headers: &headers,
        body: (call.method == "POST").then_some(&body),
        ca_bundle: &service.ca_bundle,
    });
    match reply {
        Ok(reply) if reply.is_success() => Ok(reply.body),
        Ok(Reply { status, body, .. }) => Err(format!("HTTP {status}: {body}")),
        Err(e @ FetchError::Certificates) => Err(format!("{e} for APICall {name}")),
        Err(FetchError::Url(why)) => unmade(format!("failed to build request for APICall {name}: {why}")),
        Err(FetchError::Failed(why)) => Err(format!("failed to execute HTTP request for APICall {name}: {why}")),
    }
}

/// The headers of a call: where no policy says who calls, the token that stands in a file does.
fn headers<'s>(service: &'s Service, token: &str) -> Cow<'s, [(String, String)]> {
    let named = |(key, value): &(String, String)| key.eq_ignore_ascii_case("authorization") && !value.is_empty();
    let token = if service.headers.iter().any(named) { None } else { std::fs::read_to_string(token).ok() };
    match token.as_deref().map(str::trim).filter(|t| !t.is_empty()) {
        None => Cow::Borrowed(&service.headers),
        Some(token) => {
            let mut all = service.headers.clone();
            all.push(("Authorization".to_owned(), format!("Bearer {token}")));
            Cow::Owned(all)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(headers: &[(&str, &str)]) -> Service {
        let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Service { headers, ..Service::default() }
    }

    #[test]
    fn the_token_of_the_file_is_sent_where_no_other_is() {
        let path = std::env::temp_dir().join(format!("kyvc-token-{}", std::process::id()));
        std::fs::write(&path, "t\n").unwrap();
        let token = path.to_str().unwrap();
        let sent = |s: &Service| headers(s, token).last().cloned().unwrap();
        assert_eq!(sent(&service(&[])), ("Authorization".to_owned(), "Bearer t".to_owned()));
        let own = ("authorization", "Basic x");
        assert_eq!(sent(&service(&[own])), ("authorization".to_owned(), "Basic x".to_owned()));
        std::fs::remove_file(&path).unwrap();
        assert!(headers(&service(&[]), token).is_empty());
    }
}
