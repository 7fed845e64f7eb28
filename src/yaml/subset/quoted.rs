//! Scalars in quotes.

use super::{Scanner, Step, Text, Unknown};
use kyvc_vm::document::Place;
use memchr::{memchr2, memchr3};

/// A scalar in quotes: a part of the chunk, or else what is in `made`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Quoted<'a> {
    Slice(&'a str, usize),
    Made,
}

impl<'a> Scanner<'a, '_> {
    /// Gives a quoted scalar to the reader.
    #[inline]
    pub(super) fn give(&mut self, text: Quoted<'a>, plain: bool, place: Place) -> Step {
        match text {
            Quoted::Slice(text, start) => self.scalar(Text::Slice(text, start), plain, place),
            Quoted::Made => {
                let made = std::mem::take(&mut self.made);
                self.scalar(Text::Made(&made), plain, place)?;
                self.made = made;
                Ok(())
            }
        }
    }

    /// The scalar that starts with the quote here; the scanner stands behind its end then.
    #[inline]
    pub(super) fn quoted(&mut self) -> Step<Quoted<'a>> {
        let (quote, start) = (self.byte(self.at), self.at + 1);
        let rest = self.bytes.get(start..).ok_or(Unknown)?;
        let stop = if quote == b'"' { memchr3(b'"', b'\\', b'\n', rest) } else { memchr2(b'\'', b'\n', rest) };
        let end = start + stop.ok_or(Unknown)?;
        let doubled = quote == b'\'' && self.byte(end + 1) == b'\'';
        if self.byte(end) == quote && !doubled {
            self.at = end + 1;
            return Ok(Quoted::Slice(self.slice(start, end)?, start));
        }
        self.made.clear();
        self.at = start;
        self.made_quoted(quote)?;
        Ok(Quoted::Made)
    }

    /// Puts a scalar with escapes or several lines together.
    fn made_quoted(&mut self, quote: u8) -> Step {
        // What stands before this may not be trimmed: it was escaped.
        let mut kept = 0;
        loop {
            let rest = self.bytes.get(self.at..).ok_or(Unknown)?;
            let stop = if quote == b'"' { memchr3(b'"', b'\\', b'\n', rest) } else { memchr2(b'\'', b'\n', rest) };
            let stop = self.at + stop.ok_or(Unknown)?;
            self.made.push_str(self.slice(self.at, stop)?);
            self.at = stop;
            match self.byte(stop) {
                b'\n' => self.fold(kept)?,
                b'\\' if self.byte(stop + 1) == b'\n' || self.byte(stop + 1) == b'\r' => {
                    self.at += 1;
                    kept = self.made.len();
                    let lines = self.breaks()?;
                    (1..lines).for_each(|_| self.made.push('\n'));
                    kept = kept.max(self.made.len());
                }
                b'\\' => {
                    let c = self.escape()?;
                    self.made.push(c);
                    kept = self.made.len();
                }
                b'\'' if quote == b'\'' && self.byte(stop + 1) == b'\'' => {
                    self.made.push('\'');
                    self.at += 2;
                    kept = self.made.len();
                }
                _ => {
                    self.at += 1;
                    return Ok(());
                }
            }
        }
    }

    /// Joins two lines with a space, or with the breaks of the empty lines between them.
    fn fold(&mut self, kept: usize) -> Step {
        while self.made.len() > kept && self.made.ends_with([' ', '\t', '\r']) {
            self.made.pop();
        }
        match self.breaks()? {
            0 | 1 => self.made.push(' '),
            lines => (1..lines).for_each(|_| self.made.push('\n')),
        }
        Ok(())
    }

    /// Goes from a break to the next line with text, and counts the breaks.
    fn breaks(&mut self) -> Step<usize> {
        let mut lines = 0;
        while self.is_break(self.at) {
            self.next_line();
            lines += 1;
            if self.is_end() {
                return Err(Unknown);
            }
            self.at = self.after_spaces(self.at);
        }
        if self.byte(self.at) == b'\t' || !self.inside(self.at) { Err(Unknown) } else { Ok(lines) }
    }

    /// The character of an escape; the scanner stands at its backslash, and behind it then.
    fn escape(&mut self) -> Step<char> {
        let digits = match self.byte(self.at + 1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            other => {
                self.at += 2;
                return simple(other).ok_or(Unknown);
            }
        };
        let from = self.at + 2;
        let hex = self.slice(from, from + digits)?;
        if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Unknown);
        }
        self.at = from + digits;
        u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).ok_or(Unknown)
    }
}

fn simple(byte: u8) -> Option<char> {
    Some(match byte {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\u{b}',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'e' => '\u{1b}',
        b' ' => ' ',
        b'"' => '"',
        b'/' => '/',
        b'\\' => '\\',
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
