//! `kyvc compile`.

use super::common::{BAD_USAGE, Loaded, policies, print};
use crate::diag::Diagnostic;
use crate::engine::{self, Unit, save};
use crate::{ir, policy};
use clap::ValueEnum;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `kyvc compile`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Policies: files, folders, globs, or `-` for standard input
    #[arg(required = true, value_name = "POLICIES")]
    policies: Vec<String>,
    /// Write the compiled set to a file, or to standard output for `-`
    #[arg(short, long, value_name = "SET.kyvb")]
    output: Option<PathBuf>,
    /// Print what the policies become
    #[arg(long, value_enum)]
    emit: Option<Emit>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Emit {
    /// The policies as they were read, every value with its place
    Ast,
    /// Rules after defaults and autogen, in the intermediate form
    Ir,
    /// The bytecode, under the lines of the policies
    Asm,
    /// Sizes
    Stats,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    let loaded = policies(&args.policies);
    print(&loaded.diagnostics);
    if loaded.diagnostics.iter().any(Diagnostic::is_error) {
        return ExitCode::from(BAD_USAGE);
    }
    let text = match args.emit {
        Some(Emit::Ast) => ast(&loaded.units),
        Some(Emit::Ir) => intermediate(&loaded.units),
        Some(Emit::Asm) => engine::assembly(&loaded.set, &loaded.units),
        Some(Emit::Stats) => stats(&loaded),
        None if args.output.is_none() => stats(&loaded),
        None => String::new(),
    };
    if std::io::stdout().write_all(text.as_bytes()).is_err() {
        return ExitCode::FAILURE;
    }
    if let Some(path) = &args.output
        && let Err(e) = write(path, &save(&loaded.set))
    {
        let _ = writeln!(std::io::stderr(), "error: {}: {e}", path.display());
        return ExitCode::from(BAD_USAGE);
    }
    ExitCode::SUCCESS
}

/// Writes to a file, or to standard output where its name is `-`.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if path == Path::new("-") {
        let mut out = std::io::stdout();
        return out.write_all(bytes).and_then(|()| out.flush());
    }
    std::fs::write(path, bytes)
}

/// The policies as they were read.
fn ast(units: &[Unit]) -> String {
    units.iter().map(|unit| policy::print::print(&unit.policy)).collect()
}

/// The rules in the intermediate form.
fn intermediate(units: &[Unit]) -> String {
    units.iter().flat_map(|u| &u.rules).map(|(rule, _)| ir::print(rule)).collect()
}

fn stats(loaded: &Loaded) -> String {
    let program = loaded.set.program();
    let mut out = String::new();
    let rows = [
        ("policies", loaded.set.policies().len()),
        ("rules", loaded.set.rules().len()),
        ("instructions", program.code().len()),
        ("constants", program.consts().len()),
        ("failure sites", program.sites().len()),
        ("keys", program.layout().symbols().len()),
        ("static paths", program.layout().path_count()),
        ("bytes", save(&loaded.set).len()),
    ];
    for (name, count) in rows {
        let _ = writeln!(out, "{name:<14} {count}");
    }
    out
}
