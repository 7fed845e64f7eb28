//! The YAML that manifests are written in, read in one pass: a chunk goes straight to the [`Reader`], without tokens.
//!
//! What is understood are block maps and lists, scalars of every style, lists and maps in brackets, and comments. At the
//! first thing that is anything else, be it rare or wrong, reading stops with [`Unknown`], and the event parser reads the
//! chunk from its start. So there is one place only that knows what is wrong with a text, and this one only has to be
//! right about what it accepts: the events are those of the event parser, place for place. `tests/subset.rs` compares.

mod block;
mod block_scalar;
mod flow;
mod lines;
mod plain;
mod quoted;

use super::fault::Fault;
use super::reader::Reader;
use super::{Chunk, ReadOptions};
use block::Open;
use kyvc_vm::document::{Buffers, Document, Layout, Place};

/// The text has something that only the event parser understands.
#[derive(Clone, Copy, Debug)]
struct Unknown;

impl From<Fault> for Unknown {
    #[cold]
    fn from(_: Fault) -> Self {
        Self
    }
}

type Step<T = ()> = Result<T, Unknown>;

/// Keys are shorter than this; libyaml has 1,024 characters as the limit.
const KEY: usize = 1_000;

/// The text of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text<'t> {
    /// As it stands in the chunk, and from where on.
    Slice(&'t str, usize),
    /// Put together from several lines, or with escapes resolved.
    Made(&'t str),
}

impl<'t> Text<'t> {
    pub(super) fn str(self) -> &'t str {
        match self {
            Text::Slice(text, _) | Text::Made(text) => text,
        }
    }

    /// Where it starts in the chunk, if it stands there.
    pub(super) fn start(self) -> Option<usize> {
        match self {
            Text::Slice(_, start) => Some(start),
            Text::Made(_) => None,
        }
    }
}

/// What became of a chunk.
#[derive(Debug)]
pub(super) enum Read<'a> {
    Done(Document<'a>),
    /// It is for the event parser, with this memory.
    Unknown(Buffers),
}

/// Reads a chunk of what this reader understands.
pub(super) fn read<'a>(chunk: Chunk<'a>, layout: &'a Layout, buffers: Buffers, options: &ReadOptions) -> Read<'a> {
    let mut reader = Reader::new(chunk, layout, buffers, options);
    let done = Scanner::new(chunk, options, &mut reader).and_then(|mut scanner| scanner.document());
    match done {
        Ok(()) => Read::Done(reader.b.finish()),
        Err(Unknown) => Read::Unknown(reader.b.finish().recycle()),
    }
}

/// A place in a chunk, and what is open there.
struct Scanner<'a, 'r> {
    text: &'a str,
    bytes: &'a [u8],
    /// Where the scanner is
    at: usize,
    /// Line breaks before `at`, those of the source included
    line: u32,
    /// Where the line of `at` starts
    line_start: usize,
    /// The open block collections
    open: Vec<Open>,
    /// A text that does not stand in the chunk
    made: String,
    reader: &'r mut Reader<'a>,
    places: bool,
    ascii: bool,
    /// The last column that was counted: its offset, and the characters before it
    counted: (usize, usize),
    /// The text is whole: it ends where the chunk ends, whether with a line break or not
    whole: bool,
}

impl<'a, 'r> Scanner<'a, 'r> {
    fn new(chunk: Chunk<'a>, options: &ReadOptions, reader: &'r mut Reader<'a>) -> Step<Self> {
        let text = chunk.text;
        let ascii = text.is_ascii();
        lines::check(text, ascii)?;
        Ok(Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            line: chunk.line,
            line_start: 0,
            open: Vec::new(),
            made: String::new(),
            reader,
            places: options.places,
            ascii,
            counted: (0, 0),
            whole: !chunk.sigs || text.ends_with('\n'),
        })
    }

    /// A byte of the text; it ends with a line break, whether it has one or not.
    #[inline]
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    #[inline]
    fn slice(&self, from: usize, to: usize) -> Step<&'a str> {
        self.text.get(from..to).ok_or(Unknown)
    }

    /// Whether a byte separates words: a space or the end of the line. Tabs are left to the event parser.
    #[inline]
    fn separates(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\n' | b'\r')
    }

    /// The place of an offset in the line of `at`.
    #[inline]
    fn place(&mut self, at: usize) -> Place {
        if !self.places {
            return Place::default();
        }
        let column = if self.ascii { at - self.line_start } else { self.characters(at) };
        let column = u32::try_from(column).unwrap_or(u32::MAX);
        Place { line: self.line.saturating_add(1), column: column.saturating_add(1) }
    }

    /// How many characters of the line are before an offset; a long line is not counted again for each.
    fn characters(&mut self, at: usize) -> usize {
        let (from, before) =
            if (self.line_start..=at).contains(&self.counted.0) { self.counted } else { (self.line_start, 0) };
        let more = self.text.get(from..at).map_or(0, |text| text.chars().count());
        self.counted = (at, before + more);
        self.counted.1
    }

    #[inline]
    fn scalar(&mut self, text: Text<'_>, plain: bool, place: Place) -> Step {
        if plain && text.str() == "<<" {
            return Err(Unknown);
        }
        Ok(self.reader.untagged(text, plain, place)?)
    }

    #[inline]
    fn begin(&mut self, map: bool, place: Place) -> Step {
        Ok(self.reader.open_at(map, place)?)
    }

    #[inline]
    fn end(&mut self) -> Step {
        Ok(self.reader.close()?)
    }
}
