//! Passing over a value that no program can reach: only its syntax is checked.

use super::scan::{Scan, Scanner, Span};
use crate::document::build::{BuildError, Limits};

impl Scanner<'_> {
    /// Checks a value nobody reads and moves past it. Syntax errors are found here as elsewhere.
    pub(super) fn skip_value(&mut self) -> Scan {
        let mut open = Open::default();
        loop {
            match self.peek() {
                b'"' => {
                    let span = self.string()?;
                    self.check(span)?;
                }
                c @ (b'{' | b'[') => {
                    let map = c == b'{';
                    if self.opens(map) {
                        if open.depth >= Limits::default().depth {
                            return Err(self.fail(BuildError::Depth(Limits::default().depth).into()));
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
                    self.number()?;
                }
                _ => return Err(self.wrong("a value")),
            }
            loop {
                if open.depth == 0 {
                    return Ok(());
                }
                if self.goes_on(open.map())? {
                    break;
                }
                open.pop();
            }
            if open.map() {
                self.skip_key()?;
            }
        }
    }

    #[inline(always)]
    fn skip_key(&mut self) -> Scan {
        let span = self.key()?;
        self.check(span)?;
        self.colon()
    }

    /// Checks the escapes of a string nobody reads.
    #[inline]
    fn check(&mut self, span: Span) -> Scan {
        if span.escaped { self.check_escapes(span) } else { Ok(()) }
    }

    #[inline(never)]
    fn check_escapes(&mut self, span: Span) -> Scan {
        super::escape::unescape(self.text(span), |_| {}).map_err(|e| self.fail(e))
    }
}

/// The open containers of a skipped value: a bit each, which says whether it is a map.
#[derive(Default)]
struct Open {
    depth: usize,
    /// The innermost ones, the last in the lowest bit
    inner: u64,
    /// The others, 64 a piece
    outer: Vec<u64>,
}

impl Open {
    #[inline]
    fn push(&mut self, map: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.inner);
        }
        self.inner = (self.inner << 1) | u64::from(map);
        self.depth += 1;
    }

    #[inline]
    fn pop(&mut self) {
        self.depth -= 1;
        self.inner >>= 1;
        if self.depth.is_multiple_of(64)
            && let Some(outer) = self.outer.pop()
        {
            self.inner = outer;
        }
    }

    #[inline]
    fn map(&self) -> bool {
        self.inner & 1 == 1
    }
}
