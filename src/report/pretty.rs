//! Indented JSON that is written piece by piece, as serde_json writes the whole of it.

use serde::Serialize;
use std::io::{self, Write};

/// A value as indented JSON whose lines after the first stand `indent` columns further in.
pub(super) fn text(value: &impl Serialize, indent: usize) -> io::Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    // A line break of a string is an escape.
    Ok(text.replace('\n', &format!("\n{:indent$}", "")))
}

/// A list whose elements come one after the other.
#[derive(Debug)]
pub(super) struct List {
    indent: usize,
    empty: bool,
}

impl List {
    /// A list whose end stands `indent` columns in.
    pub(super) fn new(indent: usize) -> Self {
        Self { indent, empty: true }
    }

    /// Writes the next element.
    pub(super) fn element(&mut self, value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
        let indent = self.indent + 2;
        let before = if std::mem::take(&mut self.empty) { "[" } else { "," };
        write!(out, "{before}\n{:indent$}{}", "", text(value, indent)?)
    }

    /// Writes the end.
    pub(super) fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.empty { write!(out, "[]") } else { write!(out, "\n{:1$}]", "", self.indent) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn pieces_are_like_the_whole() {
        for list in [json!([]), json!([1]), json!([{"a": "x\ny", "b": [2, {}]}, [], "z"])] {
            let mut out = b"{\n  \"k\": ".to_vec();
            let mut pieces = List::new(2);
            for element in list.as_array().unwrap() {
                pieces.element(element, &mut out).unwrap();
            }
            pieces.end(&mut out).unwrap();
            out.extend(b"\n}");
            let whole: Value = json!({ "k": list });
            assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string_pretty(&whole).unwrap());
        }
    }
}
