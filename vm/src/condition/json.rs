//! Lists of strings in a JSON text, as Go's `encoding/json` reads them into a `[]string`.

use smallvec::SmallVec;

use crate::document::{Buffers, JsonOptions, Layout, read_json};
use crate::scalar::Scalar;

/// Go's limit of lists and maps in each other.
const DEPTH: usize = 10_000;

/// What a text is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Strings {
    /// No JSON at all
    NoJson,
    /// JSON, but no list of strings
    None,
    /// A list of strings; `null` is an empty list, and in a list an empty string
    List(Vec<String>),
}

/// Reads a text.
pub(super) fn strings(text: &str) -> Strings {
    if !is_json(text) {
        return Strings::NoJson;
    }
    let layout = Layout::everything();
    // Whatever is refused here has a number out of range or is nested, neither of which is a string.
    let Ok(document) = read_json(text, &layout, Buffers::default(), JsonOptions::default()) else {
        return Strings::None;
    };
    let Some(root) = document.root() else { return Strings::None };
    match document.scalar(root) {
        Scalar::Null => Strings::List(Vec::new()),
        Scalar::List => {
            let string = |node| match document.scalar(node) {
                Scalar::Str(text) => Some(text.to_owned()),
                Scalar::Null => Some(String::new()),
                _ => None,
            };
            document.children(root).map(string).collect::<Option<_>>().map_or(Strings::None, Strings::List)
        }
        _ => Strings::None,
    }
}

/// `json.Valid`: whether a text is one JSON value, without a look at what it means.
fn is_json(text: &str) -> bool {
    let mut scan = Scan { rest: text.as_bytes(), open: SmallVec::new() };
    scan.document().is_some() && scan.rest.is_empty()
}

struct Scan<'t> {
    rest: &'t [u8],
    /// Whether each open list or map is a map
    open: SmallVec<[bool; 32]>,
}

impl Scan<'_> {
    fn document(&mut self) -> Option<()> {
        self.value()?;
        while let Some(map) = self.open.last().copied() {
            if self.eat(b',') {
                self.member(map)?;
            } else if self.eat(if map { b'}' } else { b']' }) {
                self.open.pop();
            } else {
                return None;
            }
        }
        self.space();
        Some(())
    }

    /// A scalar, or the opening of lists and maps up to the first scalar or empty one.
    fn value(&mut self) -> Option<()> {
        loop {
            self.space();
            let (first, rest) = self.rest.split_first()?;
            match first {
                b'"' => return self.string(),
                b'{' | b'[' => {
                    self.rest = rest;
                    let map = *first == b'{';
                    self.open.push(map);
                    if self.open.len() > DEPTH {
                        return None;
                    }
                    if self.eat(if map { b'}' } else { b']' }) {
                        self.open.pop();
                        return Some(());
                    }
                    if map {
                        self.key()?;
                    }
                }
                b't' => return self.word(b"true"),
                b'f' => return self.word(b"false"),
                b'n' => return self.word(b"null"),
                _ => return self.number(),
            }
        }
    }

    fn member(&mut self, map: bool) -> Option<()> {
        if map {
            self.key()?;
        }
        self.value()
    }

    fn key(&mut self) -> Option<()> {
        self.space();
        self.string()?;
        self.eat(b':').then_some(())
    }

    fn space(&mut self) {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// A mark after white space.
    fn eat(&mut self, mark: u8) -> bool {
        self.space();
        self.word(&[mark]).is_some()
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        self.word(b"\"")?;
        loop {
            self.rest = match self.rest {
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    return Some(());
                }
                [b'\\', b'u', a, b, c, d, rest @ ..] if [a, b, c, d].into_iter().all(u8::is_ascii_hexdigit) => rest,
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', rest @ ..] => rest,
                [b'\\' | 0..=0x1f, ..] | [] => return None,
                [_, rest @ ..] => rest,
            };
        }
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.word(b"-");
        if self.word(b"0").is_none() {
            self.digits()?;
        }
        if self.word(b".").is_some() {
            self.digits()?;
        }
        if let [b'e' | b'E', rest @ ..] = self.rest {
            self.rest = match rest {
                [b'+' | b'-', rest @ ..] => rest,
                _ => rest,
            };
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = self.rest.get(count..)?;
        (count > 0).then_some(())
    }
}
