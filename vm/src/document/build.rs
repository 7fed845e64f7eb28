//! Filling a document from a stream of events.

mod derive;

use super::layout::{KindNumber, PathId, ROOT, Scope, State, Texts, UNWANTED, Uses};
use super::node::{KEY_DEAD, KEY_LIMIT, KEY_LOCAL, KEY_NONE, Kind, NO_NODE, Node, NodeId, TextRef};
use super::symbols::hash;
use super::{Buffers, Document, Identity, JsonError, JsonErrorKind, JsonOptions, Layout, Place, read_json};
use std::collections::HashMap;
use thiserror::Error;

/// What one document may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Nesting of lists and maps; Go's JSON decoder stops at 10,000.
    pub depth: usize,
    /// Nodes in all.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 1_000, nodes: 64 << 20 }
    }
}

/// Why a document could not be built.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BuildError {
    /// Nesting deeper than the limit
    #[error("nested deeper than {0} levels")]
    Depth(usize),
    /// More nodes than the limit
    #[error("more than {0} values in one document")]
    Nodes(usize),
    /// More text or distinct keys than a document can refer to
    #[error("a document may not be larger than 2 GiB")]
    Size,
}

/// From so many members on, a map's keys are looked up in a table.
const WIDE: u32 = 32;

#[derive(Clone, Debug)]
pub(crate) struct Frame {
    node: u32,
    state: State,
    count: u32,
    /// One bit a key hash: a second key with the same bit is compared, others cannot be duplicates.
    seen: u64,
    map: bool,
    /// Its members are in the table of wide maps.
    wide: bool,
}

/// Builds one document. Places are kept when a reader passes them.
///
/// The caller sends balanced events: a `key` before each value of a map. An unbalanced stream gives a document with
/// what was sent, never a panic.
#[derive(Debug)]
pub struct Builder<'a> {
    doc: Document<'a>,
    stack: Vec<Frame>,
    key: u32,
    key_place: Place,
    /// The members of maps that have many, by map and key: one filter bit a key no longer tells them apart.
    wide: HashMap<(u32, Box<str>), u32>,
    /// Walk state of the value to come.
    next: State,
    limits: Limits,
    /// Slots before this one may say what the object is, which decides what is read of it
    identity: u32,
    /// Nodes that were taken over from another document.
    kept: derive::Runs,
}

impl<'a> Builder<'a> {
    /// Starts a document over `src`, in the memory of an earlier one.
    pub fn new(src: &'a str, layout: &'a Layout, buffers: Buffers, limits: Limits) -> Self {
        let Buffers { mut nodes, mut owned, mut keys, mut slots, mut places, mut key_places, mut frames, mut census } =
            buffers;
        nodes.clear();
        owned.clear();
        keys.clear();
        slots.clear();
        slots.resize(layout.path_count(), NO_NODE);
        places.clear();
        key_places.clear();
        frames.clear();
        census.begin(layout);
        let doc = Document {
            src,
            layout,
            scope: Scope::ALL,
            view: layout.view(Scope::ALL),
            ambiguous: false,
            readable: false,
            settled: false,
            nodes,
            owned,
            keys,
            slots,
            places,
            key_places,
            frames: Vec::new(),
            census,
        };
        Self {
            doc,
            stack: frames,
            key: KEY_NONE,
            key_place: Place::default(),
            wide: HashMap::new(),
            next: ROOT,
            limits,
            identity: 0,
            kept: derive::Runs::new(),
        }
    }

    /// Has only that read which programs of some uses want of the object, as soon as it has said what it is.
    #[must_use]
    pub fn by_identity(mut self, uses: Uses) -> Self {
        self.identity = self.doc.layout.identity().map_or(0, Identity::end);
        self.turn(Scope { uses, ..Scope::ALL });
        self
    }

    /// A text that says what the object is.
    #[inline(never)]
    fn identify(&mut self, path: PathId, node: u32) {
        let (layout, scope) = (self.doc.layout, self.doc.scope);
        let Some(identity) = layout.identity() else { return };
        let text = self.doc.str(NodeId(node));
        let unknown = |of: Texts| !text.is_empty() && !layout.texts(of).is_empty() && !layout.texts(of).contains(text);
        let scope = if path == identity.kind {
            let kind = layout.kind_number(text);
            // Where it is another one now, what has been read is not what programs about that want.
            self.doc.ambiguous |= scope.kind != KindNumber::ANY && scope.kind != kind;
            Scope { kind, ..scope }
        } else if path == identity.namespace && unknown(Texts::Namespaces) {
            scope.less(Texts::Namespaces)
        } else if (path == identity.name || path == identity.generate_name) && unknown(Texts::Names) {
            scope.less(Texts::Names)
        } else {
            scope
        };
        self.turn(scope);
    }

    /// Goes on with another scope, at the same place.
    fn turn(&mut self, scope: Scope) {
        if self.doc.scope == scope {
            return;
        }
        let view = self.doc.layout.view(scope);
        let mut state = ROOT;
        for (depth, frame) in self.stack.iter_mut().enumerate() {
            if depth > 0 {
                let key = self.doc.nodes.get(frame.node as usize).map_or(KEY_NONE, |node| node.key());
                state = view.member(state, (key < KEY_LOCAL).then_some(super::Sym(key)));
            }
            frame.state = state;
        }
        (self.doc.scope, self.doc.view) = (scope, view);
    }

    /// The document so far; [`finish`](Self::finish) ends it.
    pub fn document(&self) -> &Document<'a> {
        &self.doc
    }

    /// Ends the document, which keeps the stack's memory for the next one.
    pub fn finish(mut self) -> Document<'a> {
        self.doc.frames = self.stack;
        self.doc
    }

    /// Whether a program can reach the value to come. A reader that can skip text does so where this is false.
    #[inline]
    pub fn wanted(&self) -> bool {
        self.next != UNWANTED
    }

    /// Whether the innermost open container is a map.
    #[inline]
    pub(crate) fn in_map(&self) -> bool {
        self.stack.last().is_some_and(|f| f.map)
    }

    /// How deep the open lists and maps are.
    pub fn depth(&self) -> usize {
        self.stack.len()
    }

    #[inline]
    fn push(&mut self, kind: Kind, payload: u64, place: Option<Place>) -> Result<u32, BuildError> {
        let at = self.doc.nodes.len();
        if at >= self.limits.nodes {
            return Err(BuildError::Nodes(self.limits.nodes));
        }
        let index = at as u32;
        self.doc.nodes.push(Node::new(kind, self.key, index + 1, payload));
        if let Some(place) = place {
            self.doc.places.push(place);
            self.doc.key_places.push(if self.key == KEY_NONE { Place::default() } else { self.key_place });
        }
        let (slot, spot) = self.doc.view.seats(self.next);
        if let Some(slot) = slot
            && let Some(entry) = self.doc.slots.get_mut(slot as usize)
        {
            *entry = index;
            if slot < self.identity && kind == Kind::Str {
                self.identify(PathId(slot), index);
            }
        }
        if let Some(spot) = spot {
            self.doc.census.note(spot, kind, index);
        }
        Ok(index)
    }

    /// After a complete value: counts it in its parent and sets up for its sibling.
    #[inline]
    fn done(&mut self) {
        self.key = KEY_NONE;
        if let Some(top) = self.stack.last_mut() {
            top.count += 1;
            if !top.map {
                self.next = self.doc.view.element(top.state);
            }
        }
    }

    /// Adds a scalar.
    #[inline]
    fn leaf(&mut self, kind: Kind, payload: u64, place: Option<Place>) -> Result<(), BuildError> {
        self.push(kind, payload, place)?;
        self.done();
        Ok(())
    }

    /// Adds `null`.
    pub fn null(&mut self, place: Option<Place>) -> Result<(), BuildError> {
        self.leaf(Kind::Null, 0, place)
    }

    /// Adds a boolean.
    pub fn bool(&mut self, value: bool, place: Option<Place>) -> Result<(), BuildError> {
        self.leaf(Kind::Bool, u64::from(value), place)
    }

    /// Adds a number that Go decodes as int64.
    pub fn int(&mut self, value: i64, place: Option<Place>) -> Result<(), BuildError> {
        self.leaf(Kind::Int, value.cast_unsigned(), place)
    }

    /// Adds a whole number beyond int64, which Go decodes as float64.
    pub fn uint(&mut self, value: u64, place: Option<Place>) -> Result<(), BuildError> {
        self.leaf(Kind::Uint, value, place)
    }

    /// Adds a number that Go decodes as float64.
    pub fn float(&mut self, value: f64, place: Option<Place>) -> Result<(), BuildError> {
        self.leaf(Kind::Float, value.to_bits(), place)
    }

    /// Adds a string that does not stand in the source as it is.
    pub fn str(&mut self, value: &str, place: Option<Place>) -> Result<(), BuildError> {
        let text = self.own(value)?;
        self.leaf(Kind::Str, Node::from_text(text), place)
    }

    /// Adds a string that is a slice of the source, by byte offsets.
    #[inline]
    pub fn str_slice(&mut self, start: usize, end: usize, place: Option<Place>) -> Result<(), BuildError> {
        self.leaf(Kind::Str, Node::from_text(TextRef::new(start, end - start, false)), place)
    }

    /// The document's own text, for [`str_owned`](Self::str_owned) to take what is appended.
    #[inline]
    pub(crate) fn owned(&mut self) -> &mut String {
        &mut self.doc.owned
    }

    /// Adds a string that was appended to the document's own text.
    pub(crate) fn str_owned(&mut self, start: usize, place: Option<Place>) -> Result<(), BuildError> {
        let end = self.doc.owned.len();
        if end >= 1 << 31 {
            return Err(BuildError::Size);
        }
        self.leaf(Kind::Str, Node::from_text(TextRef::new(start, end - start, true)), place)
    }

    /// Keeps a subtree as text, by byte offsets.
    #[inline]
    pub(crate) fn raw_slice(&mut self, start: usize, end: usize, place: Option<Place>) -> Result<(), BuildError> {
        self.leaf(Kind::Raw, Node::from_text(TextRef::new(start, end - start, false)), place)
    }

    fn own(&mut self, value: &str) -> Result<TextRef, BuildError> {
        let start = self.doc.owned.len();
        if start + value.len() >= 1 << 31 {
            return Err(BuildError::Size);
        }
        self.doc.owned.push_str(value);
        Ok(TextRef::new(start, value.len(), true))
    }

    /// Opens a list.
    #[inline]
    pub fn begin_list(&mut self, place: Option<Place>) -> Result<(), BuildError> {
        self.open(Kind::List, place)?;
        if let Some(top) = self.stack.last() {
            self.next = self.doc.view.element(top.state);
        }
        Ok(())
    }

    /// Opens a map.
    #[inline]
    pub fn begin_map(&mut self, place: Option<Place>) -> Result<(), BuildError> {
        self.open(Kind::Map, place)
    }

    #[inline]
    fn open(&mut self, kind: Kind, place: Option<Place>) -> Result<(), BuildError> {
        if self.stack.len() >= self.limits.depth {
            return Err(BuildError::Depth(self.limits.depth));
        }
        let node = self.push(kind, 0, place)?;
        self.stack.push(Frame { node, state: self.next, count: 0, seen: 0, map: kind == Kind::Map, wide: false });
        self.key = KEY_NONE;
        Ok(())
    }

    /// Closes the innermost list or map.
    #[inline]
    pub fn end(&mut self) {
        let Some(frame) = self.stack.pop() else { return };
        let end = self.doc.nodes.len() as u32;
        if let Some(node) = self.doc.nodes.get_mut(frame.node as usize) {
            node.end = end;
            node.payload = u64::from(frame.count);
        }
        self.done();
    }

    /// The key of the value to come. Says whether the map already had it: the later value then wins.
    pub fn key(&mut self, key: &str, place: Option<Place>) -> Result<bool, BuildError> {
        let h = hash(key.as_bytes());
        match self.doc.layout.symbols().lookup_hashed(key, h) {
            Some(sym) => self.set_key(sym.0, key, h, place),
            None => {
                let text = self.own(key)?;
                self.local_key(text, key, h, place)
            }
        }
    }

    /// As [`key`](Self::key), for a key that is a slice of the source.
    #[inline]
    pub fn key_slice(&mut self, key: &str, start: usize, end: usize, place: Option<Place>) -> Result<bool, BuildError> {
        let h = hash(key.as_bytes());
        match self.doc.layout.symbols().lookup_hashed(key, h) {
            Some(sym) => self.set_key(sym.0, key, h, place),
            None => self.local_key(TextRef::new(start, end - start, false), key, h, place),
        }
    }

    fn local_key(&mut self, text: TextRef, key: &str, h: u32, place: Option<Place>) -> Result<bool, BuildError> {
        let id = self.next_local(text)?;
        self.set_key(id, key, h, place)
    }

    fn next_local(&mut self, text: TextRef) -> Result<u32, BuildError> {
        let index = self.doc.keys.len();
        if index >= KEY_LIMIT {
            return Err(BuildError::Size);
        }
        self.doc.keys.push(text);
        Ok(KEY_LOCAL + index as u32)
    }

    #[inline]
    fn set_key(&mut self, id: u32, text: &str, h: u32, place: Option<Place>) -> Result<bool, BuildError> {
        self.key = id;
        if let Some(place) = place {
            self.key_place = place;
        }
        let Some(top) = self.stack.last_mut() else { return Ok(false) };
        let sym = (id < KEY_LOCAL).then_some(super::Sym(id));
        self.next = self.doc.view.member(top.state, sym);
        if top.wide || top.count >= WIDE {
            return Ok(self.wide_key(text));
        }
        let bit = 1u64 << (h >> 26);
        let maybe = top.seen & bit != 0;
        top.seen |= bit;
        if !maybe {
            return Ok(false);
        }
        let at = self.find(text);
        Ok(at.is_some_and(|at| self.bury(at)))
    }

    /// The member of the open map with this key.
    fn find(&self, text: &str) -> Option<u32> {
        let map = NodeId(self.stack.last()?.node);
        let len = self.doc.nodes.len() as u32;
        let mut at = map.0 + 1;
        while at < len {
            let id = NodeId(at);
            if self.doc.key(id).is_some_and(|key| self.doc.key_text(key) == text) {
                return Some(at);
            }
            at = self.doc.node(id).end;
        }
        None
    }

    /// A key of a map with many members.
    fn wide_key(&mut self, text: &str) -> bool {
        let Some(top) = self.stack.last_mut() else { return false };
        let (map, len, known) = (top.node, self.doc.nodes.len() as u32, top.wide);
        top.wide = true;
        let mut at = if known { len } else { map + 1 };
        while at < len {
            let id = NodeId(at);
            if let Some(key) = self.doc.key(id) {
                self.wide.insert((map, self.doc.key_text(key).into()), at);
            }
            at = self.doc.node(id).end;
        }
        match self.wide.insert((map, text.into()), len) {
            Some(earlier) => self.bury(earlier),
            None => false,
        }
    }

    /// Marks a member of the open map as overridden.
    fn bury(&mut self, at: u32) -> bool {
        let Some(node) = self.doc.nodes.get_mut(at as usize) else { return false };
        node.set_key(KEY_DEAD);
        let end = node.end;
        self.doc.census.spoil();
        if let Some(top) = self.stack.last_mut() {
            top.count = top.count.saturating_sub(1);
        }
        self.clear_slots(at as usize, end as usize);
        true
    }

    fn clear_slots(&mut self, from: usize, to: usize) {
        for slot in &mut self.doc.slots {
            if *slot != NO_NODE && (from..to).contains(&(*slot as usize)) {
                *slot = NO_NODE;
            }
        }
    }

    /// Where the value to come will stand; [`copy`](Self::copy) takes it to repeat that value.
    pub fn here(&self) -> NodeId {
        NodeId(self.doc.nodes.len() as u32)
    }

    /// Repeats a finished value of this document, as an alias does.
    pub fn copy(&mut self, from: NodeId, place: Option<Place>) -> Result<(), BuildError> {
        let node = self.doc.node(from);
        match node.kind() {
            Kind::List | Kind::Map => {
                if node.kind() == Kind::List {
                    self.begin_list(place)?
                } else {
                    self.begin_map(place)?
                }
                self.copy_children(from, place)?;
                self.end();
                Ok(())
            }
            kind => self.leaf(kind, node.payload, place),
        }
    }

    /// Repeats the members of a finished map, or the elements of a list, inside the open one.
    pub fn copy_children(&mut self, from: NodeId, place: Option<Place>) -> Result<(), BuildError> {
        let mut at = from.0 + 1;
        let end = self.doc.node(from).end;
        while at < end {
            let node = self.doc.node(NodeId(at));
            if let Some(key) = self.doc.key(NodeId(at)) {
                let text = self.doc.key_text(key).to_owned();
                self.set_key(key.0, &text, hash(text.as_bytes()), place)?;
            }
            if node.key() != KEY_DEAD {
                self.copy(NodeId(at), place)?;
            }
            at = node.end;
        }
        Ok(())
    }

    /// Copies a value of another document, with its places, as the value to come.
    pub fn graft(&mut self, doc: &Document<'_>, from: NodeId) -> Result<(), BuildError> {
        let place = (!doc.places.is_empty()).then(|| doc.place(from));
        let node = doc.node(from);
        match node.kind() {
            Kind::List | Kind::Map => {
                if node.kind() == Kind::List {
                    self.begin_list(place)?
                } else {
                    self.begin_map(place)?
                }
                for child in doc.children(from) {
                    if let Some(key) = doc.key(child) {
                        self.key(doc.key_text(key), place.map(|_| doc.key_place(child)))?;
                    }
                    self.graft(doc, child)?;
                }
                self.end();
                Ok(())
            }
            Kind::Str => self.str(doc.str(from), place),
            // Grafted text is owned: a raw span would point into the other source.
            Kind::Raw => {
                let layout = Layout::everything();
                let options = JsonOptions { places: place, limits: self.limits, ..JsonOptions::default() };
                match read_json(doc.str(from), &layout, Buffers::default(), options) {
                    Ok(part) => part.root().map_or(Ok(()), |root| self.graft(&part, root)),
                    Err(JsonError { kind: JsonErrorKind::Build(error), .. }) => Err(error),
                    // What was passed over was checked on the way.
                    Err(_) => self.null(place),
                }
            }
            kind => self.leaf(kind, node.payload, place),
        }
    }
}
