//! How an object differs from the manifest that was signed.
//!
//! k8s-manifest-sigstore: pkg/util/mapnode/node.go and diff.go, and pkg/k8smanifest/verify_resource.go.

use super::flat::{Flat, Leaf};
use super::ignored::Patterns;
use kyvc_vm::builtin::regex;
use kyvc_vm::document::write_str;
use std::collections::BTreeSet;

/// What is at a path of the manifest, and at that of the object.
#[derive(Clone, Debug, PartialEq)]
struct Difference<'f> {
    path: &'f str,
    before: Option<Leaf>,
    after: Option<Leaf>,
}

impl Difference<'_> {
    fn is_between_kinds(&self) -> bool {
        let kinds = (self.before.as_ref().map(Leaf::kind), self.after.as_ref().map(Leaf::kind));
        matches!(kinds, (Some(a), Some(b)) if a != b)
    }

    /// A string that is empty, which is as good as none.
    fn is_default(&self) -> bool {
        let empty = |leaf: &Leaf| matches!(leaf, Leaf::Str(s) if s.is_empty());
        match (&self.before, &self.after) {
            (Some(one), None) | (None, Some(one)) => empty(one),
            _ => false,
        }
    }

    /// An image whose name was completed.
    fn is_completed_image(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(Leaf::Str(before)), Some(Leaf::Str(after))) if self.path.ends_with("image") => {
                after.strip_prefix("docker.io/") == Some(before) || after.strip_suffix(":latest") == Some(before)
            }
            _ => false,
        }
    }

    /// The object's own namespace, which a manifest need not have.
    fn is_given_namespace(&self) -> bool {
        self.path == "metadata.namespace" && self.before.is_none()
    }

    /// What Kyverno prints of it.
    fn told(&self) -> Self {
        let typed =
            |leaf: &Option<Leaf>| leaf.as_ref().map(|l| Leaf::Str(format!("(type: {}) {}", l.kind(), l.go_string())));
        if !self.is_between_kinds() {
            return self.clone();
        }
        Self { path: self.path, before: typed(&self.before), after: typed(&self.after) }
    }
}

/// The differences that count, as JSON; nothing where the object is what was signed.
pub(super) fn diff(manifest: &Flat, object: &Flat, ignored: &Patterns) -> Option<String> {
    let paths: BTreeSet<&String> = manifest.keys().chain(object.keys()).collect();
    let all = paths.into_iter().map(|path| Difference {
        path,
        before: manifest.get(path).cloned(),
        after: object.get(path).cloned(),
    });
    let all: Vec<Difference<'_>> = all.filter(|d| d.before != d.after).collect();
    let counts = |d: &&Difference<'_>| d.is_between_kinds() || !(is_moved(d, &all) || d.is_default());
    let rest = all.iter().filter(counts).map(Difference::told);
    let rest = rest.filter(|d| !d.is_completed_image() && !ignored.any(d.path) && !d.is_given_namespace());
    let rest: Vec<Difference<'_>> = rest.collect();
    (!rest.is_empty()).then(|| json(&rest))
}

fn json(all: &[Difference<'_>]) -> String {
    let mut out = "{\"items\":[".to_owned();
    let value = |leaf: &Option<Leaf>, out: &mut String| match leaf {
        None => out.push_str("null"),
        Some(leaf) => leaf.json(out),
    };
    for (i, d) in all.iter().enumerate() {
        out.push_str(if i > 0 { ",{\"key\":" } else { "{\"key\":" });
        write_str(d.path, &mut out);
        out.push_str(",\"values\":{\"after\":");
        value(&d.after, &mut out);
        out.push_str(",\"before\":");
        value(&d.before, &mut out);
        out.push_str("}}");
    }
    out.push_str("]}");
    out
}

/// Whether a value is gone from one element of a list, and has come to another.
fn is_moved(d: &Difference<'_>, all: &[Difference<'_>]) -> bool {
    if d.before.is_some() && d.after.is_some() {
        return false;
    }
    let Some(pattern) = any_element(d.path) else { return false };
    let opposite = |o: &&Difference<'_>| o.before == d.after && o.after == d.before;
    let mut opposites = all.iter().filter(opposite).peekable();
    opposites.peek().is_some() && regex::prepare(&pattern).is_ok_and(|regex| opposites.any(|o| regex.is_match(o.path)))
}

/// The expression of paths that differ in the numbers of elements only; nothing where there is no element in it.
fn any_element(path: &str) -> Option<String> {
    let (mut out, mut rest) = (String::new(), path);
    while let Some((before, after)) = split_at_number(rest) {
        out.push_str(before);
        out.push_str(r"\.\d+\.");
        rest = after;
    }
    (rest.len() < path.len()).then(|| out + rest)
}

/// What is before the first number between two dots, and what is after it.
fn split_at_number(path: &str) -> Option<(&str, &str)> {
    path.match_indices('.').find_map(|(at, _)| {
        let (before, after) = (path.get(..at)?, path.get(at + 1..)?);
        let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        let rest = rest.strip_prefix('.').filter(|_| after.starts_with(|c: char| c.is_ascii_digit()))?;
        Some((before, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::super::flat::flat;
    use super::super::tests::object;
    use super::*;

    fn told(manifest: &str, now: &str, ignored: &[&str]) -> Option<String> {
        let ignored: Vec<String> = ignored.iter().map(|s| (*s).to_owned()).collect();
        object(manifest, |a| object(now, |b| diff(&flat(a, None), &flat(b, None), &Patterns::of_prefixes(&ignored))))
    }

    #[test]
    fn what_counts() {
        assert_eq!(told("a: 1", "a: 1.0", &[]), None);
        let changed = r#"{"items":[{"key":"a","values":{"after":2,"before":1}}]}"#;
        assert_eq!(told("a: 1", "a: 2", &[]).as_deref(), Some(changed));
        assert_eq!(told("a: 1", "a: 2", &["a"]), None);
        let kinds = r#"{"items":[{"key":"a","values":{"after":"(type: string) 1","before":"(type: float64) %!s(float64=1)"}}]}"#;
        assert_eq!(told("a: 1", "a: '1'", &[]).as_deref(), Some(kinds));
        assert_eq!(told("a: {}", "b: {c: ''}\nmetadata: {namespace: x}", &[]), None);
    }

    #[test]
    fn images_are_completed() {
        assert_eq!(told("image: a", "image: a:latest", &[]), None);
        assert_eq!(told("image: a:1", "image: docker.io/a:1", &[]), None);
        assert!(told("image: a", "image: docker.io/a:latest", &[]).is_some());
    }

    #[test]
    fn elements_may_move() {
        assert_eq!(told("a: [{b: 1}]", "a: [{c: 2}, {b: 1}]", &["a.0.c"]), None);
        assert!(told("a: [1]", "a: [2, 1]", &["a.0"]).is_some());
        assert_eq!(any_element("a.0.b.12.c").as_deref(), Some(r"a\.\d+\.b\.\d+\.c"));
        assert_eq!(any_element("a.0.1.c").as_deref(), Some(r"a\.\d+\.1.c"));
        assert_eq!(any_element("a.0"), None);
    }
}
