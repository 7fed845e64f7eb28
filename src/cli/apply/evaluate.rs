//! Asking the policies about the resources.

use super::values::{NamespaceLabels, Values};
use crate::diag::{Code, Diagnostic, Label, Source};
use crate::engine::{Engine, Operation, PolicySet, Request, RuleOverride, Status, User};
use crate::manifest;
use crate::policy::classic::Action;
use crate::report::openreports::Reference;
use crate::yaml::ReadOptions;
use kyvc_vm::document::{Buffers, Document, JsonOptions, Layout, read_json};
use kyvc_vm::scalar::Glob;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What a rule said.
#[derive(Debug)]
pub(super) struct Ruled {
    pub(super) rule: String,
    pub(super) status: Status,
    pub(super) message: String,
}

/// What the rules of one policy said of one resource. At least one of them applied.
#[derive(Debug)]
pub(super) struct Response {
    /// Number of the policy in its set
    pub(super) policy: usize,
    /// Number of the resource
    pub(super) resource: usize,
    pub(super) rules: Vec<Ruled>,
    /// Whether the policy only audits violations in the resource's namespace
    pub(super) audits: bool,
}

/// The resources, and what was said of them in their order.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) resources: Vec<Reference>,
    pub(super) responses: Vec<Response>,
}

/// What is asked, besides the resources.
#[derive(Clone, Copy)]
pub(super) struct Question<'q> {
    pub(super) set: &'q PolicySet,
    pub(super) values: &'q Values,
    pub(super) user: Option<&'q User>,
}

impl Question<'_> {
    /// Reads the resources of all sources and asks about each. Several sources are read at a time.
    pub(super) fn ask(&self, sources: &[Arc<Source>]) -> Result<Outcome, Vec<Diagnostic>> {
        let parts: Vec<_> =
            sources.par_iter().map_init(Engine::default, |engine, source| self.source(engine, source)).collect();
        let mut all = Outcome::default();
        for part in parts {
            let (mut part, problems) = part;
            // Kyverno stops at the first object that is none.
            if problems.iter().any(Diagnostic::is_error) {
                return Err(problems);
            }
            let first = all.resources.len();
            all.resources.append(&mut part.resources);
            all.responses.extend(part.responses.into_iter().map(|r| Response { resource: r.resource + first, ..r }));
        }
        Ok(all)
    }

    fn source(&self, engine: &mut Engine, source: &Arc<Source>) -> (Outcome, Vec<Diagnostic>) {
        let mut out = Outcome::default();
        let mut unversioned = Vec::new();
        // Where an object stands is wanted for the errors only, and so are places.
        let options = ReadOptions { places: true, ..ReadOptions::resource() };
        let mut problems = manifest::read(source, self.set.program().layout(), options, &mut |doc| {
            let reference = reference(doc);
            if reference.api_version.is_empty() {
                let place = doc.root().map(|r| doc.place(r)).unwrap_or_default();
                let d = Diagnostic::new(Code::MissingField, "an object without `apiVersion`");
                unversioned.push(d.at(Label::new(source, place)));
            }
            let number = out.resources.len();
            self.resource(engine, doc, &reference, number, &mut out.responses);
            out.resources.push(reference);
            ControlFlow::Continue(())
        });
        problems.append(&mut unversioned);
        (out, problems)
    }

    fn resource(
        &self,
        engine: &mut Engine,
        object: &Document<'_>,
        reference: &Reference,
        number: usize,
        out: &mut Vec<Response>,
    ) {
        let labels = self.values.labels(&reference.namespace);
        let json = labels.and_then(|l| serde_json::to_string(&l.0).ok());
        // The set's layout is one of objects, and passes over what no object has at its top.
        let layout = Layout::everything();
        let namespace_labels =
            json.as_ref().and_then(|text| read_json(text, &layout, Buffers::default(), JsonOptions::default()).ok());
        let policies = self.set.policies();
        let operations: Vec<Operation> =
            policies.iter().map(|p| self.values.operation(&p.name, &reference.name)).collect();
        let mut said: Vec<(usize, Vec<Ruled>)> = Vec::new();
        for operation in [Operation::Create, Operation::Update, Operation::Delete, Operation::Connect] {
            if !operations.contains(&operation) {
                continue;
            }
            let request = Request {
                object,
                operation,
                user: self.user,
                namespace_labels: namespace_labels.as_ref(),
                subresource: "",
            };
            engine.check(self.set, &request, |verdict| {
                let policy = verdict.info.policy;
                if operations.get(policy) != Some(&operation) {
                    return;
                }
                let ruled =
                    Ruled { rule: verdict.info.name.clone(), status: verdict.status, message: verdict.message() };
                match said.last_mut() {
                    Some((last, rules)) if *last == policy => rules.push(ruled),
                    _ => said.push((policy, vec![ruled])),
                }
            });
        }
        said.sort_by_key(|(policy, _)| *policy);
        out.extend(said.into_iter().map(|(policy, rules)| {
            let audits = action(self.set, policy, &reference.namespace, labels) == Action::Audit;
            Response { policy, resource: number, rules, audits }
        }));
    }
}

/// What identifies an object.
fn reference(doc: &Document<'_>) -> Reference {
    let root = doc.root();
    let metadata = root.and_then(|r| doc.get_str(r, "metadata"));
    let text = |map: Option<_>, key| {
        let node = map.and_then(|m| doc.get_str(m, key));
        node.and_then(|n| doc.as_str(n)).unwrap_or_default().to_owned()
    };
    Reference {
        kind: text(root, "kind"),
        namespace: text(metadata, "namespace"),
        name: text(metadata, "name"),
        uid: text(metadata, "uid"),
        api_version: text(root, "apiVersion"),
        resource_version: text(metadata, "resourceVersion"),
    }
}

/// The one action that Kyverno gives a whole policy: that of its first rule with one of its own, else the policy's.
fn action(set: &PolicySet, policy: usize, namespace: &str, labels: Option<&NamespaceLabels>) -> Action {
    let none = NamespaceLabels::default();
    let labels = labels.unwrap_or(&none);
    let matching = |overrides: &[RuleOverride]| {
        let hit = |o: &&RuleOverride| {
            let named = o.namespaces.is_empty() || o.namespaces.iter().any(|n| Glob::new(n).matches(namespace));
            named && o.selector.as_ref().is_none_or(|s| s.matches(labels))
        };
        overrides.iter().find(hit).map(|o| o.action)
    };
    let rules = set.rules().iter().filter(|r| r.policy == policy);
    let own = rules.filter_map(|r| matching(&r.overrides).or(r.action)).next();
    let whole = || set.policies().get(policy).map(|p| matching(&p.overrides).unwrap_or(p.action));
    own.or_else(whole).unwrap_or_default()
}
