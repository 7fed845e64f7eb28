//! From Rust types to the structural schemas of CRDs, and the types that have no equal in Rust.
//!
//! schemars writes JSON Schema, where an optional field may also be null and a choice has a schema for each variant.
//! The API server wants neither: `Structural` takes both back.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The structural schema of a type, without references.
pub fn structural<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    if let Some(object) = schema.as_object_mut() {
        object.remove("title");
    }
    Structural.transform(&mut schema);
    schema.to_value()
}

/// Makes a schema structural.
struct Structural;

impl Transform for Structural {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else { return };
        without_null(object);
        choice(object);
        // The sizes of Go's `int` and `uint` are not told to the API server.
        if object.get("format").is_some_and(|f| f == "int" || f == "uint") {
            object.remove("format");
        }
    }
}

/// An optional field is one that may be left out, not one that may be null.
fn without_null(object: &mut Map<String, Value>) {
    let null = |s: &Value| s.get("type").is_some_and(|t| t == "null");
    if let Some(Value::Array(of)) = object.get("anyOf")
        && of.iter().any(null)
        && let [Value::Object(one)] = of.iter().filter(|s| !null(s)).cloned().collect::<Vec<_>>().as_slice()
    {
        object.remove("anyOf");
        for (key, value) in one {
            object.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|t| t != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            object.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(of)) = object.get_mut("enum") {
        of.retain(|v| !v.is_null());
    }
}

/// An enum whose variants are described each by a schema of their own becomes a list of its values.
fn choice(object: &mut Map<String, Value>) {
    let Some(Value::Array(of)) = object.get("oneOf") else { return };
    let mut all = Vec::new();
    for one in of {
        match (one.get("const"), one.get("enum")) {
            (Some(value), _) => all.push(value.clone()),
            (None, Some(Value::Array(values))) => all.extend(values.iter().cloned()),
            _ => return,
        }
    }
    object.remove("oneOf");
    object.insert("type".to_owned(), "string".into());
    object.insert("enum".to_owned(), all.into());
}

/// A value of any type, which is kept as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Any(pub Value);

impl JsonSchema for Any {
    fn schema_name() -> Cow<'static, str> {
        "Any".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "x-kubernetes-preserve-unknown-fields": true })
    }
}

/// An object of any fields, which is kept as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AnyObject(pub Map<String, Value>);

impl JsonSchema for AnyObject {
    fn schema_name() -> Cow<'static, str> {
        "AnyObject".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
    }
}
