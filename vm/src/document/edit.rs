//! Small changes to a document before anything is asked of it: defaults that a client fills in.

use super::node::{KEY_LIMIT, KEY_LOCAL, Kind, NO_NODE, Node, NodeId, TextRef};
use super::{Document, Place, Segment, SpotId};

impl Document<'_> {
    /// Puts a string under a path of keys, making the maps on the way. Does nothing where a value on the way is no map,
    /// or the last member is there already.
    pub fn set_default(&mut self, path: &[&str], text: &str) {
        let Some((last, way)) = path.split_last() else { return };
        let Some(mut at) = self.root().filter(|r| self.kind(*r) == Kind::Map) else { return };
        for (depth, key) in way.iter().enumerate() {
            at = match self.get_str(at, key) {
                Some(next) if self.kind(next) == Kind::Map => next,
                Some(_) => return,
                None => {
                    let Some(next) = self.insert(at, key, Kind::Map, 0) else { return };
                    self.fill_slot(path.get(..=depth).unwrap_or_default(), next);
                    next
                }
            };
        }
        if self.get_str(at, last).is_some() || self.owned.len() + text.len() >= 1 << 31 {
            return;
        }
        let start = self.owned.len();
        self.owned.push_str(text);
        let text = Node::from_text(TextRef::new(start, text.len(), true));
        if let Some(node) = self.insert(at, last, Kind::Str, text) {
            self.fill_slot(path, node);
        }
    }

    /// Makes a string of a value without children.
    pub fn replace_str(&mut self, id: NodeId, text: &str) {
        if self.owned.len() + text.len() >= 1 << 31 {
            return;
        }
        let start = self.owned.len();
        let leaf = self.nodes.get_mut(id.index()).filter(|n| n.end == id.0 + 1);
        if let Some(node) = leaf {
            if node.kind() != Kind::Str {
                self.census.spoil();
            }
            self.owned.push_str(text);
            *node = Node::new(Kind::Str, node.key(), node.end, Node::from_text(TextRef::new(start, text.len(), true)));
        }
    }

    /// Makes a float64 of every number, as a trip through Go's JSON does. `-0` is read as an integer on the way.
    pub fn numbers_to_floats(&mut self) {
        for node in &mut self.nodes {
            let value = match node.kind() {
                Kind::Int => node.payload.cast_signed() as f64,
                Kind::Uint => node.payload as f64,
                Kind::Float if node.payload == (-0.0_f64).to_bits() => 0.0,
                _ => continue,
            };
            *node = Node::new(Kind::Float, node.key(), node.end, value.to_bits());
        }
    }

    /// Makes empty maps of the nulls under these keys, wherever they stand.
    pub fn fill_null_maps(&mut self, keys: &[&str]) {
        for i in 0..self.nodes.len() {
            let id = NodeId(i as u32);
            let named = self.kind(id) == Kind::Null && self.key(id).is_some_and(|k| keys.contains(&self.key_text(k)));
            if let Some(node) = self.nodes.get_mut(i).filter(|_| named) {
                *node = Node::new(Kind::Map, node.key(), node.end, 0);
                self.census.spoil();
            }
        }
    }

    /// Adds a member without children at the start of a map.
    fn insert(&mut self, map: NodeId, key: &str, kind: Kind, payload: u64) -> Option<NodeId> {
        let key = match self.layout.symbols().lookup(key) {
            Some(sym) => sym.number(),
            None => {
                let index = self.keys.len();
                if index >= KEY_LIMIT || self.owned.len() + key.len() >= 1 << 31 {
                    return None;
                }
                self.keys.push(TextRef::new(self.owned.len(), key.len(), true));
                self.owned.push_str(key);
                KEY_LOCAL + index as u32
            }
        };
        let at = map.0 + 1;
        for (i, node) in (0u32..).zip(&mut self.nodes) {
            // A subtree that reaches beyond the new node grows by it; those before it stay.
            if node.end > at || i >= at || i == map.0 {
                node.end += 1;
            }
        }
        self.nodes.insert(at as usize, Node::new(kind, key, at + 1, payload));
        self.census.shift(at);
        if let Some(node) = self.nodes.get_mut(map.index()) {
            node.payload += 1;
        }
        for slot in self.slots.iter_mut().filter(|s| **s != NO_NODE && **s >= at) {
            *slot += 1;
        }
        if !self.places.is_empty() {
            // What was filled in stands nowhere; the map it is in does.
            let place = self.places.get(map.index()).copied().unwrap_or_default();
            self.places.insert(at as usize, place);
            self.key_places.insert(at as usize, Place::default());
        }
        Some(NodeId(at))
    }

    fn fill_slot(&mut self, path: &[&str], node: NodeId) {
        let layout = self.layout;
        let same = |keys: &[super::Sym]| {
            keys.len() == path.len() && keys.iter().zip(path).all(|(k, p)| layout.symbols().name(*k) == *p)
        };
        let found = layout.paths().position(same);
        if let Some(slot) = found.and_then(|i| self.slots.get_mut(i)) {
            *slot = node.0;
        }
        let same = |number: u32| {
            let steps = layout.spot_path(SpotId::from_number(number));
            let is = |step: &Segment, key: &str| matches!(step, Segment::Key(k) if layout.symbols().name(*k) == key);
            steps.len() == path.len() && steps.iter().zip(path).all(|(step, key)| is(step, key))
        };
        if let Some((number, spot)) = (0u32..).zip(layout.spots()).find(|(number, _)| same(*number)) {
            self.census.note((number, spot.linked), self.kind(node), node.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Buffers, JsonOptions, LayoutBuilder, Segment, read_json};
    use crate::scalar::Scalar;

    #[test]
    fn defaults_are_members_like_others() {
        let mut b = LayoutBuilder::default();
        let (metadata, namespace, spec) = (b.sym("metadata"), b.sym("namespace"), b.sym("spec"));
        let paths = [b.path(&[metadata]), b.path(&[metadata, namespace]), b.path(&[spec])];
        b.want(&[Segment::Key(spec)], true);
        let layout = b.finish();
        for text in [r#"{"a":[1],"metadata":{"x":1},"spec":{"n":[true]}}"#, r#"{"spec":{"n":[true]},"a":{}}"#] {
            let mut doc = read_json(text, &layout, Buffers::default(), JsonOptions::default()).unwrap();
            doc.set_default(&["metadata", "namespace"], "default");
            doc.set_default(&["metadata", "namespace"], "other");
            let [metadata, namespace, spec] = paths.map(|p| doc.slot(p).unwrap());
            assert_eq!(doc.as_str(namespace), Some("default"));
            assert_eq!(doc.get_str(metadata, "namespace"), Some(namespace));
            let root = doc.root().unwrap();
            assert_eq!(doc.get_str(root, "metadata"), Some(metadata));
            assert_eq!(doc.get_str(root, "spec"), Some(spec));
            assert_eq!(doc.children(root).count(), 3);
            assert_eq!(doc.len(root), 3);
            let n = doc.get_str(spec, "n").unwrap();
            assert_eq!(doc.scalar(doc.children(n).next().unwrap()), Scalar::Bool(true));
        }
    }

    #[test]
    fn every_number_becomes_a_float() {
        let layout = super::super::Layout::everything();
        let mut doc = read_json("[7, -0.0, 1.5]", &layout, Buffers::default(), JsonOptions::default()).unwrap();
        doc.numbers_to_floats();
        let of = |n| match doc.scalar(n) {
            Scalar::Float(f) => f.to_bits(),
            _ => 0,
        };
        let found: Vec<u64> = doc.children(doc.root().unwrap()).map(of).collect();
        assert_eq!(found, [7.0_f64, 0.0, 1.5].map(f64::to_bits));
    }

    #[test]
    fn nulls_become_maps() {
        let layout = super::super::Layout::everything();
        let text = r#"{"metadata":{"labels":null,"name":null},"labels":[null]}"#;
        let mut doc = read_json(text, &layout, Buffers::default(), JsonOptions::default()).unwrap();
        doc.fill_null_maps(&["labels"]);
        let metadata = doc.get_str(doc.root().unwrap(), "metadata").unwrap();
        assert_eq!(doc.scalar(doc.get_str(metadata, "labels").unwrap()), Scalar::Map);
        assert_eq!(doc.scalar(doc.get_str(metadata, "name").unwrap()), Scalar::Null);
    }
}
