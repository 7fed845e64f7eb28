//! Keys of a map pattern whose wildcards are expanded against the map: which comes first is only known then.

use super::memory::{Memory, node_of};
use crate::document::{Document, Kind, NodeId};
use crate::program::KeyPlan;
use crate::value::{DocId, Ordered, Val};
use crate::verdict::TrapKind;
use std::cmp::Ordering;

/// The document an order is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrderOf {
    doc: DocId,
}

/// The next key of an order.
pub(crate) struct NextKey {
    pub(super) case: u32,
    pub(super) key: Val,
    pub(super) value: Val,
    pub(super) rest: Val,
}

/// The first member, in the order of the keys, that a glob matches and whose value is a string.
fn expand(doc: &Document<'_>, map: NodeId, plan: &KeyPlan) -> Option<NodeId> {
    if plan.key.is_literal() {
        return doc.get_str(map, plan.key.as_str());
    }
    doc.entries(map)
        .filter(|(k, n)| doc.kind(*n) == Kind::Str && plan.key.matches(doc.key_text(*k)))
        .min_by_key(|(k, _)| doc.key_text(*k))
        .map(|(_, n)| n)
}

/// A key with its anchor, in the run's text.
fn anchored<'t>(plan: &'t KeyPlan, text: &'t str, key: &Ordered) -> impl Iterator<Item = u8> + use<'t> {
    let key = match key.key {
        Val::Text(t) => text.get(t.start as usize..(t.start + t.len) as usize).unwrap_or(""),
        _ => "",
    };
    let suffix = if plan.prefix.is_empty() { "" } else { ")" };
    plan.prefix.bytes().chain(key.bytes()).chain(suffix.bytes())
}

impl Memory {
    /// Expands the keys and sorts them by their text with its anchor: those moved to the front in reverse, then the
    /// others.
    pub(crate) fn order(&mut self, docs: &[&Document<'_>], value: Val, plan: &[KeyPlan]) -> Result<Val, TrapKind> {
        let start = self.keys.len() as u32;
        let (Some((doc, map)), Val::Node(id, _)) = (node_of(docs, value), value) else {
            return Ok(Val::Order { of: 0, at: start, end: start });
        };
        for (case, p) in (0u32..).zip(plan) {
            let node = expand(doc, map, p);
            let text = node.and_then(|n| doc.key(n)).map_or(p.key.as_str(), |k| doc.key_text(k));
            let key = self.write(|out| out.push_str(text))?;
            self.keys.push(Ordered { case, node, key });
        }
        let (text, added) = (self.text.as_str(), self.keys.get_mut(start as usize..).unwrap_or_default());
        added.sort_unstable_by(|a, b| {
            let (Some(p), Some(q)) = (plan.get(a.case as usize), plan.get(b.case as usize)) else {
                return Ordering::Equal;
            };
            let texts = anchored(p, text, a).cmp(anchored(q, text, b));
            let texts = if p.front { texts.reverse() } else { texts };
            q.front.cmp(&p.front).then(texts).then(a.case.cmp(&b.case))
        });
        let of = self.orders.len() as u32;
        self.orders.push(OrderOf { doc: id });
        Ok(Val::Order { of, at: start, end: self.keys.len() as u32 })
    }

    /// The next key; its value is that of the member, or nothing.
    pub(crate) fn next_key(&self, order: Val) -> Option<NextKey> {
        let Val::Order { of, at, end } = order else { return None };
        let next = self.keys.get(at as usize).filter(|_| at < end)?;
        let source = self.orders.get(of as usize)?;
        let value = next.node.map_or(Val::Absent, |n| Val::Node(source.doc, n));
        Some(NextKey { case: next.case, key: next.key, value, rest: Val::Order { of, at: at + 1, end } })
    }
}
