//! What Kyverno does with one resource: it lets policies change it, and asks the others about what has become of it.
//!
//! Kyverno: cmd/cli/kubectl-kyverno/processor/policy_processor.go, ApplyPoliciesOnResource.

use super::evaluate::Question;
use super::known::{Known, Served};
use super::made::Objects;
use super::outcome::{Does, Object, Response, Ruled};
use super::resources;
use super::values::{NamespaceLabels, Part, merge};
use crate::downstream::{self, Owner, Store, Target};
use crate::engine::{Engine, Mutated, Operation, PolicySet, Request, RuleOverride, Verdict, Versions, Wanted};
use crate::policy::classic::Action;
use crate::report::openreports::Reference;
use crate::yaml;
use kyvc_vm::document::{Buffers, Document, JsonOptions, Layout, read_json};
use kyvc_vm::scalar::Glob;
use kyvc_vm::selector::ResourceKind;
use serde_json::Value;
use typed_arena::Arena;

/// Who is asked about one resource, and as what.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) object: &'a Document<'a>,
    pub(super) reference: &'a Reference,
    /// The labels of its namespace
    pub(super) labels: Option<&'a Document<'a>>,
    pub(super) part: Option<&'a Part>,
    pub(super) operation: Option<Operation>,
    /// Its number
    pub(super) number: usize,
}

/// The stages of one resource.
pub(super) struct Stages<'s> {
    pub(super) question: &'s Question<'s>,
    /// The labels that values give the resource's namespace
    pub(super) given: Option<&'s NamespaceLabels>,
    pub(super) engine: &'s mut Engine,
    pub(super) out: &'s mut Vec<Response>,
}

/// What one policy did to a resource.
enum Became {
    Same,
    /// The object as JSON
    Changed(String),
    Lost,
}

impl Stages<'_> {
    /// Goes through all stages.
    pub(super) fn run(&mut self, asked: &Asked<'_>) {
        self.cleanup(asked);
        let set = self.question.set;
        // What has become of the object, and its names then.
        let (texts, documents, references) = (Arena::new(), Arena::new(), Arena::new());
        let mut now = Some(*asked);
        let mut floats = true;
        let about = |now: &Option<Asked<'_>>| match now {
            None => Some(Reference::default()),
            Some(now) => (now.reference != asked.reference).then(|| now.reference.clone()),
        };
        for &policy in set.mutating() {
            let before = about(&now);
            let (rules, became) = now.map_or((Vec::new(), Became::Lost), |now| self.mutate(policy, &now));
            // What was patched once has the numbers that it was then read with.
            floats &= !matches!(became, Became::Changed(_));
            let patched = match became {
                Became::Same => now.as_ref().map(|now| object(now.object, now.reference, floats)),
                Became::Lost => {
                    now = None;
                    None
                }
                Became::Changed(json) => {
                    let text: &str = texts.alloc(json);
                    let layout = set.program().layout();
                    let read = read_json(text, layout, Buffers::default(), JsonOptions::default()).ok();
                    now = read.zip(now).map(|(doc, now)| {
                        let object: &Document<'_> = documents.alloc(doc);
                        let reference: &Reference = references.alloc(resources::reference(object));
                        Asked { object, reference, ..now }
                    });
                    now.as_ref().map(|now| object(now.object, now.reference, false))
                }
            };
            // Of what is lost Kyverno keeps an object without anything in it.
            let patched = patched.unwrap_or_else(|| Object { json: "{}".to_owned(), ..Object::default() });
            self.respond(
                asked,
                policy,
                Response { about: before, does: Does::Mutate, rules, patched: Some(patched), ..Response::default() },
            );
        }
        for &policy in set.verifying() {
            let Some(asked_now) = now else { break };
            let about = about(&now);
            let (rules, changed) = self.verify_images(policy, &asked_now);
            if let Some(json) = changed {
                let text: &str = texts.alloc(json);
                let layout = set.program().layout();
                let read = read_json(text, layout, Buffers::default(), JsonOptions::default()).ok();
                now = read.map(|doc| Asked { object: documents.alloc(doc), ..asked_now });
            }
            self.respond(asked, policy, Response { about, does: Does::VerifyImages, rules, ..Response::default() });
        }
        let mut said = now.map_or_else(Vec::new, |now| self.checked(&now));
        if self.question.keeps_silence {
            let checks = |p: usize| set.rules().iter().any(|r| r.policy == p && r.judges());
            let silent = (0..set.policies().len()).filter(|p| checks(*p) && !said.iter().any(|(q, _)| q == p));
            let silent: Vec<_> = silent.map(|p| (p, Vec::new())).collect();
            said.extend(silent);
        }
        said.sort_by_key(|(policy, _)| *policy);
        for (policy, rules) in said {
            self.respond(asked, policy, Response { about: about(&now), rules, ..Response::default() });
        }
        let Some(last) = now else { return };
        for &policy in set.generating() {
            let rules = self.generate(policy, &last);
            if !rules.is_empty() {
                let response = Response { about: about(&now), does: Does::Generate, rules, ..Response::default() };
                self.respond(asked, policy, response);
            }
        }
    }

    /// Asks whether the resource is to go, as it was first.
    fn cleanup(&mut self, asked: &Asked<'_>) {
        let Question { set, cluster, live, .. } = *self.question;
        let served = Served { cluster, live };
        for &policy in set.cleaning() {
            let request = Request { namespace_labels: asked.labels, ..Request::create(asked.object) };
            let Some(verdict) = self.engine.cleanup(set, policy, &request, &served) else { continue };
            let rules = vec![ruled(verdict, Does::Cleanup, None)];
            let response = Response {
                policy,
                resource: asked.number,
                does: Does::Cleanup,
                rules,
                audits: true,
                ..Response::default()
            };
            self.out.push(response);
        }
    }

    fn respond(&mut self, asked: &Asked<'_>, policy: usize, response: Response) {
        let audits = action(self.question.set, policy, &asked.reference.namespace, self.given) == Action::Audit;
        self.out.push(Response { policy, resource: asked.number, audits, ..response });
    }

    /// Lets one policy change the resource.
    fn mutate(&mut self, policy: usize, asked: &Asked<'_>) -> (Vec<Ruled>, Became) {
        let set = self.question.set;
        let group = self.question.group(policy, asked);
        let known = Known::new(self.question, asked.object, asked.reference, group.operation.1, &group.given);
        let mut rules = Vec::new();
        let (engine, layout) = (&mut *self.engine, set.program().layout());
        let became = with_request(self.question, asked, &group, &known, layout, |request| {
            let versions = Versions::default();
            let mutated = engine.mutate(set, policy, request, &versions, &known, |verdict, target| {
                let target = target.map(|doc| object(doc, &resources::reference(doc), false));
                rules.push(ruled(verdict, Does::Mutate, target));
            });
            match mutated {
                Mutated::Same => Became::Same,
                Mutated::Changed(doc) => Became::Changed(json(doc)),
                Mutated::Lost => Became::Lost,
            }
        });
        (rules, became)
    }

    /// Lets one policy verify the images of the resource; gives the resource as JSON where that changes it.
    fn verify_images(&mut self, policy: usize, asked: &Asked<'_>) -> (Vec<Ruled>, Option<String>) {
        let set = self.question.set;
        let group = self.question.group(policy, asked);
        let known = Known::new(self.question, asked.object, asked.reference, group.operation.1, &group.given);
        let mut rules = Vec::new();
        let (engine, layout) = (&mut *self.engine, set.program().layout());
        let changed = with_request(self.question, asked, &group, &known, layout, |request| {
            engine.verify_images(set, policy, request, &known, |verdict| {
                rules.push(ruled(verdict, Does::VerifyImages, None));
            })
        });
        (rules, changed)
    }

    /// Lets one policy make objects for the resource.
    fn generate(&mut self, policy: usize, asked: &Asked<'_>) -> Vec<Ruled> {
        let set = self.question.set;
        let group = self.question.group(policy, asked);
        let known = Known::new(self.question, asked.object, asked.reference, group.operation.1, &group.given);
        let (engine, layout) = (&mut *self.engine, set.program().layout());
        let mut said: Vec<(Ruled, bool, Vec<Wanted>)> = Vec::new();
        let mut trigger = Value::Null;
        with_request(self.question, asked, &group, &known, layout, |request| {
            trigger = serde_json::from_str(&json(request.object)).unwrap_or_default();
            engine.generate(set, policy, request, &known, |verdict, wanted| {
                let synchronize = verdict.info.synchronize;
                said.push((ruled(verdict, Does::Generate, None), synchronize, wanted));
            });
        });
        let sources = said.iter().filter_map(|(r, ..)| self.question.sources?.get(&(policy, r.rule.clone())));
        let mut store = Objects::new(std::iter::once(&trigger).chain(sources.flatten()));
        let made: Result<Vec<_>, String> = said
            .iter()
            .map(|(rule, synchronize, wanted)| {
                self.made(policy, &rule.rule, *synchronize, wanted, &trigger, &mut store)
            })
            .collect();
        let mut rules: Vec<Ruled> = said.into_iter().map(|(rule, ..)| rule).collect();
        // Kyverno makes nothing known where one of the rules could not do all of its work.
        for (rule, made) in rules.iter_mut().zip(made.unwrap_or_default()) {
            rule.generated = made;
        }
        rules
    }

    /// The objects that one rule makes.
    fn made(
        &self,
        policy: usize,
        rule: &str,
        synchronize: bool,
        wanted: &[Wanted],
        trigger: &Value,
        store: &mut Objects,
    ) -> Result<Vec<Object>, String> {
        let Some(info) = self.question.set.policies().get(policy) else { return Ok(Vec::new()) };
        let namespace = info.namespace.as_deref().unwrap_or_default();
        let owner = Owner { policy: &info.name, namespace, rule, synchronize, trigger };
        let new = downstream::make(wanted, &owner, store)?;
        let found = |target| store.get(target)?.ok_or_else(|| format!("{target} not found"));
        new.iter().map(|target| found(target).map(|object| generated(&object))).collect()
    }

    /// What the rules of each policy say that check the resource.
    fn checked(&mut self, asked: &Asked<'_>) -> Vec<(usize, Vec<Ruled>)> {
        let set = self.question.set;
        let mut said: Vec<(usize, Vec<Ruled>)> = Vec::new();
        for group in self.question.groups(asked) {
            let known = Known::new(self.question, asked.object, asked.reference, group.operation.1, &group.given);
            let (engine, layout) = (&mut *self.engine, set.program().layout());
            with_request(self.question, asked, &group, &known, layout, |request| {
                engine.check_with(
                    set,
                    request,
                    &known,
                    |policy| group.policies.contains(&policy),
                    |verdict| {
                        let policy = verdict.info.policy;
                        let ruled = ruled(verdict, Does::Validate, None);
                        match said.iter_mut().rev().find(|(p, _)| *p == policy) {
                            Some((_, rules)) => rules.push(ruled),
                            None => said.push((policy, vec![ruled])),
                        }
                    },
                );
            });
        }
        said
    }
}

impl Question<'_> {
    /// The policies that are asked with the same values about a resource.
    fn groups<'g>(&'g self, asked: &'g Asked<'_>) -> Vec<Group<'g>> {
        let mut groups: Vec<Group<'g>> = Vec::new();
        for policy in 0..self.set.policies().len() {
            let group = self.group(policy, asked);
            match groups.iter_mut().find(|g| g.operation == group.operation && g.given == group.given) {
                Some(same) => same.policies.push(policy),
                None => groups.push(group),
            }
        }
        groups
    }

    /// What a policy is asked with about a resource.
    fn group<'g>(&'g self, policy: usize, asked: &'g Asked<'_>) -> Group<'g> {
        let (values, set) = (self.values, self.set);
        let name = set.policies().get(policy).map_or("", |p| p.name.as_str());
        let resource = &asked.reference.name;
        let operation = asked.operation.map(|o| (o, o.name()));
        let operation = operation.unwrap_or_else(|| values.operation(name, resource));
        let mut given = values.tree(name, resource);
        for rule in values.rules_of(name) {
            // Kyverno binds what is about the request for its rule only, and no two of them differ.
            let mut own = serde_json::Map::new();
            values.bind_rule(name, rule, &mut own);
            if let Some(request) = own.remove("request") {
                merge(&mut given, "request".to_owned(), request);
            }
        }
        Group { operation, given, policies: vec![policy] }
    }
}

/// Policies that are asked the same about a resource.
struct Group<'g> {
    /// The operation, and what variables see of it
    operation: (Operation, &'g str),
    given: serde_json::Map<String, serde_json::Value>,
    policies: Vec<usize>,
}

/// Makes the request of a group. Values may be parts of the object.
fn with_request<T>(
    question: &Question<'_>,
    asked: &Asked<'_>,
    group: &Group<'_>,
    known: &Known<'_>,
    layout: &Layout,
    each: impl FnOnce(&Request<'_>) -> T,
) -> T {
    let Asked { object, labels, part, .. } = *asked;
    let texts = [known.changed_object(), known.changed_old_object()];
    let [changed, old] =
        texts.each_ref().map(|text| read_json(text.as_ref()?, layout, Buffers::default(), JsonOptions::default()).ok());
    each(&Request {
        object: changed.as_ref().unwrap_or(object),
        old: old.as_ref().or(changed.as_ref().map(|_| object)),
        operation: group.operation.0,
        user: question.user,
        namespace_labels: labels,
        subresource: part.map_or("", |p| &p.subresource),
        whole: part.map(|p| ResourceKind { group: &p.group, version: &p.version, kind: &p.kind, subresource: "" }),
        rest: Some(&known.request),
    })
}

fn ruled(verdict: Verdict<'_>, does: Does, target: Option<Object>) -> Ruled {
    Ruled {
        rule: verdict.info.name.clone(),
        does,
        status: verdict.status,
        message: verdict.message(),
        target,
        generated: Vec::new(),
        exceptions: verdict.exceptions,
        standard: verdict.standard,
        properties: verdict.properties,
    }
}

/// An object that was made. Kyverno has it as it has JSON that it reads.
fn generated(object: &Value) -> Object {
    let Target { api_version, kind, namespace, name } = Target::of(object);
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (uid, resource_version) = (text("/metadata/uid"), text("/metadata/resourceVersion"));
    let reference = Reference { kind, namespace, name, uid, api_version, resource_version };
    Object { reference, json: object.to_string(), floats: true }
}

fn json(doc: &Document<'_>) -> String {
    doc.root().map_or_else(String::new, |root| yaml::go_json(doc, root))
}

fn object(doc: &Document<'_>, reference: &Reference, floats: bool) -> Object {
    Object { reference: reference.clone(), json: json(doc), floats }
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
