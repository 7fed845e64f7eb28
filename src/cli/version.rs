//! `kyvc version`: three lines, as `kyverno version` prints them.

use std::io::{self, Write};
use std::process::ExitCode;

/// Arguments of `kyvc version`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// What a build says of itself; the time and the commit are given to the compiler by the environment.
const LINES: [(&str, &str); 3] = [
    ("Version", env!("CARGO_PKG_VERSION")),
    ("Time", known(option_env!("KYVC_BUILD_TIME"))),
    ("Git commit ID", known(option_env!("KYVC_BUILD_COMMIT"))),
];

/// Go: pkg/version, what was not built from a repository has neither.
const fn known(text: Option<&'static str>) -> &'static str {
    match text {
        Some(text) => text,
        None => "---",
    }
}

/// Runs the command.
pub(super) fn run(_: &Args) -> ExitCode {
    let mut out = io::stdout().lock();
    for (name, value) in LINES {
        let _ = writeln!(out, "{name}: {value}");
    }
    ExitCode::SUCCESS
}
