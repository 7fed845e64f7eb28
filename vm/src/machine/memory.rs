//! The memory of a run: texts, faults and orders of keys, each a list that is cut back, not freed. Also how values of
//! every kind are looked into.

use super::Budget;
use super::meter::Deadline;
use crate::document::{Document, Kind, NodeId, Sym};
use crate::ids::FaultId;
use crate::program::{Const, Program, Reference};
use crate::scalar::Scalar;
use crate::selector::Labels;
use crate::value::{DocId, Fault, Moved, OWN_ITEMS, Ordered, Span, Text, Val};
use crate::verdict::TrapKind;
use std::cell::Cell;

/// A value with its text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum View<'v> {
    /// No value
    Absent,
    /// `null`
    Null,
    /// A boolean
    Bool(bool),
    /// An int64
    Int(i64),
    /// A float64
    Float(f64),
    /// A string
    Str(&'v str),
    /// A list
    List,
    /// A map
    Map,
    /// An expression
    Reference(&'v Reference),
    /// Why there is no value
    Fault(FaultId),
}

impl<'v> View<'v> {
    /// As a scalar; nothing counts as `null`.
    pub fn scalar(self) -> Scalar<'v> {
        match self {
            View::Absent | View::Null | View::Fault(_) => Scalar::Null,
            View::Bool(b) => Scalar::Bool(b),
            View::Int(n) => Scalar::Int(n),
            View::Float(n) => Scalar::Float(n),
            View::Str(s) => Scalar::Str(s),
            View::List => Scalar::List,
            // A struct of Go without fields that show.
            View::Map | View::Reference(_) => Scalar::Map,
        }
    }
}

impl<'v> From<Scalar<'v>> for View<'v> {
    fn from(s: Scalar<'v>) -> Self {
        match s {
            Scalar::Null => View::Null,
            Scalar::Bool(b) => View::Bool(b),
            Scalar::Int(n) => View::Int(n),
            Scalar::Float(n) => View::Float(n),
            Scalar::Str(s) => View::Str(s),
            Scalar::List => View::List,
            Scalar::Map => View::Map,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    text: usize,
    items: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(super) text: String,
    /// Items of all lists that the run made.
    pub(super) items: Vec<Val>,
    /// Members of all maps that the run made.
    pub(super) members: Vec<(Text, Val)>,
    /// Values that become a list or map.
    pub(super) collected: Vec<Val>,
    faults: Vec<Fault>,
    steps: Vec<Moved>,
    pub(super) keys: Vec<Ordered>,
    /// Lists of documents that were sorted where they stand, and their elements in that order.
    reordered: Vec<(DocId, NodeId, Span)>,
    /// Plans behind the orders: each order remembers its map and plan through its keys.
    pub(super) orders: Vec<super::keys::OrderOf>,
    mark: Mark,
    pub(super) limit: usize,
    /// How many values may still be gone through by what compares or prints whole values.
    pub(super) work: Cell<u64>,
    /// How many after that, where the clock is looked at in between.
    pub(super) later: Cell<u64>,
    pub(super) deadline: Deadline,
}

impl Memory {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, work: Cell::new(Budget::default().fuel), ..Self::default() }
    }

    pub(crate) fn clear(&mut self) {
        self.mark = Mark::default();
        self.reset();
    }

    pub(crate) fn mark(&mut self) {
        self.mark = Mark { text: self.text.len(), items: self.items.len() };
    }

    pub(crate) fn reset(&mut self) {
        self.text.truncate(self.mark.text);
        self.items.truncate(self.mark.items);
        self.members.clear();
        self.collected.clear();
        self.faults.clear();
        self.steps.clear();
        self.keys.clear();
        self.orders.clear();
        self.reordered.clear();
    }

    pub(crate) fn check(&self) -> Result<(), TrapKind> {
        self.room(0)
    }

    /// Whether there is room for so many bytes more.
    pub(crate) fn room(&self, more: usize) -> Result<(), TrapKind> {
        let size = self.text.len()
            + (self.items.len() + self.collected.len()) * size_of::<Val>()
            + self.members.len() * size_of::<(Text, Val)>()
            + self.faults.len() * size_of::<Fault>()
            + self.steps.len() * size_of::<Moved>()
            + self.keys.len() * size_of::<Ordered>();
        if size.saturating_add(more) > self.limit || self.text.len() >= 1 << 31 {
            Err(TrapKind::Memory)
        } else {
            Ok(())
        }
    }

    pub(crate) fn text(&mut self, text: &str) -> Val {
        let start = self.text.len();
        self.text.push_str(text);
        Val::Text(Text { start: start as u32, len: text.len() as u32 })
    }

    /// Writes a text of unknown length to the end of the run's text.
    pub(crate) fn write(&mut self, make: impl FnOnce(&mut String)) -> Result<Val, TrapKind> {
        let start = self.text.len();
        make(&mut self.text);
        self.check()?;
        Ok(Val::Text(Text { start: start as u32, len: (self.text.len() - start) as u32 }))
    }

    pub(crate) fn text_len(&self) -> usize {
        self.text.len()
    }

    /// The text that was added since it had this length.
    pub(crate) fn text_since(&self, start: usize) -> Result<Val, TrapKind> {
        self.check()?;
        Ok(Val::Text(Text { start: start as u32, len: self.text.len().saturating_sub(start) as u32 }))
    }

    pub(crate) fn str(&self, t: Text) -> &str {
        self.text.get(t.start as usize..(t.start + t.len) as usize).unwrap_or("")
    }

    pub(crate) fn fault(&mut self, fault: Fault) -> Result<Val, TrapKind> {
        let id = FaultId::new(self.faults.len()).map_err(|_| TrapKind::Memory)?;
        self.faults.push(fault);
        self.check()?;
        Ok(Val::Fault(id))
    }

    pub(crate) fn fault_at(&self, id: FaultId) -> Option<&Fault> {
        self.faults.get(id.index())
    }

    /// Whether a fault goes back to an unknown key, or says so.
    pub(crate) fn is_unknown(&self, id: FaultId) -> bool {
        match self.fault_at(id) {
            Some(Fault::UnknownKey(_)) => true,
            Some(Fault::Failed(text)) => self.str(*text).contains("Unknown key"),
            Some(Fault::Load(cause) | Fault::Missed { cause, .. } | Fault::Site { value: Val::Fault(cause), .. }) => {
                self.is_unknown(*cause)
            }
            Some(Fault::Both(a, b)) => self.is_unknown(*a) || self.is_unknown(*b),
            Some(Fault::Site { .. } | Fault::Elsewhere { .. } | Fault::Crashed(_)) | None => false,
        }
    }

    pub(crate) fn steps(&self) -> u32 {
        self.steps.len() as u32
    }

    pub(crate) fn push_step(&mut self, step: Moved) {
        self.steps.push(step);
    }

    pub(crate) fn steps_of(&self, range: (u32, u32)) -> &[Moved] {
        self.steps.get(range.0 as usize..range.1 as usize).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn view<'v>(&'v self, program: &'v Program, docs: &[&'v Document<'v>], value: Val) -> View<'v> {
        match value {
            Val::Node(doc, node) => docs.get(usize::from(doc.0)).map_or(View::Absent, |d| d.scalar(node).into()),
            Val::Absent | Val::Walk { .. } | Val::Marks { .. } | Val::Order { .. } | Val::Pattern(_) => View::Absent,
            Val::Null => View::Null,
            Val::Bool(b) => View::Bool(b),
            Val::Int(n) | Val::GoInt(n) => View::Int(n),
            Val::Float(n) => View::Float(n),
            Val::Text(t) => View::Str(self.str(t)),
            Val::Const(id) => match program.constant(id) {
                Some(Const::Str(s)) => View::Str(s),
                Some(Const::Reference(r)) => View::Reference(r),
                _ => View::Null,
            },
            Val::List(_) | Val::Maps(_) => View::List,
            Val::Map(_) => View::Map,
            Val::Fault(id) => View::Fault(id),
        }
    }

    #[inline]
    pub(crate) fn is_map(&self, docs: &[&Document<'_>], value: Val) -> bool {
        match value {
            Val::Map(_) => true,
            _ => node_of(docs, value).is_some_and(|(d, n)| d.kind(n) == Kind::Map),
        }
    }

    #[inline]
    pub(crate) fn is_list(&self, docs: &[&Document<'_>], value: Val) -> bool {
        match value {
            Val::List(_) | Val::Maps(_) => true,
            _ => node_of(docs, value).is_some_and(|(d, n)| d.kind(n) == Kind::List),
        }
    }

    pub(crate) fn len(&self, docs: &[&Document<'_>], value: Val) -> usize {
        match value {
            Val::List(span) | Val::Maps(span) | Val::Map(span) => span.len as usize,
            _ => node_of(docs, value).map_or(0, |(d, n)| d.len(n)),
        }
    }

    /// The member of a map under a key of the program.
    #[inline]
    pub(crate) fn field(&self, program: &Program, docs: &[&Document<'_>], value: Val, key: Sym) -> Val {
        match value {
            Val::Node(doc, node) => {
                let Some(d) = docs.get(usize::from(doc.0)) else { return Val::Absent };
                // Symbols are numbers of the program's layout; documents of another one are asked by text.
                let found = if std::ptr::eq(d.layout(), program.layout()) {
                    d.get(node, key)
                } else {
                    d.get_str(node, program.layout().symbols().name(key))
                };
                found.map_or(Val::Absent, |n| Val::Node(doc, n))
            }
            Val::Map(_) => self.member(docs, value, program.layout().symbols().name(key)).unwrap_or_default(),
            _ => Val::Absent,
        }
    }

    pub(crate) fn index(&self, docs: &[&Document<'_>], value: Val, index: u32) -> Val {
        match value {
            Val::Node(doc, node) => {
                if let Some(span) = self.reordered(doc, node) {
                    return self.index(docs, Val::List(span), index);
                }
                let found = docs
                    .get(usize::from(doc.0))
                    .filter(|d| d.kind(node) == Kind::List)
                    .and_then(|d| d.children(node).nth(index as usize));
                found.map_or(Val::Absent, |n| Val::Node(doc, n))
            }
            Val::List(span) | Val::Maps(span) if index < span.len => self.item(span.start + index),
            _ => Val::Absent,
        }
    }

    /// As an expression looks up a member: an unknown key of a map is a fault, and what is no map has only nulls.
    pub(crate) fn key_get(
        &mut self,
        program: &Program,
        docs: &[&Document<'_>],
        value: Val,
        key: Sym,
    ) -> Result<Val, TrapKind> {
        match self.field(program, docs, value, key) {
            Val::Absent if matches!(value, Val::Fault(_)) => Ok(value),
            Val::Absent if matches!(value, Val::Absent) || self.is_map(docs, value) => {
                self.unknown_key(program.layout().symbols().name(key))
            }
            Val::Absent => Ok(Val::Null),
            found => Ok(found),
        }
    }

    pub(super) fn unknown_key(&mut self, key: &str) -> Result<Val, TrapKind> {
        let Val::Text(text) = self.text(key) else { return Err(TrapKind::Memory) };
        self.fault(Fault::UnknownKey(text))
    }

    fn item(&self, at: u32) -> Val {
        self.items.get(at as usize).copied().unwrap_or_default()
    }

    #[inline]
    pub(crate) fn walk(&self, docs: &[&Document<'_>], value: Val) -> Val {
        match value {
            Val::Node(doc, node) => {
                if let Some(span) = self.reordered(doc, node) {
                    return self.walk(docs, Val::List(span));
                }
                let end = docs.get(usize::from(doc.0)).filter(|d| d.kind(node) == Kind::List).map(|d| d.end(node));
                let at = node.number() + 1;
                Val::Walk { doc, at, end: end.map_or(at, NodeId::number), taken: 0 }
            }
            Val::List(span) | Val::Maps(span) => {
                Val::Walk { doc: OWN_ITEMS, at: span.start, end: span.start + span.len, taken: 0 }
            }
            _ => Val::Absent,
        }
    }

    #[inline]
    pub(crate) fn next(&self, docs: &[&Document<'_>], walk: Val) -> Option<(Val, Val)> {
        let Val::Walk { doc, at, end, taken } = walk else { return None };
        if at >= end {
            return None;
        }
        if doc == OWN_ITEMS {
            return Some((self.item(at), Val::Walk { doc, at: at + 1, end, taken: taken + 1 }));
        }
        let node = NodeId::from_number(at);
        let next = docs.get(usize::from(doc.0))?.end(node).number();
        Some((Val::Node(doc, node), Val::Walk { doc, at: next, end, taken: taken + 1 }))
    }

    /// Whether no list of a document was sorted where it stands.
    #[inline]
    pub(crate) fn is_in_order(&self) -> bool {
        self.reordered.is_empty()
    }

    #[inline]
    fn reordered(&self, doc: DocId, node: NodeId) -> Option<Span> {
        self.reordered.iter().find(|r| (r.0, r.1) == (doc, node)).map(|r| r.2)
    }

    /// Puts the elements of a list in this order, for all who see it.
    pub(crate) fn reorder(&mut self, list: Val, items: impl ExactSizeIterator<Item = Val>) -> Result<Val, TrapKind> {
        let span = match list {
            Val::Node(doc, node) => self.reordered(doc, node),
            Val::List(span) => Some(span),
            _ => None,
        };
        if let Some(span) = span {
            let place = self.items.get_mut(span.range()).unwrap_or_default();
            place.iter_mut().zip(items).for_each(|(slot, item)| *slot = item);
            return Ok(Val::List(span));
        }
        let made = self.make_list(items)?;
        if let (Val::Node(doc, node), Val::List(span)) = (list, made) {
            self.reordered.push((doc, node, span));
        }
        Ok(made)
    }

    /// How many elements a walk has yet to take.
    pub(crate) fn rest(&self, docs: &[&Document<'_>], mut walk: Val) -> usize {
        match walk {
            Val::Walk { doc: OWN_ITEMS, at, end, .. } => end.saturating_sub(at) as usize,
            _ => std::iter::from_fn(|| self.next(docs, walk).map(|(_, next)| walk = next)).count(),
        }
    }

    /// A value as string map, empty where it is none or holds anything but strings and nulls.
    pub(crate) fn strings<'v>(&self, docs: &[&'v Document<'v>], value: Val) -> StringMap<'v> {
        let found = node_of(docs, value).filter(|(d, n)| {
            d.kind(*n) == Kind::Map && d.children(*n).all(|c| matches!(d.kind(c), Kind::Str | Kind::Null))
        });
        StringMap(found)
    }
}

/// The document and node of a node value.
#[inline]
pub(crate) fn node_of<'v>(docs: &[&'v Document<'v>], value: Val) -> Option<(&'v Document<'v>, NodeId)> {
    match value {
        Val::Node(DocId(doc), node) => docs.get(usize::from(doc)).map(|d| (*d, node)),
        _ => None,
    }
}

/// Labels or annotations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StringMap<'v>(Option<(&'v Document<'v>, NodeId)>);

impl Labels for StringMap<'_> {
    fn label(&self, key: &str) -> Option<&str> {
        let (doc, node) = self.0?;
        doc.get_str(node, key).map(|n| doc.str(n))
    }

    fn any(&self, f: &mut dyn FnMut(&str, &str) -> bool) -> bool {
        let Some((doc, node)) = self.0 else { return false };
        // Kyverno takes the first in Go's random map order; ours is the order of the keys.
        let mut entries: smallvec::SmallVec<[(&str, &str); 16]> =
            doc.entries(node).map(|(k, n)| (doc.key_text(k), doc.str(n))).collect();
        entries.sort_unstable();
        entries.into_iter().any(|(k, v)| f(k, v))
    }
}
