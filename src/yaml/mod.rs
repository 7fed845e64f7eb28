//! Reading YAML and JSON exactly as Kubernetes and Kyverno read them: a text becomes documents of `kyvc_vm`.
//!
//! Kyverno cuts a file at its `---` lines and gives each piece to sigs.k8s.io/yaml, which is go.yaml.in/yaml/v2 (YAML
//! 1.1 scalars) and then JSON. [`documents`] and [`read_all`] do both, [`value`] only the second.

mod anchors;
mod binary;
mod complaint;
pub mod emit;
mod fault;
mod flow;
mod go_syntax;
mod json_in;
mod keys;
mod merge;
mod reader;
mod repair;
mod scalar;
mod split;
mod strictness;
mod subset;
mod tabs;
mod timestamp;

#[cfg(test)]
mod tests;

pub use binary::decode as base64;
pub use kyvc_vm::document::{go_json, write_json};

use crate::diag::{Code, Diagnostic, Source};
use fault::Fault;
use kyvc_vm::document::{Buffers, Document, Layout, Limits, Place};
use std::ops::ControlFlow;
use std::sync::Arc;

/// How a text is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions {
    /// Refuse a key that its map already has, where otherwise the later one wins. As in yaml.v2, a key that overrides
    /// one merged by `<<` counts.
    pub strict: bool,
    /// Remember where each key and value stands.
    pub places: bool,
    /// What a document may cost.
    pub limits: Limits,
}

impl ReadOptions {
    /// For policies: every place is kept, and a repeated key is an error.
    pub fn policy() -> Self {
        Self { strict: true, places: true, limits: Limits::default() }
    }

    /// For resources: no places, and the later key wins, as in Kyverno.
    pub fn resource() -> Self {
        Self::default()
    }
}

impl Chunk<'_> {
    /// Where it starts in the source.
    fn start(&self) -> Place {
        Place { line: self.line.saturating_add(1), column: self.column.saturating_add(1) }
    }
}

/// What a callback of [`documents`] says: stop, or go on with this memory (`document.recycle()`) for the next document.
pub type Flow = ControlFlow<(), Buffers>;

/// A part of a text that is read on its own.
#[derive(Clone, Copy, Debug)]
struct Chunk<'a> {
    text: &'a str,
    /// Lines of the source before it.
    line: u32,
    /// Characters before it in its first line.
    column: u32,
    /// Read as sigs.k8s.io/yaml alone would: no line break is added at the end, and what follows the first document
    /// does not matter.
    sigs: bool,
}

/// Gives each document of a text to `each`, in order. Documents before an error are given all the same. Pieces with
/// nothing but comments are passed over.
pub fn documents<'a>(
    source: &'a Arc<Source>,
    layout: &'a Layout,
    options: ReadOptions,
    each: &mut dyn FnMut(Document<'a>) -> Flow,
) -> Result<(), Diagnostic> {
    let text = body(source)?;
    let mut stream = Stream { source, layout, options, each, buffers: Buffers::default() };
    for chunk in split::Chunks::new(text, source.before) {
        match chunk.and_then(|c| stream.chunk(c)) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => break,
            Err(fault) => return Err(fault.diagnostic(source)),
        }
    }
    Ok(())
}

/// All documents of a text, and the error after which there are no more.
pub fn read_all<'a>(
    source: &'a Arc<Source>,
    layout: &'a Layout,
    options: ReadOptions,
) -> (Vec<Document<'a>>, Option<Diagnostic>) {
    let mut out = Vec::new();
    let result = documents(source, layout, options, &mut |doc| {
        out.push(doc);
        ControlFlow::Continue(Buffers::default())
    });
    (out, result.err())
}

/// The value of a text that is not cut at `---` lines: what sigs.k8s.io/yaml itself makes of it. That is the first
/// document, or `null` where there is none. Kyverno's `parse_yaml` reads so.
pub fn value<'a>(
    source: &'a Arc<Source>,
    layout: &'a Layout,
    buffers: Buffers,
    options: ReadOptions,
) -> Result<Document<'a>, Diagnostic> {
    let text = body(source)?;
    let chunk = Chunk { text, line: 0, column: 0, sigs: true };
    check(chunk).and_then(|()| reader::read(chunk, layout, buffers, &options)).map_err(|fault| fault.diagnostic(source))
}

/// As [`value`], with an error in the words of sigs.k8s.io/yaml.
///
/// # Errors
/// Says why the text is no YAML.
pub fn sigs_value<'a>(source: &'a Arc<Source>, layout: &'a Layout) -> Result<Document<'a>, String> {
    let text = body(source).map_err(|d| d.message)?;
    let chunk = Chunk { text, line: 0, column: 0, sigs: true };
    check(chunk).map_err(|fault| fault.says.unwrap_or(fault.message))?;
    complaint::about(text).map_or(Ok(()), Err)?;
    let read = reader::read(chunk, layout, Buffers::default(), &ReadOptions::default());
    read.map_err(|fault| fault.says.unwrap_or(fault.message))
}

/// The text without its byte order mark.
fn body(source: &Arc<Source>) -> Result<&str, Diagnostic> {
    if source.text.len() >= 1 << 31 {
        let fault = Fault::new(Code::TooLarge, "a text may not be larger than 2 GiB", Place::default());
        return Err(fault.diagnostic(source));
    }
    let mark = source.text.strip_prefix('\u{feff}').filter(|_| source.before == 0);
    Ok(mark.unwrap_or(&source.text))
}

fn check(chunk: Chunk<'_>) -> Result<(), Fault> {
    let Some((at, c)) = strictness::control_character(chunk.text) else { return Ok(()) };
    let place = chunk.start().after(chunk.text.get(..at).unwrap_or(""));
    let message = format!("control character U+{:04X} is not allowed in YAML", u32::from(c));
    Err(Fault::new(Code::ControlCharacter, message, place).says("yaml: control characters are not allowed"))
}

struct Stream<'a, 'e> {
    source: &'a Arc<Source>,
    layout: &'a Layout,
    options: ReadOptions,
    each: &'e mut dyn FnMut(Document<'a>) -> Flow,
    buffers: Buffers,
}

type Step = Result<ControlFlow<()>, Fault>;

impl<'a> Stream<'a, '_> {
    fn give(&mut self, doc: Document<'a>) -> ControlFlow<()> {
        (self.each)(doc).map_continue(|buffers| self.buffers = buffers)
    }

    fn chunk(&mut self, chunk: Chunk<'a>) -> Step {
        if json_in::starts(chunk.text) { self.json(chunk) } else { self.yaml(chunk) }
    }

    fn yaml(&mut self, chunk: Chunk<'a>) -> Step {
        check(chunk)?;
        let doc = reader::read(chunk, self.layout, std::mem::take(&mut self.buffers), &self.options)?;
        Ok(self.give(doc))
    }

    /// JSON values one after the other, as kubectl prints them; or YAML that starts with a bracket.
    fn json(&mut self, mut chunk: Chunk<'a>) -> Step {
        let mut given = false;
        loop {
            let buffers = std::mem::take(&mut self.buffers);
            let (doc, next) = match json_in::first(chunk, self.layout, buffers, &self.options) {
                Ok(first) => first,
                Err(error) => {
                    let in_json = json_in::fault(&error, chunk);
                    if given {
                        return Err(in_json);
                    }
                    let prefer_json = self.source.name.ends_with(".json") || json_in::looks_like_json(chunk.text);
                    // The YAML reader also knows where a repeated key was set first.
                    let tell = |in_yaml: Fault| {
                        if prefer_json && in_yaml.code != Code::DuplicateKey { in_json } else { in_yaml }
                    };
                    return self.yaml(chunk).map_err(tell);
                }
            };
            let (value, rest) = chunk.text.split_at(next.unwrap_or(chunk.text.len()));
            if self.give(doc).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if next.is_none() {
                return Ok(ControlFlow::Continue(()));
            }
            let start = chunk.start().after(value);
            chunk = Chunk { text: rest, line: start.line - 1, column: start.column - 1, ..chunk };
            given = true;
        }
    }
}
