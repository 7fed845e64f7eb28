//! `kyvc apply`: what `kyverno apply` does, with the same arguments, results, texts and exit codes.
//!
//! Kyverno: cmd/cli/kubectl-kyverno/commands/apply. What it does without a word, such as passing over a policy, is done
//! here too, with a warning on standard error. What kyvc does not compile or support yet ends the run.

mod args;
mod cluster;
mod evaluate;
mod kinds;
mod known;
mod policies;
mod print;
mod resources;
mod schema;
mod validate;
mod values;

pub use args::Args;

use super::common;
use crate::diag::{Code, Diagnostic};
use crate::engine::{Status, Unit, compile};
use crate::report::openreports::{Summary, count};
use evaluate::{Outcome, Question};
use kyvc_vm::verdict::Ask;
use print::Printer;
use std::io::{self, Write};
use std::process::ExitCode;
use validate::Refusal;
use values::Values;

/// Why nothing was applied.
enum Stop {
    /// Kyverno's own error
    Message(String),
    /// Errors in what was read
    Diagnostics(Vec<Diagnostic>),
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
        Err(Stop::Diagnostics(diagnostics)) => {
            common::print(&diagnostics);
            ExitCode::FAILURE
        }
    }
}

/// What was applied to what, and the result.
struct Applied {
    units: Vec<Unit>,
    set: crate::engine::PolicySet,
    refused: Vec<Refusal>,
    outcome: Outcome,
    counts: Summary,
}

fn apply(args: &Args, out: &mut dyn Write) -> Result<u8, Stop> {
    args.check().map_err(|e| Stop::Message(e.to_owned()))?;
    if let Some(flag) = args.unsupported() {
        return Err(Stop::Message(format!("{flag} is not supported by kyvc yet")));
    }
    let user = match args.userinfo.as_deref().filter(|p| !p.is_empty()) {
        Some(path) => Some(values::user(path, out)?),
        None => None,
    };
    let values = Values::load(args.values_file.as_deref(), &args.set, out)?;
    if let Some(url) = args.policies.iter().find(|p| p.starts_with("http://") || p.starts_with("https://")) {
        return Err(Stop::Message(format!("{url}: kyvc cannot load policies from git repositories yet")));
    }
    let loaded = policies::load(&args.policies);
    common::print(&loaded.warnings);
    if !loaded.errors.is_empty() {
        return Err(Stop::Diagnostics(loaded.errors));
    }
    let compiled = compile(loaded.units, Vec::new());
    if compiled.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Stop::Diagnostics(compiled.diagnostics));
    }
    let sources = resources::load(&args.resource, args.policy_report, out)?;
    let asks =
        compiled.set.program().entries().iter().any(|e| matches!(e.needs, Some(Ask::ApiCall | Ask::GlobalContext)));
    let cluster = if asks { Some(evaluate::cluster(&sources)?) } else { None };
    let question = Question { set: &compiled.set, values: &values, user: user.as_ref(), cluster: cluster.as_ref() };
    let outcome = question.ask(&sources).map_err(|mut problems| {
        problems.push(Diagnostic::new(Code::FileUnreadable, "failed to load resources"));
        Stop::Diagnostics(problems)
    })?;
    let counts = counts(args, &compiled.set, &loaded.refused, &outcome);
    let (rules, set) = (loaded.rules, compiled.set);
    let applied = Applied { units: compiled.units, set, refused: loaded.refused, outcome, counts };
    let printed = Printer::new(args, out).all(&applied, rules);
    match printed {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Stop::Message(e.to_string())),
        _ => exit(args, &applied.counts, out),
    }
}

/// How often each result occurs. A policy that is not applied is an error.
fn counts(args: &Args, set: &crate::engine::PolicySet, refused: &[Refusal], outcome: &Outcome) -> Summary {
    let mut counts = Summary { error: refused.len(), ..Summary::default() };
    for response in &outcome.responses {
        let scored = set.policies().get(response.policy).is_none_or(|p| p.scored);
        let warns = !scored || (args.audit_warn && response.audits);
        for ruled in &response.rules {
            let status = if ruled.status == Status::Fail && warns { Status::Warn } else { ruled.status };
            count(&mut counts, status);
        }
    }
    counts
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
