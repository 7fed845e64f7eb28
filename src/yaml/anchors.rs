//! What aliases repeat, and how much of it a document may have.

use super::scalar::Resolved;
use kyvc_vm::document::NodeId;

/// What an anchor names.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A list or map that is still open: an alias to it would contain itself.
    Open,
    /// A finished list or map, and how many decoding steps it took.
    Node(NodeId, u64),
    /// A scalar, which as a key has another text than as a value.
    Scalar(Resolved<'static>),
}

/// Anchors by the parser's numbers, and yaml.v2's count of decoding steps.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    targets: Vec<Option<Target>>,
    steps: u64,
    aliased: u64,
}

impl Anchors {
    pub(super) fn set(&mut self, id: usize, target: Target) {
        if id == 0 {
            return;
        }
        if self.targets.len() <= id {
            self.targets.resize(id + 1, None);
        }
        if let Some(entry) = self.targets.get_mut(id) {
            *entry = Some(target);
        }
    }

    pub(super) fn get(&self, id: usize) -> Option<&Target> {
        self.targets.get(id)?.as_ref()
    }

    /// Counts a value or key of the text.
    #[inline]
    pub(super) fn step(&mut self) {
        self.steps += 1;
    }

    /// How many steps there were.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// Counts what an alias repeats, before it is repeated. `false` where yaml.v2 would say "document contains excessive
    /// aliasing".
    ///
    /// Kyverno: yaml.v2 checks at each step. The share of aliased steps only grows while one alias is expanded, so that
    /// one check at its end finds the same.
    pub(super) fn repeat(&mut self, steps: u64) -> bool {
        self.steps = self.steps.saturating_add(steps);
        self.aliased = self.aliased.saturating_add(steps);
        let share = self.aliased as f64 / self.steps as f64;
        !(self.aliased > 100 && self.steps > 1_000 && share > allowed_share(self.steps as f64))
    }
}

/// yaml.v2 `allowedAliasRatio`: 99 % of a small document may come from aliases, 10 % of a very large one.
fn allowed_share(steps: f64) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    if steps <= LOW {
        0.99
    } else if steps >= HIGH {
        0.10
    } else {
        0.99 - 0.89 * ((steps - LOW) / (HIGH - LOW))
    }
}
