//! Keys of a map pattern whose wildcards are expanded against the map: which comes first is only known then.

use super::memory::{Memory, node_of};
use crate::document::{Document, Kind, NodeId};
use crate::program::KeyPlan;
use crate::value::{DocId, Ordered, Val};
use crate::verdict::TrapKind;

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

impl Memory {
    /// Expands the keys and sorts them by their text with its anchor: those moved to the front in reverse, then the
    /// others.
    pub(crate) fn order(&mut self, docs: &[&Document<'_>], value: Val, plan: &[KeyPlan]) -> Result<Val, TrapKind> {
        let start = self.keys.len() as u32;
        let (Some((doc, map)), Val::Node(id, _)) = (node_of(docs, value), value) else {
            return Ok(Val::Order { of: 0, at: start, end: start });
        };
        let expanded = |p: &KeyPlan| {
            let node = expand(doc, map, p);
            let key = node.and_then(|n| doc.key(n)).map_or(p.key.as_str(), |k| doc.key_text(k)).to_owned();
            (node, key)
        };
        let mut keys: Vec<(bool, String, u32, Option<NodeId>, String)> = Vec::with_capacity(plan.len());
        for (case, p) in (0u32..).zip(plan) {
            let (node, key) = expanded(p);
            let suffix = if p.prefix.is_empty() { "" } else { ")" };
            keys.push((p.front, format!("{}{key}{suffix}", p.prefix), case, node, key));
        }
        keys.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| if a.0 { b.1.cmp(&a.1) } else { a.1.cmp(&b.1) }));
        let of = self.orders.len() as u32;
        self.orders.push(OrderOf { doc: id });
        for (_, _, case, node, key) in keys {
            let key = self.write(|out| out.push_str(&key))?;
            self.keys.push(Ordered { case, node, key });
        }
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
