//! Finding the resources as Kyverno's CLI does.

use super::file::go_error;
use super::{policies, words};
use crate::diag::{Code, Diagnostic, Label, Source};
use crate::fetch;
use crate::report::openreports::Reference;
use kyvc_vm::document::Document;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DIVIDER: &str = "----------------------------------------------------------------------";

/// The texts of the resources, in order.
///
/// What the first path is decides: standard input and a folder stand alone, whatever other paths there are. A later file
/// that cannot be read is reported on `out`, unless reports are printed there.
///
/// # Errors
/// Why the first path cannot be read, in Go's words.
pub fn load(paths: &[String], reports: bool, out: &mut dyn Write) -> Result<Vec<Arc<Source>>, String> {
    let Some(first) = paths.first() else { return Ok(Vec::new()) };
    if first == "-" {
        return policies::stdin().map(|source| vec![source]).map_err(|d| d.message);
    }
    let fail = |e: &std::io::Error| format!("stat {first}: {}", go_error(e));
    // Kyverno takes the first path for a file even where it is a URL, and stops there.
    let is_folder = !fetch::is_url(first) && std::fs::metadata(first).map_err(|e| fail(&e))?.is_dir();
    let files = if is_folder {
        folder(Path::new(first)).map_err(|e| fail(&e))?
    } else {
        paths.iter().map(PathBuf::from).collect()
    };
    let mut sources = Vec::new();
    for file in files {
        let name = file.display().to_string();
        match bytes(&file, &name) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes)
                    .map_err(|_| format!("failed to load resources ({name}: not UTF-8 text)"))?;
                sources.push(Source::new(name, text));
            }
            Err(_) if reports => {}
            Err(why) => {
                let _ = writeln!(out, "\n{DIVIDER}\nfailed to load resources: {name}. \nerror: {why}\n{DIVIDER}");
            }
        }
    }
    Ok(sources)
}

/// A file, or what is at a URL.
///
/// Kyverno: resource/resource.go, GetFileBytes.
fn bytes(file: &Path, name: &str) -> Result<Vec<u8>, String> {
    if fetch::is_url(name) {
        let said = |why: String| match why.strip_prefix("HTTP ") {
            Some(_) => format!("failed to fetch resource from {name}: {why}"),
            None => why,
        };
        return fetch::get(name).map(String::into_bytes).map_err(said);
    }
    std::fs::read(file).map_err(|e| {
        let verb = if file.is_dir() { "read" } else { "open" };
        format!("{verb} {name}: {}", go_error(&e))
    })
}

/// The YAML files of a folder, not those of the folders in it.
pub fn folder(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    let yaml = |p: &PathBuf| {
        let name = p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        name.ends_with(".yaml") || name.ends_with(".yml")
    };
    let mut files: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).filter(yaml).collect();
    files.sort_unstable();
    Ok(files)
}

/// What Kyverno says of resources that cannot be read.
pub fn wrong(problems: &[Diagnostic]) -> String {
    let Some(first) = problems.iter().find(|d| d.is_error()) else { return String::new() };
    let yaml = matches!(first.code, Code::YamlSyntax | Code::DuplicateKey);
    let why = if yaml { words::yaml(first) } else { first.message.clone() };
    match &first.primary {
        Some(label) if label.source.name == policies::STDIN => format!("failed to extract the resources ({why})"),
        _ => why,
    }
}

/// What identifies an object.
pub fn reference(doc: &Document<'_>) -> Reference {
    let root = doc.root();
    let metadata = root.and_then(|r| doc.get_str(r, "metadata"));
    let text = |map: Option<_>, key| {
        let node = map.and_then(|m| doc.get_str(m, key));
        node.and_then(|n| doc.as_str(n)).unwrap_or_default().to_owned()
    };
    Reference {
        kind: text(root, "kind"),
        namespace: text(metadata, "namespace"),
        name: text(metadata, "name"),
        uid: text(metadata, "uid"),
        api_version: text(root, "apiVersion"),
        resource_version: text(metadata, "resourceVersion"),
    }
}

/// What is wrong with an object that does not say which version of its kind it is.
pub fn unversioned(reference: &Reference, doc: &Document<'_>, source: &Arc<Source>) -> Option<Diagnostic> {
    if !reference.api_version.is_empty() {
        return None;
    }
    let place = doc.root().map(|r| doc.place(r)).unwrap_or_default();
    let d = Diagnostic::new(Code::MissingField, "an object without `apiVersion`");
    Some(d.at(Label::new(source, place)))
}
