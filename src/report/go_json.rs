//! JSON text as Go's `encoding/json` writes it: `<`, `>`, `&` and the Unicode line separators are escaped.

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter, Serializer};
use std::io;

/// A value as JSON on one line.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<String> {
    let mut out = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut out, Go))?;
    String::from_utf8(out).map_err(serde::ser::Error::custom)
}

/// A value as JSON on many lines, each level two spaces further in.
pub fn to_json_indented<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<String> {
    let mut out = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut out, Indented(PrettyFormatter::new())))?;
    String::from_utf8(out).map_err(serde::ser::Error::custom)
}

/// As [`Go`], with line breaks.
struct Indented(PrettyFormatter<'static>);

/// Passes calls on to the formatter inside.
macro_rules! inner {
    ($($name:ident($($arg:ident: $ty:ty),*);)*) => {
        $(fn $name<W: ?Sized + io::Write>(&mut self, out: &mut W $(, $arg: $ty)*) -> io::Result<()> {
            self.0.$name(out $(, $arg)*)
        })*
    };
}

impl Formatter for Indented {
    inner! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        Go.write_string_fragment(out, text)
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        Go.write_char_escape(out, escape)
    }
}

struct Go;

impl Formatter for Go {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}', '\u{7f}']) {
            let (before, from) = rest.split_at(at);
            out.write_all(before.as_bytes())?;
            let mut chars = from.chars();
            match chars.next() {
                // Go leaves DEL as it is.
                Some('\u{7f}') => out.write_all(b"\x7f")?,
                Some(c) => write!(out, "\\u{:04x}", u32::from(c))?,
                None => {}
            }
            rest = chars.as_str();
        }
        out.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        let text: &[u8] = match escape {
            CharEscape::Quote => b"\\\"",
            CharEscape::ReverseSolidus => b"\\\\",
            CharEscape::Solidus => b"\\/",
            CharEscape::Backspace => b"\\b",
            CharEscape::FormFeed => b"\\f",
            CharEscape::LineFeed => b"\\n",
            CharEscape::CarriageReturn => b"\\r",
            CharEscape::Tab => b"\\t",
            CharEscape::AsciiControl(byte) => return write!(out, "\\u{byte:04x}"),
        };
        out.write_all(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(to_json("<a> & \"b\"\n\u{2028}\u{1}é").unwrap(), r#""\u003ca\u003e \u0026 \"b\"\n\u2028\u0001é""#);
    }
}
