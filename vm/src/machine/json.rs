//! Values as JSON text, in the forms of the two encoders that Kyverno uses: keys sorted, nothing spaced, HTML characters
//! escaped.

use super::memory::{Memory, View, node_of};
use super::{Input, Machine};
use crate::document::{Document, Kind};
use crate::op::Instr;
use crate::program::Program;
use crate::scalar::number::{format_iterator, json_float};
use crate::value::Val;
use crate::verdict::TrapKind;

/// An encoder. They differ in small floats and in two control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoder {
    /// Go's own, of JMESPath's functions
    Standard,
    /// jsoniter, of values that are put into a text
    Iterator,
}

impl Machine {
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
                _ => self.memory.json(program, input.documents, value, Encoder::Iterator, &mut out),
            }
        }
        self.memory.write(|text| text.push_str(&out))
    }

    /// Appends a value as JSON.
    pub fn json(&self, program: &Program, input: &Input<'_>, value: Val, out: &mut String) {
        self.memory.json(program, input.documents, value, Encoder::Standard, out);
    }
}

impl Memory {
    pub(crate) fn json(
        &self,
        program: &Program,
        docs: &[&Document<'_>],
        value: Val,
        encoder: Encoder,
        out: &mut String,
    ) {
        match self.view(program, docs, value) {
            View::List => {
                out.push('[');
                for (i, item) in self.elements(docs, value).into_iter().enumerate() {
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
            View::Bool(b) => out.push_str(if b { "true" } else { "false" }),
            View::Int(n) => out.push_str(&n.to_string()),
            View::Float(n) => match format_iterator(n) {
                Some(text) if encoder == Encoder::Iterator => out.push_str(&text),
                _ => json_float(n, out),
            },
            View::Str(s) => json_string(s, encoder, out),
            View::Absent | View::Null | View::Fault(_) => out.push_str("null"),
        }
    }
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
            '\u{8}' if encoder == Encoder::Standard => out.push_str("\\b"),
            '\u{c}' if encoder == Encoder::Standard => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
