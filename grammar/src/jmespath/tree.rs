//! The indented tree that `jp parse` prints, and what errors show of an expression that is used as a value.
//!
//! Kyverno: parser.go PrettyPrint, with the names of its node types, its missing closing braces and Go's spelling of
//! values. Only a slice differs: Go prints the addresses of its numbers there, and here are the numbers.

use super::ast::{Callee, Comparator, Expr, ExprKind, KeyValue, Literal, Slice};
use super::govalue::{self, Style};
use super::quote;
use std::fmt::{Display, Formatter, Result};

/// Displays an expression as its tree.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'e, 'b>(&'e Expr<'b>);

impl<'b> Expr<'b> {
    /// The expression as the tree that `jp parse` prints.
    #[must_use]
    pub fn tree(&self) -> Tree<'_, 'b> {
        Tree(self)
    }
}

impl Display for Tree<'_, '_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        node(out, 0, Node::Expr(self.0))
    }
}

/// What the fork has a node for and we do not.
#[derive(Clone, Copy)]
enum Node<'e, 'b> {
    Expr(&'e Expr<'b>),
    Index(i64),
    Slice(Slice),
    Pair(&'e KeyValue<'b>),
}

fn node(out: &mut Formatter<'_>, indent: usize, of: Node<'_, '_>) -> Result {
    let (kind, value, children) = describe(of);
    writeln!(out, "{:indent$}{} {{", "", kind.name())?;
    if let Some(value) = value.syntax() {
        writeln!(out, "{:indent$}  value: {value}", "")?;
    }
    if !children.is_empty() {
        writeln!(out, "{:indent$}  children: {{", "")?;
        for child in children {
            node(out, indent + 4, child)?;
        }
    }
    writeln!(out, "{:indent$}}}", "")
}

/// Displays an expression that is used as a value, `&name`, as Go's `%v` does.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'e, 'b>(&'e Expr<'b>);

impl<'b> Expr<'b> {
    /// The expression as it is shown in an error about the argument `&expression`.
    #[must_use]
    pub fn shown(&self) -> Shown<'_, 'b> {
        Shown(self)
    }
}

impl Display for Shown<'_, '_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        out.write_str("{")?;
        plain(out, Node::Expr(self.0))?;
        out.write_str("}")
    }
}

fn plain(out: &mut Formatter<'_>, of: Node<'_, '_>) -> Result {
    let (kind, value, children) = describe(of);
    write!(out, "{{{} {} [", kind as u8, value.plain())?;
    for (at, child) in children.into_iter().enumerate() {
        if at > 0 {
            out.write_str(" ")?;
        }
        plain(out, child)?;
    }
    out.write_str("]}")
}

/// The fork's types of nodes, with its numbers.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
enum Kind {
    Empty,
    Comparator,
    CurrentNode,
    ExpRef,
    FunctionExpression,
    Field,
    FilterProjection,
    Flatten,
    Identity,
    Index,
    IndexExpression,
    KeyValPair,
    Literal,
    MultiSelectHash,
    MultiSelectList,
    OrExpression,
    AndExpression,
    NotExpression,
    Pipe,
    Projection,
    Subexpression,
    Slice,
    ValueProjection,
}

impl Kind {
    fn name(self) -> String {
        format!("AST{self:?}")
    }
}

/// The value of a node.
enum Value<'e> {
    None,
    Text(&'e str),
    Json(&'e str),
    Index(i64),
    Slice(Slice),
    Comparator(Comparator),
}

impl Value<'_> {
    /// As the fork's tree shows it: `%#v`, but for comparators. A value that is nil is none.
    fn syntax(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Text(text) => Some(quote::string(text)),
            Self::Json(text) => govalue::literal(text, Style::Syntax),
            Self::Index(index) => Some(index.to_string()),
            Self::Slice(slice) => Some(format!("[]*int{{{}}}", numbers(*slice, "(*int)(nil)").join(", "))),
            Self::Comparator(op) => Some(op.token().0.to_owned()),
        }
    }

    /// As `%v` shows it.
    fn plain(&self) -> String {
        let nil = || "<nil>".to_owned();
        match self {
            Self::None => nil(),
            Self::Text(text) => (*text).to_owned(),
            Self::Json(text) => govalue::literal(text, Style::Plain).unwrap_or_else(nil),
            Self::Index(index) => index.to_string(),
            Self::Slice(slice) => format!("[{}]", numbers(*slice, "<nil>").join(" ")),
            Self::Comparator(op) => op.token().1.to_string(),
        }
    }
}

fn describe<'e, 'b>(of: Node<'e, 'b>) -> (Kind, Value<'e>, Vec<Node<'e, 'b>>) {
    let expr = match of {
        Node::Expr(expr) => expr,
        Node::Index(index) => return (Kind::Index, Value::Index(index), Vec::new()),
        Node::Slice(slice) => return (Kind::Slice, Value::Slice(slice), Vec::new()),
        Node::Pair(pair) => return (Kind::KeyValPair, Value::Text(pair.key), vec![Node::Expr(pair.value)]),
    };
    let all = |list: &'e [&'b Expr<'b>]| list.iter().map(|expr| Node::Expr(expr)).collect();
    let both = |left: &'b Expr<'b>, right: &'b Expr<'b>| vec![Node::Expr(left), Node::Expr(right)];
    match &expr.kind {
        ExprKind::Identity => (Kind::Identity, Value::None, Vec::new()),
        ExprKind::Empty => (Kind::Empty, Value::None, Vec::new()),
        ExprKind::Current => (Kind::CurrentNode, Value::None, Vec::new()),
        ExprKind::Field(name) => (Kind::Field, Value::Text(name), Vec::new()),
        ExprKind::Literal(Literal::Raw(text)) => (Kind::Literal, Value::Text(text), Vec::new()),
        ExprKind::Literal(Literal::Json(text)) => (Kind::Literal, Value::Json(text), Vec::new()),
        ExprKind::Index { left, index } => {
            (Kind::IndexExpression, Value::None, vec![Node::Expr(left), Node::Index(*index)])
        }
        ExprKind::Slice { left, slice } => {
            (Kind::IndexExpression, Value::None, vec![Node::Expr(left), Node::Slice(*slice)])
        }
        ExprKind::Flatten(left) => (Kind::Flatten, Value::None, vec![Node::Expr(left)]),
        ExprKind::Subexpression { left, right } => (Kind::Subexpression, Value::None, both(left, right)),
        ExprKind::ListProjection { left, right } => (Kind::Projection, Value::None, both(left, right)),
        ExprKind::ValueProjection { left, right } => (Kind::ValueProjection, Value::None, both(left, right)),
        ExprKind::FilterProjection { left, condition, right } => {
            let children = vec![Node::Expr(left), Node::Expr(right), Node::Expr(condition)];
            (Kind::FilterProjection, Value::None, children)
        }
        ExprKind::Pipe(left, right) => (Kind::Pipe, Value::None, both(left, right)),
        ExprKind::Or(left, right) => (Kind::OrExpression, Value::None, both(left, right)),
        ExprKind::And(left, right) => (Kind::AndExpression, Value::None, both(left, right)),
        ExprKind::Comparator { op, left, right } => (Kind::Comparator, Value::Comparator(*op), both(left, right)),
        ExprKind::Not(of) => (Kind::NotExpression, Value::None, vec![Node::Expr(of)]),
        ExprKind::Reference(of) => (Kind::ExpRef, Value::None, vec![Node::Expr(of)]),
        ExprKind::MultiSelectList(list) => (Kind::MultiSelectList, Value::None, all(list)),
        ExprKind::MultiSelectHash(pairs) => {
            (Kind::MultiSelectHash, Value::None, pairs.iter().map(Node::Pair).collect())
        }
        ExprKind::FunctionCall { name, args } => {
            // The fork takes the value of any node for the name.
            let value = match name {
                Callee::Name(name) => Value::Text(name),
                Callee::Nameless(of) => describe(Node::Expr(of)).1,
            };
            (Kind::FunctionExpression, value, all(args))
        }
    }
}

impl Comparator {
    /// The fork's name and number of its token.
    fn token(self) -> (&'static str, u8) {
        match self {
            Self::Less => ("tLT", 18),
            Self::LessEqual => ("tLTE", 19),
            Self::More => ("tGT", 20),
            Self::MoreEqual => ("tGTE", 21),
            Self::Equal => ("tEQ", 22),
            Self::NotEqual => ("tNE", 23),
        }
    }
}

fn numbers(slice: Slice, none: &str) -> [String; 3] {
    [slice.start, slice.stop, slice.step].map(|part| part.map_or_else(|| none.to_owned(), |n| n.to_string()))
}
