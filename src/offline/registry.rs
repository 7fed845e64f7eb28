//! Verifying images without a network: what Kyverno's command line says where no name is found.
//!
//! kyvc opens no connection here. What is wrong with keys and certificates is said as Kyverno says it, in its order;
//! what would need the network fails as it does on a machine that has none.
//!
//! Kyverno: pkg/image/verifiers/cpol, cosign and notary.

use crate::engine::{Asked, Attestor, Method, Refused};
use crate::fetch::{self, no_such_host};
use kyvc_vm::builtin::images::Image;
use std::path::Path;

/// Where sigstore has the keys of its services, and the next version of their root that Kyverno 1.19 asks for.
const TUF: (&str, &str) = ("tuf-repo-cdn.sigstore.dev", "13.root.json");

/// What Go's HTTP client says of an address whose host has no address.
pub(super) fn not_found(method: &str, url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', '?']).next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    format!("{method} {url:?}: {}", no_such_host(host))
}

fn unreachable(registry: &str) -> Refused {
    // The registry of Docker is another one than its name says.
    let host = if registry == "docker.io" { "index.docker.io" } else { registry };
    Refused { text: not_found("Get", &format!("https://{host}/v2/")), network: true }
}

fn no_tuf(before: &str) -> Refused {
    let (host, file) = TUF;
    let text = not_found("Get", &format!("https://{host}/{file}"));
    Refused::text(format!(
        "{before}updating local metadata and targets: error updating to TUF remote mirror: tuf: failed to download \
         {file}: {text}"
    ))
}

/// Whether a registry may have such a repository: its name has at least two characters. Docker's have a folder.
///
/// Kyverno: github.com/google/go-containerregistry/pkg/name/repository.go.
fn is_repository(image: &Image) -> bool {
    let len = image.path.len() + if image.registry == "docker.io" { "library/".len() } else { 0 };
    (2..=255).contains(&len)
}

/// The digest of an image.
pub(super) fn digest(image: &Image) -> Refused {
    let name = if image.tag.is_empty() { image.reference() } else { image.reference_with_tag() };
    if !is_repository(image) {
        let text = format!("failed to parse image reference: {name}, error: could not parse reference: {name}");
        return Refused::text(text);
    }
    let Refused { text, network } = unreachable(&image.registry);
    Refused { text: format!("failed to fetch image reference: {name}, error: {text}"), network }
}

/// Why the manifests in an image cannot be had.
pub(super) fn bundle(image: &Image) -> Refused {
    let Refused { text, network } = unreachable(&image.registry);
    Refused { text: format!("failed to get YAMLs in the image: {text}"), network }
}

/// The key at an address of a rule that manifests be signed: in a variable of the environment, at a URL or in a file.
///
/// Kyverno: github.com/sigstore/cosign/v3/pkg/blob/load.go.
pub(super) fn key(address: &str) -> Option<String> {
    match address.split_once("://") {
        Some(("http" | "https", _)) => fetch::get(address).ok(),
        Some(("env", name)) => std::env::var(name).ok(),
        Some(_) => None,
        None => std::fs::read_to_string(address).ok(),
    }
}

/// Why the transparency log of signatures cannot be asked.
pub(super) fn unlogged() -> String {
    no_tuf("").text
}

/// Why an image is not verified.
pub(super) fn verify(asked: &Asked<'_>) -> Refused {
    let registry = &asked.found.registry;
    match asked.entry.method {
        Method::SigstoreBundle => {
            let Refused { text, network } = unreachable(registry);
            Refused { text: format!("failed to fetch bundles: {}: {text}", asked.image()), network }
        }
        Method::Notary => notary(asked),
        Method::Cosign => match cosign(asked) {
            Some(refused) => refused,
            None if !is_repository(asked.found) => Refused::text(format!("failed to parse image {}", asked.image())),
            None => unreachable(signed_at(asked)),
        },
    }
}

fn notary(asked: &Asked<'_>) -> Refused {
    let Refused { text, network } = unreachable(&asked.found.registry);
    if asked.attestation.is_some() {
        return Refused { text, network };
    }
    let certificates = asked.attestor.certificates.as_ref();
    let all = certificates.map(|c| [c.cert.as_str(), c.cert_chain.as_str()].join("\n")).unwrap_or_default();
    if !is_pem(&all) {
        return Refused::text("failed to parse certificates: error during PEM decoding".to_owned());
    }
    Refused { text: format!("failed to parse image reference: {}: {text}", asked.image()), network }
}

/// Where signatures are: at the image's registry, which is asked for the digest first where that is not known.
fn signed_at<'a>(asked: &Asked<'a>) -> &'a str {
    let own = &asked.attestor.repository;
    let repository = if own.is_empty() { &asked.entry.repository } else { own };
    let known = !asked.found.digest.is_empty() && asked.attestation.is_none();
    match repository.split_once('/') {
        Some((registry, _)) if known && registry.contains('.') => registry,
        _ => &asked.found.registry,
    }
}

/// What cosign needs before it asks a registry, and lacks.
fn cosign(asked: &Asked<'_>) -> Option<Refused> {
    let a = asked.attestor;
    let refused = |text: String| Some(Refused::text(text));
    let own = a.keyless.as_ref().map(|k| &k.roots);
    let roots = own.unwrap_or(&asked.entry.roots);
    if !roots.is_empty() && !is_pem(roots) {
        return refused("failed to load Root certificates: error creating root cert pool".to_owned());
    }
    let algorithm = a.keys.as_ref().map_or(&a.signature_algorithm, |k| &k.signature_algorithm);
    if !["", "sha224", "sha256", "sha384", "sha512"].contains(&algorithm.as_str()) {
        return refused(format!("invalid signature algorithm provided {algorithm}"));
    }
    if let Some(text) = identity(a, roots) {
        return Some(text);
    }
    let (rekor, ctlog) = match a {
        Attestor { keys: Some(k), .. } => (k.rekor.as_ref(), k.ctlog.as_ref()),
        Attestor { certificates: Some(c), .. } => (c.rekor.as_ref(), c.ctlog.as_ref()),
        Attestor { keyless: Some(k), .. } => (k.rekor.as_ref(), k.ctlog.as_ref()),
        _ => (None, None),
    };
    if !rekor.is_some_and(|r| r.ignore_tlog || !r.pubkey.is_empty()) {
        return Some(no_tuf("failed to load Rekor public keys: "));
    }
    if !ctlog.is_some_and(|c| c.ignore_sct || !c.pubkey.is_empty()) {
        return Some(no_tuf("failed to load CTLogs public keys: "));
    }
    None
}

/// What is wrong with the key or certificate that a signature has to be made with.
fn identity(a: &Attestor, roots: &str) -> Option<Refused> {
    let refused = |text: String| Some(Refused::text(text));
    let keys = a.keys.as_ref();
    let key = keys.map(|k| match &k.secret {
        _ if !k.public_keys.is_empty() => k.public_keys.clone(),
        Some(secret) => format!("k8s://{}/{}", secret.namespace, secret.name),
        None => k.kms.clone(),
    });
    if let Some(key) = key.filter(|k| !k.is_empty()) {
        return match key.trim().starts_with("-----BEGIN PUBLIC KEY-----") {
            true if is_pem(&key) => None,
            true => refused("failed to load public key from PEM: pem to public key: PEM decoding failed".to_owned()),
            false => refused(format!("failed to load public key from {key}: {}", elsewhere(&key))),
        };
    }
    if let Some(c) = a.certificates.as_ref().filter(|_| keys.is_none()) {
        if !c.cert.is_empty() {
            if !is_pem(&c.cert) {
                let why = "failed to unmarshal certificate from PEM format: error during PEM decoding";
                return refused(format!("failed to load certificate from {}: {why}", c.cert));
            }
            // The chain is looked at before it is known that the log of certificates does not count.
            let logged = "certificate does not include required embedded SCT and no detached SCT was set";
            return match c.cert_chain.as_str() {
                "" => None,
                chain if is_pem(chain) => refused(format!("failed to load validate certificate chain: {logged}")),
                _ => refused("failed to load certificate chain: error during PEM decoding".to_owned()),
            };
        }
        if !c.cert_chain.is_empty() {
            let bad = "failed to load certificates: error creating root cert pool";
            return if is_pem(&c.cert_chain) { None } else { refused(bad.to_owned()) };
        }
    }
    let fulcio = "failed to get roots from fulcio: failed to fetch Fulcio roots: initializing tuf: ";
    roots.is_empty().then(|| no_tuf(fulcio))
}

/// Why a key that is somewhere else cannot be had.
fn elsewhere(key: &str) -> String {
    if key.starts_with("k8s://") {
        return "new for config: error creating REST client config in-cluster: unable to load in-cluster configuration, \
                KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined"
            .to_owned();
    }
    if key.contains("://") {
        return "kyvc asks nobody for keys".to_owned();
    }
    if Path::new(key).exists() {
        return "kyvc reads no keys from files".to_owned();
    }
    format!("open {key}: no such file or directory")
}

/// Whether a text is a block of PEM, or holds one.
fn is_pem(text: &str) -> bool {
    let block = || {
        let (_, rest) = text.split_once("-----BEGIN ")?;
        let (label, rest) = rest.split_once("-----")?;
        let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
        let body: String = body.split_whitespace().collect();
        let data = body.trim_end_matches('=');
        let plain = data.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
        Some(plain && !data.is_empty() && body.len().is_multiple_of(4) && body.len() - data.len() < 3)
    };
    block().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_pem() {
        assert!(is_pem("-----BEGIN PUBLIC KEY-----\nAAAA\nAAAA\n-----END PUBLIC KEY-----"));
        assert!(!is_pem("-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----"));
        assert!(!is_pem("hello"));
    }

    #[test]
    fn hosts_without_an_address() {
        let text = not_found("Get", "https://reg.io:8443/v2/");
        assert!(text.starts_with("Get \"https://reg.io:8443/v2/\": dial tcp: lookup reg.io on "), "{text}");
        assert!(text.ends_with(":53: no such host"), "{text}");
    }
}
