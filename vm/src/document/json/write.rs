//! A document as the JSON text that Go's `encoding/json` makes of it.

use super::{JsonOptions, read_json};
use crate::document::{Buffers, Document, Kind, Layout, NodeId};
use crate::scalar::{Scalar, number};
use std::fmt::Write;

/// The JSON text of a value: keys sorted, `<`, `>`, `&` and line separators escaped, floats as Go spells them.
pub fn go_json(doc: &Document<'_>, node: NodeId) -> String {
    let mut out = String::new();
    write_json(doc, node, &mut out);
    out
}

/// As [`go_json`], appended to a text.
pub fn write_json(doc: &Document<'_>, node: NodeId, out: &mut String) {
    match doc.scalar(node) {
        Scalar::Null => out.push_str("null"),
        Scalar::Bool(b) => out.push_str(if b { "true" } else { "false" }),
        Scalar::Int(n) => {
            let _ = write!(out, "{n}");
        }
        Scalar::Float(n) => match doc.uint(node) {
            Some(n) => {
                let _ = write!(out, "{n}");
            }
            None => number::json_float(n, out),
        },
        Scalar::Str(s) => write_str(s, out),
        Scalar::List => {
            out.push('[');
            for (i, child) in doc.children(node).enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_json(doc, child, out);
            }
            out.push(']');
        }
        Scalar::Map if doc.kind(node) == Kind::Raw => write_raw(doc.str(node), out),
        Scalar::Map => {
            let mut members: Vec<(&str, NodeId)> = doc.entries(node).map(|(k, n)| (doc.key_text(k), n)).collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (i, (key, child)) in members.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_str(key, out);
                out.push(':');
                write_json(doc, child, out);
            }
            out.push('}');
        }
    }
}

/// A subtree that was kept as text, in the same form as all others.
fn write_raw(text: &str, out: &mut String) {
    let layout = Layout::everything();
    match read_json(text, &layout, Buffers::default(), JsonOptions::default()) {
        Ok(doc) => {
            if let Some(root) = doc.root() {
                write_json(&doc, root, out);
            }
        }
        // The reader checked it when it kept it.
        Err(_) => out.push_str(text),
    }
}

/// A string in quotes, escaped as Go does.
pub fn write_str(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(special) {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = from.chars();
        match chars.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some('\u{8}') => out.push_str("\\b"),
            Some('\u{c}') => out.push_str("\\f"),
            Some(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn special(c: char) -> bool {
    matches!(c, '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}')
}
