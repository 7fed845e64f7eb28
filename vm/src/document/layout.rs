//! What a program set asks of a document: its keys and its paths.

use super::symbols::{Sym, Symbols};
use std::sync::atomic::{AtomicU64, Ordering};

/// Number of a static path; the index of its slot in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(pub(crate) u32);

impl PathId {
    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    /// The path's number.
    pub fn number(self) -> u32 {
        self.0
    }

    pub(crate) fn from_number(n: u32) -> Self {
        Self(n)
    }
}

/// Number of a path, through lists too, whose values are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpotId(u32);

impl SpotId {
    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    /// The path's number.
    pub fn number(self) -> u32 {
        self.0
    }

    #[inline]
    pub(crate) fn from_number(n: u32) -> Self {
        Self(n)
    }
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// A member of a map
    Key(Sym),
    /// Any element of a list
    Element,
}

/// A state of the walk beside the input.
pub(crate) type State = u32;
/// Nothing below here is wanted.
pub(crate) const UNWANTED: State = u32::MAX;
/// Everything below here is wanted, and no path leads on.
pub(crate) const WHOLE: State = u32::MAX - 1;
pub(crate) const ROOT: State = 0;
const NO_SLOT: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct TrieNode {
    children: Vec<(Sym, State)>,
    element: State,
    slot: u32,
    spot: u32,
    /// Whether the values of the spot are linked
    linked: bool,
    whole: bool,
}

impl TrieNode {
    fn new() -> Self {
        Self { children: Vec::new(), element: UNWANTED, slot: NO_SLOT, spot: NO_SLOT, linked: false, whole: false }
    }
}

/// A path whose values are counted.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    /// The spot of the list or map around it and the step from there; none for the root
    pub(crate) above: Option<(SpotId, Segment)>,
    state: State,
    pub(crate) linked: bool,
}

/// Keys and paths of a program set; immutable once linked.
#[derive(Clone, Debug)]
pub struct Layout {
    id: u64,
    symbols: Symbols,
    trie: Vec<TrieNode>,
    paths: Vec<Box<[Sym]>>,
    spots: Vec<Spot>,
}

impl Layout {
    /// A layout without paths that keeps every node.
    pub fn everything() -> Self {
        let mut b = LayoutBuilder::default();
        b.want(&[], true);
        b.finish()
    }

    /// A number that tells layouts of a process apart; those of equal number have the same symbols.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The keys.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// How many static paths have a slot.
    pub fn path_count(&self) -> usize {
        self.paths.len()
    }

    /// All static paths, in the order of their numbers.
    pub fn paths(&self) -> impl Iterator<Item = &[Sym]> {
        self.paths.iter().map(|p| &**p)
    }

    /// What programs read: every path that is visited, and whether it is so with everything below.
    pub(crate) fn wants(&self) -> Vec<(Vec<Segment>, bool)> {
        let mut out = Vec::new();
        self.collect(ROOT, &mut Vec::new(), false, &mut out);
        out
    }

    fn collect(&self, state: State, path: &mut Vec<Segment>, above: bool, out: &mut Vec<(Vec<Segment>, bool)>) {
        let Some(node) = self.trie.get(state as usize) else { return };
        if !above {
            out.push((path.clone(), node.whole));
        }
        for (key, child) in &node.children {
            path.push(Segment::Key(*key));
            self.collect(*child, path, above || node.whole, out);
            path.pop();
        }
        if node.element != UNWANTED {
            path.push(Segment::Element);
            self.collect(node.element, path, above || node.whole, out);
            path.pop();
        }
    }

    /// The keys of a static path.
    pub fn path(&self, id: PathId) -> &[Sym] {
        self.paths.get(id.index()).map_or(&[], |p| p)
    }

    /// How many paths are counted.
    pub fn spot_count(&self) -> usize {
        self.spots.len()
    }

    /// The paths that are counted, in the order of their numbers.
    pub(crate) fn spots(&self) -> &[Spot] {
        &self.spots
    }

    /// The spot of the list or map around a spot; none for that of the root.
    #[inline]
    pub(crate) fn parent(&self, spot: SpotId) -> Option<SpotId> {
        self.spots.get(spot.index())?.above.map(|(parent, _)| parent)
    }

    /// The path that a spot counts.
    pub(crate) fn spot_path(&self, spot: SpotId) -> Vec<Segment> {
        let above = |spot: &SpotId| self.spots.get(spot.index())?.above;
        let mut path: Vec<_> =
            std::iter::successors(above(&spot), |(parent, _)| above(parent)).map(|(_, step)| step).collect();
        path.reverse();
        path
    }

    /// The slot of a value, and its spot with whether its values are linked.
    #[inline]
    pub(crate) fn seats(&self, state: State) -> (Option<u32>, Option<(u32, bool)>) {
        if state >= WHOLE {
            return (None, None);
        }
        let Some(node) = self.trie.get(state as usize) else { return (None, None) };
        let is = |number: u32| number != NO_SLOT;
        (Some(node.slot).filter(|n| is(*n)), Some((node.spot, node.linked)).filter(|(n, _)| is(*n)))
    }

    #[inline]
    pub(crate) fn member(&self, state: State, key: Option<Sym>) -> State {
        if state >= WHOLE {
            return state;
        }
        let Some(node) = self.trie.get(state as usize) else { return UNWANTED };
        if let Some(key) = key {
            for (k, s) in &node.children {
                if *k == key {
                    return *s;
                }
            }
        }
        if node.whole { WHOLE } else { UNWANTED }
    }

    #[inline]
    pub(crate) fn element(&self, state: State) -> State {
        if state >= WHOLE {
            return state;
        }
        let Some(node) = self.trie.get(state as usize) else { return UNWANTED };
        if node.element != UNWANTED {
            node.element
        } else if node.whole {
            WHOLE
        } else {
            UNWANTED
        }
    }
}

/// Collects the keys and paths of a set while it is linked.
#[derive(Clone, Debug)]
pub struct LayoutBuilder {
    symbols: Symbols,
    trie: Vec<TrieNode>,
    paths: Vec<Box<[Sym]>>,
    spots: Vec<Spot>,
}

impl Default for LayoutBuilder {
    fn default() -> Self {
        Self { symbols: Symbols::default(), trie: vec![TrieNode::new()], paths: Vec::new(), spots: Vec::new() }
    }
}

impl LayoutBuilder {
    /// The symbol of a key.
    pub fn sym(&mut self, key: &str) -> Sym {
        self.symbols.intern(key)
    }

    fn descend(&mut self, path: &[Segment]) -> usize {
        path.iter().fold(0, |at, segment| self.step(at, *segment))
    }

    /// The state after a step from another one.
    fn step(&mut self, at: usize, segment: Segment) -> usize {
        let found = self.trie.get(at).and_then(|node| match segment {
            Segment::Key(key) => node.children.iter().find(|(k, _)| *k == key).map(|(_, s)| *s as usize),
            Segment::Element => (node.element != UNWANTED).then_some(node.element as usize),
        });
        found.unwrap_or_else(|| {
            let next = self.trie.len();
            let state = u32::try_from(next).unwrap_or(WHOLE - 1);
            // A subtree that is wanted whole stays so below the new branch.
            let whole = self.trie.get(at).is_some_and(|n| n.whole);
            let mut node = TrieNode::new();
            node.whole = whole;
            self.trie.push(node);
            if let Some(parent) = self.trie.get_mut(at) {
                match segment {
                    Segment::Key(key) => parent.children.push((key, state)),
                    Segment::Element => parent.element = state,
                }
            }
            next
        })
    }

    /// Gives a path of keys a slot.
    pub fn path(&mut self, keys: &[Sym]) -> PathId {
        let segments: Vec<Segment> = keys.iter().map(|k| Segment::Key(*k)).collect();
        let at = self.descend(&segments);
        let next = u32::try_from(self.paths.len()).unwrap_or(NO_SLOT);
        let Some(node) = self.trie.get_mut(at) else { return PathId(NO_SLOT) };
        if node.slot == NO_SLOT {
            node.slot = next;
            self.paths.push(keys.into());
        }
        PathId(node.slot)
    }

    /// Has the values at a path counted, and those on the way to it.
    pub fn spot(&mut self, path: &[Segment]) -> SpotId {
        path.iter().fold(self.spot_at(None), |spot, step| self.spot_at(Some((spot, *step))))
    }

    /// Has the values counted that are a step away from a spot, or the root.
    pub(crate) fn spot_at(&mut self, above: Option<(SpotId, Segment)>) -> SpotId {
        let at = match above {
            None => ROOT as usize,
            Some((parent, step)) => {
                let from = self.spots.get(parent.index()).map_or(ROOT, |spot| spot.state);
                self.step(from as usize, step)
            }
        };
        let next = u32::try_from(self.spots.len()).unwrap_or(NO_SLOT);
        let Some(node) = self.trie.get_mut(at) else { return SpotId(NO_SLOT) };
        if node.spot == NO_SLOT {
            node.spot = next;
            self.spots.push(Spot { above, state: at as State, linked: false });
        }
        SpotId(node.spot)
    }

    /// Has the values at a counted path found one by one, too.
    pub fn link(&mut self, spot: SpotId) {
        let Some(spot) = self.spots.get_mut(spot.index()) else { return };
        spot.linked = true;
        if let Some(node) = self.trie.get_mut(spot.state as usize) {
            node.linked = true;
        }
    }

    /// Says that a program reads the value at a path: the node itself, or with `whole` everything below it.
    pub fn want(&mut self, path: &[Segment], whole: bool) {
        let at = self.descend(path);
        if whole {
            self.mark_whole(at);
        }
    }

    fn mark_whole(&mut self, at: usize) {
        let Some(node) = self.trie.get_mut(at) else { return };
        node.whole = true;
        let mut below: Vec<State> = node.children.iter().map(|(_, s)| *s).collect();
        below.push(node.element);
        for state in below.into_iter().filter(|s| *s != UNWANTED) {
            self.mark_whole(state as usize);
        }
    }

    /// The finished layout.
    pub fn finish(self) -> Layout {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Layout { id, symbols: self.symbols, trie: self.trie, paths: self.paths, spots: self.spots }
    }
}
