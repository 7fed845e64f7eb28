//! YAML text as go.yaml.in/yaml/v3 writes it: keys in natural order, four spaces, lists indented under their key, no line
//! folded. Kyverno's CLI prints mutated and generated resources so.

use super::go_scalar::{Style, is_break, is_printable, style_of_v3};
use super::go_yaml::escape;
use kyvc_vm::document::{Document, Kind, NodeId};
use kyvc_vm::scalar::Scalar;
use std::cmp::Ordering;
use std::fmt::Write;

/// What one level adds, where nobody asks for anything else.
const INDENT: usize = 4;
/// A longer key stands on a line of its own.
const SIMPLE_KEY: usize = 128;

/// An object as YAML, with a line break at its end.
pub fn to_yaml(doc: &Document<'_>) -> String {
    to_yaml_indented(doc, INDENT)
}

/// As [`to_yaml`], with so many spaces for a level, from 2 to 9.
pub fn to_yaml_indented(doc: &Document<'_>, step: usize) -> String {
    let mut w = Writer { doc, step, out: String::new() };
    match doc.root() {
        Some(root) => w.top(root),
        None => w.out.push_str("null\n"),
    }
    w.out
}

/// As [`to_yaml`], as the only member of a map.
pub fn to_yaml_under(key: &str, doc: &Document<'_>) -> String {
    let mut w = Writer { doc, step: INDENT, out: String::new() };
    if let Some(root) = doc.root() {
        w.member(key, root, 0);
    }
    w.out
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Under {
    Key,
    Dash,
}

impl Under {
    /// The indentation of what is inside a value at an indentation.
    fn inner(self, indent: usize, step: usize) -> usize {
        match self {
            // What follows a dash stands right behind it.
            Under::Dash => indent + 2,
            Under::Key => step * ((indent + step) / step),
        }
    }
}

struct Writer<'d> {
    doc: &'d Document<'d>,
    step: usize,
    out: String,
}

impl Writer<'_> {
    fn top(&mut self, root: NodeId) {
        match self.doc.kind(root) {
            Kind::Map if self.doc.len(root) > 0 => self.map(root, 0, false),
            Kind::List if self.doc.len(root) > 0 => self.list(root, 0, false),
            _ => {
                self.scalar(root, self.step);
                self.out.push('\n');
            }
        }
    }

    fn indent(&mut self, to: usize) {
        self.out.extend(std::iter::repeat_n(' ', to));
    }

    /// A map; `started` says that its first key stands in a line that has begun.
    fn map(&mut self, node: NodeId, indent: usize, started: bool) {
        let doc = self.doc;
        let mut members: Vec<(&str, NodeId)> = doc.entries(node).map(|(k, n)| (doc.key_text(k), n)).collect();
        members.sort_by(|(a, _), (b, _)| natural(a, b));
        for (i, (key, value)) in members.into_iter().enumerate() {
            if i > 0 || !started {
                self.indent(indent);
            }
            self.member(key, value, indent);
        }
    }

    fn member(&mut self, key: &str, value: NodeId, indent: usize) {
        let simple = key.len() <= SIMPLE_KEY && !key.chars().any(is_break);
        if !simple {
            self.out.push_str("? ");
        }
        self.string(key, None);
        if !simple {
            self.out.push('\n');
            self.indent(indent);
        }
        self.out.push(':');
        self.value(value, indent, Under::Key);
    }

    fn list(&mut self, node: NodeId, indent: usize, started: bool) {
        for (i, item) in self.doc.children(node).enumerate() {
            if i > 0 || !started {
                self.indent(indent);
            }
            self.out.push('-');
            self.value(item, indent, Under::Dash);
        }
    }

    /// A value behind a colon or dash, with its line's end.
    fn value(&mut self, node: NodeId, indent: usize, under: Under) {
        let inner = under.inner(indent, self.step);
        match self.doc.kind(node) {
            kind @ (Kind::Map | Kind::List) if self.doc.len(node) > 0 => {
                let started = under == Under::Dash;
                self.out.push(if started { ' ' } else { '\n' });
                match kind {
                    Kind::Map => self.map(node, inner, started),
                    _ => self.list(node, inner, started),
                }
            }
            _ => {
                self.out.push(' ');
                self.scalar(node, inner);
                if !self.out.ends_with('\n') {
                    self.out.push('\n');
                }
            }
        }
    }

    fn scalar(&mut self, node: NodeId, indent: usize) {
        let doc = self.doc;
        match doc.scalar(node) {
            Scalar::Null => self.out.push_str("null"),
            Scalar::Bool(b) => self.out.push_str(if b { "true" } else { "false" }),
            Scalar::Int(n) => {
                let _ = write!(self.out, "{n}");
            }
            Scalar::Float(n) => self.out.push_str(&float(n)),
            Scalar::Str(s) => self.string(s, Some(indent)),
            Scalar::List => self.out.push_str("[]"),
            Scalar::Map => self.out.push_str("{}"),
        }
    }

    /// A string; a key has no `indent` for the lines after its first.
    fn string(&mut self, s: &str, indent: Option<usize>) {
        match style_of_v3(s, indent.is_none()) {
            Style::Plain => self.out.push_str(s),
            Style::Single => {
                let _ = write!(self.out, "'{}'", s.replace('\'', "''"));
            }
            Style::Double => {
                self.out.push('"');
                for c in s.chars() {
                    if !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                        self.out.push_str(&escape(c));
                    } else {
                        self.out.push(c);
                    }
                }
                self.out.push('"');
            }
            Style::Literal => self.literal(s, indent.unwrap_or_default()),
        }
    }

    fn literal(&mut self, s: &str, indent: usize) {
        self.out.push('|');
        if s.starts_with(|c| c == ' ' || is_break(c)) {
            let _ = write!(self.out, "{}", self.step);
        }
        let mut end = s.chars().rev();
        match (end.next().is_some_and(is_break), end.next()) {
            (false, _) => self.out.push('-'),
            (true, before) if before.is_none_or(is_break) => self.out.push('+'),
            _ => {}
        }
        self.out.push('\n');
        let mut breaks = true;
        for c in s.chars() {
            if !is_break(c) && breaks {
                self.indent(indent);
            }
            breaks = is_break(c);
            self.out.push(c);
        }
    }
}

/// `strconv.FormatFloat(n, 'g', -1, 64)`, which decides by six digits and then prints as many as are needed.
fn float(n: f64) -> String {
    let scientific = format!("{n:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(e) if !(-4..6).contains(&e) => {
            format!("{digits}e{}{:02}", if e < 0 { '-' } else { '+' }, e.unsigned_abs())
        }
        _ => n.to_string(),
    }
}

/// The order of keys: digits by their value, letters after all other characters.
///
/// Go: yaml/v3/sorter.go.
fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut digits = false;
    for (i, (&x, &y)) in a.iter().zip(&b).enumerate() {
        if x == y {
            digits = x.is_numeric();
            continue;
        }
        let (letter_x, letter_y) = (x.is_alphabetic(), y.is_alphabetic());
        if letter_x && letter_y {
            return x.cmp(&y);
        }
        if letter_x || letter_y {
            let first = if digits { letter_x } else { letter_y };
            return if first { Ordering::Less } else { Ordering::Greater };
        }
        let before = a.get(..i).unwrap_or_default().iter().rev().take_while(|c| c.is_numeric());
        let start = i64::from((x == '0' || y == '0') && before.into_iter().any(|c| *c != '0'));
        let (m, len_m) = number(a.get(i..).unwrap_or_default(), start);
        let (n, len_n) = number(b.get(i..).unwrap_or_default(), start);
        return m.cmp(&n).then(len_m.cmp(&len_n)).then(x.cmp(&y));
    }
    a.len().cmp(&b.len())
}

/// The number at the start of a text, behind a digit that stands before it, and how many digits it has.
fn number(text: &[char], start: i64) -> (i64, usize) {
    let digits = text.iter().take_while(|c| c.is_numeric());
    digits.fold((start, 0), |(n, len), c| {
        let digit = i64::from(u32::from(*c)) - i64::from(u32::from('0'));
        (n.wrapping_mul(10).wrapping_add(digit), len + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kyvc_vm::document::{Buffers, JsonOptions, Layout, read_json};

    fn yaml(json: &str) -> String {
        let layout = Layout::everything();
        to_yaml(&read_json(json, &layout, Buffers::default(), JsonOptions::default()).unwrap())
    }

    #[test]
    fn structure() {
        let json = r#"{"b": [{"z": 1, "a": ["x"]}, [1, []], {}], "a": {"c": null, "d": {"e": "f"}}, "e": []}"#;
        let want = "a:\n    c: null\n    d:\n        e: f\nb:\n    - a:\n        - x\n      z: 1\n    - - 1\n      - []\n    \
                    - {}\ne: []\n";
        assert_eq!(yaml(json), want);
    }

    // What the reference prints for these.
    #[test]
    fn scalars() {
        let one = |json: &str| yaml(&format!("{{\"k\": {json}}}"));
        assert_eq!(one("\"yes\""), "k: \"yes\"\n");
        assert_eq!(one("\"\""), "k: \"\"\n");
        assert_eq!(one("\"a: b\""), "k: 'a: b'\n");
        assert_eq!(one("\"one\\ntwo\\n\""), "k: |\n    one\n    two\n");
        assert_eq!(one("\" one\\ntwo\""), "k: |4-\n     one\n    two\n");
        assert_eq!(one("\"a\\tb\\nc\""), "k: |-\n    a\tb\n    c\n");
        assert_eq!(one("\"a\\tb\""), "k: \"a\\tb\"\n");
        assert_eq!(one("1.5"), "k: 1.5\n");
        assert_eq!(one("1000000.0"), "k: 1e+06\n");
        assert_eq!(one("123456.0"), "k: 123456\n");
        assert_eq!(one("0.00001"), "k: 1e-05\n");
        assert_eq!(one("1000000"), "k: 1000000\n");
    }

    #[test]
    fn keys_are_in_natural_order() {
        let mut keys = ["a10", "a9", "ab", "a-b", "a", "A", "a01", "a1", "_"];
        keys.sort_by(|a, b| natural(a, b));
        assert_eq!(keys, ["_", "A", "a", "a-b", "a1", "a01", "a9", "a10", "ab"]);
    }
}
