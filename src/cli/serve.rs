//! `kyvc serve`.

#[cfg(feature = "k8s")]
mod cluster;

use super::common::BAD_USAGE;
use crate::input;
use crate::serve::logs::{self, Format, Level};
use crate::serve::{self, Alone, Feed, Files, Limits, ServeError, Settings, Sources, World, apart};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Arguments of `kyvc serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Policies and exceptions: files, folders, globs or a compiled set. They are read again when they change
    #[cfg_attr(feature = "k8s", arg(required_unless_present = "cluster", conflicts_with = "cluster"))]
    #[cfg_attr(not(feature = "k8s"), arg(required = true))]
    #[arg(short, long = "policies", value_name = "POLICIES")]
    policies: Vec<String>,
    /// Where to listen; port 0 takes any that is free, and the address is printed
    #[arg(short, long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9443")]
    listen: SocketAddr,
    /// A folder with `tls.crt` and `tls.key`, which are read again when they change; without it a certificate is made that
    /// signs itself
    #[cfg_attr(feature = "k8s", arg(conflicts_with = "cluster"))]
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
    #[cfg(feature = "k8s")]
    #[command(flatten)]
    cluster: cluster::Args,
}

/// Runs the command.
pub(super) fn run(args: Args) -> ExitCode {
    logs::start(args.log_level, args.log_format);
    let (feed, world) = match answers(&args) {
        Ok(answers) => answers,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "error: {why}");
            return ExitCode::from(BAD_USAGE);
        }
    };
    let settings = Settings {
        feed,
        world,
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

/// Where policies and the certificate come from, and where all else does.
type Answers = (Box<dyn Feed>, Arc<dyn World>);

/// Where answers come from: files, or a cluster.
fn answers(args: &Args) -> Result<Answers, String> {
    #[cfg(feature = "k8s")]
    if args.cluster.cluster {
        let operator = crate::k8s::controllers::Operator::start(args.cluster.settings())?;
        let world = operator.world();
        return Ok((Box::new(operator), world));
    }
    let (named, again) = (args.policies.clone(), args.policies.clone());
    let sources = Sources {
        load: Box::new(move || apart::compile(&named, "")),
        files: Box::new(move || input::files(&again, "policy")),
    };
    Ok((Box::new(Files::new(sources, args.tls_dir.clone(), args.listen.ip())), Arc::new(Alone)))
}
