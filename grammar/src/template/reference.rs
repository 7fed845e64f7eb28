//! References: `$(path)` stands for another value of the same rule.

use crate::Span;
use std::borrow::Cow;

/// `$(path)`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reference<'a> {
    /// The reference as it is written. It reaches to the last `)` before a space.
    pub text: &'a str,
    /// What is referred to: an optional operator, and a path that is absolute or relative to the string's own.
    pub path: &'a str,
    /// Where it stands.
    pub span: Span,
}

/// Finds the references of a string.
#[must_use]
pub fn references(text: &str) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut run = Run { end: 0, close: None };
    let mut at = 0;
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find("$(")).map(|found| from + found) {
        from = start + 1;
        // Like a variable, it needs a character before it that no reference has used.
        let free = start == 0 || (start > at && !text.get(..start).is_some_and(|before| before.ends_with('\\')));
        let Some(close) = Some(start).filter(|_| free).and_then(|start| run.close(text, start)) else { continue };
        at = close + 1;
        from = at;
        let reference = text.get(start..at).unwrap_or_default();
        let path = reference.trim_matches(['$', '(', ')']);
        found.push(Reference { text: reference, path, span: Span::new(start, at) });
    }
    found
}

/// A stretch without spaces: where it ends, and its last `)`. Kept, as many `$(` may stand in one.
struct Run {
    end: usize,
    close: Option<usize>,
}

impl Run {
    /// The last `)` that a reference from here may reach to: one character of any kind but a line's end comes first.
    fn close(&mut self, text: &str, start: usize) -> Option<usize> {
        let first = text.get(start + 2..)?.chars().next().filter(|first| *first != '\n')?;
        let from = start + 2 + first.len_utf8();
        if from > self.end {
            let rest = text.get(from..)?;
            self.end = from + rest.find(' ').unwrap_or(rest.len());
            self.close = text.get(from..self.end)?.rfind(')').map(|close| from + close);
        }
        self.close.filter(|close| *close >= from)
    }
}

/// Takes the backslash from `\$(path)`; done with the references, before variables are looked for.
///
/// Every place loses one backslash. Kyverno replaces by text, so that of two equal places after one another a doubled
/// backslash loses both.
#[must_use]
pub fn unescape_references(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut from = 0;
    // The next `)` or space; kept, as many `\$(` may stand before it.
    let mut stop = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find("\\$(")).map(|found| from + found) {
        from = start + 3;
        let Some(first) = text.get(from..).and_then(|rest| rest.chars().next()) else { break };
        let path = from + first.len_utf8();
        if stop < path {
            let rest = text.get(path..).unwrap_or_default();
            stop = path + rest.find([' ', ')']).unwrap_or(rest.len());
        }
        if first != '\n' && text.get(stop..).is_some_and(|rest| rest.starts_with(')')) {
            out.push_str(text.get(copied..start).unwrap_or_default());
            copied = start + 1;
            from = stop + 1;
        }
    }
    if copied == 0 && out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}
