//! The flattened view of one JSON or YAML object.
//!
//! A [`Document`] is an array of 16-byte nodes in pre-order, with strings as slices of the input. Map keys that the
//! program set knows are [`Sym`]s of its [`Layout`]; others refer to the document's own key list. While a document is
//! built, the layout's path trie is walked beside the input: static paths fill slots, and what no program can reach
//! stays a raw span.

mod build;
mod edit;
mod json;
mod layout;
mod look;
mod node;
mod symbols;

#[cfg(test)]
mod tests;

pub use build::{BuildError, Builder, Limits};
pub use json::{JsonError, JsonErrorKind, JsonOptions, go_json, read_json, write_json, write_str};
pub use layout::{Layout, LayoutBuilder, PathId, Segment};
pub use node::{Kind, NodeId};
pub(crate) use symbols::hash as hash_text;
pub use symbols::{Sym, Symbols};

use crate::scalar::Scalar;
use node::{KEY_DEAD, KEY_LOCAL, KEY_NONE, NO_NODE, Node, TextRef};

/// A place in the source: a line and a column, both from 1. Columns count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Line, from 1; 0 where the place is unknown.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// How the places of a document were recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum PlaceKind {
    #[default]
    None,
    /// `line` is a byte offset into the source; lines are counted when one is asked for.
    Offset,
    LineColumn,
}

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
    nodes: Vec<Node>,
    owned: String,
    keys: Vec<TextRef>,
    slots: Vec<u32>,
    places: Vec<Place>,
    key_places: Vec<Place>,
    place_kind: PlaceKind,
    /// Memory of the builder's stack, for the next document.
    frames: Vec<build::Frame>,
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
}

impl<'a> Document<'a> {
    /// The layout this document was flattened with.
    pub fn layout(&self) -> &'a Layout {
        self.layout
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
    pub fn entries(&self, id: NodeId) -> impl Iterator<Item = (Key, NodeId)> + '_ {
        let is_map = self.kind(id) == Kind::Map;
        self.children(id).filter(move |_| is_map).filter_map(|n| self.key(n).map(|k| (k, n)))
    }

    /// Where a value stands in the source.
    pub fn place(&self, id: NodeId) -> Place {
        self.resolve(self.places.get(id.index()))
    }

    /// Where the key of a map member stands in the source; the value's place for all other nodes.
    pub fn key_place(&self, id: NodeId) -> Place {
        let place = self.resolve(self.key_places.get(id.index()));
        if place.line == 0 { self.place(id) } else { place }
    }

    fn resolve(&self, place: Option<&Place>) -> Place {
        match (self.place_kind, place) {
            (PlaceKind::LineColumn, Some(p)) => *p,
            (PlaceKind::Offset, Some(p)) if p.column != 0 => line_column(self.src, p.line as usize),
            _ => Place::default(),
        }
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

/// The line and column of a byte offset.
pub fn line_column(src: &str, offset: usize) -> Place {
    let before = src.as_bytes().get(..offset).unwrap_or(src.as_bytes());
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |i| i + 1);
    let column = src.get(start..offset).map_or(0, |s| s.chars().count()) + 1;
    Place { line: u32::try_from(line).unwrap_or(u32::MAX), column: u32::try_from(column).unwrap_or(u32::MAX) }
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
