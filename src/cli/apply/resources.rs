//! Finding the resources as Kyverno's CLI does.

use super::policies;
use crate::diag::Source;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DIVIDER: &str = "----------------------------------------------------------------------";

/// The texts of the resources, in order.
///
/// What the first path is decides: standard input and a folder stand alone, whatever other paths there are. A later file
/// that cannot be read is reported on `out`, unless reports are printed there.
pub(super) fn load(paths: &[String], reports: bool, out: &mut dyn Write) -> Result<Vec<Arc<Source>>, String> {
    let Some(first) = paths.first() else { return Ok(Vec::new()) };
    if first == "-" {
        let source = policies::stdin().map_err(|d| format!("failed to load resources ({})", d.message))?;
        return Ok(vec![source]);
    }
    let fail = |e: &std::io::Error| format!("failed to load resources (stat {first}: {})", text(e));
    let meta = std::fs::metadata(first).map_err(|e| fail(&e))?;
    let files = if meta.is_dir() {
        folder(Path::new(first)).map_err(|e| fail(&e))?
    } else {
        paths.iter().map(PathBuf::from).collect()
    };
    let mut sources = Vec::new();
    for file in files {
        let name = file.display().to_string();
        if name.starts_with("http://") || name.starts_with("https://") {
            return Err(format!("{name}: kyvc cannot load resources from the web yet"));
        }
        match std::fs::read(&file) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes)
                    .map_err(|_| format!("failed to load resources ({name}: not UTF-8 text)"))?;
                sources.push(Source::new(name, text));
            }
            Err(_) if reports => {}
            Err(e) => {
                let verb = if file.is_dir() { "read" } else { "open" };
                let _ = writeln!(
                    out,
                    "\n{DIVIDER}\nfailed to load resources: {name}. \nerror: {verb} {name}: {}\n{DIVIDER}",
                    text(&e)
                );
            }
        }
    }
    Ok(sources)
}

/// The YAML files of a folder, not those of the folders in it.
fn folder(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    let yaml = |p: &PathBuf| {
        let name = p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        name.ends_with(".yaml") || name.ends_with(".yml")
    };
    let mut files: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).filter(yaml).collect();
    files.sort_unstable();
    Ok(files)
}

/// An error in Go's words.
fn text(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => error.to_string(),
    }
}
