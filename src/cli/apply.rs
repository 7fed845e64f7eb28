//! `kyvc apply`: what `kyverno apply` does, with the same arguments, results, texts and exit codes.
//!
//! Kyverno: cmd/cli/kubectl-kyverno/commands/apply. What it does without a word, such as passing over a policy, is done
//! here too, with a warning on standard error. What kyvc does not compile or support yet ends the run.

mod args;
mod cluster;
mod counts;
mod crds;
mod output;
mod print;

pub use args::Args;

use super::common;
use crate::diag::{Diagnostic, Source};
use crate::engine::{PolicySet, User, compile};
use crate::offline::evaluate::{self, Question};
use crate::offline::exceptions::Exceptions;
use crate::offline::file;
use crate::offline::git;
use crate::offline::outcome::Outcome;
use crate::offline::policies::{self, Policies};
use crate::offline::resources;
use crate::offline::user;
use crate::offline::validate::Refusal;
use crate::offline::values::Values;
use crate::report::openreports::Summary;
use kyvc_vm::verdict::Ask;
use output::Output;
use print::Printer;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Why nothing was applied.
enum Stop {
    /// Kyverno's own error
    Message(String),
    /// Errors in what was read, and Kyverno's own, where it has one
    Diagnostics(Vec<Diagnostic>, Option<String>),
    /// The output cannot be written
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Output(error)
    }
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Stop::Message(message)
    }
}

/// Runs the command.
pub fn run(args: &Args) -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let result = apply(args, &mut out);
    // A reader that went away, as `head` does, changes nothing about the results.
    let _ = out.flush();
    match result {
        Ok(code) => ExitCode::from(code),
        Err(Stop::Message(message)) => {
            let _ = writeln!(io::stderr(), "Error: {message}");
            ExitCode::FAILURE
        }
        Err(Stop::Output(e)) => {
            // A reader that went away, as `head` does, is no reason to say anything.
            if e.kind() != io::ErrorKind::BrokenPipe {
                let _ = writeln!(io::stderr(), "Error: {e}");
            }
            ExitCode::FAILURE
        }
        Err(Stop::Diagnostics(diagnostics, message)) => {
            common::print(&diagnostics);
            if let Some(message) = message {
                let _ = writeln!(io::stderr(), "Error: {message}");
            }
            ExitCode::FAILURE
        }
    }
}

/// What was applied to what, and the result.
struct Applied {
    set: PolicySet,
    refused: Vec<Refusal>,
    rules: usize,
    exceptions: usize,
    outcome: Outcome,
    counts: Summary,
}

fn apply(args: &Args, out: &mut dyn Write) -> Result<u8, Stop> {
    args.check().map_err(|e| Stop::Message(e.to_owned()))?;
    if let Some(flag) = args.unsupported() {
        return Err(Stop::Message(format!("{flag} is not supported by kyvc yet")));
    }
    let output = args.output.as_deref().filter(|p| !p.is_empty()).map(Output::open).transpose()?;
    let user = user(args, out)?;
    let values_file = args.values_file.as_deref().unwrap_or_default();
    let values = Values::load(values_file, Path::new(values_file), &args.set, out)?;
    values.check_operation()?;
    let git = git::Access {
        branch: args.git_branch.as_deref().unwrap_or_default(),
        username: args.username.as_deref().unwrap_or_default(),
        password: args.password.as_deref().unwrap_or_default(),
    };
    let mut policies = policies::load(&args.policies, policies::Options { git, ..policies::Options::default() });
    common::print(&policies.warnings);
    if !policies.errors.is_empty() {
        return Err(Stop::Diagnostics(policies.errors, None));
    }
    let read = |paths: &[String], out: &mut dyn Write| {
        resources::load(paths, args.policy_report, out).map_err(|e| format!("failed to load resources ({e})"))
    };
    let beside = [read(&args.target_resource, out)?, read(&args.parameter_resource, out)?].concat();
    let mut served = if args.cluster { Some(cluster::cluster(args, &policies.kinds, out)?) } else { None };
    let objects = served.as_mut().and_then(|c| c.objects.take());
    let sources = match &objects {
        None => read(&args.resource, out)?,
        // There may be exceptions among them.
        Some(objects) if args.exceptions_within_resources => {
            objects.iter().map(|o| Source::new("cluster", o.as_str())).collect()
        }
        Some(_) => Vec::new(),
    };
    let exceptions = exceptions(args, &mut policies, &sources)?;
    let Policies { mut units, cleanups, refused, rules, .. } = policies;
    units.extend(cleanups);
    let (excepted, mut diagnostics) = exceptions.compiled();
    excepted.attach(&mut units, &mut diagnostics);
    let compiled = compile(units, diagnostics);
    if compiled.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Stop::Diagnostics(compiled.diagnostics, None));
    }
    if args.registry && compiled.set.program().entries().iter().any(|e| e.needs == Some(Ask::ImageData)) {
        return Err(Stop::Message("kyvc does not ask image registries yet".to_owned()));
    }
    let asks =
        compiled.set.program().entries().iter().any(|e| matches!(e.needs, Some(Ask::ApiCall | Ask::GlobalContext)));
    let looks = served.is_none() && (asks || compiled.set.changes_others());
    let cluster = if looks { Some(evaluate::cluster(&[&sources[..], &beside[..]].concat())?) } else { None };
    let mut question = Question::new(&compiled.set, &values);
    question.user = user.as_ref();
    question.cluster = cluster.as_ref();
    question.targets = cluster.as_ref();
    question.live = served.as_ref().map(|c| &*c.live);
    let mut outcome = ask(&question, objects.as_deref(), &sources)?;
    let failed = outcome.failed.first().cloned().filter(|_| !args.continue_on_fail);
    if let Some((resource, _)) = failed {
        outcome.stop_at(resource);
    }
    let counts = counts::counts(args, &compiled.set, &refused, &outcome);
    let applied = Applied { set: compiled.set, refused, rules, exceptions: exceptions.len(), outcome, counts };
    let mut printer = Printer::new(args, out);
    printer.head(&applied)?;
    if let Some(first) = applied.outcome.resources.first().filter(|_| !args.continue_on_fail) {
        let failed = |e| format!("failed to apply policies on resource {} ({e})", first.name);
        crds::check(&args.crd_paths).map_err(failed)?;
    }
    printer.changes(&applied, output.as_ref())?;
    if let Some((resource, why)) = failed {
        let name = applied.outcome.resources.get(resource).map_or("", |r| r.name.as_str());
        return Err(Stop::Message(format!("failed to apply policies on resource {name} ({why})")));
    }
    if let Some(path) = args.context_file.as_deref().filter(|p| !p.is_empty()) {
        file::read::<serde_json::Value>(Path::new(path), &file::CONTEXT)?;
    }
    printer.results(&applied)?;
    exit(args, &applied.counts, out)
}

/// Asks about the objects of a cluster, or about what is in files.
fn ask(question: &Question<'_>, objects: Option<&[String]>, sources: &[Arc<Source>]) -> Result<Outcome, Stop> {
    if let Some(objects) = objects {
        return Ok(question.ask_objects(objects));
    }
    question.ask(sources).map_err(|problems| {
        let message = format!("failed to load resources ({})", resources::wrong(&problems));
        Stop::Diagnostics(problems, Some(message))
    })
}

fn user(args: &Args, out: &mut dyn Write) -> Result<Option<User>, String> {
    let Some(path) = args.userinfo.as_deref().filter(|p| !p.is_empty()) else { return Ok(None) };
    let loaded = user::load(path, Path::new(path), out).map_err(|e| format!("failed to load request info ({e})"))?;
    Ok(Some(loaded.user))
}

/// The exceptions: from the resources where that is asked for, else from files, and from among the policies.
fn exceptions(args: &Args, policies: &mut Policies, sources: &[Arc<Source>]) -> Result<Exceptions, String> {
    let mut all = if args.exceptions_within_resources {
        Exceptions::select(sources)
    } else {
        Exceptions::load(&args.exception).map_err(|e| format!("Error: failed to load exceptions ({e})"))?
    };
    if args.exceptions_within_policies {
        all.classic.append(&mut policies.exceptions);
    }
    Ok(all)
}

/// The exit code, and what Kyverno says of it.
fn exit(args: &Args, counts: &Summary, out: &mut dyn Write) -> Result<u8, Stop> {
    // The system keeps the lowest byte.
    let [warning, ..] = args.warn_exit_code.to_le_bytes();
    if counts.fail > 0 || counts.error > 0 {
        return Ok(common::VIOLATIONS);
    }
    if counts.warn > 0 && args.warn_exit_code != 0 {
        let _ = write!(out, "exit as warnExitCode is {}", args.warn_exit_code);
        return Ok(warning);
    }
    if counts.pass == 0 && args.warn_no_pass {
        let _ = writeln!(out, "exit as no objects satisfied policy");
        return Ok(warning);
    }
    Ok(0)
}
