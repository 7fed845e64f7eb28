//! `kyvc jp`: JMESPath with Kyverno's functions, with the flags, output and exit codes of `kyverno jp`.

mod function;
mod parse;
mod query;

use clap::Subcommand;
use kyvc_vm::builtin::clean_path;
use std::io::{self, Read, Write};
use std::process::ExitCode;

/// Arguments of `kyvc jp`.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Evaluate expressions on a JSON or YAML object
    Query(query::Args),
    /// Show how expressions are read
    Parse(parse::Args),
    /// Say what Kyverno's functions do
    Function(function::Args),
}

/// Runs the command. Whatever goes wrong ends with exit code 1, as in Kyverno.
pub(super) fn run(args: &Args) -> ExitCode {
    let mut out = io::stdout().lock();
    let result = match &args.command {
        Command::Query(args) => query::run(args, &mut out),
        Command::Parse(args) => parse::run(args, &mut out),
        Command::Function(args) => function::run(args, &mut out),
    };
    match result.and_then(|()| out.flush().map_err(Stop::from)) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads on, so there is nobody to tell.
        Err(Stop::Output(e)) if e.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(stop) => {
            let text = match stop {
                Stop::Said(text) => text,
                Stop::Output(e) => go_error(&e),
            };
            let _ = writeln!(io::stderr(), "Error: {text}");
            ExitCode::FAILURE
        }
    }
}

/// Why a command ends early.
#[derive(Debug)]
enum Stop {
    /// What is said about it
    Said(String),
    /// The output cannot be written
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(e: io::Error) -> Self {
        Stop::Output(e)
    }
}

impl From<String> for Stop {
    fn from(text: String) -> Self {
        Stop::Said(text)
    }
}

/// What a file holds; `failed` is what Kyverno says when it cannot be read.
fn read_bytes(file: &str, failed: &str) -> Result<Vec<u8>, Stop> {
    let path = clean_path(file);
    let mut opened =
        std::fs::File::open(&path).map_err(|e| format!("failed open file {file}: open {path}: {}", go_error(&e)))?;
    let mut bytes = Vec::new();
    opened.read_to_end(&mut bytes).map_err(|e| format!("{failed} file {file}: read {path}: {}", go_error(&e)))?;
    Ok(bytes)
}

/// Says what is expected on standard input, and reads it.
fn read_stdin(out: &mut impl Write, what: &str) -> Result<Vec<u8>, Stop> {
    writeln!(out, "Reading from terminal input.\nEnter {what} and hit Ctrl+D.")?;
    out.flush()?;
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).map_err(|e| format!("failed to read file STDIN: {}", go_error(&e)))?;
    Ok(bytes)
}

/// The text of an expression, which may be any bytes.
fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An error of the system in Go's words: without its number, and with a small letter.
fn go_error(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split_once(" (os error").map_or(text.as_str(), |(text, _)| text);
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}
