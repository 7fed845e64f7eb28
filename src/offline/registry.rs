//! Verifying images without a network: what Kyverno's command line says where no name is found.
//!
//! kyvc opens no connection here. What is wrong with keys and certificates is said as Kyverno says it, in its order;
//! what would need the network fails as it does on a machine that has none.
//!
//! Kyverno: pkg/image/verifiers/cpol, cosign and notary.

mod keys;

use crate::engine::{Asked, Attestor, Method, Refused};
use crate::fetch::{self, no_such_host};
use kyvc_vm::builtin::images::Image;
use kyvc_vm::builtin::x509;

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

/// Whether an image can be asked for: the name of its repository has at least two characters, its digest is one of sha256.
///
/// Kyverno: github.com/google/go-containerregistry/pkg/name.
fn can_be_asked_for(image: &Image) -> bool {
    let digest = image.digest.strip_prefix("sha256:").filter(|hex| hex.len() == 64);
    let known = digest.is_some_and(|hex| hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
    (2..=255).contains(&image.path.len()) && (image.digest.is_empty() || known)
}

/// What is said of an image that cannot be asked for.
fn not_a_reference(image: &str) -> Refused {
    Refused::text(format!("failed to parse image reference: {image}: could not parse reference: {image}"))
}

/// The digest of an image.
pub(super) fn digest(image: &Image) -> Refused {
    let name = if image.tag.is_empty() { image.reference() } else { image.reference_with_tag() };
    if !can_be_asked_for(image) {
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
        _ => keys::key_text(address).ok(),
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
        Method::SigstoreBundle if !can_be_asked_for(asked.found) => not_a_reference(&asked.image()),
        Method::SigstoreBundle => {
            let Refused { text, network } = unreachable(registry);
            Refused { text: format!("failed to fetch bundles: {}: {text}", asked.image()), network }
        }
        Method::Notary => notary(asked),
        Method::Cosign => {
            let parsed = can_be_asked_for(asked.found);
            let unparsed = || Refused::text(format!("failed to parse image {}", asked.image()));
            // Of attestations the reference is read last.
            if !parsed && asked.attestation.is_none() {
                return unparsed();
            }
            let wrong = cosign(asked).or_else(|| (!parsed).then(unparsed));
            wrong.unwrap_or_else(|| unreachable(signed_at(asked)))
        }
    }
}

fn notary(asked: &Asked<'_>) -> Refused {
    let Refused { text, network } = unreachable(&asked.found.registry);
    let parsed = can_be_asked_for(asked.found);
    if asked.attestation.is_some() {
        return if parsed { Refused { text, network } } else { not_a_reference(&asked.image()) };
    }
    let certificates = asked.attestor.certificates.as_ref();
    let all = certificates.map(|c| [c.cert.as_str(), c.cert_chain.as_str()].join("\n")).unwrap_or_default();
    match x509::certificates(&all) {
        Err(why) => Refused::text(format!("failed to parse certificates: {why}")),
        Ok(_) if !parsed => not_a_reference(&asked.image()),
        Ok(_) => Refused { text: format!("failed to parse image reference: {}: {text}", asked.image()), network },
    }
}

/// The repository with the signatures, where that is another one than the image's.
fn signatures<'a>(asked: &Asked<'a>) -> &'a str {
    let own = &asked.attestor.repository;
    if own.is_empty() { &asked.entry.repository } else { own }
}

/// Where signatures are: at the image's registry, which is asked for the digest first where that is not known.
fn signed_at<'a>(asked: &Asked<'a>) -> &'a str {
    let repository = signatures(asked);
    let known = !asked.found.digest.is_empty() && asked.attestation.is_none();
    if known && !repository.is_empty() { parts(repository).0 } else { &asked.found.registry }
}

/// The registry of a repository, and its name there.
fn parts(repository: &str) -> (&str, &str) {
    match repository.split_once('/') {
        Some((registry, name)) if registry == "localhost" || registry.contains(['.', ':']) => (registry, name),
        _ => ("docker.io", repository),
    }
}

/// What is wrong with the repository in which signatures should be.
fn repository(text: &str) -> Option<Refused> {
    const CHARS: &str = "abcdefghijklmnopqrstuvwxyz0123456789_-./";
    let (_, name) = parts(text);
    let why = if !(2..=255).contains(&name.chars().count()) {
        format!("repository must be between 2 and 255 characters in length: {name}")
    } else if name.chars().any(|c| !CHARS.contains(c)) {
        format!("repository can only contain the characters `{CHARS}`: {name}")
    } else {
        return None;
    };
    Some(Refused::text(format!("failed to parse signature repository {text}: {why}")))
}

/// What cosign needs before it asks a registry, and lacks.
fn cosign(asked: &Asked<'_>) -> Option<Refused> {
    let a = asked.attestor;
    let refused = |text: String| Some(Refused::text(text));
    let own = a.keyless.as_ref().map(|k| &k.roots);
    let roots = own.unwrap_or(&asked.entry.roots);
    if !roots.is_empty() && !x509::has_certificates(roots) {
        return refused("failed to load Root certificates: error creating root cert pool".to_owned());
    }
    let algorithm = a.keys.as_ref().map_or(&a.signature_algorithm, |k| &k.signature_algorithm);
    if !["", "sha224", "sha256", "sha384", "sha512"].contains(&algorithm.as_str()) {
        return refused(format!("invalid signature algorithm provided {algorithm}"));
    }
    if let Some(text) = keys::identity(a, roots) {
        return Some(text);
    }
    let (rekor, ctlog) = match a {
        Attestor { keys: Some(k), .. } => (k.rekor.as_ref(), k.ctlog.as_ref()),
        Attestor { certificates: Some(c), .. } => (c.rekor.as_ref(), c.ctlog.as_ref()),
        Attestor { keyless: Some(k), .. } => (k.rekor.as_ref(), k.ctlog.as_ref()),
        _ => (None, None),
    };
    keys::logs(rekor, ctlog).or_else(|| Some(signatures(asked)).filter(|r| !r.is_empty()).and_then(repository))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_without_an_address() {
        let text = not_found("Get", "https://reg.io:8443/v2/");
        assert!(text.starts_with("Get \"https://reg.io:8443/v2/\": dial tcp: lookup reg.io on "), "{text}");
        assert!(text.ends_with(":53: no such host"), "{text}");
    }
}
