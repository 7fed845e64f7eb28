//! Scalars as texts: what kyaml compares merge keys by, and what its errors show of a value.

use super::tree::{Cell, Side, Tree};
use crate::document::{Document, Kind, NodeId};
use crate::scalar::number::{self, NumberText};
use std::fmt::Write as _;

/// The text of a scalar, as it stands in JSON, without the quotes of a string.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text<'d> {
    Of(&'d str),
    Number(NumberText),
}

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Of(text) => text,
            Self::Number(text) => text.as_str(),
        }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text<'_> {}

/// The text of a scalar of a document; empty for lists and maps.
pub(super) fn spelling<'d>(doc: &'d Document<'_>, node: NodeId) -> Text<'d> {
    match doc.kind(node) {
        Kind::Null => Text::Of("null"),
        Kind::Str => Text::Of(doc.str(node)),
        Kind::Bool => Text::Of(if doc.scalar(node) == crate::scalar::Scalar::Bool(true) { "true" } else { "false" }),
        Kind::Int | Kind::Float | Kind::Uint => match doc.scalar(node) {
            crate::scalar::Scalar::Int(value) => Text::Number(number::format_int(value)),
            crate::scalar::Scalar::Float(value) => number::format_json(value).map_or(Text::Of("null"), Text::Number),
            _ => Text::Of(""),
        },
        Kind::List | Kind::Map | Kind::Raw => Text::Of(""),
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
            Cell::Spelled(side, node) => quoted(spelling(self.doc(side), node).as_str(), out),
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
        _ => out.push_str(spelling(doc, node).as_str()),
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
