//! Lists and maps that a run makes, and looking into values of every origin alike.

use super::memory::{Memory, View, node_of};
use crate::builtin::Failure;
use crate::document::{Buffers, Document, JsonOptions, Layout, NodeId, read_json};
use crate::program::Program;
use crate::scalar::Scalar;
use crate::value::{Span, Text, Val};
use crate::verdict::TrapKind;

impl Memory {
    /// Makes a list.
    pub(crate) fn make_list(&mut self, items: impl IntoIterator<Item = Val>) -> Result<Val, TrapKind> {
        let start = self.items.len();
        self.items.extend(items);
        self.check()?;
        Ok(Val::List(Span { start: start as u32, len: (self.items.len() - start) as u32 }))
    }

    /// Makes a map of members whose keys are texts of this memory. The last of equal keys wins.
    pub(crate) fn make_map(&mut self, mut members: Vec<(Text, Val)>) -> Result<Val, TrapKind> {
        // A stable sort leaves the last of equal keys last.
        members.sort_by(|a, b| self.str(a.0).cmp(self.str(b.0)));
        let start = self.members.len();
        for (i, member) in members.iter().enumerate() {
            let overridden = members.get(i + 1).is_some_and(|next| self.str(next.0) == self.str(member.0));
            if !overridden {
                self.members.push(*member);
            }
        }
        self.check()?;
        Ok(Val::Map(Span { start: start as u32, len: (self.members.len() - start) as u32 }))
    }

    /// The member of a map under a key's text.
    pub(crate) fn member(&self, docs: &[&Document<'_>], value: Val, key: &str) -> Option<Val> {
        match value {
            Val::Map(span) => {
                let members = self.members.get(span.range())?;
                let at = members.binary_search_by(|(k, _)| self.str(*k).cmp(key)).ok()?;
                members.get(at).map(|(_, v)| *v)
            }
            Val::Node(doc, _) => node_of(docs, value).and_then(|(d, n)| d.get_str(n, key)).map(|n| Val::Node(doc, n)),
            _ => None,
        }
    }

    /// The elements of a list; nothing for all else.
    pub(crate) fn elements(&self, docs: &[&Document<'_>], value: Val) -> Vec<Val> {
        let mut walk = self.walk(docs, value);
        let mut out = Vec::with_capacity(self.len(docs, value));
        while let Some((item, rest)) = self.next(docs, walk) {
            out.push(item);
            walk = rest;
        }
        out
    }

    /// The members of a map, sorted by key; nothing for all else.
    pub(crate) fn entries<'v>(&'v self, docs: &[&'v Document<'v>], value: Val) -> Vec<(&'v str, Val)> {
        match value {
            Val::Map(span) => {
                let members = self.members.get(span.range()).unwrap_or_default();
                members.iter().map(|(k, v)| (self.str(*k), *v)).collect()
            }
            Val::Node(doc, _) => {
                let Some((d, n)) = node_of(docs, value) else { return Vec::new() };
                let mut out: Vec<_> = d.entries(n).map(|(k, n)| (d.key_text(k), Val::Node(doc, n))).collect();
                out.sort_unstable_by_key(|(k, _)| *k);
                out
            }
            _ => Vec::new(),
        }
    }

    /// Copies a JSON text into the memory of the run.
    pub(crate) fn import_json(&mut self, text: &str, ints: bool) -> Result<Val, Failure> {
        let layout = Layout::everything();
        let doc = read_json(text, &layout, Buffers::default(), JsonOptions::default())
            .map_err(|e| Failure::error(e.to_string()))?;
        match doc.root() {
            Some(root) => self.import(&doc, root, ints),
            None => Ok(Val::Null),
        }
    }

    fn import(&mut self, doc: &Document<'_>, node: NodeId, ints: bool) -> Result<Val, Failure> {
        Ok(match doc.scalar(node) {
            Scalar::Null => Val::Null,
            Scalar::Bool(b) => Val::Bool(b),
            Scalar::Int(n) if ints => Val::Int(n),
            Scalar::Int(n) => Val::Float(n as f64),
            Scalar::Float(n) => Val::Float(n),
            Scalar::Str(s) => self.write(|out| out.push_str(s))?,
            Scalar::List => {
                let items: Result<Vec<Val>, Failure> = doc.children(node).map(|n| self.import(doc, n, ints)).collect();
                self.make_list(items?)?
            }
            Scalar::Map => {
                let mut members = Vec::with_capacity(doc.len(node));
                for (key, n) in doc.entries(node) {
                    let value = self.import(doc, n, ints)?;
                    if let Val::Text(key) = self.write(|out| out.push_str(doc.key_text(key)))? {
                        members.push((key, value));
                    }
                }
                self.make_map(members)?
            }
        })
    }

    /// Whether two values are the same, as Go's reflect.DeepEqual has it: an int64 never equals a float64.
    pub(crate) fn equal(&self, program: &Program, docs: &[&Document<'_>], a: Val, b: Val) -> bool {
        match (self.view(program, docs, a), self.view(program, docs, b)) {
            (View::List, View::List) => {
                self.len(docs, a) == self.len(docs, b)
                    && self
                        .elements(docs, a)
                        .into_iter()
                        .zip(self.elements(docs, b))
                        .all(|(x, y)| self.equal(program, docs, x, y))
            }
            (View::Map, View::Map) => {
                let (x, y) = (self.entries(docs, a), self.entries(docs, b));
                x.len() == y.len() && x.iter().zip(&y).all(|(m, n)| m.0 == n.0 && self.equal(program, docs, m.1, n.1))
            }
            (View::Absent, View::Null) | (View::Null, View::Absent) => true,
            (x, y) => x == y,
        }
    }
}
