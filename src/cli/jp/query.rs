//! `kyvc jp query`.

use super::{Stop, lossy, read_bytes, read_stdin};
use crate::diag::Source;
use crate::engine::query::{Evaluator, Query};
use crate::report::go_json::indent;
use crate::yaml::sigs_value;
use kyvc_vm::document::{Document, Layout};
use kyvc_vm::scalar::Scalar;
use std::io::Write;
use std::sync::Arc;

/// Arguments of `kyvc jp query`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Expressions, each evaluated on the input by itself
    #[arg(value_name = "QUERY")]
    queries: Vec<String>,
    /// Files with an expression each
    #[arg(short, long = "query", value_name = "FILE", value_delimiter = ',')]
    query: Vec<String>,
    /// A JSON or YAML file. The input or the expression is read from standard input where it is not given
    #[arg(short, long, value_name = "FILE", default_value = "", hide_default_value = true)]
    input: String,
    /// Print JSON on one line
    #[arg(short, long)]
    compact: bool,
    /// Print a string without quotes
    #[arg(short, long)]
    unquoted: bool,
}

/// Prints the value of every expression, up to the first that has none.
pub(super) fn run(args: &Args, out: &mut impl Write) -> Result<(), Stop> {
    let mut queries = args.queries.clone();
    for file in &args.query {
        queries.push(lossy(read_bytes(file, "failed to read")?));
    }
    let mut input = match args.input.as_str() {
        "" => None,
        file => Some(Source::new("input", text(read_bytes(file, "failed to read")?)?)),
    };
    if let Some(source) = &input {
        // Kyverno: an input that is null counts as none.
        let layout = Layout::everything();
        let document = parse(source, &layout)?;
        if document.root().is_none_or(|root| document.scalar(root) == Scalar::Null) {
            input = None;
        }
    }
    if queries.is_empty() && input.is_none() {
        return Err("at least one query or input object is required".to_owned().into());
    }
    if queries.is_empty() {
        queries.push(lossy(read_stdin(out, "a jmespath expression")?));
    }
    let input = match input {
        Some(input) => input,
        None => Source::new("input", text(read_stdin(out, "input object")?)?),
    };
    parse(&input, &Layout::everything())?;
    let mut evaluator = Evaluator::default();
    for query in &queries {
        print(&mut evaluator, query, &input, args, out)?;
    }
    Ok(())
}

/// The text of an input.
fn text(bytes: Vec<u8>) -> Result<String, Stop> {
    String::from_utf8(bytes).map_err(|e| {
        // Go: yaml.v2's readerc.go.
        let (error, bytes) = (e.utf8_error(), e.as_bytes());
        let first = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        let why = match error.error_len() {
            None => "incomplete UTF-8 octet sequence",
            Some(_) if matches!(first, 0xc0..0xf8) => "invalid trailing UTF-8 octet",
            Some(_) => "invalid leading UTF-8 octet",
        };
        Stop::Said(format!("error parsing input json: error converting YAML to JSON: yaml: {why}"))
    })
}

fn parse<'a>(source: &'a Arc<Source>, layout: &'a Layout) -> Result<Document<'a>, Stop> {
    let mut document = sigs_value(source, layout)
        .map_err(|e| format!("error parsing input json: error converting YAML to JSON: {e}"))?;
    document.numbers_to_floats();
    Ok(document)
}

fn print(
    evaluator: &mut Evaluator,
    expression: &str,
    input: &Arc<Source>,
    args: &Args,
    out: &mut impl Write,
) -> Result<(), Stop> {
    let query =
        Query::compile(expression).map_err(|e| format!("failed to compile JMESPath: {expression}, error: {e}"))?;
    let document = parse(input, query.layout())?;
    let answer =
        evaluator.evaluate(&query, &document).map_err(|e| format!("error evaluating JMESPath expression: {e}"))?;
    writeln!(out, "# {expression}")?;
    match answer.text().filter(|_| args.unquoted) {
        Some(text) => writeln!(out, "{text}")?,
        None => {
            let json = answer.json().map_err(|e| format!("error marshalling result to JSON: {e}"))?;
            writeln!(out, "{}", if args.compact { json } else { indent(&json) })?;
        }
    }
    Ok(())
}
