//! The flattened view of one JSON or YAML object.
//!
//! A [`Document`] is an array of 16-byte nodes in pre-order, with strings as slices of the input. Map keys that the
//! program set knows are [`Sym`]s of its [`Layout`]; others refer to the document's own key list. While a document is
//! built, the layout's path trie is walked beside the input: static paths fill slots, and what no program can reach
//! stays a raw span.

mod build;
mod census;
mod edit;
mod json;
mod layout;
mod look;
mod node;
mod place;
mod symbols;

#[cfg(test)]
mod tests;

pub use build::{BuildError, Builder, Limits};
pub(crate) use census::Census;
pub use census::Kinds;
pub use json::{JsonError, JsonErrorKind, JsonOptions, JsonWalk, go_json, read_json, write_json, write_str};
pub use layout::{Concern, Identity, Layout, LayoutBuilder, PathId, Segment, SpotId, Topic, Uses};
pub(crate) use layout::{Part, Texts, Want};
pub use node::{Kind, NodeId};
pub use place::Place;
pub(crate) use symbols::hash as hash_text;
pub use symbols::{Sym, Symbols};

use crate::scalar::Scalar;
use layout::{KindNumber, Scope, View};
use node::{KEY_DEAD, KEY_LOCAL, KEY_NONE, NO_NODE, Node, TextRef};

/// The key of a map member: a symbol of the layout, or text that only this document has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u32);

impl Key {
    /// The symbol, where the layout knows the key.
    pub fn sym(self) -> Option<Sym> {
        (self.0 < KEY_LOCAL).then_some(Sym(self.0))
    }
}

/// A key by its text, and by its symbol in the layout of one document, where it has one.
#[derive(Clone, Copy, Debug)]
pub struct KeyText<'k> {
    text: &'k str,
    sym: Option<Sym>,
}

/// One object, flattened. Cheap to reset and fill again: see [`Document::recycle`].
#[derive(Debug)]
pub struct Document<'a> {
    src: &'a str,
    layout: &'a Layout,
    /// What of the layout was looked for
    scope: Scope,
    view: &'a View,
    /// Its kind was named twice, and not the same one
    ambiguous: bool,
    /// Whether a strategic merge has found that it can be read as YAML, and what was passed over, too
    pub(crate) readable: bool,
    /// Whether a strategic merge has found that a merge with nothing leaves it as it is
    pub(crate) settled: bool,
    nodes: Vec<Node>,
    owned: String,
    keys: Vec<TextRef>,
    slots: Vec<u32>,
    places: Vec<Place>,
    key_places: Vec<Place>,
    /// Memory of the builder's stack, for the next document.
    frames: Vec<build::Frame>,
    census: Census,
}

/// The memory of a finished document, for the next one.
#[derive(Debug, Default)]
pub struct Buffers {
    nodes: Vec<Node>,
    owned: String,
    keys: Vec<TextRef>,
    slots: Vec<u32>,
    places: Vec<Place>,
    key_places: Vec<Place>,
    pub(crate) frames: Vec<build::Frame>,
    census: Census,
}

impl<'a> Document<'a> {
    /// The layout this document was flattened with.
    pub fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// Whether everything was read that programs want of such an object for some uses.
    #[inline]
    pub fn covers(&self, topic: &Topic<'_>, uses: Uses) -> bool {
        let (scope, layout) = (self.scope, self.layout);
        let of_kind =
            scope.kind == KindNumber::ANY || (!self.ambiguous && scope.kind == layout.kind_number(topic.kind));
        let has = |of: Texts, text: &str| scope.has(of) || !layout.texts(of).contains(text);
        of_kind && scope.uses.has_all(uses) && has(Texts::Names, topic.name) && has(Texts::Namespaces, topic.namespace)
    }

    /// Whether everything was read that programs want of any object.
    pub fn covers_all(&self) -> bool {
        self.scope == Scope::ALL
    }

    /// The [marks](LayoutBuilder::mark) of all that it was read for.
    #[inline]
    pub fn marks(&self) -> u8 {
        self.view.marks
    }

    /// A document of the same object, read for all programs of the set.
    ///
    /// # Errors
    /// Where it takes more than a document may.
    pub fn read_whole(&self) -> Result<Document<'a>, BuildError> {
        let mut builder = Builder::new("", self.layout, Buffers::default(), Limits::default());
        self.root().map_or(Ok(()), |root| builder.graft(self, root))?;
        Ok(builder.finish())
    }

    /// What the document takes, in bytes, without the text that it refers to.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.nodes)
            + self.owned.len()
            + size_of_val(&*self.keys)
            + size_of_val(&*self.slots)
            + size_of_val(&*self.places)
            + size_of_val(&*self.key_places)
            + self.census.bytes()
    }

    /// What stands at the paths that the layout counts.
    #[inline]
    pub(crate) fn census(&self) -> &Census {
        &self.census
    }

    /// Gives the memory back for the next document.
    pub fn recycle(self) -> Buffers {
        Buffers {
            nodes: self.nodes,
            owned: self.owned,
            keys: self.keys,
            slots: self.slots,
            places: self.places,
            key_places: self.key_places,
            frames: self.frames,
            census: self.census,
        }
    }

    /// The root node, absent in an empty document.
    pub fn root(&self) -> Option<NodeId> {
        (!self.nodes.is_empty()).then_some(NodeId(0))
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The node at a static path, if the object has one there.
    #[inline]
    pub fn slot(&self, path: PathId) -> Option<NodeId> {
        match self.slots.get(path.index()) {
            Some(&n) if n != NO_NODE => Some(NodeId(n)),
            _ => None,
        }
    }

    #[inline]
    fn node(&self, id: NodeId) -> Node {
        self.nodes.get(id.index()).copied().unwrap_or(Node::NULL)
    }

    /// What kind of value a node is.
    #[inline]
    pub fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind()
    }

    /// The key under which a node stands in its map.
    #[inline]
    pub fn key(&self, id: NodeId) -> Option<Key> {
        let key = self.node(id).key();
        (key < KEY_DEAD).then_some(Key(key))
    }

    /// The text of a key.
    #[inline]
    pub fn key_text(&self, key: Key) -> &str {
        if key.0 < KEY_LOCAL {
            self.layout.symbols().name(Sym(key.0))
        } else {
            let index = (key.0 - KEY_LOCAL) as usize;
            self.keys.get(index).map_or("", |t| self.text(*t))
        }
    }

    #[inline]
    fn text(&self, t: TextRef) -> &str {
        let from = if t.owned() { self.owned.as_str() } else { self.src };
        from.get(t.start()..t.end()).unwrap_or("")
    }

    /// The text of a string node, or of a raw one; empty for all others.
    #[inline]
    pub fn str(&self, id: NodeId) -> &str {
        let node = self.node(id);
        match node.kind() {
            Kind::Str | Kind::Raw => self.text(node.text()),
            _ => "",
        }
    }

    /// The text of a string node.
    #[inline]
    pub fn as_str(&self, id: NodeId) -> Option<&str> {
        let node = self.node(id);
        (node.kind() == Kind::Str).then(|| self.text(node.text()))
    }

    /// A node as a scalar; lists and maps are only named as such.
    #[inline]
    pub fn scalar(&self, id: NodeId) -> Scalar<'_> {
        let node = self.node(id);
        match node.kind() {
            Kind::Null => Scalar::Null,
            Kind::Bool => Scalar::Bool(node.payload != 0),
            Kind::Int => Scalar::Int(node.payload.cast_signed()),
            Kind::Float => Scalar::Float(f64::from_bits(node.payload)),
            Kind::Uint => Scalar::Float(node.payload as f64),
            Kind::Str => Scalar::Str(self.text(node.text())),
            Kind::List => Scalar::List,
            Kind::Map | Kind::Raw => Scalar::Map,
        }
    }

    /// The whole number beyond int64 that a float64 was written as.
    pub fn uint(&self, id: NodeId) -> Option<u64> {
        let node = self.node(id);
        (node.kind() == Kind::Uint).then_some(node.payload)
    }

    /// How many elements or members a list or map has.
    #[inline]
    pub fn len(&self, id: NodeId) -> usize {
        let node = self.node(id);
        match node.kind() {
            Kind::List | Kind::Map => node.count() as usize,
            _ => 0,
        }
    }

    /// The length of a string's text, or 16 for each node of a list or map.
    pub fn size(&self, id: NodeId) -> usize {
        let node = self.node(id);
        match node.kind() {
            Kind::Str | Kind::Raw => node.text().end() - node.text().start(),
            Kind::List | Kind::Map => 16 * (node.end.saturating_sub(id.0)) as usize,
            _ => 0,
        }
    }

    /// Whether the document has no node at all.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The index after the last node of a subtree.
    #[inline]
    pub fn end(&self, id: NodeId) -> NodeId {
        NodeId(self.node(id).end)
    }

    /// The member of a map under a symbol.
    #[inline]
    pub fn get(&self, id: NodeId, key: Sym) -> Option<NodeId> {
        let node = self.node(id);
        if node.kind() != Kind::Map {
            return None;
        }
        let mut at = id.0 + 1;
        while at < node.end {
            let child = self.nodes.get(at as usize)?;
            if child.key() == key.0 {
                return Some(NodeId(at));
            }
            at = child.end;
        }
        None
    }

    /// The member of a map under a key's text.
    pub fn get_str(&self, id: NodeId, key: &str) -> Option<NodeId> {
        self.get_key(id, self.key_of(key))
    }

    /// A key to look for more than once.
    pub fn key_of<'k>(&self, text: &'k str) -> KeyText<'k> {
        KeyText { text, sym: self.layout.symbols().lookup(text) }
    }

    /// The member of a map under a key.
    pub fn get_key(&self, id: NodeId, key: KeyText<'_>) -> Option<NodeId> {
        if let Some(sym) = key.sym {
            return self.get(id, sym);
        }
        let node = self.node(id);
        if node.kind() != Kind::Map {
            return None;
        }
        let mut at = id.0 + 1;
        while at < node.end {
            let child = self.nodes.get(at as usize)?;
            if self.is_own_key(child.key(), key.text) {
                return Some(NodeId(at));
            }
            at = child.end;
        }
        None
    }

    /// Whether a key is one of the document's own with this text.
    #[inline]
    fn is_own_key(&self, key: u32, text: &str) -> bool {
        let own = (KEY_LOCAL..KEY_DEAD).contains(&key).then(|| self.keys.get((key - KEY_LOCAL) as usize)).flatten();
        own.is_some_and(|t| t.end() - t.start() == text.len() && self.text(*t) == text)
    }

    /// The elements of a list, or the values of a map, in order.
    #[inline]
    pub fn children(&self, id: NodeId) -> Children<'_> {
        let node = self.node(id);
        match node.kind() {
            Kind::List | Kind::Map => Children { nodes: &self.nodes, at: id.0 + 1, end: node.end },
            _ => Children { nodes: &self.nodes, at: 0, end: 0 },
        }
    }

    /// The members of a map, in the order of the input.
    pub fn entries(&self, id: NodeId) -> impl Iterator<Item = (Key, NodeId)> + Clone + '_ {
        let is_map = self.kind(id) == Kind::Map;
        self.children(id).filter(move |_| is_map).filter_map(|n| self.key(n).map(|k| (k, n)))
    }

    /// As [`entries`](Self::entries), with the kind of each value: one look at a node for all of it.
    #[inline]
    pub(crate) fn members(&self, id: NodeId) -> impl Iterator<Item = (Key, NodeId, Kind)> + '_ {
        let node = self.node(id);
        let (mut at, end) = if node.kind() == Kind::Map { (id.0 + 1, node.end) } else { (0, 0) };
        std::iter::from_fn(move || {
            while at < end {
                let (id, child) = (NodeId(at), self.nodes.get(at as usize)?);
                at = child.end;
                if child.key() < KEY_DEAD {
                    return Some((Key(child.key()), id, child.kind()));
                }
            }
            None
        })
    }

    /// Where a value stands in the source.
    pub fn place(&self, id: NodeId) -> Place {
        self.places.get(id.index()).copied().filter(|p| p.column != 0).unwrap_or_default()
    }

    /// Where the key of a map member stands in the source; the value's place for all other nodes.
    pub fn key_place(&self, id: NodeId) -> Place {
        let place = self.key_places.get(id.index()).copied().unwrap_or_default();
        if place.line == 0 { self.place(id) } else { place }
    }

    /// Whether two subtrees, of this document or another, are the same value. Map order does not count.
    pub fn equal(&self, a: NodeId, other: &Document<'_>, b: NodeId) -> bool {
        let (x, y) = (self.scalar(a), other.scalar(b));
        match (x, y) {
            (Scalar::List, Scalar::List) => {
                self.len(a) == other.len(b)
                    && self.children(a).zip(other.children(b)).all(|(m, n)| self.equal(m, other, n))
            }
            (Scalar::Map, Scalar::Map) => {
                self.len(a) == other.len(b)
                    && self
                        .entries(a)
                        .all(|(k, m)| other.get_str(b, self.key_text(k)).is_some_and(|n| self.equal(m, other, n)))
            }
            _ => x == y,
        }
    }
}

/// Iterator over the children of a node.
#[derive(Clone, Debug)]
pub struct Children<'d> {
    nodes: &'d [Node],
    at: u32,
    end: u32,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        while self.at < self.end {
            let node = self.nodes.get(self.at as usize)?;
            let id = NodeId(self.at);
            self.at = node.end;
            if node.key() != KEY_DEAD {
                return Some(id);
            }
        }
        None
    }
}

const _: () = assert!(KEY_NONE > KEY_DEAD);
