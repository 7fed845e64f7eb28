//! CEL in rules, written as a `ValidatingAdmissionPolicy` writes it.

use super::selector::LabelSelector;
use schemars::JsonSchema;
use serde::Deserialize;

/// Checks objects with CEL.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cel {
    /// Notes in the audit log.
    pub audit_annotations: Option<Vec<AuditAnnotation>>,
    /// What has to be true.
    pub expressions: Option<Vec<CelExpression>>,
    /// Whether the API server gets a `ValidatingAdmissionPolicy` that does the same.
    #[schemars(extend("default" = false))]
    pub generate: Option<bool>,
    /// The kind of the parameters.
    pub param_kind: Option<ParamKind>,
    /// The objects that are parameters.
    pub param_ref: Option<ParamRef>,
    /// Values that other expressions use.
    pub variables: Option<Vec<CelVariable>>,
}

/// A note in the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditAnnotation {
    /// Its name.
    pub key: String,
    /// The expression that gives its text.
    pub value_expression: String,
}

/// An expression that has to be true.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CelExpression {
    /// The expression.
    pub expression: String,
    /// What is said where it is false.
    pub message: Option<String>,
    /// The expression that gives what is said.
    pub message_expression: Option<String>,
    /// The reason in the answer, such as `Forbidden`.
    pub reason: Option<String>,
}

/// A kind of parameters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct ParamKind {
    /// Its group and version.
    pub api_version: Option<String>,
    /// Its name.
    pub kind: Option<String>,
}

/// The objects that are parameters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct ParamRef {
    /// The name of the only one.
    pub name: Option<String>,
    /// Their namespace; that of the request where there is none.
    pub namespace: Option<String>,
    /// `Allow` or `Deny`, where there are none.
    pub parameter_not_found_action: Option<String>,
    /// Labels of all of them.
    pub selector: Option<LabelSelector>,
}

/// A value that other expressions use.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct CelVariable {
    /// The expression that gives it.
    pub expression: String,
    /// Its name.
    pub name: String,
}

/// An expression that decides whether there is anything to do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct MatchCondition {
    /// The expression.
    pub expression: String,
    /// Its name.
    pub name: String,
}
