//! Reviews of Kyverno's own kinds: policies, exceptions and entries of the global context.

use super::located::texts;
use crate::diag::Source;
use crate::engine::{CompileOptions, Operation, Parsed};
use crate::offline::validate::{self, Cluster};
use crate::policy::classic::Rule;
use crate::report::go_yaml3::to_yaml;
use crate::review::{Answer, Review};
use kyvc_vm::document::{Buffers, JsonError, JsonOptions, JsonWalk, Layout};
use std::sync::Arc;

/// Whether a policy can be taken.
///
/// Why Kyverno refuses it is said first, then what the compiler says.
pub(super) fn policy(body: &[u8], review: &Review<'_>, cluster: Option<Cluster<'_>>) -> Answer {
    let Some(source) = object(body, review) else { return Answer::default() };
    let mut parsed = Parsed::default();
    let options = CompileOptions { only_policies: true, server_conditions: true, ..CompileOptions::default() };
    parsed.read(std::slice::from_ref(&source), options);
    let compiled = parsed.compile();
    let (refusal, mut warnings) = validate::review(&source, cluster);
    warnings.extend(deprecated(&review.kind.name));
    let rules = compiled.units.iter().flat_map(|u| &u.rules).filter_map(|(_, r)| r.as_ref().map(|r| &r.rule));
    warnings.extend(rules.filter_map(not_run));
    let found = compiled.diagnostics;
    let (errors, others): (Vec<_>, Vec<_>) = found.iter().partition(|d| d.is_error());
    warnings.extend(others.iter().map(|d| d.one_line()));
    let found = (!errors.is_empty()).then(|| texts(&source, &errors));
    let reasons: Vec<String> = refusal.into_iter().chain(found).collect();
    let refusal = (!reasons.is_empty()).then(|| reasons.join("\n"));
    Answer { refusal, warnings, patch: None }
}

/// Why a rule as it is written does less here than it says.
pub fn not_run(rule: &Rule) -> Option<String> {
    let why = if rule.name.starts_with("autogen-") {
        return None;
    } else if rule.generate.is_some() {
        "generate is not run in the cluster yet"
    } else if rule.mutate.as_ref().is_some_and(|m| !m.targets.is_empty()) {
        "mutation of existing objects is not run in the cluster yet"
    } else if rule.verify_images.is_some() {
        "verifyImages asks no registry yet; only images that are marked as verified pass"
    } else {
        return None;
    };
    Some(format!("rule {}: {why}", rule.name))
}

/// Whether an exception can be taken. `namespace` is where exceptions count.
///
/// Kyverno: pkg/webhooks/exception/validate.go
pub(super) fn exception(body: &[u8], review: &Review<'_>, namespace: Option<&str>) -> Answer {
    let Some(source) = object(body, review) else { return Answer::default() };
    let mut warnings: Vec<String> = misplaced(&review.namespace, namespace).map(str::to_owned).into_iter().collect();
    warnings.extend(deprecated(&review.kind.name));
    let mut parsed = Parsed::default();
    parsed.read(std::slice::from_ref(&source), CompileOptions { only_policies: true, ..CompileOptions::default() });
    let errors: Vec<_> = parsed.diagnostics.iter().filter(|d| d.is_error()).collect();
    let refusal =
        validate::exception_refusal(&source).or_else(|| (!errors.is_empty()).then(|| texts(&source, &errors)));
    Answer { refusal, warnings, patch: None }
}

/// What Kyverno warns of where an exception does not count.
///
/// Kyverno: pkg/validation/exception/validate.go
fn misplaced(of: &str, namespace: Option<&str>) -> Option<&'static str> {
    match namespace {
        None => Some(DISABLED),
        Some("") => Some("The exceptionNamespace flag is not set"),
        Some("*") => None,
        Some(namespace) if namespace == of => None,
        Some(_) => Some("PolicyException resource namespace must match the defined namespace."),
    }
}

const DISABLED: &str = "PolicyException resources would not be processed until it is enabled.";

/// An exception of the policies that are written in CEL, which are not served yet: it can be stored, and lifts nothing.
///
/// Kyverno: pkg/webhooks/celexception/validate.go
pub(super) fn cel_exception(body: &[u8], review: &Review<'_>) -> Answer {
    let Some(source) = object(body, review) else { return Answer::default() };
    let refusal = validate::cel_exception_refusal(&source);
    Answer { refusal, warnings: vec![DISABLED.to_owned()], patch: None }
}

/// Whether an entry of the global context can be taken.
///
/// Kyverno: pkg/webhooks/globalcontext/validate.go
pub(super) fn global_context(body: &[u8], review: &Review<'_>) -> Answer {
    let refusal = object(body, review).and_then(|source| validate::global_context_refusal(&source));
    Answer { refusal, ..Answer::default() }
}

/// The object of a review as YAML, so that what is said of it has lines to point at. A deletion has none, and parts of
/// objects are not looked at.
fn object(body: &[u8], review: &Review<'_>) -> Option<Arc<Source>> {
    if review.operation == Operation::Delete || !review.subresource.is_empty() {
        return None;
    }
    let layout = Layout::everything();
    let mut object = None;
    let mut walk = JsonWalk::new(std::str::from_utf8(body).ok()?).ok()?;
    let walked = walk.members(|walk, key| match key {
        "request" => walk.members(|walk, key| {
            if key == "object" {
                object = Some(walk.document(&layout, Buffers::default(), JsonOptions::default())?);
            }
            Ok::<_, JsonError>(())
        }),
        _ => Ok(()),
    });
    walked.ok()?;
    let name = if review.name.is_empty() { &review.kind.name } else { &review.name };
    Some(Source::new(&**name, to_yaml(&object?)))
}

/// Kyverno: pkg/deprecations
fn deprecated(kind: &str) -> Option<String> {
    let instead = match kind {
        "ClusterPolicy" => "ValidatingPolicy, MutatingPolicy, GeneratingPolicy or ImageValidatingPolicy",
        "Policy" => {
            "NamespacedValidatingPolicy, NamespacedMutatingPolicy, NamespacedGeneratingPolicy or \
             NamespacedImageValidatingPolicy"
        }
        "ClusterCleanupPolicy" => "DeletingPolicy",
        "CleanupPolicy" => "NamespacedDeletingPolicy",
        "PolicyException" => "PolicyException",
        _ => return None,
    };
    Some(format!(
        "{kind} (kyverno.io) is deprecated and will be removed in a future release; migrate to {instead} \
         (policies.kyverno.io), see https://kyverno.io/docs/guides/migration-to-cel/"
    ))
}
