//! JSON bytes to a document, in one pass.

use super::build::{BuildError, Builder, Limits};
use super::{Buffers, Document, Layout, Place};
use thiserror::Error;

/// What is wrong with a JSON text.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// The text ended inside a value
    #[error("the text ends where {0} was expected")]
    End(&'static str),
    /// Another character stands there
    #[error("expected {0}")]
    Expected(&'static str),
    /// A bad escape sequence
    #[error("invalid escape sequence in a string")]
    Escape,
    /// A control character
    #[error("control character in a string; write it as an escape sequence")]
    Control,
    /// A number that no float64 holds
    #[error("number out of range")]
    Number,
    /// Text after the value
    #[error("text after the end of the value")]
    Trailing,
    /// The same key twice in a map
    #[error("key {0:?} already set in the same map")]
    Duplicate(String),
    /// A limit was reached
    #[error("{0}")]
    Build(#[from] BuildError),
}

/// Why a JSON text was refused, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{kind}")]
pub struct JsonError {
    /// Byte offset
    pub offset: usize,
    /// What is wrong
    pub kind: JsonErrorKind,
}

/// How a text is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonOptions {
    /// Remember where each value stands.
    pub places: bool,
    /// Refuse a key that its map already has, where Go's decoder lets the later one win.
    pub unique_keys: bool,
    /// What the document may cost.
    pub limits: Limits,
}

/// Flattens one JSON value. Numbers are int64 where they fit and have neither fraction nor exponent, float64 otherwise.
pub fn read_json<'a>(
    src: &'a str,
    layout: &'a Layout,
    buffers: Buffers,
    options: JsonOptions,
) -> Result<Document<'a>, JsonError> {
    let mut b = Builder::new(src, layout, buffers, options.limits);
    if src.len() >= 1 << 31 {
        return Err(JsonError { offset: 0, kind: BuildError::Size.into() });
    }
    if options.places {
        b.places_are_offsets();
    }
    let mut r = Reader { src, bytes: src.as_bytes(), at: 0, places: options.places, unique: options.unique_keys };
    r.space();
    match r.document(&mut b) {
        Ok(()) => Ok(b.finish()),
        Err(kind) => Err(JsonError { offset: r.at.min(src.len()), kind }),
    }
}

struct Reader<'a> {
    src: &'a str,
    bytes: &'a [u8],
    at: usize,
    places: bool,
    unique: bool,
}

type Step = Result<(), JsonErrorKind>;

/// A scanned string: its slice, and whether it holds escapes.
struct Span {
    start: usize,
    end: usize,
    escaped: bool,
}

impl<'a> Reader<'a> {
    #[inline]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn wrong(&self, expected: &'static str) -> JsonErrorKind {
        if self.at >= self.bytes.len() { JsonErrorKind::End(expected) } else { JsonErrorKind::Expected(expected) }
    }

    #[inline]
    fn place(&self) -> Option<Place> {
        self.places.then_some(Place { line: self.at as u32, column: 1 })
    }

    fn document(&mut self, b: &mut Builder<'a>) -> Step {
        self.value(b)?;
        while b.depth() > 0 {
            self.space();
            // Inside a container, after a value.
            match self.peek() {
                b',' => {
                    self.at += 1;
                    self.space();
                    self.member(b)?;
                }
                c @ (b'}' | b']') if self.closes(b, c) => {
                    self.at += 1;
                    b.end();
                }
                _ => return Err(self.wrong("`,` or the end of the list or map")),
            }
        }
        self.space();
        if self.at < self.bytes.len() { Err(JsonErrorKind::Trailing) } else { Ok(()) }
    }

    #[inline]
    fn closes(&self, b: &Builder<'a>, c: u8) -> bool {
        b.in_map() == (c == b'}')
    }

    /// A value in the open container, with its key where that is a map.
    #[inline]
    fn member(&mut self, b: &mut Builder<'a>) -> Step {
        if b.in_map() {
            self.key(b)?;
            self.space();
            if self.peek() != b':' {
                return Err(self.wrong("`:`"));
            }
            self.at += 1;
            self.space();
        }
        self.value(b)
    }

    #[inline]
    fn key(&mut self, b: &mut Builder<'a>) -> Step {
        let place = self.place();
        if self.peek() != b'"' {
            return Err(self.wrong("a key in double quotes"));
        }
        let start = self.at;
        let span = self.string()?;
        let text = self.src.get(span.start..span.end).unwrap_or("");
        let duplicate = if span.escaped {
            let text = unescape(text)?;
            b.key(&text, place)?
        } else {
            b.key_slice(text, span.start, span.end, place)?
        };
        if duplicate && self.unique {
            self.at = start;
            return Err(JsonErrorKind::Duplicate(text.to_owned()));
        }
        Ok(())
    }

    /// One scalar, or the opening of a container with its first member.
    fn value(&mut self, b: &mut Builder<'a>) -> Step {
        loop {
            let place = self.place();
            if !b.wanted() {
                let start = self.at;
                self.skip_value()?;
                return Ok(b.raw_slice(start, self.at, place)?);
            }
            match self.peek() {
                b'"' => {
                    let span = self.string()?;
                    if span.escaped {
                        let text = unescape(self.src.get(span.start..span.end).unwrap_or(""))?;
                        b.str(&text, place)?;
                    } else {
                        b.str_slice(span.start, span.end, place)?;
                    }
                    return Ok(());
                }
                c @ (b'{' | b'[') => {
                    let map = c == b'{';
                    if map {
                        b.begin_map(place)?
                    } else {
                        b.begin_list(place)?
                    }
                    self.at += 1;
                    self.space();
                    if self.peek() == if map { b'}' } else { b']' } {
                        self.at += 1;
                        b.end();
                        return Ok(());
                    }
                    if map {
                        self.key(b)?;
                        self.space();
                        if self.peek() != b':' {
                            return Err(self.wrong("`:`"));
                        }
                        self.at += 1;
                        self.space();
                    }
                    // The first member is the next turn of the loop: nesting costs no stack.
                }
                b't' => return self.literal("true").and_then(|()| Ok(b.bool(true, place)?)),
                b'f' => return self.literal("false").and_then(|()| Ok(b.bool(false, place)?)),
                b'n' => return self.literal("null").and_then(|()| Ok(b.null(place)?)),
                b'-' | b'0'..=b'9' => return self.number(b, place),
                _ => return Err(self.wrong("a value")),
            }
        }
    }

    fn literal(&mut self, word: &'static str) -> Step {
        if self.bytes.get(self.at..self.at + word.len()) == Some(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.wrong("a value"))
        }
    }

    /// Scans a string from its opening quote to past its closing one.
    #[inline]
    fn string(&mut self) -> Result<Span, JsonErrorKind> {
        let start = self.at + 1;
        let mut at = start;
        let mut escaped = false;
        loop {
            // Eight bytes a step: no quote, backslash or control character among them.
            while let Some(chunk) = self.bytes.get(at..).and_then(|s| s.first_chunk::<8>()) {
                let stop = special(u64::from_le_bytes(*chunk));
                if stop != 0 {
                    at += (stop.trailing_zeros() / 8) as usize;
                    break;
                }
                at += 8;
            }
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(Span { start, end: at, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                Some(0..=0x1f) => {
                    self.at = at;
                    return Err(JsonErrorKind::Control);
                }
                Some(_) => at += 1,
                None => {
                    self.at = at;
                    return Err(JsonErrorKind::End("the closing quote of a string"));
                }
            }
        }
    }

    /// Finds the end of a number; says whether it has a fraction or an exponent.
    #[inline]
    fn number_end(&mut self) -> Result<bool, JsonErrorKind> {
        if self.peek() == b'-' {
            self.at += 1;
        }
        match self.peek() {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits(),
            _ => return Err(self.wrong("a digit")),
        }
        let mut float = false;
        if self.peek() == b'.' {
            float = true;
            self.at += 1;
            if !self.peek().is_ascii_digit() {
                return Err(self.wrong("a digit"));
            }
            self.digits();
        }
        if matches!(self.peek(), b'e' | b'E') {
            float = true;
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            if !self.peek().is_ascii_digit() {
                return Err(self.wrong("a digit"));
            }
            self.digits();
        }
        Ok(float)
    }

    #[inline]
    fn digits(&mut self) {
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
    }

    fn number(&mut self, b: &mut Builder<'a>, place: Option<Place>) -> Step {
        let start = self.at;
        let float = self.number_end()?;
        let text = self.src.get(start..self.at).unwrap_or("");
        if !float && let Ok(value) = text.parse::<i64>() {
            return Ok(b.int(value, place)?);
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(b.float(value, place)?),
            _ => Err(JsonErrorKind::Number),
        }
    }

    /// Checks a value nobody reads and moves past it. Syntax errors are found here as elsewhere.
    fn skip_value(&mut self) -> Step {
        // One bit a level: whether it is a map. Deep nesting spills into the vector.
        let mut open: smallvec::SmallVec<[bool; 32]> = smallvec::SmallVec::new();
        loop {
            match self.peek() {
                b'"' => {
                    let span = self.string()?;
                    if span.escaped {
                        unescape(self.src.get(span.start..span.end).unwrap_or(""))?;
                    }
                }
                c @ (b'{' | b'[') => {
                    self.at += 1;
                    self.space();
                    let map = c == b'{';
                    if self.peek() == if map { b'}' } else { b']' } {
                        self.at += 1;
                    } else {
                        if open.len() >= Limits::default().depth {
                            return Err(BuildError::Depth(Limits::default().depth).into());
                        }
                        open.push(map);
                        if map {
                            self.skip_key()?;
                        }
                        continue;
                    }
                }
                b't' => self.literal("true")?,
                b'f' => self.literal("false")?,
                b'n' => self.literal("null")?,
                b'-' | b'0'..=b'9' => {
                    self.number_end()?;
                }
                _ => return Err(self.wrong("a value")),
            }
            loop {
                let Some(&map) = open.last() else { return Ok(()) };
                self.space();
                match self.peek() {
                    b',' => {
                        self.at += 1;
                        self.space();
                        if map {
                            self.skip_key()?;
                        }
                        break;
                    }
                    c @ (b'}' | b']') if map == (c == b'}') => {
                        self.at += 1;
                        open.pop();
                    }
                    _ => return Err(self.wrong("`,` or the end of the list or map")),
                }
            }
        }
    }

    fn skip_key(&mut self) -> Step {
        if self.peek() != b'"' {
            return Err(self.wrong("a key in double quotes"));
        }
        let span = self.string()?;
        if span.escaped {
            unescape(self.src.get(span.start..span.end).unwrap_or(""))?;
        }
        self.space();
        if self.peek() != b':' {
            return Err(self.wrong("`:`"));
        }
        self.at += 1;
        self.space();
        Ok(())
    }
}

/// Marks, with the high bit of its byte, each quote, backslash and control character among eight bytes. Only the
/// lowest mark is exact.
#[inline]
fn special(x: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |v: u64| v.wrapping_sub(ONES) & !v;
    let quote = zero(x ^ (ONES * b'"' as u64));
    let slash = zero(x ^ (ONES * b'\\' as u64));
    let control = x.wrapping_sub(ONES * 0x20) & !x;
    (quote | slash | control) & HIGH
}

/// Resolves the escapes of a string. A surrogate without its pair becomes U+FFFD, as in Go.
fn unescape(text: &str) -> Result<String, JsonErrorKind> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(i) = rest.find('\\') {
        let (before, after) = rest.split_at(i);
        out.push_str(before);
        let escape = after.as_bytes().get(1).copied().ok_or(JsonErrorKind::Escape)?;
        let mut used = 2;
        match escape {
            b'"' => out.push('"'),
            b'\\' => out.push('\\'),
            b'/' => out.push('/'),
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let unit = hex4(after, 2)?;
                used = 6;
                let c = match unit {
                    0xd800..=0xdbff => {
                        match after.get(6..8).filter(|s| *s == "\\u").and_then(|_| hex4(after, 8).ok()) {
                            Some(low @ 0xdc00..=0xdfff) => {
                                used = 12;
                                char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
                            }
                            _ => None,
                        }
                    }
                    _ => char::from_u32(unit),
                };
                out.push(c.unwrap_or('\u{fffd}'));
            }
            _ => return Err(JsonErrorKind::Escape),
        }
        rest = after.get(used..).ok_or(JsonErrorKind::Escape)?;
    }
    out.push_str(rest);
    Ok(out)
}

fn hex4(text: &str, at: usize) -> Result<u32, JsonErrorKind> {
    let digits = text.get(at..at + 4).filter(|s| s.bytes().all(|b| b.is_ascii_hexdigit()));
    digits.and_then(|s| u32::from_str_radix(s, 16).ok()).ok_or(JsonErrorKind::Escape)
}
