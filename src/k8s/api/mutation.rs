//! Rules that change objects.

use super::conditions::{AnyAll, Operator};
use super::context::ContextEntry;
use super::schema::Any;
use super::selector::LabelSelector;
use schemars::JsonSchema;
use serde::Deserialize;

/// How objects are changed.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mutation {
    /// Changes for each element of a list.
    pub foreach: Option<Vec<ForEachMutation>>,
    /// Also when the policy changes.
    pub mutate_existing_on_policy_update: Option<bool>,
    /// A patch that is laid over the object.
    pub patch_strategic_merge: Option<Any>,
    /// A JSON Patch, as text.
    pub patches_json6902: Option<String>,
    /// The objects that are changed, where they are not those that the rule matches.
    pub targets: Option<Vec<Target>>,
}

/// Changes for each element of a list.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForEachMutation {
    /// Variables.
    pub context: Option<Vec<ContextEntry>>,
    /// A loop inside of this one.
    pub foreach: Option<Any>,
    /// The expression that gives the list.
    pub list: Option<String>,
    /// Where the loop begins.
    pub order: Option<Order>,
    /// A patch that is laid over the object.
    pub patch_strategic_merge: Option<Any>,
    /// A JSON Patch, as text.
    pub patches_json6902: Option<String>,
    /// What has to be true of an element.
    #[schemars(extend("x-kubernetes-preserve-unknown-fields" = true))]
    pub preconditions: Option<AnyAll<Operator>>,
}

/// Where a loop begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Order {
    /// At the first element.
    Ascending,
    /// At the last.
    Descending,
}

/// Objects that are changed.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The group and version of their kind.
    pub api_version: Option<String>,
    /// Variables.
    pub context: Option<Vec<ContextEntry>>,
    /// Their kind.
    pub kind: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// Their namespace.
    pub namespace: Option<String>,
    /// What has to be true of a target.
    pub preconditions: Option<Any>,
    /// Their labels.
    pub selector: Option<LabelSelector>,
    /// The uid of the only one.
    pub uid: Option<String>,
}
