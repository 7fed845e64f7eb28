//! Lines and columns.
//!
//! A place is found by counting on from an earlier one, so that reading a text with all its places looks at each byte
//! once more, however long its lines are.

/// A place in the source: a line and a column, both from 1. Columns count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Line, from 1; 0 where the place is unknown.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Place {
    /// Where a text starts.
    pub const START: Place = Place { line: 1, column: 1 };

    /// Where a text ends that starts here.
    #[must_use]
    pub fn after(self, text: &str) -> Place {
        #[cfg(test)]
        work::count(text.len());
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).count();
        let last = memchr::memrchr(b'\n', text.as_bytes()).and_then(|at| text.get(at + 1..));
        let chars = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        match last {
            None => Place { column: self.column.saturating_add(chars(text)), ..self },
            Some(last) => Place {
                line: self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX)),
                column: chars(last).saturating_add(1),
            },
        }
    }
}

/// Gives the places of a text's offsets, which have to come in order.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    src: &'a str,
    offset: usize,
    place: Place,
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of a text that itself starts at a place.
    pub(super) fn new(src: &'a str, start: Place) -> Self {
        Self { src, offset: 0, place: start }
    }

    /// The place of an offset that is not before the last one.
    pub(super) fn at(&mut self, offset: usize) -> Place {
        if let Some(passed) = self.src.get(self.offset..offset) {
            self.place = self.place.after(passed);
            self.offset = offset;
        }
        self.place
    }
}

/// How many bytes were looked at, for the tests that say it is not more than there are.
#[cfg(test)]
pub(super) mod work {
    use std::cell::Cell;

    thread_local! {
        static BYTES: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count(bytes: usize) {
        BYTES.set(BYTES.get() + bytes);
    }

    /// The bytes that `f` had looked at.
    pub(crate) fn of(f: impl FnOnce()) -> usize {
        let before = BYTES.get();
        f();
        BYTES.get() - before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_go_on_from_places() {
        let text = "a\u{e9}b\n\n\u{1f600}c";
        assert_eq!(Place::START.after(text), Place { line: 3, column: 3 });
        let mut cursor = Cursor::new(text, Place { line: 7, column: 5 });
        let found: Vec<Place> = text.char_indices().map(|(at, _)| cursor.at(at)).collect();
        let want = [(7, 5), (7, 6), (7, 7), (7, 8), (8, 1), (9, 1), (9, 2)];
        assert_eq!(found, want.map(|(line, column)| Place { line, column }));
        assert_eq!(cursor.at(text.len()), Place { line: 9, column: 3 });
        assert_eq!(cursor.at(text.len() + 1), Place { line: 9, column: 3 });
    }
}
