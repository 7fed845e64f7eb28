//! A JSON literal the way Go prints the value it decodes to (`%#v`).

use super::{json, quote};
use std::collections::BTreeMap;

/// Go's text for well-formed JSON; none for `null`.
pub(super) fn literal(text: &str) -> Option<String> {
    let mut reader = Reader { rest: text };
    let value = reader.value();
    (value != NIL).then_some(value)
}

const NIL: &str = "interface {}(nil)";

// INVARIANT: the text has passed json::check, so brackets match and are not too deep.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> String {
        if self.take("{") {
            let mut members = BTreeMap::new();
            while !self.take("}") && !self.rest.is_empty() {
                let key = self.text();
                self.take(":");
                let value = self.value();
                members.insert(key, value);
                self.take(",");
            }
            let members: Vec<String> =
                members.iter().map(|(key, value)| format!("{}:{value}", quote::string(key))).collect();
            format!("map[string]interface {{}}{{{}}}", members.join(", "))
        } else if self.take("[") {
            let mut elements = Vec::new();
            while !self.take("]") && !self.rest.is_empty() {
                elements.push(self.value());
                self.take(",");
            }
            format!("[]interface {{}}{{{}}}", elements.join(", "))
        } else if self.rest.starts_with('"') {
            quote::string(&self.text())
        } else {
            match self.word() {
                "null" => NIL.to_owned(),
                number if number.starts_with(|char: char| char == '-' || char.is_ascii_digit()) => float(number),
                word => word.to_owned(),
            }
        }
    }

    /// Skips white space and then this, if it is there.
    fn take(&mut self, what: &str) -> bool {
        self.rest = self.rest.trim_start();
        let after = self.rest.strip_prefix(what);
        self.rest = after.unwrap_or(self.rest).trim_start();
        after.is_some()
    }

    fn text(&mut self) -> String {
        let inside = self.rest.strip_prefix('"').unwrap_or(self.rest);
        let mut escaped = false;
        let end = inside.bytes().position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let (text, rest) = inside.split_at_checked(end.unwrap_or(inside.len())).unwrap_or((inside, ""));
        self.rest = rest.get(1..).unwrap_or_default();
        json::decode(text)
    }

    fn word(&mut self) -> &'a str {
        let end = self.rest.find([',', ']', '}', ' ', '\t', '\r', '\n']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        // A character at least, so that a walk over any text ends.
        self.rest = if end == 0 { rest.get(1..).unwrap_or_default() } else { rest };
        word
    }
}

/// Go's shortest form: an exponent below 1e-4 and from 1e6 on.
fn float(number: &str) -> String {
    let value: f64 = number.parse().unwrap_or_default();
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if exponent < -4 => format!("{digits}e-{:02}", -exponent),
        Ok(exponent) if exponent >= 6 => format!("{digits}e+{exponent:02}"),
        _ => value.to_string(),
    }
}
