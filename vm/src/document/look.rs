//! What patches ask of a document beyond its values: spellings, texts, and what it has in common with another one.

use super::node::{KEY_DEAD, KEY_LOCAL, Kind, Node, NodeId, TextRef};
use super::{Document, Key, KeyText, Place};

impl Document<'_> {
    /// Whether the text of a string stands in the source as it is, without escape sequences.
    pub fn is_verbatim(&self, id: NodeId) -> bool {
        let node = self.node(id);
        node.kind() == Kind::Str && !node.text().owned()
    }

    /// How a number is spelled in the source, where offsets were recorded.
    pub fn spelled(&self, id: NodeId) -> Option<&str> {
        let number = matches!(self.kind(id), Kind::Int | Kind::Float | Kind::Uint);
        let place = self.places.get(id.index()).filter(|p| number && p.column == 0)?;
        let text = self.src.get(place.line as usize..)?;
        let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '+' | '-' | '.' | 'e' | 'E'));
        text.get(..end.unwrap_or(text.len()))
    }

    /// Where a value stands below another one, as `a.b[0]`.
    pub fn path_to(&self, root: NodeId, node: NodeId) -> String {
        let (mut at, mut path) = (root, String::new());
        while at != node {
            let inside = |child: &NodeId| *child <= node && node < self.end(*child);
            let Some((n, child)) = self.children(at).enumerate().find(|(_, child)| inside(child)) else { break };
            match self.key(child) {
                Some(key) if self.kind(at) == Kind::Map => {
                    path.push_str(if path.is_empty() { "" } else { "." });
                    path.push_str(self.key_text(key));
                }
                _ => path.push_str(&format!("[{n}]")),
            }
            at = child;
        }
        path
    }

    /// Whether a member below a value has this key.
    pub fn names(&self, id: NodeId, key: KeyText<'_>) -> bool {
        let below = self.nodes.get(id.index() + 1..self.node(id).end as usize).unwrap_or_default();
        match key.sym {
            Some(sym) => below.iter().any(|node| node.key() == sym.0),
            None => below.iter().any(|node| self.is_own_key(node.key(), key.text)),
        }
    }

    /// The texts of a subtree: strings, and those keys that the layout does not know. A key comes with `true`.
    pub(crate) fn texts(&self, id: NodeId) -> impl Iterator<Item = (&str, bool)> + '_ {
        let nodes = self.nodes.get(id.index()..self.node(id).end as usize).unwrap_or_default();
        nodes.iter().flat_map(|node| {
            let string = (node.kind() == Kind::Str).then(|| (self.text(node.text()), false));
            let own = (KEY_LOCAL..KEY_DEAD).contains(&node.key());
            string.into_iter().chain(own.then(|| (self.key_text(Key(node.key())), true)))
        })
    }

    /// Whether all texts are printable ASCII or control characters that JSON escapes, and no key of the document's own
    /// is longer than `longest`. A `false` says nothing.
    pub(crate) fn is_plain(&self, longest: usize) -> bool {
        let (mut start, mut end) = (self.src.len(), 0);
        let mut cover = |text: TextRef| {
            if !text.owned() {
                start = start.min(text.start());
                end = end.max(text.end());
            }
        };
        self.nodes.iter().filter(|node| node.kind() == Kind::Str).for_each(|node| cover(node.text()));
        self.keys.iter().for_each(|key| cover(*key));
        let plain = |bytes: &[u8]| {
            // Without a way out inside a chunk, this is done with vectors.
            bytes.chunks(256).all(|chunk| chunk.iter().fold(0, |all, byte| all | byte.wrapping_add(1)) < 0x80)
        };
        let source = self.src.as_bytes().get(start.min(end)..end).unwrap_or_default();
        self.keys.iter().all(|key| key.end() - key.start() <= longest) && plain(source) && plain(self.owned.as_bytes())
    }

    /// Whether some member was overridden by a later one.
    pub(crate) fn has_dead(&self) -> bool {
        self.nodes.iter().any(|node| node.key() == KEY_DEAD)
    }

    /// Whether something was passed over.
    pub(crate) fn has_raw(&self) -> bool {
        self.nodes.iter().any(|node| node.kind() == Kind::Raw)
    }

    /// Whether there is a map without members below a value.
    pub(crate) fn has_empty_maps(&self, id: NodeId) -> bool {
        let nodes = self.nodes.get(id.index() + 1..self.node(id).end as usize).unwrap_or_default();
        nodes.iter().any(|node| node.kind() == Kind::Map && node.count() == 0)
    }

    /// Whether there are int64 in a subtree.
    pub(crate) fn has_ints(&self, id: NodeId) -> bool {
        let nodes = self.nodes.get(id.index()..self.node(id).end as usize).unwrap_or_default();
        nodes.iter().any(|node| node.kind() == Kind::Int)
    }

    /// The values that were passed over.
    pub(crate) fn raws(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0u32..).zip(&self.nodes).filter(|(_, node)| node.kind() == Kind::Raw).map(|(i, _)| NodeId(i))
    }

    /// The place of a value in the form it was recorded in; `None` where none are recorded.
    pub(crate) fn kept_place(&self, id: NodeId) -> Option<Place> {
        self.places.get(id.index()).copied()
    }

    /// Whether another document was made of this one, so that their nodes can be compared as they are.
    pub(crate) fn is_origin_of(&self, other: &Document<'_>) -> bool {
        std::ptr::eq(self.src, other.src)
            && std::ptr::eq(self.layout, other.layout)
            && other.owned.starts_with(&self.owned)
            && other.keys.starts_with(&self.keys)
    }

    /// Whether two subtrees of such documents have the same nodes. Others may be equal too.
    pub(crate) fn same_nodes(&self, a: NodeId, other: &Document<'_>, b: NodeId) -> bool {
        let (own, theirs) = (a.index()..self.node(a).end as usize, b.index()..other.node(b).end as usize);
        let (Some(own), Some(theirs)) = (self.nodes.get(own), other.nodes.get(theirs)) else { return false };
        let shift = b.0.wrapping_sub(a.0);
        let same = |(m, n): (&Node, &Node)| m.is(*n, shift);
        own.len() == theirs.len()
            && own.first().zip(theirs.first()).is_some_and(|(m, n)| m.kind() == n.kind() && m.payload == n.payload)
            && own.iter().zip(theirs).skip(1).all(same)
    }
}
