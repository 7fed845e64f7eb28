//! Rules that check objects.

use super::cel::Cel;
use super::conditions::{AnyAll, NewerOperator, Operator};
use super::context::ContextEntry;
use super::manifests::Manifests;
use super::pod_security::PodSecurity;
use super::schema::Any;
use super::selector::LabelSelector;
use schemars::JsonSchema;
use serde::Deserialize;

/// How rules of `v1` check.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validation {
    /// An object that was refused already when it was made or last changed may still be changed.
    #[schemars(extend("default" = true))]
    pub allow_existing_violations: Option<bool>,
    /// Patterns, of which the object has to fit one.
    pub any_pattern: Option<Any>,
    /// Without any effect.
    pub assert: Option<Any>,
    /// Expressions in CEL.
    pub cel: Option<Cel>,
    /// The object is refused where these hold.
    pub deny: Option<Deny>,
    /// What happens where an object is refused.
    pub failure_action: Option<FailureAction>,
    /// What happens in some namespaces.
    pub failure_action_overrides: Option<Vec<FailureActionOverride>>,
    /// Checks of each element of a list.
    pub foreach: Option<Vec<ForEachValidation>>,
    /// Signatures of the manifest.
    pub manifests: Option<Manifests>,
    /// What is said where an object is refused.
    pub message: Option<String>,
    /// A pattern that the object has to fit.
    pub pattern: Option<Any>,
    /// Pod Security Standards.
    pub pod_security: Option<PodSecurity>,
}

/// How rules check after `v1`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewerValidation {
    /// Patterns, of which the object has to fit one.
    pub any_pattern: Option<Any>,
    /// Without any effect.
    pub assert: Option<Any>,
    /// Expressions in CEL.
    pub cel: Option<Cel>,
    /// The object is refused where these hold.
    pub deny: Option<NewerDeny>,
    /// What happens where an object is refused.
    pub failure_action: Option<FailureAction>,
    /// What happens in some namespaces.
    pub failure_action_overrides: Option<Vec<FailureActionOverride>>,
    /// Checks of each element of a list.
    pub foreach: Option<Vec<ForEachValidation>>,
    /// Signatures of the manifest.
    pub manifests: Option<Manifests>,
    /// What is said where an object is refused.
    pub message: Option<String>,
    /// A pattern that the object has to fit.
    pub pattern: Option<Any>,
    /// Pod Security Standards.
    pub pod_security: Option<PodSecurity>,
}

/// Conditions that refuse an object; a list of them is the older form.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Deny {
    /// The conditions.
    pub conditions: Option<Any>,
}

/// Conditions that refuse an object.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct NewerDeny {
    /// The conditions.
    pub conditions: Option<AnyAll<NewerOperator>>,
}

/// What happens where an object is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum FailureAction {
    /// It is reported.
    Audit,
    /// The request is refused.
    Enforce,
}

/// What happens where an object is refused, also in the older spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum OlderFailureAction {
    /// It is reported.
    #[serde(rename = "audit")]
    AuditOld,
    /// The request is refused.
    #[serde(rename = "enforce")]
    EnforceOld,
    /// It is reported.
    Audit,
    /// The request is refused.
    Enforce,
}

/// What happens in some namespaces.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailureActionOverride {
    /// What happens.
    pub action: Option<OlderFailureAction>,
    /// Labels of the namespaces.
    pub namespace_selector: Option<LabelSelector>,
    /// The namespaces, with wildcards.
    pub namespaces: Option<Vec<String>>,
}

/// Checks of each element of a list.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForEachValidation {
    /// Patterns, of which the element has to fit one.
    pub any_pattern: Option<Any>,
    /// Variables.
    pub context: Option<Vec<ContextEntry>>,
    /// The object is refused where these hold.
    pub deny: Option<Deny>,
    /// Whether patterns are about the element, and not about the object.
    pub element_scope: Option<bool>,
    /// A loop inside of this one.
    pub foreach: Option<Any>,
    /// The expression that gives the list.
    pub list: Option<String>,
    /// A pattern that the element has to fit.
    pub pattern: Option<Any>,
    /// What has to be true of an element.
    #[schemars(extend("x-kubernetes-preserve-unknown-fields" = true))]
    pub preconditions: Option<AnyAll<Operator>>,
}
