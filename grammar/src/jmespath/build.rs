//! What the grammar's actions do: allocate nodes and collect items.

use super::ast::{Expr, ExprKind, KeyValue, Literal};
use super::error::SyntaxError;
use super::fold::{self, Item, ItemKind};
use super::token::Token;
use crate::Span;
use bumpalo::Bump;

pub(super) type Items<'b> = Vec<Item<'b>>;
pub(super) type Pairs<'b> = Vec<KeyValue<'b>>;

/// The arena with the grammar's constructors.
#[derive(Clone, Copy)]
pub(super) struct Build<'b> {
    pub(super) bump: &'b Bump,
}

/// How an action reports an error.
type Failure<'b> = lalrpop_util::ParseError<usize, Token<'b>, SyntaxError>;

impl<'b> Build<'b> {
    pub(super) fn fold(self, row: &[Item<'b>]) -> Result<&'b Expr<'b>, Failure<'b>> {
        Ok(fold::fold(self.bump, row)?)
    }

    pub(super) fn current(self, start: usize, end: usize) -> Result<Item<'b>, Failure<'b>> {
        self.operand(start, end, ExprKind::Current)
    }

    /// An index that is not closed.
    pub(super) fn broken(self, start: usize, end: usize) -> Result<Item<'b>, Failure<'b>> {
        self.group(start, end, ExprKind::Empty)
    }

    pub(super) fn field(self, start: usize, end: usize, name: &'b str) -> Result<Item<'b>, Failure<'b>> {
        self.operand(start, end, ExprKind::Field(name))
    }

    pub(super) fn literal(self, start: usize, end: usize, literal: Literal<'b>) -> Result<Item<'b>, Failure<'b>> {
        self.operand(start, end, ExprKind::Literal(literal))
    }

    pub(super) fn list(self, start: usize, end: usize, list: Vec<&'b Expr<'b>>) -> Result<Item<'b>, Failure<'b>> {
        let list = self.bump.alloc_slice_copy(&list);
        self.group(start, end, ExprKind::MultiSelectList(list))
    }

    pub(super) fn hash(self, start: usize, end: usize, pairs: Pairs<'b>) -> Result<Item<'b>, Failure<'b>> {
        let pairs = self.bump.alloc_slice_copy(&pairs);
        self.group(start, end, ExprKind::MultiSelectHash(pairs))
    }

    pub(super) fn call(self, start: usize, end: usize, args: Vec<&'b Expr<'b>>) -> Item<'b> {
        Item::new(start, end, ItemKind::Call(self.bump.alloc_slice_copy(&args)))
    }

    fn operand(self, start: usize, end: usize, kind: ExprKind<'b>) -> Result<Item<'b>, Failure<'b>> {
        let expr = Expr::new(self.bump, Span::new(start, end), kind)?;
        Ok(Item::new(start, end, ItemKind::Operand(expr)))
    }

    fn group(self, start: usize, end: usize, kind: ExprKind<'b>) -> Result<Item<'b>, Failure<'b>> {
        let expr = Expr::new(self.bump, Span::new(start, end), kind)?;
        Ok(Item::new(start, end, ItemKind::Group(expr)))
    }
}

/// A row with one more item.
pub(super) fn push<'b>(mut row: Items<'b>, item: Item<'b>) -> Items<'b> {
    row.push(item);
    row
}

/// A row with a dot and what follows it.
pub(super) fn push_dot<'b>(mut row: Items<'b>, dot: Item<'b>, item: Item<'b>) -> Items<'b> {
    row.extend([dot, item]);
    row
}
