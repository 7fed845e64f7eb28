//! `kyvc serve`.

use super::common::BAD_USAGE;
use crate::engine::{PolicySet, load};
use crate::input;
use crate::serve::logs::{self, Format, Level};
use crate::serve::{self, Alone, Files, Limits, ServeError, Settings, Sources};
use std::env::current_exe;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// Arguments of `kyvc serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Policies and exceptions: files, folders, globs or a compiled set. They are read again when they change
    #[arg(short, long = "policies", required = true, value_name = "POLICIES")]
    policies: Vec<String>,
    /// Where to listen; port 0 takes any that is free, and the address is printed
    #[arg(short, long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9443")]
    listen: SocketAddr,
    /// A folder with `tls.crt` and `tls.key`, which are read again when they change; without it a certificate is made that
    /// signs itself
    #[arg(long, value_name = "DIR")]
    tls_dir: Option<PathBuf>,
    /// How many requests may be at work; others are told to come back
    #[arg(long, value_name = "N", default_value_t = Limits::default().requests)]
    max_requests: usize,
    /// How many connections may be open; those that wait longest for a request are closed
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections)]
    max_connections: usize,
    /// The longest request, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().body)]
    max_body: usize,
    /// How many seconds after SIGTERM requests are still taken, while readiness is off and connections are closed with each
    /// answer
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().drain.as_secs())]
    drain: u64,
    /// What to log
    #[arg(long, value_enum, default_value_t)]
    log_level: Level,
    /// How to log
    #[arg(long, value_enum, default_value_t)]
    log_format: Format,
}

/// Runs the command.
pub(super) fn run(args: Args) -> ExitCode {
    logs::start(args.log_level, args.log_format);
    let (named, again) = (args.policies.clone(), args.policies);
    let sources =
        Sources { load: Box::new(move || load_apart(&named)), files: Box::new(move || input::files(&again, "policy")) };
    let settings = Settings {
        feed: Box::new(Files::new(sources, args.tls_dir, args.listen.ip())),
        world: Arc::new(Alone),
        listen: args.listen,
        limits: Limits {
            requests: args.max_requests,
            connections: args.max_connections,
            body: args.max_body,
            drain: Duration::from_secs(args.drain),
            ..Limits::default()
        },
    };
    let bound = |address| {
        let mut out = std::io::stdout();
        let _ = writeln!(out, "listening on https://{address}").and_then(|()| out.flush());
    };
    match serve::run(settings, bound) {
        Ok(()) => ExitCode::SUCCESS,
        Err(ServeError::Policies(why)) => {
            let _ = writeln!(std::io::stderr(), "{why}");
            ExitCode::from(BAD_USAGE)
        }
        Err(e) => {
            let _ = writeln!(std::io::stderr(), "error: {e}");
            ExitCode::from(BAD_USAGE)
        }
    }
}

/// Compiles policies in a process of its own: what the compiler takes of memory is many times what a set needs, and no
/// allocator gives all of it back.
fn load_apart(policies: &[String]) -> Result<(PolicySet, String), String> {
    let failed = |e: std::io::Error| format!("error: the compiler cannot be started: {e}");
    // The file may have been replaced by another version.
    let program =
        if cfg!(target_os = "linux") { PathBuf::from("/proc/self/exe") } else { current_exe().map_err(failed)? };
    let mut command = Command::new(program);
    command.args(["compile", "--output", "-", "--"]).args(policies).stdin(Stdio::null());
    let output = command.output().map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    if !output.status.success() {
        return Err(if said.is_empty() { format!("error: the compiler ended with {}", output.status) } else { said });
    }
    let set = load(&output.stdout).map_err(|e| format!("error[{}]: {e}", e.code()))?;
    Ok((set, said))
}
