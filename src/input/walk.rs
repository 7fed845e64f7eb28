//! The files below a folder.

use crate::diag::{Code, Diagnostic};
use ignore::{DirEntry, WalkBuilder};
use std::path::{Path, PathBuf};

/// The YAML and JSON files below a folder, sorted.
pub(super) fn files(folder: &Path, problems: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let mut out = all(folder, problems);
    out.retain(|path| is_text(path));
    out
}

/// All files below a folder but those in hidden folders, sorted.
pub(super) fn all(folder: &Path, problems: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let mut walk = WalkBuilder::new(folder);
    // Links are followed, as mounted ConfigMaps are made of them; a loop of links is an error of the walk.
    walk.standard_filters(false).follow_links(true).filter_entry(|entry| !is_hidden_folder(entry));
    let mut out = Vec::new();
    for entry in walk.build() {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|t| t.is_file()) => out.push(entry.into_path()),
            Ok(_) => {}
            Err(e) => problems.push(super::problem(Code::FileUnreadable, &folder.to_string_lossy(), e.to_string())),
        }
    }
    out.sort();
    out
}

pub(super) fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|e| ["yaml", "yml", "json"].iter().any(|known| e.eq_ignore_ascii_case(known)))
}

fn is_hidden_folder(entry: &DirEntry) -> bool {
    // The folder that the user named is not left out, whatever its name.
    entry.depth() > 0
        && entry.file_type().is_some_and(|t| t.is_dir())
        && entry.file_name().to_string_lossy().starts_with('.')
}
