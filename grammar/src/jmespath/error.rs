//! Why an expression is refused.

use super::MAX_DEPTH;
use std::fmt;

/// An expression that does not parse; it displays as the text that Kyverno gives for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The whole text. It starts with `SyntaxError: ` unless Go's number or JSON reader is who refuses.
    pub message: String,
    /// The byte of the expression at which the error is, or its length where more was expected.
    pub offset: usize,
}

impl SyntaxError {
    pub(super) fn new(message: impl fmt::Display, offset: usize) -> Self {
        Self { message: format!("SyntaxError: {message}"), offset }
    }

    /// An error that the fork passes on from one of Go's packages.
    pub(super) fn foreign(message: impl Into<String>, offset: usize) -> Self {
        Self { message: message.into(), offset }
    }

    /// The error with the expression and a mark under its place; what Go's number and JSON readers refuse has none.
    #[must_use]
    pub fn marked(&self, expression: &str) -> String {
        let Some(message) = self.message.strip_prefix("SyntaxError: ") else { return self.message.clone() };
        // Kyverno: lexer.go stands at the last byte of a character that it does not know.
        let within = match expression.get(self.offset..).and_then(|rest| rest.chars().next()) {
            Some(unknown) if message.starts_with("Unknown char: ") => unknown.len_utf8() - 1,
            _ => 0,
        };
        format!("{self}\n{expression}\n{}^", " ".repeat(self.offset + within))
    }

    pub(super) fn too_deep(offset: usize) -> Self {
        Self::new(format_args!("Expression is nested more than {MAX_DEPTH} levels deep"), offset)
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for SyntaxError {}
