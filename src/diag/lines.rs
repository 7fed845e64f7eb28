//! Finding the line of a place in a text without counting from its start.

use kyvc_vm::document::Place;
use std::ops::Range;

/// Bytes between two marks.
const STEP: usize = 1 << 10;

/// The places of every [`STEP`]th byte of a text.
#[derive(Debug, Default)]
pub(super) struct Lines {
    marks: Vec<(usize, Place)>,
}

impl Lines {
    /// Marks a text that stands behind so many lines, in one pass.
    pub(super) fn new(text: &str, before: u32) -> Self {
        let mut marks = Vec::with_capacity(text.len() / STEP + 1);
        let (mut at, mut place) = (0, Place { line: before.saturating_add(1), column: 1 });
        while at < text.len() {
            marks.push((at, place));
            let next = text.floor_char_boundary((at + STEP).min(text.len()));
            place = place.after(text.get(at..next).unwrap_or(""));
            at = next;
        }
        Self { marks }
    }

    /// The byte offset of a place: the end of its line where that is shorter, and that of the text where it has no such
    /// line.
    pub(super) fn offset(&self, text: &str, place: Place) -> usize {
        let index = self.marks.partition_point(|(_, mark)| *mark <= place);
        let Some((start, mark)) = index.checked_sub(1).and_then(|i| self.marks.get(i)) else { return 0 };
        let mut at = *mark;
        for (i, c) in text.get(*start..).unwrap_or("").char_indices() {
            if at >= place || (at.line == place.line && c == '\n') {
                return start + i;
            }
            at = if c == '\n' { Place { line: at.line + 1, column: 1 } } else { Place { column: at.column + 1, ..at } };
        }
        text.len()
    }

    /// The bytes of a line, without its break; the end of the text for a line that it does not have.
    pub(super) fn line(&self, text: &str, line: u32) -> Range<usize> {
        let start = self.offset(text, Place { line, column: 1 });
        let end = self.offset(text, Place { line, column: u32::MAX });
        let line = text.get(start..end).unwrap_or("");
        start..start + line.trim_end_matches('\r').len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is looked at for a place lies between two marks.
    #[test]
    fn marks_are_close_however_long_lines_are() {
        let text = "\u{1f600}".repeat(10 * STEP);
        let lines = Lines::new(&text, 0);
        let ends = lines.marks.iter().skip(1).map(|(at, _)| *at).chain([text.len()]);
        assert!(lines.marks.iter().zip(ends).all(|((start, _), end)| *start < end && end - start <= STEP));
    }

    #[test]
    fn as_counted_from_the_start() {
        let long = "\u{e9}x".repeat(3 * STEP);
        for text in ["", "a", "\n", "a\n\nb\r\nc", &format!("{long}\n{long}\r\n\n{long}")] {
            let lines = Lines::new(text, 0);
            let mut place = Place::START;
            for (at, c) in text.char_indices() {
                assert_eq!(lines.offset(text, place), at);
                place = place.after(c.encode_utf8(&mut [0; 4]));
            }
            assert_eq!(lines.offset(text, place), text.len());
            let last = text.split('\n').count();
            for (number, line) in (1..).zip(text.split('\n')) {
                assert_eq!(text.get(lines.line(text, number)), Some(line.trim_end_matches('\r')));
            }
            assert_eq!(lines.line(text, u32::try_from(last).unwrap() + 1), text.len()..text.len());
        }
    }
}
