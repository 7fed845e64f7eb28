//! The CustomResourceDefinitions made from our types, compared with Kyverno's field by field. Descriptions are our own.

use kyvc::diag::Source;
use kyvc::k8s::api::kinds::KINDS;
use kyvc::yaml::emit::from_yaml;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// Takes away what is not compared: descriptions, which are texts; a field of this name is a schema.
fn without_descriptions(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, v| !(key == "description" && v.is_string()));
            object.values_mut().for_each(without_descriptions);
        }
        Value::Array(array) => array.iter_mut().for_each(without_descriptions),
        _ => {}
    }
}

fn differences(path: &str, ours: &Value, theirs: &Value, out: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|k| !a.contains_key(*k))) {
                let inner = format!("{path}.{key}");
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => differences(&inner, a, b, out),
                    (Some(a), None) => out.push(format!("{inner}: only ours: {a}")),
                    (None, Some(b)) => out.push(format!("{inner}: only theirs: {b}")),
                    (None, None) => {}
                }
            }
        }
        // The order of required fields has no meaning.
        (Value::Array(a), Value::Array(b)) if path.ends_with(".required") => {
            let sorted = |v: &Vec<Value>| v.iter().map(|v| (v.to_string(), ())).collect::<BTreeMap<_, _>>();
            if sorted(a) != sorted(b) {
                out.push(format!("{path}: {ours} for {theirs}"));
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                differences(&format!("{path}[{i}]"), a, b, out);
            }
        }
        _ if ours == theirs => {}
        _ => out.push(format!("{path}: {ours} for {theirs}")),
    }
}

#[test]
fn definitions_are_those_of_kyverno() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/crds");
    if !folder.is_dir() {
        eprintln!("skipped: {} is missing", folder.display());
        return;
    }
    for kind in KINDS {
        let path = folder.join(format!("kyverno.io_{}.yaml", kind.plural));
        let source = Source::new(path.display().to_string(), std::fs::read_to_string(&path).unwrap());
        let mut theirs: Value = from_yaml(&source).unwrap();
        theirs["metadata"].as_object_mut().unwrap().remove("annotations");
        let mut ours = kind.definition();
        without_descriptions(&mut ours);
        without_descriptions(&mut theirs);
        let mut out = Vec::new();
        differences("", &ours, &theirs, &mut out);
        assert!(out.is_empty(), "{}: {} differences:\n{}", kind.name, out.len(), out.join("\n"));
    }
}

/// A field without a description says nothing to `kubectl explain`.
#[test]
fn fields_are_described() {
    fn walk(path: &str, schema: &Map<String, Value>, out: &mut Vec<String>) {
        if let Some(Value::Object(fields)) = schema.get("properties") {
            for (name, field) in fields {
                let path = format!("{path}.{name}");
                let field = field.as_object().unwrap();
                if !field.contains_key("description") {
                    out.push(path.clone());
                }
                walk(&path, field, out);
            }
        }
        for inner in ["items", "additionalProperties"] {
            if let Some(Value::Object(inner)) = schema.get(inner) {
                walk(path, inner, out);
            }
        }
    }
    for kind in KINDS {
        for version in kind.definition()["spec"]["versions"].as_array().unwrap() {
            let mut out = Vec::new();
            for part in ["spec", "status"] {
                if let Some(schema) = version["schema"]["openAPIV3Schema"]["properties"][part].as_object() {
                    walk(part, schema, &mut out);
                }
            }
            assert!(out.is_empty(), "{}: {out:?}", kind.name);
        }
    }
}
