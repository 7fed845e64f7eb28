//! Diagnostics as text, in rustc's style.
//!
//! Only the lines around a label are given to the renderer, as slices of the source: a huge file or line costs one
//! search for line ends.

use super::{Code, Diagnostic, Label, Severity, Source};
use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use std::ops::Range;
use std::sync::Arc;

/// Labels of one source this many lines apart still share a snippet.
const NEAR: u32 = 40;
/// A line longer than this is cut around its label.
const LONG: usize = 500;
/// Bytes kept on each side of the label of a long line.
const AROUND: usize = 60;

/// A diagnostic as several lines, without a line break at the end.
pub fn render(diagnostic: &Diagnostic, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let id = diagnostic.code.to_string();
    let mut group = level.primary_title(diagnostic.message.as_str()).id(id).elements(Vec::<Element<'_>>::new());
    let primary = diagnostic.primary.iter().map(|l| Mark { label: l, kind: AnnotationKind::Primary });
    let others = diagnostic.labels.iter().map(|l| Mark { label: l, kind: AnnotationKind::Context });
    let mut cut = false;
    for window in windows(primary.chain(others).collect()) {
        cut |= window.cut;
        group = group.elements(window.elements());
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(&**help));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let text = renderer.render(&[group]);
    if cut { without_empty_origins(&text) } else { text }
}

/// Drops the lines `:::` that the renderer puts above a snippet whose place was already named.
fn without_empty_origins(text: &str) -> String {
    let named = |line: &&str| anstream::adapter::strip_str(line).to_string().trim() != ":::";
    text.lines().filter(named).collect::<Vec<_>>().join("\n")
}

/// The explanation of a code, as `kyvc explain` prints it.
pub fn explain(code: Code) -> String {
    format!("{}[{code}] {}: {}", code.severity(), code.name(), code.explain())
}

#[derive(Clone, Copy)]
struct Mark<'d> {
    label: &'d Label,
    kind: AnnotationKind,
}

/// Labels that are drawn in one snippet, and the part of the source that it shows.
struct Window<'d> {
    source: &'d Source,
    marks: Vec<(Mark<'d>, Range<usize>)>,
    first: u32,
    last: u32,
    /// Bytes of the source.
    shown: Range<usize>,
    /// Whether `shown` starts inside a line.
    cut: bool,
}

/// Groups the labels, the primary one's group first.
fn windows<'d>(marks: Vec<Mark<'d>>) -> Vec<Window<'d>> {
    let mut out: Vec<Window<'d>> = Vec::new();
    for mark in marks {
        let Label { source, place, len, .. } = mark.label;
        let line = source.lines().line(&source.text, place.line);
        let start = source.lines().offset(&source.text, *place).min(line.end);
        let rest = source.text.get(start..line.end).unwrap_or("");
        let end = start + offset_of(rest, (*len).max(1) as usize);
        let span = start..end;
        let long = line.len() > LONG;
        let near = out.iter_mut().find(|w| {
            place.line != 0
                && !long
                && !w.cut
                && w.first != 0
                && Arc::as_ptr(source) == std::ptr::from_ref(w.source)
                && place.line.saturating_add(NEAR) >= w.first
                && place.line <= w.last.saturating_add(NEAR)
        });
        match near {
            Some(w) => {
                w.first = w.first.min(place.line);
                w.last = w.last.max(place.line);
                w.shown = w.shown.start.min(line.start)..w.shown.end.max(line.end);
                w.marks.push((mark, span));
            }
            None => {
                let shown = if long {
                    let from = source.text.floor_char_boundary(start.saturating_sub(AROUND)).max(line.start);
                    from..source.text.ceil_char_boundary(end.min(start + AROUND) + AROUND).min(line.end)
                } else {
                    line
                };
                let span = span.start..span.end.min(shown.end);
                let (first, last) = (place.line, place.line);
                out.push(Window { source, marks: vec![(mark, span)], first, last, shown, cut: long });
            }
        }
    }
    out
}

impl<'d> Window<'d> {
    fn elements(self) -> Vec<Element<'d>> {
        let name = self.source.name.as_str();
        let Some(&(Mark { label, .. }, _)) = self.marks.first() else { return Vec::new() };
        if self.first == 0 {
            return vec![Origin::path(name).into()];
        }
        let mut snippet = Snippet::source(self.source.text.get(self.shown.clone()).unwrap_or(""));
        snippet = snippet.line_start(self.first as usize);
        let mut out: Vec<Element<'d>> = Vec::new();
        if self.cut {
            // The renderer counts columns from the start of what it is shown.
            let origin = Origin::path(name).line(label.place.line as usize);
            out.push(origin.char_column(label.place.column as usize).into());
        } else {
            snippet = snippet.path(name);
        }
        for (Mark { label, kind }, span) in self.marks {
            let from = span.start.saturating_sub(self.shown.start);
            let to = span.end.saturating_sub(self.shown.start).max(from);
            let text = (!label.text.is_empty()).then_some(label.text.as_str());
            snippet = snippet.annotation(kind.span(from..to).label(text));
        }
        out.push(snippet.into());
        out
    }
}

/// The byte offset of a character, the text's length past its end.
fn offset_of(text: &str, chars: usize) -> usize {
    text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at)
}
