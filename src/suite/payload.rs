//! Payloads of tests: JSON or YAML values that are no objects of Kubernetes.
//!
//! Kyverno: payload/load.go. Only policies with CEL look at them; here they are checked as Kyverno checks them.

use crate::diag::Source;
use crate::offline::file::{self, ANYTHING};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// Refuses a payload that is no map. `name` is the path as the test gives it.
pub(super) fn check(path: &str, name: &str) -> Result<(), String> {
    let value = read(path).map_err(|e| format!("error: failed to load JSON payload {name} ({e})"))?;
    match value {
        Value::Object(_) => Ok(()),
        Value::Null => Err(format!("error: JSON payload {name} is empty or nil")),
        _ => Err(format!("error: JSON payload {name} must be a top-level object (map)")),
    }
}

fn read(path: &str) -> Result<Value, String> {
    let open = || file::open(Path::new(path));
    match Path::new(path).extension().and_then(|e| e.to_str()) {
        Some("json") => serde_json::from_str(&open()?.text).map_err(|e| e.to_string()),
        Some("yaml" | "yml") => yaml(&open()?),
        _ => {
            open()?;
            Err(format!("unrecognized payload format, must be yaml or json ({path})"))
        }
    }
}

fn yaml(source: &Arc<Source>) -> Result<Value, String> {
    let mut documents = file::documents::<Value>(source, &ANYTHING).into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(if documents.len() == 1 { documents.pop().unwrap_or_default() } else { Value::Array(documents) })
}

/// Refuses a path where nothing can be read.
pub(super) fn exists(path: &str, what: &str) -> Result<(), String> {
    let named = if what == "HTTP" { "HTTP" } else { "envoy" };
    file::open(Path::new(path)).map(|_| ()).map_err(|e| {
        format!(
            "error: failed to load {what} payloads from path {path} (failed to read {named} payload file {path}: {e})"
        )
    })
}
