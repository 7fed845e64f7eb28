//! What the environment asks for.

use super::theme::{self, Theme};
use std::env;
use std::path::PathBuf;
use std::time::Duration;

/// The settings of a run.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The real Kyverno's command line.
    pub(crate) reference: PathBuf,
    /// The command line under test.
    pub(crate) kyvc: PathBuf,
    /// `KYVC_SEED`: the seed of the generator.
    pub(crate) seed: u64,
    /// `KYVC_PAIRS`: how many pairs of a policy and a manifest to compare.
    pub(crate) pairs: usize,
    /// `KYVC_DIFF_THEMES`: what the policies are about, `checks,patches,...`; all of it where it is not set.
    pub(crate) themes: Vec<Theme>,
    /// `KYVC_DIFF_REFERENCE_ONLY=1`: print the distribution only.
    pub(crate) reference_only: bool,
    /// `KYVC_DIFF_PLAIN=1`: no values file and no user info.
    pub(crate) plain: bool,
    /// `KYVC_DIFF_CASES`: after so many different cases the search stops.
    pub(crate) cases: usize,
    /// `KYVC_DIFF_SHRINK`: for so many seconds a case is made small.
    pub(crate) shrink: Duration,
    /// `KYVC_DIFF_ROUNDS`: for so many rounds a case is made smaller.
    pub(crate) rounds: usize,
    /// `KYVC_DIFF_VERBOSE=1`: name refused and silent policies.
    pub(crate) verbose: bool,
    /// Where cases and working files are written.
    pub(crate) out: PathBuf,
}

/// The seed where `KYVC_SEED` does not say.
const SEED: u64 = 20_260_723;

/// The number of pairs of a full run.
pub(crate) const FULL: usize = 5000;

impl Config {
    /// The settings, or None where `KYVC_REFERENCE` names no binary.
    pub(crate) fn from_env(kyvc: &str, out: PathBuf) -> Option<Self> {
        let reference = PathBuf::from(env::var_os("KYVC_REFERENCE").filter(|v| !v.is_empty())?);
        Some(Self {
            reference,
            kyvc: env::var_os("KYVC_DIFF_BINARY").map_or_else(|| PathBuf::from(kyvc), PathBuf::from),
            seed: number("KYVC_SEED", SEED),
            pairs: number("KYVC_PAIRS", 400) as usize,
            themes: themes(&env::var("KYVC_DIFF_THEMES").unwrap_or_default()),
            reference_only: flag("KYVC_DIFF_REFERENCE_ONLY"),
            plain: flag("KYVC_DIFF_PLAIN"),
            cases: number("KYVC_DIFF_CASES", 12) as usize,
            shrink: Duration::from_secs(number("KYVC_DIFF_SHRINK", 60)),
            rounds: number("KYVC_DIFF_ROUNDS", 30) as usize,
            verbose: flag("KYVC_DIFF_VERBOSE"),
            out,
        })
    }

    /// Whether this is a full run, which asserts the distribution too.
    pub(crate) fn full(&self) -> bool {
        self.pairs >= FULL
    }
}

fn themes(names: &str) -> Vec<Theme> {
    let named: Vec<Theme> = names.split(',').filter_map(Theme::parse).collect();
    if named.is_empty() { theme::ALL.to_vec() } else { named }
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn flag(name: &str) -> bool {
    env::var(name).is_ok_and(|v| v == "1")
}
