//! From sources to a policy set.

use super::index::{Kinds, kinds_of};
use super::set::{CheckKind, Paths, PolicyInfo, PolicySet, RuleInfo, RuleOverride, Severity, Standard};
use crate::codegen::Linker;
use crate::diag::{self, Code, Diagnostic, Label, Source};
use crate::ir;
use crate::lower;
use crate::policy::beta;
use crate::policy::classic::{Override, Policy, Rule};
use crate::policy::exception::Exception;
use crate::policy::fields::Problems;
use crate::policy::kinds;
use crate::policy::tree::{Tree, Value};
use crate::resolve;
use crate::yaml::{self, ReadOptions};
use kyvc_vm::disasm::disassemble;
use kyvc_vm::document::Layout;
use kyvc_vm::program::Program;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A policy as it was read, and its rules as they were lowered.
#[derive(Debug)]
pub struct Unit {
    /// The policy
    pub policy: Policy,
    /// Where it came from
    pub source: Arc<Source>,
    /// The rules that were lowered, generated ones included
    pub rules: Vec<(ir::Rule, resolve::ResolvedRule)>,
}

/// Policy exceptions as they were read.
#[derive(Debug, Default)]
pub struct Exceptions(Vec<(Exception, Problems)>);

impl Exceptions {
    /// Adds an exception as it is written. One with errors is left out.
    pub fn add(&mut self, tree: &Tree, source: &Arc<Source>, diagnostics: &mut Vec<Diagnostic>) {
        let problems = Problems::new(source.clone());
        let exception = Exception::read(tree, &problems);
        if problems.any_error() {
            diagnostics.extend(problems.into_inner());
        } else {
            self.0.push((exception, problems));
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds to the rules of policies the exceptions that are about them.
    pub fn attach(self, units: &mut [Unit], diagnostics: &mut Vec<Diagnostic>) {
        for unit in units {
            for (rule, _) in &mut unit.rules {
                lower::exception::attach(rule, &unit.policy, &unit.source, self.0.iter().map(|(e, p)| (e, p)));
            }
        }
        diagnostics.extend(self.0.into_iter().flat_map(|(_, problems)| problems.into_inner()));
    }
}

/// What compiling gives: a set of all policies without errors, and what is to be said about the others.
#[derive(Debug)]
pub struct Compiled {
    /// The set
    pub set: PolicySet,
    /// The policies, in order
    pub units: Vec<Unit>,
    /// Errors and warnings
    pub diagnostics: Vec<Diagnostic>,
}

/// How policies are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct CompileOptions {
    /// Refuse documents that are no policies; otherwise they are passed over.
    pub only_policies: bool,
    /// Let the later of two equal keys win, as Kyverno's CLI does; otherwise they are errors.
    pub lenient: bool,
    /// Leave names that nothing binds to the host; otherwise they are errors.
    pub open_names: bool,
}

/// Compiles every policy of the sources. A policy with an error is left out, and the others are compiled.
pub fn compile_sources(sources: &[Arc<Source>], options: CompileOptions) -> Compiled {
    let mut parsed = Parsed::default();
    parsed.read(sources, options);
    parsed.compile()
}

/// Policies and exceptions that were read, before they are put together.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The policies
    pub units: Vec<Unit>,
    /// The exceptions
    pub exceptions: Exceptions,
    /// Errors and warnings
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Reads more sources.
    pub fn read(&mut self, sources: &[Arc<Source>], options: CompileOptions) {
        for source in sources {
            let Self { units, exceptions, diagnostics } = self;
            read(source, options, &mut Found { units, exceptions, out: diagnostics });
        }
    }

    /// Compiles all that was read.
    pub fn compile(self) -> Compiled {
        let Self { mut units, exceptions, mut diagnostics } = self;
        exceptions.attach(&mut units, &mut diagnostics);
        compile(units, diagnostics)
    }
}

/// Where what is read goes.
struct Found<'f> {
    units: &'f mut Vec<Unit>,
    exceptions: &'f mut Exceptions,
    out: &'f mut Vec<Diagnostic>,
}

fn read(source: &Arc<Source>, options: CompileOptions, found: &mut Found<'_>) {
    let layout = Layout::everything();
    let read = ReadOptions { strict: !options.lenient, places: true, ..ReadOptions::default() };
    let result = yaml::documents(source, &layout, read, &mut |doc| {
        if let Some(root) = doc.root() {
            top(&Tree::of(&doc, root), source, options, found);
        }
        ControlFlow::Continue(doc.recycle())
    });
    if let Err(d) = result {
        found.out.push(d);
    }
}

/// A document, or the items of a list.
fn top(tree: &Tree, source: &Arc<Source>, options: CompileOptions, found: &mut Found<'_>) {
    let text = |key| tree.get(key).and_then(Tree::as_str).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    if let ("List", Some(Value::List(items))) = (kind, tree.get("items").map(|t| &t.value)) {
        for item in items {
            top(item, source, options, found);
        }
        return;
    }
    let problems = Problems::new(source.clone());
    match (api_version, kind) {
        ("kyverno.io/v1" | "kyverno.io/v2beta1", "ClusterPolicy" | "Policy") => {
            let policy = Policy::read(tree, kind == "ClusterPolicy", &problems);
            if api_version == "kyverno.io/v2beta1" {
                beta::check(tree, &problems);
            }
            let rules: Vec<_> =
                if problems.any_error() { Vec::new() } else { lower_rules(&policy, options, &problems) };
            let failed = problems.any_error();
            found.out.extend(problems.into_inner());
            if !failed {
                found.units.push(Unit { policy, source: source.clone(), rules });
            }
        }
        ("kyverno.io/v2" | "kyverno.io/v2beta1", "PolicyException") => found.exceptions.add(tree, source, found.out),
        _ => {
            if let Some((message, help)) = kinds::not_compiled(api_version, kind) {
                problems.add_with(Code::UnknownPolicyKind, tree.place, message, Some(help));
            } else if options.only_policies && tree.value != Value::Null {
                let what = if kind.is_empty() { "a document without `kind`".to_owned() } else { format!("`{kind}`") };
                problems.add(Code::UnknownPolicyKind, tree.place, format!("expected a policy, found {what}"));
            }
            found.out.extend(problems.into_inner());
        }
    }
}

fn lower_rules(
    policy: &Policy,
    options: CompileOptions,
    problems: &Problems,
) -> Vec<(ir::Rule, resolve::ResolvedRule)> {
    let rules = resolve::rules(policy).into_iter();
    let options = lower::Options { lenient: options.open_names };
    rules.filter_map(|r| lower::rule(policy, &r, options, problems).map(|rule| (rule, r))).collect()
}

/// Generates code for policies that were read and lowered.
pub fn compile(units: Vec<Unit>, mut diagnostics: Vec<Diagnostic>) -> Compiled {
    let mut linker = Linker::default();
    let paths = Paths::add(linker.layout());
    let (mut policies, mut rules) = (Vec::new(), Vec::new());
    for unit in &units {
        let number = policies.len();
        policies.push(policy_info(unit));
        for (rule, resolved) in &unit.rules {
            match linker.rule(rule) {
                Ok(code) => rules.push(RuleInfo {
                    policy: number,
                    name: rule.name.clone(),
                    message: message_of(resolved),
                    check: match rule.body {
                        ir::Body::Pattern(_) => CheckKind::Pattern,
                        ir::Body::AnyPattern(_) => CheckKind::AnyPattern,
                        ir::Body::Deny(_) => CheckKind::Deny,
                        ir::Body::ForEach(_) => CheckKind::ForEach,
                        ir::Body::Broken(_) => CheckKind::Pattern,
                        ir::Body::Mutate(_) => CheckKind::Mutate,
                        ir::Body::Generate(_) => CheckKind::Generate,
                        ir::Body::PodSecurity(_) => CheckKind::PodSecurity,
                    },
                    action: resolved.rule.validate.as_ref().and_then(|v| v.action),
                    overrides: resolved.rule.validate.as_ref().map_or(Vec::new(), |v| overrides(&v.overrides)),
                    allow_existing: allows_existing(&resolved.rule),
                    pod_security: standard(rule),
                    synchronize: resolved.rule.generate.as_ref().is_some_and(|g| g.synchronize),
                    kinds: kinds(rule),
                    code,
                    place: rule.place,
                }),
                Err(e) => diagnostics.push(
                    Diagnostic::new(Code::ProgramTooLarge, format!("rule `{}`: {e}", rule.name))
                        .at(Label::new(&unit.source, rule.place)),
                ),
            }
        }
    }
    let program = linker.finish().unwrap_or_else(|e| {
        // A bug of ours; the set is then empty rather than wrong.
        diagnostics.push(Diagnostic::new(Code::ProgramTooLarge, format!("generated code was refused: {e}")));
        (policies, rules) = (Vec::new(), Vec::new());
        Program::empty()
    });
    diag::sort(&mut diagnostics);
    Compiled { set: PolicySet::new(program, policies, rules, paths), units, diagnostics }
}

/// The kinds that a rule has something to say of, where they are all known: its exceptions say something of others where
/// they come first.
fn kinds(rule: &ir::Rule) -> Kinds {
    let other = matches!(rule.body, ir::Body::Generate(_)) && !rule.exceptions.is_empty();
    if other { None } else { kinds_of(&rule.matches) }
}

fn standard(rule: &ir::Rule) -> Option<Box<Standard>> {
    let ir::Body::PodSecurity(standard) = &rule.body else { return None };
    let exceptions = rule.exceptions.iter().map(|e| (e.key.clone(), e.pod_security.clone())).collect();
    Some(Box::new(Standard { rule: (**standard).clone(), exceptions }))
}

/// Whether an update may keep a violation.
///
/// Kyverno: pkg/engine/handlers/validation/utils.go, preconditions of the old object are read in a form that they do not
/// have, so that a rule with preconditions never is about it.
fn allows_existing(rule: &Rule) -> bool {
    rule.preconditions.is_none() && rule.validate.as_ref().is_some_and(|v| v.allow_existing)
}

fn message_of(resolved: &resolve::ResolvedRule) -> String {
    let message = resolved.rule.validate.as_ref().and_then(|v| v.message.as_ref());
    message.map(|m| m.text.clone()).unwrap_or_default()
}

fn overrides(list: &[Override]) -> Vec<RuleOverride> {
    list.iter()
        .map(|o| RuleOverride {
            action: o.action,
            namespaces: o.namespaces.clone(),
            selector: o.selector.as_ref().map(lower::matches::selector),
        })
        .collect()
}

fn policy_info(unit: &Unit) -> PolicyInfo {
    let policy = &unit.policy;
    let note = |key| policy.annotation(key).unwrap_or_default();
    let severity = note("policies.kyverno.io/severity");
    let generated = unit.rules.iter().filter(|(_, r)| matches!(r.guard, resolve::Guard::Only(_))).count();
    let hidden = unit.rules.iter().filter(|(_, r)| matches!(r.guard, resolve::Guard::Unless(_))).count();
    PolicyInfo {
        name: policy.name.clone(),
        namespace: policy.namespace.clone(),
        category: note("policies.kyverno.io/category").to_owned(),
        severity: Severity::ALL.into_iter().find(|s| s.name() == severity),
        scored: note("policies.kyverno.io/scored") != "false",
        apply_one: policy.spec.apply_one,
        action: policy.spec.action,
        overrides: overrides(&policy.spec.overrides),
        emit_warning: policy.spec.emit_warning,
        rule_count: if generated > 0 { unit.rules.len() - hidden } else { policy.spec.rules.len() },
        source: unit.source.name.clone(),
        place: policy.place,
    }
}

/// The program of a set as assembly, under the lines of the policies it came from.
pub fn assembly(set: &PolicySet, units: &[Unit]) -> String {
    // Units of code are named `policy/rule`.
    // Of policies with one name the first.
    let sources: HashMap<&str, &Source> = units.iter().rev().map(|u| (&*u.policy.name, &*u.source)).collect();
    disassemble(set.program(), &|unit, place| {
        let policy = unit.split('/').next()?;
        sources.get(policy).filter(|_| place.line > 0).map(|source| source.line(place.line).to_owned())
    })
}
