//! The indented tree that `jp parse` prints.
//!
//! Kyverno: parser.go PrettyPrint, with the names of its node types, its missing closing braces and Go's spelling of
//! values. Only a slice differs: Go prints the addresses of its numbers there, and here are the numbers.

use super::ast::{Comparator, Expr, ExprKind, KeyValue, Literal, Slice};
use super::{govalue, quote};
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
    let (name, value, children) = describe(of);
    writeln!(out, "{:indent$}{name} {{", "")?;
    if let Some(value) = value {
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

fn describe<'e, 'b>(of: Node<'e, 'b>) -> (&'static str, Option<String>, Vec<Node<'e, 'b>>) {
    let expr = match of {
        Node::Expr(expr) => expr,
        Node::Index(index) => return ("ASTIndex", Some(index.to_string()), Vec::new()),
        Node::Slice(slice) => return ("ASTSlice", Some(slice_value(slice)), Vec::new()),
        Node::Pair(pair) => return ("ASTKeyValPair", Some(quote::string(pair.key)), vec![Node::Expr(pair.value)]),
    };
    let all = |list: &'e [&'b Expr<'b>]| list.iter().map(|expr| Node::Expr(expr)).collect();
    let both = |left: &'b Expr<'b>, right: &'b Expr<'b>| vec![Node::Expr(left), Node::Expr(right)];
    match &expr.kind {
        ExprKind::Identity => ("ASTIdentity", None, Vec::new()),
        ExprKind::Current => ("ASTCurrentNode", None, Vec::new()),
        ExprKind::Field(name) => ("ASTField", Some(quote::string(name)), Vec::new()),
        ExprKind::Literal(Literal::Raw(text)) => ("ASTLiteral", Some(quote::string(text)), Vec::new()),
        // A node whose value is nil is one without a value.
        ExprKind::Literal(Literal::Json(text)) => ("ASTLiteral", govalue::literal(text), Vec::new()),
        ExprKind::Index { left, index } => ("ASTIndexExpression", None, vec![Node::Expr(left), Node::Index(*index)]),
        ExprKind::Slice { left, slice } => ("ASTIndexExpression", None, vec![Node::Expr(left), Node::Slice(*slice)]),
        ExprKind::Flatten(left) => ("ASTFlatten", None, vec![Node::Expr(left)]),
        ExprKind::Subexpression { left, right } => ("ASTSubexpression", None, both(left, right)),
        ExprKind::ListProjection { left, right } => ("ASTProjection", None, both(left, right)),
        ExprKind::ValueProjection { left, right } => ("ASTValueProjection", None, both(left, right)),
        ExprKind::FilterProjection { left, condition, right } => {
            ("ASTFilterProjection", None, vec![Node::Expr(left), Node::Expr(right), Node::Expr(condition)])
        }
        ExprKind::Pipe(left, right) => ("ASTPipe", None, both(left, right)),
        ExprKind::Or(left, right) => ("ASTOrExpression", None, both(left, right)),
        ExprKind::And(left, right) => ("ASTAndExpression", None, both(left, right)),
        ExprKind::Comparator { op, left, right } => {
            ("ASTComparator", Some(comparator(*op).to_owned()), both(left, right))
        }
        ExprKind::Not(of) => ("ASTNotExpression", None, vec![Node::Expr(of)]),
        ExprKind::Reference(of) => ("ASTExpRef", None, vec![Node::Expr(of)]),
        ExprKind::MultiSelectList(list) => ("ASTMultiSelectList", None, all(list)),
        ExprKind::MultiSelectHash(pairs) => ("ASTMultiSelectHash", None, pairs.iter().map(Node::Pair).collect()),
        ExprKind::FunctionCall { name, args } => ("ASTFunctionExpression", Some(quote::string(name)), all(args)),
    }
}

fn comparator(op: Comparator) -> &'static str {
    match op {
        Comparator::Equal => "tEQ",
        Comparator::NotEqual => "tNE",
        Comparator::Less => "tLT",
        Comparator::LessEqual => "tLTE",
        Comparator::More => "tGT",
        Comparator::MoreEqual => "tGTE",
    }
}

fn slice_value(slice: Slice) -> String {
    let [start, stop, step] = [slice.start, slice.stop, slice.step]
        .map(|part| part.map_or_else(|| "(*int)(nil)".to_owned(), |number| number.to_string()));
    format!("[]*int{{{start}, {stop}, {step}}}")
}
