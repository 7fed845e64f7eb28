//! Wildcards: `*` stands for any run of characters, also an empty one, `?` for exactly one. Nothing can be escaped.

use memchr::{memchr, memmem};

#[cfg(test)]
mod tests;

/// A wildcard pattern, analysed once so that the usual shapes are one or two comparisons of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    source: Box<str>,
    shape: Shape,
}

/// Offsets are bytes of the source and stand next to a wildcard, hence on a character's boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// No wildcard, or none that counts.
    Literal,
    /// Stars only.
    Any,
    /// `?*` or `*?`.
    NonEmpty,
    /// `literal*`, the literal ends here.
    Prefix(usize),
    /// `*literal`, the literal starts here.
    Suffix(usize),
    /// `*literal*`, between these.
    Contains(usize, usize),
    /// `literal*literal`, the first ends and the second starts here.
    PrefixSuffix(usize, usize),
    /// More literals between stars, without a question mark.
    Segments,
    /// Anything else.
    General,
}

impl Glob {
    /// Analyses a pattern; every text is one.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self { source: pattern.into(), shape: Shape::of(pattern) }
    }

    /// Matches only this text, also where it has a `*` or `?` in it.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self { source: text.into(), shape: Shape::Literal }
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether only the pattern's own text matches; if so, [`Self::literal`] makes the same glob again.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.shape == Shape::Literal
    }

    /// Whether every text matches.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.shape == Shape::Any
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let (source, text) = (self.source.as_bytes(), text.as_bytes());
        let part = |from: usize, to: usize| source.get(from..to).unwrap_or_default();
        match self.shape {
            Shape::Literal => same(text, source),
            Shape::Any => true,
            Shape::NonEmpty => !text.is_empty(),
            Shape::Prefix(end) => text.starts_with(part(0, end)),
            Shape::Suffix(start) => text.ends_with(part(start, source.len())),
            Shape::Contains(start, end) => find(text, part(start, end)).is_some(),
            Shape::PrefixSuffix(end, start) => {
                text.strip_prefix(part(0, end)).is_some_and(|rest| rest.ends_with(part(start, source.len())))
            }
            Shape::Segments => segments(source, text),
            Shape::General => general(source, text),
        }
    }
}

impl From<&str> for Glob {
    fn from(pattern: &str) -> Self {
        Self::new(pattern)
    }
}

impl Shape {
    fn of(pattern: &str) -> Self {
        if !is_wildcard(pattern) {
            return Self::Literal;
        }
        if matches!(pattern, "?*" | "*?") {
            return Self::NonEmpty;
        }
        if pattern.contains('?') {
            return Self::General;
        }
        // Where the stars before and after the text in the middle end.
        let start = pattern.len() - pattern.trim_start_matches('*').len();
        if start == pattern.len() {
            return Self::Any;
        }
        let end = pattern.trim_end_matches('*').len();
        let inner = pattern.get(start..end).unwrap_or_default();
        match (start > 0, end < pattern.len(), inner.find('*')) {
            (true, true, None) => Self::Contains(start, end),
            (true, false, None) => Self::Suffix(start),
            (false, true, None) => Self::Prefix(end),
            (false, false, Some(first)) => {
                let last = inner.rfind('*').unwrap_or(first);
                let only_stars = inner.bytes().skip(first).take(last - first).all(|byte| byte == b'*');
                if only_stars { Self::PrefixSuffix(first, last + 1) } else { Self::Segments }
            }
            _ => Self::Segments,
        }
    }
}

/// Whether the whole text matches the pattern, for patterns that are only known when they are used.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    general(pattern.as_bytes(), text.as_bytes())
}

/// Whether the pattern has a wildcard at all.
#[must_use]
pub fn is_wildcard(pattern: &str) -> bool {
    pattern.bytes().any(is_special)
}

/// Equality of texts that are mostly short, as kinds are, without a call.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match (a.first_chunk::<8>(), a.last_chunk::<8>(), b.first_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(a_first), Some(a_last), Some(b_first), Some(b_last)) if a.len() <= 16 => {
            a_first == b_first && a_last == b_last
        }
        (None, ..) => a.iter().zip(b).all(|(a, b)| a == b),
        _ => a == b,
    }
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'*' | b'?')
}

/// Literals between stars: the first and the last are anchored, each other one is best taken as early as possible.
fn segments(pattern: &[u8], text: &[u8]) -> bool {
    let mut literals = pattern.split(|byte| *byte == b'*');
    let (Some(first), Some(last)) = (literals.next(), literals.next_back()) else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    for literal in literals {
        let Some(at) = find(rest, literal) else { return false };
        rest = rest.get(at + literal.len()..).unwrap_or_default();
    }
    true
}

fn find(text: &[u8], literal: &[u8]) -> Option<usize> {
    match literal {
        // The usual case, `*:*` or `*/*`, for which the general search takes longer to prepare than to run.
        [byte] => memchr(*byte, text),
        _ => memmem::find(text, literal),
    }
}

/// The general match. Only the last star is ever reconsidered: what an earlier one could take as well, the last one can
/// take too, so the time is at most the product of the lengths.
fn general(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut here) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(&byte) = text.get(here) {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                star = Some((at, here));
                continue;
            }
            Some(b'?') => {
                at += 1;
                here = next_char(text, here);
                continue;
            }
            Some(wanted) if *wanted == byte => {
                at += 1;
                here += 1;
                continue;
            }
            _ => {}
        }
        let Some((after_star, taken)) = &mut star else { return false };
        *taken = next_char(text, *taken);
        (at, here) = (*after_star, *taken);
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

/// The offset after the character at this offset, of valid UTF-8.
fn next_char(text: &[u8], at: usize) -> usize {
    let continuation = |byte: &&u8| **byte & 0xc0 == 0x80;
    at + 1 + text.iter().skip(at + 1).take_while(continuation).count()
}
