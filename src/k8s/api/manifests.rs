//! Signatures of manifests in rules.

use super::attestor::AttestorSet;
use schemars::JsonSchema;
use serde::Deserialize;

/// How manifests are verified.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Manifests {
    /// The domain of the annotations that have the signature.
    pub annotation_domain: Option<String>,
    /// Who has to have signed the manifest.
    pub attestors: Option<Vec<AttestorSet>>,
    /// Whether the API server is asked what it would make of the manifest.
    pub dry_run: Option<DryRun>,
    /// Fields that may differ from those that were signed.
    pub ignore_fields: Option<Vec<IgnoreFields>>,
    /// Where the signature is, if not in the manifest.
    pub repository: Option<String>,
}

/// Whether the API server is asked what it would make of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct DryRun {
    /// It is.
    pub enable: Option<bool>,
    /// The namespace to ask in.
    pub namespace: Option<String>,
}

/// Fields that may differ.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct IgnoreFields {
    /// Their paths.
    pub fields: Option<Vec<String>>,
    /// The objects, with wildcards.
    pub objects: Option<Vec<ObjectReference>>,
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct ObjectReference {
    /// The group of its kind.
    pub group: Option<String>,
    /// Its kind.
    pub kind: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// The version of its kind.
    pub version: Option<String>,
}
