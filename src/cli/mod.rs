//! The command line: arguments and printing only.

pub mod apply;
mod check;
mod common;
pub mod compat;
mod compile;
mod explain;
mod jp;
mod paint;
mod test;

use crate::diag::{Code, Diagnostic};
use crate::engine::stop_clock;
use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

/// The environment variable that stops the clock for policies, at a time as RFC 3339 writes it.
const CLOCK: &str = "KYVC_NOW";

/// Compile Kyverno policies to bytecode, and check Kubernetes objects with them.
#[derive(Debug, Parser)]
#[command(name = "kyvc", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check manifests against policies
    Check(check::Args),
    /// Show what rules do about manifests, step by step
    Explain(explain::Args),
    /// Compile policies, and write them to a file or show what they become
    Compile(compile::Args),
    /// Apply policies to resources, as `kyverno apply` does
    Apply(Box<apply::Args>),
    /// Run tests of policies, as `kyverno test` does
    Test(test::Args),
    /// Evaluate JMESPath expressions, as `kyverno jp` does
    Jp(jp::Args),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) if e.use_stderr() && compat::is_kyverno(&arguments) => {
            let cli = Cli::command();
            let command = arguments.get(1).and_then(|name| cli.find_subcommand(name)).unwrap_or(&cli);
            eprintln!("Error: {}", compat::usage(&e, command, &arguments));
            return ExitCode::FAILURE;
        }
        Err(e) => {
            // Usage errors are 2, and asking for help is none.
            let code = match std::env::args().nth(1).as_deref() {
                _ if !e.use_stderr() => 0,
                // As in Kyverno, whose other commands are not ours.
                Some("jp") => 1,
                _ => common::BAD_USAGE,
            };
            let _ = e.print();
            return ExitCode::from(code);
        }
    };
    if let Ok(time) = std::env::var(CLOCK)
        && let Err(e) = stop_clock(&time)
    {
        common::print(&[Diagnostic::new(Code::BadSetting, format!("{CLOCK}: {e}"))]);
        return ExitCode::from(common::BAD_USAGE);
    }
    match cli.command {
        Command::Check(args) => check::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Compile(args) => compile::run(&args),
        Command::Apply(args) => apply::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Jp(args) => jp::run(&args),
    }
}
