//! What a `ClusterPolicy` or a `Policy` says.

use super::cel::MatchCondition;
use super::validation::{FailureActionOverride, OlderFailureAction};
use schemars::JsonSchema;
use serde::Deserialize;

/// Rules, and what holds for all of them.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicySpec<R> {
    /// Whether requests are checked.
    #[schemars(extend("default" = true))]
    pub admission: Option<bool>,
    /// How many of the rules are applied to a request.
    pub apply_rules: Option<ApplyRules>,
    /// Whether objects that are there are checked.
    #[schemars(extend("default" = true))]
    pub background: Option<bool>,
    /// Whether whoever asks is warned of what is reported or changed.
    #[schemars(extend("default" = false))]
    pub emit_warning: Option<bool>,
    /// The older place of the field of `webhookConfiguration`.
    pub failure_policy: Option<FailurePolicy>,
    /// The older place of the field of `generate`.
    pub generate_existing: Option<bool>,
    /// The older form of `generateExisting`.
    pub generate_existing_on_policy_update: Option<bool>,
    /// The older place of the field of `mutate`.
    pub mutate_existing_on_policy_update: Option<bool>,
    /// The rules.
    pub rules: Option<Vec<R>>,
    /// Without any effect.
    pub schema_validation: Option<bool>,
    /// Whether objects are made by server-side apply.
    pub use_server_side_apply: Option<bool>,
    /// The older place of `failureAction` of `validate`.
    #[schemars(extend("default" = "Audit"))]
    pub validation_failure_action: Option<OlderFailureAction>,
    /// The older place of `failureActionOverrides` of `validate`.
    pub validation_failure_action_overrides: Option<Vec<FailureActionOverride>>,
    /// How the API server calls the webhook.
    pub webhook_configuration: Option<WebhookConfiguration>,
    /// The older place of `timeoutSeconds` of `webhookConfiguration`.
    pub webhook_timeout_seconds: Option<i32>,
}

/// How many rules are applied to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ApplyRules {
    /// All of those that match.
    All,
    /// The first that matches.
    One,
}

/// What happens to a request that the webhook does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum FailurePolicy {
    /// It is taken.
    Ignore,
    /// It is refused.
    #[default]
    Fail,
}

/// How the API server calls the webhook.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookConfiguration {
    /// What happens to a request that is not answered.
    pub failure_policy: Option<FailurePolicy>,
    /// Expressions in CEL that have to be true of a request.
    pub match_conditions: Option<Vec<MatchCondition>>,
    /// How long an answer may take.
    pub timeout_seconds: Option<i32>,
}
