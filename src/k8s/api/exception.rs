//! What a `PolicyException` says.

use super::conditions::{AnyAll, NewerOperator};
use super::matching::NewerMatch;
use super::pod_security::PodSecurityExclude;
use schemars::JsonSchema;
use serde::Deserialize;

/// What is excepted, from which rules.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionSpec {
    /// Whether it holds for objects that are there.
    pub background: Option<bool>,
    /// What has to be true of an object.
    pub conditions: Option<AnyAll<NewerOperator>>,
    /// The rules.
    pub exceptions: Vec<ExceptedRules>,
    /// What is excepted.
    #[serde(rename = "match")]
    pub matches: NewerMatch,
    /// Controls of Pod Security Standards that are left out, in place of the whole rule.
    pub pod_security: Option<Vec<PodSecurityExclude>>,
}

/// Rules of one policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExceptedRules {
    /// The policy, with its namespace before a slash.
    pub policy_name: String,
    /// Its rules, with wildcards.
    pub rule_names: Vec<String>,
}
