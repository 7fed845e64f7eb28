//! The tree of a JMESPath expression, with the nesting that Kyverno's fork gives it.
//!
//! Nodes live in the caller's arena. A projection holds what follows it up to a stop token as its right side, so an
//! evaluator needs no further knowledge of precedence.

use super::MAX_DEPTH;
use super::error::SyntaxError;
use crate::Span;
use bumpalo::Bump;

/// An expression. Two of them are equal where they mean the same; spans are not compared.
#[derive(Clone, Copy, Debug)]
pub struct Expr<'b> {
    /// Where it stands; surrounding parentheses are left out.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind<'b>,
    // INVARIANT: the longest way down to a leaf, at most MAX_DEPTH.
    height: usize,
}

impl PartialEq for Expr<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// The kinds of expression. `left` is evaluated first and its result is what the rest sees as `@`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ExprKind<'b> {
    /// What stands where nothing is written: the left of a leading `[0]`, the right of a closing `[*]`.
    Identity,
    /// An index or slice that is not closed, where nothing is on its left. The fork gives it up without saying so, and
    /// only its evaluation fails.
    Empty,
    /// `@`
    Current,
    /// `name` or `"name"`
    Field(&'b str),
    /// A constant.
    Literal(Literal<'b>),
    /// `left[index]`
    Index {
        /// The list.
        left: &'b Expr<'b>,
        /// Counted from the end where negative.
        index: i64,
    },
    /// `left[start:stop:step]`; always the left of a [`ExprKind::ListProjection`].
    Slice {
        /// The list.
        left: &'b Expr<'b>,
        /// The three numbers.
        slice: Slice,
    },
    /// `left[]` without what follows; always the left of a [`ExprKind::ListProjection`].
    Flatten(&'b Expr<'b>),
    /// `left.right`
    Subexpression {
        /// The object.
        left: &'b Expr<'b>,
        /// What is taken from it.
        right: &'b Expr<'b>,
    },
    /// `left[*]right`, and also the right side of a slice or a flatten.
    ListProjection {
        /// The list.
        left: &'b Expr<'b>,
        /// What is evaluated for every element.
        right: &'b Expr<'b>,
    },
    /// `left.*right`
    ValueProjection {
        /// The object.
        left: &'b Expr<'b>,
        /// What is evaluated for every value.
        right: &'b Expr<'b>,
    },
    /// `left[?condition]right`
    FilterProjection {
        /// The list.
        left: &'b Expr<'b>,
        /// Decides about every element.
        condition: &'b Expr<'b>,
        /// What is evaluated for every element that stays.
        right: &'b Expr<'b>,
    },
    /// `left | right`
    Pipe(&'b Expr<'b>, &'b Expr<'b>),
    /// `left || right`
    Or(&'b Expr<'b>, &'b Expr<'b>),
    /// `left && right`
    And(&'b Expr<'b>, &'b Expr<'b>),
    /// `left == right` and the like
    Comparator {
        /// The comparison.
        op: Comparator,
        /// Its left side.
        left: &'b Expr<'b>,
        /// Its right side.
        right: &'b Expr<'b>,
    },
    /// `!of`
    Not(&'b Expr<'b>),
    /// `&of`, an argument that the function evaluates itself
    Reference(&'b Expr<'b>),
    /// `[a, b]`
    MultiSelectList(&'b [&'b Expr<'b>]),
    /// `{a: b}`; a key may occur twice
    MultiSelectHash(&'b [KeyValue<'b>]),
    /// `name(args)`; whether there is such a function is not known here
    FunctionCall {
        /// Its name.
        name: Callee<'b>,
        /// Its arguments.
        args: &'b [&'b Expr<'b>],
    },
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Callee<'b> {
    /// A function
    Name(&'b str),
    /// Something that has no name; the evaluation fails
    Nameless(&'b Expr<'b>),
}

/// A constant as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Literal<'b> {
    /// `'text'`, decoded.
    Raw(&'b str),
    /// The text between backticks; well-formed JSON whose numbers are in the range of a float64.
    Json(&'b str),
}

/// The numbers of `[start:stop:step]`, each as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Slice {
    /// Before the first colon.
    pub start: Option<i64>,
    /// After it.
    pub stop: Option<i64>,
    /// After the second colon; zero is left to the evaluation to refuse.
    pub step: Option<i64>,
}

/// One `key: value`; spans are not compared either.
#[derive(Clone, Copy, Debug)]
pub struct KeyValue<'b> {
    /// Where the key stands.
    pub key_span: Span,
    /// The key, decoded.
    pub key: &'b str,
    /// Its value.
    pub value: &'b Expr<'b>,
}

impl PartialEq for KeyValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.value == other.value
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    More,
    /// `>=`
    MoreEqual,
}

impl Comparator {
    /// The operator as it is written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::More => ">",
            Self::MoreEqual => ">=",
        }
    }
}

impl<'b> Expr<'b> {
    /// Puts a node into the arena, unless that makes the tree too high for a recursive walk.
    pub(super) fn new(bump: &'b Bump, span: Span, kind: ExprKind<'b>) -> Result<&'b Self, SyntaxError> {
        let height = 1 + kind.children_height();
        if height > MAX_DEPTH {
            return Err(SyntaxError::too_deep(span.start));
        }
        Ok(bump.alloc(Self { span, kind, height }))
    }
}

impl ExprKind<'_> {
    fn children_height(&self) -> usize {
        match self {
            Self::Identity | Self::Empty | Self::Current | Self::Field(_) | Self::Literal(_) => 0,
            Self::Index { left: of, .. }
            | Self::Slice { left: of, .. }
            | Self::Flatten(of)
            | Self::Not(of)
            | Self::Reference(of) => of.height,
            Self::Subexpression { left, right }
            | Self::ListProjection { left, right }
            | Self::ValueProjection { left, right }
            | Self::Pipe(left, right)
            | Self::Or(left, right)
            | Self::And(left, right)
            | Self::Comparator { left, right, .. } => left.height.max(right.height),
            Self::FilterProjection { left, condition, right } => left.height.max(condition.height).max(right.height),
            Self::MultiSelectList(list) => highest(list),
            Self::FunctionCall { name: Callee::Name(_), args } => highest(args),
            Self::FunctionCall { name: Callee::Nameless(of), args } => of.height.max(highest(args)),
            Self::MultiSelectHash(pairs) => pairs.iter().map(|pair| pair.value.height).max().unwrap_or(0),
        }
    }
}

fn highest(list: &[&Expr<'_>]) -> usize {
    list.iter().map(|expr| expr.height).max().unwrap_or(0)
}
