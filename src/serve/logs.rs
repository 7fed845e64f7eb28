//! The log of the server.

use clap::ValueEnum;
use std::io::{IsTerminal, stderr};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines to read
    #[default]
    Text,
    /// One object a line
    Json,
}

/// What is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// What is wrong
    Error,
    /// And what may become so
    Warn,
    /// And what the server does besides answering
    #[default]
    Info,
    /// And every request
    Debug,
}

/// Starts the log, on standard error. Where there is one already, that stays.
pub fn start(level: Level, format: Format) {
    let level = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    // What the client of the cluster says is said again by who asked it.
    let told = Targets::new().with_default(level).with_target("kube_client", LevelFilter::OFF);
    let lines = fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal());
    let log = tracing_subscriber::registry().with(told);
    let _ = match format {
        Format::Text => log.with(lines).try_init(),
        Format::Json => log.with(lines.json().flatten_event(true)).try_init(),
    };
}
