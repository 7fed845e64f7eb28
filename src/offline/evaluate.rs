//! Asking the policies about the resources.

use super::cluster::{Cluster, split};
use super::globals::Globals;
use super::known::Known;
use super::mocks::{Calls, Mocks};
use super::outcome::{Does, Outcome, Response, Ruled};
use super::resources::{reference, unversioned};
use super::values::{NamespaceLabels, Part, Values, merge};
use crate::diag::{Diagnostic, Source};
use crate::engine::probe::evaluate;
use crate::engine::{Engine, Operation, PolicySet, Request, RuleOverride, Status, User};
use crate::manifest;
use crate::policy::classic::Action;
use crate::report::openreports::Reference;
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::{Buffers, Document, JsonOptions, Layout, read_json};
use kyvc_vm::scalar::Glob;
use kyvc_vm::selector::ResourceKind;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What is asked, besides the resources.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    /// The policies
    pub set: &'q PolicySet,
    /// Values of variables, labels of namespaces
    pub values: &'q Values,
    /// Who makes the requests
    pub user: Option<&'q User>,
    /// The resources as an API server gives them, where policies may ask for them
    pub cluster: Option<&'q Cluster>,
    /// Whether it also gives them ConfigMaps, and every namespace has to be there
    pub serves_config_maps: bool,
    /// Answers to calls of APIs
    pub mocks: Option<&'q Mocks>,
    /// What these answer, by policy and rule
    pub calls: Option<&'q Calls>,
    /// Entries of the global context
    pub globals: Option<&'q Globals>,
    /// Whether what no rule says anything of is a response too
    pub keeps_silence: bool,
}

/// Reads all resources as an API server would give them. Problems are reported when they are read for the policies.
///
/// # Errors
/// Says which entry of the global context makes no sense.
pub fn cluster(sources: &[Arc<Source>]) -> Result<Cluster, String> {
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

/// Who is asked about one resource, and as what.
struct Asked<'a> {
    object: &'a Document<'a>,
    reference: &'a Reference,
    labels: Option<&'a Document<'a>>,
    part: Option<&'a Part>,
    operation: Option<Operation>,
}

impl<'q> Question<'q> {
    /// A question about policies with nothing around them but values.
    pub fn new(set: &'q PolicySet, values: &'q Values) -> Self {
        Self {
            set,
            values,
            user: None,
            cluster: None,
            serves_config_maps: false,
            mocks: None,
            calls: None,
            globals: None,
            keeps_silence: false,
        }
    }

    /// Reads the resources of all sources and asks about each. Several sources are read at a time.
    ///
    /// # Errors
    /// What is wrong with the resources.
    pub fn ask(&self, sources: &[Arc<Source>]) -> Result<Outcome, Vec<Diagnostic>> {
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
        let mut more = Vec::new();
        // Where an object stands is wanted for the errors only, and so are places.
        let options = ReadOptions { places: true, ..ReadOptions::resource() };
        let mut problems = manifest::read(source, self.set.program().layout(), options, &mut |doc| {
            let reference = reference(doc);
            // Entries of the global context are no resources that policies are asked about.
            if reference.kind == "GlobalContextEntry" && reference.api_version.starts_with("kyverno.io/") {
                return ControlFlow::Continue(());
            }
            more.extend(unversioned(&reference, doc, source));
            let number = out.resources.len();
            // Only a cluster misses namespaces.
            let _ = self.resource(engine, doc, &reference, number, None, &mut out.responses);
            out.resources.push(reference);
            ControlFlow::Continue(())
        });
        problems.append(&mut more);
        (out, problems)
    }

    /// Asks about one resource, for one operation or for the one that the values say.
    ///
    /// # Errors
    /// Why nothing can be asked, in Kyverno's words.
    pub fn resource(
        &self,
        engine: &mut Engine,
        object: &Document<'_>,
        reference: &Reference,
        number: usize,
        operation: Option<Operation>,
        out: &mut Vec<Response>,
    ) -> Result<(), String> {
        let labels = self.values.labels(&reference.namespace);
        let json = self.namespace_labels(reference, labels)?;
        // The set's layout is one of objects, and passes over what no object has at its top.
        let layout = Layout::everything();
        let document =
            json.as_ref().and_then(|text| read_json(text, &layout, Buffers::default(), JsonOptions::default()).ok());
        // Kyverno: a cluster knows its own subresources.
        let kind = ResourceKind::of(&reference.api_version, &reference.kind);
        let part = if self.serves_config_maps { None } else { self.values.part(kind.group, kind.version, kind.kind) };
        let asked = Asked { object, reference, labels: document.as_ref(), part: part.as_ref(), operation };
        let said = self.said(engine, &asked);
        out.extend(said.into_iter().map(|(policy, rules)| {
            let audits = action(self.set, policy, &reference.namespace, labels) == Action::Audit;
            Response { policy, resource: number, does: Does::Validate, rules, audits, patched: None }
        }));
        Ok(())
    }

    /// The labels of a resource's namespace: those of the values, else those of the cluster.
    fn namespace_labels(
        &self,
        reference: &Reference,
        labels: Option<&NamespaceLabels>,
    ) -> Result<Option<String>, String> {
        let given = labels.filter(|l| !l.0.is_empty()).and_then(|l| serde_json::to_string(&l.0).ok());
        let Some(cluster) = self.cluster.filter(|_| self.serves_config_maps) else { return Ok(given) };
        if given.is_some() || reference.kind == "Namespace" || reference.namespace.is_empty() {
            return Ok(given);
        }
        let found = cluster.namespace_labels(&reference.namespace);
        found.map(Some).map_err(|e| format!("failed to get the resource's namespace ({e})"))
    }

    /// What the rules of each policy say, in the order of the policies.
    fn said(&self, engine: &mut Engine, asked: &Asked<'_>) -> Vec<(usize, Vec<Ruled>)> {
        let mut said: Vec<(usize, Vec<Ruled>)> = Vec::new();
        for group in self.groups(asked) {
            if self.keeps_silence {
                said.extend(group.policies.iter().map(|policy| (*policy, Vec::new())));
            }
            self.group(engine, asked, &group, &mut said);
        }
        said.sort_by_key(|(policy, _)| *policy);
        said
    }

    fn group(&self, engine: &mut Engine, asked: &Asked<'_>, group: &Group, said: &mut Vec<(usize, Vec<Ruled>)>) {
        let Asked { object, reference, labels, part, .. } = *asked;
        let known = Known::new(self, object, reference, group.operation, &group.given);
        // Values may be parts of the object.
        let texts = [known.changed_object(), known.changed_old_object()];
        let [changed, old] = texts.each_ref().map(|text| {
            let text = text.as_ref()?;
            read_json(text, self.set.program().layout(), Buffers::default(), JsonOptions::default()).ok()
        });
        let request = Request {
            object: changed.as_ref().unwrap_or(object),
            old: old.as_ref().or(changed.as_ref().map(|_| object)),
            operation: group.operation,
            user: self.user,
            namespace_labels: labels,
            subresource: part.map_or("", |p| &p.subresource),
            whole: part.map(|p| ResourceKind { group: &p.group, version: &p.version, kind: &p.kind, subresource: "" }),
            rest: Some(&known.request),
        };
        engine.check_with(
            self.set,
            &request,
            &known,
            |policy| group.policies.contains(&policy),
            |verdict| {
                let policy = verdict.info.policy;
                let ruled = ruled(verdict.info.name.clone(), verdict.status, verdict.message());
                match said.iter_mut().rev().find(|(p, _)| *p == policy) {
                    Some((_, rules)) => rules.push(ruled),
                    None => said.push((policy, vec![ruled])),
                }
            },
        );
    }

    /// The policies that are asked with the same values about a resource.
    fn groups(&self, asked: &Asked<'_>) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let resource = &asked.reference.name;
        for (number, policy) in self.set.policies().iter().enumerate() {
            let operation = asked.operation.unwrap_or_else(|| self.values.operation(&policy.name, resource));
            let mut given = self.values.tree(&policy.name, resource);
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

fn ruled(rule: String, status: Status, message: String) -> Ruled {
    Ruled { rule, does: Does::Validate, status, message, target: None, generated: Vec::new() }
}

/// Policies that are asked the same about a resource.
struct Group {
    operation: Operation,
    given: serde_json::Map<String, serde_json::Value>,
    policies: Vec<usize>,
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
