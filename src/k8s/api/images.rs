//! Signatures and attestations of images in rules.

use super::attestor::AttestorSet;
use super::conditions::{AnyAll, Operator};
use super::registry::Credentials;
use super::validation::{Deny, FailureAction};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How images of `v1` are verified. Signers outside of `attestors` are their older form.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerifyImages {
    /// Further extensions of the signer's certificate, and their values.
    pub additional_extensions: Option<BTreeMap<String, String>>,
    /// What a signature has to say.
    pub annotations: Option<BTreeMap<String, String>>,
    /// Statements about the image that have to be there.
    pub attestations: Option<Vec<Attestation>>,
    /// Who has to have signed the image.
    pub attestors: Option<Vec<AttestorSet>>,
    /// Look for signatures where OCI 1.1 puts them.
    #[serde(rename = "cosignOCI11")]
    pub cosign_oci11: Option<bool>,
    /// What happens where an image is not signed.
    pub failure_action: Option<FailureAction>,
    /// The older form of `imageReferences`.
    pub image: Option<String>,
    /// The images that are verified, with wildcards.
    pub image_references: Option<Vec<String>>,
    /// How the registry is logged in to.
    pub image_registry_credentials: Option<Credentials>,
    /// Who confirms the signer's identity.
    pub issuer: Option<String>,
    /// The signer's public key.
    pub key: Option<String>,
    /// Put the digest in the place of a tag.
    #[schemars(extend("default" = true))]
    pub mutate_digest: Option<bool>,
    /// Where the signatures are, if not beside the image.
    pub repository: Option<String>,
    /// Every image has to be verified.
    #[schemars(extend("default" = true))]
    pub required: Option<bool>,
    /// Certificates, as PEM, of the authorities that are trusted.
    pub roots: Option<String>,
    /// Images that are not verified, with wildcards.
    pub skip_image_references: Option<Vec<String>>,
    /// The signer's identity.
    pub subject: Option<String>,
    /// Whose signatures they are.
    #[serde(rename = "type")]
    pub kind: Option<SignatureType>,
    /// Keep the outcome for the next request.
    #[schemars(extend("default" = true))]
    pub use_cache: Option<bool>,
    /// Conditions over all of the statements.
    pub validate: Option<ValidateImages>,
    /// Every image has to have a digest.
    #[schemars(extend("default" = true))]
    pub verify_digest: Option<bool>,
}

/// How images are verified after `v1`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewerVerifyImages {
    /// Statements about the image that have to be there.
    pub attestations: Option<Vec<Attestation>>,
    /// Who has to have signed the image.
    pub attestors: Option<Vec<AttestorSet>>,
    /// What happens where an image is not signed.
    pub failure_action: Option<FailureAction>,
    /// The images that are verified, with wildcards.
    pub image_references: Option<Vec<String>>,
    /// How the registry is logged in to.
    pub image_registry_credentials: Option<Credentials>,
    /// Put the digest in the place of a tag.
    #[schemars(extend("default" = true))]
    pub mutate_digest: Option<bool>,
    /// Where the signatures are, if not beside the image.
    pub repository: Option<String>,
    /// Every image has to be verified.
    #[schemars(extend("default" = true))]
    pub required: Option<bool>,
    /// Images that are not verified, with wildcards.
    pub skip_image_references: Option<Vec<String>>,
    /// Whose signatures they are.
    #[serde(rename = "type")]
    pub kind: Option<SignatureType>,
    /// Keep the outcome for the next request.
    #[schemars(extend("default" = true))]
    pub use_cache: Option<bool>,
    /// Conditions over all of the statements.
    pub validate: Option<ValidateImages>,
    /// Every image has to have a digest.
    #[schemars(extend("default" = true))]
    pub verify_digest: Option<bool>,
}

/// Whose signatures are verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum SignatureType {
    /// Those of cosign.
    Cosign,
    /// Those of Sigstore, in one bundle.
    SigstoreBundle,
    /// Those of notation.
    Notary,
}

/// A signed statement about an image.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attestation {
    /// Who has to have signed it.
    pub attestors: Option<Vec<AttestorSet>>,
    /// What has to be true of it.
    pub conditions: Option<Vec<AnyAll<Operator>>>,
    /// The name that rules know it by.
    pub name: Option<String>,
    /// The older form of `type`.
    pub predicate_type: Option<String>,
    /// The type of the statement.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// Conditions over all of the statements about an image.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct ValidateImages {
    /// The image is refused where these hold.
    pub deny: Option<Deny>,
    /// What is said then.
    pub message: Option<String>,
}
