//! Running a test: reading all that it names, and asking its policies about its resources.
//!
//! Kyverno: commands/test/test.go, runTest, with its lines of progress.

use super::file::{Expected, Folder, Test};
use super::judge::{All, Changed, Key, Said};
use super::payload;
use crate::diag::{Diagnostic, Source};
use crate::engine::{Engine, Operation, PolicySet, Unit, User, compile};
use crate::manifest;
use crate::offline::cluster::Cluster;
use crate::offline::evaluate::{self, Question, Sources};
use crate::offline::exceptions::Exceptions;
use crate::offline::file;
use crate::offline::globals::Globals;
use crate::offline::mocks::Mocks;
use crate::offline::outcome::{Object, Response};
use crate::offline::policies::{self, Policies};
use crate::offline::resources::{self, reference};
use crate::offline::user;
use crate::offline::values::Values;
use crate::policy::generate::Generate;
use crate::report::openreports::Reference;
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::Document;
use kyvc_vm::verdict::Ask;
use serde::Deserialize;
use serde_json::Value;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// What a test came to, before it is judged.
pub(super) struct Done {
    pub(super) set: PolicySet,
    pub(super) all: All,
}

/// A run that is under way.
pub(super) struct Run<'r> {
    test: &'r Test,
    folder: Folder,
    registry: bool,
    out: &'r mut Vec<u8>,
    /// What is to be said about the policies and resources besides
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// A file of kind `ClusterResource`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ClusterFile {
    spec: Option<ClusterSpec>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ClusterSpec {
    crds: Option<Vec<String>>,
    resources: Option<Vec<Value>>,
}

/// The resources of a test.
struct Loaded {
    sources: Vec<Arc<Source>>,
    /// Those that are asked about, in order
    unique: Vec<Reference>,
}

impl<'r> Run<'r> {
    pub(super) fn new(folder: Folder, test: &'r Test, registry: bool, out: &'r mut Vec<u8>) -> Self {
        Self { test, folder, registry, out, diagnostics: Vec::new() }
    }

    fn say(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}");
    }

    fn paths(&self, paths: &[String]) -> Vec<String> {
        paths.iter().map(|p| self.folder.at(p)).collect()
    }

    /// Runs the test.
    ///
    /// # Errors
    /// Why it cannot be run, in Kyverno's words.
    pub(super) fn run(&mut self, path: &str) -> Result<Done, String> {
        let test = self.test;
        // The name would be that of a field that Kyverno refuses by now.
        self.say(&format!("Loading test  ( {path} ) ..."));
        let values = self.values()?;
        let user = self.user()?;
        let served = !test.cluster_resources().is_empty();
        let mocks = Mocks::new(test.api_call_responses(), served);
        let policies = self.policies(mocks.as_ref().ok().filter(|m| !m.is_empty()))?;
        let loaded = self.resources()?;
        let payloads = self.payloads()?;
        let targets = self.beside(test.target_resources(), "target")?;
        let params = self.beside(test.param_resources(), "parameter")?;
        let beside = [targets.as_slice(), &params].concat();
        let cluster = self.cluster(&loaded, &beside)?;
        self.say("  Loading exceptions ...");
        let outside: Vec<String> = test.exceptions().iter().map(|p| self.folder.outside(p)).collect();
        let exceptions = Exceptions::load(&outside);
        let exceptions = exceptions.map_err(|e| format!("error: failed to load exceptions ({e})"))?;
        let mocks = mocks?;
        let globals = Globals::new(test.global_context_entries(), &self.folder.at(""))?;
        let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        let line = format!(
            "  Applying {} to {} with {} ...",
            count(policies.count, "policy", "policies"),
            count(loaded.unique.len(), "resource", "resources"),
            count(exceptions.len(), "exception", "exceptions")
        );
        self.say(&line);
        self.tell_of_rules_without_kind(&policies);
        values.check_operation()?;
        let operations = operations(test)?;
        let Policies { mut units, refused, calls, .. } = policies;
        let (excepted, mut found) = exceptions.compiled();
        excepted.attach(&mut units, &mut found);
        let compiled = compile(units, found);
        self.errors(compiled.diagnostics)?;
        let asks_images = compiled.set.program().entries().iter().any(|e| e.needs == Some(Ask::ImageData));
        if self.registry && asks_images {
            return Err("kyvc does not ask image registries yet".to_owned());
        }
        let fake = match &cluster {
            None if compiled.set.changes_others() => {
                Some(evaluate::cluster(&[loaded.sources.as_slice(), &beside].concat())?)
            }
            _ => None,
        };
        let sources = self.sources(&compiled.units);
        let question = Question {
            sources: Some(&sources),
            targets: cluster.as_ref().or(fake.as_ref()),
            user: user.as_ref(),
            cluster: cluster.as_ref(),
            serves_config_maps: served,
            mocks: Some(&mocks).filter(|m| !m.is_empty()),
            calls: Some(&calls),
            globals: Some(&globals).filter(|g| !g.is_empty()),
            keeps_silence: true,
            ..Question::new(&compiled.set, &values)
        };
        let mut all = self.ask(&question, &loaded, &operations)?;
        all.usual.extend(payloads.into_iter().map(|name| silent(&compiled.set, name)));
        all.refused = refused.into_iter().map(|r| (r.name, r.reason)).collect();
        all.targets = changed(&all, &targets);
        Ok(Done { set: compiled.set, all })
    }

    /// Kyverno looks for what rules copy, as far as expected results name them, and finds no kind in some of them.
    fn tell_of_rules_without_kind(&mut self, policies: &Policies) {
        for rule in &policies.without_kind {
            let named = |e: &Expected| {
                let (namespace, name) = e.policy.split_once('/').unwrap_or(("", &e.policy));
                name == rule.policy && namespace == rule.namespace && e.rule == rule.rule
            };
            if self.test.results().iter().any(named) {
                let what = "failed to get unstructured rule (Object 'Kind' is missing in";
                self.say(&format!("    Error: {what} '{}')", rule.json));
            }
        }
    }

    /// The objects that rules copy, as far as expected results name them.
    fn sources(&self, units: &[Unit]) -> Sources {
        let mut out = Sources::new();
        for (number, unit) in units.iter().enumerate() {
            let Some(policy) = unit.policy.classic() else { continue };
            for rule in policy.spec.rules.iter().filter(|r| r.generate.as_ref().is_some_and(Generate::copies)) {
                let named = |e: &&Expected| {
                    let (namespace, name) = e.policy.split_once('/').unwrap_or(("", &e.policy));
                    let here = policy.namespace.as_deref().unwrap_or_default();
                    name == policy.name && namespace == here && e.rule == rule.name
                };
                let Some(expected) = self.test.results().iter().find(named) else { continue };
                let path = self.folder.at(&expected.clone_source_resource);
                if let Ok(source) = file::open(Path::new(&path)) {
                    out.insert((number, rule.name.clone()), evaluate::objects(&[source]));
                }
            }
        }
        out
    }

    fn values(&mut self) -> Result<Values, String> {
        self.say("  Loading values/variables ...");
        if let Some(spec) = &self.test.values {
            return Ok(Values::inline(spec.clone()));
        }
        let path = self.test.variables();
        Values::load(path, Path::new(&self.folder.at(path)), &[], self.out)
    }

    fn user(&mut self) -> Result<Option<User>, String> {
        let path = self.test.userinfo();
        if path.is_empty() {
            return Ok(None);
        }
        self.say("  Loading user infos ...");
        let loaded = user::load(path, Path::new(&self.folder.at(path)), self.out);
        let loaded = loaded.map_err(|e| format!("error: failed to load request info ({e})"))?;
        if loaded.deprecated {
            return Err(format!("userInfo file {path} uses a deprecated schema — please migrate to the latest format"));
        }
        Ok(Some(loaded.user))
    }

    fn policies(&mut self, mocks: Option<&Mocks>) -> Result<Policies, String> {
        self.say("  Loading policies ...");
        let options = policies::Options { mocks, leave_cleanup: true, ..policies::Options::default() };
        let loaded = policies::load_all(&self.paths(&self.test.policies()), options);
        let mut loaded = loaded.map_err(|e| format!("error: failed to load policies ({e})"))?;
        self.diagnostics.append(&mut loaded.warnings);
        for (path, reason) in std::mem::take(&mut loaded.passed_over) {
            self.say(&format!("  ERROR: {path}: {reason}"));
        }
        self.errors(std::mem::take(&mut loaded.errors))?;
        Ok(loaded)
    }

    /// Ends the run where there is an error among diagnostics.
    fn errors(&mut self, mut found: Vec<Diagnostic>) -> Result<(), String> {
        let first = found.iter().find(|d| d.is_error()).map(|d| d.message.clone());
        self.diagnostics.append(&mut found);
        match first {
            Some(message) => Err(format!("kyvc cannot compile the policies: {message}")),
            None => Ok(()),
        }
    }

    /// The resources, each only once.
    fn resources(&mut self) -> Result<Loaded, String> {
        self.say("  Loading resources ...");
        let wrong = |e: String| format!("error: failed to load resources ({e})");
        let sources = resources::load(&self.paths(&self.test.resources()), false, self.out).map_err(wrong)?;
        let (mut unique, mut repeated): (Vec<Reference>, Vec<Reference>) = (Vec::new(), Vec::new());
        let problems = each(&sources, |_, reference| {
            let list = if unique.iter().any(|u| same(u, &reference)) { &mut repeated } else { &mut unique };
            if !list.iter().any(|r| same(r, &reference)) {
                list.push(reference);
            }
        });
        let bad = problems.iter().any(Diagnostic::is_error).then(|| resources::wrong(&problems));
        self.diagnostics.extend(problems);
        if let Some(message) = bad {
            return Err(wrong(message));
        }
        for Reference { kind, name, namespace, .. } in repeated {
            self.say(&format!("  warning: found duplicated resource {kind} {name} {namespace}"));
        }
        Ok(Loaded { sources, unique })
    }

    /// The names of JSON payloads. Classic policies are about objects of Kubernetes and say nothing of these.
    fn payloads(&mut self) -> Result<Vec<String>, String> {
        let names = self.test.json_payloads();
        if !names.is_empty() {
            self.say("  Loading JSON payloads ...");
        }
        for name in &names {
            payload::check(&self.folder.at(name), name)?;
        }
        for (paths, what) in [(self.test.http_payloads(), "HTTP"), (self.test.envoy_payloads(), "Envoy")] {
            let Some(path) = paths.first() else { continue };
            self.say(&format!("  Loading {what} payloads ..."));
            payload::exists(&self.folder.at(path), what)?;
            return Err(format!("kyvc does not evaluate {what} payloads yet"));
        }
        Ok(names)
    }

    /// Resources that are not asked about.
    fn beside(&mut self, paths: &[String], what: &str) -> Result<Vec<Arc<Source>>, String> {
        let loaded = resources::load(&self.paths(paths), false, self.out);
        loaded.map_err(|e| format!("error: failed to load {what} resources ({e})"))
    }

    fn cluster(&mut self, loaded: &Loaded, beside: &[Arc<Source>]) -> Result<Option<Cluster>, String> {
        let files = self.test.cluster_resources();
        if files.is_empty() {
            return Ok(None);
        }
        self.say("Loading Kubernetes resources ...");
        let mut cluster = evaluate::cluster(&[loaded.sources.as_slice(), beside].concat())?;
        for path in files.iter().map(|p| self.folder.below_top(p)) {
            let read: Result<ClusterFile, String> = file::read(Path::new(&path), &file::CLUSTER_RESOURCE);
            let spec = read.map_err(|e| format!("error: failed to load Kubernetes resources: {e}"))?.spec;
            let ClusterSpec { crds, resources } = spec.unwrap_or_default();
            for path in crds.unwrap_or_default().iter().map(|p| self.folder.below_top(p)) {
                let read: Result<Value, String> = file::read(Path::new(&path), &file::CUSTOM_RESOURCE_DEFINITION);
                let read = read.map_err(|e| format!("error: failed to load CRDs from path {path}: {e}"));
                cluster.add(read?);
            }
            resources.into_iter().flatten().for_each(|object| cluster.add(object));
        }
        Ok(Some(cluster))
    }

    /// Asks about every resource, once for each operation.
    fn ask(&self, question: &Question<'_>, loaded: &Loaded, operations: &[Operation]) -> Result<All, String> {
        let compares = self.test.results().iter().any(|r| {
            !r.patched_resources.is_empty() || !r.generated_resource.is_empty() || r.generated_resources.is_some()
        });
        let mut engine = Engine::default();
        let mut all = All::default();
        all.by_operation.extend(operations.iter().map(|o| (o.name().to_owned(), Vec::new())));
        let mut seen: Vec<Reference> = Vec::with_capacity(loaded.unique.len());
        let layout = question.set.program().layout();
        let mut failed = None;
        for source in &loaded.sources {
            manifest::read(source, layout, ReadOptions::resource(), &mut |doc| {
                let reference = reference(doc);
                if seen.iter().any(|s| same(s, &reference)) {
                    return ControlFlow::Continue(());
                }
                let number = seen.len();
                let mut said = |operation: Option<Operation>| {
                    let mut responses = Vec::new();
                    let asked = question.resource(&mut engine, doc, &reference, number, operation, &mut responses);
                    let named = |e| format!("failed to apply policies on resource {} ({e})", reference.name);
                    asked.map(|()| Said { key: Key::of(&reference), responses }).map_err(named)
                };
                let done: Result<(), String> = said(None).map(|s| all.usual.push(s)).and_then(|()| {
                    let mut each = operations.iter().zip(&mut all.by_operation);
                    each.try_for_each(|(o, (_, list))| said(Some(*o)).map(|s| list.push(s)))
                });
                if compares {
                    all.objects.push(object(doc, &reference));
                }
                seen.push(reference);
                failed = done.err();
                if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            if let Some(e) = failed {
                return Err(e);
            }
        }
        Ok(all)
    }
}

/// Reads all objects of sources.
fn each(sources: &[Arc<Source>], mut each: impl FnMut(&Document<'_>, Reference)) -> Vec<Diagnostic> {
    let layout = kyvc_vm::document::Layout::everything();
    let mut problems = Vec::new();
    for source in sources {
        let options = ReadOptions { places: true, ..ReadOptions::resource() };
        let mut more = Vec::new();
        problems.extend(manifest::read(source, &layout, options, &mut |doc| {
            let reference = reference(doc);
            more.extend(resources::unversioned(&reference, doc, source));
            each(doc, reference);
            ControlFlow::Continue(())
        }));
        problems.append(&mut more);
    }
    problems
}

/// Whether two objects are the same to Kyverno: it does not look at their versions.
fn same(a: &Reference, b: &Reference) -> bool {
    let group = |r: &'_ Reference| match r.api_version.split_once('/') {
        Some((group, version)) if !version.contains('/') => group.len(),
        _ => 0,
    };
    let name = |r: &'_ Reference| (r.kind.clone(), r.namespace.clone(), r.name.clone());
    a.api_version.get(..group(a)) == b.api_version.get(..group(b)) && name(a) == name(b)
}

fn object(doc: &Document<'_>, reference: &Reference) -> Object {
    let json = doc.root().map_or(String::new(), |root| yaml::go_json(doc, root));
    Object { reference: reference.clone(), json, floats: true }
}

/// The operations that results name, in the order of their names.
fn operations(test: &Test) -> Result<Vec<Operation>, String> {
    let mut out = Vec::new();
    for expected in test.results() {
        let wrong = |why: &str| Err(format!("invalid test result for policy {}: {why}", expected.policy));
        let operation = match expected.operation.as_str() {
            "" => continue,
            "CREATE" => Operation::Create,
            "UPDATE" => Operation::Update,
            "DELETE" => Operation::Delete,
            other => {
                return wrong(&format!("invalid operation {other:?}, must be one of CREATE, UPDATE, DELETE"));
            }
        };
        if expected.is_deleting_policy {
            return wrong("operation is not supported for deleting policies");
        }
        if !out.contains(&operation) {
            out.push(operation);
        }
    }
    out.sort_by_key(|o| o.name());
    Ok(out)
}

/// What classic policies say of a payload.
fn silent(set: &PolicySet, name: String) -> Said {
    let response = |policy| Response { policy, resource: usize::MAX, ..Response::default() };
    Said { key: Key(name), responses: (0..set.policies().len()).map(response).collect() }
}

/// The targets that rules changed.
fn changed(all: &All, targets: &[Arc<Source>]) -> Vec<Changed> {
    let mut out = Vec::new();
    each(targets, |_, target| {
        let said = all.usual.iter().chain(all.by_operation.iter().flat_map(|(_, said)| said));
        let by: Vec<(Response, usize)> = said
            .flat_map(|s| &s.responses)
            .filter_map(|response| {
                let hit = |object: &Object| {
                    let Reference { api_version, kind, namespace, name, .. } = &object.reference;
                    (api_version, kind, name) == (&target.api_version, &target.kind, &target.name)
                        && (target.namespace.is_empty() || *namespace == target.namespace)
                };
                let number = response.rules.iter().position(|r| r.target.as_ref().is_some_and(hit))?;
                Some((response.clone(), number))
            })
            .collect();
        if !by.is_empty() {
            out.push(Changed { key: Key::of(&target), by });
        }
    });
    out
}
