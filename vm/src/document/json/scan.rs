//! Tokens of a JSON text.

use super::{JsonError, JsonErrorKind};

/// The scan failed; the scanner knows why. Results stay small enough for registers this way.
#[derive(Debug)]
pub(super) struct Bad;

pub(super) type Scan<T = ()> = Result<T, Bad>;

/// A scanned string: its slice, and whether it holds escapes.
#[derive(Clone, Copy)]
pub(super) struct Span {
    start: u32,
    end: u32,
    pub(super) escaped: bool,
}

impl Span {
    #[inline]
    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    #[inline]
    pub(super) fn end(self) -> usize {
        self.end as usize
    }
}

pub(super) struct Scanner<'a> {
    src: &'a str,
    bytes: &'a [u8],
    at: usize,
    error: Option<JsonErrorKind>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(src: &'a str) -> Self {
        Self { src, bytes: src.as_bytes(), at: 0, error: None }
    }

    #[cold]
    pub(super) fn fail(&mut self, kind: JsonErrorKind) -> Bad {
        self.error = Some(kind);
        Bad
    }

    /// Another character than expected, or none.
    #[cold]
    pub(super) fn wrong(&mut self, expected: &'static str) -> Bad {
        let end = self.is_at_end();
        self.fail(if end { JsonErrorKind::End(expected) } else { JsonErrorKind::Expected(expected) })
    }

    /// Why the scan failed, and where.
    pub(super) fn error(&mut self) -> JsonError {
        let kind = self.error.take().unwrap_or(JsonErrorKind::Trailing);
        JsonError { offset: self.at.min(self.src.len()), kind }
    }

    #[inline]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn source(&self) -> &'a str {
        self.src
    }

    pub(super) fn back_to(&mut self, at: usize) {
        self.at = at;
    }

    #[inline]
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    #[inline]
    pub(super) fn text(&self, span: Span) -> &'a str {
        self.src.get(span.start()..span.end()).unwrap_or("")
    }

    /// The next character, or NUL at the end, which starts no token.
    #[inline]
    pub(super) fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    pub(super) fn space(&mut self) {
        if self.peek() <= b' ' {
            self.spaces();
        }
    }

    #[inline(never)]
    fn spaces(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Past the opening bracket of a container: whether it has a member. An empty one is closed.
    #[inline]
    pub(super) fn opens(&mut self, map: bool) -> bool {
        self.at += 1;
        self.space();
        let empty = self.peek() == if map { b'}' } else { b']' };
        self.at += usize::from(empty);
        !empty
    }

    /// After a member: whether another one follows. Otherwise the container is closed.
    #[inline]
    pub(super) fn goes_on(&mut self, map: bool) -> Scan<bool> {
        self.space();
        let c = self.peek();
        if c == b',' {
            self.at += 1;
            self.space();
            Ok(true)
        } else if c == if map { b'}' } else { b']' } {
            self.at += 1;
            Ok(false)
        } else {
            Err(self.wrong("`,` or the end of the list or map"))
        }
    }

    #[inline]
    pub(super) fn key(&mut self) -> Scan<Span> {
        if self.peek() == b'"' { self.string() } else { Err(self.wrong("a key in double quotes")) }
    }

    #[inline]
    pub(super) fn colon(&mut self) -> Scan {
        self.space();
        if self.peek() != b':' {
            return Err(self.wrong("`:`"));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    pub(super) fn literal(&mut self, word: &'static str) -> Scan {
        if self.bytes.get(self.at..self.at + word.len()) == Some(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.wrong("a value"))
        }
    }

    /// Scans a string from its opening quote to past its closing one.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Scan<Span> {
        let start = self.at + 1;
        let mut at = start;
        // Eight bytes a step: no quote, backslash or control character among them.
        while let Some(chunk) = self.bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let stop = special(u64::from_le_bytes(*chunk));
            if stop == 0 {
                at += 8;
                continue;
            }
            at += (stop.trailing_zeros() / 8) as usize;
            if self.bytes.get(at) == Some(&b'"') {
                self.at = at + 1;
                return Ok(Span { start: start as u32, end: at as u32, escaped: false });
            }
            break;
        }
        self.string_from(start, at)
    }

    /// The rest of a string that has escapes or errors, or stands close to the end of the text.
    #[inline(never)]
    fn string_from(&mut self, start: usize, mut at: usize) -> Scan<Span> {
        let mut escaped = false;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(Span { start: start as u32, end: at as u32, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                Some(0..=0x1f) => {
                    self.at = at;
                    return Err(self.fail(JsonErrorKind::Control));
                }
                Some(_) => at += 1,
                None => {
                    self.at = at;
                    return Err(self.fail(JsonErrorKind::End("the closing quote of a string")));
                }
            }
        }
    }

    /// Appends a string with its escapes resolved.
    pub(super) fn unescape(&mut self, span: Span, out: &mut String) -> Scan {
        let text = self.text(span);
        super::escape::unescape(text, |s| out.push_str(s)).map_err(|e| self.fail(e))
    }

    /// Scans a number; says whether it has a fraction or an exponent.
    pub(super) fn number(&mut self) -> Scan<(&'a str, bool)> {
        let start = self.at;
        if self.peek() == b'-' {
            self.at += 1;
        }
        match self.peek() {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits()?,
            _ => return Err(self.wrong("a digit")),
        }
        let mut float = false;
        if self.peek() == b'.' {
            float = true;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            float = true;
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok((self.src.get(start..self.at).unwrap_or(""), float))
    }

    /// One digit or more.
    #[inline]
    fn digits(&mut self) -> Scan {
        if !self.peek().is_ascii_digit() {
            return Err(self.wrong("a digit"));
        }
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
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
