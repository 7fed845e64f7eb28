//! An entry of `verifyImages` with its variables evaluated.

use serde::Deserialize;
use std::collections::BTreeMap;

/// How some images are verified.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Entry {
    /// The method
    #[serde(rename = "type")]
    pub method: Method,
    image: String,
    /// The images, with wildcards
    pub image_references: Vec<String>,
    /// The images among them that are not verified
    pub skip_image_references: Vec<String>,
    key: String,
    issuer: String,
    subject: String,
    /// Certificates of authorities, as PEM
    pub roots: String,
    annotations: BTreeMap<String, String>,
    /// Who has to have signed
    pub attestors: Vec<AttestorSet>,
    /// What has to be attested
    pub attestations: Vec<Attestation>,
    /// Where signatures are, where that is elsewhere
    pub repository: String,
    /// Whether the digest takes the place of the tag
    pub mutate_digest: bool,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            method: Method::Cosign,
            image: String::new(),
            image_references: Vec::new(),
            skip_image_references: Vec::new(),
            key: String::new(),
            issuer: String::new(),
            subject: String::new(),
            roots: String::new(),
            annotations: BTreeMap::new(),
            attestors: Vec::new(),
            attestations: Vec::new(),
            repository: String::new(),
            mutate_digest: true,
        }
    }
}

/// How images are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Method {
    /// With cosign
    #[default]
    Cosign,
    /// With a bundle of sigstore
    SigstoreBundle,
    /// With notation
    Notary,
}

/// Attestors, some of which have to agree.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AttestorSet {
    count: Option<usize>,
    /// The attestors
    pub entries: Vec<Attestor>,
}

/// Somebody who signs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Attestor {
    /// By keys
    pub keys: Option<Keys>,
    /// By certificates
    pub certificates: Option<Certificates>,
    /// By an identity
    pub keyless: Option<Keyless>,
    /// What the annotations of what is signed have to be
    pub annotations: Option<BTreeMap<String, String>>,
    /// By others
    pub attestor: Option<serde_json::Value>,
    /// Where the signatures are, where that is elsewhere
    pub repository: String,
    /// The hash algorithm
    pub signature_algorithm: String,
}

/// Public keys.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Keys {
    /// As PEM, or where they are
    pub public_keys: String,
    /// The hash algorithm
    pub signature_algorithm: String,
    /// The address in a key management system
    pub kms: String,
    /// The Secret that holds the key
    pub secret: Option<SecretName>,
    /// The transparency log
    pub rekor: Option<Rekor>,
    /// The log of certificates
    pub ctlog: Option<CtLog>,
}

/// The name of a Secret.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SecretName {
    /// Its name
    pub name: String,
    /// Its namespace
    pub namespace: String,
}

/// A certificate and its chain.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Certificates {
    /// The certificate, as PEM
    pub cert: String,
    /// Those that it hangs on
    pub cert_chain: String,
    /// The transparency log
    pub rekor: Option<Rekor>,
    /// The log of certificates
    pub ctlog: Option<CtLog>,
}

/// An identity.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Keyless {
    /// Who vouches for it
    pub issuer: String,
    /// Who it is
    pub subject: String,
    /// Certificates of authorities, as PEM
    pub roots: String,
    /// The transparency log
    pub rekor: Option<Rekor>,
    /// The log of certificates
    pub ctlog: Option<CtLog>,
}

/// The transparency log.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rekor {
    /// Its key, as PEM
    pub pubkey: String,
    /// Whether it does not count
    pub ignore_tlog: bool,
}

/// The log of certificates.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CtLog {
    /// Its key, as PEM
    pub pubkey: String,
    /// Whether it does not count
    #[serde(rename = "ignoreSCT")]
    pub ignore_sct: bool,
}

/// Something that is attested.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Attestation {
    /// What kind of statement it is
    #[serde(rename = "type")]
    pub kind: String,
    predicate_type: String,
    /// Who has to have attested it
    pub attestors: Vec<AttestorSet>,
}

impl Entry {
    /// The entry without its oldest fields.
    ///
    /// Kyverno: api/kyverno/v1/image_verification_types.go, Convert; attestations do not get the attestor.
    pub(super) fn converted(mut self) -> Self {
        if self.image.is_empty() && self.key.is_empty() && self.issuer.is_empty() {
            return self;
        }
        let roots = std::mem::take(&mut self.roots);
        if !self.image.is_empty() {
            self.image_references.push(std::mem::take(&mut self.image));
        }
        let annotated = !self.annotations.is_empty() || !self.key.is_empty() || !self.issuer.is_empty();
        if annotated && self.attestations.is_empty() {
            let mut attestor = Attestor::default();
            if !self.key.is_empty() {
                attestor.keys = Some(Keys { public_keys: self.key.clone(), ..Keys::default() });
            } else if !self.issuer.is_empty() {
                let (issuer, subject) = (self.issuer.clone(), self.subject.clone());
                attestor.keyless = Some(Keyless { issuer, subject, roots, ..Keyless::default() });
            }
            self.attestors.push(AttestorSet { count: None, entries: vec![attestor] });
        }
        self
    }
}

impl AttestorSet {
    /// One attestor of whom nothing is known.
    pub(super) fn of_anybody() -> Self {
        Self { count: None, entries: vec![Attestor::default()] }
    }

    /// How many have to agree.
    pub(super) fn required(&self) -> usize {
        self.count.filter(|n| *n > 0).unwrap_or(self.entries.len())
    }

    /// The attestors, one for each key where one has several.
    pub(super) fn expanded(&self) -> Self {
        const END: &str = "-----END PUBLIC KEY-----";
        let mut entries = Vec::new();
        for attestor in &self.entries {
            let keys = attestor.keys.as_ref().map_or("", |k| k.public_keys.as_str());
            let mut parts: Vec<&str> = keys.split_inclusive(END).collect();
            if parts.last().is_some_and(|p| !p.ends_with(END)) {
                parts.pop();
            }
            if parts.len() < 2 {
                entries.push(attestor.clone());
                continue;
            }
            for part in parts {
                let keys = attestor.keys.clone().map(|k| Keys { public_keys: part.to_owned(), ..k });
                entries.push(Attestor { keys, ..attestor.clone() });
            }
        }
        Self { count: self.count, entries }
    }
}

impl Attestation {
    /// The kind of statement, in the field that has it.
    pub fn kind(&self) -> &str {
        if self.kind.is_empty() { &self.predicate_type } else { &self.kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_taken_apart() {
        let key = "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----";
        let set = |keys: &str| AttestorSet {
            count: None,
            entries: vec![Attestor {
                keys: Some(Keys { public_keys: keys.to_owned(), ..Keys::default() }),
                ..Attestor::default()
            }],
        };
        assert_eq!(set(key).expanded().required(), 1);
        assert_eq!(set(&format!("{key}\n{key}\n")).expanded().required(), 2);
        assert_eq!(set("k8s://a/b").expanded().required(), 1);
    }

    #[test]
    fn the_oldest_form() {
        let entry: Entry = serde_json::from_str(r#"{"image": "a/*", "key": "k"}"#).unwrap();
        let entry = entry.converted();
        assert_eq!(entry.image_references, ["a/*"]);
        assert_eq!(entry.attestors[0].entries[0].keys.as_ref().unwrap().public_keys, "k");
        assert!(entry.mutate_digest);
    }
}
