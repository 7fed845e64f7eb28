//! The tests on values.

use super::memory::{View, node_of};
use super::print::Encoder;
use super::{Input, Machine, MadePattern};
use crate::document::{Document, Kind, NodeId};
use crate::op::Instr;
use crate::program::Program;
use crate::scalar::{Glob, ScalarPattern};
use crate::selector::Labels;
use crate::value::Val;
use crate::verdict::TrapKind;

impl Machine {
    #[inline]
    pub(super) fn test_scalar(
        &self,
        program: &Program,
        input: &Input<'_>,
        value: Val,
        pattern: &ScalarPattern,
    ) -> bool {
        if let Some((doc, node)) = node_of(input.documents, value) {
            return node_matches(doc, node, pattern);
        }
        if let Val::List(_) = value {
            let items = self.memory.elements(input.documents, value);
            return items.into_iter().all(|v| pattern.matches(self.view(program, input, v).scalar()));
        }
        pattern.matches(self.view(program, input, value).scalar())
    }

    /// The pattern that a value stands for, or `None` where the host has to read its text first.
    pub(super) fn make_pattern(&mut self, program: &Program, input: &Input<'_>, value: Val) -> Option<Val> {
        let made = match self.view(program, input, value) {
            View::Str(s) => {
                let at = self.patterns.iter().position(|made| made.read && *made.text == *s)?;
                return Some(Val::Pattern(at as u32));
            }
            View::Bool(b) => ScalarPattern::bool(b),
            View::Int(n) => ScalarPattern::int(n),
            View::Float(n) => ScalarPattern::float(n),
            View::Map => ScalarPattern::map_type(),
            View::Absent | View::Null => ScalarPattern::null(),
            View::Fault(_) | View::List | View::Reference(_) => return Some(value),
        };
        let mut text = String::new();
        self.go_value(program, input, value, &mut text);
        self.patterns.push(MadePattern { text: text.into(), read: false, pattern: made });
        Some(Val::Pattern(self.patterns.len() as u32 - 1))
    }

    /// Whether a value is the pattern `*`.
    pub(super) fn is_any(&self, value: Val) -> bool {
        let Val::Pattern(at) = value else { return false };
        self.patterns.get(at as usize).is_some_and(|made| made.read && &*made.text == "*")
    }

    pub(super) fn test_made(&self, program: &Program, input: &Input<'_>, value: Val, pattern: Val) -> bool {
        match pattern {
            Val::Pattern(at) => self
                .patterns
                .get(at as usize)
                .is_some_and(|made| self.test_scalar(program, input, value, &made.pattern)),
            _ => false,
        }
    }

    #[inline]
    pub(super) fn test_any(&self, program: &Program, input: &Input<'_>, value: Val, globs: &[Glob]) -> bool {
        let hit = |s: &str| globs.iter().any(|g| g.matches(s));
        if let Some((doc, node)) = node_of(input.documents, value)
            && doc.kind(node) == Kind::List
        {
            return doc.children(node).any(|n| doc.as_str(n).is_some_and(hit));
        }
        match self.view(program, input, value) {
            View::Str(s) => hit(s),
            View::List => {
                let items = self.memory.elements(input.documents, value);
                items.into_iter().any(|v| matches!(self.view(program, input, v), View::Str(s) if hit(s)))
            }
            _ => false,
        }
    }

    pub(super) fn test_pairs(&self, input: &Input<'_>, value: Val, pairs: &[(Glob, Glob)]) -> bool {
        let entries = self.memory.strings(input.documents, value);
        pairs.iter().all(|(key, text)| entries.any(&mut |k, v| key.matches(k) && text.matches(v)))
    }

    /// Joins registers to one text.
    pub(super) fn join(&mut self, program: &Program, input: &Input<'_>, i: Instr) -> Result<Val, TrapKind> {
        let first = i.b as u8;
        let last = usize::from(first) + (i.c as usize).min(256);
        let mut out = String::new();
        for r in usize::from(first)..last.min(256) {
            let value = self.reg(r as u8);
            match self.view(program, input, value) {
                View::Fault(_) => return Ok(value),
                View::Str(s) => out.push_str(s),
                _ => self.memory.json(program, input.documents, value, Encoder::Jsoniter, &mut out),
            }
        }
        self.memory.write(|text| text.push_str(&out))
    }
}

/// Whether a value, or where it is a list each of its elements, satisfies a scalar pattern.
#[inline]
pub(super) fn node_matches(doc: &Document<'_>, node: NodeId, pattern: &ScalarPattern) -> bool {
    match doc.kind(node) {
        Kind::List => doc.children(node).all(|n| pattern.matches(doc.scalar(n))),
        _ => pattern.matches(doc.scalar(node)),
    }
}
