//! Scalars as texts: what kyaml compares merge keys by, and what its errors show of a value.

use super::equal::canonical;
use super::tree::{Cell, Side, Tree};
use crate::document::{Document, Kind, NodeId};
use crate::scalar::{Scalar, number};
use std::borrow::Cow;
use std::fmt::Write as _;

/// The text of a scalar, as it stands in JSON, without the quotes of a string. Numbers are written when it is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text<'d> {
    Of(&'d str),
    Int(i64),
    /// A float64 that is not written like an int64
    Float(f64),
}

impl<'d> Text<'d> {
    pub(super) fn shown(&self) -> Cow<'d, str> {
        match self {
            Self::Of(text) => Cow::Borrowed(text),
            Self::Int(value) => Cow::Owned(number::format_int(*value).to_string()),
            Self::Float(value) => match number::format_json(*value) {
                Some(text) => Cow::Owned(text.to_string()),
                None => Cow::Borrowed("null"),
            },
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Of(""))
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Of(a), Self::Of(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Of(text), number) | (number, Self::Of(text)) => {
                text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && number.shown() == *text
            }
            _ => self.shown() == other.shown(),
        }
    }
}

impl Eq for Text<'_> {}

/// The text of a scalar of a document; empty for lists and maps.
pub(super) fn spelling<'d>(doc: &'d Document<'_>, node: NodeId) -> Text<'d> {
    if let Some(text) = doc.as_str(node) {
        return Text::Of(text);
    }
    match canonical(doc.scalar(node)) {
        Scalar::Null => Text::Of("null"),
        Scalar::Bool(value) => Text::Of(if value { "true" } else { "false" }),
        Scalar::Int(value) => Text::Int(value),
        Scalar::Float(value) => Text::Float(value),
        Scalar::Str(_) | Scalar::List | Scalar::Map => Text::Of(""),
    }
}

impl<'d> Tree<'d> {
    /// The text of a value: empty for lists and maps.
    pub(super) fn text(&self, cell: Cell) -> Text<'d> {
        match cell {
            Cell::Node(side, node) | Cell::Spelled(side, node) => spelling(self.doc(side), node),
            Cell::Null | Cell::PutNull => Text::Of("null"),
            Cell::Map(_) | Cell::List(_) => Text::Of(""),
        }
    }

    /// A value as kyaml's errors show it: YAML in JSON's form, and a line's end.
    pub(super) fn shown(&self, cell: Cell) -> String {
        let mut out = String::new();
        self.flow(cell, &mut out);
        out.push('\n');
        out
    }

    fn flow(&self, cell: Cell, out: &mut String) {
        match cell {
            Cell::Node(side, node) => flow(self.doc(side), node, out),
            Cell::Spelled(side, node) => quoted(&spelling(self.doc(side), node).shown(), out),
            Cell::Null | Cell::PutNull => out.push_str("null"),
            Cell::Map(items) | Cell::List(items) => {
                let map = matches!(cell, Cell::Map(_));
                out.push(if map { '{' } else { '[' });
                let mut at = items.first();
                while let Some(slot) = at.and_then(|at| self.slot(at)) {
                    if at != items.first() {
                        out.push_str(", ");
                    }
                    if map {
                        quoted(slot.key, out);
                        out.push_str(": ");
                    }
                    self.flow(self.cell(slot.value), out);
                    at = at.and_then(|at| self.after(at));
                }
                out.push(if map { '}' } else { ']' });
            }
        }
    }
}

fn flow(doc: &Document<'_>, node: NodeId, out: &mut String) {
    match doc.kind(node) {
        Kind::Str => quoted(doc.str(node), out),
        Kind::Raw => out.push_str(doc.str(node)),
        kind @ (Kind::List | Kind::Map) => {
            out.push(if kind == Kind::Map { '{' } else { '[' });
            let mut members: Vec<_> =
                doc.children(node).map(|n| (doc.key(n).map_or("", |key| doc.key_text(key)), n)).collect();
            if kind == Kind::Map {
                members.sort_unstable_by_key(|(key, _)| *key);
            }
            for (i, (key, child)) in members.into_iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                if kind == Kind::Map {
                    quoted(key, out);
                    out.push_str(": ");
                }
                flow(doc, child, out);
            }
            out.push(if kind == Kind::Map { '}' } else { ']' });
        }
        _ => out.push_str(&spelling(doc, node).shown()),
    }
}

/// A string in double quotes, with YAML's escapes.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            '\u{feff}' => out.push_str("\\uFEFF"),
            '\u{1}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => {
                let _ = write!(out, "\\x{:02X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The place of a scalar, where it has one of its own.
pub(super) fn place_of(cell: Cell) -> Option<(Side, NodeId)> {
    match cell {
        Cell::Node(side, node) | Cell::Spelled(side, node) => Some((side, node)),
        Cell::Null | Cell::PutNull | Cell::Map(_) | Cell::List(_) => None,
    }
}
