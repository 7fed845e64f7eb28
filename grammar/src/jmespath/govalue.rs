//! A JSON literal the way Go prints the value it decodes to (`%#v` and `%v`).

use super::{json, quote};
use std::collections::BTreeMap;

/// How a value is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `%#v`
    Syntax,
    /// `%v`
    Plain,
}

impl Style {
    fn nil(self) -> &'static str {
        match self {
            Self::Syntax => "interface {}(nil)",
            Self::Plain => "<nil>",
        }
    }

    fn string(self, text: String) -> String {
        match self {
            Self::Syntax => quote::string(&text),
            Self::Plain => text,
        }
    }

    fn list(self, elements: &[String]) -> String {
        match self {
            Self::Syntax => format!("[]interface {{}}{{{}}}", elements.join(", ")),
            Self::Plain => format!("[{}]", elements.join(" ")),
        }
    }

    fn map(self, members: BTreeMap<String, String>) -> String {
        let members: Vec<String> =
            members.into_iter().map(|(key, value)| format!("{}:{value}", self.string(key))).collect();
        match self {
            Self::Syntax => format!("map[string]interface {{}}{{{}}}", members.join(", ")),
            Self::Plain => format!("map[{}]", members.join(" ")),
        }
    }
}

/// Go's text for well-formed JSON; none for `null`.
pub(super) fn literal(text: &str, style: Style) -> Option<String> {
    let mut reader = Reader { rest: text, style };
    let value = reader.value();
    (text.trim() != "null").then_some(value)
}

// INVARIANT: the text has passed json::check, so brackets match and are not too deep.
struct Reader<'a> {
    rest: &'a str,
    style: Style,
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
            self.style.map(members)
        } else if self.take("[") {
            let mut elements = Vec::new();
            while !self.take("]") && !self.rest.is_empty() {
                elements.push(self.value());
                self.take(",");
            }
            self.style.list(&elements)
        } else if self.rest.starts_with('"') {
            let text = self.text();
            self.style.string(text)
        } else {
            match self.word() {
                "null" => self.style.nil().to_owned(),
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
