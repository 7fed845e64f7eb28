//! `kyvc check`.

use super::common::{BAD_USAGE, VIOLATIONS, policies, print, watched};
use crate::diag::{Code, Diagnostic, Source};
use crate::engine::{Engine, PolicySet, Request};
use crate::input;
use crate::manifest;
use crate::report::rows::{Resource, Results, Row};
use crate::report::{json, junit, openreports, sarif, text};
use crate::yaml::ReadOptions;
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::io::Write;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;

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
    let (results, problems) = check(&loaded.set, &sources);
    diagnostics.extend(problems);
    print(&diagnostics);
    let mut out = anstream::stdout().lock();
    let written = match args.output {
        Output::Text => text::write(&results, args.details, &mut out),
        Output::Json => json::write(&results, &mut out),
        Output::Report => openreports::write_results(&results, &mut out),
        Output::Sarif => sarif::write(&results, &mut out),
        Output::Junit => junit::write(&results, &mut out),
    };
    let unread = |d: &Diagnostic| d.is_error() || d.code == Code::EmptyFile;
    if diagnostics.iter().any(unread) {
        return ExitCode::from(BAD_USAGE);
    }
    // A reader that went away, as `head` does, is no failure of the check.
    match written.and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::from(BAD_USAGE),
        _ if results.is_bad() => ExitCode::from(VIOLATIONS),
        _ => ExitCode::SUCCESS,
    }
}

/// What one source gave.
#[derive(Default)]
struct Part {
    resources: Vec<Resource>,
    rows: Vec<Row>,
    problems: Vec<Diagnostic>,
}

/// Checks the objects of all sources, several sources at a time; results are in the order of the input.
fn check<'s>(set: &'s PolicySet, sources: &[Arc<Source>]) -> (Results<'s>, Vec<Diagnostic>) {
    let bar = progress(sources.len());
    let parts: Vec<Part> = sources
        .par_iter()
        .map_init(Engine::default, |engine, source| {
            let part = check_source(set, engine, source);
            bar.inc(1);
            part
        })
        .collect();
    bar.finish_and_clear();
    let mut results = Results { set, resources: Vec::new(), rows: Vec::new() };
    let mut problems = Vec::new();
    for (part, source) in parts.into_iter().zip(sources) {
        let first = u32::try_from(results.resources.len()).unwrap_or(u32::MAX);
        results.resources.extend(part.resources.into_iter().map(|r| (r, source.clone())));
        results.rows.extend(part.rows.into_iter().map(|row| row.renumbered(first)));
        problems.extend(part.problems);
    }
    (results, problems)
}

fn progress(sources: usize) -> ProgressBar {
    if !watched() || sources < 100 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files").unwrap_or(ProgressStyle::default_bar());
    ProgressBar::new(sources as u64).with_style(style)
}

fn check_source(set: &PolicySet, engine: &mut Engine, source: &Arc<Source>) -> Part {
    let mut part = Part::default();
    let options = ReadOptions { strict: true, places: true, ..ReadOptions::default() };
    let (mut resources, mut rows) = (Vec::new(), Vec::new());
    part.problems = manifest::read(source, set.program().layout(), options, &mut |doc| {
        let resource = Resource::of(doc);
        let number = u32::try_from(resources.len()).unwrap_or(u32::MAX);
        engine.check(set, &Request::create(doc), |verdict| {
            rows.push(Row::of(set, &verdict, number, &resource.namespace));
        });
        resources.push(resource);
        ControlFlow::Continue(())
    });
    part.resources = resources;
    part.rows = rows;
    part
}
