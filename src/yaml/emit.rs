//! YAML of our own: report and test files through serde. The only file that names `serde_yaml`.
//!
//! Policies and resources never go this way: through serde a plain `yes` and a quoted one are the same, and no value has
//! a place.

use crate::diag::{Code, Diagnostic, Label, Source};
use kyvc_vm::document::Place;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A value as YAML text.
pub fn to_yaml<T: Serialize + ?Sized>(value: &T) -> Result<String, Diagnostic> {
    serde_yaml::to_string(value).map_err(|e| Diagnostic::new(Code::YamlSyntax, format!("cannot write YAML: {e}")))
}

/// Reads one of our own files.
pub fn from_yaml<T: DeserializeOwned>(source: &Arc<Source>) -> Result<T, Diagnostic> {
    serde_yaml::from_str(&source.text).map_err(|e| {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let place = e.location().map(|l| Place { line: number(l.line()), column: number(l.column()) });
        Diagnostic::new(Code::YamlSyntax, e.to_string()).at(Label::new(source, place.unwrap_or_default()))
    })
}
