//! What an object has at the paths that patterns go, through lists too, counted while it is read.
//!
//! A pattern asks the same of every container. Where the counts say already that it holds, as nothing stands there or
//! everything is of the right kind, no container has to be looked at.

use super::layout::{Layout, SpotId};
use super::node::{Kind, NodeId};

/// A set of kinds of values. All numbers are one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kinds(u8);

impl Kinds {
    /// Maps
    pub const MAP: Kinds = Kinds::of(Kind::Map);
    /// Lists
    pub const LIST: Kinds = Kinds::of(Kind::List);
    /// Everything but `null`
    pub const SOME: Kinds = Kinds(!Kinds::of(Kind::Null).0);
    const NAMES: [&str; 7] = ["null", "bool", "number", "string", "list", "map", "raw"];

    /// The set of one kind.
    pub const fn of(kind: Kind) -> Self {
        Self(match kind {
            Kind::Null => 1,
            Kind::Bool => 2,
            Kind::Int | Kind::Float | Kind::Uint => 4,
            Kind::Str => 8,
            Kind::List => 16,
            Kind::Map => 32,
            Kind::Raw => 64,
        })
    }

    /// Whether another set has nothing that this one lacks.
    #[inline]
    pub fn has_all(self, other: Kinds) -> bool {
        other.0 & !self.0 == 0
    }

    /// The set as a number.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The set of a number.
    #[inline]
    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The names of the kinds in it.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().enumerate().filter(move |(i, _)| self.0 & (1 << i) != 0).map(|(_, name)| name)
    }
}

/// What stands at one path.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    values: u32,
    kinds: Kinds,
    /// The last value, one more than its place in the list of links; 0 for none
    last: u32,
}

/// A value, and the one before it at the same path.
#[derive(Clone, Copy, Debug)]
struct Link {
    node: u32,
    before: u32,
}

/// The counts of a document, by [`SpotId`].
#[derive(Debug, Default)]
pub(crate) struct Census {
    counts: Vec<Count>,
    links: Vec<Link>,
    /// Something was changed that was counted already
    spoiled: bool,
}

impl Census {
    /// Starts to count in the memory of an earlier census.
    pub(super) fn begin(&mut self, layout: &Layout) {
        self.counts.clear();
        self.counts.resize(layout.spot_count(), Count::default());
        self.links.clear();
        self.spoiled = false;
    }

    #[inline]
    pub(super) fn note(&mut self, (spot, linked): (u32, bool), kind: Kind, node: u32) {
        let Some(count) = self.counts.get_mut(spot as usize) else { return };
        count.values += 1;
        count.kinds.0 |= Kinds::of(kind).0;
        if linked {
            self.links.push(Link { node, before: count.last });
            count.last = self.links.len() as u32;
        }
    }

    /// Says that the counts are no longer right.
    pub(super) fn spoil(&mut self) {
        self.spoiled = true;
    }

    /// Says that a node was put in at a place; it is [noted](Self::note) besides.
    pub(super) fn shift(&mut self, at: u32) {
        self.links.iter_mut().filter(|link| link.node >= at).for_each(|link| link.node += 1);
    }

    /// How much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.counts) + size_of_val(&*self.links)
    }

    /// Whether the counts are those of the document.
    #[inline]
    pub(crate) fn is_right(&self) -> bool {
        !self.spoiled
    }

    /// Whether all values at a path are of these kinds.
    #[inline]
    pub(crate) fn all_are(&self, spot: SpotId, kinds: Kinds) -> bool {
        self.counts.get(spot.index()).is_some_and(|count| kinds.has_all(count.kinds))
    }

    /// How many values there are at a path.
    #[inline]
    pub(crate) fn values(&self, spot: SpotId) -> Option<u32> {
        self.counts.get(spot.index()).map(|count| count.values)
    }

    /// The values at a path whose values are [linked](super::LayoutBuilder::link), the last one first.
    #[inline]
    pub(crate) fn nodes(&self, spot: SpotId) -> impl Iterator<Item = NodeId> {
        let mut at = self.counts.get(spot.index()).map_or(0, |count| count.last);
        std::iter::from_fn(move || {
            let link = self.links.get(at.checked_sub(1)? as usize)?;
            at = link.before;
            Some(NodeId(link.node))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Buffers, JsonOptions, LayoutBuilder, Segment, SpotId, read_json};
    use super::*;

    /// A layout that counts `.a`, `.a[*]`, `.a[*].b`, of which the last is linked.
    fn layout() -> (Layout, [SpotId; 3]) {
        let mut b = LayoutBuilder::default();
        let (a, inner) = (Segment::Key(b.sym("a")), Segment::Key(b.sym("b")));
        let spots = [b.spot(&[a]), b.spot(&[a, Segment::Element]), b.spot(&[a, Segment::Element, inner])];
        b.link(spots[2]);
        (b.finish(), spots)
    }

    #[test]
    fn values_are_counted_by_their_paths() {
        let (layout, [list, element, b]) = layout();
        let doc = read_json(
            r#"{"x":{"a":[{"b":0}]},"a":[{"b":1},{"c":[{"b":7}]},{"b":"t"},[{"b":3}],null]}"#,
            &layout,
            Buffers::default(),
            JsonOptions::default(),
        )
        .unwrap();
        let census = doc.census();
        assert!(census.is_right());
        assert_eq!([list, element, b].map(|s| census.values(s).unwrap()), [1, 5, 2]);
        assert!(census.all_are(list, Kinds::LIST) && !census.all_are(element, Kinds::MAP));
        let shown: Vec<_> = census.nodes(b).map(|n| format!("{:?}", doc.scalar(n))).collect();
        assert_eq!(shown, [r#"Str("t")"#, "Int(1)"]);
        assert_eq!(layout.parent(b), Some(element));
        assert_eq!(layout.parent(element), Some(list));
    }

    #[test]
    fn a_key_that_comes_twice_spoils_the_census() {
        let (layout, _) = layout();
        let read = |text| read_json(text, &layout, Buffers::default(), JsonOptions::default()).unwrap();
        assert!(!read(r#"{"a":[{"b":1}],"a":[]}"#).census().is_right());
        assert!(read(r#"{"a":[{"b":1}]}"#).census().is_right());
    }

    #[test]
    fn what_is_filled_in_counts() {
        let mut b = LayoutBuilder::default();
        let path = [b.sym("m"), b.sym("n")].map(Segment::Key);
        let (spot, map) = (b.spot(&path), b.spot(&path[..1]));
        b.link(spot);
        let layout = b.finish();
        for text in ["{}", r#"{"m":{}}"#, r#"{"x":1,"m":{"o":1}}"#] {
            let mut doc = read_json(text, &layout, Buffers::default(), JsonOptions::default()).unwrap();
            doc.set_default(&["m", "n"], "v");
            let census = doc.census();
            assert!(census.is_right() && census.values(map) == Some(1) && census.values(spot) == Some(1));
            assert_eq!(census.nodes(spot).map(|n| doc.str(n)).collect::<Vec<_>>(), ["v"]);
        }
    }

    #[test]
    fn sets_of_kinds_have_names() {
        assert_eq!(Kinds::SOME.names().collect::<Vec<_>>(), ["bool", "number", "string", "list", "map", "raw"]);
        assert_eq!(Kinds::from_bits(Kinds::MAP.bits()), Kinds::MAP);
    }
}
