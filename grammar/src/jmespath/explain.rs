//! An error of the generated parser to the text that the fork gives at the same place.
//!
//! The fork descends recursively and names what the innermost function wanted. That is found again from three
//! things: the token before the error, the token at it, and the bracket that is open around it.

use super::error::SyntaxError;
use super::lexer::{Lexeme, Symbol};
use super::token::{Frame, Placed, Token, Tokens};
use lalrpop_util::ParseError;

/// The fork's error for this one.
pub(super) fn explain<'b>(
    error: ParseError<usize, Token<'b>, SyntaxError>,
    tokens: Tokens<'b>,
    lexemes: &[Lexeme],
) -> SyntaxError {
    let (index, expected) = match error {
        ParseError::User { error } => return error,
        ParseError::UnrecognizedToken { token: (start, ..), expected } => {
            // A comma that was put in stands where the next token does, but is never what is wrong.
            let at = tokens.list.iter().rposition(|placed| placed.start == start);
            (at.unwrap_or(tokens.list.len()), expected)
        }
        ParseError::UnrecognizedEof { expected, .. } => (tokens.list.len(), expected),
        ParseError::InvalidToken { .. } | ParseError::ExtraToken { .. } => (tokens.list.len(), Vec::new()),
    };
    let at = tokens.list.get(index);
    if at.is_none()
        && let Some(refused) = tokens.refused
    {
        return refused;
    }
    let before = index.checked_sub(1).and_then(|before| tokens.list.get(before));
    let lexeme = at.map_or(lexemes.len().saturating_sub(1), |at| at.lexeme);
    let place = Place { before, lexeme, frame: at.map_or(tokens.frame, |at| at.frame), lexemes };
    place.explain(expected.iter().any(|token| token == "\":\""))
}

struct Place<'b, 'a> {
    before: Option<&'a Placed<'b>>,
    /// What is wrong.
    lexeme: usize,
    frame: Frame,
    lexemes: &'a [Lexeme],
}

impl Place<'_, '_> {
    fn explain(&self, after_key: bool) -> SyntaxError {
        if after_key {
            return self.expected("tColon", 0);
        }
        match self.before {
            Some(Placed { token: Token::Plain(Symbol::Dot), .. }) => {
                self.error("Expected identifier, lbracket, or lbrace", 0)
            }
            Some(Placed { token: Token::Plain(Symbol::LBrace | Symbol::Comma), .. }) if self.frame == Frame::Hash => {
                self.no_key()
            }
            Some(before) if before.token.ends_operand() => self.after_operand(before),
            _ => self.no_operand(),
        }
    }

    fn after_operand(&self, before: &Placed<'_>) -> SyntaxError {
        match self.symbol(0) {
            Symbol::Star | Symbol::Not | Symbol::LBrace | Symbol::LParen if before.projects => self.error("Error", 0),
            Symbol::LParen => SyntaxError::new("Can't have quoted identifier as function Name.", before.start),
            symbol @ (Symbol::Star | Symbol::Not | Symbol::LBrace) => {
                self.error(&format!("Unexpected token: {}", symbol.name()), 1)
            }
            Symbol::LBracket if self.symbol(1) == Symbol::Star => self.expected("tRbracket", 2),
            Symbol::LBracket => self.expected("tStar", 1),
            symbol => match self.frame {
                Frame::Top => {
                    self.error(&format!("Unexpected token at the end of the expression: {}", symbol.name()), 0)
                }
                Frame::Group => self.expected("tRparen", 0),
                Frame::Filter => self.expected("tRbracket", 0),
                Frame::List => self.expected("tComma", 0),
                Frame::Hash => self.no_key(),
                Frame::Call => self.no_operand(),
            },
        }
    }

    fn no_operand(&self) -> SyntaxError {
        match self.symbol(0) {
            Symbol::End => self.error("Incomplete expression", 0),
            symbol => self.error(&format!("Invalid token: {}", symbol.name()), 0),
        }
    }

    fn no_key(&self) -> SyntaxError {
        self.error("Expected tQuotedIdentifier or tUnquotedIdentifier", 0)
    }

    fn expected(&self, what: &str, ahead: usize) -> SyntaxError {
        self.error(&format!("Expected {what}, received: {}", self.symbol(ahead).name()), ahead)
    }

    fn symbol(&self, ahead: usize) -> Symbol {
        self.lexemes.get(self.lexeme + ahead).map_or(Symbol::End, |lexeme| lexeme.symbol)
    }

    /// An error at the lexeme that is so far ahead of the wrong one.
    fn error(&self, message: &str, ahead: usize) -> SyntaxError {
        let lexeme = self.lexemes.get(self.lexeme + ahead).or(self.lexemes.last());
        SyntaxError::new(message, lexeme.map_or(0, |lexeme| lexeme.offset()))
    }
}
