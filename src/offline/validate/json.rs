//! Parts of a policy as the JSON that Kyverno prints in its errors: Go's order of fields, with the defaults of the CRD.

use super::some;
use crate::policy::tree::{Tree, Value};
use crate::report::go_json;

/// What a map is, and with it the order of its members.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Rule,
    Match,
    Filter,
    Resources,
    Selector,
    Requirement,
    Mutate,
    Target,
    ForEach,
    Generate,
    ForEachMade,
    Copied,
    CopiedList,
    Validate,
    PodSecurity,
    Exclusion,
    VerifyImages,
    Attestation,
    AttestorSet,
    Attestor,
    Keys,
    Certificates,
    Keyless,
    Rekor,
    CtLog,
    /// Kept as it is written; Go sorts the keys.
    Raw,
}

impl Shape {
    fn fields(self) -> &'static [(&'static str, Shape)] {
        match self {
            Shape::Rule => &[
                ("name", Shape::Raw),
                ("context", Shape::Raw),
                ("match", Shape::Match),
                ("exclude", Shape::Match),
                ("imageExtractors", Shape::Raw),
                ("preconditions", Shape::Raw),
                ("mutate", Shape::Mutate),
                ("validate", Shape::Validate),
                ("generate", Shape::Generate),
                ("verifyImages", Shape::VerifyImages),
                ("skipBackgroundRequests", Shape::Raw),
                ("reportProperties", Shape::Raw),
            ],
            Shape::Match => &[
                ("any", Shape::Filter),
                ("all", Shape::Filter),
                ("roles", Shape::Raw),
                ("clusterRoles", Shape::Raw),
                ("subjects", Shape::Raw),
                ("resources", Shape::Resources),
            ],
            Shape::Filter => &[
                ("roles", Shape::Raw),
                ("clusterRoles", Shape::Raw),
                ("subjects", Shape::Raw),
                ("resources", Shape::Resources),
            ],
            Shape::Resources => &[
                ("kinds", Shape::Raw),
                ("name", Shape::Raw),
                ("names", Shape::Raw),
                ("namespaces", Shape::Raw),
                ("annotations", Shape::Raw),
                ("selector", Shape::Selector),
                ("namespaceSelector", Shape::Selector),
                ("operations", Shape::Raw),
            ],
            Shape::Selector => &[("matchLabels", Shape::Raw), ("matchExpressions", Shape::Requirement)],
            Shape::Requirement => &[("key", Shape::Raw), ("operator", Shape::Raw), ("values", Shape::Raw)],
            Shape::Mutate => &[
                ("mutateExistingOnPolicyUpdate", Shape::Raw),
                ("targets", Shape::Target),
                ("patchStrategicMerge", Shape::Raw),
                ("patchesJson6902", Shape::Raw),
                ("foreach", Shape::ForEach),
            ],
            Shape::Target => &[
                ("apiVersion", Shape::Raw),
                ("kind", Shape::Raw),
                ("namespace", Shape::Raw),
                ("name", Shape::Raw),
                ("uid", Shape::Raw),
                ("selector", Shape::Selector),
                ("context", Shape::Raw),
                ("preconditions", Shape::Raw),
            ],
            Shape::ForEach => &[
                ("list", Shape::Raw),
                ("order", Shape::Raw),
                ("context", Shape::Raw),
                ("preconditions", Shape::Raw),
                ("patchStrategicMerge", Shape::Raw),
                ("patchesJson6902", Shape::Raw),
                ("foreach", Shape::Raw),
            ],
            Shape::Generate => &[
                ("generateExisting", Shape::Raw),
                ("synchronize", Shape::Raw),
                ("orphanDownstreamOnPolicyDelete", Shape::Raw),
                ("apiVersion", Shape::Raw),
                ("kind", Shape::Raw),
                ("namespace", Shape::Raw),
                ("name", Shape::Raw),
                ("uid", Shape::Raw),
                ("data", Shape::Raw),
                ("clone", Shape::Copied),
                ("cloneList", Shape::CopiedList),
                ("foreach", Shape::ForEachMade),
            ],
            Shape::ForEachMade => &[
                ("list", Shape::Raw),
                ("context", Shape::Raw),
                ("preconditions", Shape::Raw),
                ("apiVersion", Shape::Raw),
                ("kind", Shape::Raw),
                ("namespace", Shape::Raw),
                ("name", Shape::Raw),
                ("uid", Shape::Raw),
                ("data", Shape::Raw),
                ("clone", Shape::Copied),
                ("cloneList", Shape::CopiedList),
            ],
            Shape::Copied => &[("namespace", Shape::Raw), ("name", Shape::Raw)],
            Shape::CopiedList => &[("namespace", Shape::Raw), ("kinds", Shape::Raw), ("selector", Shape::Selector)],
            Shape::Validate => &[
                ("failureAction", Shape::Raw),
                ("failureActionOverrides", Shape::Raw),
                ("allowExistingViolations", Shape::Raw),
                ("message", Shape::Raw),
                ("pattern", Shape::Raw),
                ("anyPattern", Shape::Raw),
                ("podSecurity", Shape::PodSecurity),
            ],
            Shape::PodSecurity => &[("level", Shape::Raw), ("version", Shape::Raw), ("exclude", Shape::Exclusion)],
            Shape::Exclusion => &[
                ("controlName", Shape::Raw),
                ("images", Shape::Raw),
                ("restrictedField", Shape::Raw),
                ("values", Shape::Raw),
            ],
            Shape::VerifyImages | Shape::Attestation | Shape::AttestorSet | Shape::Attestor => self.fields_of_images(),
            Shape::Keys | Shape::Certificates | Shape::Keyless | Shape::Rekor | Shape::CtLog => self.fields_of_images(),
            Shape::Raw => &[],
        }
    }

    fn fields_of_images(self) -> &'static [(&'static str, Shape)] {
        match self {
            Shape::VerifyImages => &[
                ("failureAction", Shape::Raw),
                ("type", Shape::Raw),
                ("image", Shape::Raw),
                ("imageReferences", Shape::Raw),
                ("skipImageReferences", Shape::Raw),
                ("key", Shape::Raw),
                ("roots", Shape::Raw),
                ("subject", Shape::Raw),
                ("issuer", Shape::Raw),
                ("additionalExtensions", Shape::Raw),
                ("attestors", Shape::AttestorSet),
                ("attestations", Shape::Attestation),
                ("annotations", Shape::Raw),
                ("repository", Shape::Raw),
                ("cosignOCI11", Shape::Raw),
                ("mutateDigest", Shape::Raw),
                ("verifyDigest", Shape::Raw),
                ("validate", Shape::Raw),
                ("required", Shape::Raw),
                ("imageRegistryCredentials", Shape::Raw),
                ("useCache", Shape::Raw),
            ],
            Shape::Attestation => &[
                ("name", Shape::Raw),
                ("predicateType", Shape::Raw),
                ("type", Shape::Raw),
                ("attestors", Shape::AttestorSet),
                ("conditions", Shape::Raw),
            ],
            Shape::AttestorSet => &[("count", Shape::Raw), ("entries", Shape::Attestor)],
            Shape::Attestor => &[
                ("keys", Shape::Keys),
                ("certificates", Shape::Certificates),
                ("keyless", Shape::Keyless),
                ("attestor", Shape::Raw),
                ("annotations", Shape::Raw),
                ("repository", Shape::Raw),
                ("signatureAlgorithm", Shape::Raw),
            ],
            Shape::Keys => &[
                ("publicKeys", Shape::Raw),
                ("signatureAlgorithm", Shape::Raw),
                ("kms", Shape::Raw),
                ("secret", Shape::Raw),
                ("rekor", Shape::Rekor),
                ("ctlog", Shape::CtLog),
            ],
            Shape::Certificates => {
                &[("cert", Shape::Raw), ("certChain", Shape::Raw), ("rekor", Shape::Rekor), ("ctlog", Shape::CtLog)]
            }
            Shape::Keyless => &[
                ("rekor", Shape::Rekor),
                ("ctlog", Shape::CtLog),
                ("issuer", Shape::Raw),
                ("issuerRegExp", Shape::Raw),
                ("subject", Shape::Raw),
                ("subjectRegExp", Shape::Raw),
                ("roots", Shape::Raw),
                ("additionalExtensions", Shape::Raw),
            ],
            Shape::Rekor => &[("url", Shape::Raw), ("pubkey", Shape::Raw), ("ignoreTlog", Shape::Raw)],
            Shape::CtLog => &[("ignoreSCT", Shape::Raw), ("pubkey", Shape::Raw), ("tsaCertChain", Shape::Raw)],
            _ => &[],
        }
    }

    /// What the CRD or Go puts where a field is absent.
    fn default(self, field: &str) -> Option<&'static str> {
        match (self, field) {
            (Shape::Rule, "skipBackgroundRequests") | (Shape::Validate, "allowExistingViolations") => Some("true"),
            (Shape::VerifyImages, "mutateDigest" | "verifyDigest" | "required" | "useCache") => Some("true"),
            (Shape::VerifyImages, "validate") => Some("{}"),
            (Shape::Attestor | Shape::Keys, "signatureAlgorithm") => Some("\"sha256\""),
            (Shape::Attestation, "attestors") => Some("null"),
            (Shape::Attestation, "predicateType" | "type") | (Shape::Rekor, "url") => Some("\"\""),
            (Shape::Match | Shape::Filter, "resources") => Some("{}"),
            (Shape::Generate | Shape::ForEachMade, "clone" | "cloneList") => Some("{}"),
            _ => None,
        }
    }
}

/// A rule.
pub(super) fn rule(tree: &Tree) -> String {
    text(tree, Shape::Rule)
}

/// A tree as what it is; without the defaults of the CRD where it stands in what the CRD does not look into.
pub(super) fn shaped(tree: &Tree, shape: Shape, defaults: bool) -> String {
    let mut out = String::new();
    write(tree, shape, defaults, &mut out);
    out
}

/// A filter of `any` or `all`.
pub(super) fn filter(tree: &Tree) -> String {
    text(tree, Shape::Filter)
}

/// A label selector.
pub(super) fn selector(tree: &Tree) -> String {
    text(tree, Shape::Selector)
}

/// A string or list of strings.
pub(super) fn raw(tree: &Tree) -> String {
    text(tree, Shape::Raw)
}

/// A string.
pub(super) fn quoted(text: &str) -> String {
    go_json::to_json(&text).unwrap_or_default()
}

fn text(tree: &Tree, shape: Shape) -> String {
    let mut out = String::new();
    write(tree, shape, true, &mut out);
    out
}

fn write(tree: &Tree, shape: Shape, defaults: bool, out: &mut String) {
    match &tree.value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(n) => out.push_str(&n.to_string()),
        Value::Float(n) => kyvc_vm::scalar::number::json_float(*n, out),
        Value::Str(s) => out.push_str(&quoted(s)),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                write(item, shape, defaults, out);
            }
            out.push(']');
        }
        Value::Map(members) if shape.fields().is_empty() => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|m| m.key.as_str());
            out.push('{');
            for (i, m) in members.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                out.push_str(&quoted(&m.key));
                out.push(':');
                write(&m.value, Shape::Raw, defaults, out);
            }
            out.push('}');
        }
        Value::Map(_) => {
            out.push('{');
            for (field, inner) in shape.fields() {
                let off = |t: &&Tree| t.value == Value::Bool(false) && FLAGS.contains(field);
                let value = match some(tree, field).filter(|t| !omitted(t) && !off(t)) {
                    Some(value) => shaped(value, *inner, defaults),
                    None => match shape.default(field).filter(|_| defaults) {
                        Some(default) => default.to_owned(),
                        None => continue,
                    },
                };
                out.push_str(if out.ends_with('{') { "" } else { "," });
                out.push_str(&quoted(field));
                out.push(':');
                out.push_str(&value);
            }
            out.push('}');
        }
    }
}

/// What Go leaves out where it is false.
const FLAGS: [&str; 5] = ["synchronize", "orphanDownstreamOnPolicyDelete", "cosignOCI11", "ignoreTlog", "ignoreSCT"];

/// Go leaves out empty strings and lists.
fn omitted(tree: &Tree) -> bool {
    match &tree.value {
        Value::Str(s) => s.is_empty(),
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}
