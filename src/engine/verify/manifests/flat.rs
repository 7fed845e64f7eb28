//! An object as one map from paths to what is there.
//!
//! k8s-manifest-sigstore: pkg/util/mapnode/node.go, Ravel and Mask. Every number is a float64, and neither `null` nor an
//! empty list or map is anywhere.

use super::ignored::Patterns;
use kyvc_vm::document::{Document, NodeId, write_str};
use kyvc_vm::scalar::{Scalar, json_float, number};
use std::collections::BTreeMap;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Leaf {
    Bool(bool),
    Number(f64),
    Str(String),
}

impl Leaf {
    /// Go's name of the type.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Leaf::Bool(_) => "bool",
            Leaf::Number(_) => "float64",
            Leaf::Str(_) => "string",
        }
    }

    /// As Go's `%v` prints it.
    pub(super) fn text(&self) -> String {
        match self {
            Leaf::Bool(b) => b.to_string(),
            Leaf::Number(n) => number::text_v(*n).as_str().to_owned(),
            Leaf::Str(s) => s.clone(),
        }
    }

    /// As Go's `%s` prints it.
    pub(super) fn go_string(&self) -> String {
        match self {
            Leaf::Str(s) => s.clone(),
            other => format!("%!s({}={})", other.kind(), other.text()),
        }
    }

    /// As Go's JSON has it.
    pub(super) fn json(&self, out: &mut String) {
        match self {
            Leaf::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Leaf::Number(n) => json_float(*n, out),
            Leaf::Str(s) => write_str(s, out),
        }
    }
}

/// What stands at which path.
pub(super) type Flat = BTreeMap<String, Leaf>;

/// All of a document but what is masked. What is masked in a list moves what follows it.
pub(super) fn flat(doc: &Document<'_>, mask: Option<&Patterns>) -> Flat {
    let mut out = Flat::new();
    if let Some(root) = doc.root() {
        walk(doc, root, ("", ""), mask, &mut out);
    }
    out
}

/// `at` is the path of a value, and what that is without what is masked.
fn walk(doc: &Document<'_>, node: NodeId, at: (&str, &str), mask: Option<&Patterns>, out: &mut Flat) {
    let leaf = match doc.scalar(node) {
        Scalar::Null => return,
        Scalar::Bool(b) => Leaf::Bool(b),
        Scalar::Int(n) => Leaf::Number(n as f64),
        Scalar::Float(n) => Leaf::Number(n),
        Scalar::Str(s) => Leaf::Str(s.to_owned()),
        Scalar::List | Scalar::Map => {
            let masked = |path: &str| mask.is_some_and(|mask| mask.any(path));
            let mut left = 0_usize;
            for (i, child) in doc.children(node).enumerate() {
                let (path, key) = match doc.key(child) {
                    Some(key) => (join(at.0, doc.key_text(key)), doc.key_text(key).to_owned()),
                    None => (join(at.0, &i.to_string()), left.to_string()),
                };
                if !masked(&path) {
                    left += 1;
                    walk(doc, child, (&path, &join(at.1, &key)), mask, out);
                }
            }
            return;
        }
    };
    out.insert(at.1.to_owned(), leaf);
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::super::tests::object;
    use super::*;

    #[test]
    fn paths() {
        object("a: {b.c: [1, {d: true}], e: [], f: null}\ng: x\n", |doc| {
            let all: Vec<String> =
                flat(doc, None).iter().map(|(path, leaf)| format!("{path}={}", leaf.text())).collect();
            assert_eq!(all, ["a.b.c.0=1", "a.b.c.1.d=true", "g=x"]);
        });
    }

    #[test]
    fn masked_elements_leave_no_gap() {
        object("a: [1, 2, 3]\nb: {c: 1, d: 2}\n", |doc| {
            let mask = Patterns::new(["a.1", "b.*"].map(str::to_owned));
            let all: Vec<String> = flat(doc, Some(&mask)).keys().cloned().collect();
            assert_eq!(all, ["a.0", "a.1"]);
        });
    }

    #[test]
    fn spellings() {
        assert_eq!(Leaf::Number(8080.0).go_string(), "%!s(float64=8080)");
        assert_eq!(Leaf::Number(2_000_000.0).text(), "2e+06");
        assert_eq!(Leaf::Bool(true).go_string(), "%!s(bool=true)");
        let mut json = String::new();
        Leaf::Str("a<\"".to_owned()).json(&mut json);
        assert_eq!(json, "\"a\\u003c\\\"\"");
    }
}
