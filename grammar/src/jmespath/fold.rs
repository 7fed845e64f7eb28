//! A row of items to a tree, by binding powers.
//!
//! Kyverno: parser.go parseExpression, nud, led and parseProjectionRHS, whose shape this keeps so that every
//! projection takes exactly what the fork gives it.

use super::MAX_DEPTH;
use super::ast::{Callee, Comparator, Expr, ExprKind, Literal, Slice};
use super::error::SyntaxError;
use super::json;
use crate::Span;
use bumpalo::Bump;

/// A token, or brackets with what is in them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'b> {
    span: Span,
    kind: ItemKind<'b>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum ItemKind<'b> {
    /// A name, a constant, an expression in parentheses.
    Operand(&'b Expr<'b>),
    /// A multi-select; after a dot nothing that follows belongs to it.
    Group(&'b Expr<'b>),
    Not,
    Reference,
    Star,
    ListStar,
    Flatten,
    Slice(Slice),
    Filter(&'b Expr<'b>),
    Index(i64),
    Call(&'b [&'b Expr<'b>]),
    Dot,
    Binary(BinaryOp),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum BinaryOp {
    Pipe,
    Or,
    And,
    Compare(Comparator),
}

impl BinaryOp {
    pub(super) const EQUAL: Self = Self::Compare(Comparator::Equal);
    pub(super) const NOT_EQUAL: Self = Self::Compare(Comparator::NotEqual);
    pub(super) const LESS: Self = Self::Compare(Comparator::Less);
    pub(super) const LESS_EQUAL: Self = Self::Compare(Comparator::LessEqual);
    pub(super) const MORE: Self = Self::Compare(Comparator::More);
    pub(super) const MORE_EQUAL: Self = Self::Compare(Comparator::MoreEqual);
}

/// Binding powers; Kyverno: parser.go bindingPowers.
pub(super) mod power {
    pub(in super::super) const REFERENCE: u8 = 0;
    pub(in super::super) const PIPE: u8 = 1;
    pub(in super::super) const OR: u8 = 2;
    pub(in super::super) const AND: u8 = 3;
    pub(in super::super) const COMPARE: u8 = 5;
    pub(in super::super) const FLATTEN: u8 = 9;
    /// From here on a token continues a projection.
    pub(in super::super) const PROJECTION: u8 = 10;
    pub(in super::super) const STAR: u8 = 20;
    pub(in super::super) const FILTER: u8 = 21;
    pub(in super::super) const DOT: u8 = 40;
    pub(in super::super) const NOT: u8 = 45;
    pub(in super::super) const BRACKET: u8 = 55;
    pub(in super::super) const CALL: u8 = 60;
}

impl<'b> Item<'b> {
    pub(super) fn new(start: usize, end: usize, kind: ItemKind<'b>) -> Self {
        Self { span: Span::new(start, end), kind }
    }

    /// How strongly it binds what is on its left.
    fn power(self) -> u8 {
        match self.kind {
            ItemKind::Operand(_) | ItemKind::Not | ItemKind::Reference | ItemKind::Star => 0,
            ItemKind::Binary(BinaryOp::Pipe) => power::PIPE,
            ItemKind::Binary(BinaryOp::Or) => power::OR,
            ItemKind::Binary(BinaryOp::And) => power::AND,
            ItemKind::Binary(BinaryOp::Compare(_)) => power::COMPARE,
            ItemKind::Flatten => power::FLATTEN,
            ItemKind::Filter(_) => power::FILTER,
            ItemKind::Dot => power::DOT,
            ItemKind::ListStar | ItemKind::Slice(_) | ItemKind::Index(_) | ItemKind::Group(_) => power::BRACKET,
            ItemKind::Call(_) => power::CALL,
        }
    }
}

/// Makes the tree of a row that the grammar has accepted.
pub(super) fn fold<'b>(bump: &'b Bump, row: &[Item<'b>]) -> Result<&'b Expr<'b>, SyntaxError> {
    let mut fold = Fold { bump, row, at: 0, depth: 0 };
    let expr = fold.expression(0)?;
    match fold.current() {
        None => Ok(expr),
        Some(item) => Err(fold.unexpected(item)),
    }
}

struct Fold<'b, 'r> {
    bump: &'b Bump,
    row: &'r [Item<'b>],
    at: usize,
    depth: usize,
}

type Folded<'b> = Result<&'b Expr<'b>, SyntaxError>;

impl<'b> Fold<'b, '_> {
    fn current(&self) -> Option<Item<'b>> {
        self.row.get(self.at).copied()
    }

    /// The end of the last item taken.
    fn end(&self) -> usize {
        self.at.checked_sub(1).and_then(|last| self.row.get(last)).map_or(0, |item| item.span.end)
    }

    fn node(&self, start: usize, kind: ExprKind<'b>) -> Folded<'b> {
        Expr::new(self.bump, Span::new(start, self.end()), kind)
    }

    /// Nothing, at this place.
    fn identity(&self, at: usize) -> Folded<'b> {
        Expr::new(self.bump, Span::new(at, at), ExprKind::Identity)
    }

    // The grammar lets nothing through that ends here; an error is still better than a wrong tree.
    fn unexpected(&self, item: Item<'b>) -> SyntaxError {
        SyntaxError::new("Error", item.span.start)
    }

    fn expression(&mut self, power: u8) -> Folded<'b> {
        self.depth += 1;
        let Some(first) = self.current() else {
            return Err(SyntaxError::new("Incomplete expression", self.end()));
        };
        if self.depth > MAX_DEPTH {
            return Err(SyntaxError::too_deep(first.span.start));
        }
        self.at += 1;
        let mut left = self.prefix(first)?;
        while let Some(item) = self.current().filter(|item| item.power() > power) {
            self.at += 1;
            left = self.suffix(first.span.start, left, item)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefix(&mut self, item: Item<'b>) -> Folded<'b> {
        let start = item.span.start;
        match item.kind {
            ItemKind::Operand(expr) | ItemKind::Group(expr) => Ok(expr),
            ItemKind::Not => {
                let of = self.expression(power::NOT)?;
                self.node(start, ExprKind::Not(of))
            }
            ItemKind::Reference => {
                let of = self.expression(power::REFERENCE)?;
                self.node(start, ExprKind::Reference(of))
            }
            ItemKind::Star => {
                let left = self.identity(start)?;
                let right = self.projected(power::STAR)?;
                self.node(start, ExprKind::ValueProjection { left, right })
            }
            ItemKind::ListStar | ItemKind::Flatten | ItemKind::Slice(_) | ItemKind::Filter(_) | ItemKind::Index(_) => {
                let left = self.identity(start)?;
                self.suffix(start, left, item)
            }
            ItemKind::Call(_) | ItemKind::Dot | ItemKind::Binary(_) => Err(self.unexpected(item)),
        }
    }

    /// What an item makes of the expression on its left, which starts at `start`.
    fn suffix(&mut self, start: usize, left: &'b Expr<'b>, item: Item<'b>) -> Folded<'b> {
        let kind = match item.kind {
            ItemKind::Dot => {
                if let Some(ItemKind::Star) = self.current().map(|item| item.kind) {
                    self.at += 1;
                    // Kyverno: parser.go led(), the power of a dot here makes `a.*.b.c` take `c` of the whole list.
                    ExprKind::ValueProjection { left, right: self.projected(power::DOT)? }
                } else {
                    ExprKind::Subexpression { left, right: self.member(power::DOT)? }
                }
            }
            ItemKind::Index(index) => ExprKind::Index { left, index },
            ItemKind::Slice(slice) => {
                let left = self.node(start, ExprKind::Slice { left, slice })?;
                ExprKind::ListProjection { left, right: self.projected(power::STAR)? }
            }
            ItemKind::Flatten => {
                let left = self.node(start, ExprKind::Flatten(left))?;
                ExprKind::ListProjection { left, right: self.projected(power::FLATTEN)? }
            }
            ItemKind::ListStar => ExprKind::ListProjection { left, right: self.projected(power::STAR)? },
            ItemKind::Filter(condition) => {
                ExprKind::FilterProjection { left, condition, right: self.projected(power::FILTER)? }
            }
            ItemKind::Call(args) => ExprKind::FunctionCall { name: self.callee(left), args },
            ItemKind::Binary(op) => {
                let right = self.expression(item.power())?;
                match op {
                    BinaryOp::Pipe => ExprKind::Pipe(left, right),
                    BinaryOp::Or => ExprKind::Or(left, right),
                    BinaryOp::And => ExprKind::And(left, right),
                    BinaryOp::Compare(op) => ExprKind::Comparator { op, left, right },
                }
            }
            ItemKind::Operand(_) | ItemKind::Group(_) | ItemKind::Not | ItemKind::Reference | ItemKind::Star => {
                return Err(self.unexpected(item));
            }
        };
        self.node(start, kind)
    }

    /// The right side of a projection.
    fn projected(&mut self, power: u8) -> Folded<'b> {
        match self.current().filter(|item| item.power() >= power::PROJECTION) {
            None => self.identity(self.end()),
            Some(Item { kind: ItemKind::Dot, .. }) => {
                self.at += 1;
                self.member(power)
            }
            Some(_) => self.expression(power),
        }
    }

    /// What follows a dot.
    fn member(&mut self, power: u8) -> Folded<'b> {
        match self.current() {
            Some(Item { kind: ItemKind::Group(expr), .. }) => {
                self.at += 1;
                Ok(expr)
            }
            _ => self.expression(power),
        }
    }

    /// The name of the function that is called. Kyverno: parser.go led(), it takes the value of any node for it.
    fn callee(&self, called: &'b Expr<'b>) -> Callee<'b> {
        match called.kind {
            ExprKind::Field(name) | ExprKind::Literal(Literal::Raw(name)) => Callee::Name(name),
            ExprKind::FunctionCall { name, .. } => name,
            ExprKind::Literal(Literal::Json(text)) if text.trim_start().starts_with('"') => {
                let inside = text.trim().get(1..).and_then(|text| text.strip_suffix('"'));
                Callee::Name(self.bump.alloc_str(&json::decode(inside.unwrap_or_default())))
            }
            _ => Callee::Nameless(called),
        }
    }
}
