//! Tabs in front of a line: libyaml refuses more of them than the event parser does.

use super::Chunk;
use super::fault::Fault;
use super::flow::Feed;
use crate::diag::Code;
use kyvc_vm::document::Place;
use saphyr_parser::{Event, Parser, ScalarStyle};

/// What stands before a line and says which tabs it may start with.
#[derive(Clone, Copy)]
enum Before {
    /// Brackets or quotes: any.
    Free,
    /// A plain scalar, which may go on, or a block scalar: from this column on.
    Column(usize),
    /// Anything else: none.
    Nothing,
}

/// Refuses a tab in a line's indentation where libyaml does: outside brackets and quoted scalars, before the column of
/// a scalar that may go on.
pub(super) fn check(chunk: Chunk<'_>) -> Result<(), Fault> {
    if !chunk.text.contains('\t') {
        return Ok(());
    }
    let tab = |line: &str| {
        let spaces = line.bytes().take_while(|b| *b == b' ').count();
        (line.as_bytes().get(spaces) == Some(&b'\t')).then_some(spaces)
    };
    // Hardly any text has such a line, and only those are parsed once more.
    let mut suspects =
        (1_usize..).zip(chunk.text.lines()).filter_map(|(n, l)| tab(l).map(|column| (n, column))).peekable();
    if suspects.peek().is_none() {
        return Ok(());
    }
    let mut refuse = |last: usize, before: Before| {
        while let Some((line, column)) = suspects.next_if(|(line, _)| *line <= last) {
            let fine = match before {
                Before::Free => true,
                Before::Column(from) => column >= from,
                Before::Nothing => false,
            };
            if !fine {
                let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
                let place = Place { line: number(line).saturating_add(chunk.line), column: number(column) + 1 };
                return Err(
                    Fault::new(Code::YamlSyntax, "a tab in the indentation", place).help(super::strictness::TAB_HELP)
                );
            }
        }
        Ok(())
    };
    let mut lines = Lines::new(chunk.text);
    let mut before = Before::Nothing;
    let mut flow = 0_usize;
    // The columns of the open block collections; brackets have none.
    let mut open: Vec<Option<usize>> = Vec::new();
    let feed = Feed::new(chunk.text);
    let mut parser = Parser::new_from_str(feed.text());
    // A syntax error is the reader's to report, at its own place.
    while let Some(Ok((event, span))) = parser.next_event() {
        let block = matches!(event, Event::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..));
        // A block scalar's span starts at its first line's text.
        refuse(span.start.line() - usize::from(block), if flow > 0 { Before::Free } else { before })?;
        let indent = open.iter().rev().find_map(|c| *c).map_or(0, |c| c + 1);
        before = match &event {
            Event::Scalar(_, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, ..) => {
                refuse(span.end.line(), Before::Free)?;
                Before::Nothing
            }
            Event::Scalar(..) if block => Before::Column(span.start.col()),
            Event::Scalar(text, ..) if !text.is_empty() => {
                refuse(span.end.line(), Before::Column(indent))?;
                let key = lines.rest(span.end.line(), feed.column(&span.end)).trim_start().starts_with(':');
                if key { Before::Nothing } else { Before::Column(indent) }
            }
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                let bracket = lines.rest(span.start.line(), feed.column(&span.start)).starts_with(['{', '[']);
                flow += usize::from(bracket || flow > 0);
                open.push((!bracket && flow == 0).then_some(span.start.col()));
                Before::Nothing
            }
            Event::MappingEnd | Event::SequenceEnd => {
                if open.pop() == Some(None) {
                    flow = flow.saturating_sub(1);
                    Before::Nothing
                } else {
                    // The end of a block collection is no text.
                    before
                }
            }
            Event::StreamStart | Event::DocumentStart(_) => before,
            // Nobody reads on.
            Event::DocumentEnd => break,
            _ => Before::Nothing,
        };
    }
    Ok(())
}

/// The lines of a text, for places that go forward: a long line is not counted again for each.
struct Lines<'a> {
    lines: Vec<&'a str>,
    /// Of the last place
    line: usize,
    column: usize,
    rest: &'a str,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { lines: text.lines().collect(), line: 0, column: 0, rest: "" }
    }

    /// What stands in a line from a column on.
    fn rest(&mut self, line: usize, column: usize) -> &'a str {
        if self.line != line || self.column > column {
            let text = line.checked_sub(1).and_then(|n| self.lines.get(n));
            (self.line, self.column, self.rest) = (line, 0, text.copied().unwrap_or(""));
        }
        let ahead = column - self.column;
        let at = self.rest.char_indices().nth(ahead).map_or(self.rest.len(), |(at, _)| at);
        self.column = column;
        self.rest = self.rest.get(at..).unwrap_or("");
        self.rest
    }
}
