//! Text to tokens. Go: scannerc.go, whose functions are here under the same names.

use super::{Complaint, Mark, Step};
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    StreamStart,
    StreamEnd,
    Version(bool),
    TagDirective(String),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    /// A tag with its handle
    Tag(String),
    Scalar,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: Mark,
}

#[derive(Clone, Copy, Debug, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token: usize,
    mark: Mark,
}

/// How deep lists and maps may be nested.
const DEPTH: usize = 10_000;

/// How long a key may be that no `?` announces.
const KEY_LENGTH: usize = 1024;

pub(super) struct Scanner {
    chars: Vec<char>,
    pub(super) mark: Mark,
    tokens: VecDeque<Token>,
    parsed: usize,
    started: bool,
    pub(super) flow: usize,
    pub(super) indent: isize,
    indents: Vec<isize>,
    pub(super) key_allowed: bool,
    keys: Vec<SimpleKey>,
    /// Which of them are about which token.
    keys_by_token: BTreeMap<usize, usize>,
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// A break or the end.
pub(super) fn is_breakz(c: char) -> bool {
    is_break(c) || c == '\0'
}

pub(super) fn is_blankz(c: char) -> bool {
    is_blank(c) || is_breakz(c)
}

impl Scanner {
    pub(super) fn new(text: &str) -> Self {
        Self {
            chars: text.chars().collect(),
            mark: Mark::default(),
            tokens: VecDeque::new(),
            parsed: 0,
            started: false,
            flow: 0,
            indent: -1,
            indents: Vec::new(),
            key_allowed: false,
            keys: Vec::new(),
            keys_by_token: BTreeMap::new(),
        }
    }

    /// The character so far ahead; NUL, which no text has, after the end.
    pub(super) fn at(&self, ahead: usize) -> char {
        self.chars.get(self.mark.index + ahead).copied().unwrap_or('\0')
    }

    pub(super) fn now(&self) -> char {
        self.at(0)
    }

    pub(super) fn skip(&mut self) {
        if self.mark.index < self.chars.len() {
            self.mark.index += 1;
            self.mark.column += 1;
        }
    }

    pub(super) fn skip_while(&mut self, what: impl Fn(char) -> bool) {
        while what(self.now()) && self.now() != '\0' {
            self.skip();
        }
    }

    /// Skips a break, a pair of carriage return and line feed as one.
    pub(super) fn skip_line(&mut self) {
        let width = if self.now() == '\r' && self.at(1) == '\n' { 2 } else { usize::from(is_break(self.now())) };
        self.mark.index += width;
        if width > 0 {
            self.mark.column = 0;
            self.mark.line += 1;
        }
    }

    pub(super) fn fail<T>(&self, problem: &'static str) -> Step<T> {
        Err(Complaint::Scanner(problem, self.mark))
    }

    pub(super) fn is_document_indicator(&self) -> bool {
        let three = |c| (0..3).all(|i| self.at(i) == c);
        self.mark.column == 0 && (three('-') || three('.')) && is_blankz(self.at(3))
    }

    /// The next token, which stays.
    pub(super) fn peek(&mut self) -> Step<Token> {
        loop {
            if let Some(token) = self.tokens.front().cloned() {
                // What may turn out to be a key is only known to be none, or one, after it.
                let Some(key) = self.keys_by_token.get(&self.parsed).copied() else { return Ok(token) };
                if !self.is_valid(key)? {
                    return Ok(token);
                }
            }
            self.fetch()?;
        }
    }

    pub(super) fn pop(&mut self) {
        self.tokens.pop_front();
        self.parsed += 1;
    }

    fn push(&mut self, kind: Kind, start: Mark) {
        self.tokens.push_back(Token { kind, start });
    }

    fn fetch(&mut self) -> Step {
        if !self.started {
            self.started = true;
            self.keys.push(SimpleKey::default());
            self.key_allowed = true;
            self.push(Kind::StreamStart, self.mark);
            return Ok(());
        }
        self.scan_to_next_token();
        self.unroll(self.mark.column as isize);
        let (c, next, mark) = (self.now(), self.at(1), self.mark);
        match c {
            '\0' => self.stream_end(),
            '%' if mark.column == 0 => {
                self.between_documents()?;
                let kind = self.directive()?;
                self.push(kind, mark);
                Ok(())
            }
            '-' | '.' if self.is_document_indicator() => {
                self.between_documents()?;
                (0..3).for_each(|_| self.skip());
                self.push(if c == '-' { Kind::DocumentStart } else { Kind::DocumentEnd }, mark);
                Ok(())
            }
            '[' => self.flow_start(Kind::FlowSequenceStart),
            '{' => self.flow_start(Kind::FlowMappingStart),
            ']' => self.flow_end(Kind::FlowSequenceEnd),
            '}' => self.flow_end(Kind::FlowMappingEnd),
            ',' => {
                self.remove_key()?;
                self.key_allowed = true;
                self.one(Kind::FlowEntry)
            }
            '-' if is_blankz(next) => self.block_entry(),
            '?' if self.flow > 0 || is_blankz(next) => self.key(),
            ':' if self.flow > 0 || is_blankz(next) => self.value(),
            '*' | '&' => {
                self.save_key()?;
                self.key_allowed = false;
                let name = self.anchor()?;
                self.push(if c == '*' { Kind::Alias(name) } else { Kind::Anchor(name) }, mark);
                Ok(())
            }
            '!' => {
                self.save_key()?;
                self.key_allowed = false;
                let kind = self.tag()?;
                self.push(kind, mark);
                Ok(())
            }
            '|' | '>' if self.flow == 0 => {
                self.remove_key()?;
                self.key_allowed = true;
                self.block_scalar()?;
                self.push(Kind::Scalar, mark);
                Ok(())
            }
            '\'' | '"' => {
                self.save_key()?;
                self.key_allowed = false;
                self.flow_scalar(c == '\'')?;
                self.push(Kind::Scalar, mark);
                Ok(())
            }
            _ if self.starts_plain(c, next) => {
                self.save_key()?;
                self.key_allowed = false;
                self.plain_scalar()?;
                self.push(Kind::Scalar, mark);
                Ok(())
            }
            _ => self.fail("found character that cannot start any token"),
        }
    }

    fn starts_plain(&self, c: char, next: char) -> bool {
        let indicator = "-?:,[]{}#&*!|>'\"%@`".contains(c);
        !(is_blankz(c) || indicator)
            || (c == '-' && !is_blank(next))
            || (self.flow == 0 && matches!(c, '?' | ':') && !is_blankz(next))
    }

    fn scan_to_next_token(&mut self) {
        loop {
            if self.mark.column == 0 && self.now() == '\u{feff}' {
                self.skip();
            }
            while self.now() == ' ' || ((self.flow > 0 || !self.key_allowed) && self.now() == '\t') {
                self.skip();
            }
            if self.now() == '#' {
                self.skip_while(|c| !is_breakz(c));
            }
            if !is_break(self.now()) {
                return;
            }
            self.skip_line();
            if self.flow == 0 {
                self.key_allowed = true;
            }
        }
    }

    fn is_valid(&mut self, key: usize) -> Step<bool> {
        let mark = self.mark;
        let Some(key) = self.keys.get_mut(key).filter(|k| k.possible) else { return Ok(false) };
        if key.mark.line < mark.line || key.mark.index + KEY_LENGTH < mark.index {
            if key.required {
                return self.fail("could not find expected ':'");
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn save_key(&mut self) -> Step {
        if !self.key_allowed {
            return Ok(());
        }
        let required = self.flow == 0 && self.indent == self.mark.column as isize;
        let token = self.parsed + self.tokens.len();
        self.remove_key()?;
        if let Some(last) = self.keys.last_mut() {
            *last = SimpleKey { possible: true, required, token, mark: self.mark };
            self.keys_by_token.insert(token, self.keys.len() - 1);
        }
        Ok(())
    }

    fn remove_key(&mut self) -> Step {
        let Some(last) = self.keys.last_mut().filter(|k| k.possible) else { return Ok(()) };
        if last.required {
            return self.fail("could not find expected ':'");
        }
        last.possible = false;
        self.keys_by_token.remove(&last.token);
        Ok(())
    }

    fn roll(&mut self, column: usize, before: Option<usize>, kind: Kind, start: Mark) -> Step {
        let column = column as isize;
        if self.flow > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > DEPTH {
            return self.fail("exceeded max depth of 10000");
        }
        self.insert(before, Token { kind, start });
        Ok(())
    }

    /// Puts a token before the one with this number, or at the end.
    fn insert(&mut self, before: Option<usize>, token: Token) {
        let at = before.map_or(self.tokens.len(), |n| n.saturating_sub(self.parsed));
        self.tokens.insert(at.min(self.tokens.len()), token);
    }

    fn unroll(&mut self, column: isize) {
        while self.flow == 0 && self.indent > column {
            self.push(Kind::BlockEnd, self.mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn stream_end(&mut self) -> Step {
        if self.mark.column != 0 {
            self.mark.column = 0;
            self.mark.line += 1;
        }
        self.between_documents()?;
        self.push(Kind::StreamEnd, self.mark);
        Ok(())
    }

    fn between_documents(&mut self) -> Step {
        self.unroll(-1);
        self.remove_key()?;
        self.key_allowed = false;
        Ok(())
    }

    /// A token of one character.
    fn one(&mut self, kind: Kind) -> Step {
        self.push(kind, self.mark);
        self.skip();
        Ok(())
    }

    fn flow_start(&mut self, kind: Kind) -> Step {
        self.save_key()?;
        self.keys.push(SimpleKey::default());
        self.flow += 1;
        if self.flow > DEPTH {
            return self.fail("exceeded max depth of 10000");
        }
        self.key_allowed = true;
        self.one(kind)
    }

    fn flow_end(&mut self, kind: Kind) -> Step {
        self.remove_key()?;
        if self.flow > 0 {
            self.flow -= 1;
            if let Some(last) = self.keys.pop() {
                self.keys_by_token.remove(&last.token);
            }
        }
        self.key_allowed = false;
        self.one(kind)
    }

    fn block_entry(&mut self) -> Step {
        if self.flow == 0 {
            if !self.key_allowed {
                return self.fail("block sequence entries are not allowed in this context");
            }
            self.roll(self.mark.column, None, Kind::BlockSequenceStart, self.mark)?;
        }
        self.remove_key()?;
        self.key_allowed = true;
        self.one(Kind::BlockEntry)
    }

    fn key(&mut self) -> Step {
        if self.flow == 0 {
            if !self.key_allowed {
                return self.fail("mapping keys are not allowed in this context");
            }
            self.roll(self.mark.column, None, Kind::BlockMappingStart, self.mark)?;
        }
        self.remove_key()?;
        self.key_allowed = self.flow == 0;
        self.one(Kind::Key)
    }

    fn value(&mut self) -> Step {
        let last = self.keys.len().saturating_sub(1);
        if self.is_valid(last)? {
            let key = self.keys.get(last).copied().unwrap_or_default();
            self.insert(Some(key.token), Token { kind: Kind::Key, start: key.mark });
            self.roll(key.mark.column, Some(key.token), Kind::BlockMappingStart, key.mark)?;
            if let Some(key) = self.keys.get_mut(last) {
                key.possible = false;
            }
            self.keys_by_token.remove(&key.token);
            self.key_allowed = false;
        } else {
            if self.flow == 0 {
                if !self.key_allowed {
                    return self.fail("mapping values are not allowed in this context");
                }
                self.roll(self.mark.column, None, Kind::BlockMappingStart, self.mark)?;
            }
            self.key_allowed = self.flow == 0;
        }
        self.one(Kind::Value)
    }
}
