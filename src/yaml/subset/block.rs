//! Maps and lists by indentation.

use super::{KEY, Scanner, Step, Text, Unknown};
use kyvc_vm::document::Place;

/// An open block collection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    /// The column of its keys or dashes
    column: usize,
    map: bool,
}

/// What the next line decides about.
#[derive(Clone, Copy, Debug)]
enum Pending {
    Nothing,
    /// The document itself
    Root,
    /// A key's value
    Value,
    /// An element of a list; it has this place if it is absent
    Element(Place),
    /// A plain scalar that may go on
    Plain(Plain),
}

#[derive(Clone, Copy, Debug)]
struct Plain {
    /// Its first line's part
    from: usize,
    to: usize,
    place: Place,
    /// The line it ended in so far
    line: u32,
    /// It has several lines, and stands in `made`
    made: bool,
    /// A comment ended it
    ended: bool,
}

/// What a line goes on with.
enum Next {
    /// A value, in this column
    Node(usize),
    /// A member of the open map
    Member,
}

impl<'a> Scanner<'a, '_> {
    /// Reads the whole text.
    pub(super) fn document(&mut self) -> Step {
        self.start()?;
        let mut pending = Pending::Root;
        while let Some((column, comments)) = self.content()? {
            if column == 0 && self.is_marker(self.at) {
                return Err(Unknown);
            }
            if let Pending::Plain(plain) = &mut pending
                && self.open.last().is_some_and(|top| column > top.column)
            {
                plain.ended |= comments;
                self.go_on(plain)?;
                continue;
            }
            pending = match self.place_of(column, pending)? {
                Next::Node(column) => self.node(column)?,
                Next::Member => self.member()?,
            };
        }
        self.settle(pending)?;
        while self.open.pop().is_some() {
            self.end()?;
        }
        Ok(())
    }

    /// Passes over the `---` that a chunk may start with.
    fn start(&mut self) -> Step {
        if self.content()?.is_some_and(|(column, _)| column == 0)
            && self.text.get(self.at..).is_some_and(|rest| rest.starts_with("---"))
            && self.is_marker(self.at)
        {
            self.at += 3;
            self.end_of_line()?;
            self.next_line();
        }
        Ok(())
    }

    /// Closes what a line's column ends, and says what comes in the line.
    fn place_of(&mut self, column: usize, mut pending: Pending) -> Step<Next> {
        let dash = self.is_dash();
        loop {
            let Some(top) = self.open.last().copied() else {
                return if matches!(pending, Pending::Root) { Ok(Next::Node(column)) } else { Err(Unknown) };
            };
            if column > top.column {
                return match pending {
                    Pending::Value | Pending::Element(_) => Ok(Next::Node(column)),
                    _ => Err(Unknown),
                };
            }
            if column == top.column {
                match (top.map, dash) {
                    // A list that is no further right than the key that it belongs to.
                    (true, true) if matches!(pending, Pending::Value) => return Ok(Next::Node(column)),
                    (true, true) => return Err(Unknown),
                    (true, false) => {
                        self.settle(pending)?;
                        return Ok(Next::Member);
                    }
                    (false, true) => {
                        self.settle(pending)?;
                        return Ok(Next::Node(column));
                    }
                    (false, false) => {}
                }
            }
            self.settle(std::mem::replace(&mut pending, Pending::Nothing))?;
            self.open.pop();
            self.end()?;
        }
    }

    /// Ends a value that has no more lines, or none at all.
    #[inline]
    fn settle(&mut self, pending: Pending) -> Step {
        match pending {
            Pending::Nothing => Ok(()),
            Pending::Root => Err(Unknown),
            Pending::Value => self.scalar(Text::Made(""), true, Place::default()),
            Pending::Element(place) => self.scalar(Text::Made(""), true, place),
            Pending::Plain(plain) => {
                if plain.made {
                    let made = std::mem::take(&mut self.made);
                    self.scalar(Text::Made(&made), true, plain.place)?;
                    self.made = made;
                    return Ok(());
                }
                let text = self.slice(plain.from, plain.to)?;
                self.scalar(Text::Slice(text, plain.from), true, plain.place)
            }
        }
    }

    #[inline]
    fn is_dash(&self) -> bool {
        self.byte(self.at) == b'-' && self.separates(self.at + 1)
    }

    /// A value at the start of a line, or behind a dash.
    fn node(&mut self, mut column: usize) -> Step<Pending> {
        while self.is_dash() {
            let dash = self.at;
            let outer = self.open.last().copied();
            let again = outer.is_some_and(|top| !top.map && top.column == column);
            self.at = self.after_spaces(dash + 1);
            let end = match self.byte(self.at) {
                b'\n' | b'\r' => true,
                b'#' => {
                    self.at -= 1;
                    self.end_of_line()?
                }
                _ => false,
            };
            let here = self.place(self.at);
            if !again {
                // The event parser gives a list that is not indented the place behind its dash.
                let indented = outer.is_none_or(|top| column > top.column);
                let place = if indented { self.place(dash) } else { here };
                self.begin(false, place)?;
                self.open.push(Open { column, map: false });
            }
            if end {
                self.next_line();
                return Ok(Pending::Element(here));
            }
            column = self.at - self.line_start;
        }
        let start = self.at;
        let place = self.place(start);
        match self.byte(start) {
            b'"' | b'\'' => {
                let text = self.quoted()?;
                let ends = self.after_spaces(self.at);
                if self.byte(ends) == b':' {
                    self.first_member(column, place)?;
                    self.key(text, start, place)?;
                    self.at = ends;
                    return self.value();
                }
                self.give(text, false, place)?;
                self.end_of_line()?;
                self.next_line();
                Ok(Pending::Nothing)
            }
            b'[' | b'{' => self.brackets(),
            b'|' | b'>' => self.block_scalar(),
            _ => {
                let (to, stop) = self.plain()?;
                if stop == b':' {
                    self.first_member(column, place)?;
                    self.plain_key(start, to, place)?;
                    return self.value();
                }
                Ok(self.maybe_more(start, to, stop, place))
            }
        }
    }

    fn first_member(&mut self, column: usize, place: Place) -> Step {
        self.begin(true, place)?;
        self.open.push(Open { column, map: true });
        Ok(())
    }

    /// A key and its value, in the open map.
    #[inline]
    fn member(&mut self) -> Step<Pending> {
        let start = self.at;
        let place = self.place(start);
        match self.byte(start) {
            b'"' | b'\'' => {
                let text = self.quoted()?;
                self.at = self.after_spaces(self.at);
                if self.byte(self.at) != b':' {
                    return Err(Unknown);
                }
                self.key(text, start, place)?;
            }
            _ => {
                let (to, stop) = self.plain()?;
                if stop != b':' {
                    return Err(Unknown);
                }
                self.plain_key(start, to, place)?;
            }
        }
        self.value()
    }

    #[inline]
    fn plain_key(&mut self, start: usize, to: usize, place: Place) -> Step {
        let text = self.slice(start, to)?;
        if text.len() > KEY {
            return Err(Unknown);
        }
        self.scalar(Text::Slice(text, start), true, place)
    }

    /// A quoted key, which has one line.
    fn key(&mut self, text: super::quoted::Quoted<'a>, start: usize, place: Place) -> Step {
        if start < self.line_start || self.at - start > KEY {
            return Err(Unknown);
        }
        self.give(text, false, place)
    }

    /// What follows a key, from its colon on.
    #[inline]
    fn value(&mut self) -> Step<Pending> {
        if !self.separates(self.at + 1) {
            return Err(Unknown);
        }
        let start = self.after_spaces(self.at + 1);
        let place = self.place(start);
        self.at = start;
        match self.byte(start) {
            b'\n' | b'\r' => {
                self.next_line();
                Ok(Pending::Value)
            }
            b'#' => {
                self.at -= 1;
                self.end_of_line()?;
                self.next_line();
                Ok(Pending::Value)
            }
            b'"' | b'\'' => {
                let text = self.quoted()?;
                self.give(text, false, place)?;
                self.end_of_line()?;
                self.next_line();
                Ok(Pending::Nothing)
            }
            b'[' | b'{' => self.brackets(),
            b'|' | b'>' => self.block_scalar(),
            _ => {
                let (to, stop) = self.plain()?;
                if stop == b':' {
                    return Err(Unknown);
                }
                Ok(self.maybe_more(start, to, stop, place))
            }
        }
    }

    fn brackets(&mut self) -> Step<Pending> {
        self.flow(0)?;
        self.end_of_line()?;
        self.next_line();
        Ok(Pending::Nothing)
    }

    /// A plain scalar that the next line may belong to.
    #[inline]
    fn maybe_more(&mut self, from: usize, to: usize, stop: u8, place: Place) -> Pending {
        let plain = Plain { from, to, place, line: self.line, made: false, ended: stop == b'#' };
        self.over_comment(stop);
        Pending::Plain(plain)
    }

    #[inline]
    fn over_comment(&mut self, stop: u8) {
        if stop == b'#' {
            self.skip_to_break();
        }
        self.next_line();
    }

    /// Another line of a plain scalar.
    #[cold]
    fn go_on(&mut self, plain: &mut Plain) -> Step {
        if plain.ended {
            return Err(Unknown);
        }
        if !plain.made {
            self.made.clear();
            self.made.push_str(self.slice(plain.from, plain.to)?);
            plain.made = true;
        }
        // The break of the last line, and those of the empty lines between.
        match self.line.saturating_sub(plain.line) {
            0 | 1 => self.made.push(' '),
            breaks => (1..breaks).for_each(|_| self.made.push('\n')),
        }
        let start = self.at;
        let (to, stop) = self.plain_from(start)?;
        if stop == b':' {
            return Err(Unknown);
        }
        self.made.push_str(self.slice(start, to)?);
        plain.line = self.line;
        plain.ended = stop == b'#';
        self.over_comment(stop);
        Ok(())
    }

    /// The column that everything in the open collection is right of.
    #[inline]
    pub(super) fn margin(&self) -> Option<usize> {
        self.open.last().map(|top| top.column)
    }

    /// Whether a line that starts at an offset may go on with what began in an earlier line.
    #[inline]
    pub(super) fn inside(&self, at: usize) -> bool {
        let column = at - self.line_start;
        match self.margin() {
            Some(margin) => column > margin,
            None => column > 0 || !self.is_marker(at),
        }
    }

    /// What a block scalar leaves for the next line to decide.
    fn block_scalar(&mut self) -> Step<Pending> {
        let margin = self.margin().ok_or(Unknown)?;
        self.literal_or_folded(margin)?;
        Ok(Pending::Nothing)
    }
}
