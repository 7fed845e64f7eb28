//! Characters and strings the way Go quotes them (strconv.Quote), and JSON strings.

use std::fmt::Write;

/// A character inside Go's quotes, escaped where it does not print; quotes themselves are left to the caller.
pub(super) fn character(shown: char) -> String {
    match shown {
        '\u{7}' => "\\a".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\u{b}' => "\\v".to_owned(),
        '\\' => "\\\\".to_owned(),
        ' '..='~' => shown.to_string(),
        '\0'..='\u{7f}' => format!("\\x{:02x}", u32::from(shown)),
        _ if prints(shown) => shown.to_string(),
        _ => numbered(shown),
    }
}

/// Whether a character prints. The standard library keeps a table of that, and escape_debug is the door to it; behind
/// another character it leaves marks as they are.
fn prints(shown: char) -> bool {
    let mut text = ['a'; 5].map(|c| c as u8);
    let len = shown.encode_utf8(text.get_mut(1..).unwrap_or_default()).len();
    let text = text.get(..=len).and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.is_some_and(|text| text.escape_debug().count() == 2)
}

/// A character in Go's single quotes, as ASCII: strconv.QuoteRuneToASCII.
pub(super) fn rune_to_ascii(shown: char) -> String {
    match shown {
        '\'' => "'\\''".to_owned(),
        _ if shown.is_ascii() => format!("'{}'", character(shown)),
        _ => format!("'{}'", numbered(shown)),
    }
}

/// A string in Go's double quotes: strconv.Quote.
pub(super) fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for shown in text.chars() {
        if shown == '"' {
            out.push_str("\\\"");
        } else {
            out.push_str(&character(shown));
        }
    }
    out.push('"');
    out
}

fn numbered(shown: char) -> String {
    let code = u32::from(shown);
    if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") }
}

/// A JSON string.
pub(super) fn json(out: &mut impl Write, text: &str) -> std::fmt::Result {
    out.write_char('"')?;
    for shown in text.chars() {
        match shown {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\0'..='\u{1f}' => write!(out, "\\u{:04x}", u32::from(shown))?,
            _ => out.write_char(shown)?,
        }
    }
    out.write_char('"')
}
