//! How Go's `strconv` quotes texts and words its errors.

use std::fmt::{self, Write as _};

/// `strconv.Quote`.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\x07' => f.write_str("\\a")?,
                '\x08' => f.write_str("\\b")?,
                '\x0c' => f.write_str("\\f")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '\x0b' => f.write_str("\\v")?,
                ' '..='~' => f.write_char(c)?,
                '\0'..='\x7f' => write!(f, "\\x{:02x}", u32::from(c))?,
                _ if is_print(c) => f.write_char(c)?,
                '\u{80}'..='\u{ffff}' => write!(f, "\\u{:04x}", u32::from(c))?,
                _ => write!(f, "\\U{:08x}", u32::from(c))?,
            }
        }
        f.write_char('"')
    }
}

/// `strconv.IsPrint`, which Rust shows only by what it escapes. Marks are escaped where they stand first.
fn is_print(c: char) -> bool {
    let mut text = String::from("a");
    text.push(c);
    text.escape_debug().eq(text.chars())
}

/// `strconv.ParseInt(text, 10, 64)`, or the text of its error.
pub(crate) fn parse_int(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| problem("ParseInt", text, text.strip_prefix(['+', '-']).unwrap_or(text)))
}

/// `strconv.ParseUint(text, 10, 64)`, or the text of its error.
pub(crate) fn parse_uint(text: &str) -> Result<u64, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    plain.ok_or_else(|| problem("ParseUint", text, text))
}

/// Why a text is no number. Digits are read from the left, so that too many of them are found before a letter is.
fn problem(function: &str, text: &str, unsigned: &str) -> String {
    let mut value = Some(0_u64);
    let digits = unsigned.bytes().take_while(|byte| {
        let digit = byte.is_ascii_digit();
        if digit {
            value = value.and_then(|value| value.checked_mul(10)?.checked_add(u64::from(byte - b'0')));
        }
        digit && value.is_some()
    });
    let read = digits.count();
    let wrong = value.is_some() && (unsigned.is_empty() || read < unsigned.len());
    let why = if wrong { "invalid syntax" } else { "value out of range" };
    format!("strconv.{function}: parsing {}: {why}", Quoted(text))
}
