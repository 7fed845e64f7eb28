//! What the commands share: exit codes, printing diagnostics, loading policies.

use crate::diag::render::render;
use crate::diag::{Code, Diagnostic, Label, Source};
use crate::engine::{CompileOptions, Parsed, PolicySet, Unit, compile, load};
use crate::input;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

/// Violations of enforced rules, or rules that could not be decided.
pub(super) const VIOLATIONS: u8 = 1;
/// Bad usage or unreadable input.
pub(super) const BAD_USAGE: u8 = 2;

/// Prints diagnostics to standard error.
pub(super) fn print(diagnostics: &[Diagnostic]) {
    // The stream takes colours away where nobody wants them.
    let mut err = anstream::stderr().lock();
    for d in diagnostics {
        let _ = writeln!(err, "{}", render(d, true));
    }
}

/// Whether to show progress: only to somebody who watches.
pub(super) fn watched() -> bool {
    std::io::stderr().is_terminal()
}

/// A policy set and where it came from.
pub(super) struct Loaded {
    pub(super) set: PolicySet,
    /// The policies as they were read; none where the set came from a file.
    pub(super) units: Vec<Unit>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// The arguments of commands that ask policies about manifests.
#[derive(Debug, clap::Args)]
pub(super) struct Inputs {
    /// Policies: a file, folder, glob or compiled set
    policies: String,
    /// Manifests: files, folders, globs, or `-` for standard input
    #[arg(required = true)]
    pub(super) manifests: Vec<String>,
    /// More policies, or policy exceptions
    #[arg(short = 'p', long = "policy", value_name = "MORE_POLICIES")]
    more: Vec<String>,
}

impl Inputs {
    /// Loads all of the policies.
    pub(super) fn policies(&self) -> Loaded {
        let arguments: Vec<String> = std::iter::once(&self.policies).chain(&self.more).cloned().collect();
        policies(&arguments)
    }
}

/// Loads policies from arguments, or a set from one `.kyvb` file.
pub(super) fn policies(arguments: &[String]) -> Loaded {
    if let [file] = arguments
        && Path::new(file).extension().is_some_and(|e| e.eq_ignore_ascii_case("kyvb"))
    {
        return compiled_file(file);
    }
    let mut parsed = Parsed::default();
    for argument in arguments {
        // What is named has to be a policy; a folder may hold manifests and tests beside them.
        let only_policies = !Path::new(argument).is_dir() && !input::is_glob(argument);
        let (sources, problems) = input::load(std::slice::from_ref(argument), "policy");
        parsed.diagnostics.extend(problems);
        parsed.read(&sources, CompileOptions { only_policies, ..CompileOptions::default() });
    }
    let compiled = parsed.compile();
    Loaded { set: compiled.set, units: compiled.units, diagnostics: compiled.diagnostics }
}

fn compiled_file(file: &str) -> Loaded {
    let fail = |code, message: String| Loaded {
        set: compile(Vec::new(), Vec::new()).set,
        units: Vec::new(),
        diagnostics: vec![Diagnostic::new(code, message).at(Label::whole(&empty(file)))],
    };
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return fail(Code::FileNotFound, "no such file".to_owned());
        }
        Err(e) => return fail(Code::FileUnreadable, e.to_string()),
    };
    match load(&bytes) {
        Ok(set) => Loaded { set, units: Vec::new(), diagnostics: Vec::new() },
        Err(e) => fail(e.code(), e.to_string()),
    }
}

fn empty(name: &str) -> Arc<Source> {
    Source::new(name, "")
}
