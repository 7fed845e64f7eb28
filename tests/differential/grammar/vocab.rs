//! The pools that policies and manifests share.

use super::Gen;

/// Namespaces, by name and by what they begin with.
pub(crate) const NAMESPACES: &[&str] = &["default", "prod", "dev", "prod-eu", "kube-system"];
/// What names of manifests begin with; a number follows.
pub(crate) const NAMES: &[&str] = &["web", "db", "api", "job-x", "a.b"];
/// Label keys.
pub(crate) const LABEL_KEYS: &[&str] =
    &["app", "tier", "env", "team", "app.kubernetes.io/name", "example.com/tier", "app-version"];
/// Label and annotation values.
pub(crate) const LABEL_VALUES: &[&str] =
    &["web", "prod", "db", "dev", "api", "prod-eu", "", "1", "true", "v1.2", "10Mi"];
/// Annotation keys.
pub(crate) const ANNOTATION_KEYS: &[&str] =
    &["owner", "example.com/owner", "example.com/ttl", "checksum/config", "note", "app"];
/// Images, with and without registry, tag and digest.
pub(crate) const IMAGES: &[&str] = &[
    "nginx",
    "nginx:latest",
    "nginx:1.25",
    "ghcr.io/acme/api:v2",
    "registry.local:5000/db:latest",
    "busybox@sha256:0123456789abcdef",
    "docker.io/library/redis:7",
];
/// Quantities.
pub(crate) const QUANTITIES: &[&str] =
    &["10m", "100m", "0.5", "1", "2", "64Mi", "128Mi", "1Gi", "1024Mi", "1e3", "500M", "1k", "0"];
/// Durations.
pub(crate) const DURATIONS: &[&str] = &["1s", "30s", "1m", "60s", "1h", "1h30m", "0s", "500ms", "-5s"];
/// Texts with nothing in common, for edges.
pub(crate) const TEXTS: &[&str] = &[
    "",
    " ",
    "*",
    "?",
    "a b",
    "Ünïcödé ✓",
    "日本",
    "line\nbreak",
    "null",
    "true",
    "-1",
    "0",
    "007",
    "1.50",
    "1e3",
    "0x1F",
    ">5",
    "!x",
    "a|b",
    "a & b",
    "10-20",
    "\"quoted\"",
    "back\\slash",
    "$x",
    "(app)",
    "+Inf",
    "NaN",
    "yes",
    "1_000",
    "0.1Ki",
    "12E",
    "1d",
];

/// A name for a manifest that the name filters know the beginning of.
pub(crate) fn manifest_name(g: &mut Gen, n: usize) -> String {
    format!("{}-{n}", g.rng.pick_early(NAMES))
}

/// A wildcard pattern that a text of a pool probably matches.
pub(crate) fn wildcard_of(g: &mut Gen, text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.is_empty() {
        return (*g.rng.pick(&["*", "?", "?*"])).to_owned();
    }
    let at = g.rng.below(chars.len());
    let head: String = chars[..at].iter().collect();
    let tail: String = chars[at + 1..].iter().collect();
    match g.rng.below(6) {
        0 => format!("{head}*"),
        1 => format!("*{tail}"),
        2 => format!("{head}?{tail}"),
        3 => format!("{head}*{tail}"),
        4 => format!("*{}*", chars[at]),
        _ => format!("{text}*"),
    }
}
