//! What the environment asks for.

use std::env;
use std::path::PathBuf;

/// The settings of a run.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `KYVC_EXPRESSIONS`: how many expressions
    pub(crate) count: usize,
    /// `KYVC_SEED`: which ones
    pub(crate) seed: u64,
    /// `KYVC_JMESPATH_REFERENCE`: a program that answers cases as Kyverno does
    pub(crate) reference: Option<PathBuf>,
}

impl Settings {
    /// The settings.
    pub(crate) fn from_env() -> Self {
        let number = |name| env::var(name).ok().and_then(|v| v.parse().ok());
        Self {
            count: number("KYVC_EXPRESSIONS").map_or(500, |n: u64| n as usize),
            seed: number("KYVC_SEED").unwrap_or(20_260_723),
            reference: env::var_os("KYVC_JMESPATH_REFERENCE").filter(|v| !v.is_empty()).map(PathBuf::from),
        }
    }

    /// The choices of the case with this number.
    pub(crate) fn bytes(&self, case: usize) -> Vec<u8> {
        let mut state = self.seed ^ (case as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        let len = 4 + next() as usize % 8;
        (0..len).flat_map(|_| next().to_le_bytes()).collect()
    }
}
