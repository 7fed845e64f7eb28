//! Values as text: JSON, and Go's `%v`.
//!
//! A list that the run made may stand in many places, and a value that fits into the memory of the run can have a text
//! that fits nowhere. So the values that are gone through are counted, and texts end at the memory's limit.

use super::memory::{Memory, View, node_of};
use super::{Input, Machine};
use crate::document::{Buffers, Builder, Document, Kind, Layout, Limits};
use crate::program::Program;
use crate::scalar::number::{format_iterator, json_float};
use crate::scalar::{Scalar, format_v};
use crate::value::Val;
use std::cmp::Ordering;
use std::fmt::Write;

impl Machine {
    /// Appends a value as JSON, in Go's form: keys sorted, nothing spaced. [`exhausted`](Self::exhausted) says whether
    /// it was too much.
    pub fn json(&self, program: &Program, input: &Input<'_>, value: Val, out: &mut String) {
        self.memory.json(program, input.documents, value, Encoder::Go, out);
    }

    /// A value as the document that its [JSON](Self::json) would be read as. Nothing where that is not plain to see, as of
    /// numbers that are no int64.
    pub fn document<'l>(
        &self,
        program: &Program,
        input: &Input<'_>,
        value: Val,
        layout: &'l Layout,
        buffers: Buffers,
    ) -> Option<Document<'l>> {
        let mut b = Builder::new("", layout, buffers, Limits::default());
        self.memory.build(program, input.documents, value, &mut b)?;
        Some(b.finish())
    }

    /// The first number in a value that JSON cannot spell.
    pub fn not_json(&self, input: &Input<'_>, value: Val) -> Option<f64> {
        self.memory.not_json(input.documents, value)
    }

    /// Appends a value as Go's `%v` prints it.
    pub fn go_value(&self, program: &Program, input: &Input<'_>, value: Val, out: &mut String) {
        self.memory.go_value(program, input.documents, value, out);
    }

    /// Whether something stopped halfway because the run has gone through more values than its fuel allows.
    pub fn exhausted(&self) -> bool {
        self.memory.exhausted()
    }
}

/// How many bytes of a text count as a value that is gone through.
const STRIDE: usize = 64;

impl Memory {
    /// Counts a value that is gone through; whether it still may be.
    pub(super) fn visit(&self) -> bool {
        self.labour(1)
    }

    /// The order of two texts.
    pub(crate) fn text_order(&self, a: &str, b: &str) -> Ordering {
        let common = a.len().min(b.len());
        if common > STRIDE && !self.labour((common / STRIDE) as u64) {
            return Ordering::Equal;
        }
        a.cmp(b)
    }

    /// Whether two texts are the same.
    pub(crate) fn same_text(&self, a: &str, b: &str) -> bool {
        a.len() == b.len() && (a.len() <= STRIDE || self.labour((a.len() / STRIDE) as u64)) && a == b
    }

    /// Counts a value that is added to a text.
    fn add(&self, out: &str) -> bool {
        if out.len() > self.limit {
            self.exhaust();
        }
        self.visit()
    }

    pub(crate) fn json(
        &self,
        program: &Program,
        docs: &[&Document<'_>],
        value: Val,
        encoder: Encoder,
        out: &mut String,
    ) {
        if !self.add(out) {
            return;
        }
        match self.view(program, docs, value) {
            View::List => {
                out.push('[');
                for (i, item) in self.items(docs, value).enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    self.json(program, docs, item, encoder, out);
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
                        json_string(key, encoder, out);
                        out.push(':');
                        self.json(program, docs, member, encoder, out);
                    }
                    out.push('}');
                }
            },
            scalar => json_scalar(scalar, encoder, out),
        }
    }

    fn build(&self, program: &Program, docs: &[&Document<'_>], value: Val, b: &mut Builder<'_>) -> Option<()> {
        if !self.visit() {
            return None;
        }
        match self.view(program, docs, value) {
            View::Null => b.null(None).ok(),
            View::Bool(value) => b.bool(value, None).ok(),
            View::Int(value) => b.int(value, None).ok(),
            View::Str(text) => b.str(text, None).ok(),
            View::List => {
                b.begin_list(None).ok()?;
                self.items(docs, value).try_for_each(|item| self.build(program, docs, item, b))?;
                b.end();
                Some(())
            }
            View::Map if node_of(docs, value).is_none_or(|(doc, node)| doc.kind(node) != Kind::Raw) => {
                b.begin_map(None).ok()?;
                for (key, member) in self.entries(docs, value) {
                    b.key(key, None).ok()?;
                    self.build(program, docs, member, b)?;
                }
                b.end();
                Some(())
            }
            _ => None,
        }
    }

    /// The first number in a value that JSON cannot spell.
    pub(crate) fn not_json(&self, docs: &[&Document<'_>], value: Val) -> Option<f64> {
        if !self.visit() {
            return None;
        }
        match value {
            Val::Float(n) => (!n.is_finite()).then_some(n),
            // A document is read from JSON.
            Val::List(_) | Val::Maps(_) => {
                for item in self.items(docs, value) {
                    let found = self.not_json(docs, item);
                    if found.is_some() || self.exhausted() {
                        return found;
                    }
                }
                None
            }
            Val::Map(_) => self.entries(docs, value).into_iter().find_map(|(_, v)| self.not_json(docs, v)),
            _ => None,
        }
    }

    pub(crate) fn go_value(&self, program: &Program, docs: &[&Document<'_>], value: Val, out: &mut String) {
        if !self.add(out) {
            return;
        }
        match self.view(program, docs, value) {
            View::List => {
                out.push('[');
                for (i, item) in self.items(docs, value).enumerate() {
                    if i > 0 {
                        out.push(' ');
                    }
                    self.go_value(program, docs, item, out);
                }
                out.push(']');
            }
            View::Map => {
                out.push_str("map[");
                for (i, (key, member)) in self.entries(docs, value).into_iter().enumerate() {
                    if i > 0 {
                        out.push(' ');
                    }
                    out.push_str(key);
                    out.push(':');
                    self.go_value(program, docs, member, out);
                }
                out.push(']');
            }
            View::Reference(r) => out.push_str(&r.shown),
            scalar => go_scalar(scalar.scalar(), out),
        }
    }
}

fn json_scalar(view: View<'_>, encoder: Encoder, out: &mut String) {
    match view {
        View::Bool(b) => out.push_str(if b { "true" } else { "false" }),
        View::Int(n) => drop(write!(out, "{n}")),
        View::Float(n) => match format_iterator(n) {
            Some(text) if encoder == Encoder::Jsoniter => out.push_str(&text),
            _ => json_float(n, out),
        },
        View::Str(s) => json_string(s, encoder, out),
        // A struct of Go without fields that show.
        View::Reference(_) => out.push_str("{}"),
        _ => out.push_str("null"),
    }
}

/// Who encodes. Both escape HTML's characters; they differ in small floats and in two control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoder {
    /// Go's `encoding/json`
    Go,
    /// The jsoniter package, with which Kyverno puts values into texts
    Jsoniter,
}

fn json_string(s: &str, encoder: Encoder, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' if encoder == Encoder::Go => out.push_str("\\b"),
            '\u{c}' if encoder == Encoder::Go => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn go_scalar(s: Scalar<'_>, out: &mut String) {
    match s {
        Scalar::Null => out.push_str("<nil>"),
        Scalar::Bool(b) => out.push_str(if b { "true" } else { "false" }),
        Scalar::Int(n) => drop(write!(out, "{n}")),
        Scalar::Float(n) => format_v(n, out),
        Scalar::Str(s) => out.push_str(s),
        Scalar::List | Scalar::Map => {}
    }
}
