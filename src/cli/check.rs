//! `kyvc check`.

use super::common::{BAD_USAGE, VIOLATIONS, policies, print, watched};
use crate::diag::{Diagnostic, Source};
use crate::engine::{Engine, PolicySet, Request};
use crate::input;
use crate::manifest;
use crate::report::json::Json;
use crate::report::junit::Junit;
use crate::report::openreports::OpenReports;
use crate::report::rows::{Resource, Results, Row, Totals, Writer};
use crate::report::sarif::Sarif;
use crate::report::text::Text;
use crate::yaml::ReadOptions;
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Arguments of `kyvc check`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Policies: a file, folder, glob or compiled set
    policies: String,
    /// Manifests: files, folders, globs, or `-` for standard input
    #[arg(required = true)]
    manifests: Vec<String>,
    /// More policies
    #[arg(short = 'p', long = "policy", value_name = "MORE_POLICIES")]
    more: Vec<String>,
    /// How results are printed
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// Show passes and skips too
    #[arg(long)]
    details: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// One JSON object with `results` and `summary`
    Json,
    /// The policy report that `kyverno apply -p` prints
    Report,
    /// SARIF 2.1.0
    Sarif,
    /// JUnit XML
    Junit,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    let arguments: Vec<String> = std::iter::once(&args.policies).chain(&args.more).cloned().collect();
    let loaded = policies(&arguments);
    let (sources, problems) = input::load(&args.manifests, "manifest");
    let mut diagnostics = loaded.diagnostics;
    diagnostics.extend(problems);
    print(&diagnostics);
    let mut unread = diagnostics.iter().any(Diagnostic::is_error);
    let mut totals = Totals { policies: loaded.set.policies().len(), ..Totals::default() };
    let mut out = BufWriter::with_capacity(1 << 16, anstream::stdout().lock());
    let written = report(args, &loaded.set, &mut out).and_then(|mut report| {
        // Where nobody reads on, as after `head`, the check goes on for its exit code.
        let mut written = Ok(());
        check(&loaded.set, &sources, &mut |piece| match piece {
            Piece::Results(results) => {
                totals.add(&results);
                if written.is_ok() {
                    written = report.piece(results);
                }
            }
            Piece::Problems(problems) => {
                unread |= problems.iter().any(Diagnostic::is_error);
                print(&problems);
            }
        });
        written.and_then(|()| report.end(&totals))
    });
    match written.and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(BAD_USAGE),
        _ if unread => ExitCode::from(BAD_USAGE),
        _ if totals.bad => ExitCode::from(VIOLATIONS),
        _ => ExitCode::SUCCESS,
    }
}

fn report<'o, 's: 'o>(args: &Args, set: &'s PolicySet, out: &'o mut dyn Write) -> io::Result<Box<dyn Writer<'s> + 'o>> {
    Ok(match args.output {
        Output::Text => Box::new(Text::new(out, args.details)),
        Output::Json => Box::new(Json::new(out)?),
        Output::Report => Box::new(OpenReports::new(out)),
        Output::Sarif => Box::new(Sarif::new(set, out)?),
        Output::Junit => Box::new(Junit::new(set, out)),
    })
}

/// What checking gives, bit by bit.
enum Piece<'s> {
    Results(Results<'s>),
    /// What is wrong with a source; it comes after the source's results
    Problems(Vec<Diagnostic>),
}

/// How many rows a piece has, about.
const ROWS: usize = 4_096;
/// How many pieces of one source may wait for those of the sources before it.
const WAITING: usize = 8;

/// Checks the objects of all sources, several sources at a time. Pieces are in the order of the input, and few of them
/// exist at once, however large the input is.
fn check<'s>(set: &'s PolicySet, sources: &[Arc<Source>], each: &mut dyn FnMut(Piece<'s>)) {
    let bar = progress(sources.len());
    let (senders, receivers): (Vec<_>, Vec<_>) = sources.iter().map(|_| sync_channel(WAITING)).unzip();
    // INVARIANT: sources are begun in order, so that the one that is waited for is always at work.
    let jobs = Mutex::new(sources.iter().zip(senders));
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
    let threads = thread::available_parallelism().map_or(1, usize::from).min(sources.len());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut engine = Engine::default();
                while let Some((source, sender)) = next() {
                    check_source(set, &mut engine, source, &sender);
                }
            });
        }
        for pieces in receivers {
            pieces.iter().for_each(&mut *each);
            bar.inc(1);
        }
    });
    bar.finish_and_clear();
}

fn progress(sources: usize) -> ProgressBar {
    if !watched() || sources < 100 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files").unwrap_or(ProgressStyle::default_bar());
    ProgressBar::new(sources as u64).with_style(style)
}

fn check_source<'s>(set: &'s PolicySet, engine: &mut Engine, source: &Arc<Source>, to: &SyncSender<Piece<'s>>) {
    // The receiver outlives the scope's threads: sending fails only when the process is about to end.
    let send = |piece| drop(to.send(piece));
    let options = ReadOptions { strict: true, places: true, ..ReadOptions::default() };
    let mut results = Results::new(set);
    let problems = manifest::read(source, set.program().layout(), options, &mut |doc| {
        let resource = Resource::of(doc);
        let number = u32::try_from(results.resources.len()).unwrap_or(u32::MAX);
        engine.check(set, &Request::create(doc), |verdict| {
            results.rows.push(Row::of(set, &verdict, number, &resource.namespace));
        });
        results.resources.push((resource, source.clone()));
        if results.rows.len() >= ROWS || results.resources.len() >= ROWS {
            send(Piece::Results(std::mem::replace(&mut results, Results::new(set))));
        }
        ControlFlow::Continue(())
    });
    send(Piece::Results(results));
    send(Piece::Problems(problems));
}
