//! The tests on values, and joining texts.

use super::memory::{Memory, View, node_of};
use super::{Input, Machine, MadePattern};
use crate::document::{Document, Kind};
use crate::op::Instr;
use crate::program::Program;
use crate::scalar::{Glob, ScalarPattern, json_float};
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
            if doc.kind(node) == Kind::List {
                return doc.children(node).all(|n| pattern.matches(doc.scalar(n)));
            }
            return pattern.matches(doc.scalar(node));
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
            View::Fault(_) | View::List => return Some(value),
        };
        let mut text = String::new();
        self.go_value(program, input, value, &mut text);
        self.patterns.push(MadePattern { text: text.into(), read: false, pattern: made });
        Some(Val::Pattern(self.patterns.len() as u32 - 1))
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
                _ => self.json(program, input, value, &mut out),
            }
        }
        self.memory.write(|text| text.push_str(&out))
    }

    /// Appends a value as JSON, in Go's form: keys sorted, nothing spaced.
    pub fn json(&self, program: &Program, input: &Input<'_>, value: Val, out: &mut String) {
        self.memory.json(program, input.documents, value, out);
    }
}

impl Memory {
    pub(crate) fn json(&self, program: &Program, docs: &[&Document<'_>], value: Val, out: &mut String) {
        match self.view(program, docs, value) {
            View::List => {
                out.push('[');
                for (i, item) in self.elements(docs, value).into_iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    self.json(program, docs, item, out);
                }
                out.push(']');
            }
            View::Map => match node_of(docs, value) {
                Some((doc, node)) if doc.kind(node) == Kind::Raw => out.push_str(doc.str(node)),
                _ => {
                    out.push('{');
                    for (i, (key, member)) in self.entries(docs, value).into_iter().enumerate() {
                        if i > 0 {
                            out.push(',');
                        }
                        json_string(key, out);
                        out.push(':');
                        self.json(program, docs, member, out);
                    }
                    out.push('}');
                }
            },
            scalar => json_scalar(scalar, out),
        }
    }
}

fn json_scalar(view: View<'_>, out: &mut String) {
    match view {
        View::Bool(b) => out.push_str(if b { "true" } else { "false" }),
        View::Int(n) => out.push_str(&n.to_string()),
        View::Float(n) => json_float(n, out),
        View::Str(s) => json_string(s, out),
        _ => out.push_str("null"),
    }
}

/// Kyverno encodes with jsoniter's standard-library setting: HTML characters are escaped.
fn json_string(s: &str, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
