//! Asking the policies about the resources.

use super::cluster::{Cluster, split};
use super::known::Known;
use super::values::{NamespaceLabels, Values, merge};
use crate::diag::{Code, Diagnostic, Label, Source};
use crate::engine::query::evaluate;
use crate::engine::{Engine, Operation, PolicySet, Request, RuleOverride, Status, User};
use crate::manifest;
use crate::policy::classic::Action;
use crate::report::openreports::Reference;
use crate::yaml::{self, ReadOptions};
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
    /// The resources as an API server gives them, where a policy asks for them
    pub(super) cluster: Option<&'q Cluster>,
}

/// Reads all resources as an API server would give them. Problems are reported when they are read for the policies.
///
/// # Errors
/// Says which entry of the global context makes no sense.
pub(super) fn cluster(sources: &[Arc<Source>]) -> Result<Cluster, String> {
    let layout = Layout::everything();
    let mut objects = Vec::new();
    for source in sources {
        manifest::read(source, &layout, ReadOptions::resource(), &mut |doc| {
            if let Some(object) = doc.root().and_then(|root| serde_json::from_str(&yaml::go_json(doc, root)).ok()) {
                objects.push(object);
            }
            ControlFlow::Continue(())
        });
    }
    let (objects, entries) = split(objects);
    let mut cluster = Cluster::default();
    objects.into_iter().for_each(|o| cluster.add(o));
    let query = |expression: &str, input: &str| evaluate(expression, input, false);
    cluster.add_global_entries(&entries, &query)?;
    Ok(cluster)
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
            // Entries of the global context are no resources that policies are asked about.
            if reference.kind == "GlobalContextEntry" && reference.api_version.starts_with("kyverno.io/") {
                return ControlFlow::Continue(());
            }
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
        let mut said: Vec<(usize, Vec<Ruled>)> = Vec::new();
        for group in self.groups(reference) {
            let known = Known::new(self, reference, group.operation.1, &group.given);
            // Values may be parts of the object.
            let texts = [known.object(object), known.old_object(object)];
            let [changed, old] = texts.each_ref().map(|text| {
                let text = text.as_ref()?;
                read_json(text, self.set.program().layout(), Buffers::default(), JsonOptions::default()).ok()
            });
            let request = Request {
                object: changed.as_ref().unwrap_or(object),
                old: old.as_ref().or(changed.as_ref().map(|_| object)),
                operation: group.operation.0,
                user: self.user,
                namespace_labels: namespace_labels.as_ref(),
                subresource: "",
                rest: Some(&known.request),
            };
            let asked = |policy: usize| group.policies.contains(&policy);
            engine.check_with(self.set, &request, &known, asked, |verdict| {
                let policy = verdict.info.policy;
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

    /// The policies that are asked with the same values about a resource.
    fn groups<'g>(&'g self, reference: &'g Reference) -> Vec<Group<'g>> {
        let mut groups: Vec<Group<'g>> = Vec::new();
        for (number, policy) in self.set.policies().iter().enumerate() {
            let operation = self.values.operation(&policy.name, &reference.name);
            let mut given = self.values.tree(&policy.name, &reference.name);
            for rule in self.values.rules_of(&policy.name) {
                // Kyverno binds what is about the request for its rule only, and no two of them differ.
                let mut own = serde_json::Map::new();
                self.values.bind_rule(&policy.name, rule, &mut own);
                if let Some(request) = own.remove("request") {
                    merge(&mut given, "request".to_owned(), request);
                }
            }
            match groups.iter_mut().find(|g| g.operation == operation && g.given == given) {
                Some(group) => group.policies.push(number),
                None => groups.push(Group { operation, given, policies: vec![number] }),
            }
        }
        groups
    }
}

/// Policies that are asked the same about a resource.
struct Group<'g> {
    /// The operation, and what variables see of it
    operation: (Operation, &'g str),
    given: serde_json::Map<String, serde_json::Value>,
    policies: Vec<usize>,
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
