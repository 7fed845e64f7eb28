//! What the environment says: where the data stands, and what to do with the ledger.

use std::env;
use std::path::{Path, PathBuf};

/// What is done with the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Compare with it.
    Check,
    /// Leave it alone and print differences.
    Report,
    /// Rewrite it.
    Bless,
}

/// The configuration of a run.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The folder of recorded data, as it was given.
    pub(crate) root: PathBuf,
    /// The command line under test.
    pub(crate) kyvc: PathBuf,
    /// The folder of the ledger.
    pub(crate) ledger: PathBuf,
    /// A folder for what the command line prints.
    pub(crate) work: PathBuf,
    /// What is done with the ledger.
    pub(crate) mode: Mode,
}

impl Config {
    /// Reads the environment.
    pub(crate) fn from_env(package: &Path, kyvc: &Path, temporary: &Path) -> Self {
        let mode = match (set("KYVC_CONFORMANCE_REPORT"), set("KYVC_CONFORMANCE_BLESS")) {
            (true, _) => Mode::Report,
            (false, true) => Mode::Bless,
            (false, false) => Mode::Check,
        };
        Self {
            root: env::var_os("KYVC_CONFORMANCE").map_or_else(|| package.join("../shared/conformance"), PathBuf::from),
            kyvc: kyvc.to_owned(),
            ledger: package.join("snapshots/ledger"),
            work: temporary.join("conformance"),
            mode,
        }
    }

    /// The folder of recorded data, absolute, if it is there.
    pub(crate) fn data(&self) -> Option<PathBuf> {
        let root = self.root.canonicalize().ok()?;
        root.join("expected").is_dir().then_some(root)
    }
}

fn set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0")
}
