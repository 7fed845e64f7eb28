//! Large lists and maps in brackets, for the event parser.
//!
//! A list or map in brackets may turn out to be a key, so that the parser keeps what is in it until it ends: many times
//! the memory of the text where the whole document is one. Behind `---` in the same line nothing can be a key.

use saphyr_parser::Marker;
use std::borrow::Cow;

/// From this size on a text is worth a copy.
const LARGE: usize = 64 << 10;
/// What is put before the outermost bracket's line.
const START: &str = "--- ";

/// A text as the event parser gets it.
pub(super) struct Feed<'t> {
    text: Cow<'t, str>,
    /// The line, from 1, whose columns are shifted; 0 for none.
    line: usize,
}

impl<'t> Feed<'t> {
    /// A text as it is, or, where it is large and one list or map in brackets, without its claim to be a key.
    pub(super) fn new(text: &'t str) -> Self {
        let large = (text.len() >= LARGE).then(|| open(text)).flatten();
        large.unwrap_or(Self { text: Cow::Borrowed(text), line: 0 })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The column, from 0, of a marker in the text as it was.
    pub(super) fn column(&self, marker: &Marker) -> usize {
        let shift = if marker.line() == self.line { START.len() } else { 0 };
        marker.col().saturating_sub(shift)
    }
}

fn open(text: &str) -> Option<Feed<'_>> {
    let mut at = 0;
    let mut separator = None;
    for (line, whole) in (1..).zip(text.split_inclusive('\n')) {
        let trimmed = whole.trim();
        if whole.starts_with("---") && separator.is_none() {
            let after = trimmed.get(3..)?.trim_start();
            (after.is_empty() || after.starts_with('#')).then_some(())?;
            separator = Some(at);
        } else if trimmed.starts_with(['{', '[']) && !whole.starts_with('\t') {
            let (before, after) = text.split_at_checked(at)?;
            let mut out = String::with_capacity(text.len() + START.len());
            match separator.and_then(|at| before.split_at_checked(at)) {
                // A comment instead of the separator: there may be one only.
                Some((first, rest)) => out.extend([first, "#", rest.get(1..)?]),
                None => out.push_str(before),
            }
            out.extend([START, after]);
            return Some(Feed { text: Cow::Owned(out), line });
        } else if !trimmed.is_empty() && !trimmed.starts_with('#') {
            return None;
        }
        at += whole.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_bracket_stands_behind_a_separator() {
        let text = |text| open(text).map(|feed| (feed.text.into_owned(), feed.line));
        let some = |text: &str, line| Some((text.to_owned(), line));
        assert_eq!(text("{a: b}\n"), some("--- {a: b}\n", 1));
        assert_eq!(text("# c\n\n  [1]\n"), some("# c\n\n---   [1]\n", 3));
        assert_eq!(text("# a\n--- # b\n{}\n"), some("# a\n#-- # b\n--- {}\n", 3));
        assert_eq!(text("---\n---\n{}\n"), None);
        assert_eq!(text("--- {}\n"), None);
        assert_eq!(text("%YAML 1.1\n---\n{}\n"), None);
        assert_eq!(text("a: {}\n"), None);
        assert_eq!(text(""), None);
    }
}
