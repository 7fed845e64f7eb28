//! `kyvc jp parse`.

use super::{Stop, lossy, read_bytes, read_stdin};
use bumpalo::Bump;
use kyvc_grammar::jmespath;
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
        let tree = jmespath::parse(&bump, expression).map_err(|e| e.marked(expression))?;
        writeln!(out, "# {expression}\n{}", tree.tree())?;
    }
    Ok(())
}
