//! What a `CleanupPolicy` or a `ClusterCleanupPolicy` says, and what a controller says of it.

use super::condition::Condition;
use super::conditions::{AnyAll, NewerOperator};
use super::context::ContextEntry;
use super::matching::NewerMatch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which objects are deleted, and when.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CleanupSpec {
    /// What has to be true of an object.
    pub conditions: Option<AnyAll<NewerOperator>>,
    /// Variables.
    pub context: Option<Vec<ContextEntry>>,
    /// What becomes of objects that an object owns.
    pub deletion_propagation_policy: Option<Propagation>,
    /// What the policy is not about.
    pub exclude: Option<NewerMatch>,
    /// What the policy is about.
    #[serde(rename = "match")]
    pub matches: NewerMatch,
    /// When, as cron writes it.
    pub schedule: String,
}

/// What becomes of objects that a deleted object owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Propagation {
    /// They are deleted before it.
    Foreground,
    /// They are deleted after it.
    Background,
    /// They stay.
    Orphan,
}

/// The status of a cleanup policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CleanupStatus {
    /// What state the policy is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// When objects were deleted last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub last_execution_time: Option<String>,
}
