//! Loading policies as Kyverno's CLI does.
//!
//! Kyverno passes over much without a word: files that do not exist, documents that its schemas refuse, and whole
//! arguments with an unknown field or an object of Kubernetes in them. All of it is passed over here too, so that the
//! results are the same, but each time a warning says so. What kyvc cannot compile is never passed over.

use super::kinds::{Known, known};
use super::schema;
use super::validate::{self, Refusal};
use crate::diag::{Code, Diagnostic, Label, Severity, Source};
use crate::engine::Unit;
use crate::lower;
use crate::policy::classic::Policy;
use crate::policy::fields::Problems;
use crate::policy::tree::{Tree, Value};
use crate::resolve::{self, Guard};
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::Layout;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The policies of the command line.
#[derive(Debug, Default)]
pub(super) struct Policies {
    /// Those that are applied
    pub(super) units: Vec<Unit>,
    /// Those that Kyverno refuses to apply, in the order of the input
    pub(super) refused: Vec<Refusal>,
    /// How many rules all of them have, those that are made for controllers of Pods included
    pub(super) rules: usize,
    /// What is passed over
    pub(super) warnings: Vec<Diagnostic>,
    /// Why nothing can be applied
    pub(super) errors: Vec<Diagnostic>,
}

/// How a text or document went.
enum Flow {
    Next,
    /// Kyverno drops everything that the argument gave.
    Drop,
}

const DROPPED: &str = "Kyverno's CLI then ignores everything that this argument names, without saying so";
const IGNORED: &str = "Kyverno's CLI then ignores the document, without saying so";

/// Loads all arguments.
pub(super) fn load(arguments: &[String]) -> Policies {
    let mut all = Policies::default();
    for argument in arguments {
        let mut found = Policies::default();
        let flow = if argument == "-" {
            match stdin() {
                Ok(source) => found.source(&source),
                Err(d) => {
                    found.errors.push(d);
                    Flow::Next
                }
            }
        } else {
            found.path(Path::new(argument))
        };
        all.warnings.append(&mut found.warnings);
        all.errors.append(&mut found.errors);
        if matches!(flow, Flow::Next) {
            all.units.append(&mut found.units);
            all.refused.append(&mut found.refused);
            all.rules += found.rules;
        }
    }
    all
}

/// Standard input as a source.
pub(super) fn stdin() -> Result<Arc<Source>, Diagnostic> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(Source::new("<stdin>", text)),
        Err(e) => Err(Diagnostic::new(Code::FileUnreadable, format!("cannot read standard input: {e}"))),
    }
}

fn about(path: &Path, code: Code, error: &std::io::Error) -> Diagnostic {
    let source = Source::new(path.display().to_string(), "");
    Diagnostic::new(code, error.to_string()).at(Label::whole(&source)).severity(Severity::Warning).help(DROPPED)
}

impl Policies {
    fn warn(&mut self, d: Diagnostic, help: &str) {
        let d = d.severity(Severity::Warning);
        self.warnings.push(if d.help.is_none() { d.help(help) } else { d });
    }

    /// Adds an error, but none about a place that has one: the rules made for controllers repeat those of their rule.
    fn error(&mut self, d: Diagnostic) {
        if !self.errors.iter().any(|e| e.code == d.code && e.primary == d.primary) {
            self.errors.push(d);
        }
    }

    /// A file, or a folder with all that is in it.
    fn path(&mut self, path: &Path) -> Flow {
        let meta = match std::fs::metadata(path) {
            Ok(meta) => meta,
            Err(e) => {
                self.warnings.push(about(path, Code::FileNotFound, &e));
                return Flow::Drop;
            }
        };
        // Go: the name of `.` is `.`, and Kyverno skips it as it skips every hidden file.
        let hidden = path.file_name().is_none_or(|n| n.to_string_lossy().starts_with('.')) && path != Path::new("/");
        if hidden {
            let e = std::io::Error::other("hidden files and folders are not read");
            self.warnings.push(about(path, Code::NoFiles, &e));
            return Flow::Next;
        }
        if meta.is_dir() {
            return self.folder(path);
        }
        let yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        if !yaml {
            return Flow::Next;
        }
        match std::fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => self.source(&Source::new(path.display().to_string(), text)),
            Ok(Err(_)) => {
                let source = Source::new(path.display().to_string(), "");
                self.errors.push(Diagnostic::new(Code::NotUtf8, "not UTF-8 text").at(Label::whole(&source)));
                Flow::Next
            }
            Err(e) => {
                self.warnings.push(about(path, Code::FileUnreadable, &e));
                Flow::Drop
            }
        }
    }

    fn folder(&mut self, path: &Path) -> Flow {
        let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut files: Vec<PathBuf> = match entries {
            Ok(entries) => entries.iter().map(std::fs::DirEntry::path).collect(),
            Err(e) => {
                self.warnings.push(about(path, Code::FileUnreadable, &e));
                return Flow::Drop;
            }
        };
        files.sort_unstable();
        let hidden = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        for file in files.iter().filter(|f| !hidden(f)) {
            if matches!(self.path(file), Flow::Drop) {
                return Flow::Drop;
            }
        }
        Flow::Next
    }

    fn source(&mut self, source: &Arc<Source>) -> Flow {
        let layout = Layout::everything();
        // Kyverno's CLI lets the later of two equal keys win.
        let options = ReadOptions { strict: false, places: true, ..ReadOptions::default() };
        let mut flow = Flow::Next;
        let result = yaml::documents(source, &layout, options, &mut |doc| {
            if let Some(root) = doc.root() {
                flow = self.document(&Tree::of(&doc, root), source, false);
            }
            match flow {
                Flow::Next => ControlFlow::Continue(doc.recycle()),
                Flow::Drop => ControlFlow::Break(()),
            }
        });
        // Kyverno reads on after a document that is no YAML. Whatever it was meant to be is better not left out.
        self.errors.extend(result.err());
        flow
    }

    fn document(&mut self, tree: &Tree, source: &Arc<Source>, listed: bool) -> Flow {
        let text = |key| tree.get(key).and_then(Tree::as_str).unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let here = |code, message: String| Diagnostic::new(code, message).at(Label::new(source, tree.place));
        match known(api_version, kind) {
            Known::Classic => return self.classic(tree, source, kind == "ClusterPolicy", listed),
            Known::List => {
                if let Some(Value::List(items)) = tree.get("items").map(|t| &t.value) {
                    for item in items {
                        self.document(item, source, true);
                    }
                }
            }
            Known::Uncompiled => {
                let d = here(Code::UnknownPolicyKind, format!("`{kind}` of `{api_version}` is not compiled yet"));
                self.errors.push(d.help("kyvc compiles ClusterPolicy and Policy of kyverno.io/v1 and v2beta1"));
            }
            Known::Companion => {}
            Known::Foreign if !listed => {
                let d = here(Code::UnknownPolicyKind, format!("expected a policy, found `{kind}` of `{api_version}`"));
                self.warn(d, DROPPED);
                return Flow::Drop;
            }
            Known::Foreign | Known::Nothing => {
                if tree.value != Value::Null {
                    let what = if kind.is_empty() { "a document without `kind`".into() } else { format!("`{kind}`") };
                    self.warn(here(Code::UnknownPolicyKind, format!("expected a policy, found {what}")), IGNORED);
                }
            }
        }
        Flow::Next
    }

    fn classic(&mut self, tree: &Tree, source: &Arc<Source>, cluster: bool, listed: bool) -> Flow {
        let problems = Problems::new(source.clone());
        let policy = Policy::read(tree, cluster, &problems);
        schema::check(tree, &problems);
        unchecked(&policy, tree, &problems);
        let (found, problems) = (problems.into_inner(), Problems::new(source.clone()));
        // The schema comes first: what it refuses, Kyverno never sees.
        for (refuses, help, flow) in [
            (schema::is_unknown as fn(&Diagnostic) -> bool, if listed { IGNORED } else { DROPPED }, Flow::Drop),
            (schema::is_refused, IGNORED, Flow::Next),
        ] {
            if found.iter().any(refuses) {
                found.into_iter().filter(refuses).for_each(|d| self.warn(d, help));
                return if listed { Flow::Next } else { flow };
            }
        }
        let (missing, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|d| d.code == Code::NotCompiled);
        if !missing.is_empty() {
            // The policy's reader and the schema may both have seen it.
            for d in missing {
                self.error(d);
            }
            return Flow::Next;
        }
        let resolved = resolve::rules(&policy);
        self.rules += count(&policy, &resolved);
        if let Err(refusal) = validate::check(&policy, tree, &resolved) {
            self.refused.push(refusal);
            return Flow::Next;
        }
        let rules = resolved.into_iter();
        // Values may bind any name.
        let open = lower::Options { lenient: true };
        let rules: Vec<_> =
            rules.filter_map(|r| lower::rule(&policy, &r, open, &problems).map(|rule| (rule, r))).collect();
        let found: Vec<_> = others.into_iter().chain(problems.into_inner()).collect();
        if found.iter().any(Diagnostic::is_error) {
            found.into_iter().for_each(|d| self.error(d));
        } else {
            self.warnings.extend(found);
            self.units.push(Unit { policy, source: source.clone(), rules });
        }
        Flow::Next
    }
}

/// Reports rules that check something, and of which the reader has kept nothing: an empty `deny` always denies.
fn unchecked(policy: &Policy, tree: &Tree, problems: &Problems) {
    let Some(Value::List(rules)) = tree.get("spec").and_then(|s| s.get("rules")).map(|t| &t.value) else { return };
    for (rule, tree) in policy.spec.rules.iter().zip(rules) {
        let kept = rule.validate.as_ref().is_none_or(|v| v.check.is_some());
        let Some(Value::Map(members)) = tree.get("validate").map(|t| &t.value).filter(|_| !kept) else { continue };
        let other = |key: &str| ["deny", "podSecurity", "cel", "manifests"].contains(&key);
        for m in members.iter().filter(|m| other(&m.key) && m.value.value != Value::Null) {
            problems.add(Code::NotCompiled, m.key_place, format!("`validate.{}` is not compiled yet", m.key));
        }
    }
}

/// Kyverno counts the rules it makes for controllers instead of those with such a name that it hides.
fn count(policy: &Policy, resolved: &[resolve::ResolvedRule]) -> usize {
    let made = resolved.iter().filter(|r| matches!(r.guard, Guard::Only(_))).count();
    let hidden = resolved.iter().filter(|r| matches!(r.guard, Guard::Unless(_))).count();
    if made > 0 { resolved.len() - hidden } else { policy.spec.rules.len() }
}
