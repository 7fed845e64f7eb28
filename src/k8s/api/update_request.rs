//! What an `UpdateRequest` says: work that admission leaves to another process.

use super::schema::AnyObject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateRequestSpec {
    /// The request that it comes of.
    pub context: RequestContext,
    /// Whether what was made is to be deleted; the field of `ruleContext` took its place.
    pub delete_downstream: bool,
    /// The policy, with its namespace before a slash.
    pub policy: String,
    /// What is to be done.
    pub request_type: Option<RequestType>,
    /// The object that the request was about.
    pub resource: ObjectKey,
    /// The rule; `ruleContext` took its place.
    pub rule: String,
    /// What is to be done for each rule.
    pub rule_context: Option<Vec<RuleContext>>,
    /// Whether what is made is kept as it was made.
    pub synchronize: Option<bool>,
}

/// What is to be done, before `v2`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OlderUpdateRequestSpec {
    /// The request that it comes of.
    pub context: OlderRequestContext,
    /// Whether what was made is to be deleted.
    pub delete_downstream: bool,
    /// The policy, with its namespace before a slash.
    pub policy: String,
    /// What is to be done.
    pub request_type: Option<OlderRequestType>,
    /// The object that the request was about.
    pub resource: ObjectKey,
    /// The rule.
    pub rule: String,
    /// Whether what is made is kept as it was made.
    pub synchronize: Option<bool>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RequestType {
    /// Change objects.
    Mutate,
    /// Make objects.
    Generate,
    /// Make objects, as a `GeneratingPolicy` says.
    CelGenerate,
    /// Change objects, as a `MutatingPolicy` says.
    CelMutate,
}

/// What is to be done, before `v2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OlderRequestType {
    /// Change objects.
    Mutate,
    /// Make objects.
    Generate,
}

/// An object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectKey {
    /// The group and version of its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its uid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// What is to be done for a rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleContext {
    /// Whether what was made is made again where somebody deleted it.
    pub cache_restore: Option<bool>,
    /// Whether what was made is to be deleted.
    pub delete_downstream: bool,
    /// The rule.
    pub rule: String,
    /// Whether what is made is kept as it was made.
    pub synchronize: Option<bool>,
    /// The object that caused it.
    pub trigger: ObjectKey,
}

/// The request, and who asked.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestContext {
    /// The request.
    pub admission_request_info: Option<AdmissionRequestInfo>,
    /// Who asked.
    pub user_info: Option<RequestUser>,
}

/// The request, and who asked, before `v2`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OlderRequestContext {
    /// The request.
    pub admission_request_info: Option<AdmissionRequestInfo>,
    /// Who asked.
    pub user_info: Option<OlderRequestUser>,
}

/// Who asked, with their roles.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestUser {
    /// Their cluster roles.
    #[schemars(extend("nullable" = true))]
    pub cluster_roles: Option<Vec<String>>,
    /// Their roles.
    #[schemars(extend("nullable" = true))]
    pub roles: Option<Vec<String>>,
    /// Whether the roles were looked up.
    pub synchronize: Option<bool>,
    /// What the API server knows of them.
    pub user_info: Option<UserInfo>,
}

/// Who asked, with their roles, before `v2`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OlderRequestUser {
    /// Their cluster roles.
    #[schemars(extend("nullable" = true))]
    pub cluster_roles: Option<Vec<String>>,
    /// Their roles.
    #[schemars(extend("nullable" = true))]
    pub roles: Option<Vec<String>>,
    /// What the API server knows of them.
    pub user_info: Option<UserInfo>,
}

/// What the API server knows of a user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct UserInfo {
    /// What their authenticator adds.
    pub extra: Option<BTreeMap<String, Vec<String>>>,
    /// Their groups.
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub groups: Option<Vec<String>>,
    /// Their uid.
    pub uid: Option<String>,
    /// Their name.
    pub username: Option<String>,
}

/// A request of the API server, and what it does.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRequestInfo {
    /// The request.
    pub admission_request: Option<AdmissionRequest>,
    /// What it does.
    pub operation: Option<String>,
}

/// A request as admission reviews have it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRequest {
    /// Nothing is stored.
    pub dry_run: Option<bool>,
    /// The kind of the object.
    pub kind: Option<GroupVersionKind>,
    /// The object's name.
    pub name: Option<String>,
    /// The object's namespace.
    pub namespace: Option<String>,
    /// The object as it becomes.
    pub object: Option<AnyObject>,
    /// The object as it was.
    pub old_object: Option<AnyObject>,
    /// What the request does.
    pub operation: Option<String>,
    /// Options of the operation.
    pub options: Option<AnyObject>,
    /// The kind that was asked for.
    pub request_kind: Option<GroupVersionKind>,
    /// The resource that was asked for.
    pub request_resource: Option<GroupVersionResource>,
    /// The subresource that was asked for.
    pub request_sub_resource: Option<String>,
    /// The resource of the object.
    pub resource: Option<GroupVersionResource>,
    /// The subresource of the object.
    pub sub_resource: Option<String>,
    /// The uid of the request.
    pub uid: Option<String>,
    /// Who asked.
    pub user_info: Option<UserInfo>,
}

/// A kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct GroupVersionKind {
    /// Its group.
    pub group: String,
    /// Its name.
    pub kind: String,
    /// Its version.
    pub version: String,
}

/// A resource.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct GroupVersionResource {
    /// Its group.
    pub group: String,
    /// Its name.
    pub resource: String,
    /// Its version.
    pub version: String,
}

/// How far the work is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateRequestStatus {
    /// What was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub generated_resources: Vec<ObjectKey>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How often it was tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_count: Option<isize>,
    /// `Pending`, `Failed`, `Completed` or `Skip`.
    pub state: String,
}

/// How far the work is, before `v2`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OlderUpdateRequestStatus {
    /// What was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub generated_resources: Vec<ObjectKey>,
    /// The process that does the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How often it was tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_count: Option<isize>,
    /// `Pending`, `Failed`, `Completed` or `Skip`.
    pub state: String,
}
