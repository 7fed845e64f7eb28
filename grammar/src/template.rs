//! Templates: strings with `{{ variable }}` and `$(reference)` in them.
//!
//! Kyverno finds both with regular expressions and scans again after every round of replacing, so that an outer
//! variable is found once its inner ones are text: `{{ a.{{b}} }}`. [`parse`] gives the first round. A consumer
//! replaces the references first and parses what that gives; then it evaluates the variables of the round, puts the
//! results into the text and, while [`Template::rescans`] and [`has_variables`] of the new text hold, starts again
//! with that. [`Template::nested`] says beforehand that a second round is to be expected.

use crate::Span;
use std::borrow::Cow;

mod reference;
#[cfg(test)]
mod tests;

pub use reference::{Reference, references, unescape_references};

/// A string with what the first round finds in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template<'a> {
    /// The string.
    pub text: &'a str,
    /// All of the string, in order, as plain text and variables. Text may hold references, and so may variables.
    pub parts: Vec<Part<'a>>,
    /// The references, in order.
    pub references: Vec<Reference<'a>>,
}

/// A part of a [`Template`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text as it is written, escapes included; see [`unescape_variables`].
    Text {
        /// The text, never empty.
        raw: &'a str,
        /// Where it stands.
        span: Span,
    },
    /// A variable.
    Variable(Variable<'a>),
}

/// `{{ text }}`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Variable<'a> {
    /// The expression, without the braces, the white space around it and the sign of a shallow variable.
    pub text: &'a str,
    /// Where the expression stands in the string.
    pub text_span: Span,
    /// Where the variable stands, braces included.
    pub span: Span,
    /// `{{- text }}`: the result is a string in which no variables are looked for.
    pub shallow: bool,
    /// It follows another variable at once, and Kyverno finds it only in the second round. That makes a difference
    /// only where the result before it ends with a backslash, or brings braces and has to be scanned again anyway.
    pub touching: bool,
}

impl<'a> Template<'a> {
    /// The variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &Variable<'a>> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(variable) => Some(variable),
            Part::Text { .. } => None,
        })
    }

    /// The variable that is the whole string; its result replaces the string whatever type it has, and is final.
    #[must_use]
    pub fn whole(&self) -> Option<&Variable<'a>> {
        match self.parts.as_slice() {
            [Part::Variable(variable)] => Some(variable),
            _ => None,
        }
    }

    /// Whether there is a variable.
    #[must_use]
    pub fn has_variables(&self) -> bool {
        self.variables().next().is_some()
    }

    /// Whether there is a reference.
    #[must_use]
    pub fn has_references(&self) -> bool {
        !self.references.is_empty()
    }

    /// Whether the text is scanned again once the results are in it. Kyverno stops after a round whose last variable
    /// is shallow, even if others are left.
    #[must_use]
    pub fn rescans(&self) -> bool {
        let last = self.variables().filter(|variable| !variable.touching).last();
        self.whole().is_none() && last.is_some_and(|last| !last.shallow)
    }

    /// Whether a variable stands inside of an opened `{{`, so that only the second round finds the outer one.
    #[must_use]
    pub fn nested(&self) -> bool {
        let opens = |span: Span| {
            let text = self.text.get(..span.end).unwrap_or_default();
            Openings { text, at: span.start }.next().is_some()
        };
        self.rescans() && self.parts.iter().any(|part| matches!(part, Part::Text { span, .. } if opens(*span)))
    }
}

/// Finds the variables and the references of a string. Every string is a template.
#[must_use]
pub fn parse(text: &str) -> Template<'_> {
    let mut round = Vec::new();
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(next) = find(text, at) {
        all.extend(touching(text, at, next.span.start));
        all.push(next);
        round.push(next);
        at = next.span.end;
    }
    all.extend(touching(text, at, text.len()));

    // What touches may be taken along where no later round could tell the difference.
    let calm = !all.iter().any(|variable| variable.touching && variable.shallow);
    let template = Template { text, parts: parts(text, &all), references: references(text) };
    if all.len() == round.len() || (calm && template.rescans() && !template.nested()) {
        template
    } else {
        Template { parts: parts(text, &round), ..template }
    }
}

fn parts<'a>(text: &'a str, variables: &[Variable<'a>]) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let plain = |start: usize, end: usize| {
        let raw = text.get(start..end).filter(|raw| !raw.is_empty())?;
        Some(Part::Text { raw, span: Span::new(start, end) })
    };
    let mut at = 0;
    for variable in variables {
        parts.extend(plain(at, variable.span.start));
        parts.push(Part::Variable(*variable));
        at = variable.span.end;
    }
    parts.extend(plain(at, text.len()));
    parts
}

/// Whether a round over this text finds a variable.
#[must_use]
pub fn has_variables(text: &str) -> bool {
    find(text, 0).is_some()
}

/// Takes the backslash from `\{{`; done once, after the last round, with results included.
#[must_use]
pub fn unescape_variables(text: &str) -> Cow<'_, str> {
    if text.contains("\\{{") { Cow::Owned(text.replace("\\{{", "{{")) } else { Cow::Borrowed(text) }
}

/// Where `{{` without a backslash before it starts, from a place on.
struct Openings<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Openings<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            let start = self.at + self.text.get(self.at..)?.find("{{")?;
            self.at = start + 1;
            if !self.text.get(..start)?.ends_with('\\') {
                return Some(start);
            }
        }
    }
}

/// The next variable of a round that has got this far.
///
/// Kyverno: regex/vars.go RegexVariables takes the character before a variable with it, to see that it is no
/// backslash; the variable before has used up that character where two of them touch.
fn find(text: &str, at: usize) -> Option<Variable<'_>> {
    let free = |start: &usize| at == 0 || *start > at;
    Openings { text, at }.filter(free).find_map(|start| variable(text, start, false))
}

/// The variable right where another has ended, unless one that the round finds lies across it.
fn touching(text: &str, at: usize, until: usize) -> Option<Variable<'_>> {
    let starts = at > 0 && text.get(at..)?.starts_with("{{");
    starts.then(|| variable(text, at, true))?.filter(|variable| variable.span.end <= until)
}

fn variable(text: &str, start: usize, touching: bool) -> Option<Variable<'_>> {
    let body = start + 2;
    let close = close(text, body)?;
    let inside = text.get(body..close)?.trim_start();
    let (inside, shallow) = match inside.strip_prefix('-') {
        Some(rest) => (rest.trim_start(), true),
        None => (inside, false),
    };
    let from = close - inside.len();
    let inside = inside.trim_end();
    let text_span = Span::new(from, from + inside.len());
    Some(Variable { text: inside, text_span, span: Span::new(start, close + 2), shallow, touching })
}

/// Where the `}}` is that ends a variable; single braces may stand in pairs before it, but not inside each other.
fn close(text: &str, body: usize) -> Option<usize> {
    let brace = |from: usize| {
        let at = from + text.get(from..)?.find(['{', '}'])?;
        Some((at, text.as_bytes().get(at).copied()?))
    };
    let mut from = body;
    loop {
        match brace(from)? {
            (at, b'}') => return text.get(at..)?.starts_with("}}").then_some(at),
            (at, _) => match brace(at + 1)? {
                (end, b'}') => from = end + 1,
                _ => return None,
            },
        }
    }
}
