//! Reading sources: policies of all kinds and exceptions, one document after the other.

use super::compile::{Compiled, Unit, compile};
use crate::diag::{Code, Diagnostic, Source};
use crate::ir;
use crate::lower;
use crate::policy::any::AnyPolicy;
use crate::policy::beta;
use crate::policy::classic::Policy;
use crate::policy::cleanup::Cleanup;
use crate::policy::exception::Exception;
use crate::policy::fields::{Problems, not_compiled};
use crate::policy::kinds;
use crate::policy::tree::{Tree, Value};
use crate::resolve;
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::Layout;
use std::ops::ControlFlow;
use std::sync::Arc;

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
            let Some(policy) = unit.policy.classic() else { continue };
            for (rule, _) in &mut unit.rules {
                lower::exception::attach(rule, policy, &unit.source, self.0.iter().map(|(e, p)| (e, p)));
            }
        }
        diagnostics.extend(self.0.into_iter().flat_map(|(_, problems)| problems.into_inner()));
    }
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
    /// Leave the conditions of webhooks to the API server that asks these; otherwise policies with some are refused.
    pub server_conditions: bool,
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
            if let Some(place) = policy.spec.match_conditions.filter(|_| !options.server_conditions) {
                not_compiled(&problems, "spec.webhookConfiguration.matchConditions", place);
            }
            let rules: Vec<_> =
                if problems.any_error() { Vec::new() } else { lower_rules(&policy, options, &problems) };
            let failed = problems.any_error();
            found.out.extend(problems.into_inner());
            if !failed {
                let policy = AnyPolicy::Classic(policy);
                found.units.push(Unit { policy, source: source.clone(), rules });
            }
        }
        ("kyverno.io/v2" | "kyverno.io/v2beta1", "ClusterCleanupPolicy" | "CleanupPolicy") => {
            let policy = Cleanup::read(tree, kind == "ClusterCleanupPolicy", &problems);
            policy.check(&problems);
            let rule = (!problems.any_error()).then(|| {
                let options = lower::Options { lenient: options.open_names };
                lower::cleanup::rule(&policy, options, &problems)
            });
            let failed = problems.any_error();
            found.out.extend(problems.into_inner());
            if let Some(rule) = rule.filter(|_| !failed) {
                let policy = AnyPolicy::Cleanup(Box::new(policy));
                found.units.push(Unit { policy, source: source.clone(), rules: vec![(rule, None)] });
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
) -> Vec<(ir::Rule, Option<resolve::ResolvedRule>)> {
    let rules = resolve::rules(policy).into_iter();
    let options = lower::Options { lenient: options.open_names };
    rules.filter_map(|r| lower::rule(policy, &r, options, problems).map(|rule| (rule, Some(r)))).collect()
}
