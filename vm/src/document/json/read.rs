//! From scanned tokens to a document.

use super::scan::{Bad, Scan, Scanner};
use super::{JsonErrorKind, JsonOptions};
use crate::document::build::{BuildError, Builder};
use crate::document::place::{Cursor, Place};
use crate::scalar::number;

/// One value and nothing after it.
pub(super) fn document<'a>(s: &mut Scanner<'a>, b: &mut Builder<'a>, options: JsonOptions) -> Scan {
    s.space();
    value(s, b, options)?;
    s.space();
    if s.is_at_end() { Ok(()) } else { Err(s.fail(JsonErrorKind::Trailing)) }
}

/// The value that stands here.
pub(super) fn value<'a>(s: &mut Scanner<'a>, b: &mut Builder<'a>, options: JsonOptions) -> Scan {
    let places = options.places.map(|start| Cursor::new(s.source(), start));
    let JsonOptions { offsets, unique_keys: unique, whole_numbers: whole, floats, .. } = options;
    let mut r = Reader { s, b, places, offsets, unique, whole, floats };
    r.value()?;
    while r.b.depth() > 0 {
        // Inside a container, after a value.
        let map = r.b.in_map();
        if r.s.goes_on(map)? {
            if map {
                r.key()?;
            }
            r.value()?;
        } else {
            r.b.end();
        }
    }
    Ok(())
}

struct Reader<'r, 'a> {
    s: &'r mut Scanner<'a>,
    b: &'r mut Builder<'a>,
    places: Option<Cursor<'a>>,
    offsets: bool,
    unique: bool,
    whole: bool,
    floats: bool,
}

impl Reader<'_, '_> {
    #[inline]
    fn place(&mut self) -> Option<Place> {
        let at = self.s.at();
        if self.offsets {
            return Some(Place { line: u32::try_from(at).unwrap_or(u32::MAX), column: 0 });
        }
        self.places.as_mut().map(|places| places.at(at))
    }

    #[inline]
    fn built<T>(&mut self, result: Result<T, BuildError>) -> Scan<T> {
        match result {
            Ok(value) => Ok(value),
            Err(e) => Err(self.s.fail(e.into())),
        }
    }

    /// A key and its colon.
    #[inline]
    fn key(&mut self) -> Scan {
        let place = self.place();
        let start = self.s.at();
        let span = self.s.key()?;
        let known = if span.escaped {
            let mut key = String::new();
            self.s.unescape(span, &mut key)?;
            self.b.key(&key, place)
        } else {
            self.b.key_slice(self.s.text(span), span.start(), span.end(), place)
        };
        if self.built(known)? && self.unique {
            return Err(self.duplicate(start, span));
        }
        self.s.colon()
    }

    #[cold]
    fn duplicate(&mut self, start: usize, span: super::scan::Span) -> Bad {
        let key = self.s.text(span).to_owned();
        self.s.back_to(start);
        self.s.fail(JsonErrorKind::Duplicate(key))
    }

    /// A number that is not written as an int64.
    #[cold]
    fn number(&mut self, text: &str, float: bool, place: Option<Place>) -> Scan<Result<(), BuildError>> {
        if self.whole
            && !float
            && let Ok(value) = text.parse()
        {
            return Ok(self.b.uint(value, place));
        }
        let value = text.parse().ok().filter(|value: &f64| value.is_finite());
        let Some(value) = value else { return Err(self.s.fail(JsonErrorKind::Number)) };
        Ok(match number::whole_text(value) {
            Some(value) if self.whole => self.b.int(value, place),
            _ => self.b.float(value, place),
        })
    }

    /// One scalar, or the opening of a container with its first member: nesting costs no stack.
    fn value(&mut self) -> Scan {
        loop {
            let place = self.place();
            if !self.unique && !self.b.wanted() {
                let start = self.s.at();
                self.s.skip_value()?;
                let added = self.b.raw_slice(start, self.s.at(), place);
                return self.built(added);
            }
            let added = match self.s.peek() {
                b'"' => {
                    let span = self.s.string()?;
                    if span.escaped {
                        let owned = self.b.owned();
                        let from = owned.len();
                        self.s.unescape(span, owned)?;
                        self.b.str_owned(from, place)
                    } else {
                        self.b.str_slice(span.start(), span.end(), place)
                    }
                }
                c @ (b'{' | b'[') => {
                    let map = c == b'{';
                    let begun = if map { self.b.begin_map(place) } else { self.b.begin_list(place) };
                    self.built(begun)?;
                    if self.s.opens(map) {
                        if map {
                            self.key()?;
                        }
                        continue;
                    }
                    self.b.end();
                    Ok(())
                }
                b't' => {
                    self.s.literal("true")?;
                    self.b.bool(true, place)
                }
                b'f' => {
                    self.s.literal("false")?;
                    self.b.bool(false, place)
                }
                b'n' => {
                    self.s.literal("null")?;
                    self.b.null(place)
                }
                b'-' | b'0'..=b'9' => {
                    let (text, float) = self.s.number()?;
                    match (float || self.floats, text.parse::<i64>()) {
                        (false, Ok(value)) => self.b.int(value, place),
                        _ => self.number(text, float, place)?,
                    }
                }
                _ => return Err(self.s.wrong("a value")),
            };
            return self.built(added);
        }
    }
}
