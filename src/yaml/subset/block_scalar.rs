//! Literal and folded scalars.

use super::{Scanner, Step, Text, Unknown};
use memchr::memchr;

/// What becomes of the line breaks at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}

impl Scanner<'_, '_> {
    /// Reads the scalar whose `|` or `>` stands here, inside a collection of this column.
    pub(super) fn literal_or_folded(&mut self, margin: usize) -> Step {
        let folded = self.byte(self.at) == b'>';
        let (chomp, indicated) = self.header()?;
        self.end_of_line()?;
        self.next_line();
        let (indent, mut breaks) = match indicated {
            Some(more) => (margin + more, 0),
            None => self.first_line(margin)?,
        };
        self.made.clear();
        let mut place = None;
        // The break of the last line with text, and whether that line started with a space.
        let (mut broken, mut blank) = (false, false);
        while !self.is_end() {
            let start = self.after_indent(indent);
            if self.is_break(start) {
                self.at = start;
                self.next_line();
                breaks += 1;
                continue;
            }
            if start - self.line_start < indent {
                break;
            }
            let starts_blank = matches!(self.byte(start), b' ' | b'\t');
            if folded && broken && !blank && !starts_blank {
                if breaks == 0 {
                    self.made.push(' ');
                }
            } else if broken {
                self.made.push('\n');
            }
            (0..breaks).for_each(|_| self.made.push('\n'));
            (breaks, blank, broken) = (0, starts_blank, true);
            if place.is_none() {
                place = Some(self.place(start));
            }
            self.line_of_text(start)?;
        }
        // Without text its place is another one, and an unfinished last line has rules of its own.
        let Some(place) = place.filter(|_| self.whole || !self.is_end()) else { return Err(Unknown) };
        if chomp != Chomp::Strip {
            self.made.push('\n');
        }
        if chomp == Chomp::Keep {
            (0..breaks).for_each(|_| self.made.push('\n'));
        }
        let made = std::mem::take(&mut self.made);
        self.scalar(Text::Made(&made), false, place)?;
        self.made = made;
        Ok(())
    }

    /// The indicators behind `|` or `>`, in either order.
    fn header(&mut self) -> Step<(Chomp, Option<usize>)> {
        let (mut chomp, mut indent) = (None, None);
        loop {
            self.at += 1;
            match self.byte(self.at) {
                b'+' if chomp.is_none() => chomp = Some(Chomp::Keep),
                b'-' if chomp.is_none() => chomp = Some(Chomp::Strip),
                digit @ b'1'..=b'9' if indent.is_none() => indent = Some(usize::from(digit - b'0')),
                _ => return Ok((chomp.unwrap_or(Chomp::Clip), indent)),
            }
        }
    }

    /// Passes over empty lines; the first line with text says how far all of them are indented.
    fn first_line(&mut self, margin: usize) -> Step<(usize, usize)> {
        let (mut breaks, mut widest) = (0, margin + 1);
        loop {
            if self.is_end() {
                return Err(Unknown);
            }
            let start = self.after_spaces(self.at);
            let indent = start - self.line_start;
            if !self.is_break(start) {
                return if indent < widest || self.byte(start) == b'\t' { Err(Unknown) } else { Ok((indent, breaks)) };
            }
            widest = widest.max(indent);
            self.at = start;
            self.next_line();
            breaks += 1;
        }
    }

    /// The offset behind as many spaces as the scalar is indented, or fewer.
    fn after_indent(&self, indent: usize) -> usize {
        let mut at = self.line_start;
        while at - self.line_start < indent && self.byte(at) == b' ' {
            at += 1;
        }
        at
    }

    fn line_of_text(&mut self, start: usize) -> Step {
        let rest = self.bytes.get(start..).ok_or(Unknown)?;
        let end = start + memchr(b'\n', rest).unwrap_or(rest.len());
        let to = if end > start && self.byte(end - 1) == b'\r' { end - 1 } else { end };
        self.made.push_str(self.slice(start, to)?);
        self.at = to;
        self.next_line();
        Ok(())
    }
}
