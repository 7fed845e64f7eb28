//! What is wrong with a chunk, before it is known which source the chunk is from.

use super::Chunk;
use super::flow::Feed;
use crate::diag::{Code, Diagnostic, Label, Source};
use kyvc_vm::document::Place;
use saphyr_parser::{Event, Parser};
use std::sync::Arc;

/// A problem at a place of the source.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) place: Place,
    len: usize,
    first: Option<Place>,
    help: Option<&'static str>,
    /// The same in the words of sigs.k8s.io/yaml, where its reader finds it after the text has been taken apart.
    pub(super) says: Option<String>,
}

impl Fault {
    #[cold]
    pub(super) fn new(code: Code, message: impl Into<String>, place: Place) -> Self {
        Self { code, message: message.into(), place, len: 1, first: None, help: None, says: None }
    }

    #[must_use]
    pub(super) fn help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }

    #[must_use]
    pub(super) fn says(mut self, text: impl Into<String>) -> Self {
        self.says = Some(text.into());
        self
    }

    /// A key that its map already has.
    #[cold]
    pub(super) fn duplicate(chunk: Chunk<'_>, key: &str, place: Place) -> Self {
        let mut fault = Self::new(Code::DuplicateKey, format!("the key `{key}` is already set in this map"), place);
        fault.len = key.chars().count();
        fault.first = first_place(chunk, place);
        fault
    }

    #[cold]
    pub(super) fn complex_key(chunk: Chunk<'_>, place: Place) -> Self {
        let fault = Self::new(Code::ComplexKey, "a list or map cannot be a map's key", place);
        let line = chunk.text.lines().nth(place.line.saturating_sub(chunk.line + 1) as usize);
        let braces = line.is_some_and(|l| l.contains("{{") && l.contains("}}"));
        if braces { fault.help("`{{ .. }}` begins a map in YAML: put the value in quotes") } else { fault }
    }

    #[cold]
    pub(super) fn not_finite(value: f64, place: Place) -> Self {
        let (what, says) = match value {
            v if v.is_nan() => ("`.nan`", "NaN"),
            v if v > 0.0 => ("`.inf`", "+Inf"),
            _ => ("`-.inf`", "-Inf"),
        };
        let fault = Self::new(Code::NotFinite, format!("{what} has no value in JSON"), place);
        fault.help("put it in quotes if text is meant").says(format!("json: unsupported value: {says}"))
    }

    pub(super) fn diagnostic(self, source: &Arc<Source>) -> Diagnostic {
        let mut primary = Label::new(source, self.place).len(self.len);
        let mut out = Diagnostic::new(self.code, self.message);
        if let Some(first) = self.first {
            primary = primary.text("set again");
            out = out.label(Label::new(source, first).len(self.len).text("first set here"));
        }
        out = out.at(primary);
        match self.help {
            Some(help) => out.help(help),
            None => out,
        }
    }
}

/// An open list or map: its keys, and whether a key comes next; a list has none.
type Open = (Vec<(String, Place)>, Option<bool>);

/// Where the key at a place was set first: the text is read once more, as nothing keeps the places of keys.
fn first_place(chunk: Chunk<'_>, again: Place) -> Option<Place> {
    let mut open: Vec<Open> = Vec::new();
    let feed = Feed::new(chunk.text);
    let mut parser = Parser::new_from_str(feed.text());
    while let Some(Ok((event, span))) = parser.next_event() {
        match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                open.push((Vec::new(), matches!(event, Event::MappingStart(..)).then_some(true)));
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
            }
            Event::Scalar(text, ..) if open.last().is_some_and(|(_, key)| *key == Some(true)) => {
                let (keys, key) = open.last_mut()?;
                *key = Some(false);
                let line = u32::try_from(span.start.line()).ok()?.checked_add(chunk.line)?;
                let place = Place { line, column: u32::try_from(feed.column(&span.start)).ok()? + 1 };
                if place == again {
                    return keys.iter().find(|(k, _)| *k == text).map(|(_, p)| *p);
                }
                keys.push((text.into_owned(), place));
                continue;
            }
            Event::Scalar(..) | Event::Alias(_) => {}
            _ => continue,
        }
        if let Some((_, Some(key))) = open.last_mut() {
            *key = true;
        }
    }
    None
}
