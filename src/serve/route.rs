//! The paths of the server, which are those of Kyverno's.

use hyper::Method;

/// Which of the two kinds of webhooks of the API server asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Webhook {
    /// `ValidatingWebhookConfiguration`
    Validate,
    /// `MutatingWebhookConfiguration`
    Mutate,
}

/// The policies that a request is put to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope<'p> {
    /// Those with this `failurePolicy` only
    pub(super) failure: Option<FailurePolicy>,
    /// This one only, by its namespace, which is empty for a cluster policy, and its name
    pub(super) policy: Option<(&'p str, &'p str)>,
}

/// What the API server does where a webhook does not answer, and Kyverno where a rule cannot be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailurePolicy {
    /// The request is refused
    Fail,
    /// It goes on
    Ignore,
}

/// What a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'p> {
    /// Requests about resources, for these policies
    Resource(Webhook, Scope<'p>),
    /// Requests about policies and what belongs to them
    Policy(Checked),
    /// Requests that are allowed as they are
    Unchanged,
    /// Whether the process is alive
    Live,
    /// Whether it wants requests
    Ready,
    /// The metrics
    Metrics,
}

/// What is checked of objects that are Kyverno's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// Policies
    Policy,
    /// Exceptions
    Exception,
    /// Exceptions of policies in CEL
    CelException,
    /// Entries of the global context
    GlobalContext,
}

/// Why a request goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// There is no such path
    Path,
    /// The path takes another method
    Method(&'static str),
}

impl<'p> Route<'p> {
    /// The route of a path.
    pub(super) fn of(method: &Method, path: &'p str) -> Result<Self, Lost> {
        let route = Self::at(path).ok_or(Lost::Path)?;
        let (wanted, name) = match route {
            Route::Live | Route::Ready | Route::Metrics => (Method::GET, "GET"),
            Route::Resource(..) | Route::Policy(_) | Route::Unchanged => (Method::POST, "POST"),
        };
        if *method == wanted { Ok(route) } else { Err(Lost::Method(name)) }
    }

    fn at(path: &'p str) -> Option<Self> {
        Some(match path {
            "/health/liveness" => Route::Live,
            "/health/readiness" => Route::Ready,
            "/metrics" => Route::Metrics,
            "/policyvalidate" => Route::Policy(Checked::Policy),
            "/exceptionvalidate" => Route::Policy(Checked::Exception),
            "/celexception/validate" => Route::Policy(Checked::CelException),
            "/globalcontextvalidate" => Route::Policy(Checked::GlobalContext),
            // Kyverno: pkg/webhooks/policy/handlers.go, the mutation of policies changes nothing.
            // pkg/webhooks/handlers/verify.go, the other one changes nothing but Kyverno's own lease, which tells that its
            // webhook is asked at all; who serves in a cluster has no such lease.
            "/policymutate" | "/verifymutate" => Route::Unchanged,
            _ => {
                let (webhook, rest) = match path.strip_prefix("/validate") {
                    Some(rest) => (Webhook::Validate, rest),
                    None => (Webhook::Mutate, path.strip_prefix("/mutate")?),
                };
                Route::Resource(webhook, scope(rest)?)
            }
        })
    }

    /// The path without what may be anything, for metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Route::Resource(Webhook::Validate, Scope { failure: None, .. }) => "/validate",
            Route::Resource(Webhook::Validate, Scope { failure: Some(FailurePolicy::Fail), .. }) => "/validate/fail",
            Route::Resource(Webhook::Validate, _) => "/validate/ignore",
            Route::Resource(Webhook::Mutate, Scope { failure: None, .. }) => "/mutate",
            Route::Resource(Webhook::Mutate, Scope { failure: Some(FailurePolicy::Fail), .. }) => "/mutate/fail",
            Route::Resource(Webhook::Mutate, _) => "/mutate/ignore",
            Route::Policy(Checked::Policy) => "/policyvalidate",
            Route::Policy(Checked::Exception) => "/exceptionvalidate",
            Route::Policy(Checked::CelException) => "/celexception/validate",
            Route::Policy(Checked::GlobalContext) => "/globalcontextvalidate",
            Route::Unchanged => "/policymutate",
            Route::Live => "/health/liveness",
            Route::Ready => "/health/readiness",
            Route::Metrics => "/metrics",
        }
    }
}

/// The policies that a path means: `/fail`, `/ignore`, and behind these `/finegrained/[NAMESPACE/]NAME`.
fn scope(rest: &str) -> Option<Scope<'_>> {
    if rest.is_empty() {
        return Some(Scope::default());
    }
    let (failure, rest) = match rest.strip_prefix("/fail") {
        Some(rest) => (FailurePolicy::Fail, rest),
        None => (FailurePolicy::Ignore, rest.strip_prefix("/ignore")?),
    };
    let policy = match rest {
        "" => None,
        _ => {
            let name = rest.strip_prefix("/finegrained/").filter(|n| !n.is_empty())?;
            Some(name.split_once('/').unwrap_or(("", name)))
        }
    };
    Some(Scope { failure: Some(failure), policy })
}

/// The seconds that a request may take, from `timeout=10s`, as API servers add it to the path.
pub(super) fn timeout(query: &str) -> Option<u64> {
    let value = query.split('&').find_map(|part| part.strip_prefix("timeout="))?;
    value.strip_suffix('s')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(path: &str) -> Result<Route<'_>, Lost> {
        Route::of(&Method::POST, path)
    }

    #[test]
    fn knows_kyvernos_paths() {
        let all = Route::Resource(Webhook::Validate, Scope::default());
        assert_eq!(post("/validate"), Ok(all));
        let ignore = Scope { failure: Some(FailurePolicy::Ignore), policy: None };
        assert_eq!(post("/mutate/ignore"), Ok(Route::Resource(Webhook::Mutate, ignore)));
        let one = |policy| Route::Resource(Webhook::Validate, Scope { failure: Some(FailurePolicy::Fail), policy });
        assert_eq!(post("/validate/fail/finegrained/a"), Ok(one(Some(("", "a")))));
        assert_eq!(post("/validate/fail/finegrained/ns/a"), Ok(one(Some(("ns", "a")))));
        assert_eq!(Route::of(&Method::GET, "/health/liveness"), Ok(Route::Live));
    }

    #[test]
    fn refuses_other_paths_and_methods() {
        for path in ["/", "", "/validated", "/validate/", "/validate/other", "/validate/fail/finegrained/", "/failure"]
        {
            assert_eq!(post(path), Err(Lost::Path), "{path}");
        }
        assert_eq!(post("/metrics"), Err(Lost::Method("GET")));
        assert_eq!(Route::of(&Method::GET, "/validate"), Err(Lost::Method("POST")));
    }

    #[test]
    fn reads_the_timeout() {
        assert_eq!(timeout("timeout=10s"), Some(10));
        assert_eq!(timeout("a=b&timeout=3s"), Some(3));
        for query in ["", "timeout=", "timeout=10", "timeout=-1s", "timeouts=1s"] {
            assert_eq!(timeout(query), None, "{query}");
        }
    }
}
