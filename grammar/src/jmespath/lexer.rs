//! Characters to symbols, as the fork's lexer cuts them.
//!
//! A whole expression is read before parsing starts: the fork reports a bad character anywhere in the text before
//! any error of grammar.

use super::error::SyntaxError;
use super::{MAX_DEPTH, json, quote};
use logos::Logos;

/// A lexical unit without its content.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(skip r"[ \t\r\n]+", error = Failure)]
pub(super) enum Symbol {
    #[token(".")]
    Dot,
    #[token("*")]
    Star,
    #[token(",")]
    Comma,
    #[token(":")]
    Colon,
    #[token("{")]
    LBrace,
    #[token("}")]
    RBrace,
    #[token("[")]
    LBracket,
    #[token("]")]
    RBracket,
    #[token("[]")]
    Flatten,
    #[token("[?")]
    Filter,
    #[token("(")]
    LParen,
    #[token(")")]
    RParen,
    #[token("@")]
    Current,
    #[token("|")]
    Pipe,
    #[token("||")]
    Or,
    #[token("&")]
    Reference,
    #[token("&&")]
    And,
    #[token("!")]
    Not,
    #[token("==")]
    Equal,
    #[token("!=")]
    NotEqual,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEqual,
    #[token(">")]
    More,
    #[token(">=")]
    MoreEqual,
    /// A lone `=`, which no rule of the grammar knows.
    #[token("=")]
    Unknown,
    /// A lone `-` is one too; only the reading of its value fails.
    #[regex("-[0-9]*|[0-9]+")]
    Number,
    // Kyverno: lexer.go consumeUnquotedIdentifier, its bounds check lets one U+0080 slip into the name.
    #[regex("[A-Za-z_][0-9A-Za-z_]*\u{80}?")]
    Identifier,
    #[token("\"", |lex| delimited(lex, '"'))]
    Quoted,
    #[token("`", |lex| delimited(lex, '`'))]
    Json,
    #[token("'", raw)]
    Raw,
    /// After the last symbol; never lexed.
    End,
}

/// Why no symbol starts here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Failure {
    #[default]
    UnknownCharacter,
    Unclosed(char),
}

/// Runs to the closing delimiter; a backslash takes the next character with it.
fn delimited(lex: &mut logos::Lexer<'_, Symbol>, end: char) -> Result<(), Failure> {
    let mut chars = lex.remainder().char_indices();
    while let Some((at, char)) = chars.next() {
        if char == end {
            lex.bump(at + end.len_utf8());
            return Ok(());
        }
        if char == '\\' {
            chars.next();
        }
    }
    Err(Failure::Unclosed(end))
}

/// Runs to the closing quote; a backslash only ever escapes a quote.
fn raw(lex: &mut logos::Lexer<'_, Symbol>) -> Result<(), Failure> {
    let mut escaped = false;
    for (at, byte) in lex.remainder().bytes().enumerate() {
        if byte == b'\'' && !escaped {
            lex.bump(at + 1);
            return Ok(());
        }
        escaped = byte == b'\\';
    }
    Err(Failure::Unclosed('\''))
}

/// A symbol with its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexeme {
    pub(super) symbol: Symbol,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Lexeme {
    /// Where the fork says that this symbol is: it counts strings and literals from after their delimiter.
    pub(super) fn offset(self) -> usize {
        self.start + usize::from(matches!(self.symbol, Symbol::Raw | Symbol::Json))
    }

    /// The text without delimiters.
    pub(super) fn content(self, text: &str) -> &str {
        let delimiter = usize::from(matches!(self.symbol, Symbol::Raw | Symbol::Json | Symbol::Quoted));
        text.get(self.start + delimiter..self.end - delimiter).unwrap_or_default()
    }
}

/// Cuts the whole text; the last symbol is [`Symbol::End`].
pub(super) fn lex(text: &str) -> Result<Vec<Lexeme>, SyntaxError> {
    let mut lexemes = Vec::new();
    for (symbol, span) in Symbol::lexer(text).spanned() {
        let symbol = symbol.map_err(|failure| match failure {
            Failure::Unclosed(end) => SyntaxError::new(format_args!("Unclosed delimiter: {end}"), text.len()),
            Failure::UnknownCharacter => {
                let unknown = text.get(span.start..).and_then(|rest| rest.chars().next()).unwrap_or_default();
                SyntaxError::new(format_args!("Unknown char: {}", quote::rune_to_ascii(unknown)), span.start)
            }
        })?;
        let lexeme = Lexeme { symbol, start: span.start, end: span.end };
        if symbol == Symbol::Quoted {
            // Go decodes names while it lexes, and literals only while it parses.
            json::check(text.get(span.clone()).unwrap_or_default(), MAX_DEPTH)
                .map_err(|message| SyntaxError::foreign(message, span.start))?;
        }
        lexemes.push(lexeme);
    }
    lexemes.push(Lexeme { symbol: Symbol::End, start: text.len(), end: text.len() });
    Ok(lexemes)
}

impl Symbol {
    /// The fork's name for it in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Dot => "tDot",
            Self::Star => "tStar",
            Self::Comma => "tComma",
            Self::Colon => "tColon",
            Self::LBrace => "tLbrace",
            Self::RBrace => "tRbrace",
            Self::LBracket => "tLbracket",
            Self::RBracket => "tRbracket",
            Self::Flatten => "tFlatten",
            Self::Filter => "tFilter",
            Self::LParen => "tLparen",
            Self::RParen => "tRparen",
            Self::Current => "tCurrent",
            Self::Pipe => "tPipe",
            Self::Or => "tOr",
            Self::Reference => "tExpref",
            Self::And => "tAnd",
            Self::Not => "tNot",
            Self::Equal => "tEQ",
            Self::NotEqual => "tNE",
            Self::Less => "tLT",
            Self::LessEqual => "tLTE",
            Self::More => "tGT",
            Self::MoreEqual => "tGTE",
            Self::Unknown => "tUnknown",
            Self::Number => "tNumber",
            Self::Identifier => "tUnquotedIdentifier",
            Self::Quoted => "tQuotedIdentifier",
            Self::Json => "tJSONLiteral",
            Self::Raw => "tStringLiteral",
            Self::End => "tEOF",
        }
    }
}
