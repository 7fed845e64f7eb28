//! One YAML document: parser events to a [`Builder`], by the rules of yaml.v2's `decode.go`.

use super::anchors::{Anchors, Target};
use super::fault::Fault;
use super::flow::Feed;
use super::go_syntax::go_syntax;
use super::keys::Keys;
use super::scalar::{self, Number, Resolved, ScalarError};
use super::subset::{self, Read, Text};
use super::{Chunk, ReadOptions, repair, strictness, tabs};
use crate::diag::Code;
use kyvc_vm::document::{Buffers, BuildError, Builder, Document, Kind, Layout, NodeId, Place};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use std::borrow::Cow;

/// Under this key stands what has no valid key; no text has it.
const UNNAMED: &str = "\u{0}kyvc key\u{0}";
const MERGE_TAG: &str = "tag:yaml.org,2002:merge";

/// An open list or map.
pub(super) struct Frame {
    map: bool,
    /// In a map: the next event is a key.
    pub(super) key_next: bool,
    /// The value to come is merged into this map.
    pub(super) merge: bool,
    node: NodeId,
    /// Where it starts, if it stands where a key may not: as the key of another map.
    is_key: Option<Place>,
    /// Where the key of the value to come is, if it is `null`.
    null_key: Option<Place>,
    anchor: usize,
    /// Decoding steps before it.
    steps: u64,
}

/// Reads the first document of a chunk; a chunk without one is `null`.
pub(super) fn read<'a>(
    chunk: Chunk<'a>,
    layout: &'a Layout,
    buffers: Buffers,
    options: &ReadOptions,
) -> Result<Document<'a>, Fault> {
    match subset::read(chunk, layout, buffers, options) {
        Read::Done(doc) => Ok(doc),
        Read::Unknown(buffers) => read_events(chunk, layout, buffers, options),
    }
}

/// The same with the event parser, which understands and judges everything.
pub(super) fn read_events<'a>(
    chunk: Chunk<'a>,
    layout: &'a Layout,
    mut buffers: Buffers,
    options: &ReadOptions,
) -> Result<Document<'a>, Fault> {
    let mut text = Cow::Borrowed(chunk.text);
    if !text.ends_with('\n') {
        // Kyverno: YAMLReader ends every line; the event parser reads an unfinished last line in ways of its own.
        text.to_mut().push('\n');
    }
    strictness::check_directives(chunk)?;
    tabs::check(chunk)?;
    for _ in 0..repair::RETRIES {
        let mut reader = Reader::new(chunk, layout, buffers, options);
        match reader.sound_events(&Feed::new(&text)) {
            Ok(()) => return reader.finish(),
            Err(fault) => {
                let Some(repaired) = repair::repair(&text, chunk, &fault) else { return Err(fault) };
                text = Cow::Owned(repaired);
                buffers = reader.b.finish().recycle();
            }
        }
    }
    let mut reader = Reader::new(chunk, layout, buffers, options);
    reader.sound_events(&Feed::new(&text))?;
    reader.finish()
}

pub(super) struct Reader<'a> {
    pub(super) chunk: Chunk<'a>,
    pub(super) b: Builder<'a>,
    pub(super) frames: Vec<Frame>,
    anchors: Anchors,
    pub(super) keys: Option<Keys>,
    places: bool,
    pub(super) at: Place,
    /// The place of the key whose value comes next.
    pub(super) key_at: Option<Place>,
    pub(super) merged: u64,
    /// Characters of the chunk, once somebody asked.
    length: Option<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(chunk: Chunk<'a>, layout: &'a Layout, buffers: Buffers, options: &ReadOptions) -> Self {
        let b = Builder::new(chunk.text, layout, buffers, options.limits);
        Self {
            chunk,
            b,
            frames: Vec::new(),
            anchors: Anchors::default(),
            keys: options.strict.then(Keys::default),
            places: options.places,
            at: Place::default(),
            key_at: None,
            merged: 0,
            length: None,
        }
    }

    /// Reads all events. A key that is none comes before whatever else is wrong inside it or its value.
    fn sound_events(&mut self, feed: &Feed<'_>) -> Result<(), Fault> {
        let result = self.events(feed);
        let first = self.frames.iter().find_map(|f| {
            let complex = f.is_key.map(|at| Fault::complex_key(self.chunk, at));
            complex.or(f.null_key.map(null_key))
        });
        match (result, first) {
            (Err(fault), Some(first)) if fault.says.is_none() => Err(first),
            (result, _) => result,
        }
    }

    fn events(&mut self, feed: &Feed<'_>) -> Result<(), Fault> {
        let mut parser = Parser::new_from_str(feed.text());
        while let Some(event) = parser.next_event() {
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => {
                    let whole = self.frames.is_empty() && !self.b.document().is_empty();
                    let place = self.place(error.marker(), feed);
                    return strictness::syntax(&error, place, whole, self.chunk.sigs);
                }
            };
            self.at = self.place(&span.start, feed);
            match event {
                Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag, &span.end)?,
                Event::MappingStart(anchor, _) => self.open(true, anchor)?,
                Event::SequenceStart(anchor, _) => self.open(false, anchor)?,
                Event::MappingEnd | Event::SequenceEnd => self.close()?,
                Event::Alias(anchor) => self.alias(anchor)?,
                Event::DocumentEnd | Event::StreamEnd => break,
                Event::DocumentStart(_) | Event::StreamStart | Event::Nothing => {}
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Document<'a>, Fault> {
        if self.b.document().is_empty() {
            let place = self.value_place();
            self.b.null(place).map_err(|e| self.limit(&e))?;
        }
        Ok(self.b.finish())
    }

    fn place(&self, marker: &Marker, feed: &Feed<'_>) -> Place {
        let line = u32::try_from(marker.line()).unwrap_or(u32::MAX);
        let column = u32::try_from(feed.column(marker)).unwrap_or(u32::MAX);
        Place { line: line.saturating_add(self.chunk.line), column: column.saturating_add(1) }
    }

    pub(super) fn value_place(&self) -> Option<Place> {
        self.places.then_some(self.at)
    }

    pub(super) fn fault(&self, code: Code, message: impl Into<String>) -> Fault {
        Fault::new(code, message, self.at)
    }

    pub(super) fn limit(&self, error: &BuildError) -> Fault {
        let code = if matches!(error, BuildError::Depth(_)) { Code::TooDeep } else { Code::TooLarge };
        self.fault(code, error.to_string())
    }

    fn key_next(&self) -> bool {
        self.frames.last().is_some_and(|f| f.key_next)
    }

    #[inline]
    fn scalar(
        &mut self,
        mut text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        end: &Marker,
    ) -> Result<(), Fault> {
        self.anchors.step();
        let plain = style == ScalarStyle::Plain;
        let tag = tag.map_or(Cow::Borrowed(""), |t| Cow::Owned(format!("{}{}", t.handle, t.suffix)));
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
            && self.chunk.sigs
            && end.index() >= *self.length.get_or_insert_with(|| self.chunk.text.chars().count())
            && strictness::is_unfinished(self.chunk.text, &text)
        {
            text = Cow::Owned(text.strip_suffix('\n').unwrap_or(&text).to_owned());
        }
        if text == "<<" && self.key_next() && (plain && tag.is_empty() || tag == "!" || tag == MERGE_TAG) {
            return self.begin_merge();
        }
        if plain
            && text.is_empty()
            && let Some(key) = self.key_at
        {
            // An absent value has no place of its own; the parser names the next token's.
            self.at = key;
        }
        let shown = if tag.is_empty() { String::new() } else { text.clone().into_owned() };
        let value = scalar::resolve(&tag, plain, text).map_err(|e| self.bad_scalar(e, &tag, &shown))?;
        if anchor != 0 {
            self.anchors.set(anchor, Target::Scalar(value.clone().into_owned()));
        }
        self.resolved(&value, None)
    }

    #[cold]
    fn bad_scalar(&self, error: ScalarError, tag: &str, text: &str) -> Fault {
        let tag = tag.replace("tag:yaml.org,2002:", "!!");
        match error {
            ScalarError::Mismatch(found) => self
                .fault(Code::BadScalar, format!("a {found} value has the tag `{tag}`"))
                .says(format!("yaml: cannot decode {found} `{text}` as a {tag}")),
            ScalarError::Base64 => self
                .fault(Code::BadScalar, "the value of `!!binary` is not valid base64")
                .says("yaml: !!binary value contains invalid base64 data"),
        }
    }

    /// A scalar without tag and anchor that merges nothing.
    #[inline]
    pub(super) fn untagged(&mut self, text: Text<'_>, plain: bool, at: Place) -> Result<(), Fault> {
        self.anchors.step();
        self.at = at;
        if plain
            && text.str().is_empty()
            && let Some(key) = self.key_at
        {
            self.at = key;
        }
        self.resolved(&scalar::untagged(plain, Cow::Borrowed(text.str())), text.start())
    }

    /// Adds a scalar, as a key or as a value. `start` is where a string stands in the chunk, if it does.
    #[inline]
    fn resolved(&mut self, value: &Resolved<'_>, start: Option<usize>) -> Result<(), Fault> {
        if self.key_next() {
            return self.key(value, start);
        }
        let (node, place) = (self.b.here(), self.value_place());
        let added = match value {
            Resolved::Null => self.b.null(place),
            Resolved::Bool(v) => self.b.bool(*v, place),
            Resolved::Int(v) => self.b.int(*v, place),
            Resolved::Uint(v) => self.b.uint(*v, place),
            Resolved::Str(v) => match start {
                Some(start) => self.b.str_slice(start, start + v.len(), place),
                None => self.b.str(v, place),
            },
            Resolved::Float(v) => match scalar::through_json(*v) {
                Number::Int(v) => self.b.int(v, place),
                Number::Float(v) => self.b.float(v, place),
                Number::NotFinite => return Err(Fault::not_finite(*v, self.at)),
            },
        };
        added.map_err(|e| self.limit(&e))?;
        self.value_done(node)
    }

    fn key(&mut self, key: &Resolved<'_>, start: Option<usize>) -> Result<(), Fault> {
        if let Resolved::Null = key {
            let at = self.at;
            self.unnamed_key()?;
            if let Some(top) = self.frames.last_mut() {
                top.null_key = Some(at);
            }
            return Ok(());
        }
        let Some(text) = scalar::key_text(key) else {
            return Err(self.fault(Code::ComplexKey, "this number is too large for a map's key"));
        };
        let place = self.value_place();
        let again = match (key, start) {
            (Resolved::Str(_), Some(start)) => self.b.key_slice(&text, start, start + text.len(), place),
            _ => self.b.key(&text, place),
        };
        let again = again.map_err(|e| self.limit(&e))?;
        if let Some(keys) = &mut self.keys
            && keys.repeated(self.frames.len(), &text, key, again)
        {
            return Err(Fault::duplicate(self.chunk, &text, self.at));
        }
        if let Some(top) = self.frames.last_mut() {
            top.key_next = false;
        }
        self.key_at = Some(self.at);
        Ok(())
    }

    /// Something to read a value under that is refused in the end.
    fn unnamed_key(&mut self) -> Result<(), Fault> {
        self.b.key(UNNAMED, self.value_place()).map_err(|e| self.limit(&e))?;
        if let Some(top) = self.frames.last_mut() {
            top.key_next = false;
        }
        Ok(())
    }

    /// After a complete value: merges it where `<<` stood before it.
    #[inline]
    fn value_done(&mut self, node: NodeId) -> Result<(), Fault> {
        self.key_at = None;
        let Some(top) = self.frames.last_mut() else { return Ok(()) };
        top.key_next = top.map;
        if let Some(at) = top.null_key {
            let doc = self.b.document();
            let shown = match doc.kind(node) {
                Kind::Null => "<nil>".to_owned(),
                _ => go_syntax(doc, node),
            };
            let says = format!("unsupported map key of type: %!s(<nil>), key: <nil>, value: {shown}");
            return Err(null_key(at).says(says));
        }
        if std::mem::take(&mut top.merge) { self.merge(node) } else { Ok(()) }
    }

    /// Opens a list or map without an anchor.
    #[inline]
    pub(super) fn open_at(&mut self, map: bool, at: Place) -> Result<(), Fault> {
        self.at = at;
        self.open(map, 0)
    }

    fn open(&mut self, map: bool, anchor: usize) -> Result<(), Fault> {
        let is_key = self.key_next().then_some(self.at);
        if is_key.is_some() {
            self.unnamed_key()?;
        }
        self.key_at = None;
        let (node, place, steps) = (self.b.here(), self.value_place(), self.anchors.steps());
        self.anchors.step();
        if map { self.b.begin_map(place) } else { self.b.begin_list(place) }.map_err(|e| self.limit(&e))?;
        self.anchors.set(anchor, Target::Open);
        self.frames.push(Frame { map, key_next: map, merge: false, node, is_key, null_key: None, anchor, steps });
        Ok(())
    }

    pub(super) fn close(&mut self) -> Result<(), Fault> {
        self.b.end();
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        if let Some(at) = frame.is_key {
            return Err(self.invalid_key(at, frame.node));
        }
        if let Some(keys) = &mut self.keys {
            keys.close(self.frames.len() + 1);
        }
        self.anchors.set(frame.anchor, Target::Node(frame.node, self.anchors.steps() - frame.steps));
        self.value_done(frame.node)
    }

    fn alias(&mut self, anchor: usize) -> Result<(), Fault> {
        self.anchors.step();
        let (from, steps) = match self.anchors.get(anchor).cloned() {
            None | Some(Target::Open) => {
                let fault = self.fault(Code::SelfReference, "this alias stands inside the value that it repeats");
                return Err(fault.says(format!("yaml: anchor '{}' value contains itself", self.name_at(self.at))));
            }
            Some(Target::Scalar(value)) => {
                self.anchors.repeat(1);
                return self.resolved(&value, None);
            }
            Some(Target::Node(from, steps)) => (from, steps),
        };
        if self.key_next() {
            return Err(self.invalid_key(self.at, from));
        }
        if !self.anchors.repeat(steps) {
            let fault = self.fault(Code::ExcessiveAliasing, "the document contains excessive aliasing");
            return Err(fault.says("yaml: document contains excessive aliasing"));
        }
        let (node, place) = (self.b.here(), self.value_place());
        self.b.copy(from, place).map_err(|e| self.limit(&e))?;
        self.value_done(node)
    }

    #[cold]
    fn invalid_key(&self, at: Place, node: NodeId) -> Fault {
        let shown = go_syntax(self.b.document(), node);
        Fault::complex_key(self.chunk, at).says(format!("yaml: invalid map key: {shown}"))
    }

    /// The name of the alias at a place.
    fn name_at(&self, at: Place) -> String {
        let line = self.chunk.text.lines().nth(at.line.saturating_sub(self.chunk.line + 1) as usize).unwrap_or("");
        let name = line.chars().skip(at.column as usize);
        name.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect()
    }
}

#[cold]
fn null_key(at: Place) -> Fault {
    Fault::new(Code::NullKey, "a map cannot have the key `null`", at)
}
