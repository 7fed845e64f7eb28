//! One scalar of a pattern, prepared for matching.
//!
//! A string holds where the value equals it, or where all terms of one of its alternatives hold. A term compares as
//! durations if both sides are one, else as quantities if both are, else as texts. The pattern's side is parsed when
//! the pattern is made, and a value is parsed only for a term whose own side is a duration or a quantity.

use std::cmp::Ordering;
use std::fmt;

use super::Scalar;
use super::number::{float_to_int, parse_float, parse_int};

mod term;
#[cfg(test)]
mod tests;
mod value;

use term::Test;
use value::Value;

/// What a term of a string pattern does with its operand; `kyvc-grammar` reads it from the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op<'a> {
    /// No operator: a text matches as a wildcard.
    Equal,
    /// `!`
    NotEqual,
    /// `>`
    More,
    /// `<`
    Less,
    /// `>=`
    MoreEqual,
    /// `<=`
    LessEqual,
    /// `low-high`, with both ends.
    InRange {
        /// The lower end.
        low: &'a str,
        /// The upper end.
        high: &'a str,
    },
    /// `low!-high`, without the ends.
    NotInRange {
        /// The lower end.
        low: &'a str,
        /// The upper end.
        high: &'a str,
    },
}

/// A term of a string pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Term<'a> {
    /// The comparison.
    pub op: Op<'a>,
    /// What is compared with; not used by the ranges, which name their ends.
    pub operand: &'a str,
}

/// A scalar of a pattern.
#[derive(Clone, Debug)]
pub struct ScalarPattern {
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Map,
    List,
    Text { source: Box<str>, tests: Tests },
}

/// One term, which is the usual case, is not worth two lists.
#[derive(Clone, Debug)]
enum Tests {
    One(Test),
    Any(Box<[Box<[Test]>]>),
}

/// The typed view of a [`ScalarPattern`], to write it down and to make it again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PatternKind<'a> {
    /// [`ScalarPattern::null`]
    Null,
    /// [`ScalarPattern::bool`]
    Bool(bool),
    /// [`ScalarPattern::int`]
    Int(i64),
    /// [`ScalarPattern::float`]
    Float(f64),
    /// [`ScalarPattern::map_type`]
    Map,
    /// [`ScalarPattern::list_type`]
    List,
    /// [`ScalarPattern::text`], with the source; the terms are in [`ScalarPattern::terms`].
    Text(&'a str),
}

impl ScalarPattern {
    /// A string pattern: its source, and the alternatives in it, each a list of terms.
    #[must_use]
    pub fn text<'t, A>(source: &str, alternatives: A) -> Self
    where
        A: IntoIterator,
        A::Item: IntoIterator<Item = Term<'t>>,
    {
        let prepare = |all: A::Item| all.into_iter().map(|term| Test::new(&term)).collect::<Vec<_>>();
        let mut any: Vec<Vec<Test>> = alternatives.into_iter().map(prepare).collect();
        let tests = match any.as_mut_slice() {
            [all] if all.len() == 1 => all.pop().map(Tests::One),
            _ => None,
        };
        let tests = tests.unwrap_or_else(|| Tests::Any(any.into_iter().map(Vec::into_boxed_slice).collect()));
        Self { kind: Kind::Text { source: source.into(), tests } }
    }

    /// Matches `null`, an empty string, zero and `false`.
    #[must_use]
    pub fn null() -> Self {
        Self { kind: Kind::Null }
    }

    /// Matches this boolean only.
    #[must_use]
    pub fn bool(value: bool) -> Self {
        Self { kind: Kind::Bool(value) }
    }

    /// Matches numbers equal to this one, and strings that Go reads as this integer.
    #[must_use]
    pub fn int(value: i64) -> Self {
        Self { kind: Kind::Int(value) }
    }

    /// Matches numbers equal to this one, and strings that Go reads as this number.
    #[must_use]
    pub fn float(value: f64) -> Self {
        Self { kind: Kind::Float(value) }
    }

    /// Matches every map.
    #[must_use]
    pub fn map_type() -> Self {
        Self { kind: Kind::Map }
    }

    /// Matches nothing: where a scalar is compared, Kyverno supports no list as a pattern.
    #[must_use]
    pub fn list_type() -> Self {
        Self { kind: Kind::List }
    }

    /// What the pattern was made from.
    #[must_use]
    pub fn kind(&self) -> PatternKind<'_> {
        match &self.kind {
            Kind::Null => PatternKind::Null,
            Kind::Bool(value) => PatternKind::Bool(*value),
            Kind::Int(value) => PatternKind::Int(*value),
            Kind::Float(value) => PatternKind::Float(*value),
            Kind::Map => PatternKind::Map,
            Kind::List => PatternKind::List,
            Kind::Text { source, .. } => PatternKind::Text(source),
        }
    }

    /// The text of a string pattern.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text { source, .. } => Some(source),
            _ => None,
        }
    }

    /// The alternatives of a string pattern, each a list of terms; nothing for other patterns.
    pub fn terms(&self) -> impl Iterator<Item = impl Iterator<Item = Term<'_>>> {
        let (one, any): (&[Test], &[Box<[Test]>]) = match &self.kind {
            Kind::Text { tests: Tests::One(test), .. } => (std::slice::from_ref(test), &[]),
            Kind::Text { tests: Tests::Any(any), .. } => (&[], any),
            _ => (&[], &[]),
        };
        let one = Some(one).filter(|one| !one.is_empty());
        one.into_iter().chain(any.iter().map(|all| &**all)).map(|all| all.iter().map(Test::term))
    }

    /// The text, if no other string matches and no number does: then matching is one comparison.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text { source, tests: Tests::One(test) } => test.as_literal().filter(|text| *text == &**source),
            _ => None,
        }
    }

    /// Whether the value satisfies the pattern.
    #[must_use]
    pub fn matches(&self, value: Scalar<'_>) -> bool {
        match &self.kind {
            Kind::Null => matches_null(value),
            Kind::Bool(pattern) => value == Scalar::Bool(*pattern),
            Kind::Int(pattern) => matches_int(value, *pattern),
            Kind::Float(pattern) => matches_float(value, *pattern),
            Kind::Map => value == Scalar::Map,
            Kind::List => false,
            Kind::Text { source, tests } => {
                if value == Scalar::Str(source) {
                    return true;
                }
                match (tests, value) {
                    (Tests::One(test), Scalar::Str(text)) => test.matches_text(text),
                    (Tests::One(test), _) => test.matches(&mut Value::new(value)),
                    (Tests::Any(any), _) => {
                        let mut value = Value::new(value);
                        any.iter().any(|all| all.iter().all(|test| test.matches(&mut value)))
                    }
                }
            }
        }
    }
}

/// As YAML would show it: a string in quotes, `{}` for any map, `[]` for a list.
impl fmt::Display for ScalarPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Null => f.write_str("null"),
            Kind::Bool(value) => write!(f, "{value}"),
            Kind::Int(value) => write!(f, "{value}"),
            // With its point, which tells it from an integer.
            Kind::Float(value) => write!(f, "{value:?}"),
            Kind::Map => f.write_str("{}"),
            Kind::List => f.write_str("[]"),
            Kind::Text { source, .. } => write!(f, "{source:?}"),
        }
    }
}

fn matches_null(value: Scalar<'_>) -> bool {
    match value {
        Scalar::Null | Scalar::Bool(false) | Scalar::Int(0) => true,
        Scalar::Float(value) => value == 0.0,
        Scalar::Str(text) => text.is_empty(),
        _ => false,
    }
}

fn matches_int(value: Scalar<'_>, pattern: i64) -> bool {
    match value {
        Scalar::Int(value) => value == pattern,
        // Not a number is no integer; infinities are, and convert to the smallest one.
        Scalar::Float(value) => value == value.trunc() && float_to_int(value) == pattern,
        Scalar::Str(text) => parse_int(text) == Some(pattern),
        _ => false,
    }
}

fn matches_float(value: Scalar<'_>, pattern: f64) -> bool {
    match value {
        Scalar::Int(value) => pattern == pattern.trunc() && float_to_int(pattern) == value,
        Scalar::Float(value) => value == pattern,
        Scalar::Str(text) => parse_float(text) == Some(pattern),
        _ => false,
    }
}

/// Whether an ordering of value and operand satisfies an operator.
fn holds(op: Compare, ordering: Ordering) -> bool {
    match op {
        Compare::Equal => ordering.is_eq(),
        Compare::NotEqual => ordering.is_ne(),
        Compare::More => ordering.is_gt(),
        Compare::Less => ordering.is_lt(),
        Compare::MoreEqual => ordering.is_ge(),
        Compare::LessEqual => ordering.is_le(),
    }
}

/// The operators without the ranges, which are two comparisons each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Equal,
    NotEqual,
    More,
    Less,
    MoreEqual,
    LessEqual,
}
