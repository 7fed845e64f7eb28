//! `GlobalContextEntry`: values of the cluster or of a service, kept for all policies.

use super::condition::Condition;
use super::context::{Method, RequestData, Service};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to keep.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = [{"required": ["kubernetesResource"]}, {"required": ["apiCall"]}]))]
pub struct GlobalContextEntrySpec {
    /// The answer of the API server or of a service, asked for again and again.
    pub api_call: Option<EntryCall>,
    /// Objects of the cluster, watched.
    pub kubernetes_resource: Option<WatchedResource>,
    /// Values that are computed from what is kept.
    pub projections: Option<Vec<Projection>>,
}

/// A call that is repeated.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntryCall {
    /// Fields of the body of a POST.
    pub data: Option<Vec<RequestData>>,
    /// The method of the request.
    #[schemars(extend("default" = "GET"))]
    pub method: Option<Method>,
    /// How long an answer is good for.
    #[schemars(extend("default" = "10m", "format" = "duration"))]
    pub refresh_interval: Option<String>,
    /// How often a call is tried.
    #[schemars(range(min = 1), extend("default" = 3))]
    pub retry_limit: Option<isize>,
    /// The service to call, in place of the API server.
    pub service: Option<Service>,
    /// The path of a request of the API server.
    pub url_path: Option<String>,
}

/// Objects of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct WatchedResource {
    /// The group of the kind; none for the core group.
    pub group: Option<String>,
    /// The namespace of the objects; all where there is none.
    pub namespace: Option<String>,
    /// The name of the kind in paths, such as `deployments`.
    pub resource: String,
    /// The version of the kind.
    pub version: String,
}

/// A value computed from what is kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Projection {
    /// The expression that computes it.
    pub jmes_path: String,
    /// The name that policies know it by.
    pub name: String,
}

/// What a controller says of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GlobalContextEntryStatus {
    /// What state the entry is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// When the call was answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub last_refresh_time: Option<String>,
}

/// The status as versions before `v2` have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OlderStatus {
    /// What state the entry is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// When the call was answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub last_refresh_time: Option<String>,
    /// Whether the entry is in use; the condition `Ready` took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
}
