//! Upper and lower case as Go has them: one character becomes one character.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// The upper case of a character, itself where Unicode has none of a single character.
pub(super) fn upper(c: char) -> char {
    match c {
        // Small letters with an iota: their upper case is a single character only in the simple mapping.
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => moved(c, 8),
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => moved(c, 9),
        _ => only(c.to_uppercase()).unwrap_or(c),
    }
}

/// The lower case of a character, itself where Unicode has none of a single character.
fn lower(c: char) -> char {
    if c == '\u{130}' { 'i' } else { only(c.to_lowercase()).unwrap_or(c) }
}

pub(in crate::builtin) fn to_lower(text: &str) -> String {
    text.chars().map(lower).collect()
}

fn moved(c: char, by: u32) -> char {
    char::from_u32(u32::from(c) + by).unwrap_or(c)
}

fn only(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next()?;
    chars.next().is_none().then_some(first)
}

/// Whether two texts are the same but for the case of their letters.
pub(super) fn equal_fold(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.chars(), b.chars());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(x), Some(y)) if x == y || same(x, y) => {}
            _ => return false,
        }
    }
}

fn same(x: char, y: char) -> bool {
    if x.is_ascii() && y.is_ascii() {
        return x.eq_ignore_ascii_case(&y);
    }
    let mut class = ClassUnicode::new([ClassUnicodeRange::new(x, x)]);
    class.try_case_fold_simple().is_ok() && class.ranges().iter().any(|r| r.start() <= y && y <= r.end())
}
