//! References of images, as github.com/distribution/reference reads them.

use crate::builtin::regex::{GoRegex, prepare};
use std::sync::LazyLock;

const DOMAIN: &str = r"(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?";
const COMPONENT: &str = r"[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";
const TAG: &str = r"[\w][\w.-]{0,127}";
const DIGEST: &str = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*[:][[:xdigit:]]{32,}";

/// The longest path of a reference.
const MAX_PATH: usize = 255;
/// Kyverno's defaults; its configuration can change both.
const DEFAULT_REGISTRY: &str = "docker.io";

struct Patterns {
    reference: GoRegex,
    name: GoRegex,
}

static PATTERNS: LazyLock<Result<Patterns, String>> = LazyLock::new(|| {
    let path = format!("{COMPONENT}(?:/{COMPONENT})*");
    let name = format!("(?:{DOMAIN}/)?{path}");
    Ok(Patterns {
        reference: prepare(&format!("^({name})(?::({TAG}))?(?:@({DIGEST}))?$"))?,
        name: prepare(&format!("^(?:({DOMAIN})/)?({path})$"))?,
    })
});

/// The whole name of an image: with its registry, and with a tag or a digest.
///
/// # Errors
/// Says in Kyverno's words why the text names no image.
pub fn normalize(image: &str) -> Result<String, String> {
    let full = with_registry(image);
    parse(&full).map_err(|why| {
        format!("bad image: {full}, defaultRegistry: {DEFAULT_REGISTRY}, enableDefaultRegistryMutation: true: {why}")
    })
}

/// Kyverno: pkg/utils/image/infos.go, addDefaultRegistry.
fn with_registry(image: &str) -> String {
    let is_registry =
        |first: &str| first.contains(['.', ':']) || first == "localhost" || first.chars().any(char::is_uppercase);
    match image.split_once('/') {
        Some((first, _)) if is_registry(first) => image.to_owned(),
        _ => format!("{DEFAULT_REGISTRY}/{image}"),
    }
}

fn parse(full: &str) -> Result<String, String> {
    let patterns = PATTERNS.as_ref().map_err(Clone::clone)?;
    let Some(found) = patterns.reference.captures(full) else {
        return Err(if patterns.reference.is_match(&full.to_lowercase()) {
            "repository name must be lowercase".to_owned()
        } else {
            "invalid reference format".to_owned()
        });
    };
    let part = |found: &[Option<&str>], at: usize| found.get(at).copied().flatten().unwrap_or_default().to_owned();
    let (name, tag, digest) = (part(&found, 1), part(&found, 2), part(&found, 3));
    let (domain, path) =
        patterns.name.captures(&name).map_or((String::new(), name.clone()), |f| (part(&f, 1), part(&f, 2)));
    if path.len() > MAX_PATH {
        return Err(format!("repository name must not be more than {MAX_PATH} characters"));
    }
    check_digest(&digest)?;
    let image = if domain.is_empty() { path } else { format!("{domain}/{path}") };
    Ok(match (digest.as_str(), tag.as_str()) {
        ("", "") => format!("{image}:latest"),
        ("", tag) => format!("{image}:{tag}"),
        (digest, _) => format!("{image}@{digest}"),
    })
}

/// Go: github.com/opencontainers/go-digest, Parse.
fn check_digest(digest: &str) -> Result<(), String> {
    let Some((algorithm, encoded)) = digest.split_once(':') else { return Ok(()) };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ if algorithm.bytes().any(|b| b.is_ascii_uppercase()) => {
            return Err("invalid checksum digest format".to_owned());
        }
        _ => return Err("unsupported digest algorithm".to_owned()),
    };
    if encoded.len() != length {
        Err("invalid checksum digest length".to_owned())
    } else if encoded.bytes().any(|b| b.is_ascii_uppercase()) {
        Err("invalid checksum digest format".to_owned())
    } else {
        Ok(())
    }
}
