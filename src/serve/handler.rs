//! One request of HTTP, and its answer.

use super::body::{self, Unread};
use super::route::{Lost, Route, timeout};
use super::worker::{self, Refused};
use super::{Phase, Server};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::http::request;
use hyper::{Request, Response, StatusCode, Version};
use tokio::time::{Duration, Instant, timeout_at};

pub(super) type Reply = Response<Full<Bytes>>;

/// Longer bodies are worked on where no other request waits.
const LARGE: usize = 256 << 10;

/// Answers a request.
pub(super) async fn answer(server: &Server, request: Request<Incoming>) -> Reply {
    let arrived = Instant::now();
    let (head, body) = request.into_parts();
    let (route, mut reply) = match Route::of(&head.method, head.uri.path()) {
        Ok(route) => (route.name(), routed(server, route, &head, body, arrived).await),
        Err(Lost::Path) => {
            body::discard(body, &server.limits).await;
            ("other", text(StatusCode::NOT_FOUND, "404 page not found"))
        }
        Err(Lost::Method(allowed)) => {
            body::discard(body, &server.limits).await;
            let reply = text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
            ("other", with(reply, ALLOW, HeaderValue::from_static(allowed)))
        }
    };
    worker::count(server, &head.method, route, arrived.elapsed());
    if head.version < Version::HTTP_2 && server.phase() == Phase::Draining {
        reply = with(reply, CONNECTION, HeaderValue::from_static("close"));
    }
    reply
}

async fn routed(server: &Server, route: Route<'_>, head: &request::Parts, body: Incoming, arrived: Instant) -> Reply {
    match route {
        Route::Live => text(StatusCode::OK, ""),
        // Kyverno: pkg/webhooks/handlers/probe.go
        Route::Ready if server.phase() == Phase::Ready => text(StatusCode::OK, ""),
        Route::Ready => text(StatusCode::INTERNAL_SERVER_ERROR, ""),
        Route::Metrics => {
            let policies = server.policies.load();
            let reply = Response::new(Full::from(server.metrics.text(&policies.rules)));
            with(reply, CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"))
        }
        Route::Resource(..) | Route::Policy(_) | Route::Unchanged => review(server, route, head, body, arrived).await,
    }
}

async fn review(server: &Server, route: Route<'_>, head: &request::Parts, body: Incoming, arrived: Instant) -> Reply {
    // Kyverno: pkg/webhooks/handlers/admission.go, for this and the words and statuses of other refusals
    if head.headers.get(CONTENT_TYPE).is_none_or(|t| t != "application/json") {
        body::discard(body, &server.limits).await;
        return text(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid Content-Type");
    }
    let Ok(_permit) = server.requests.try_acquire() else {
        body::discard(body, &server.limits).await;
        return busy();
    };
    let asked = head.uri.query().and_then(timeout).map_or(server.limits.time, Duration::from_secs);
    let time = asked.min(server.limits.time);
    let until = arrived + time;
    let read = match body::read(body, &server.limits, &server.memory, until).await {
        Ok(read) => read,
        Err(why) => return unread(why),
    };
    // Who asks still has to get the answer in time.
    let decided = until - time / 10;
    let by = decided.into_std();
    let answer = match route {
        Route::Policy(checked) => match timeout_at(decided, server.checker.review(checked, read, by)).await {
            Ok(Some(answer)) => answer,
            // Others are before it, or the server ends.
            Err(_) | Ok(None) => return busy(),
        },
        _ if read.bytes.len() > LARGE => tokio::task::block_in_place(|| worker::review(server, route, &read.bytes, by)),
        _ => worker::review(server, route, &read.bytes, by),
    };
    match answer {
        // Kyverno: the charset is said of JSON too.
        Ok(json) => {
            let reply = Response::new(Full::from(json));
            with(reply, CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))
        }
        Err(Refused { status, why }) => {
            text(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &why)
        }
    }
}

fn unread(why: Unread) -> Reply {
    let (status, why) = match why {
        Unread::NoMemory => return busy(),
        Unread::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
        Unread::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body took too long"),
        Unread::Broken => (StatusCode::BAD_REQUEST, "the body broke off"),
    };
    // What is left of the body is not waited for.
    with(text(status, why), CONNECTION, HeaderValue::from_static("close"))
}

/// Nothing was looked at: whoever asks again, or another server, may get an answer.
fn busy() -> Reply {
    with(
        text(StatusCode::SERVICE_UNAVAILABLE, "too many requests at a time"),
        RETRY_AFTER,
        HeaderValue::from_static("1"),
    )
}

fn text(status: StatusCode, text: &str) -> Reply {
    let mut reply = Response::new(Full::from(Bytes::copy_from_slice(text.as_bytes())));
    *reply.status_mut() = status;
    with(reply, CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))
}

fn with(mut reply: Reply, name: HeaderName, value: HeaderValue) -> Reply {
    reply.headers_mut().insert(name, value);
    reply
}
