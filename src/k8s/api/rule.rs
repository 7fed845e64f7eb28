//! Rules of policies.

use super::cel::MatchCondition;
use super::conditions::{AnyAll, NewerOperator};
use super::context::ContextEntry;
use super::generation::Generation;
use super::images::{NewerVerifyImages, VerifyImages};
use super::matching::{Match, NewerMatch};
use super::mutation::Mutation;
use super::schema::Any;
use super::validation::{NewerValidation, Validation};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A rule of `v1`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Expressions in CEL that have to be true of a request.
    pub cel_preconditions: Option<Vec<MatchCondition>>,
    /// Variables.
    pub context: Option<Vec<ContextEntry>>,
    /// What the rule is not about.
    pub exclude: Option<Match>,
    /// What the rule makes.
    pub generate: Option<Generation>,
    /// Where a kind has its images.
    pub image_extractors: Option<BTreeMap<String, Vec<ImageExtractor>>>,
    /// What the rule is about.
    #[serde(rename = "match")]
    pub matches: Match,
    /// What the rule changes.
    pub mutate: Option<Mutation>,
    /// The rule's name.
    #[schemars(length(max = 63))]
    pub name: String,
    /// What has to be true of a request; a list of conditions is the older form.
    pub preconditions: Option<Any>,
    /// What reports say besides the outcome.
    pub report_properties: Option<BTreeMap<String, String>>,
    /// Whether requests of the background controller are left alone.
    #[schemars(extend("default" = true))]
    pub skip_background_requests: Option<bool>,
    /// What the rule checks.
    pub validate: Option<Validation>,
    /// The images that the rule verifies.
    pub verify_images: Option<Vec<VerifyImages>>,
}

/// A rule after `v1`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewerRule {
    /// Expressions in CEL that have to be true of a request.
    pub cel_preconditions: Option<Vec<MatchCondition>>,
    /// Variables.
    pub context: Option<Vec<ContextEntry>>,
    /// What the rule is not about.
    pub exclude: Option<NewerMatch>,
    /// What the rule makes.
    pub generate: Option<Generation>,
    /// Where a kind has its images.
    pub image_extractors: Option<BTreeMap<String, Vec<ImageExtractor>>>,
    /// What the rule is about.
    #[serde(rename = "match")]
    pub matches: NewerMatch,
    /// What the rule changes.
    pub mutate: Option<Mutation>,
    /// The rule's name.
    #[schemars(length(max = 63))]
    pub name: String,
    /// What has to be true of a request.
    pub preconditions: Option<AnyAll<NewerOperator>>,
    /// What reports say besides the outcome.
    pub report_properties: Option<BTreeMap<String, String>>,
    /// Whether requests of the background controller are left alone.
    #[schemars(extend("default" = true))]
    pub skip_background_requests: Option<bool>,
    /// What the rule checks.
    pub validate: Option<NewerValidation>,
    /// The images that the rule verifies.
    pub verify_images: Option<Vec<NewerVerifyImages>>,
}

/// Where a kind has its images.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageExtractor {
    /// An expression that an image goes through.
    pub jmes_path: Option<String>,
    /// The field beside the image that tells it from the others.
    pub key: Option<String>,
    /// The name of the group that the images are in; `custom` where there is none.
    pub name: Option<String>,
    /// The path of the images, with slashes and wildcards.
    pub path: String,
    /// The field at the path that is the image.
    pub value: Option<String>,
}
