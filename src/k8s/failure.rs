//! Why an API server does not answer as it is wished.

use serde::Deserialize;
use std::error::Error;
use std::io::{self, ErrorKind};

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server answered that it does not
    Refused {
        /// The status code
        code: u16,
        /// The message of its `Status`, where it sent one
        message: Option<String>,
        /// What it sent, where that is no more than a text
        text: Option<String>,
    },
    /// There is no answer
    Lost(String),
}

#[derive(Deserialize)]
struct Status {
    message: Option<String>,
}

impl Failure {
    /// An answer that is none.
    pub(super) fn refused(code: u16, content_type: &str, body: &str) -> Self {
        let text = (content_type.is_empty() || content_type.starts_with("text/")).then(|| {
            let cut = body.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= 2048).last();
            body.get(..cut.unwrap_or(0)).unwrap_or_default().trim().to_owned()
        });
        let message = serde_json::from_str::<Status>(body).ok().and_then(|s| s.message);
        Self::Refused { code, message, text }
    }

    /// A request that was not answered.
    pub(super) fn lost(error: &kube::Error, method: &str, server: &str, target: &str) -> Self {
        let mut verb = method.to_lowercase();
        if let Some(first) = verb.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let host = server.split_once("://").map_or(server, |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default();
        Self::Lost(format!("{verb} \"{server}{target}\": {}", cause(error, host)))
    }

    /// Why a request of one object, or of a list, failed.
    pub fn of_objects(&self) -> String {
        match self {
            Self::Refused { message: Some(message), .. } => message.clone(),
            other => other.of_paths(),
        }
    }

    /// Why a request of some path failed: client-go then does not read the server's reasons.
    ///
    /// client-go: rest/request.go, newUnstructuredResponseError, and apimachinery's NewGenericServerResponse.
    pub fn of_paths(&self) -> String {
        let (code, text) = match self {
            Self::Lost(why) => return why.clone(),
            Self::Refused { code, text, .. } => (*code, text.as_deref().unwrap_or("unknown")),
        };
        let words = match code {
            400 => "the server rejected our request for an unknown reason",
            401 => "the server has asked for the client to provide credentials",
            403 | 415 => text,
            404 => "the server could not find the requested resource",
            405 => "the server does not allow this method on the requested resource",
            406 if text.is_empty() || text == "unknown" => {
                "the server was unable to respond with a content type that the client supports"
            }
            406 => text,
            409 => "the server reported a conflict",
            422 => "the server rejected our request due to an error in our request",
            429 => "the server has received too many requests and has asked us to try again later",
            503 => "the server is currently unable to handle the request",
            504 => {
                "the server was unable to return a response in the time allotted, but may still be processing the request"
            }
            500.. => {
                return format!("an error on the server ({text:?}) has prevented the request from succeeding");
            }
            _ => {
                return format!("the server responded with the status code {code} but did not return more information");
            }
        };
        words.to_owned()
    }

    /// Whether nobody may do that, or nobody knows who wants it.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Refused { code: 401 | 403, .. })
    }
}

/// What Go says of the innermost cause.
fn cause(error: &(dyn Error + 'static), host: &str) -> String {
    let mut at = error;
    loop {
        if let Some(io) = at.downcast_ref::<io::Error>() {
            match io.kind() {
                ErrorKind::ConnectionRefused => return format!("dial tcp {host}: connect: connection refused"),
                ErrorKind::ConnectionReset => return "read: connection reset by peer".to_owned(),
                ErrorKind::UnexpectedEof => return "EOF".to_owned(),
                ErrorKind::TimedOut => return format!("dial tcp {host}: i/o timeout"),
                _ => {}
            }
        }
        match at.source() {
            Some(source) => at = source,
            None => return at.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_say_more_of_objects_than_of_paths() {
        let body = r#"{"kind":"Status","message":"pods \"a\" not found"}"#;
        let missing = Failure::refused(404, "application/json", body);
        assert_eq!(missing.of_objects(), "pods \"a\" not found");
        assert_eq!(missing.of_paths(), "the server could not find the requested resource");
        let denied = Failure::refused(403, "application/json", body);
        assert_eq!((denied.of_paths().as_str(), denied.is_denied()), ("unknown", true));
        let text = Failure::refused(403, "text/plain", " no ");
        assert_eq!(text.of_paths(), "no");
    }

    #[test]
    fn servers_that_fail() {
        let words = |code| Failure::refused(code, "text/plain", "x").of_paths();
        assert_eq!(words(500), "an error on the server (\"x\") has prevented the request from succeeding");
        assert_eq!(words(418), "the server responded with the status code 418 but did not return more information");
        assert_eq!(words(503), "the server is currently unable to handle the request");
    }
}
