//! `kyvc check`.

use super::common::{BAD_USAGE, Inputs, VIOLATIONS, print, watched};
use crate::diag::{Diagnostic, Source};
use crate::engine::{Engine, PolicySet, Request};
use crate::input::{self, Parts};
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
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Arguments of `kyvc check`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
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
    let loaded = args.inputs.policies();
    let (parts, problems) = input::open(&args.inputs.manifests, "manifest");
    let mut diagnostics = loaded.diagnostics;
    diagnostics.extend(problems);
    print(&diagnostics);
    let mut unread = diagnostics.iter().any(Diagnostic::is_error);
    let mut totals = Totals { policies: loaded.set.policies().len(), ..Totals::default() };
    let mut out = BufWriter::with_capacity(1 << 16, anstream::stdout().lock());
    let written = report(args, &loaded.set, &mut out).and_then(|mut report| {
        // Where nobody reads on, as after `head`, the check goes on for its exit code.
        let mut written = Ok(());
        check(&loaded.set, parts, &mut |piece| match piece {
            Piece::Results(results) => {
                totals.add(&results);
                if written.is_ok() {
                    written = report.piece(results);
                }
            }
            Piece::Problems { problems, .. } => {
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
    /// What is wrong with a part of a file; it comes after the part's results
    Problems {
        problems: Vec<Diagnostic>,
        /// The rest of the file does not count
        stopped: bool,
    },
}

/// How many rows a piece has, about.
const ROWS: usize = 4_096;
/// How many pieces of one part may wait for those of the parts before it.
const WAITING: usize = 8;
/// How many parts may be under way for each thread.
const AHEAD: usize = 2;

/// A part of the input under way: whether it begins a file, and what it gives.
type Begun<'s> = (bool, Receiver<Piece<'s>>);

/// Checks the objects of the input, several parts of it at a time. Pieces are in the order of the input, and few of them
/// exist at once, however large the input is.
fn check<'s>(set: &'s PolicySet, parts: Parts, each: &mut dyn FnMut(Piece<'s>)) {
    let bar = progress(parts.files());
    let threads = if parts.is_small() { 1 } else { thread::available_parallelism().map_or(1, usize::from) };
    let (announce, begun) = sync_channel::<Begun<'s>>(AHEAD * threads);
    // INVARIANT: parts are begun in order, so that the one that is waited for is always at work.
    let parts = Mutex::new(parts);
    let next = |announce: &SyncSender<Begun<'s>>| {
        let mut parts = parts.lock().unwrap_or_else(PoisonError::into_inner);
        let part = parts.next()?;
        let (sender, receiver) = sync_channel(WAITING);
        announce.send((part.first, receiver)).ok()?;
        Some((part.text, sender))
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            let (announce, next) = (announce.clone(), &next);
            scope.spawn(move || {
                let mut engine = Engine::default();
                while let Some((text, sender)) = next(&announce) {
                    check_part(set, &mut engine, text, &sender);
                }
            });
        }
        drop(announce);
        let mut stopped = false;
        for (first, pieces) in begun {
            if first {
                stopped = false;
                bar.inc(1);
            }
            for piece in pieces {
                if !stopped {
                    stopped = matches!(piece, Piece::Problems { stopped: true, .. });
                    each(piece);
                }
            }
        }
    });
    bar.finish_and_clear();
}

fn progress(files: usize) -> ProgressBar {
    if !watched() || files < 100 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files").unwrap_or(ProgressStyle::default_bar());
    ProgressBar::new(files as u64).with_style(style)
}

fn check_part<'s>(
    set: &'s PolicySet,
    engine: &mut Engine,
    text: Result<Arc<Source>, Diagnostic>,
    to: &SyncSender<Piece<'s>>,
) {
    // The receiver outlives the scope's threads: sending fails only when the process is about to end.
    let send = |piece| drop(to.send(piece));
    let source = match text {
        Ok(source) => source,
        Err(problem) => return send(Piece::Problems { problems: vec![problem], stopped: true }),
    };
    let name: Arc<str> = source.name.as_str().into();
    let options = ReadOptions { strict: true, places: true, ..ReadOptions::default() };
    let mut results = Results::new(set);
    let read = manifest::read_part(&source, set.program().layout(), options, &mut |doc| {
        let resource = Resource::of(doc);
        let number = u32::try_from(results.resources.len()).unwrap_or(u32::MAX);
        engine.check(set, &Request::create(doc), |verdict| {
            results.rows.push(Row::of(set, &verdict, number, &resource.namespace));
        });
        results.resources.push((resource, name.clone()));
        if results.rows.len() >= ROWS || results.resources.len() >= ROWS {
            send(Piece::Results(std::mem::replace(&mut results, Results::new(set))));
        }
        ControlFlow::Continue(())
    });
    send(Piece::Results(results));
    send(Piece::Problems { problems: read.problems, stopped: read.stopped });
}
