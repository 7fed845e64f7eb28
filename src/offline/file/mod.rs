//! The command line's own files: tests, values, user infos, contexts, cluster resources.
//!
//! They are read as sigs.k8s.io/yaml and Go's `encoding/json` read them into Kyverno's structs: strictly, with the names of
//! Go's types in the errors. `types` says what the structs look like, `decode` walks them beside the value; what comes
//! out has the fields' own spelling and the right types, for serde.

mod decode;
mod types;

pub use types::{ANYTHING, CLUSTER_RESOURCE, CUSTOM_RESOURCE_DEFINITION, TEST, USER_INFO, VALUES};

use super::words;
use crate::diag::{Diagnostic, Source};
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::{Buffers, Document, Layout};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
pub use types::Type;

/// Reads a file that holds one value. Its errors are Kyverno's.
///
/// # Errors
/// Says what is wrong with the file.
pub fn read<T: DeserializeOwned>(path: &Path, ty: &Type) -> Result<T, String> {
    let source = open(path)?;
    value(&source, ty)
}

/// Opens a file as a source.
///
/// # Errors
/// As Go says it: `open FILE: no such file or directory`.
pub fn open(path: &Path) -> Result<Arc<Source>, String> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|e| {
        let verb = if path.is_dir() { "read" } else { "open" };
        format!("{verb} {name}: {}", go_error(&e))
    })?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{name}: not UTF-8 text"))?;
    Ok(Source::new(name, text))
}

/// What a whole text says.
///
/// # Errors
/// Says what is wrong with it.
pub fn value<T: DeserializeOwned>(source: &Arc<Source>, ty: &Type) -> Result<T, String> {
    let layout = Layout::everything();
    let options = ReadOptions { strict: true, places: true, ..ReadOptions::default() };
    let doc = yaml::value(source, &layout, Buffers::default(), options).map_err(|d| converting(&d))?;
    decoded(&doc, ty)
}

/// What each document of a text says, up to the first that is wrong.
pub fn documents<T: DeserializeOwned>(source: &Arc<Source>, ty: &Type) -> Vec<Result<T, String>> {
    let layout = Layout::everything();
    let options = ReadOptions { strict: true, places: true, ..ReadOptions::default() };
    let mut out = Vec::new();
    let result = yaml::documents(source, &layout, options, &mut |doc| {
        let decoded = decoded(&doc, ty);
        let flow = if decoded.is_ok() { ControlFlow::Continue(doc.recycle()) } else { ControlFlow::Break(()) };
        out.push(decoded);
        flow
    });
    if let Err(d) = result {
        out.push(Err(converting(&d)));
    }
    out
}

fn decoded<T: DeserializeOwned>(doc: &Document<'_>, ty: &Type) -> Result<T, String> {
    let json = doc.root().map_or_else(|| "null".to_owned(), |root| yaml::go_json(doc, root));
    let wrong = |e: String| format!("error unmarshaling JSON: while decoding JSON: {e}");
    let value: Value = serde_json::from_str(&json).map_err(|e| wrong(e.to_string()))?;
    let value = decode::decode(value, ty).map_err(wrong)?;
    let value = if value.is_null() { Value::Object(serde_json::Map::new()) } else { value };
    serde_json::from_value(value).map_err(|e| wrong(e.to_string()))
}

fn converting(d: &Diagnostic) -> String {
    format!("error converting YAML to JSON: {}", words::yaml(d))
}

/// An error of the system in Go's words.
pub fn go_error(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        std::io::ErrorKind::NotADirectory => "not a directory".to_owned(),
        _ => error.to_string(),
    }
}

/// A path beside a base, as Go joins them: `.` and `..` are worked out in the text.
pub fn join(base: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    clean(&if base.is_empty() { path.to_owned() } else { format!("{base}/{path}") })
}

/// A path without `.`, `..` and empty parts as far as its text tells.
///
/// Go: path/filepath, Clean.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|p| !p.is_empty() && *p != ".") {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            ("..", None) if rooted => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// The folder that a path is in.
///
/// Go: path/filepath, Dir.
pub fn dir(path: &str) -> String {
    clean(path.rfind('/').map_or("", |at| path.get(..=at).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!((clean("a/./b//../c"), clean(""), clean("../../x")), ("a/c".into(), ".".into(), "../../x".into()));
        assert_eq!((clean("/../x"), dir("a/b/c.yaml"), dir("c.yaml")), ("/x".into(), "a/b".into(), ".".into()));
        assert_eq!((join("a/b", "../c"), join("a", "/c"), join(".", "c")), ("a/c".into(), "/c".into(), "c".into()));
    }

    #[test]
    fn a_repeated_key() {
        let source = Source::new("t.yaml", "policies: []\nkind: Test\npolicies: []\n");
        let error = value::<Value>(&source, &TEST).unwrap_err();
        assert_eq!(
            error,
            "error converting YAML to JSON: yaml: unmarshal errors:\n  line 3: key \"policies\" already set in map"
        );
    }
}
