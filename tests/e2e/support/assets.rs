//! The programs of a cluster.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that holds them.
#[derive(Clone, Debug)]
pub(crate) struct Assets(PathBuf);

impl Assets {
    /// Those of `KUBEBUILDER_ASSETS`, or those that `assets/build.sh` has built.
    ///
    /// # Errors
    /// Says which is missing, and how it is made.
    pub(crate) fn find() -> Result<Self, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/assets/build.sh");
        let said = Command::new("bash").arg(script).arg("--path").output().map_err(|e| format!("bash: {e}"))?;
        let folder = PathBuf::from(String::from_utf8_lossy(&said.stdout).trim());
        for name in ["etcd", "kube-apiserver", "kubectl"] {
            if !folder.join(name).is_file() {
                let how = "set KUBEBUILDER_ASSETS, or build them with `bash tests/e2e/assets/build.sh`";
                return Err(format!("there is no {} ({how})", folder.join(name).display()));
            }
        }
        Ok(Self(folder))
    }

    /// One of the programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}
