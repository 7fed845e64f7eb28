//! `kyvc completion`: what a shell needs to complete commands and flags.

use clap_complete::Shell;
use clap_complete::aot::generate;
use std::io::{self, Write};
use std::process::ExitCode;

/// Arguments of `kyvc completion`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// bash, zsh, fish or powershell
    #[arg(value_name = "SHELL", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    shell: Vec<String>,
}

/// Runs the command; `name` is what is completed.
pub(super) fn run(args: &Args, mut command: clap::Command, name: &str) -> ExitCode {
    let shell = match args.shell.as_slice() {
        [one] => match one.as_str() {
            "bash" => Ok(Shell::Bash),
            "zsh" => Ok(Shell::Zsh),
            "fish" => Ok(Shell::Fish),
            "powershell" => Ok(Shell::PowerShell),
            other => Err(format!("invalid argument {other:?} for \"kyvc completion\"")),
        },
        all => Err(format!("accepts 1 arg(s), received {}", all.len())),
    };
    let shell = match shell {
        Ok(shell) => shell,
        Err(why) => {
            let _ = writeln!(io::stderr(), "Error: {why}");
            return ExitCode::FAILURE;
        }
    };
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    // A shell that does not read on is none of our business.
    let _ = io::stdout().write_all(&script);
    ExitCode::SUCCESS
}
