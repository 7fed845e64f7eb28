//! `kyvc create`: the files that `kyverno create` writes, with the same arguments.
//!
//! Kyverno: cmd/cli/kubectl-kyverno/commands/create; its templates put values into YAML as they are.

mod cluster_role;
mod exception;
mod metrics_config;
mod test;
mod user_info;
mod values;

use clap::Subcommand;
use std::io::{self, Write};
use std::process::ExitCode;

/// Arguments of `kyvc create`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create an aggregated role for given resource types
    ClusterRole(cluster_role::Args),
    /// Create a Kyverno policy exception file
    Exception(exception::Args),
    /// Create a Kyverno metrics-config file
    MetricsConfig(metrics_config::Args),
    /// Create a Kyverno test file
    Test(test::Args),
    /// Create a Kyverno user-info file
    UserInfo(user_info::Args),
    /// Create a Kyverno values file
    Values(values::Args),
}

/// Runs the command; without another one it shows its help, which `help` prints.
pub(super) fn run(args: &Args, help: impl FnOnce()) -> ExitCode {
    let Some(command) = &args.command else {
        help();
        return ExitCode::SUCCESS;
    };
    let (text, path) = match command {
        Command::ClusterRole(args) => (cluster_role::text(args), &args.output),
        Command::Exception(args) => (exception::text(args), &args.output),
        Command::MetricsConfig(args) => (metrics_config::text(args), &args.output),
        Command::Test(args) => (Ok(test::text(args)), &args.output),
        Command::UserInfo(args) => (Ok(user_info::text(args)), &args.output),
        Command::Values(args) => (Ok(values::text(args)), &args.output),
    };
    match text.and_then(|text| write(&text, path).map_err(|e| e.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "Error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn write(text: &str, path: &str) -> io::Result<()> {
    if path.is_empty() {
        return io::stdout().write_all(text.as_bytes());
    }
    std::fs::write(path, text).map_err(|e| io::Error::new(e.kind(), format!("open {path}: {e}")))
}

/// The one name that a command takes.
fn one(names: &[String]) -> Result<&str, String> {
    match names {
        [one] => Ok(one),
        _ => Err(format!("accepts 1 arg(s), received {}", names.len())),
    }
}

/// The flags that have to be given, of those that are not.
fn required(flags: &[(&str, bool)]) -> Result<(), String> {
    let missing: Vec<String> = flags.iter().filter(|(_, given)| !given).map(|(name, _)| format!("{name:?}")).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("required flag(s) {} not set", missing.join(", "))) }
}

/// The elements of a list in YAML, each on a line that is indented so far.
fn items(list: &[String], indent: usize, out: &mut String) {
    for item in list {
        out.push_str(&format!("{:indent$}- {item}\n", ""));
    }
}

/// `name=value`, where both are there.
fn pair(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once('=')?;
    (!key.is_empty() && !value.is_empty() && !value.contains('=')).then_some((key, value))
}
