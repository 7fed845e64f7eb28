//! What a program set asks of a document: its keys and its paths.

mod about;
mod builder;
mod view;

pub use about::{Concern, Identity, Topic, Uses};
pub(crate) use about::{KindNumber, Scope, Texts, Want};
pub use builder::LayoutBuilder;
pub(crate) use view::{ROOT, State, UNWANTED, View};

use super::symbols::{Sym, Symbols};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, OnceLock};

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

/// Number of a place in the tree of all paths; those it is below have smaller ones.
pub(crate) type Joint = u32;

/// A place in the tree of all paths.
#[derive(Clone, Debug)]
pub(crate) struct JointNode {
    /// Where it is below, and the step from there; the root has none
    pub(crate) above: Option<(Joint, Segment)>,
    slot: Option<u32>,
    spot: Option<u32>,
    /// Whether it is left out of what is [mostly](Want::Most) read
    pub(crate) spared: bool,
}

/// A path whose values are counted.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    /// The spot of the list or map around it and the step from there; none for the root
    pub(crate) above: Option<(SpotId, Segment)>,
    joint: Joint,
    /// Whether the values are linked
    pub(crate) linked: bool,
}

/// What those programs read that are about the same kinds of objects and of the same uses.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The kinds; none for objects of any
    pub(crate) kinds: Option<Box<[Box<str>]>>,
    /// What else of an object is one of a few texts
    pub(crate) texts: Option<Texts>,
    pub(crate) uses: Uses,
    /// Bits that mean something to whoever made the set
    pub(crate) marks: u8,
    /// What is visited, and how much of it is read; in order
    pub(crate) wants: Vec<(Joint, Want)>,
}

/// Keys and paths of a program set; immutable once linked.
#[derive(Clone, Debug)]
pub struct Layout {
    id: u64,
    symbols: Symbols,
    joints: Vec<JointNode>,
    paths: Vec<Box<[Sym]>>,
    spots: Vec<Spot>,
    parts: Vec<Part>,
    identity: Option<Identity>,
    kinds: FxHashMap<Box<str>, KindNumber>,
    /// The names and the namespaces that parts are about
    texts: [FxHashSet<Box<str>>; 2],
    /// What is read of objects, by scope; each made when it is first asked for
    views: Box<[OnceLock<Box<View>>]>,
}

impl Layout {
    /// A layout without paths that keeps every node.
    pub fn everything() -> Self {
        let mut b = LayoutBuilder::default();
        b.want(&[], true);
        b.finish()
    }

    fn new(b: LayoutBuilder) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let LayoutBuilder { symbols, joints, paths, spots, parts, identity, texts, .. } = b;
        let parts: Vec<Part> = parts.into_iter().map(builder::Draft::finish).collect();
        let mut kinds = FxHashMap::default();
        for name in parts.iter().filter(|_| identity.is_some()).filter_map(|p| p.kinds.as_ref()).flatten() {
            if !kinds.contains_key(name) {
                kinds.insert(name.clone(), KindNumber::named(kinds.len()));
            }
        }
        let views = (0..Scope::count(kinds.len())).map(|_| OnceLock::new()).collect();
        Self { id, symbols, joints, paths, spots, parts, identity, kinds, texts, views }
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

    /// The tree of all paths.
    pub(crate) fn joints(&self) -> &[JointNode] {
        &self.joints
    }

    /// What is read, by whom.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Where objects say what they are.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The names, or the namespaces, that parts are about.
    pub(crate) fn texts(&self, of: Texts) -> &FxHashSet<Box<str>> {
        let [names, namespaces] = &self.texts;
        if of == Texts::Names { names } else { namespaces }
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

    /// The number of a kind of objects.
    #[inline]
    pub(crate) fn kind_number(&self, kind: &str) -> KindNumber {
        self.kinds.get(kind).copied().unwrap_or(KindNumber::UNNAMED)
    }

    /// The [marks](LayoutBuilder::mark) of all that is read of any object.
    pub fn marks(&self) -> u8 {
        self.parts.iter().fold(0, |all, part| all | part.marks)
    }

    /// What is read of the objects of a scope.
    #[inline]
    pub(crate) fn view(&self, scope: Scope) -> &View {
        static NOTHING: LazyLock<View> = LazyLock::new(|| View::new(&[], &[], 0, std::iter::empty()));
        match self.views.get(scope.index()) {
            Some(view) => view.get_or_init(|| Box::new(self.make_view(scope))),
            None => &NOTHING,
        }
    }

    #[cold]
    fn make_view(&self, scope: Scope) -> View {
        let named = |kinds: &[Box<str>]| kinds.iter().any(|k| self.kind_number(k) == scope.kind);
        let about = |part: &&Part| {
            let of_kind = scope.kind == KindNumber::ANY || part.kinds.as_ref().is_none_or(|kinds| named(kinds));
            of_kind && part.uses.has_any(scope.uses) && part.texts.is_none_or(|texts| scope.has(texts))
        };
        let parts = || self.parts.iter().filter(about);
        let marks = parts().fold(0, |all, part| all | part.marks);
        let all = scope.uses == Uses::ALL;
        let more = |(joint, want)| (joint, if all && want == Want::Most { Want::All } else { want });
        let wants = parts().flat_map(|part| part.wants.iter().copied().map(more));
        View::new(&self.joints, &self.spots, marks, wants)
    }
}
