//! Values made from others as a whole: copies from another machine, numbers as decoding JSON gives them, merged maps.

use super::Machine;
use super::memory::{Memory, View};
use crate::document::Document;
use crate::program::Program;
use crate::value::Val;
use crate::verdict::TrapKind;

/// How many nodes count as one value that is gone through, where they are only glanced over.
const NODES_AT_ONCE: usize = 16;

impl Memory {
    /// Whether some value inside passes a test, keys included as texts.
    pub(super) fn any(
        &self,
        program: &Program,
        docs: &[&Document<'_>],
        value: Val,
        test: &mut dyn FnMut(View<'_>) -> bool,
    ) -> bool {
        if !self.visit() {
            return false;
        }
        match self.view(program, docs, value) {
            View::List => self.elements(docs, value).into_iter().any(|v| self.any(program, docs, v, test)),
            View::Map => self
                .entries(docs, value)
                .into_iter()
                .any(|(key, v)| test(View::Str(key)) || self.any(program, docs, v, test)),
            scalar => test(scalar),
        }
    }

    /// A value whose int64 are float64.
    pub(super) fn floated(&mut self, program: &Program, docs: &[&Document<'_>], value: Val) -> Result<Val, TrapKind> {
        let ints = match value {
            Val::Node(doc, node) => docs.get(usize::from(doc.0)).is_some_and(|doc| {
                let nodes = doc.end(node).index().saturating_sub(node.index());
                self.labour((nodes / NODES_AT_ONCE) as u64 + 1) && doc.has_ints(node)
            }),
            _ => self.any(program, docs, value, &mut |v| matches!(v, View::Int(_))),
        };
        if !ints {
            return Ok(value);
        }
        match self.view(program, docs, value) {
            View::Int(n) => Ok(Val::Float(n as f64)),
            View::List => {
                let mut items = self.elements(docs, value);
                for item in &mut items {
                    *item = self.floated(program, docs, *item)?;
                }
                self.make_list(items)
            }
            View::Map if let Val::Node(number, node) = value => {
                let Some(doc) = docs.get(usize::from(number.0)) else { return Ok(value) };
                let mut made = Vec::with_capacity(doc.len(node));
                for (key, child) in doc.entries(node) {
                    let member = self.floated(program, docs, Val::Node(number, child))?;
                    if let Val::Text(key) = self.write(|out| out.push_str(doc.key_text(key)))? {
                        made.push((key, member));
                    }
                }
                self.make_map(made)
            }
            View::Map => {
                let mut members = self.owned_entries(docs, value);
                for (_, member) in &mut members {
                    *member = self.floated(program, docs, *member)?;
                }
                self.keyed_map(members)
            }
            _ => Ok(value),
        }
    }

    /// The members of a map with keys of their own, so that others can be made meanwhile.
    fn owned_entries(&self, docs: &[&Document<'_>], value: Val) -> Vec<(String, Val)> {
        self.entries(docs, value).into_iter().map(|(key, v)| (key.to_owned(), v)).collect()
    }

    /// Makes a map of members; the last of equal keys wins.
    pub(super) fn keyed_map(&mut self, members: Vec<(String, Val)>) -> Result<Val, TrapKind> {
        let mut made = Vec::with_capacity(members.len());
        for (key, value) in members {
            if let Val::Text(key) = self.write(|out| out.push_str(&key))? {
                made.push((key, value));
            }
        }
        self.make_map(made)
    }

    /// A value put over another: where both are maps, member by member.
    pub(super) fn merged(&mut self, docs: &[&Document<'_>], below: Val, above: Val) -> Result<Val, TrapKind> {
        if !self.is_map(docs, below) || !self.is_map(docs, above) {
            return Ok(above);
        }
        let mut members = self.owned_entries(docs, below);
        for (key, value) in self.owned_entries(docs, above) {
            match members.iter_mut().find(|(k, _)| *k == key) {
                Some(slot) => slot.1 = self.merged(docs, slot.1, value)?,
                None => members.push((key, value)),
            }
        }
        self.keyed_map(members)
    }

    /// Copies a value of another memory. Nodes stay nodes: the documents have to be the same.
    fn copied(
        &mut self,
        from: &Memory,
        program: &Program,
        docs: &[&Document<'_>],
        value: Val,
    ) -> Result<Val, TrapKind> {
        if matches!(value, Val::Node(..)) {
            return Ok(value);
        }
        match from.view(program, docs, value) {
            View::Null => Ok(Val::Null),
            View::Bool(b) => Ok(Val::Bool(b)),
            View::Int(n) => Ok(Val::Int(n)),
            View::Float(n) => Ok(Val::Float(n)),
            View::Str(s) => self.write(|out| out.push_str(s)),
            View::List => {
                let mut items = from.elements(docs, value);
                for item in &mut items {
                    *item = self.copied(from, program, docs, *item)?;
                }
                self.make_list(items)
            }
            View::Map => {
                let mut members = from.owned_entries(docs, value);
                for (_, member) in &mut members {
                    *member = self.copied(from, program, docs, *member)?;
                }
                self.keyed_map(members)
            }
            // What is left of an expression without its program.
            View::Reference(_) => self.make_map(Vec::new()),
            View::Absent | View::Fault(_) => Ok(Val::Absent),
        }
    }
}

impl Machine {
    /// Copies a value of a machine that runs `program` over the same documents.
    pub fn copy(
        &mut self,
        from: &Machine,
        program: &Program,
        docs: &[&Document<'_>],
        value: Val,
    ) -> Result<Val, TrapKind> {
        self.memory.copied(&from.memory, program, docs, value)
    }

    /// Makes a list for the host.
    pub fn list(&mut self, items: Vec<Val>) -> Result<Val, TrapKind> {
        self.memory.make_list(items)
    }

    /// Makes a map for the host; the last of equal keys wins.
    pub fn map(&mut self, members: Vec<(String, Val)>) -> Result<Val, TrapKind> {
        self.memory.keyed_map(members)
    }

    /// The elements of a list; nothing for all else.
    pub fn elements(&self, docs: &[&Document<'_>], value: Val) -> Vec<Val> {
        self.memory.elements(docs, value)
    }

    /// The members of a map, sorted by key; nothing for all else.
    pub fn entries<'v>(&'v self, docs: &[&'v Document<'v>], value: Val) -> Vec<(&'v str, Val)> {
        self.memory.entries(docs, value)
    }

    /// The member of a map under a key.
    pub fn member(&self, docs: &[&Document<'_>], value: Val, key: &str) -> Option<Val> {
        self.memory.member(docs, value, key)
    }
}
