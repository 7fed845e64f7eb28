//! `--output`: where mutated and generated resources are written to.
//!
//! Kyverno: commands/apply/log.go makes the file or folder, processor/policy_processor.go, printOutput, writes into it.

use crate::offline::file::{clean, go_error};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A file, or a folder of files.
#[derive(Debug)]
pub(super) struct Output {
    path: PathBuf,
    is_folder: bool,
}

impl Output {
    /// Makes the file, and empties it, or the folder. What ends like a YAML file is one.
    pub(super) fn open(path: &str) -> Result<Self, String> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_folder = !matches!(name.rsplit('.').next(), Some("yml" | "yaml"));
        let output = Self { path: PathBuf::from(clean(path)), is_folder };
        output.make().map_err(|e| format!("failed to create file/folder (failed to create file/folder ({e}))"))?;
        if !is_folder {
            OpenOptions::new().write(true).truncate(true).open(&output.path).map_err(|e| {
                let shown = output.path.display();
                format!("failed to truncate the existing file at {shown} (open {shown}: {})", go_error(&e))
            })?;
        }
        Ok(output)
    }

    fn make(&self) -> Result<(), String> {
        if self.path.exists() {
            return Ok(());
        }
        let folder = if self.is_folder { Some(self.path.as_path()) } else { self.path.parent() };
        if let Some(folder) = folder.filter(|f| !f.as_os_str().is_empty()) {
            let made = fs::DirBuilder::new().recursive(true).mode(0o750).create(folder);
            made.map_err(|e| format!("failed to create directory (mkdir {}: {})", folder.display(), go_error(&e)))?;
        }
        if !self.is_folder {
            let made = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path);
            made.map_err(|e| format!("failed to create file (open {}: {})", self.path.display(), go_error(&e)))?;
        }
        Ok(())
    }

    /// Adds a document; `name` is the file in a folder that it goes to.
    pub(super) fn add(&self, name: &str, text: &str) -> io::Result<()> {
        let path = if self.is_folder { self.path.join(Path::new(&format!("{name}.yaml"))) } else { self.path.clone() };
        let mut file = OpenOptions::new().append(true).create(self.is_folder).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())
    }
}
