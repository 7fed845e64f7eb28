//! What `kyverno apply --cluster` looks at.
//!
//! Kyverno: cmd/cli/kubectl-kyverno/utils/common/fetch.go, and pkg/cli/loader where several requests are made at a time.

use super::connect::Access;
use super::discovery::{Resource, Subresource, api_version};
use super::host::ClusterHost;
use super::items::{List, identity, typed};
use crate::engine::{Host, Question, TargetSelector};
use crate::lower::matches::parse_kind;
use crate::offline::evaluate::Live;
use kyvc_vm::verdict::Offers;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// A cluster during one run, in which its namespaces stay as they are.
#[derive(Debug)]
pub struct Session {
    host: ClusterHost,
    namespaces: Mutex<HashMap<String, Result<String, String>>>,
}

/// What is looked for in a cluster.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lookup<'l> {
    /// The kinds, as policies write them
    pub kinds: &'l [String],
    /// The namespace; empty for all
    pub namespace: &'l str,
    /// Whether only objects without a namespace are
    pub cluster_wide: bool,
    /// How many requests at a time
    pub workers: usize,
    /// How many objects a request gets, where there are several at a time
    pub batch: i64,
    /// The names; empty for all
    pub names: &'l [String],
}

/// Why what is looked for is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// There is no object of this name
    Name(String),
    /// It cannot be looked for
    Options(String),
}

/// What was found.
#[derive(Debug, Default)]
pub struct Objects {
    /// The objects as JSON
    pub objects: Vec<String>,
    /// What Kyverno passes over without a word
    pub unread: Vec<String>,
}

/// What to ask the server for.
#[derive(Debug, Default)]
struct Plan {
    resources: Vec<Resource>,
    parts: Vec<(Resource, Subresource)>,
}

impl Session {
    /// Gets ready for a cluster.
    ///
    /// # Errors
    /// Says what is wrong with its kubeconfig.
    pub fn new(access: Access<'_>) -> Result<Self, String> {
        Ok(Self { host: ClusterHost::new(access.client()?), namespaces: Mutex::default() })
    }

    /// The objects that policies are asked about.
    ///
    /// # Errors
    /// Says what is not there.
    pub fn objects(&self, lookup: &Lookup<'_>) -> Result<Objects, Missing> {
        let mut out = Objects::default();
        let plan = self.plan(lookup, &mut out.unread);
        let found = if lookup.workers > 1 {
            lookup.check(&plan).map_err(Missing::Options)?;
            self.at_a_time(lookup, &plan, &mut out)
        } else {
            self.one_by_one(lookup, &plan, &mut out)
        };
        let mut keys = HashSet::new();
        let found: Vec<_> = found.into_iter().filter(|(key, _)| keys.insert(key.clone())).collect();
        if lookup.names.is_empty() {
            out.objects = found.into_iter().map(|(_, object)| object).collect();
            return Ok(out);
        }
        for name in lookup.names {
            let before = out.objects.len();
            let named = found.iter().filter(|(key, _)| named(key) == name);
            out.objects.extend(named.map(|(_, object)| object.clone()));
            if out.objects.len() == before {
                return Err(Missing::Name(name.clone()));
            }
        }
        Ok(out)
    }

    fn plan(&self, lookup: &Lookup<'_>, unread: &mut Vec<String>) -> Plan {
        let mut plan = Plan::default();
        if let Err(why) = self.host.discovery() {
            unread.push(format!("the cluster is not read: {why}"));
            return plan;
        }
        for kind in lookup.kinds {
            let found = parse_kind(kind).ok_or("resource not found".to_owned()).and_then(|k| self.host.find(&k));
            let found = match found {
                Ok(found) => found,
                Err(why) => {
                    unread.push(format!("the kind `{kind}` is not looked at: {why}"));
                    continue;
                }
            };
            for (resource, part) in found.into_iter().filter(|(r, _)| !(lookup.cluster_wide && r.namespaced)) {
                match part {
                    None if !plan.resources.contains(&resource) => plan.resources.push(resource),
                    Some(part) if !plan.parts.iter().any(|(_, p)| same_kind(p, &part)) => {
                        plan.parts.push((resource, part));
                    }
                    _ => {}
                }
            }
        }
        plan
    }

    fn one_by_one(&self, lookup: &Lookup<'_>, plan: &Plan, out: &mut Objects) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for resource in &plan.resources {
            match self.list(resource, lookup.namespace, None) {
                Ok(found) => all.extend(found.into_iter().map(|f| (f.key(&resource.kind), f.json))),
                Err(why) => out.unread.push(why),
            }
        }
        for (resource, part) in &plan.parts {
            let (version, kind) = (api_version(&part.group, &part.version), &part.kind);
            let owners = self.list(resource, lookup.namespace, None).unwrap_or_else(|why| {
                out.unread.push(why);
                Vec::new()
            });
            for owner in owners {
                let path = resource.path(lookup.namespace, &[&owner.name, &part.name]);
                match self.host.client().get(&path) {
                    Ok(text) => {
                        let found = Found::new(&text, &version, kind);
                        all.push((found.key(kind), found.json));
                    }
                    Err(e) => {
                        out.unread.push(format!("{} of {} is not read: {}", part.name, owner.name, e.of_objects()))
                    }
                }
            }
        }
        all
    }

    /// Several requests at a time. Of parts of objects Kyverno then lists those that are objects of their own.
    fn at_a_time(&self, lookup: &Lookup<'_>, plan: &Plan, out: &mut Objects) -> Vec<(String, String)> {
        let discovery = self.host.discovery().unwrap_or_default();
        let whole = |(_, p): &(Resource, Subresource)| {
            let kind = kyvc_vm::selector::ResourceKind {
                group: &p.group,
                version: &p.version,
                kind: &p.kind,
                subresource: "",
            };
            discovery.resource(&kind).cloned()
        };
        // One that is none is the end of all.
        let parts: Vec<Resource> = plan.parts.iter().map(whole).collect::<Option<_>>().unwrap_or_default();
        let resources: Vec<&Resource> = plan.resources.iter().chain(&parts).collect();
        let (next, lists) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..lookup.workers.min(resources.len()) {
                scope.spawn(|| {
                    while let Some(resource) = resources.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let list = self.list(resource, lookup.namespace, Some(lookup.batch));
                        lists.lock().unwrap_or_else(PoisonError::into_inner).push((*resource, list));
                    }
                });
            }
        });
        let mut lists = lists.into_inner().unwrap_or_else(PoisonError::into_inner);
        lists.sort_by_key(|(resource, _)| resources.iter().position(|r| r == resource));
        let mut all = Vec::new();
        for (resource, list) in lists {
            let kind = format!("{}, Kind={}", versioned(resource), resource.kind);
            match list {
                Ok(found) => all.extend(found.into_iter().map(|f| (f.key(&kind), f.json))),
                Err(why) => out.unread.push(why),
            }
        }
        all
    }

    /// The objects of a resource, in portions where a limit is given.
    fn list(&self, resource: &Resource, namespace: &str, limit: Option<i64>) -> Result<Vec<Found>, String> {
        // Those are in no namespace, and Kyverno gets an error that it passes over.
        if !namespace.is_empty() && !resource.namespaced {
            return Ok(Vec::new());
        }
        let failed = |why: String| format!("{} are not read: {why}", resource.plural);
        let (mut all, mut from) = (Vec::new(), String::new());
        loop {
            let mut path = resource.path(namespace, &[]);
            if let Some(limit) = limit {
                path.push_str(&format!("?limit={limit}"));
                if !from.is_empty() {
                    path.push_str("&continue=");
                    super::discovery::escape(&from, &mut path);
                }
            }
            let text = self.host.client().get(&path).map_err(|e| failed(e.of_objects()))?;
            let list: List<'_> = serde_json::from_str(&text).map_err(|e| failed(e.to_string()))?;
            let (version, kind) = (resource.api_version(), &resource.kind);
            all.extend(list.items.unwrap_or_default().iter().map(|item| Found::new(item.get(), &version, kind)));
            match list.metadata.more.filter(|more| !more.is_empty()) {
                Some(more) if limit.is_some() => from = more,
                _ => return Ok(all),
            }
        }
    }
}

/// An object that was found.
struct Found {
    namespace: String,
    name: String,
    json: String,
}

impl Found {
    fn new(json: &str, version: &str, kind: &str) -> Self {
        let identity = identity(json);
        let json = typed(json, &identity, version, kind);
        Self { namespace: identity.namespace().to_owned(), name: identity.name().to_owned(), json }
    }

    fn key(&self, kind: &str) -> String {
        format!("{kind}-{}-{}", self.namespace, self.name)
    }
}

/// The name of the object under a key, as Kyverno has it: of one with a hyphen, or in a namespace with one, that is not
/// its name.
fn named(key: &str) -> &str {
    key.split('-').nth(2).unwrap_or_default()
}

fn same_kind(a: &Subresource, b: &Subresource) -> bool {
    (&a.group, &a.version, &a.kind) == (&b.group, &b.version, &b.kind)
}

fn versioned(resource: &Resource) -> String {
    format!("{}/{}", resource.group, resource.version)
}

impl Lookup<'_> {
    /// Kyverno: pkg/cli/loader/resource_loader.go, validateOptions.
    fn check(&self, plan: &Plan) -> Result<(), String> {
        let wrong = if plan.resources.is_empty() {
            "at least one resource type must be specified"
        } else if self.workers > 32 {
            "concurrency cannot exceed 32"
        } else if self.batch < 100 {
            "batch size cannot be less than 100"
        } else if self.batch > 20_000 {
            "batch size cannot exceed 20000"
        } else {
            return Ok(());
        };
        Err(format!("failed to load resources: invalid options: {wrong}"))
    }
}

impl Host for Session {
    fn offers(&self) -> Offers {
        self.host.offers()
    }

    fn ask(&self, question: &Question) -> Result<String, String> {
        self.host.ask(question)
    }

    fn targets(&self, selector: &TargetSelector) -> Option<Result<Vec<String>, String>> {
        self.host.targets(selector)
    }
}

impl Live for Session {
    fn namespace_labels(&self, name: &str) -> Result<String, String> {
        let mut known = self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(name.to_owned()).or_insert_with(|| self.host.namespace_labels(name)).clone()
    }
}
