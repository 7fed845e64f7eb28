//! What kinds a rule is about, in every form of the kinds grammar.

use super::Gen;
use super::shapes::{CUSTOM, KINDS, Kind, WITH_POD, any_kind};

/// What a rule is about.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The entries of `kinds`.
    pub(crate) kinds: Vec<String>,
    /// The kind whose shape the pattern follows.
    pub(crate) shape: &'static Kind,
    /// Whether the pattern may only be about metadata, and `spec.background` must be false.
    pub(crate) any_kind: bool,
}

const FORMS: &[(&str, u32)] = &[
    ("kinds/bare", 60),
    ("kinds/version", 8),
    ("kinds/group-version", 8),
    ("kinds/star-version", 4),
    ("kinds/mixed", 10),
    ("kinds/pod-and-controllers", 5),
    ("kinds/wildcard", 6),
    ("kinds/all", 2),
    ("kinds/all-and-subresources", 2),
    ("kinds/subresource", 3),
    ("kinds/ephemeralcontainers", 3),
    ("kinds/mismatch", 2),
];

/// Constructs that only the custom resource has enough fields for.
const WIDE: &[&str] = &["op/duration", "scalar/float", "list/of-lists", "list/maps-for-scalars"];

/// The kinds of a rule.
pub(crate) fn target(g: &mut Gen) -> Target {
    let pod = g.wants_family("autogen/") || g.rng.chance(45);
    let shape = if WIDE.iter().any(|t| g.wants(t)) {
        &KINDS[CUSTOM]
    } else if let Some(kind) = aimed(g) {
        kind
    } else if pod {
        &KINDS[0]
    } else {
        any_kind(g)
    };
    let (kinds, any_kind) = entries(g, shape);
    Target { kinds, shape, any_kind }
}

/// The kinds of a rule about pods and what holds them.
pub(crate) fn pods(g: &mut Gen) -> Target {
    let kinds = match g.rng.below(6) {
        0..=2 => vec!["Pod".to_owned()],
        3 => KINDS[..WITH_POD].iter().map(|k| k.kind.to_owned()).collect(),
        4 => vec!["Pod".to_owned(), KINDS[1 + g.rng.below(WITH_POD - 1)].kind.to_owned()],
        _ => return target(g),
    };
    Target { kinds, shape: &KINDS[0], any_kind: false }
}

fn aimed(g: &mut Gen) -> Option<&'static Kind> {
    let aim = g.aim.as_ref()?;
    KINDS.iter().find(|k| aim["kind"] == k.kind && aim["apiVersion"] == k.api_version())
}

fn entries(g: &mut Gen, shape: &Kind) -> (Vec<String>, bool) {
    let name = shape.kind;
    let one = |s: String| (vec![s], false);
    match g.choose(FORMS) {
        "kinds/version" => one(format!("{}/{name}", shape.version)),
        "kinds/group-version" => one(format!("{}/{name}", shape.api_version())),
        "kinds/star-version" => one(star_version(g, shape)),
        "kinds/mixed" => {
            let other = any_kind(g).kind;
            (vec![name.to_owned(), other.to_owned()], false)
        }
        "kinds/pod-and-controllers" => {
            (vec!["Pod".to_owned(), KINDS[1 + g.rng.below(WITH_POD - 1)].kind.to_owned()], false)
        }
        "kinds/wildcard" => one(wildcard(g, name)),
        "kinds/all" => (vec!["*".to_owned()], true),
        "kinds/all-and-subresources" => (vec!["*/*".to_owned()], false),
        "kinds/subresource" => {
            one((*g.rng.pick(&["Deployment/scale", "*/scale", "Pod.exec", "apps/v1/Deployment/status"])).to_owned())
        }
        "kinds/ephemeralcontainers" => {
            one((*g.rng.pick(&["Pod/ephemeralcontainers", "v1/Pod.ephemeralcontainers"])).to_owned())
        }
        "kinds/mismatch" => one(mismatch(g, name)),
        _ => one(name.to_owned()),
    }
}

fn star_version(g: &mut Gen, shape: &Kind) -> String {
    match g.rng.below(3) {
        0 => format!("*/{}", shape.kind),
        1 if !shape.group.is_empty() => format!("{}/*/{}", shape.group, shape.kind),
        _ => format!("*/*/{}", shape.kind),
    }
}

fn wildcard(g: &mut Gen, name: &str) -> String {
    match g.rng.below(5) {
        0 => "*Set".to_owned(),
        1 => format!("{}*", &name[..1]),
        2 => format!("?{}", &name[1..]),
        3 => "*Job".to_owned(),
        _ => format!("*/{}*", &name[..2]),
    }
}

fn mismatch(g: &mut Gen, name: &str) -> String {
    match g.rng.below(4) {
        0 => name.to_lowercase(),
        1 => format!("v2/{name}"),
        2 => format!("other.io/v1/{name}"),
        _ => format!("v10/{name}"),
    }
}
