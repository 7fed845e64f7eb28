//! YAML text as sigs.k8s.io/yaml writes it: keys sorted, two spaces, lists not indented under their key, long lines
//! folded.

use super::go_scalar::{Style, is_break, is_printable, style};
use serde::Serialize;
use serde_json::Value;

/// Lines are folded at the first space after this column.
const WIDTH: usize = 80;

/// A value as YAML, with a line break at its end.
pub(super) fn to_yaml<T: Serialize>(value: &T) -> serde_json::Result<String> {
    let mut w = Writer::default();
    match serde_json::to_value(value)? {
        Value::Object(map) if !map.is_empty() => w.map(&map, 0),
        Value::Array(items) if !items.is_empty() => w.list(&items, 0),
        other => w.value(&other, 0),
    }
    w.end_line();
    Ok(w.out)
}

#[derive(Default)]
struct Writer {
    out: String,
    column: usize,
}

impl Writer {
    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column = if is_break(c) { 0 } else { self.column + 1 };
    }

    fn puts(&mut self, text: &str) {
        text.chars().for_each(|c| self.put(c));
    }

    fn end_line(&mut self) {
        if self.column > 0 {
            self.put('\n');
        }
    }

    fn indent(&mut self, to: usize) {
        if self.column > to {
            self.put('\n');
        }
        while self.column < to {
            self.put(' ');
        }
    }

    fn map(&mut self, map: &serde_json::Map<String, Value>, indent: usize) {
        let mut members: Vec<_> = map.iter().collect();
        members.sort_unstable_by_key(|(key, _)| *key);
        for (key, value) in members {
            self.indent(indent);
            self.string(key, None);
            self.put(':');
            match value {
                Value::Object(map) if !map.is_empty() => {
                    self.put('\n');
                    self.map(map, indent + 2);
                }
                // A list stands at its key's own indentation.
                Value::Array(items) if !items.is_empty() => {
                    self.put('\n');
                    self.list(items, indent);
                }
                other => {
                    self.put(' ');
                    self.value(other, indent + 2);
                }
            }
            self.end_line();
        }
    }

    fn list(&mut self, items: &[Value], indent: usize) {
        for item in items {
            self.indent(indent);
            self.puts("- ");
            match item {
                Value::Object(map) if !map.is_empty() => self.map(map, indent + 2),
                Value::Array(items) if !items.is_empty() => self.list(items, indent + 2),
                other => self.value(other, indent + 2),
            }
            self.end_line();
        }
    }

    fn value(&mut self, value: &Value, indent: usize) {
        match value {
            Value::String(s) => self.string(s, Some(indent)),
            Value::Array(_) => self.puts("[]"),
            Value::Object(_) => self.puts("{}"),
            other => self.puts(&other.to_string()),
        }
    }

    /// A string; a key, which is never folded, has no `indent` for the lines after its first.
    fn string(&mut self, s: &str, indent: Option<usize>) {
        match style(s, indent.is_none()) {
            Style::Plain => self.folded(s, indent, false),
            Style::Single => {
                self.put('\'');
                self.folded(s, indent, true);
                self.put('\'');
            }
            Style::Double => self.double(s, indent),
            Style::Literal => self.literal(s, indent.unwrap_or_default()),
        }
    }

    /// Whether a space may become a line break.
    fn folds(&self, indent: Option<usize>) -> Option<usize> {
        indent.filter(|_| self.column > WIDTH)
    }

    fn folded(&mut self, s: &str, indent: Option<usize>, quoted: bool) {
        let mut chars = s.chars().enumerate().peekable();
        let (mut spaces, mut breaks) = (false, false);
        while let Some((i, c)) = chars.next() {
            if c == ' ' {
                let next = chars.peek().map(|(_, c)| *c);
                let inner = !quoted || (i > 0 && next.is_some());
                match self.folds(indent).filter(|_| !spaces && inner && next != Some(' ')) {
                    Some(to) => self.indent(to),
                    None => self.put(' '),
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    self.put('\n');
                }
                self.put(c);
                breaks = true;
            } else {
                if breaks {
                    self.indent(indent.unwrap_or_default());
                }
                if quoted && c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                (spaces, breaks) = (false, false);
            }
        }
    }

    fn double(&mut self, s: &str, indent: Option<usize>) {
        self.put('"');
        let mut chars = s.chars().enumerate().peekable();
        let mut spaces = false;
        while let Some((i, c)) = chars.next() {
            if c == ' ' {
                let next = chars.peek().map(|(_, c)| *c);
                match self.folds(indent).filter(|_| !spaces && i > 0 && next.is_some()) {
                    Some(to) => {
                        self.indent(to);
                        if next == Some(' ') {
                            self.put('\\');
                        }
                    }
                    None => self.put(' '),
                }
                spaces = true;
                continue;
            }
            spaces = false;
            if !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                self.puts(&escape(c));
            } else {
                self.put(c);
            }
        }
        self.put('"');
    }

    fn literal(&mut self, s: &str, indent: usize) {
        self.put('|');
        if s.starts_with(|c| c == ' ' || is_break(c)) {
            self.put('2');
        }
        let mut end = s.chars().rev();
        match (end.next().is_some_and(is_break), end.next()) {
            (false, _) => self.put('-'),
            (true, before) if before.is_none_or(is_break) => self.put('+'),
            _ => {}
        }
        self.put('\n');
        let mut breaks = true;
        for c in s.chars() {
            if !is_break(c) && breaks {
                self.indent(indent);
            }
            breaks = is_break(c);
            self.put(c);
        }
    }
}

/// A character as it stands between double quotes.
pub(super) fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            return match u32::from(c) {
                n @ 0..=0xff => format!("\\x{n:02X}"),
                n @ 0x100..=0xffff => format!("\\u{n:04X}"),
                n => format!("\\U{n:08X}"),
            };
        }
    };
    format!("\\{short}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(s: &str) -> String {
        to_yaml(&json!({"k": s})).unwrap()
    }

    #[test]
    fn structure() {
        let v = json!({"b": [{"z": 1, "a": "x"}, [1, []], {}], "a": {"c": null}, "e": []});
        assert_eq!(to_yaml(&v).unwrap(), "a:\n  c: null\nb:\n- a: x\n  z: 1\n- - 1\n  - []\n- {}\ne: []\n");
    }

    // What the reference prints for these, recorded from `kyverno apply -p`.
    #[test]
    fn strings() {
        assert_eq!(one("7"), "k: \"7\"\n");
        assert_eq!(one(""), "k: \"\"\n");
        assert_eq!(one("a: b"), "k: 'a: b'\n");
        assert_eq!(one("it's: b"), "k: 'it''s: b'\n");
        assert_eq!(one("rule 'r1' passed."), "k: rule 'r1' passed.\n");
        assert_eq!(one("one\ntwo\n\nend"), "k: |-\n  one\n  two\n\n  end\n");
        assert_eq!(one("one\ntwo\n"), "k: |\n  one\n  two\n");
        assert_eq!(one("one\n\n"), "k: |+\n  one\n\n");
        assert_eq!(one("\u{1F600}\té"), "k: \"\\U0001F600\\té\"\n");
        assert_eq!(one("one \ntwo"), "k: \"one \\ntwo\"\n");
    }

    #[test]
    fn long_lines_are_folded_after_column_80() {
        let text = "validation error: label `app.kubernetes.io/name` is required. rule autogen-check-for-labels failed";
        let v = json!([{"message": format!("{text} at path /spec/template/")}]);
        let first =
            "- message: 'validation error: label `app.kubernetes.io/name` is required. rule autogen-check-for-labels";
        assert_eq!(to_yaml(&v).unwrap(), format!("{first}\n    failed at path /spec/template/'\n"));
    }
}
