//! Rules that make objects.

use super::conditions::{AnyAll, Operator};
use super::context::ContextEntry;
use super::schema::Any;
use super::selector::LabelSelector;
use schemars::JsonSchema;
use serde::Deserialize;

/// What is made.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Generation {
    /// The group and version of the object's kind.
    pub api_version: Option<String>,
    /// The object that it is a copy of.
    pub clone: Option<CloneFrom>,
    /// Objects that copies are made of.
    pub clone_list: Option<CloneList>,
    /// The object itself.
    pub data: Option<Any>,
    /// What is made for each element of a list.
    pub foreach: Option<Vec<ForEachGeneration>>,
    /// Also for objects that are there when the policy comes.
    pub generate_existing: Option<bool>,
    /// The object's kind.
    pub kind: Option<String>,
    /// The object's name.
    pub name: Option<String>,
    /// The object's namespace.
    pub namespace: Option<String>,
    /// Keep what was made when the policy goes.
    pub orphan_downstream_on_policy_delete: Option<bool>,
    /// Keep what was made as it was made.
    pub synchronize: Option<bool>,
    /// The object's uid.
    pub uid: Option<String>,
}

/// What is made for each element of a list.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForEachGeneration {
    /// The group and version of the object's kind.
    pub api_version: Option<String>,
    /// The object that it is a copy of.
    pub clone: Option<CloneFrom>,
    /// Objects that copies are made of.
    pub clone_list: Option<CloneList>,
    /// Variables.
    pub context: Option<Vec<ContextEntry>>,
    /// The object itself.
    pub data: Option<Any>,
    /// The object's kind.
    pub kind: Option<String>,
    /// The expression that gives the list.
    pub list: Option<String>,
    /// The object's name.
    pub name: Option<String>,
    /// The object's namespace.
    pub namespace: Option<String>,
    /// What has to be true of an element.
    #[schemars(extend("x-kubernetes-preserve-unknown-fields" = true))]
    pub preconditions: Option<AnyAll<Operator>>,
    /// The object's uid.
    pub uid: Option<String>,
}

/// An object that a copy is made of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct CloneFrom {
    /// Its name.
    pub name: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
}

/// Objects that copies are made of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct CloneList {
    /// Their kinds.
    pub kinds: Option<Vec<String>>,
    /// Their namespace.
    pub namespace: Option<String>,
    /// Their labels.
    pub selector: Option<LabelSelector>,
}
