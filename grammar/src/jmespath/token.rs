//! Symbols to the tokens of the grammar, with decoded content.
//!
//! The fork's parser decides at every `[` by looking ahead and by what is on its left. That is done here, so that the
//! grammar needs one token of look-ahead: `[*]`, an index and a slice become one token each. Arguments may also
//! follow each other without a comma; the missing comma is put in.

use super::MAX_DEPTH;
use super::ast::Slice;
use super::error::SyntaxError;
use super::json;
use super::lexer::{Lexeme, Symbol};
use bumpalo::Bump;

/// A token of the grammar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'b> {
    /// A symbol that is all there is to know.
    Plain(Symbol),
    Identifier(&'b str),
    Quoted(&'b str),
    Raw(&'b str),
    Json(&'b str),
    /// `[*]`
    ListStar,
    /// `[1]`
    Index(i64),
    /// `[1:2]`
    Slice(Slice),
    /// An index or a slice that the fork gives up without saying so, see [`super::ExprKind::Empty`].
    Broken,
}

/// The innermost open bracket around a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Top,
    Group,
    Call,
    Filter,
    List,
    Hash,
}

/// A token with its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<'b> {
    pub(super) token: Token<'b>,
    pub(super) start: usize,
    pub(super) end: usize,
    /// What is open around it.
    pub(super) frame: Frame,
    /// The lexeme that it starts with.
    pub(super) lexeme: usize,
    /// Whether it ends an expression whose projection takes what follows.
    pub(super) projects: bool,
}

/// The tokens of an expression, up to the first whose content is refused.
pub(super) struct Tokens<'b> {
    pub(super) list: Vec<Placed<'b>>,
    /// Why the last token's content is refused; an error of grammar before it comes first.
    pub(super) refused: Option<SyntaxError>,
    /// What is open at the end.
    pub(super) frame: Frame,
}

/// Makes tokens of the symbols of `text`.
pub(super) fn tokens<'b>(bump: &'b Bump, text: &'b str, lexemes: &[Lexeme]) -> Result<Tokens<'b>, SyntaxError> {
    let mut reader = Reader { bump, text, lexemes, open: Vec::new(), list: Vec::new() };
    let mut at = 0;
    let mut refused = None;
    while let Some(lexeme) = lexemes.get(at).filter(|lexeme| lexeme.symbol != Symbol::End) {
        match reader.token(at, *lexeme) {
            Ok(next) => at = next,
            Err(Stop::Refused(error)) => {
                refused = Some(error);
                break;
            }
            Err(Stop::TooDeep) => return Err(SyntaxError::too_deep(lexeme.start)),
        }
    }
    let frame = reader.frame();
    Ok(Tokens { list: reader.list, refused, frame })
}

enum Stop {
    Refused(SyntaxError),
    TooDeep,
}

struct Reader<'b, 'l> {
    bump: &'b Bump,
    text: &'b str,
    lexemes: &'l [Lexeme],
    open: Vec<Frame>,
    list: Vec<Placed<'b>>,
}

impl<'b> Reader<'b, '_> {
    /// Reads the token that starts with this lexeme and gives the lexeme after it.
    fn token(&mut self, at: usize, lexeme: Lexeme) -> Result<usize, Stop> {
        let text = lexeme.content(self.text);
        match lexeme.symbol {
            Symbol::Identifier => {
                self.comma(at, lexeme);
                self.push(at, at + 1, Token::Identifier(text));
            }
            Symbol::Quoted => {
                self.comma(at, lexeme);
                let name = if text.contains('\\') { self.bump.alloc_str(&json::decode(text)) } else { text };
                self.push(at, at + 1, Token::Quoted(name));
            }
            Symbol::Raw => {
                self.comma(at, lexeme);
                self.push(at, at + 1, Token::Raw(self.replaced(text, "\\'", "'")));
            }
            Symbol::Json => {
                self.comma(at, lexeme);
                let json = self.replaced(text, "\\`", "`");
                self.push(at, at + 1, Token::Json(json));
                json::check(json, MAX_DEPTH)
                    .map_err(|message| Stop::Refused(SyntaxError::foreign(message, lexeme.offset())))?;
            }
            Symbol::LBracket => return self.bracket(at),
            symbol => {
                if matches!(symbol, Symbol::Current | Symbol::Reference) {
                    self.comma(at, lexeme);
                }
                let frame = match symbol {
                    Symbol::LParen if self.ends_operand() => Some(Frame::Call),
                    Symbol::LParen => Some(Frame::Group),
                    Symbol::Filter => Some(Frame::Filter),
                    Symbol::LBrace => Some(Frame::Hash),
                    _ => None,
                };
                self.push(at, at + 1, Token::Plain(symbol));
                if let Some(frame) = frame {
                    self.enter(frame)?;
                }
            }
        }
        Ok(at + 1)
    }

    /// A `[` that is neither `[]` nor `[?`.
    fn bracket(&mut self, at: usize) -> Result<usize, Stop> {
        let after_dot = self.list.last().is_some_and(|placed| placed.token == Token::Plain(Symbol::Dot));
        match (self.symbol(at + 1), self.symbol(at + 2)) {
            _ if after_dot => {}
            (Symbol::Star, Symbol::RBracket) => {
                self.push(at, at + 3, Token::ListStar);
                return Ok(at + 3);
            }
            (Symbol::Number | Symbol::Colon, _) => {
                let leads = !self.ends_operand() || self.list.last().is_some_and(|placed| placed.projects);
                return match self.subscript(at + 1) {
                    (Ok(token), next) => {
                        self.push(at, next, token);
                        Ok(next)
                    }
                    // Kyverno: parser.go nud() drops this error and goes on with an empty node.
                    (Err(_), next) if leads => {
                        self.push(at, next, Token::Broken);
                        Ok(next)
                    }
                    (Err(error), next) => {
                        // Any token that may stand here; what counts is whether the grammar gets this far.
                        self.push(at, next, Token::Index(0));
                        Err(Stop::Refused(error))
                    }
                };
            }
            _ => {}
        }
        self.push(at, at + 1, Token::Plain(Symbol::LBracket));
        self.enter(Frame::List)?;
        Ok(at + 1)
    }

    /// Kyverno: parser.go parseIndexExpression and parseSliceExpression. The second is the lexeme after.
    fn subscript(&self, mut at: usize) -> (Result<Token<'b>, SyntaxError>, usize) {
        if self.symbol(at) != Symbol::Colon && self.symbol(at + 1) != Symbol::Colon {
            return match (self.number(at), self.symbol(at + 1)) {
                (Err(error), _) => (Err(error), at),
                (Ok(index), Symbol::RBracket) => (Ok(Token::Index(index)), at + 2),
                (Ok(_), _) => (Err(self.expected("tRbracket", at + 1)), at + 1),
            };
        }
        // Numbers without a colon between them overwrite each other, and a third colon may end it.
        let mut parts = [None; 3];
        let mut part = 0;
        while let Some(slot) = parts.get_mut(part) {
            match self.symbol(at) {
                Symbol::RBracket => break,
                Symbol::Colon => part += 1,
                Symbol::Number => match self.number(at) {
                    Ok(number) => *slot = Some(number),
                    Err(error) => return (Err(error), at),
                },
                _ => return (Err(self.expected("tColon or tNumber", at)), at),
            }
            at += 1;
        }
        if self.symbol(at) != Symbol::RBracket {
            return (Err(self.expected("tRbracket", at)), at);
        }
        let [start, stop, step] = parts;
        (Ok(Token::Slice(Slice { start, stop, step })), at + 1)
    }

    /// Kyverno: Go's strconv.Atoi.
    fn number(&self, at: usize) -> Result<i64, SyntaxError> {
        let Some(lexeme) = self.lexemes.get(at) else { return Ok(0) };
        let digits = lexeme.content(self.text);
        digits.parse().map_err(|_| {
            let why = if digits == "-" { "invalid syntax" } else { "value out of range" };
            SyntaxError::foreign(format!("strconv.Atoi: parsing \"{digits}\": {why}"), lexeme.start)
        })
    }

    fn expected(&self, what: &str, at: usize) -> SyntaxError {
        let offset = self.lexemes.get(at).map_or(self.text.len(), |lexeme| lexeme.offset());
        SyntaxError::new(format_args!("Expected {what}, received: {}", self.symbol(at).name()), offset)
    }

    fn symbol(&self, at: usize) -> Symbol {
        self.lexemes.get(at).map_or(Symbol::End, |lexeme| lexeme.symbol)
    }

    /// Puts in the comma that arguments may leave out before a token that cannot continue an expression.
    fn comma(&mut self, at: usize, before: Lexeme) {
        if self.frame() == Frame::Call && self.ends_operand() {
            let token = Token::Plain(Symbol::Comma);
            let (start, frame) = (before.start, Frame::Call);
            self.list.push(Placed { token, start, end: start, frame, lexeme: at, projects: false });
        }
    }

    fn push(&mut self, at: usize, next: usize, token: Token<'b>) {
        let frame = self.frame();
        let projects = match token {
            Token::ListStar | Token::Slice(_) | Token::Plain(Symbol::Star | Symbol::Flatten) => true,
            Token::Plain(Symbol::RBracket) => frame == Frame::Filter,
            _ => false,
        };
        let closes = match token {
            Token::Plain(Symbol::RBracket) => matches!(frame, Frame::Filter | Frame::List),
            Token::Plain(Symbol::RParen) => matches!(frame, Frame::Group | Frame::Call),
            Token::Plain(Symbol::RBrace) => frame == Frame::Hash,
            _ => false,
        };
        // A bracket that closes nothing is an error of grammar, and nothing after it counts.
        if closes {
            self.open.pop();
        }
        let edge = |at: usize| self.lexemes.get(at).map_or((0, 0), |lexeme| (lexeme.start, lexeme.end));
        let (start, end) = (edge(at).0, edge(next.max(at + 1) - 1).1);
        self.list.push(Placed { token, start, end, frame, lexeme: at, projects });
    }

    fn enter(&mut self, frame: Frame) -> Result<(), Stop> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Stop::TooDeep);
        }
        self.open.push(frame);
        Ok(())
    }

    fn frame(&self) -> Frame {
        self.open.last().copied().unwrap_or(Frame::Top)
    }

    fn ends_operand(&self) -> bool {
        self.list.last().is_some_and(|placed| placed.token.ends_operand())
    }

    fn replaced(&self, text: &'b str, from: &str, to: &str) -> &'b str {
        if text.contains(from) { self.bump.alloc_str(&text.replace(from, to)) } else { text }
    }
}

impl Token<'_> {
    /// Whether an expression may end with it.
    pub(super) fn ends_operand(self) -> bool {
        match self {
            Self::Plain(symbol) => matches!(
                symbol,
                Symbol::Star | Symbol::Flatten | Symbol::RBracket | Symbol::RParen | Symbol::RBrace | Symbol::Current
            ),
            _ => true,
        }
    }
}
