//! Who signs images and manifests.

use super::schema::Any;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Signers, of whom some have to have signed.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct AttestorSet {
    /// How many; all where there is no number.
    #[schemars(range(min = 1))]
    pub count: Option<isize>,
    /// The signers.
    pub entries: Option<Vec<Attestor>>,
}

/// A signer, known in one of several ways.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attestor {
    /// What a signature has to say.
    pub annotations: Option<BTreeMap<String, String>>,
    /// A set of signers in this one's place.
    pub attestor: Option<Any>,
    /// Known by a certificate.
    pub certificates: Option<Certificates>,
    /// Known by an identity that Sigstore confirms.
    pub keyless: Option<Keyless>,
    /// Known by a public key.
    pub keys: Option<Keys>,
    /// Where the signatures are, if not beside the image.
    pub repository: Option<String>,
    /// The digest of the signatures: sha224, sha256, sha384 or sha512.
    #[schemars(extend("default" = "sha256"))]
    pub signature_algorithm: Option<String>,
}

/// Certificates, as PEM.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Certificates {
    /// The signer's.
    pub cert: Option<String>,
    /// Those that it is trusted by.
    pub cert_chain: Option<String>,
    /// How the log of certificates is asked.
    pub ctlog: Option<CertificateLog>,
    /// How the log of signatures is asked.
    pub rekor: Option<Rekor>,
}

/// An identity.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Keyless {
    /// Further extensions of the certificate, and their values.
    pub additional_extensions: Option<BTreeMap<String, String>>,
    /// How the log of certificates is asked.
    pub ctlog: Option<CertificateLog>,
    /// Who confirms the identity.
    pub issuer: Option<String>,
    /// A regular expression for who confirms it.
    #[serde(rename = "issuerRegExp")]
    pub issuer_reg_exp: Option<String>,
    /// How the log of signatures is asked.
    pub rekor: Option<Rekor>,
    /// Certificates, as PEM, of the authorities that are trusted.
    pub roots: Option<String>,
    /// The identity.
    pub subject: Option<String>,
    /// A regular expression for the identity.
    #[serde(rename = "subjectRegExp")]
    pub subject_reg_exp: Option<String>,
}

/// Public keys.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Keys {
    /// How the log of certificates is asked.
    pub ctlog: Option<CertificateLog>,
    /// Where a key management service has the key.
    pub kms: Option<String>,
    /// The keys as PEM, or `k8s://namespace/secret`.
    pub public_keys: Option<String>,
    /// How the log of signatures is asked.
    pub rekor: Option<Rekor>,
    /// A Secret with the key.
    pub secret: Option<SecretReference>,
    /// The older place of the attestor's field of this name.
    #[schemars(extend("default" = "sha256"))]
    pub signature_algorithm: Option<String>,
}

/// A Secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct SecretReference {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

/// How the log of certificates is asked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateLog {
    /// Do not ask it.
    #[serde(rename = "ignoreSCT")]
    pub ignore_sct: Option<bool>,
    /// The log's public key.
    pub pubkey: Option<String>,
    /// Certificates, as PEM, of an authority for time stamps.
    pub tsa_cert_chain: Option<String>,
}

/// How the log of signatures is asked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rekor {
    /// Do not ask it.
    pub ignore_tlog: Option<bool>,
    /// The log's public key.
    pub pubkey: Option<String>,
    /// Where the log is.
    pub url: Option<String>,
}
