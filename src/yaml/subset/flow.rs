//! Lists and maps in brackets.

use super::{KEY, Scanner, Step, Text, Unknown};

/// How deep brackets may stand in each other; the event parser allows 255.
const DEPTH: usize = 200;

impl Scanner<'_, '_> {
    /// Reads the list or map whose bracket stands here.
    pub(super) fn flow(&mut self, depth: usize) -> Step {
        if depth >= DEPTH {
            return Err(Unknown);
        }
        let map = self.byte(self.at) == b'{';
        let close = if map { b'}' } else { b']' };
        let place = self.place(self.at);
        self.begin(map, place)?;
        self.at += 1;
        loop {
            self.between()?;
            if self.byte(self.at) == close {
                break;
            }
            if map {
                self.flow_key()?;
                self.between()?;
            }
            self.flow_value(depth)?;
            self.between()?;
            match self.byte(self.at) {
                b',' => self.at += 1,
                end if end == close => break,
                _ => return Err(Unknown),
            }
        }
        self.at += 1;
        self.end()
    }

    fn flow_key(&mut self) -> Step {
        let start = self.at;
        let place = self.place(start);
        match self.byte(start) {
            b'"' | b'\'' => {
                let text = self.quoted()?;
                if self.byte(self.at) != b':' || start < self.line_start || self.at - start > KEY {
                    return Err(Unknown);
                }
                self.give(text, false, place)?;
            }
            _ => {
                let (to, stop) = self.plain_in_flow()?;
                let text = self.slice(start, to)?;
                if stop != b':' || text.len() > KEY {
                    return Err(Unknown);
                }
                self.scalar(Text::Slice(text, start), true, place)?;
            }
        }
        self.at += 1;
        Ok(())
    }

    fn flow_value(&mut self, depth: usize) -> Step {
        let start = self.at;
        match self.byte(start) {
            b'[' | b'{' => self.flow(depth + 1),
            b'"' | b'\'' => {
                let place = self.place(start);
                let text = self.quoted()?;
                self.give(text, false, place)
            }
            _ => {
                let place = self.place(start);
                let (to, _) = self.plain_in_flow()?;
                let text = self.slice(start, to)?;
                self.scalar(Text::Slice(text, start), true, place)
            }
        }
    }

    /// Passes over white space and comments between brackets.
    fn between(&mut self) -> Step {
        loop {
            let from = self.at;
            self.at = self.after_spaces(from);
            match self.byte(self.at) {
                b'\n' | b'\r' => {}
                b'#' if self.at > from || self.at == self.line_start => self.skip_to_break(),
                b'\t' => return Err(Unknown),
                _ => break,
            }
            if self.is_end() {
                return Err(Unknown);
            }
            self.next_line();
            let text = self.after_spaces(self.at);
            if !self.is_break(text) && !self.inside(text) {
                return Err(Unknown);
            }
        }
        Ok(())
    }
}
