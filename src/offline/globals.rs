//! Entries of the global context that a test gives, in place of those of a cluster.
//!
//! Kyverno: apis/v1alpha1/test.go checks them, store/gctx_load.go reads their files, store/gctx_resolve.go makes the values.

use super::file;
use crate::engine::query;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::Path;

/// An entry of `globalContextEntries`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GlobalEntry {
    name: Option<String>,
    data: Option<Value>,
    resources: Option<Vec<Value>>,
    resource_files: Option<Vec<String>>,
    field_path: Option<String>,
    projections: Option<Vec<Projection>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Projection {
    name: Option<String>,
    path: Option<String>,
}

/// Entries of the global context that a test gives.
#[derive(Debug, Default)]
pub struct Globals(Vec<(String, Value)>);

impl Globals {
    /// Takes the entries of a test; files are looked for in its folder.
    ///
    /// # Errors
    /// Says what is wrong with one of them, as Kyverno does.
    pub fn new(entries: &[GlobalEntry], folder: &str) -> Result<Self, String> {
        let mut names: Vec<&str> = Vec::new();
        for entry in entries {
            let name = entry.name.as_deref().unwrap_or_default().trim();
            if name.is_empty() {
                return Err("globalContextEntries: name is required".to_owned());
            }
            if names.contains(&name) {
                return Err(format!("globalContextEntries: duplicate name {name:?}"));
            }
            names.push(name);
            entry.check()?;
        }
        let loaded = entries.iter().map(|entry| entry.root(folder).map(|root| (entry, root)));
        let loaded = loaded.collect::<Result<Vec<_>, _>>()?;
        let values = loaded.into_iter().map(|(entry, root)| {
            let value = entry.value(root)?;
            Ok((entry.name().to_owned(), value))
        });
        values.collect::<Result<_, String>>().map(Self)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An entry or one of its projections, as JSON.
    pub(super) fn get(&self, name: &str, projection: &str) -> Result<String, String> {
        let found = self.0.iter().find(|(n, _)| n == name);
        let (_, value) = found.ok_or_else(|| format!("failed to fetch entry key={name}"))?;
        if projection.is_empty() {
            return Ok(value.to_string());
        }
        let Value::Object(members) = value else {
            return Err(format!("global context mock: projection {projection:?} requested but value is not an object"));
        };
        let found = members.get(projection);
        found.map(Value::to_string).ok_or_else(|| format!("global context mock: projection {projection:?} not found"))
    }
}

impl GlobalEntry {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    fn check(&self) -> Result<(), String> {
        let name = self.name();
        for p in self.projections.iter().flatten() {
            let (of, path) = (p.name.as_deref().unwrap_or_default(), p.path.as_deref().unwrap_or_default());
            if of.trim().is_empty() {
                return Err(format!("globalContextEntries entry {name:?}: projection name is required"));
            }
            if path.trim().is_empty() {
                return Err(format!("globalContextEntries entry {name:?} projection {of:?}: path is required"));
            }
        }
        let fail = |what: &str| Err(format!("globalContextEntries entry {name:?}{what}"));
        match [self.data.is_some(), self.resources.is_some(), self.resource_files.is_some()] {
            [true, false, false] | [false, true, false] | [false, false, true] => {}
            [false, false, false] => return fail(": one of data, resources, or resourceFiles is required"),
            _ => return fail(": data, resources, and resourceFiles are mutually exclusive"),
        }
        if self.data.as_ref().is_some_and(|d| !d.is_object()) {
            return fail(": data must be a JSON object");
        }
        for (i, resource) in self.resources.iter().flatten().enumerate() {
            if !resource.is_object() {
                return fail(&format!(" resources[{i}]: must be a JSON object (Kubernetes resource manifest)"));
            }
        }
        for (i, path) in self.resource_files.iter().flatten().enumerate() {
            let path = path.trim();
            let clean = file::clean(path);
            let wrong = if path.is_empty() {
                "file path must not be empty"
            } else if path.starts_with('/') {
                "file path must not be absolute"
            } else if clean == ".." || clean.starts_with("../") {
                "file path must not escape the test directory"
            } else {
                continue;
            };
            return fail(&format!(" resourceFiles[{i}]: {wrong}"));
        }
        Ok(())
    }

    /// What the entry is about, its files included.
    fn root(&self, folder: &str) -> Result<Value, String> {
        let Some(files) = &self.resource_files else {
            let resources = self.resources.clone().map(Value::Array);
            return Ok(resources.or_else(|| self.data.clone()).unwrap_or_default());
        };
        let mut all = Vec::new();
        for path in files {
            let fail = |e: String| {
                let name = self.name();
                format!(
                    "error: failed to load globalContextEntries resource files: globalContextEntries {name:?} \
                     resourceFiles {path:?}: {e}"
                )
            };
            let source = file::open(Path::new(&file::join(folder, path))).map_err(|e| fail(format!("read: {e}")))?;
            for (i, read) in file::documents::<Value>(&source, &file::ANYTHING).into_iter().enumerate() {
                let object = read.map_err(|e| fail(format!("document[{i}]: invalid YAML: {e}")))?;
                if object.as_object().is_some_and(|o| !o.is_empty()) {
                    all.push(object);
                }
            }
        }
        Ok(Value::Array(all))
    }

    /// The root, narrowed down and projected.
    fn value(&self, mut root: Value) -> Result<Value, String> {
        let name = self.name();
        let search = |path: &str, value: &Value| {
            let found = query::evaluate(path, &value.to_string(), false);
            found.map(|json| serde_json::from_str(&json).unwrap_or_default())
        };
        if let Some(path) = self.field_path.as_deref().filter(|p| !p.is_empty()) {
            root = search(path, &root).map_err(|e| format!("globalContextEntries {name:?} fieldPath: {e}"))?;
        }
        let projections = self.projections.as_deref().unwrap_or_default();
        if projections.is_empty() {
            return Ok(root);
        }
        let mut out = Map::new();
        for p in projections {
            let (of, path) = (p.name.as_deref().unwrap_or_default(), p.path.as_deref().unwrap_or_default());
            let value = search(path, &root)
                .map_err(|e| format!("globalContextEntries {name:?} projection {of:?} path {path:?}: {e}"))?;
            out.insert(of.to_owned(), value);
        }
        Ok(Value::Object(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn projections() {
        let entries = json!([{"name": "e", "data": {"b": {"a": 1}}, "projections": [{"name": "p", "path": "b"}]}]);
        let globals = Globals::new(&serde_json::from_value::<Vec<GlobalEntry>>(entries).unwrap(), "").unwrap();
        assert_eq!(globals.get("e", "p"), Ok("{\"a\":1}".to_owned()));
        assert_eq!(globals.get("e", "q").unwrap_err(), "global context mock: projection \"q\" not found");
        assert_eq!(globals.get("f", "").unwrap_err(), "failed to fetch entry key=f");
    }
}
