//! Comparing what a rule made of a resource with what a test expects.
//!
//! Kyverno: commands/test/compare.go, with resource/compare.go, resource/tidy.go and resource/labels.go.

use super::diff;
use crate::diag::Source;
use crate::manifest;
use crate::offline::file;
use crate::offline::outcome::Object;
use crate::offline::resources::reference;
use crate::report::go_yaml3;
use crate::report::openreports::Reference;
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::{Buffers, JsonOptions, Layout, read_json};
use serde_json::{Map, Value};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// The label that generated resources have.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// How other labels of theirs begin.
const GENERATED: &str = "generate.kyverno.io/";

/// What a comparison comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// They are the same
    Same,
    /// They are not: what only one of them has, in colours
    Differs(String),
    /// The expected resource cannot be read
    Failed(String),
}

/// Compares an object with the one of its kind and name in a file. `what` is the field that names the file.
pub(super) fn compare(actual: &Object, path: &str, what: &str) -> Compared {
    let fail = |e: String| Compared::Failed(format!("error: failed to load {what} resource ({e})"));
    let expected = match expected(path, &actual.reference) {
        Ok(expected) => expected,
        Err(e) => return fail(e),
    };
    let actual = Labelled::new(actual);
    let expected = Labelled::new(&expected);
    if tidy(actual.value.clone()) == tidy(expected.value.clone()) {
        return Compared::Same;
    }
    Compared::Differs(diff::pretty(&expected.yaml(), &actual.yaml()))
}

/// Reads the object of the same kind, namespace and name.
fn expected(path: &str, wanted: &Reference) -> Result<Object, String> {
    let source = file::open(Path::new(&file::clean(path)))?;
    let same = |r: &Reference| {
        (&r.api_version, &r.kind, &r.namespace, &r.name)
            == (&wanted.api_version, &wanted.kind, &wanted.namespace, &wanted.name)
    };
    let found = find(&source, same)?;
    found.ok_or_else(|| format!("resource with name {} not found in manifest", wanted.name))
}

/// The first object of a file that is wanted.
fn find(source: &Arc<Source>, wanted: impl Fn(&Reference) -> bool) -> Result<Option<Object>, String> {
    let layout = Layout::everything();
    let mut found = None;
    let problems = manifest::read(source, &layout, ReadOptions::resource(), &mut |doc| {
        let reference = reference(doc);
        if found.is_none() && wanted(&reference) {
            let json = doc.root().map_or(String::new(), |root| yaml::go_json(doc, root));
            found = Some(Object { reference, json, floats: false });
        }
        ControlFlow::Continue(())
    });
    match problems.into_iter().find(crate::diag::Diagnostic::is_error) {
        Some(problem) => Err(problem.message),
        None => Ok(found),
    }
}

/// An object with the labels that generated ones may have, whatever rule made them.
struct Labelled {
    value: Value,
    floats: bool,
}

impl Labelled {
    fn new(object: &Object) -> Self {
        let mut value: Value = serde_json::from_str(&object.json).unwrap_or_default();
        let mut labels = Map::new();
        labels.insert(MANAGED_BY.to_owned(), "kyverno".into());
        // Go: labels that are not all text count as none.
        let old = value.pointer("/metadata/labels").and_then(Value::as_object);
        let old = old.filter(|l| l.values().all(Value::is_string));
        let kept = old.into_iter().flatten().filter(|(key, _)| !key.starts_with(GENERATED));
        labels.extend(kept.map(|(key, value)| (key.clone(), value.clone())));
        if let Value::Object(top) = &mut value {
            let metadata = top.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(metadata) = metadata {
                metadata.insert("labels".to_owned(), Value::Object(labels));
            }
        }
        Self { value, floats: object.floats }
    }

    fn yaml(&self) -> String {
        let (text, layout) = (self.value.to_string(), Layout::everything());
        let Ok(mut doc) = read_json(&text, &layout, Buffers::default(), JsonOptions::default()) else {
            return String::new();
        };
        if self.floats {
            doc.numbers_to_floats();
        }
        go_yaml3::to_yaml_under("object", &doc)
    }
}

/// A value without what is null or empty in it. Numbers are compared by their value as text.
fn tidy(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(members) => {
            let members: Map<_, _> = members.into_iter().filter_map(|(k, v)| Some((k, tidy(v)?))).collect();
            (!members.is_empty()).then_some(Value::Object(members))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.into_iter().filter_map(tidy).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Object {
        Object { reference: Reference::default(), json: value.to_string(), floats: false }
    }

    #[test]
    fn what_is_empty_does_not_count() {
        let a = json!({"a": {"b": {}, "c": [null, {}]}, "d": 1});
        assert_eq!(tidy(a), Some(json!({"d": 1})));
        assert_eq!(tidy(json!({"a": []})), None);
    }

    #[test]
    fn labels_of_generated_resources_do_not_count() {
        let made = json!({"metadata": {"labels": {"generate.kyverno.io/rule-name": "r", "a": "b"}}});
        let want = json!({"metadata": {"labels": {"a": "b"}}});
        assert_eq!(Labelled::new(&object(made)).value, Labelled::new(&object(want)).value);
    }
}
