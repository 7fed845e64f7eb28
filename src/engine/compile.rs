//! From policies that were read and lowered to a policy set.

use super::index::About;
use super::reads::Reads;
use super::set::{CheckKind, Paths, PolicyInfo, PolicyKind, PolicySet, RuleInfo, RuleOverride, Severity, Standard};
use super::uses;
use crate::codegen::{self, CompiledRule, Linker};
use crate::diag::{self, Code, Diagnostic, Label, Source};
use crate::ir;
use crate::lower;
use crate::policy::any::AnyPolicy;
use crate::policy::classic::{Override, Rule};
use crate::policy::tree::Value;
use crate::resolve::{self, Guard};
use kyvc_vm::disasm::disassemble;
use kyvc_vm::program::Program;
use std::collections::HashMap;
use std::sync::Arc;

/// A policy as it was read, and its rules as they were lowered.
#[derive(Debug)]
pub struct Unit {
    /// The policy
    pub policy: AnyPolicy,
    /// Where it came from
    pub source: Arc<Source>,
    /// The rules that were lowered, generated ones included, with what they were lowered from in a classic policy
    pub rules: Vec<(ir::Rule, Option<resolve::ResolvedRule>)>,
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

/// Generates code for policies that were read and lowered.
pub fn compile(units: Vec<Unit>, mut diagnostics: Vec<Diagnostic>) -> Compiled {
    let mut linker = Linker::default();
    let paths = Paths::add(linker.layout());
    let (mut policies, mut rules) = (Vec::new(), Vec::new());
    for unit in &units {
        let number = policies.len();
        policies.push(policy_info(unit));
        for (rule, resolved) in &unit.rules {
            let about = if codegen::is_plain() { About::default() } else { about(rule) };
            linker.layout().part(about.concern(uses::of(rule)));
            let before = linker.code().len();
            match linker.rule(rule) {
                Ok(code) => {
                    let mut info = rule_info(number, rule, resolved.as_ref(), about, code);
                    let own = linker.code().get(before..).unwrap_or_default();
                    info.reads = Reads::of(own, info.check, info.allow_existing);
                    linker.layout().mark(info.reads.marks());
                    rules.push(info);
                }
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

/// What is known of a rule. `resolved` is what it is in a classic policy.
fn rule_info(
    policy: usize,
    rule: &ir::Rule,
    resolved: Option<&resolve::ResolvedRule>,
    about: About,
    code: CompiledRule,
) -> RuleInfo {
    let written = resolved.map(|r| &r.rule);
    let validate = written.and_then(|r| r.validate.as_ref());
    RuleInfo {
        policy,
        name: rule.name.clone(),
        message: validate.and_then(|v| v.message.as_ref()).map(|m| m.text.clone()).unwrap_or_default(),
        check: match rule.body {
            ir::Body::Pattern(_) | ir::Body::Broken(_) => CheckKind::Pattern,
            ir::Body::AnyPattern(_) => CheckKind::AnyPattern,
            ir::Body::Deny(_) => CheckKind::Deny,
            ir::Body::ForEach(_) => CheckKind::ForEach,
            ir::Body::Mutate(_) => CheckKind::Mutate,
            ir::Body::Generate(_) => CheckKind::Generate,
            ir::Body::PodSecurity(_) => CheckKind::PodSecurity,
            ir::Body::Cleanup(_) => CheckKind::Cleanup,
            ir::Body::VerifyImages(_) => CheckKind::VerifyImages,
            ir::Body::Manifests(_) => CheckKind::Manifests,
        },
        action: validate.and_then(|v| v.action),
        overrides: validate.map_or(Vec::new(), |v| overrides(&v.overrides)),
        allow_existing: written.is_some_and(allows_existing),
        properties: written.map(properties).unwrap_or_default(),
        images: match &rule.body {
            ir::Body::VerifyImages(v) => Some(Box::new(v.rule.clone())),
            _ => None,
        },
        manifests: match &rule.body {
            ir::Body::Manifests(json) => Some(json.as_str().into()),
            _ => None,
        },
        pod_security: standard(rule),
        hidden: resolved.is_some_and(|r| matches!(r.guard, Guard::Unless(_))),
        synchronize: written.and_then(|r| r.generate.as_ref()).is_some_and(|g| g.synchronize),
        about,
        reads: Reads::default(),
        code,
        place: rule.place,
    }
}

/// What a rule has something to say of, where that is known: its exceptions say something of other objects where they come
/// first.
fn about(rule: &ir::Rule) -> About {
    let other = matches!(rule.body, ir::Body::Generate(_)) && !rule.exceptions.is_empty();
    if other { About::default() } else { About::of(&rule.matches) }
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

fn properties(rule: &Rule) -> Vec<(String, String)> {
    let Some(Value::Map(members)) = rule.report_properties.as_ref().map(|t| &t.value) else { return Vec::new() };
    members.iter().map(|m| (m.key.clone(), m.value.as_str().unwrap_or_default().to_owned())).collect()
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
    let info = PolicyInfo {
        name: policy.name().to_owned(),
        category: note("policies.kyverno.io/category").to_owned(),
        severity: Severity::ALL.into_iter().find(|s| s.name() == severity),
        scored: note("policies.kyverno.io/scored") != "false",
        source: unit.source.name.clone(),
        place: policy.place(),
        ..PolicyInfo::default()
    };
    match policy {
        AnyPolicy::Classic(policy) => {
            let guarded = |hit: fn(&Guard) -> bool| {
                unit.rules.iter().filter(|(_, r)| r.as_ref().is_some_and(|r| hit(&r.guard))).count()
            };
            let generated = guarded(|g| matches!(g, Guard::Only(_)));
            let hidden = guarded(|g| matches!(g, Guard::Unless(_)));
            let spec = &policy.spec;
            PolicyInfo {
                kind: PolicyKind::Classic,
                namespace: policy.namespace.clone(),
                apply_one: spec.apply_one,
                action: spec.action,
                overrides: overrides(&spec.overrides),
                emit_warning: spec.emit_warning,
                ignore_failures: spec.ignore_failures,
                admission: spec.admission,
                background: spec.background,
                rule_count: if generated > 0 { unit.rules.len() - hidden } else { spec.rules.len() },
                ..info
            }
        }
        AnyPolicy::Cleanup(policy) => PolicyInfo {
            kind: PolicyKind::Cleanup,
            namespace: policy.metadata.namespace.clone(),
            rule_count: 1,
            ..info
        },
    }
}

/// The program of a set as assembly, under the lines of the policies it came from.
pub fn assembly(set: &PolicySet, units: &[Unit]) -> String {
    // Units of code are named `policy/rule`.
    // Of policies with one name the first.
    let sources: HashMap<&str, &Source> = units.iter().rev().map(|u| (u.policy.name(), &*u.source)).collect();
    disassemble(set.program(), &|unit, place| {
        let policy = unit.split('/').next()?;
        sources.get(policy).filter(|_| place.line > 0).map(|source| source.line(place.line).to_owned())
    })
}
