//! Asking the policies about the resources.

use super::cluster::{Cluster, split};
use super::globals::Globals;
use super::mocks::{Calls, Mocks};
use super::outcome::{Does, Outcome, Response};
use super::resources::{reference, unversioned};
use super::stages::{Asked, Stages};
use super::values::{NamespaceLabels, Values};
use crate::diag::{Diagnostic, Source};
use crate::engine::query::evaluate;
use crate::engine::{Engine, Host, Operation, PolicySet, User};
use crate::input;
use crate::manifest;
use crate::report::openreports::Reference;
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::{Buffers, Document, JsonOptions, Layout, read_json};
use kyvc_vm::selector::ResourceKind;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde_json::Value;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The objects that rules copy, by the number of the policy and the name of the rule.
pub type Sources = HashMap<(usize, String), Vec<Value>>;

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
    /// A cluster that is there, which is asked instead
    pub live: Option<&'q dyn Live>,
    /// Whether it also gives them ConfigMaps, and every namespace has to be there
    pub serves_config_maps: bool,
    /// The objects that rules may change besides those they are about
    pub targets: Option<&'q Cluster>,
    /// The objects that rules copy, by policy and rule
    pub sources: Option<&'q Sources>,
    /// Answers to calls of APIs
    pub mocks: Option<&'q Mocks>,
    /// What these answer, by policy and rule
    pub calls: Option<&'q Calls>,
    /// Entries of the global context
    pub globals: Option<&'q Globals>,
    /// Whether what no rule says anything of is a response too
    pub keeps_silence: bool,
}

/// A cluster that is there.
pub trait Live: Host + Sync {
    /// The labels of a namespace, as a JSON object.
    ///
    /// # Errors
    /// Says why they are not known, in the words of Kubernetes' client.
    fn namespace_labels(&self, name: &str) -> Result<String, String>;
}

/// Reads all objects of sources as JSON. What is wrong with them is not said.
pub fn objects(sources: &[Arc<Source>]) -> Vec<Value> {
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
    objects
}

/// Reads all resources as an API server would give them. Problems are reported when they are read for the policies.
///
/// # Errors
/// Says which entry of the global context makes no sense.
pub fn cluster(sources: &[Arc<Source>]) -> Result<Cluster, String> {
    let (objects, entries) = split(objects(sources));
    let mut cluster = Cluster::default();
    objects.into_iter().for_each(|o| cluster.add(o));
    let query = |expression: &str, input: &str| evaluate(expression, input, false);
    cluster.add_global_entries(&entries, &query)?;
    Ok(cluster)
}

/// Cleanup policies come last, one after the other.
fn in_order(all: &mut Outcome) {
    all.responses.sort_by_key(|r| if r.does == Does::Cleanup { r.policy + 1 } else { 0 });
}

impl<'q> Question<'q> {
    /// A question about policies with nothing around them but values.
    pub fn new(set: &'q PolicySet, values: &'q Values) -> Self {
        Self {
            set,
            values,
            user: None,
            cluster: None,
            live: None,
            serves_config_maps: false,
            targets: None,
            sources: None,
            mocks: None,
            calls: None,
            globals: None,
            keeps_silence: false,
        }
    }

    /// Reads the resources of all sources and asks about each. Several sources, and parts of large ones, are read at a
    /// time.
    ///
    /// # Errors
    /// What is wrong with the resources.
    pub fn ask(&self, sources: &[Arc<Source>]) -> Result<Outcome, Vec<Diagnostic>> {
        let sources: Vec<_> = sources.iter().flat_map(input::split).collect();
        let parts: Vec<_> =
            sources.par_iter().map_init(Engine::default, |engine, source| self.source(engine, source)).collect();
        let mut all = Outcome::default();
        for part in parts {
            let (part, problems) = part;
            // Kyverno stops at the first object that is none.
            if problems.iter().any(Diagnostic::is_error) {
                return Err(problems);
            }
            all.append(part);
        }
        in_order(&mut all);
        Ok(all)
    }

    /// Asks about each object of a cluster, of which there is the JSON, about several at a time.
    pub fn ask_objects(&self, objects: &[String]) -> Outcome {
        let parts: Vec<_> =
            objects.par_iter().map_init(Engine::default, |engine, object| self.json(engine, object)).collect();
        let mut all = Outcome::default();
        parts.into_iter().for_each(|part| all.append(part));
        in_order(&mut all);
        all
    }

    fn json(&self, engine: &mut Engine, object: &str) -> Outcome {
        let mut out = Outcome::default();
        match read_json(object, self.set.program().layout(), Buffers::default(), JsonOptions::default()) {
            Ok(mut doc) => {
                doc.numbers_to_floats();
                self.object(engine, &doc, reference(&doc), &mut out);
            }
            Err(e) => {
                out.resources.push(Reference::default());
                out.failed.push((0, e.to_string()));
            }
        }
        out
    }

    /// Asks about one object. Entries of the global context are no resources that policies are asked about.
    fn object(&self, engine: &mut Engine, doc: &Document<'_>, reference: Reference, out: &mut Outcome) {
        if reference.kind == "GlobalContextEntry" && reference.api_version.starts_with("kyverno.io/") {
            return;
        }
        let number = out.resources.len();
        if let Err(why) = self.resource(engine, doc, &reference, number, None, &mut out.responses) {
            out.failed.push((number, why));
        }
        out.resources.push(reference);
    }

    fn source(&self, engine: &mut Engine, source: &Arc<Source>) -> (Outcome, Vec<Diagnostic>) {
        let mut out = Outcome::default();
        let mut more = Vec::new();
        // Where an object stands is wanted for the errors only, and so are places.
        let options = ReadOptions { places: true, ..ReadOptions::resource() };
        let mut problems = manifest::read(source, self.set.program().layout(), options, &mut |doc| {
            let reference = reference(doc);
            more.extend(unversioned(&reference, doc, source));
            self.object(engine, doc, reference, &mut out);
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
        let of_cluster: Option<NamespaceLabels> =
            json.as_ref().filter(|_| self.live.is_some()).and_then(|text| serde_json::from_str(text).ok());
        let labels = of_cluster.as_ref().or(labels);
        let kind = ResourceKind::of(&reference.api_version, &reference.kind);
        // Kyverno: a cluster knows its own subresources.
        let part = if self.serves_config_maps || self.live.is_some() {
            None
        } else {
            self.values.part(kind.group, kind.version, kind.kind)
        };
        let asked = Asked { object, reference, labels: document.as_ref(), part: part.as_ref(), operation, number };
        Stages { question: self, given: labels, engine, out }.run(&asked);
        Ok(())
    }

    /// The labels of a resource's namespace: those of the values, else those of the cluster.
    fn namespace_labels(
        &self,
        reference: &Reference,
        labels: Option<&NamespaceLabels>,
    ) -> Result<Option<String>, String> {
        let given = labels.filter(|l| !l.0.is_empty()).and_then(|l| serde_json::to_string(&l.0).ok());
        if given.is_some() || reference.kind == "Namespace" || reference.namespace.is_empty() {
            return Ok(given);
        }
        let name = &reference.namespace;
        let found = match (self.live, self.cluster.filter(|_| self.serves_config_maps)) {
            (Some(live), _) => live.namespace_labels(name),
            (None, Some(cluster)) => cluster.namespace_labels(name),
            (None, None) => return Ok(given),
        };
        found.map(Some).map_err(|e| format!("failed to get the resource's namespace ({e})"))
    }
}
