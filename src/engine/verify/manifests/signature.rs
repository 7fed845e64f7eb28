//! The signatures of an object, and whether somebody's key made one of them.
//!
//! k8s-manifest-sigstore: pkg/k8smanifest/verify.go and pkg/cosign/verify.go, with the words of cosign's verify-blob.

use super::super::super::host::Host;
use super::super::entry::Attestor;
use super::Annotations;
use super::archive::unzipped;
use super::ignored::matches;
use kyvc_vm::builtin::decode_base64;
use kyvc_vm::builtin::x509::{Curve, PublicKey, ecdsa_der, ecdsa_signature};
use kyvc_vm::document::write_str;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

/// Who has to have signed.
#[derive(Clone, Debug, Default)]
pub(super) struct Signer {
    /// The keys that were named, as far as they are known; nothing where none was
    keys: Option<Vec<Option<String>>>,
    /// Whether keys were written into the rule
    written: bool,
    /// Whether a certificate was named
    certificate: bool,
    /// An identity
    subject: Option<String>,
}

impl Signer {
    /// Becomes what an attestor says. What it does not say is as it was before.
    ///
    /// Kyverno: pkg/engine/handlers/validation/validate_manifest.go, buildVerifyResourceOptionsAndPath.
    pub(super) fn follow(&mut self, attestor: &Attestor, host: &dyn Host) -> Result<(), String> {
        if let Some(keys) = &attestor.keys {
            let text = &keys.public_keys;
            self.written = text.starts_with(KEY) || text.starts_with(PGP);
            self.keys = match text.as_str() {
                "" => None,
                text if self.written => Some(vec![Some(text.to_owned())]),
                text => Some(text.split(',').map(|part| host.key(part.trim())).collect()),
            };
            return Ok(());
        }
        // A key that was written into the rule is gone with its attestor, but not its address.
        if self.written {
            self.keys = Some(vec![None]);
        }
        if let Some(certificates) = &attestor.certificates {
            self.certificate |= !certificates.cert.is_empty();
        } else if let Some(keyless) = &attestor.keyless {
            self.subject = Some(keyless.subject.clone());
            if !keyless.roots.is_empty() && !keyless.roots.contains("-----BEGIN CERTIFICATE-----") {
                return Err("failed to load Root certificates: error creating root cert pool".to_owned());
            }
        }
        Ok(())
    }

    /// Whether a signer without a name may be the one.
    pub(super) fn may_be_nameless(&self) -> bool {
        self.subject.as_deref().is_none_or(|subject| matches(subject, ""))
    }
}

const KEY: &str = "-----BEGIN PUBLIC KEY-----";
const PGP: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

/// Why no signature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unsigned {
    /// There is none
    Missing,
    /// What is wrong
    Wrong(String),
}

/// A signature and what comes with it.
struct Signature<'a> {
    signature: &'a str,
    certificate: Option<&'a str>,
    bundle: Option<&'a str>,
}

/// The signatures of an object, which are numbered from the second on.
fn signatures<'a>(annotations: &'a Annotations, domain: &str) -> Vec<Signature<'a>> {
    let at = |name: &str, i: usize| {
        let number = if i == 0 { String::new() } else { format!("_{i}") };
        annotations.get(&format!("{domain}/{name}{number}")).map(String::as_str)
    };
    let more = |name: &str, i: usize| at(name, i).filter(|text| !text.is_empty());
    let all = (0..).map_while(|i| {
        let signature = at("signature", i)?;
        Some(Signature { signature, certificate: more("certificate", i), bundle: more("bundle", i) })
    });
    all.collect()
}

/// Whether somebody has signed a message. `network` says why services of sigstore cannot be asked.
pub(super) fn verify(
    annotations: &Annotations,
    domain: &str,
    message: &str,
    signer: &Signer,
    network: &dyn Fn() -> String,
) -> Result<(), Unsigned> {
    let all = signatures(annotations, domain);
    if all.is_empty() {
        return Err(Unsigned::Missing);
    }
    // What is not base 64 was found out when the manifest was looked for.
    let message = unzipped(&decode_base64(message.as_bytes()).unwrap_or_default());
    let mut trials = Vec::new();
    let mut attempt = |key: Option<&PublicKey>, who: &str| {
        for (i, one) in all.iter().enumerate() {
            match one.verify(&message, key, signer.certificate, network) {
                Ok(()) => return true,
                Err(why) => trials.push(format!("[{who}] [signature {}/{}] error: {why}", i + 1, all.len())),
            }
        }
        false
    };
    match &signer.keys {
        Some(keys) => {
            for (i, key) in keys.iter().enumerate() {
                let key = known(key.as_deref()).map_err(Unsigned::Wrong)?;
                if attempt(Some(&key), &format!("publickey {}/{}", i + 1, keys.len())) {
                    return Ok(());
                }
            }
        }
        None => {
            let named = signer.subject.as_ref().is_some_and(|s| !s.is_empty());
            if attempt(None, if named { "signer 1/1" } else { "" }) {
                return Ok(());
            }
        }
    }
    let mut list = String::new();
    for trial in &trials {
        list.push(if list.is_empty() { '[' } else { ',' });
        write_str(trial, &mut list);
    }
    Err(Unsigned::Wrong(format!("verification failed for {} signature. all trials: {list}]", all.len())))
}

/// The key that a text holds.
fn known(text: Option<&str>) -> Result<PublicKey, String> {
    if let Some(key) = text.and_then(PublicKey::from_pem) {
        return Ok(key);
    }
    Err(match text {
        Some(text) if text.starts_with(PGP) => "kyvc does not verify signatures of PGP yet".to_owned(),
        Some(text) if text.contains("-----BEGIN CERTIFICATE-----") => {
            "kyvc does not verify signatures with certificates yet".to_owned()
        }
        _ => "failed to judge signature type from public key configuration".to_owned(),
    })
}

impl Signature<'_> {
    fn verify(
        &self,
        message: &[u8],
        key: Option<&PublicKey>,
        certificate: bool,
        network: &dyn Fn() -> String,
    ) -> Result<(), String> {
        if self.bundle.is_some() {
            return Err(format!("failed to create cosign check options: failed to get rekor pubkeys: {}", network()));
        }
        let said = |why: &str| format!("cosign.VerifyBlobCmd.Exec() returned an error: {why}");
        let Some(key) = key else {
            return Err(said(match certificate {
                true => {
                    "--certificate-identity or --certificate-identity-regexp is required for verification in keyless \
                     mode"
                }
                false => {
                    "provide a key with --key or --sk, a certificate to verify against with --certificate, or a bundle \
                     with --bundle"
                }
            }));
        };
        if certificate {
            return Err(said(
                "exactly one of: key reference (--key), certificate (--cert) or hardware token (--sk) must be provided",
            ));
        }
        if self.certificate.is_some() {
            return Err(said(&format!("setting up clients and keys: getting rekor public keys: {}", network())));
        }
        if self.signature.is_empty() {
            return Err(said("missing flag '--signature'"));
        }
        // What is not base 64 is taken as the signature itself.
        let bytes = decode_base64(self.signature.as_bytes());
        let bytes = bytes.unwrap_or_else(|_| self.signature.as_bytes().to_vec());
        made_by(key, message, &bytes).map_err(|why| said(&why))
    }
}

/// Whether a key made a signature: of the SHA-256 of the message, but for Ed25519.
///
/// sigstore: pkg/signature, and Go: crypto/rsa.
fn made_by(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), String> {
    let check = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8], signature: &[u8], why: &str| {
        UnparsedPublicKey::new(algorithm, key).verify(message, signature).map_err(|_| why.to_owned())
    };
    match key {
        PublicKey::Ed25519(key) => check(&signature::ED25519, key, signature, "failed to verify signature"),
        PublicKey::Rsa(bits, _) if *bits < 1024 => Err(format!(
            "crypto/rsa: {bits}-bit keys are insecure (see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)"
        )),
        PublicKey::Rsa(_, key) => {
            // Keys that sigstore still takes, whatever their age.
            let algorithm = &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
            check(algorithm, key, signature, "crypto/rsa: verification error")
        }
        PublicKey::Ecdsa(curve, key) => {
            let algorithm: &'static dyn VerificationAlgorithm = match curve {
                Curve::P256 => &signature::ECDSA_P256_SHA256_ASN1,
                Curve::P384 => &signature::ECDSA_P384_SHA256_ASN1,
                Curve::P224 | Curve::P521 => {
                    return Err(format!("kyvc does not verify signatures on {curve:?} yet"));
                }
            };
            if ecdsa_signature(signature).is_some() {
                return check(algorithm, key, signature, "invalid signature when validating ASN.1 encoded signature");
            }
            if signature.is_empty() || signature.len() > 132 || !signature.len().is_multiple_of(2) {
                return Err("ecdsa: Invalid IEEE_P1363 encoded bytes".to_owned());
            }
            let (r, s) = signature.split_at(signature.len() / 2);
            let der = ecdsa_der(r, s);
            check(algorithm, key, &der, "invalid signature when validating IEEE_P1363 encoded signature")
        }
    }
}
