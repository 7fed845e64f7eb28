//! References of images, as github.com/distribution/reference reads them.

use crate::builtin::regex::{GoRegex, prepare};
use crate::builtin::strings::case::to_lower;
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

/// The parts of an image's name, with defaults where they are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The registry's host
    pub registry: String,
    /// The last step of the path
    pub name: String,
    /// The path in the registry
    pub path: String,
    /// The tag; `latest` where there is no digest either
    pub tag: String,
    /// The digest, empty for none
    pub digest: String,
}

impl Image {
    /// Reads the name of an image.
    ///
    /// # Errors
    /// Gives Kyverno's text.
    pub fn parse(image: &str) -> Result<Self, String> {
        let full = with_registry(image);
        parse(&full).map_err(|why| {
            format!(
                "bad image: {full}, defaultRegistry: {DEFAULT_REGISTRY}, enableDefaultRegistryMutation: true: {why}"
            )
        })
    }

    fn repository(&self) -> String {
        if self.registry.is_empty() { self.path.clone() } else { format!("{}/{}", self.registry, self.path) }
    }

    /// The whole name, by digest where there is one, by tag otherwise.
    pub fn reference(&self) -> String {
        let repository = self.repository();
        if self.digest.is_empty() {
            format!("{repository}:{}", self.tag)
        } else {
            format!("{repository}@{}", self.digest)
        }
    }

    /// The whole name by tag, which may be empty.
    pub fn reference_with_tag(&self) -> String {
        format!("{}:{}", self.repository(), self.tag)
    }
}

/// The whole name of an image: with its registry, and with a tag or a digest.
///
/// # Errors
/// Says in Kyverno's words why the text names no image.
pub fn normalize(image: &str) -> Result<String, String> {
    Image::parse(image).map(|i| i.reference())
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

fn parse(full: &str) -> Result<Image, String> {
    let patterns = PATTERNS.as_ref().map_err(Clone::clone)?;
    let Some(found) = patterns.reference.captures(full) else {
        return Err(if patterns.reference.is_match(&to_lower(full)) {
            "repository name must be lowercase".to_owned()
        } else {
            "invalid reference format".to_owned()
        });
    };
    let part = |found: &[Option<&str>], at: usize| found.get(at).copied().flatten().unwrap_or_default().to_owned();
    let (whole, mut tag, digest) = (part(&found, 1), part(&found, 2), part(&found, 3));
    let (registry, path) =
        patterns.name.captures(&whole).map_or((String::new(), whole.clone()), |f| (part(&f, 1), part(&f, 2)));
    if path.len() > MAX_PATH {
        return Err(format!("repository name must not be more than {MAX_PATH} characters"));
    }
    check_digest(&digest)?;
    if digest.is_empty() && tag.is_empty() {
        tag = "latest".to_owned();
    }
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(Image { registry, name, path, tag, digest })
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
