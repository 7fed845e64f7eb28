//! Kind selectors and label selectors.

use crate::scalar::{Glob, is_wildcard};

/// Which group, version, kind and subresource a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindSelector {
    /// API group
    pub group: Glob,
    /// API version
    pub version: Glob,
    /// Kind
    pub kind: Glob,
    /// Subresource; the empty glob for none
    pub subresource: Glob,
}

/// What a request is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceKind<'r> {
    /// API group, empty for the core group
    pub group: &'r str,
    /// API version
    pub version: &'r str,
    /// Kind
    pub kind: &'r str,
    /// Subresource, empty for none
    pub subresource: &'r str,
}

impl<'r> ResourceKind<'r> {
    /// From an object's `apiVersion` and `kind`.
    pub fn of(api_version: &'r str, kind: &'r str) -> Self {
        let (group, version) = match api_version.split_once('/') {
            // Kubernetes: schema.ParseGroupVersion refuses a second slash; unstructured objects then have neither.
            Some((_, version)) if version.contains('/') => ("", ""),
            Some(parts) => parts,
            None => ("", api_version),
        };
        Self { group, version, kind, subresource: "" }
    }
}

impl KindSelector {
    /// Whether a request is about such a resource.
    pub fn matches(&self, r: &ResourceKind<'_>) -> bool {
        if !(self.kind.matches(r.kind) && self.group.matches(r.group) && self.version.matches(r.version)) {
            return false;
        }
        // Kyverno: pkg/utils/match/kind.go, a rule for Pods also gets their ephemeral containers.
        let ephemeral =
            r.subresource == "ephemeralcontainers" && r.group.is_empty() && r.version == "v1" && r.kind == "Pod";
        self.subresource.matches(r.subresource) || ephemeral
    }
}

/// How a requirement compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SelectorOp {
    /// The label has one of the values
    In,
    /// The label is absent or has none of the values
    NotIn,
    /// The label is present
    Exists,
    /// The label is absent
    DoesNotExist,
}

/// One requirement of a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Label
    pub key: Box<str>,
    /// Comparison
    pub op: SelectorOp,
    /// Values
    pub values: Box<[Box<str>]>,
}

/// A label selector, whose `matchLabels` may have wildcards in keys and values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    /// `matchLabels` with wildcards
    pub globs: Box<[(Glob, Glob)]>,
    /// All that has none
    pub requirements: Box<[Requirement]>,
    /// Whether Kubernetes refuses the selector as it is written: it then matches nothing
    pub invalid: bool,
}

/// The labels of an object, as far as a selector asks.
pub trait Labels {
    /// The value of a label.
    fn label(&self, key: &str) -> Option<&str>;
    /// Calls `f` for each label until it returns true; says whether it did.
    fn any(&self, f: &mut dyn FnMut(&str, &str) -> bool) -> bool;
}

impl LabelSelector {
    /// Whether the labels satisfy the selector.
    pub fn matches(&self, labels: &dyn Labels) -> bool {
        !self.invalid
            && self.requirements.iter().all(|r| r.matches(labels))
            && self.globs.iter().all(|(k, v)| glob_pair(k, v, labels))
    }
}

/// Kyverno: pkg/engine/wildcards, the wildcards are replaced by the first label that matches both; where none does, by
/// `0`, and the result is compared as any other pair.
fn glob_pair(key: &Glob, value: &Glob, labels: &dyn Labels) -> bool {
    let mut valid = false;
    let found = labels.any(&mut |k, v| {
        let hit = key.matches(k) && value.matches(v);
        valid |= hit && is_label_key(k) && is_label_value(v);
        hit
    });
    if found {
        return valid;
    }
    let plain = |g: &Glob| g.as_str().replace(['*', '?'], "0");
    let (k, v) = (plain(key), plain(value));
    is_label_key(&k) && is_label_value(&v) && labels.label(&k) == Some(&v)
}

impl Requirement {
    /// Whether labels satisfy it.
    pub fn matches(&self, labels: &dyn Labels) -> bool {
        let label = labels.label(&self.key);
        let has = |l: &str| self.values.iter().any(|v| **v == *l);
        match self.op {
            SelectorOp::In => label.is_some_and(has),
            SelectorOp::NotIn => !label.is_some_and(has),
            SelectorOp::Exists => label.is_some(),
            SelectorOp::DoesNotExist => label.is_none(),
        }
    }

    /// Whether Kubernetes accepts the requirement.
    pub fn is_valid(&self) -> bool {
        let count = match self.op {
            SelectorOp::In | SelectorOp::NotIn => !self.values.is_empty(),
            SelectorOp::Exists | SelectorOp::DoesNotExist => self.values.is_empty(),
        };
        count && is_label_key(&self.key) && self.values.iter().all(|v| is_label_value(v))
    }
}

/// Whether a text may be the key of a label: an optional DNS prefix and a name.
pub fn is_label_key(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let dns = |p: &str| {
        !p.is_empty()
            && p.len() <= 253
            && p.split('.').all(|l| {
                let b = l.as_bytes();
                let edge = |c: Option<&u8>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
                edge(b.first())
                    && edge(b.last())
                    && b.iter().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == b'-')
            })
    };
    prefix.is_none_or(dns) && !name.is_empty() && is_label_value(name)
}

/// Whether a text may be the value of a label.
pub fn is_label_value(value: &str) -> bool {
    let b = value.as_bytes();
    let edge = |c: Option<&u8>| c.is_none_or(u8::is_ascii_alphanumeric);
    b.len() <= 63
        && edge(b.first())
        && edge(b.last())
        && b.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
}

/// Splits `matchLabels` into globs and plain requirements.
pub fn match_labels<'s>(pairs: impl Iterator<Item = (&'s str, &'s str)>) -> (Vec<(Glob, Glob)>, Vec<Requirement>) {
    let (mut globs, mut plain) = (Vec::new(), Vec::new());
    for (k, v) in pairs {
        if is_wildcard(k) || is_wildcard(v) {
            globs.push((Glob::new(k), Glob::new(v)));
        } else {
            plain.push(Requirement { key: k.into(), op: SelectorOp::In, values: [v.into()].into() });
        }
    }
    (globs, plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Map(&'static [(&'static str, &'static str)]);

    impl Labels for Map {
        fn label(&self, key: &str) -> Option<&str> {
            self.0.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
        }
        fn any(&self, f: &mut dyn FnMut(&str, &str) -> bool) -> bool {
            self.0.iter().any(|(k, v)| f(k, v))
        }
    }

    fn selector(pairs: &[(&str, &str)]) -> LabelSelector {
        let (globs, plain) = match_labels(pairs.iter().copied());
        let invalid = !plain.iter().all(Requirement::is_valid);
        LabelSelector { globs: globs.into(), requirements: plain.into(), invalid }
    }

    #[test]
    fn wildcards_match_key_and_value_together() {
        let labels = Map(&[("app.io/name", "web"), ("tier", "front")]);
        assert!(selector(&[("app.io/*", "w?b")]).matches(&labels));
        assert!(!selector(&[("app.io/*", "front")]).matches(&labels));
        assert!(selector(&[("tier", "front")]).matches(&labels));
        assert!(!selector(&[("tier", "back")]).matches(&labels));
        assert!(selector(&[]).matches(&labels));
    }

    #[test]
    fn unmatched_wildcards_become_zero() {
        assert!(selector(&[("a*", "v?")]).matches(&Map(&[("a*", "x"), ("a0", "v0")])));
        assert!(!selector(&[("a*", "v?")]).matches(&Map(&[("b", "v1")])));
    }

    #[test]
    fn what_kubernetes_refuses_matches_nothing() {
        assert!(!selector(&[("a b", "x")]).matches(&Map(&[("a b", "x")])));
        assert!(!is_label_value("-a") && !is_label_value(&"a".repeat(64)) && is_label_value(""));
        assert!(is_label_key("a.b/C_d") && !is_label_key("A/b") && !is_label_key("/b") && !is_label_key("a/b/c"));
    }

    #[test]
    fn kind_of_an_object() {
        let r = ResourceKind::of("apps/v1", "Deployment");
        assert_eq!((r.group, r.version), ("apps", "v1"));
        assert_eq!(ResourceKind::of("v1", "Pod").group, "");
        assert_eq!(ResourceKind::of("a/b/c", "X").version, "");
    }
}
