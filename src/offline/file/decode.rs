//! Go's `encoding/json` with unknown fields disallowed, after sigs.k8s.io/yaml's conversions.

use super::types::{Field, Struct, Type};
use serde_json::{Map, Number, Value};

/// Walks a value beside its type: fields get their own spelling, scalars become strings where only strings fit.
///
/// # Errors
/// The first thing that does not fit, as Go says it. Go goes on after it and tells no more either.
pub(super) fn decode(value: Value, ty: &Type) -> Result<Value, String> {
    let mut decoder = Decoder::default();
    let value = decoder.value(value, ty, true);
    decoder.error.map_or(Ok(value), Err)
}

#[derive(Default)]
struct Decoder {
    error: Option<String>,
    /// Names of the fields around a value
    path: Vec<&'static str>,
    /// The struct around it
    owner: Option<&'static str>,
}

impl Decoder {
    fn fail(&mut self, error: String) -> Value {
        self.error.get_or_insert(error);
        Value::Null
    }

    fn mismatch(&mut self, value: &Value, ty: &Type) -> Value {
        let what = match value {
            Value::Null => "null".to_owned(),
            Value::Bool(_) => "bool".to_owned(),
            // Go shows the number where a number was wanted.
            Value::Number(n) if matches!(ty, Type::Int(_)) => format!("number {n}"),
            Value::Number(_) => "number".to_owned(),
            Value::String(_) => "string".to_owned(),
            Value::Array(_) => "array".to_owned(),
            Value::Object(_) => "object".to_owned(),
        };
        let place = match self.owner {
            Some(owner) => format!("struct field {owner}.{}", self.path.join(".")),
            None => "value".to_owned(),
        };
        self.fail(format!("json: cannot unmarshal {what} into Go {place} of type {}", ty.name()))
    }

    /// `coerced` says whether the conversion from YAML knew that this is what the value is for.
    fn value(&mut self, value: Value, ty: &Type, coerced: bool) -> Value {
        match (ty, value) {
            (Type::Any, value) => value,
            // Go leaves the zero value.
            (Type::String | Type::Named(_), Value::Null) => Value::String(String::new()),
            (Type::Bool, Value::Null) => Value::Bool(false),
            (Type::Int(_), Value::Null) => Value::from(0),
            (_, Value::Null) => Value::Null,
            (Type::String | Type::Named(_), Value::Number(n)) if coerced => Value::String(n.to_string()),
            (Type::String | Type::Named(_), Value::Bool(b)) if coerced => Value::String(b.to_string()),
            (Type::String | Type::Named(_) | Type::Time, value @ Value::String(_)) => value,
            (Type::Bool, value @ Value::Bool(_)) => value,
            (Type::Int(_), Value::Number(n)) => self.int(n, ty),
            (Type::List(item), Value::Array(items)) => {
                let items = items.into_iter().map(|v| match (item, v) {
                    (Type::Struct(_), Value::Null) => Value::Object(Map::new()),
                    (_, v) => self.value(v, item, coerced),
                });
                Value::Array(items.collect())
            }
            (Type::Strings(_), Value::Array(items)) => {
                Value::Array(items.into_iter().map(|v| self.value(v, &Type::String, coerced)).collect())
            }
            (Type::Map(item), Value::Object(members)) => {
                Value::Object(members.into_iter().map(|(k, v)| (k, self.value(v, item, coerced))).collect())
            }
            (Type::Struct(of), Value::Object(members)) => self.fields(of, members, coerced),
            (Type::Object, value @ Value::Object(_)) => self.object(value),
            (_, value) => self.mismatch(&value, ty),
        }
    }

    fn int(&mut self, n: Number, ty: &Type) -> Value {
        if n.is_i64() { Value::Number(n) } else { self.mismatch(&Value::Number(n), ty) }
    }

    /// Kubernetes: unstructured objects have a kind.
    fn object(&mut self, value: Value) -> Value {
        match value.get("kind").and_then(Value::as_str) {
            Some(kind) if !kind.is_empty() => value,
            _ => self.fail(format!("Object 'Kind' is missing in '{value}'")),
        }
    }

    fn fields(&mut self, of: &'static Struct, members: Map<String, Value>, coerced: bool) -> Value {
        let mut out = Map::new();
        let owner = self.owner.replace(of.short());
        for (key, value) in members {
            let Some(field) = of.field(&key) else {
                self.fail(format!("json: unknown field {key:?}"));
                continue;
            };
            let Field { name, inside, ty } = field;
            let depth = self.path.len();
            self.path.extend(inside.iter().chain([name]));
            // sigs.k8s.io/yaml: the field of an embedded struct counts as one of the whole struct's type.
            let value = self.value(value, ty, coerced && inside.is_none());
            self.path.truncate(depth);
            out.insert((*name).to_owned(), value);
        }
        self.owner = owner;
        Value::Object(out)
    }
}

#[cfg(test)]
mod tests {
    use super::super::types::{CLUSTER_RESOURCE, TEST, USER_INFO, VALUES};
    use super::*;
    use serde_json::json;

    fn error(value: Value, ty: &Type) -> String {
        decode(value, ty).unwrap_err()
    }

    #[test]
    fn errors_are_those_of_go() {
        let field = |of: &str| format!("json: cannot unmarshal {of}");
        assert_eq!(error(json!({"foo": 1}), &TEST), "json: unknown field \"foo\"");
        assert_eq!(error(json!([1]), &TEST), field("array into Go value of type v1alpha1.Test"));
        assert_eq!(
            error(json!({"policies": "x"}), &TEST),
            field("string into Go struct field Test.policies of type []string")
        );
        assert_eq!(
            error(json!({"results": {"a": 1}}), &TEST),
            field("object into Go struct field Test.results of type []v1alpha1.TestResult")
        );
        assert_eq!(
            error(json!({"results": [{"rule": ["a"]}]}), &TEST),
            field("array into Go struct field TestResult.results.TestResultBase.rule of type string")
        );
        assert_eq!(
            error(json!({"metadata": "x"}), &TEST),
            field("string into Go struct field Test.metadata of type v1.ObjectMeta")
        );
        assert_eq!(
            error(json!({"globalValues": 5}), &VALUES),
            field("number into Go struct field Values.ValuesSpec.globalValues of type map[string]interface {}")
        );
        assert_eq!(
            error(json!({"kind": true}), &USER_INFO),
            field("bool into Go struct field UserInfo.TypeMeta.kind of type string")
        );
        assert_eq!(
            error(json!({"spec": {"resources": [{"metadata": {"name": "x"}}]}}), &CLUSTER_RESOURCE),
            "Object 'Kind' is missing in '{\"metadata\":{\"name\":\"x\"}}'"
        );
    }

    #[test]
    fn names_are_found_in_any_case_and_scalars_become_strings() {
        let value = decode(json!({"Policies": ["a", 5], "METADATA": {"name": 7}}), &TEST).unwrap();
        assert_eq!(value, json!({"policies": ["a", "5"], "metadata": {"name": "7"}}));
    }
}
