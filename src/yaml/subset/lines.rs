//! White space, comments and the ends of lines.

use super::{Scanner, Step, Unknown};
use memchr::{memchr, memchr_iter, memmem};

/// Refuses what has a meaning wherever it stands: a carriage return without a line feed, which is a line break of its
/// own, and a byte order mark.
pub(super) fn check(text: &str, ascii: bool) -> Step {
    let bytes = text.as_bytes();
    let alone = memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'));
    if alone || !ascii && memmem::find(bytes, "\u{feff}".as_bytes()).is_some() { Err(Unknown) } else { Ok(()) }
}

impl Scanner<'_, '_> {
    /// The first offset from here on that has no space.
    #[inline]
    pub(super) fn after_spaces(&self, mut at: usize) -> usize {
        while self.byte(at) == b' ' {
            at += 1;
        }
        at
    }

    #[inline]
    pub(super) fn is_break(&self, at: usize) -> bool {
        matches!(self.byte(at), b'\n' | b'\r')
    }

    /// Goes to the next line from the break at `at`.
    #[inline]
    pub(super) fn next_line(&mut self) {
        if self.byte(self.at) == b'\r' {
            self.at += 1;
        }
        self.at = (self.at + 1).min(self.bytes.len());
        self.line = self.line.saturating_add(1);
        self.line_start = self.at;
    }

    #[inline]
    pub(super) fn is_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Goes to the end of a line that has nothing but a comment left, but not over it.
    #[inline]
    pub(super) fn end_of_line(&mut self) -> Step<bool> {
        let from = self.at;
        self.at = self.after_spaces(self.at);
        match self.byte(self.at) {
            b'\n' | b'\r' => Ok(false),
            b'#' if self.at > from => {
                self.skip_to_break();
                Ok(true)
            }
            _ => Err(Unknown),
        }
    }

    /// Goes to the line's break.
    pub(super) fn skip_to_break(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        self.at += memchr(b'\n', rest).unwrap_or(rest.len());
        // `next_line` steps over both bytes of a break, or over one.
        if self.at > 0 && self.byte(self.at - 1) == b'\r' {
            self.at -= 1;
        }
    }

    /// Goes to the next line that has something else than a comment; says in which column it starts, and whether there
    /// were comments.
    #[inline]
    pub(super) fn content(&mut self) -> Step<Option<(usize, bool)>> {
        let mut comments = false;
        loop {
            if self.is_end() {
                return Ok(None);
            }
            self.at = self.after_spaces(self.at);
            match self.byte(self.at) {
                b'\n' | b'\r' => self.next_line(),
                b'#' => {
                    comments = true;
                    self.skip_to_break();
                    self.next_line();
                }
                b'\t' => return Err(Unknown),
                _ => return Ok(Some((self.at - self.line_start, comments))),
            }
        }
    }

    /// Whether a line that starts without spaces is no part of the document: a marker or a directive.
    pub(super) fn is_marker(&self, at: usize) -> bool {
        match self.byte(at) {
            b'%' => true,
            mark @ (b'-' | b'.') => {
                let blank = matches!(self.byte(at + 3), b' ' | b'\t' | b'\n' | b'\r');
                self.byte(at + 1) == mark && self.byte(at + 2) == mark && blank
            }
            _ => false,
        }
    }
}
