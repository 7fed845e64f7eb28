//! The command line: arguments and printing only.

pub mod apply;
mod check;
mod common;
pub mod compat;
mod compile;
mod completion;
#[cfg(feature = "k8s")]
mod crds;
mod create;
mod docs;
mod explain;
mod jp;
mod paint;
#[cfg(feature = "serve")]
mod serve;
mod test;
mod version;

use crate::codegen::without_optimisations;
use crate::diag::{Code, Diagnostic};
use crate::engine::stop_clock;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::path::Path;
use std::process::ExitCode;

/// The environment variable that stops the clock for policies, at a time as RFC 3339 writes it.
const CLOCK: &str = "KYVC_NOW";
/// The environment variable that switches all optimisations off where it is `1`.
const PLAIN: &str = "KYVC_PLAIN";

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
    /// Answer admission reviews over HTTPS, without a cluster
    #[cfg(feature = "serve")]
    Serve(serve::Args),
    /// Print the CustomResourceDefinitions of Kyverno's kinds, for `kubectl apply --server-side -f -`
    #[cfg(feature = "k8s")]
    Crds(crds::Args),
    /// Evaluate JMESPath expressions, as `kyverno jp` does
    Jp(jp::Args),
    /// Create files of Kyverno's, as `kyverno create` does
    Create(create::Args),
    /// Write reference documentation of all commands, as `kyverno docs` does
    Docs(docs::Args),
    /// Print a completion script for a shell
    Completion(completion::Args),
    /// Print the version
    Version(version::Args),
}

/// The name of the program, and what is typed to run it: kubectl runs a program `kubectl-kyvc` as `kubectl kyvc`.
fn names(program: Option<&String>) -> (&'static str, &'static str) {
    match program.map(Path::new).and_then(Path::file_stem) {
        Some(stem) if stem == PLUGIN => (PLUGIN, "kubectl kyvc"),
        _ => ("kyvc", "kyvc"),
    }
}

const PLUGIN: &str = "kubectl-kyvc";

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let (name, typed) = names(arguments.first());
    let command = Cli::command().bin_name(typed);
    let parsed = command.clone().try_get_matches_from(std::env::args_os());
    let cli = match parsed.and_then(|m| Cli::from_arg_matches(&m)) {
        Ok(cli) => cli,
        Err(e) if e.use_stderr() && compat::is_kyverno(&arguments) => {
            eprintln!("Error: {}", compat::usage(&e, &command, &arguments));
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
    if std::env::var(PLAIN).is_ok_and(|v| v == "1") {
        without_optimisations();
    }
    match cli.command {
        Command::Check(args) => check::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Compile(args) => compile::run(&args),
        Command::Apply(args) => apply::run(&args),
        Command::Test(args) => test::run(&args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(args),
        #[cfg(feature = "k8s")]
        Command::Crds(args) => crds::run(&args),
        Command::Jp(args) => jp::run(&args),
        Command::Create(args) => create::run(&args, || help(command, "create")),
        Command::Docs(args) => docs::run(&args, command),
        Command::Completion(args) => completion::run(&args, command, name),
        Command::Version(args) => version::run(&args),
    }
}

/// Shows the help of a command.
fn help(mut command: clap::Command, name: &str) {
    command.build();
    if let Some(command) = command.find_subcommand_mut(name) {
        let _ = command.print_help();
    }
}
