//! References `$(path)` to other values of the same pattern: replaced before anything else is looked at, so that the
//! rest of the compiler never sees one.

use crate::policy::tree::{Member, Tree, Value};
use kyvc_grammar::anchor;
use kyvc_grammar::scalar::operator_prefix;
use kyvc_grammar::template::{references, unescape_references};

/// Replaces the references in all keys and strings of a tree.
///
/// # Errors
/// Gives Kyverno's text where one leads nowhere.
pub fn resolve(tree: &Tree) -> Result<Tree, String> {
    Resolve { whole: tree }.value(tree, "")
}

struct Resolve<'t> {
    whole: &'t Tree,
}

impl Resolve<'_> {
    fn value(&self, tree: &Tree, path: &str) -> Result<Tree, String> {
        let value = match &tree.value {
            Value::Str(s) => Value::Str(self.text(s, path)?),
            Value::List(items) => {
                let items = items.iter().enumerate().map(|(i, t)| self.value(t, &format!("{path}/{i}")));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            Value::Map(members) => {
                let member = |m: &Member| -> Result<Member, String> {
                    let key = self.text(&m.key, path)?;
                    Ok(Member { key, key_place: m.key_place, value: self.value(&m.value, &below(path, &m.key))? })
                };
                Value::Map(members.iter().map(member).collect::<Result<_, _>>()?)
            }
            scalar => scalar.clone(),
        };
        Ok(Tree { place: tree.place, value })
    }

    /// Kyverno: pkg/engine/variables/vars.go, substituteReferencesIfAny.
    fn text(&self, text: &str, path: &str) -> Result<String, String> {
        let mut out = text.to_owned();
        for reference in references(text) {
            let shown = reference.text;
            let fail = |why: &str| format!("failed to resolve {shown} at path {path}: {why}");
            let operator = operator_prefix(reference.path);
            let to = reference.path.get(operator.len()..).unwrap_or_default();
            if to.is_empty() {
                return Err(fail("expected path, found empty reference"));
            }
            let to = if to.starts_with('/') { to.to_owned() } else { clean(&format!("{path}/{to}")) };
            let found = find(self.whole, "", &to);
            let value = if operator.is_empty() {
                match found {
                    None | Some(Found::Value(Value::Null)) => {
                        return Err(format!("got nil resolved variable {shown} at path {path}: <nil>"));
                    }
                    Some(Found::Key(s)) => s,
                    Some(Found::Value(Value::Str(s))) => s,
                    Some(Found::Value(_)) => {
                        return Err(format!("NotResolvedReferenceErr,reference {shown} not resolved at path {path}"));
                    }
                }
            } else {
                let text = match found {
                    Some(Found::Key(s)) | Some(Found::Value(Value::Str(s))) => Ok(s),
                    Some(Found::Value(Value::Int(n))) => Ok(n.to_string()),
                    Some(Found::Value(Value::Float(n))) => Ok(format!("{n:.6}")),
                    Some(Found::Value(Value::Bool(b))) => Err(b.to_string()),
                    _ => Err("<nil>".to_owned()),
                };
                let value = text.map_err(|value| {
                    fail(&format!("incorrect expression: operator {operator} does not match with value {value}"))
                })?;
                format!("{operator}{value}")
            };
            out = out.replacen(shown, &value, 1);
        }
        Ok(unescape_references(&out).into_owned())
    }
}

/// The path of a member of a map.
pub fn below(path: &str, key: &str) -> String {
    format!("{path}/{}", key.replace('/', "\\/"))
}

/// What a path leads to: a leaf, or a key of a map, which Kyverno visits under the path of the map.
enum Found {
    Key(String),
    Value(Value),
}

/// The last leaf or key at a path; anchors do not count.
fn find(tree: &Tree, path: &str, to: &str) -> Option<Found> {
    let here = || without_anchors(path) == to;
    match &tree.value {
        Value::List(items) => items.iter().enumerate().rev().find_map(|(i, t)| find(t, &format!("{path}/{i}"), to)),
        Value::Map(members) => {
            let keys = here();
            let mut found = None;
            for m in members {
                if keys {
                    found = Some(Found::Key(m.key.clone()));
                }
                found = find(&m.value, &below(path, &m.key), to).or(found);
            }
            found
        }
        leaf => here().then(|| Found::Value(leaf.clone())),
    }
}

fn without_anchors(path: &str) -> String {
    let parts = path.strip_prefix('/').unwrap_or(path).split('/');
    let bare: Vec<&str> = parts.map(|p| anchor::parse(p).map_or(p, |(_, key)| key)).collect();
    let joined = clean(&bare.join("/"));
    if path.starts_with('/') { format!("/{}", joined.trim_start_matches('/')) } else { joined }
}

/// A path without empty steps, `.` and `..`, as Go's `path.Clean` has it.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut out: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if out.last().is_some_and(|p| *p != "..") => {
                out.pop();
            }
            ".." if rooted => {}
            part => out.push(part),
        }
    }
    let joined = out.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kyvc_vm::document::Place;

    fn tree(value: serde_json::Value) -> Tree {
        use serde_json::Value as Json;
        let place = Place::default();
        let value = match value {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(b),
            Json::Number(n) => n.as_i64().map_or_else(|| Value::Float(n.as_f64().unwrap()), Value::Int),
            Json::String(s) => Value::Str(s),
            Json::Array(items) => Value::List(items.into_iter().map(tree).collect()),
            Json::Object(members) => Value::Map(
                members.into_iter().map(|(key, v)| Member { key, key_place: place, value: tree(v) }).collect(),
            ),
        };
        Tree { place, value }
    }

    fn resolved(value: serde_json::Value, path: &[&str]) -> Result<String, String> {
        let out = resolve(&tree(value))?;
        let leaf = path.iter().fold(&out, |t, key| t.get(key).unwrap());
        Ok(leaf.as_str().unwrap().to_owned())
    }

    #[test]
    fn relative_and_absolute() {
        let doc = |to: &str| serde_json::json!({"a": {"b": to, "=(c)": "x"}, "n": 5});
        assert_eq!(resolved(doc("$(./../c)"), &["a", "b"]), Ok("x".into()));
        assert_eq!(resolved(doc("v-$(/a/c)"), &["a", "b"]), Ok("v-x".into()));
        assert_eq!(resolved(doc("$(<=/n)"), &["a", "b"]), Ok("<=5".into()));
        assert_eq!(resolved(doc("\\$(/a/c)"), &["a", "b"]), Ok("$(/a/c)".into()));
    }

    #[test]
    fn what_leads_nowhere() {
        let doc = |to: &str| serde_json::json!({"a": to, "n": 5});
        let failed = |to: &str| resolved(doc(to), &["a"]).unwrap_err();
        assert_eq!(failed("$(./x)"), "got nil resolved variable $(./x) at path /a: <nil>");
        assert_eq!(failed("$(/n)"), "NotResolvedReferenceErr,reference $(/n) not resolved at path /a");
    }
}
