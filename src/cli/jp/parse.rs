//! `kyvc jp parse`.

use super::{Stop, lossy, read_bytes, read_stdin};
use bumpalo::Bump;
use kyvc_grammar::jmespath::{self, SyntaxError};
use std::io::Write;

/// Arguments of `kyvc jp parse`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Expressions
    #[arg(value_name = "EXPRESSION")]
    expressions: Vec<String>,
    /// Files with an expression each; standard input is read where there is neither
    #[arg(short, long = "file", value_name = "FILE", value_delimiter = ',')]
    files: Vec<String>,
}

/// Prints the tree of every expression, up to the first that is none.
pub(super) fn run(args: &Args, out: &mut impl Write) -> Result<(), Stop> {
    let mut expressions = args.expressions.clone();
    for file in &args.files {
        expressions.push(lossy(read_bytes(file, "failed read")?));
    }
    if expressions.is_empty() {
        expressions.push(lossy(read_stdin(out, "a jmespath expression")?));
    }
    for expression in &expressions {
        let bump = Bump::new();
        let tree = jmespath::parse(&bump, expression).map_err(|e| refused(expression, &e))?;
        writeln!(out, "# {expression}\n{}", tree.tree())?;
    }
    Ok(())
}

/// An error of grammar with a mark under its place; others are of Go's packages, and have none.
fn refused(expression: &str, error: &SyntaxError) -> String {
    if error.is_foreign() {
        return error.to_string();
    }
    // Kyverno: lexer.go stands at the last byte of a character that it does not know.
    let within = match expression.get(error.offset..).and_then(|rest| rest.chars().next()) {
        Some(unknown) if error.message.starts_with("SyntaxError: Unknown char: ") => unknown.len_utf8() - 1,
        _ => 0,
    };
    format!("{error}\n{expression}\n{}^", " ".repeat(error.offset + within))
}
