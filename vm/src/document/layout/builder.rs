//! Layouts in the making.

use super::{Concern, Identity, Joint, JointNode, Layout, Part, PathId, Segment, Spot, SpotId, Texts, Uses, Want};
use crate::document::symbols::{Sym, Symbols};
use rustc_hash::{FxHashMap, FxHashSet};

const NO_NUMBER: u32 = u32::MAX;
const ROOT: Joint = 0;

/// What tells parts apart: their kinds, what else they ask for, and their uses.
type PartKey = (Option<Box<[Box<str>]>>, Option<Texts>, Uses);

/// Collects the keys and paths of a set while it is linked.
#[derive(Clone, Debug)]
pub struct LayoutBuilder {
    pub(super) symbols: Symbols,
    pub(super) joints: Vec<JointNode>,
    steps: FxHashMap<(Joint, Segment), Joint>,
    pub(super) paths: Vec<Box<[Sym]>>,
    pub(super) spots: Vec<Spot>,
    pub(super) parts: Vec<Draft>,
    known: FxHashMap<PartKey, usize>,
    /// The part for which paths are added
    now: usize,
    pub(super) identity: Option<Identity>,
    pub(super) texts: [FxHashSet<Box<str>>; 2],
}

/// A part in the making.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    kinds: Option<Box<[Box<str>]>>,
    texts: Option<Texts>,
    uses: Uses,
    marks: u8,
    wants: FxHashMap<Joint, Want>,
}

impl Draft {
    pub(super) fn finish(self) -> Part {
        let mut wants: Vec<(Joint, Want)> = self.wants.into_iter().collect();
        wants.sort_unstable();
        let Self { kinds, texts, uses, marks, .. } = self;
        Part { kinds, texts, uses, marks, wants }
    }
}

impl Default for LayoutBuilder {
    fn default() -> Self {
        Self {
            symbols: Symbols::default(),
            joints: vec![JointNode { above: None, slot: None, spot: None, spared: false }],
            steps: FxHashMap::default(),
            paths: Vec::new(),
            spots: Vec::new(),
            parts: vec![Draft { kinds: None, texts: None, uses: Uses::ALL, marks: 0, wants: FxHashMap::default() }],
            known: FxHashMap::from_iter([((None, None, Uses::ALL), 0)]),
            now: 0,
            identity: None,
            texts: Default::default(),
        }
    }
}

impl LayoutBuilder {
    /// The symbol of a key.
    pub fn sym(&mut self, key: &str) -> Sym {
        self.symbols.intern(key)
    }

    /// Says which objects all paths to come are read of, and what for. At first it is all objects and all uses.
    pub fn part(&mut self, concern: Concern<'_>) {
        let texts = concern.texts();
        if let Some((of, list)) = texts {
            self.texts(of, list.iter().cloned());
        }
        self.turn_to(concern.kinds, texts.map(|(of, _)| of), concern.uses);
    }

    pub(crate) fn turn_to(&mut self, kinds: Option<&[Box<str>]>, texts: Option<Texts>, uses: Uses) {
        let next = self.parts.len();
        self.now = *self.known.entry((kinds.map(Box::from), texts, uses)).or_insert(next);
        if self.now == next {
            let kinds = kinds.map(Box::from);
            self.parts.push(Draft { kinds, texts, uses, marks: 0, wants: FxHashMap::default() });
        }
    }

    /// Adds names or namespaces that parts are about.
    pub(crate) fn texts(&mut self, of: Texts, texts: impl Iterator<Item = Box<str>>) {
        let [names, namespaces] = &mut self.texts;
        if of == Texts::Names { names } else { namespaces }.extend(texts);
    }

    /// Bits that documents have which are read for what paths are added for now.
    pub fn mark(&mut self, marks: u8) {
        if let Some(part) = self.parts.get_mut(self.now) {
            part.marks |= marks;
        }
    }

    /// Says where objects say what they are.
    pub fn identity(&mut self, identity: Identity) {
        self.identity = Some(identity);
    }

    fn descend(&mut self, path: &[Segment]) -> Joint {
        path.iter().fold(ROOT, |at, segment| self.step(at, *segment))
    }

    /// Where a step leads from a place in the tree.
    pub(crate) fn step(&mut self, at: Joint, segment: Segment) -> Joint {
        let next = u32::try_from(self.joints.len()).unwrap_or(NO_NUMBER);
        let found = *self.steps.entry((at, segment)).or_insert(next);
        if found == next {
            self.joints.push(JointNode { above: Some((at, segment)), slot: None, spot: None, spared: false });
        }
        found
    }

    fn note(&mut self, at: Joint, want: Want) {
        if let Some(part) = self.parts.get_mut(self.now) {
            let known = part.wants.entry(at).or_default();
            *known = want.max(*known);
        }
    }

    /// Gives a path of keys a slot.
    pub fn path(&mut self, keys: &[Sym]) -> PathId {
        let at = keys.iter().fold(ROOT, |at, key| self.step(at, Segment::Key(*key)));
        self.note(at, Want::Node);
        let next = u32::try_from(self.paths.len()).unwrap_or(NO_NUMBER);
        let Some(joint) = self.joints.get_mut(at as usize) else { return PathId(NO_NUMBER) };
        let slot = *joint.slot.get_or_insert(next);
        if slot == next {
            self.paths.push(keys.into());
        }
        PathId(slot)
    }

    /// Has the values at a path counted, and those on the way to it.
    pub fn spot(&mut self, path: &[Segment]) -> SpotId {
        path.iter().fold(self.spot_at(None), |spot, step| self.spot_at(Some((spot, *step))))
    }

    /// Has the values counted that are a step away from a spot, or the root.
    pub(crate) fn spot_at(&mut self, above: Option<(SpotId, Segment)>) -> SpotId {
        let at = match above {
            None => ROOT,
            Some((parent, step)) => {
                let from = self.spots.get(parent.index()).map_or(ROOT, |spot| spot.joint);
                self.step(from, step)
            }
        };
        self.note(at, Want::Node);
        let next = u32::try_from(self.spots.len()).unwrap_or(NO_NUMBER);
        let Some(joint) = self.joints.get_mut(at as usize) else { return SpotId(NO_NUMBER) };
        let spot = *joint.spot.get_or_insert(next);
        if spot == next {
            self.spots.push(Spot { above, joint: at, linked: false });
        }
        SpotId(spot)
    }

    /// Has the values at a counted path found one by one, too.
    pub fn link(&mut self, spot: SpotId) {
        if let Some(spot) = self.spots.get_mut(spot.index()) {
            spot.linked = true;
        }
    }

    /// Says that a program reads the value at a path: the node itself, or with `whole` everything below it.
    pub fn want(&mut self, path: &[Segment], whole: bool) {
        let at = self.descend(path);
        self.note(at, if whole { Want::All } else { Want::Node });
    }

    /// Says that a program reads everything below a path but what is spared, as far as nobody says otherwise.
    pub fn want_most(&mut self, path: &[Segment]) {
        let at = self.descend(path);
        self.note(at, Want::Most);
    }

    /// Says that those who want [most](Self::want_most) of what is around a path do without it: whoever comes upon it all the
    /// same has to have the object [read anew](crate::document::Document::read_whole).
    pub fn spare(&mut self, path: &[Segment]) {
        let at = self.descend(path);
        self.spare_at(at);
    }

    /// As [`spare`](Self::spare), for a place in the tree.
    pub(crate) fn spare_at(&mut self, at: Joint) {
        if let Some(joint) = self.joints.get_mut(at as usize) {
            joint.spared = true;
        }
    }

    /// As [`want`](Self::want), for a place in the tree; says whether there is such a one.
    pub(crate) fn want_at(&mut self, at: Joint, want: Want) -> bool {
        let known = (at as usize) < self.joints.len();
        if known {
            self.note(at, want);
        }
        known
    }

    /// Forgets what is read, but not the paths.
    pub(crate) fn forget_wants(&mut self) {
        self.parts.iter_mut().for_each(|part| part.wants.clear());
    }

    /// The finished layout.
    pub fn finish(self) -> Layout {
        Layout::new(self)
    }
}
