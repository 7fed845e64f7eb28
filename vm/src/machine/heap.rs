//! Lists and maps that a run makes, and looking into values of every origin alike.

use super::memory::{Memory, View, node_of};
use crate::builtin::Failure;
use crate::document::{Buffers, Document, JsonOptions, Layout, NodeId, read_json};
use crate::program::{Const, Program};
use crate::scalar::Scalar;
use crate::value::{Span, Text, Val};
use crate::verdict::TrapKind;
use std::cmp::Ordering;

/// How many items are added between two looks at how much memory there is.
const LOOK: usize = 256;

impl Memory {
    /// Makes a list.
    pub(crate) fn make_list(&mut self, items: impl IntoIterator<Item = Val>) -> Result<Val, TrapKind> {
        let start = self.items.len();
        self.items.extend(items);
        self.list_since(start)
    }

    /// Makes a list of the items that were added since there were this many.
    #[inline]
    pub(super) fn list_since(&mut self, start: usize) -> Result<Val, TrapKind> {
        // Short lists are looked at together.
        if start / LOOK != self.items.len() / LOOK {
            self.check()?;
        }
        Ok(Val::List(Span { start: start as u32, len: (self.items.len() - start) as u32 }))
    }

    /// Adds the elements of a list to the items.
    pub(super) fn push_elements(&mut self, docs: &[&Document<'_>], list: Val) {
        let mut walk = self.walk(docs, list);
        while let Some((item, rest)) = self.next(docs, walk) {
            walk = rest;
            self.items.push(item);
        }
    }

    /// Makes a list of a list's elements in an order.
    pub(crate) fn sorted(
        &mut self,
        docs: &[&Document<'_>],
        list: Val,
        by: impl Fn(&Memory, &Val, &Val) -> Ordering,
    ) -> Result<Val, TrapKind> {
        let start = self.items.len();
        self.push_elements(docs, list);
        // Texts are looked at while the items are moved; items are not.
        let mut items = std::mem::take(&mut self.items);
        items.get_mut(start..).unwrap_or_default().sort_by(|x, y| by(self, x, y));
        self.items = items;
        self.list_since(start)
    }

    /// Adds the text of a string to the end of the run's text.
    pub(crate) fn push_text(&mut self, program: &Program, docs: &[&Document<'_>], value: Val) -> Result<(), TrapKind> {
        match value {
            Val::Text(t) => self.text.extend_from_within(t.start as usize..(t.start + t.len) as usize),
            Val::Node(..) => {
                if let Some((doc, node)) = node_of(docs, value) {
                    self.text.push_str(doc.as_str(node).unwrap_or(""));
                }
            }
            Val::Const(id) => {
                if let Some(Const::Str(s)) = program.constant(id) {
                    self.text.push_str(s);
                }
            }
            _ => {}
        }
        self.check()
    }

    /// Makes a map of members whose keys are texts of this memory. The last of equal keys wins.
    pub(crate) fn make_map(&mut self, members: impl IntoIterator<Item = (Text, Val)>) -> Result<Val, TrapKind> {
        let start = self.members.len();
        self.members.extend(members);
        self.map_since(start)
    }

    /// Makes a map of the members that were added since there were this many.
    pub(super) fn map_since(&mut self, start: usize) -> Result<Val, TrapKind> {
        // Keys are looked at while members are moved; texts are not.
        let mut members = std::mem::take(&mut self.members);
        let own = members.get_mut(start..).unwrap_or_default();
        let key = |member: &(Text, Val)| self.str(member.0);
        if !own.is_sorted_by(|a, b| key(a) < key(b)) {
            // A stable sort leaves the last of equal keys last.
            own.sort_by(|a, b| key(a).cmp(key(b)));
            let mut kept = start;
            for at in start..members.len() {
                let (this, next) = (members.get(at).copied(), members.get(at + 1));
                if let Some(this) = this
                    && next.is_none_or(|next| key(next) != key(&this))
                    && let Some(slot) = members.get_mut(kept)
                {
                    *slot = this;
                    kept += 1;
                }
            }
            members.truncate(kept);
        }
        self.members = members;
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
        let mut out = Vec::with_capacity(self.len(docs, value));
        out.extend(self.items(docs, value));
        out
    }

    /// The elements of a list, one after the other; none for all else.
    pub(crate) fn items(&self, docs: &[&Document<'_>], value: Val) -> impl Iterator<Item = Val> {
        let mut walk = self.walk(docs, value);
        std::iter::from_fn(move || {
            let (item, rest) = self.next(docs, walk)?;
            walk = rest;
            Some(item)
        })
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
        let options = JsonOptions { floats: !ints, ..JsonOptions::default() };
        let doc = read_json(text, &layout, Buffers::default(), options).map_err(|e| Failure::error(e.to_string()))?;
        match doc.root() {
            Some(root) => self.import(&doc, root),
            None => Ok(Val::Null),
        }
    }

    fn import(&mut self, doc: &Document<'_>, node: NodeId) -> Result<Val, Failure> {
        Ok(match doc.scalar(node) {
            Scalar::Null => Val::Null,
            Scalar::Bool(b) => Val::Bool(b),
            Scalar::Int(n) => Val::Int(n),
            Scalar::Float(n) => Val::Float(n),
            Scalar::Str(s) => self.write(|out| out.push_str(s))?,
            Scalar::List => {
                let items: Result<Vec<Val>, Failure> = doc.children(node).map(|n| self.import(doc, n)).collect();
                self.make_list(items?)?
            }
            Scalar::Map => {
                let mut members = Vec::with_capacity(doc.len(node));
                for (key, n) in doc.entries(node) {
                    let value = self.import(doc, n)?;
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
        let typed = |v| matches!(v, Val::Maps(_) | Val::GoInt(_));
        if typed(a) != typed(b) {
            return false;
        }
        match (self.view(program, docs, a), self.view(program, docs, b)) {
            (View::List | View::Map, View::List | View::Map) if !self.labour(1 + self.len(docs, a) as u64 / 8) => false,
            (View::List, View::List) => {
                let (mut x, mut y) = (self.walk(docs, a), self.walk(docs, b));
                if self.len(docs, a) != self.len(docs, b) {
                    return false;
                }
                while let (Some((left, x_rest)), Some((right, y_rest))) = (self.next(docs, x), self.next(docs, y)) {
                    if !self.equal(program, docs, left, right) {
                        return false;
                    }
                    (x, y) = (x_rest, y_rest);
                }
                true
            }
            (View::Map, View::Map) => {
                if self.len(docs, a) != self.len(docs, b) {
                    return false;
                }
                let (x, y) = (self.entries(docs, a), self.entries(docs, b));
                x.iter().zip(&y).all(|(m, n)| m.0 == n.0 && self.equal(program, docs, m.1, n.1))
            }
            (View::Absent, View::Null) | (View::Null, View::Absent) => true,
            (View::Reference(x), View::Reference(y)) => x.tree == y.tree,
            (View::Str(x), View::Str(y)) => self.same_text(x, y),
            (x, y) => x == y,
        }
    }
}
