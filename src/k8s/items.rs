//! Objects in answers of an API server.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A list, its objects as they are written.
#[derive(Debug, Deserialize)]
pub(super) struct List<'a> {
    #[serde(borrow, default)]
    pub(super) items: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    pub(super) metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    #[serde(rename = "continue")]
    pub(super) more: Option<String>,
    pub(super) name: Option<String>,
    pub(super) namespace: Option<String>,
}

/// What identifies an object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Identity {
    pub(super) api_version: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) metadata: Metadata,
}

impl Identity {
    pub(super) fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }

    pub(super) fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }
}

/// Reads what identifies an object.
pub(super) fn identity(json: &str) -> Identity {
    serde_json::from_str(json).unwrap_or_default()
}

/// An object with its version and kind, which in lists are said once for all.
pub(super) fn typed(json: &str, identity: &Identity, api_version: &str, kind: &str) -> String {
    if identity.api_version.as_deref() == Some(api_version) && identity.kind.as_deref() == Some(kind) {
        return json.to_owned();
    }
    let (version, name) = (Value::from(api_version), Value::from(kind));
    let rest = json.trim_start().strip_prefix('{').map(str::trim_start).filter(|rest| !rest.starts_with('}'));
    if let (None, None, Some(rest)) = (&identity.api_version, &identity.kind, rest) {
        return format!("{{\"apiVersion\":{version},\"kind\":{name},{rest}");
    }
    let mut object: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
    object.insert("apiVersion".to_owned(), version);
    object.insert("kind".to_owned(), name);
    Value::Object(object).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_get_a_kind() {
        let typed = |json: &str| typed(json, &identity(json), "v1", "Pod");
        assert_eq!(typed(r#"{"a":1}"#), r#"{"apiVersion":"v1","kind":"Pod","a":1}"#);
        assert_eq!(typed("{ }"), r#"{"apiVersion":"v1","kind":"Pod"}"#);
        assert_eq!(typed(r#"{"kind":"Pod","apiVersion":"v1"}"#), r#"{"kind":"Pod","apiVersion":"v1"}"#);
        assert_eq!(typed(r#"{"kind":"Scale"}"#), r#"{"apiVersion":"v1","kind":"Pod"}"#);
    }

    #[test]
    fn lists() {
        let text = r#"{"metadata":{"continue":"x"},"items":[{"metadata":{"name":"a","namespace":"b"}}]}"#;
        let list: List<'_> = serde_json::from_str(text).unwrap();
        let items = list.items.unwrap();
        let first = identity(items[0].get());
        assert_eq!((first.namespace(), first.name(), list.metadata.more.as_deref()), ("b", "a", Some("x")));
        assert!(serde_json::from_str::<List<'_>>(r#"{"items":null}"#).unwrap().items.is_none());
    }
}
