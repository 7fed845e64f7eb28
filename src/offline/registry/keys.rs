//! The keys and certificates that cosign needs: what is wrong with them, in its words and order.
//!
//! Kyverno: pkg/image/verifiers/cpol/cosign/cosign.go, buildCosignOptions.

use super::super::file;
use super::{no_tuf, not_found};
use crate::engine::{Attestor, Certificates, CtLog, Refused, Rekor};
use crate::yaml;
use kyvc_vm::builtin::x509;
use std::env;

/// What is missing or wrong of the keys of the logs.
pub(super) fn logs(rekor: Option<&Rekor>, ctlog: Option<&CtLog>) -> Option<Refused> {
    let key = |log: &str, what: &str, pem: &str| match pem {
        "" => Some(no_tuf(&format!("failed to load {log} public keys: "))),
        pem => {
            let text =
                |why: String| format!("failed to load {log} public keys: failed to get {what} public keys: {why}");
            x509::public_key(pem).err().map(|why| Refused::text(text(why)))
        }
    };
    let rekor = match rekor {
        Some(r) if r.ignore_tlog => None,
        other => key("Rekor", "rekor", other.map_or("", |r| &r.pubkey)),
    };
    rekor.or_else(|| match ctlog {
        Some(c) if c.ignore_sct => None,
        other => key("CTLogs", "transparency log", other.map_or("", |c| &c.pubkey)),
    })
}

/// What is wrong with the key or certificate that a signature has to be made with.
pub(super) fn identity(a: &Attestor, roots: &str) -> Option<Refused> {
    let keys = a.keys.as_ref();
    let key = keys.map(|k| match &k.secret {
        _ if !k.public_keys.is_empty() => k.public_keys.clone(),
        Some(secret) => format!("k8s://{}/{}", secret.namespace, secret.name),
        None => k.kms.clone(),
    });
    if let Some(key) = key.filter(|k| !k.is_empty()) {
        return if key.trim().starts_with("-----BEGIN PUBLIC KEY-----") {
            let said = |why| format!("failed to load public key from PEM: pem to public key: {why}");
            x509::public_key(&key).err().map(|why| Refused::text(said(why)))
        } else {
            let why = elsewhere(&key).err()?;
            Some(Refused { text: format!("failed to load public key from {key}: {}", why.text), ..why })
        };
    }
    if let Some(c) =
        a.certificates.as_ref().filter(|c| keys.is_none() && !(c.cert.is_empty() && c.cert_chain.is_empty()))
    {
        return certificates(c).err().map(Refused::text);
    }
    let fulcio = "failed to get roots from fulcio: failed to fetch Fulcio roots: initializing tuf: ";
    roots.is_empty().then(|| no_tuf(fulcio))
}

fn certificates(c: &Certificates) -> Result<(), String> {
    /// How long a chain may be.
    const LONGEST: usize = 11;
    if c.cert.is_empty() {
        let bad = || "failed to load certificates: error creating root cert pool".to_owned();
        return x509::has_certificates(&c.cert_chain).then_some(()).ok_or_else(bad);
    }
    let plain = yaml::base64(&c.cert);
    let why = match x509::certificates(plain.as_deref().unwrap_or(&c.cert)) {
        Ok(0) => Some("no certs found in pem file".to_owned()),
        Ok(_) => None,
        Err(why) => Some(format!("failed to unmarshal certificate from PEM format: {why}")),
    };
    if let Some(why) = why {
        return Err(format!("failed to load certificate from {}: {why}", c.cert));
    }
    if c.cert_chain.is_empty() {
        return Ok(());
    }
    let blocks = c.cert_chain.matches("-----BEGIN CERTIFICATE-----").count();
    if blocks > LONGEST {
        return Err(format!("certificate chain too long ({blocks}), maximum allowed is {LONGEST}"));
    }
    match x509::certificates(&c.cert_chain) {
        Err(why) => Err(format!("failed to load certificate chain: {why}")),
        Ok(0) => Err("failed to load validate certificate chain: no chain provided to validate certificate".to_owned()),
        // The chain is looked at before it is known that the log of certificates does not count.
        Ok(_) => {
            Err("failed to load validate certificate chain: certificate does not include required embedded SCT and \
                      no detached SCT was set"
                .to_owned())
        }
    }
}

/// Looks at a key that is somewhere else; says why it cannot be had.
fn elsewhere(key: &str) -> Result<(), Refused> {
    let text = key_text(key)?;
    x509::public_key(&text).map_err(|why| Refused::text(format!("pem to public key: {why}")))
}

/// Kyverno: github.com/sigstore/cosign/pkg/blob/load.go.
pub(super) fn key_text(key: &str) -> Result<String, Refused> {
    if key.starts_with("k8s://") {
        let why = "new for config: error creating REST client config in-cluster: unable to load in-cluster configuration, \
                   KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined";
        return Err(Refused::text(why.to_owned()));
    }
    let text = match key.split_once("://") {
        Some(("http" | "https", _)) => return Err(Refused { text: not_found("Get", key), network: true }),
        Some(("env", name)) => env::var(name).map_err(|_| format!("loading URL: env var ${name} not found")),
        Some(("awskms" | "azurekms" | "gcpkms" | "hashivault", _)) => {
            Err("kyvc asks no key management system".to_owned())
        }
        Some((scheme, _)) => Err(format!("loading URL: unrecognized scheme: {scheme}://")),
        None => {
            let path = file::clean(key);
            std::fs::read_to_string(&path).map_err(|e| format!("open {path}: {}", file::go_error(&e)))
        }
    };
    text.map_err(Refused::text)
}
