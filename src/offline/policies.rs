//! Loading policies as Kyverno's CLI does.
//!
//! Kyverno passes over much without a word: files that do not exist, documents that its schemas refuse, and whole
//! arguments with an unknown field or an object of Kubernetes in them. All of it is passed over here too, so that the
//! results are the same, but each time a warning says so. What kyvc cannot compile is never passed over.

use super::exceptions::{self, Exception};
use super::file::go_error;
use super::git;
use super::kinds::{Known, known};
use super::mocks::{Calls, Mocks};
use super::schema;
use super::validate::{self, Refusal};
use super::words;
use crate::diag::{Code, Diagnostic, Label, Severity, Source};
use crate::engine::Unit;
use crate::fetch;
use crate::lower;
use crate::policy::any::AnyPolicy;
use crate::policy::classic::{Match, Policy, Rule};
use crate::policy::cleanup::Cleanup;
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
pub struct Policies {
    /// Those that are applied
    pub units: Vec<Unit>,
    /// Cleanup policies, which are applied after all others
    pub cleanups: Vec<Unit>,
    /// Those that Kyverno refuses to apply, in the order of the input
    pub refused: Vec<Refusal>,
    /// How many policies there are, those included that have no rules or are refused
    pub count: usize,
    /// How many rules all of them have, those that are made for controllers of Pods included
    pub rules: usize,
    /// The kinds that they are about, as they write them, each once
    pub kinds: Vec<String>,
    /// Exceptions that stand among the policies
    pub exceptions: Vec<Exception>,
    /// What mocks answer, by policy and rule
    pub calls: Calls,
    /// The rules that make objects of no kind of their own
    pub without_kind: Vec<WithoutKind>,
    /// The documents that Kyverno passes over: their file, and why, in its words
    pub passed_over: Vec<(String, String)>,
    /// What is passed over
    pub warnings: Vec<Diagnostic>,
    /// Why nothing can be applied
    pub errors: Vec<Diagnostic>,
}

/// A rule that makes objects, but not of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithoutKind {
    /// The namespace of its policy, empty for none
    pub namespace: String,
    /// The policy's name
    pub policy: String,
    /// The rule's name
    pub rule: String,
    /// What it makes, as JSON
    pub json: String,
}

/// How policies are loaded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'o> {
    /// Answers to calls of APIs, which make the calls' context entries come first
    pub mocks: Option<&'o Mocks>,
    /// Whether cleanup policies are read and left aside, as Kyverno's tests do
    pub leave_cleanup: bool,
    /// How git repositories are reached
    pub git: git::Access<'o>,
}

/// How a text or document went.
enum Flow {
    Next,
    /// Kyverno drops everything that the argument gave, for this reason.
    Drop(String),
}

/// What standard input is called.
pub(super) const STDIN: &str = "<stdin>";

const DROPPED: &str = "Kyverno's CLI then ignores everything that this argument names, without saying so";
const IGNORED: &str = "Kyverno's CLI then ignores the document, without saying so";

/// Loads all arguments, each for itself: what one of them is dropped for does not concern the others.
pub fn load(arguments: &[String], options: Options<'_>) -> Policies {
    let mut all = Policies::default();
    for argument in arguments {
        let mut found = Policies::default();
        let flow = found.argument(argument, options);
        all.warnings.append(&mut found.warnings);
        all.errors.append(&mut found.errors);
        if matches!(flow, Flow::Next) {
            all.append(found);
        }
    }
    all
}

/// Loads all arguments together.
///
/// # Errors
/// What Kyverno drops an argument for is an error here, in its words.
pub fn load_all(arguments: &[String], options: Options<'_>) -> Result<Policies, String> {
    let mut all = Policies::default();
    for argument in arguments {
        if let Flow::Drop(reason) = all.argument(argument, options) {
            return Err(reason);
        }
    }
    Ok(all)
}

/// Standard input as a source.
pub(super) fn stdin() -> Result<Arc<Source>, Diagnostic> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(Source::new(STDIN, text)),
        Err(e) => Err(Diagnostic::new(Code::FileUnreadable, format!("cannot read standard input: {e}"))),
    }
}

impl Policies {
    fn append(&mut self, mut other: Policies) {
        self.units.append(&mut other.units);
        self.cleanups.append(&mut other.cleanups);
        self.refused.append(&mut other.refused);
        self.exceptions.append(&mut other.exceptions);
        self.passed_over.append(&mut other.passed_over);
        self.calls.append(other.calls);
        self.without_kind.append(&mut other.without_kind);
        self.count += other.count;
        self.rules += other.rules;
        self.about(other.kinds.iter().map(String::as_str));
    }

    /// Takes up the kinds that a rule is about.
    fn about<'k>(&mut self, kinds: impl Iterator<Item = &'k str>) {
        for kind in kinds {
            if !self.kinds.iter().any(|k| k == kind) {
                self.kinds.push(kind.to_owned());
            }
        }
    }

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

    fn argument(&mut self, argument: &str, options: Options<'_>) -> Flow {
        if fetch::is_url(argument) {
            return self.url(argument, options);
        }
        if argument != "-" {
            return self.path(Path::new(argument), options);
        }
        match stdin() {
            Ok(source) => self.source(&source, options),
            Err(d) => {
                self.errors.push(d);
                Flow::Next
            }
        }
    }

    /// A file or a git repository by its URL. Kyverno's `apply` takes all of them for repositories, its `test` for files.
    fn url(&mut self, url: &str, options: Options<'_>) -> Flow {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let is_file = [".yaml", ".yml"].iter().any(|end| path.ends_with(end));
        let sources = match is_file {
            true => fetch::get(url).map(|text| vec![Source::new(url, text)]),
            false => git::files(url, options.git),
        };
        match sources.as_deref() {
            Ok([one]) if is_file => self.source(one, options),
            Ok(sources) => {
                for source in sources {
                    // A file that is dropped does not concern the others.
                    let mut found = Policies::default();
                    let flow = found.source(source, options);
                    self.warnings.append(&mut found.warnings);
                    self.errors.append(&mut found.errors);
                    if matches!(flow, Flow::Next) {
                        self.append(found);
                    }
                }
                Flow::Next
            }
            Err(why) => {
                let why = why.clone();
                let reason = format!("failed to process {url}: {why}");
                self.errors.push(Diagnostic::new(Code::FileUnreadable, why).at(Label::whole(&Source::new(url, ""))));
                Flow::Drop(reason)
            }
        }
    }

    fn unreadable(&mut self, path: &Path, code: Code, error: &std::io::Error, reason: String) -> Flow {
        let source = Source::new(path.display().to_string(), "");
        self.warn(Diagnostic::new(code, error.to_string()).at(Label::whole(&source)), DROPPED);
        Flow::Drop(reason)
    }

    /// A file, or a folder with all that is in it.
    fn path(&mut self, path: &Path, options: Options<'_>) -> Flow {
        let name = path.display();
        let meta = match std::fs::metadata(path) {
            Ok(meta) => meta,
            Err(e) => {
                let reason = format!("stat {name}: {}", go_error(&e));
                return self.unreadable(path, Code::FileNotFound, &e, reason);
            }
        };
        // Go: the name of `.` is `.`, and Kyverno skips it as it skips every hidden file.
        let hidden = path.file_name().is_none_or(|n| n.to_string_lossy().starts_with('.')) && path != Path::new("/");
        if hidden {
            let e = std::io::Error::other("hidden files and folders are not read");
            self.unreadable(path, Code::NoFiles, &e, String::new());
            return Flow::Next;
        }
        if meta.is_dir() {
            return self.folder(path, options);
        }
        let yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        if !yaml {
            return Flow::Next;
        }
        match std::fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => match self.source(&Source::new(name.to_string(), text), options) {
                Flow::Drop(reason) => Flow::Drop(format!("failed to load file {name}: {reason}")),
                Flow::Next => Flow::Next,
            },
            Ok(Err(_)) => {
                let source = Source::new(name.to_string(), "");
                self.errors.push(Diagnostic::new(Code::NotUtf8, "not UTF-8 text").at(Label::whole(&source)));
                Flow::Next
            }
            Err(e) => {
                let reason = format!("failed to read file {name}: open {name}: {}", go_error(&e));
                self.unreadable(path, Code::FileUnreadable, &e, reason)
            }
        }
    }

    fn folder(&mut self, path: &Path, options: Options<'_>) -> Flow {
        let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut files: Vec<PathBuf> = match entries {
            Ok(entries) => entries.iter().map(std::fs::DirEntry::path).collect(),
            Err(e) => {
                let reason = format!("failed to read {0}: open {0}: {1}", path.display(), go_error(&e));
                return self.unreadable(path, Code::FileUnreadable, &e, reason);
            }
        };
        files.sort_unstable();
        let hidden = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        for file in files.iter().filter(|f| !hidden(f)) {
            if let Flow::Drop(reason) = self.path(file, options) {
                return Flow::Drop(format!("failed to load {}: {reason}", path.display()));
            }
        }
        Flow::Next
    }

    fn source(&mut self, source: &Arc<Source>, options: Options<'_>) -> Flow {
        let layout = Layout::everything();
        let read = ReadOptions { strict: true, places: true, ..ReadOptions::default() };
        let mut flow = Flow::Next;
        let mut rest = Arc::clone(source);
        loop {
            let result = yaml::documents(&rest, &layout, read, &mut |doc| {
                if let Some(root) = doc.root() {
                    flow = self.document(&Tree::of(&doc, root), source, options, false);
                }
                match flow {
                    Flow::Next => ControlFlow::Continue(doc.recycle()),
                    Flow::Drop(_) => ControlFlow::Break(()),
                }
            });
            // Kyverno reads on after a document that is no YAML.
            let Err(d) = result else { return flow };
            let line = d.primary.as_ref().map_or(0, |l| l.place.line);
            self.passed_over.push((source.name.clone(), words::not_yaml(&d)));
            self.warn(d, IGNORED);
            match after_line(&rest, line) {
                Some(next) => rest = next,
                None => return flow,
            }
        }
    }

    fn document(&mut self, tree: &Tree, source: &Arc<Source>, options: Options<'_>, listed: bool) -> Flow {
        let text = |key| tree.get(key).and_then(Tree::as_str).unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let here = |code, message: String| Diagnostic::new(code, message).at(Label::new(source, tree.place));
        match known(api_version, kind) {
            Known::Classic => return self.classic(tree, source, options, kind == "ClusterPolicy", listed),
            Known::List => {
                if let Some(Value::List(items)) = tree.get("items").map(|t| &t.value) {
                    for (i, item) in items.iter().enumerate() {
                        self.item(i, item, source, options);
                    }
                }
            }
            Known::Cleanup => return self.cleanup(tree, source, options, kind == "ClusterCleanupPolicy", listed),
            Known::Uncompiled => {
                let d = here(Code::UnknownPolicyKind, format!("`{kind}` of `{api_version}` is not compiled yet"));
                self.errors.push(d.help("kyvc compiles ClusterPolicy and Policy of kyverno.io/v1 and v2beta1"));
            }
            Known::Exception => return self.exception(tree, source, listed),
            Known::Companion => {}
            Known::Foreign if !listed => {
                let d = here(Code::UnknownPolicyKind, format!("expected a policy, found `{kind}` of `{api_version}`"));
                self.warn(d, DROPPED);
                return Flow::Drop(format!(
                    "policy type not supported {}",
                    words::group_version_kind(api_version, kind)
                ));
            }
            Known::Foreign | Known::Nothing => {
                if tree.value != Value::Null {
                    let what = if kind.is_empty() { "a document without `kind`".into() } else { format!("`{kind}`") };
                    self.warn(here(Code::UnknownPolicyKind, format!("expected a policy, found {what}")), IGNORED);
                    if !listed {
                        self.passed_over.push((source.name.clone(), words::no_policy(api_version, kind)));
                    }
                }
            }
        }
        Flow::Next
    }

    /// An item of a list.
    fn item(&mut self, number: usize, item: &Tree, source: &Arc<Source>, options: Options<'_>) {
        let text = |key| item.get(key).and_then(Tree::as_str).unwrap_or_default();
        let reason = if !matches!(item.value, Value::Map(_)) {
            Some(format!("List item {number} is not a valid object"))
        } else if matches!(known(text("apiVersion"), text("kind")), Known::Foreign | Known::Nothing | Known::List) {
            let what = words::group_version_kind(text("apiVersion"), text("kind"));
            Some(format!("failed to process List item {number}: policy type not supported {what}"))
        } else {
            None
        };
        self.passed_over.extend(reason.map(|reason| (source.name.clone(), reason)));
        self.document(item, source, options, true);
    }

    fn exception(&mut self, tree: &Tree, source: &Arc<Source>, listed: bool) -> Flow {
        let Err(reason) = exceptions::check(source, tree) else {
            self.exceptions.push(Exception { source: source.clone(), tree: tree.clone() });
            return Flow::Next;
        };
        let d = Diagnostic::new(Code::WrongType, format!("a policy exception that its schema refuses: {reason}"));
        let drops = !listed && words::is_unknown_field(&reason);
        self.warn(d.at(Label::new(source, tree.place)), if drops { DROPPED } else { IGNORED });
        if drops {
            return Flow::Drop(reason);
        }
        self.passed_over.push((source.name.clone(), reason));
        Flow::Next
    }

    /// A cleanup policy. Kyverno's command line takes all that their schema lets pass.
    fn cleanup(
        &mut self,
        tree: &Tree,
        source: &Arc<Source>,
        options: Options<'_>,
        cluster: bool,
        listed: bool,
    ) -> Flow {
        let problems = Problems::new(source.clone());
        let policy = Cleanup::read(tree, cluster, &problems);
        schema::check_cleanup(tree, &problems);
        let found = problems.into_inner();
        if found.iter().any(schema::is_unknown) {
            return self.unknown(found, listed);
        }
        let is_refused =
            |d: &Diagnostic| schema::is_refused_or_missing(d) && !validate::conditions::lacks_operator(&d.message);
        let refused: Vec<_> = found.into_iter().filter(is_refused).collect();
        if !refused.is_empty() {
            let kind = if cluster { "ClusterCleanupPolicy" } else { "CleanupPolicy" };
            self.passed_over.push((source.name.clone(), words::refused(kind, &policy.metadata.name, &refused)));
            refused.into_iter().for_each(|d| self.warn(d, IGNORED));
            return Flow::Next;
        }
        if options.leave_cleanup {
            return Flow::Next;
        }
        self.count += 1;
        self.rules += 1;
        // Kyverno: utils/common/fetch.go, for a cleanup policy it also looks at what is excluded.
        self.about(policy.matches.kinds().chain(policy.exclude.iter().flat_map(Match::kinds)));
        let problems = Problems::new(source.clone());
        let rule = lower::cleanup::rule(&policy, lower::Options { lenient: true }, &problems);
        let found = problems.into_inner();
        if found.iter().any(Diagnostic::is_error) {
            found.into_iter().for_each(|d| self.error(d));
        } else {
            self.warnings.extend(found);
            let policy = AnyPolicy::Cleanup(Box::new(policy));
            self.cleanups.push(Unit { policy, source: source.clone(), rules: vec![(rule, None)] });
        }
        Flow::Next
    }

    /// What Kyverno does with a document that has fields which its schema lacks.
    fn unknown(&mut self, found: Vec<Diagnostic>, listed: bool) -> Flow {
        let unknown: Vec<_> = found.into_iter().filter(schema::is_unknown).collect();
        let reason = words::unknown_fields(&unknown);
        unknown.into_iter().for_each(|d| self.warn(d, if listed { IGNORED } else { DROPPED }));
        if listed { Flow::Next } else { Flow::Drop(reason) }
    }

    fn classic(
        &mut self,
        tree: &Tree,
        source: &Arc<Source>,
        options: Options<'_>,
        cluster: bool,
        listed: bool,
    ) -> Flow {
        let problems = Problems::new(source.clone());
        let policy = Policy::read(tree, cluster, &problems);
        schema::check(tree, &problems);
        unchecked(&policy, tree, &problems);
        let (found, problems) = (problems.into_inner(), Problems::new(source.clone()));
        // The schema comes first: what it refuses, Kyverno never sees.
        if found.iter().any(schema::is_unknown) {
            return self.unknown(found, listed);
        }
        let is_refused = |d: &Diagnostic| schema::is_refused(d) && !validate::conditions::is_checked_here(&d.message);
        if found.iter().any(is_refused) {
            let refused: Vec<_> = found.into_iter().filter(is_refused).collect();
            // A policy without rules is one for Kyverno, and says nothing.
            if refused.iter().all(|d| d.code == Code::NoRules) && tree.get("spec").is_some() {
                self.count += 1;
            } else {
                let kind = if cluster { "ClusterPolicy" } else { "Policy" };
                self.passed_over.push((source.name.clone(), words::refused(kind, &policy.name, &refused)));
            }
            refused.into_iter().for_each(|d| self.warn(d, IGNORED));
            return Flow::Next;
        }
        let (missing, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|d| d.code == Code::NotCompiled);
        if !missing.is_empty() {
            // The policy's reader and the schema may both have seen it.
            for d in missing {
                self.error(d);
            }
            return Flow::Next;
        }
        let mut resolved = resolve::rules(&policy);
        self.count += 1;
        self.note_rules_without_kind(&policy, tree);
        let counted = counted(&policy, &resolved);
        self.rules += counted.len();
        counted.into_iter().for_each(|rule| self.about(rule.matches.kinds()));
        if let Err(refusal) = validate::check(&policy, tree, &resolved) {
            self.refused.push(refusal);
            return Flow::Next;
        }
        if let Some(mocks) = options.mocks {
            for r in &mut resolved {
                self.calls.take(&policy.name, &mut r.rule, mocks);
            }
        }
        let rules = resolved.into_iter();
        // Values may bind any name.
        let open = lower::Options { lenient: true };
        let rules: Vec<_> =
            rules.filter_map(|r| lower::rule(&policy, &r, open, &problems).map(|rule| (rule, Some(r)))).collect();
        // Anchors that mean nothing were refused just now. In rules that were not looked at they are plain keys.
        let lowering = problems.into_inner().into_iter().filter(|d| d.code != Code::BadAnchor);
        // What these lack is refused above, or said when the rule runs.
        let lacks = |d: &Diagnostic| [".mutate", ".generate", ".context["].iter().any(|part| d.message.contains(part));
        let others = others.into_iter().filter(|d| d.code != Code::MissingField || !lacks(d));
        let found: Vec<_> = others.chain(lowering).collect();
        if found.iter().any(Diagnostic::is_error) {
            found.into_iter().for_each(|d| self.error(d));
        } else {
            self.warnings.extend(found);
            let policy = AnyPolicy::Classic(policy);
            self.units.push(Unit { policy, source: source.clone(), rules });
        }
        Flow::Next
    }
}

impl Policies {
    fn note_rules_without_kind(&mut self, policy: &Policy, tree: &Tree) {
        let Some(Value::List(rules)) = tree.get("spec").and_then(|s| s.get("rules")).map(|t| &t.value) else { return };
        let rules = policy.spec.rules.iter().zip(rules);
        self.without_kind.extend(rules.filter_map(|(rule, tree)| {
            Some(WithoutKind {
                namespace: policy.namespace.clone().unwrap_or_default(),
                policy: policy.name.clone(),
                rule: rule.name.clone(),
                json: validate::generate::without_kind(tree)?,
            })
        }));
    }
}

/// What follows the document that a line is in; what was before keeps its lines.
fn after_line(source: &Arc<Source>, line: u32) -> Option<Arc<Source>> {
    let mut lines = source.text.lines().enumerate().skip(line as usize);
    let (at, _) = lines.find(|(_, l)| l.starts_with("---"))?;
    let rest = source.text.lines().skip(at + 1).collect::<Vec<_>>().join("\n");
    Some(Source::new(source.name.clone(), "\n".repeat(at + 1) + &rest + "\n"))
}

/// Reports rules that check something, and of which the reader has kept nothing: an empty `deny` always denies.
fn unchecked(policy: &Policy, tree: &Tree, problems: &Problems) {
    let Some(Value::List(rules)) = tree.get("spec").and_then(|s| s.get("rules")).map(|t| &t.value) else { return };
    for (rule, tree) in policy.spec.rules.iter().zip(rules) {
        let kept = rule.validate.as_ref().is_none_or(|v| v.check.is_some());
        let Some(Value::Map(members)) = tree.get("validate").map(|t| &t.value).filter(|_| !kept) else { continue };
        let other = |key: &str| ["deny", "podSecurity", "cel"].contains(&key);
        for m in members.iter().filter(|m| other(&m.key) && m.value.value != Value::Null) {
            problems.add(Code::NotCompiled, m.key_place, format!("`validate.{}` is not compiled yet", m.key));
        }
    }
}

/// The rules that Kyverno counts: those that it makes for controllers instead of those with such a name that it hides.
fn counted<'r>(policy: &'r Policy, resolved: &'r [resolve::ResolvedRule]) -> Vec<&'r Rule> {
    if !resolved.iter().any(|r| matches!(r.guard, Guard::Only(_))) {
        return policy.spec.rules.iter().collect();
    }
    resolved.iter().filter(|r| !matches!(r.guard, Guard::Unless(_))).map(|r| &r.rule).collect()
}
