//! A kind, and the `CustomResourceDefinition` that tells an API server of it.

use super::schema::structural;
use schemars::JsonSchema;
use serde_json::{Value, json};

/// The group of all kinds here.
pub const GROUP: &str = "kyverno.io";

/// A kind of objects.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name, such as `ClusterPolicy`.
    pub name: &'static str,
    /// Its name in paths.
    pub plural: &'static str,
    /// A short name for people who type.
    pub short: &'static str,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// Its versions, in the order of the definition.
    pub versions: &'static [Version],
}

/// A version of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// Its name, such as `v1`.
    pub name: &'static str,
    /// Whether the API server knows it.
    pub served: bool,
    /// Whether objects are stored as it says.
    pub storage: bool,
    /// Whether the API server warns of it.
    pub deprecated: bool,
    /// What `kubectl get` shows.
    pub columns: &'static [Column],
    /// The schemas of its objects.
    pub schema: Schema,
}

/// A column of what `kubectl get` shows.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its head.
    pub name: &'static str,
    /// Where its values are.
    pub path: &'static str,
    /// Their type.
    pub kind: &'static str,
    /// Whether only `-o wide` shows it.
    pub wide: bool,
}

impl Column {
    /// A column that is always shown.
    pub(super) const fn new(name: &'static str, kind: &'static str, path: &'static str) -> Self {
        Column { name, path, kind, wide: false }
    }

    /// A column that `-o wide` shows.
    pub(super) const fn wide(name: &'static str, kind: &'static str, path: &'static str) -> Self {
        Column { name, path, kind, wide: true }
    }

    /// How old an object is.
    pub(super) const fn age(name: &'static str) -> Self {
        Self::new(name, "date", ".metadata.creationTimestamp")
    }
}

/// The schemas of the objects of a version.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    spec: fn() -> Value,
    status: Option<fn() -> Value>,
    /// Whether an object without `spec` is refused.
    required: bool,
}

impl Schema {
    /// Objects with a spec alone.
    pub(super) const fn spec<T: JsonSchema>() -> Self {
        Schema { spec: structural::<T>, status: None, required: true }
    }

    /// Objects that also have a status, which is a subresource.
    pub(super) const fn status<T: JsonSchema>(self) -> Self {
        Schema { status: Some(structural::<T>), ..self }
    }

    /// Objects may be without a spec.
    pub(super) const fn optional(self) -> Self {
        Schema { required: false, ..self }
    }

    fn object(&self, kind: &str) -> Value {
        let mut out = json!({
            "description": format!("A {kind} of Kyverno."),
            "type": "object",
            "properties": {
                "apiVersion": { "type": "string" },
                "kind": { "type": "string" },
                "metadata": { "type": "object" },
                "spec": (self.spec)(),
            },
        });
        if let Some(status) = self.status {
            out["properties"]["status"] = status();
        }
        if self.required {
            out["required"] = json!(["spec"]);
        }
        out
    }
}

impl Version {
    fn definition(&self, kind: &str) -> Value {
        let mut out = json!({
            "name": self.name,
            "served": self.served,
            "storage": self.storage,
            "schema": { "openAPIV3Schema": self.schema.object(kind) },
        });
        if self.deprecated {
            out["deprecated"] = true.into();
        }
        if self.schema.status.is_some() {
            out["subresources"] = json!({ "status": {} });
        }
        if !self.columns.is_empty() {
            out["additionalPrinterColumns"] = self.columns.iter().map(column).collect();
        }
        out
    }
}

fn column(column: &Column) -> Value {
    let mut out = json!({ "name": column.name, "type": column.kind, "jsonPath": column.path });
    if column.wide {
        out["priority"] = 1.into();
    }
    out
}

impl Kind {
    /// The kind's `CustomResourceDefinition`.
    pub fn definition(&self) -> Value {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": { "name": format!("{}.{GROUP}", self.plural) },
            "spec": {
                "group": GROUP,
                "names": {
                    "categories": ["kyverno"],
                    "kind": self.name,
                    "listKind": format!("{}List", self.name),
                    "plural": self.plural,
                    "shortNames": [self.short],
                    "singular": self.name.to_lowercase(),
                },
                "scope": if self.namespaced { "Namespaced" } else { "Cluster" },
                "versions": self.versions.iter().map(|v| v.definition(self.name)).collect::<Vec<_>>(),
            },
        })
    }

    /// The version that objects are stored as.
    pub fn stored(&self) -> Option<&'static Version> {
        self.versions.iter().find(|v| v.storage)
    }

    /// Whether somebody who types it means this kind.
    pub fn is_called(&self, name: &str) -> bool {
        let full = name.strip_suffix(GROUP).and_then(|n| n.strip_suffix('.')).unwrap_or(name);
        [self.name, self.plural, self.short].iter().any(|n| n.eq_ignore_ascii_case(full))
    }
}
