//! What a controller says of a `ClusterPolicy` or a `Policy`.

use super::condition::Condition;
use super::rule::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The status of a policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub struct PolicyStatus {
    /// Rules that are made from those of the policy.
    #[serde(default)]
    #[schemars(!default, with = "Option<Autogen>")]
    pub autogen: Autogen,
    /// What state the policy is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Whether the policy is in use; the condition `Ready` took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
    /// How many rules of each type the policy has.
    #[serde(default)]
    #[schemars(!default, with = "Option<RuleCount>")]
    pub rulecount: RuleCount,
    /// The `ValidatingAdmissionPolicy` that is made from the policy.
    #[serde(default)]
    #[schemars(!default, with = "Option<GeneratedPolicy>")]
    pub validatingadmissionpolicy: GeneratedPolicy,
}

/// Rules that are made from those of a policy, for controllers of pods.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Autogen {
    /// The rules, as a policy would write them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Rule>")]
    pub rules: Vec<serde_json::Value>,
}

/// How many rules of each type a policy has, with those made for controllers of pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleCount {
    /// Rules that generate.
    pub generate: isize,
    /// Rules that mutate.
    pub mutate: isize,
    /// Rules that validate.
    pub validate: isize,
    /// Rules that verify images.
    pub verifyimages: isize,
}

/// Whether a `ValidatingAdmissionPolicy` was made from a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GeneratedPolicy {
    /// Whether there is one.
    pub generated: bool,
    /// Why there is none.
    pub message: String,
}
