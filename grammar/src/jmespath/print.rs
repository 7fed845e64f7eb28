//! A tree back to text that parses to the same tree.
//!
//! Only trees that came from parsing have such a text: the right side of a projection, for one, has no parentheses.

use super::ast::{Callee, Expr, ExprKind, KeyValue, Literal};
use super::fold::power;
use super::quote;
use std::fmt::{Display, Formatter, Result, Write};

impl Display for Expr<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self.kind {
            ExprKind::Identity => Ok(()),
            // Whatever follows is no bracket: that would have closed it.
            ExprKind::Empty => out.write_str("[0"),
            ExprKind::Current => out.write_char('@'),
            ExprKind::Field(name) => self::name(out, name),
            ExprKind::Literal(Literal::Raw(text)) => write!(out, "'{}'", text.replace('\'', "\\'")),
            ExprKind::Literal(Literal::Json(text)) => write!(out, "`{}`", text.replace('`', "\\`")),
            ExprKind::Index { left, index } => {
                before(out, left, power::BRACKET)?;
                write!(out, "[{index}]")
            }
            ExprKind::Slice { left, slice } => {
                before(out, left, power::BRACKET)?;
                let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
                write!(out, "[{}:{}", number(slice.start), number(slice.stop))?;
                if let Some(step) = slice.step {
                    write!(out, ":{step}")?;
                }
                out.write_char(']')
            }
            ExprKind::Flatten(left) => {
                before(out, left, power::FLATTEN)?;
                out.write_str("[]")
            }
            ExprKind::Subexpression { left, right } => {
                before(out, left, power::DOT)?;
                write!(out, ".{right}")
            }
            ExprKind::ListProjection { left, right } => {
                if matches!(left.kind, ExprKind::Slice { .. } | ExprKind::Flatten(_)) {
                    write!(out, "{left}")?;
                } else {
                    before(out, left, power::BRACKET)?;
                    out.write_str("[*]")?;
                }
                projected(out, right)
            }
            ExprKind::ValueProjection { left, right } => {
                if left.kind != ExprKind::Identity {
                    before(out, left, power::DOT)?;
                    out.write_char('.')?;
                }
                out.write_char('*')?;
                projected(out, right)
            }
            ExprKind::FilterProjection { left, condition, right } => {
                before(out, left, power::FILTER)?;
                write!(out, "[?{condition}]")?;
                projected(out, right)
            }
            ExprKind::Pipe(left, right) => binary(out, left, "|", right, power::PIPE),
            ExprKind::Or(left, right) => binary(out, left, "||", right, power::OR),
            ExprKind::And(left, right) => binary(out, left, "&&", right, power::AND),
            ExprKind::Comparator { op, left, right } => binary(out, left, op.text(), right, power::COMPARE),
            ExprKind::Not(of) => {
                out.write_char('!')?;
                parenthesized(out, of, !is_tight(of))
            }
            ExprKind::Reference(of) => {
                out.write_char('&')?;
                // Two of them side by side would be read as `&&`.
                parenthesized(out, of, matches!(of.kind, ExprKind::Reference(_)))
            }
            ExprKind::MultiSelectList(list) => {
                out.write_char('[')?;
                // `[*]` by itself is a projection.
                match list {
                    [only] if is_star(only) => parenthesized(out, only, true)?,
                    _ => separated(out, list)?,
                }
                out.write_char(']')
            }
            ExprKind::MultiSelectHash(pairs) => hash(out, pairs),
            ExprKind::FunctionCall { name, args } => {
                match name {
                    Callee::Name(name) if is_identifier(name) => out.write_str(name)?,
                    Callee::Name(name) => {
                        out.write_char('(')?;
                        quote::json(out, name)?;
                        out.write_char(')')?;
                    }
                    Callee::Nameless(of) => parenthesized(out, of, true)?,
                }
                out.write_char('(')?;
                separated(out, args)?;
                out.write_char(')')
            }
        }
    }
}

/// Writes what stands before a token of this power, so that the token takes all of it.
fn before(out: &mut Formatter<'_>, left: &Expr<'_>, power: u8) -> Result {
    let looser = binary_power(left).is_some() || matches!(left.kind, ExprKind::Not(_) | ExprKind::Reference(_));
    parenthesized(out, left, looser || captures(left, power))
}

/// Whether a token of this power would go to something at the right edge instead of the whole.
fn captures(expr: &Expr<'_>, power: u8) -> bool {
    let inside = |right: &Expr<'_>, limit: u8| match right.kind {
        ExprKind::Identity => power >= power::PROJECTION,
        _ if is_group(right) => false,
        _ => power > limit || captures(right, power),
    };
    match expr.kind {
        ExprKind::Subexpression { right, .. } => inside(right, power::DOT),
        ExprKind::ListProjection { left: Expr { kind: ExprKind::Flatten(_), .. }, right } => {
            inside(right, power::FLATTEN)
        }
        ExprKind::ListProjection { right, .. } => inside(right, power::STAR),
        ExprKind::ValueProjection { left, right } if left.kind == ExprKind::Identity => inside(right, power::STAR),
        ExprKind::ValueProjection { right, .. } => inside(right, power::DOT),
        ExprKind::FilterProjection { right, .. } => inside(right, power::FILTER),
        _ => false,
    }
}

/// Writes the right side of a projection, with a dot if it starts with a name.
fn projected(out: &mut Formatter<'_>, right: &Expr<'_>) -> Result {
    let mut first = right;
    let dot = is_group(right)
        || loop {
            match first.kind {
                ExprKind::Index { left, .. }
                | ExprKind::Slice { left, .. }
                | ExprKind::Flatten(left)
                | ExprKind::Subexpression { left, .. }
                | ExprKind::ListProjection { left, .. }
                | ExprKind::FilterProjection { left, .. } => first = left,
                ExprKind::ValueProjection { left, .. } if left.kind != ExprKind::Identity => first = left,
                ExprKind::Field(_) | ExprKind::FunctionCall { .. } | ExprKind::ValueProjection { .. } => break true,
                _ => break false,
            }
        };
    if dot {
        out.write_char('.')?;
    }
    write!(out, "{right}")
}

fn binary(out: &mut Formatter<'_>, left: &Expr<'_>, op: &str, right: &Expr<'_>, power: u8) -> Result {
    let operand = |out: &mut Formatter<'_>, expr: &Expr<'_>, least: u8| {
        // A reference takes all that follows it.
        let reference = matches!(expr.kind, ExprKind::Reference(_));
        parenthesized(out, expr, reference || binary_power(expr).is_some_and(|power| power < least))
    };
    operand(out, left, power)?;
    write!(out, " {op} ")?;
    operand(out, right, power + 1)
}

fn parenthesized(out: &mut Formatter<'_>, expr: &Expr<'_>, needed: bool) -> Result {
    if needed { write!(out, "({expr})") } else { write!(out, "{expr}") }
}

fn separated(out: &mut Formatter<'_>, list: &[&Expr<'_>]) -> Result {
    for (at, expr) in list.iter().enumerate() {
        write!(out, "{}{expr}", if at == 0 { "" } else { ", " })?;
    }
    Ok(())
}

fn hash(out: &mut Formatter<'_>, pairs: &[KeyValue<'_>]) -> Result {
    out.write_char('{')?;
    for (at, pair) in pairs.iter().enumerate() {
        out.write_str(if at == 0 { "" } else { ", " })?;
        name(out, pair.key)?;
        write!(out, ": {}", pair.value)?;
    }
    out.write_char('}')
}

fn name(out: &mut Formatter<'_>, name: &str) -> Result {
    if is_identifier(name) { out.write_str(name) } else { quote::json(out, name) }
}

fn is_identifier(name: &str) -> bool {
    let name = name.strip_suffix('\u{80}').unwrap_or(name);
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().next().is_some_and(|first| !first.is_ascii_digit()) && name.bytes().all(word)
}

fn is_group(expr: &Expr<'_>) -> bool {
    matches!(expr.kind, ExprKind::MultiSelectList(_) | ExprKind::MultiSelectHash(_))
}

fn is_star(expr: &Expr<'_>) -> bool {
    matches!(expr.kind, ExprKind::ValueProjection { left, right }
        if left.kind == ExprKind::Identity && right.kind == ExprKind::Identity)
}

/// Whether `!` takes all of it.
fn is_tight(expr: &Expr<'_>) -> bool {
    match expr.kind {
        ExprKind::Index { left, .. } => left.kind == ExprKind::Identity || is_tight(left),
        ExprKind::Current
        | ExprKind::Field(_)
        | ExprKind::Literal(_)
        | ExprKind::Not(_)
        | ExprKind::FunctionCall { .. } => true,
        _ => is_group(expr),
    }
}

fn binary_power(expr: &Expr<'_>) -> Option<u8> {
    match expr.kind {
        ExprKind::Pipe(..) => Some(power::PIPE),
        ExprKind::Or(..) => Some(power::OR),
        ExprKind::And(..) => Some(power::AND),
        ExprKind::Comparator { .. } => Some(power::COMPARE),
        _ => None,
    }
}
