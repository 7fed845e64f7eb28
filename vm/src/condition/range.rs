//! Ranges in the value of a membership, like `1-3` or `1Gi-2Gi`: patterns, as in a resource's pattern.

use crate::scalar::{Op, Scalar, ScalarPattern, Term};

/// What a text that is a range becomes.
pub(super) struct Range(ScalarPattern);

impl Range {
    /// Reads a range, or one that was turned around.
    pub(super) fn new(text: &str) -> Self {
        Self(ScalarPattern::text(text, text.split('|').map(|part| [term(part)])))
    }

    /// Whether a key satisfies it.
    pub(super) fn contains(&self, key: &str) -> bool {
        self.0.matches(Scalar::Str(key))
    }
}

/// Whether a key is in the range that a text is.
pub(super) fn contains(text: &str, key: &str) -> bool {
    Range::new(text).contains(key)
}

/// Whether the whole text is a range with both of its ends.
pub(super) fn is_range(text: &str) -> bool {
    ends(text, "-").is_some()
}

/// A range has neither spaces nor a `&`, and of the other operators only a `!` that was put into it.
fn term(text: &str) -> Term<'_> {
    let op = if text.len() < 2 {
        Op::Equal
    } else if let Some(operand) = text.strip_prefix('!') {
        return Term { op: Op::NotEqual, operand };
    } else if let Some((low, high)) = ends(text, "!-") {
        Op::NotInRange { low, high }
    } else if let Some((low, high)) = ends(text, "-") {
        Op::InRange { low, high }
    } else {
        Op::Equal
    };
    Term { op, operand: text }
}

fn ends<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let (low, rest) = end(text)?;
    let (high, rest) = end(rest.strip_prefix(separator)?)?;
    rest.is_empty().then_some((low, high))
}

/// A number with a suffix of letters, and the text after it. No choice here can be wrong: what follows each part
/// begins with what cannot be in it.
fn end(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let run = |from: usize, class: fn(&u8) -> bool| bytes.iter().skip(from).take_while(|byte| class(byte)).count();
    // Kyverno: operator.go, the class of the signs has a stray `|` in it.
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-' | b'|')));
    let whole = run(sign, u8::is_ascii_digit);
    if whole == 0 {
        return None;
    }
    let mut at = sign + whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = run(at + 1, u8::is_ascii_digit);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    at += run(at, u8::is_ascii_alphabetic);
    text.split_at_checked(at)
}
