//! What rules, exceptions and cleanup policies are about: objects, and who asks.

use super::selector::LabelSelector;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a rule of `v1` is about. The fields beside `any` and `all` are their older form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("not" = {"required": ["any", "all"]}))]
pub struct Match {
    /// Filters of which all match.
    pub all: Option<Vec<Filter>>,
    /// Filters of which one matches.
    pub any: Option<Vec<Filter>>,
    /// Cluster roles, of which whoever asks has one.
    pub cluster_roles: Option<Vec<String>>,
    /// The objects.
    pub resources: Option<Resources>,
    /// Roles (`namespace:name`), of which whoever asks has one.
    pub roles: Option<Vec<String>>,
    /// Users, groups and service accounts, of which whoever asks is one.
    pub subjects: Option<Vec<Subject>>,
}

/// What everything after `v1` is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(extend("not" = {"required": ["any", "all"]}))]
pub struct NewerMatch {
    /// Filters of which all match.
    pub all: Option<Vec<Filter>>,
    /// Filters of which one matches.
    pub any: Option<Vec<Filter>>,
}

/// Objects and who asks; both have to match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Filter {
    /// Cluster roles, of which whoever asks has one.
    pub cluster_roles: Option<Vec<String>>,
    /// The objects.
    pub resources: Option<Resources>,
    /// Roles (`namespace:name`), of which whoever asks has one.
    pub roles: Option<Vec<String>>,
    /// Users, groups and service accounts, of which whoever asks is one.
    pub subjects: Option<Vec<Subject>>,
}

/// What is asked of objects: all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("not" = {"required": ["name", "names"]}))]
pub struct Resources {
    /// Annotations and their values, both with wildcards.
    pub annotations: Option<BTreeMap<String, String>>,
    /// Kinds (`group/version/Kind/subresource`, all but the kind left out at will), with wildcards.
    pub kinds: Option<Vec<String>>,
    /// The older form of `names`.
    pub name: Option<String>,
    /// Names, with wildcards.
    pub names: Option<Vec<String>>,
    /// Labels of the namespace.
    pub namespace_selector: Option<LabelSelector>,
    /// Namespaces, with wildcards.
    pub namespaces: Option<Vec<String>>,
    /// What is done to the objects.
    pub operations: Option<Vec<Operation>>,
    /// Labels, with wildcards.
    pub selector: Option<LabelSelector>,
}

/// What is done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    /// It is created.
    Create,
    /// It is connected to.
    Connect,
    /// It is updated.
    Update,
    /// It is deleted.
    Delete,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct Subject {
    /// The group of the kind.
    pub api_group: Option<String>,
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: String,
    /// The name, with wildcards.
    pub name: String,
    /// The namespace of a service account.
    pub namespace: Option<String>,
}
