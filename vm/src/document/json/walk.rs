//! Taking a JSON text apart from outside: what is of interest in it becomes documents, all else stays text.

use super::read::value;
use super::scan::{Scan, Scanner};
use super::{JsonError, JsonOptions, builder, small_enough};
use crate::document::{Buffers, Document, Layout};
use std::borrow::Cow;

/// A walk over a JSON text, in which every byte is read once. It stands before a value until that is taken.
///
/// ```
/// use kyvc_vm::document::{Buffers, JsonError, JsonOptions, JsonWalk, Layout};
///
/// let layout = Layout::everything();
/// let mut walk = JsonWalk::new(r#"{"uid": "1", "object": {"kind": "Pod"}, "dryRun": false}"#)?;
/// let (mut uid, mut object, mut rest) = (None, None, Vec::new());
/// walk.members(|walk, key| {
///     match key {
///         "uid" => uid = walk.text()?,
///         "object" => object = Some(walk.document(&layout, Buffers::default(), JsonOptions::default())?),
///         _ => rest.push(walk.skip()?),
///     }
///     Ok::<_, JsonError>(())
/// })?;
/// walk.end()?;
/// assert_eq!((uid.as_deref(), object.map(|o| o.node_count()), rest), (Some("1"), Some(2), vec!["false"]));
/// # Ok::<_, JsonError>(())
/// ```
pub struct JsonWalk<'a> {
    s: Scanner<'a>,
    /// Where the last member's key starts
    member: usize,
}

impl<'a> JsonWalk<'a> {
    /// Starts before the value of a text.
    pub fn new(src: &'a str) -> Result<Self, JsonError> {
        small_enough(src)?;
        let mut s = Scanner::new(src);
        s.space();
        Ok(Self { s, member: 0 })
    }

    fn done<T>(&mut self, scan: Scan<T>) -> Result<T, JsonError> {
        scan.map_err(|_| self.s.error())
    }

    /// Takes a map: each of its members is handed over by its key, with the walk before its value. A value that is left
    /// there is passed over. `null` has no members, as where Go reads it into a struct.
    pub fn members<E: From<JsonError>>(
        &mut self,
        mut each: impl FnMut(&mut Self, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.is_null() {
            self.skip()?;
            return Ok(());
        }
        if self.s.peek() != b'{' {
            let wrong = Err(self.s.wrong("a map"));
            return Ok(self.done(wrong)?);
        }
        let mut more = self.s.opens(true);
        while more {
            let key = self.key()?;
            let before = self.s.at();
            each(self, &key)?;
            if self.s.at() == before {
                self.skip()?;
            }
            let scan = self.s.goes_on(true);
            more = self.done(scan)?;
        }
        Ok(())
    }

    fn key(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.member = self.s.at();
        let scan = self.s.key();
        let span = self.done(scan)?;
        let key = self.string(span)?;
        let scan = self.s.colon();
        self.done(scan)?;
        Ok(key)
    }

    fn string(&mut self, span: super::scan::Span) -> Result<Cow<'a, str>, JsonError> {
        if !span.escaped {
            return Ok(Cow::Borrowed(self.s.text(span)));
        }
        let mut text = String::new();
        let scan = self.s.unescape(span, &mut text);
        self.done(scan)?;
        Ok(Cow::Owned(text))
    }

    /// Takes a value as a document, whose texts are slices of the whole text.
    pub fn document(
        &mut self,
        layout: &'a Layout,
        buffers: Buffers,
        options: JsonOptions,
    ) -> Result<Document<'a>, JsonError> {
        let mut b = builder(self.s.source(), layout, buffers, options);
        let scan = value(&mut self.s, &mut b, options);
        self.done(scan)?;
        Ok(b.finish())
    }

    /// Takes a string; any other value is passed over.
    pub fn text(&mut self) -> Result<Option<Cow<'a, str>>, JsonError> {
        if self.s.peek() != b'"' {
            self.skip()?;
            return Ok(None);
        }
        let scan = self.s.string();
        let span = self.done(scan)?;
        self.string(span).map(Some)
    }

    /// Passes over a value, whose syntax is checked all the same, and gives its text.
    pub fn skip(&mut self) -> Result<&'a str, JsonError> {
        let start = self.s.at();
        let scan = self.s.skip_value();
        self.done(scan)?;
        Ok(self.s.source().get(start..self.s.at()).unwrap_or(""))
    }

    /// Whether the value is `null`, or no value at all.
    pub fn is_null(&self) -> bool {
        self.s.peek() == b'n'
    }

    /// Where the member starts that was handed over last, its key included, in bytes.
    pub fn member_at(&self) -> usize {
        self.member
    }

    /// Where the walk stands, in bytes.
    pub fn at(&self) -> usize {
        self.s.at()
    }

    /// Ends the walk, after the text's one value.
    pub fn end(mut self) -> Result<(), JsonError> {
        self.s.space();
        if self.s.is_at_end() { Ok(()) } else { Err(self.s.error()) }
    }
}
