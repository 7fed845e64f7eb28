//! What the command line knows around a resource, for the engine to ask for.

use super::cluster::Cluster;
use super::evaluate::{Live, Question};
use super::registry;
use super::service;
use super::values::merge;
use crate::engine::{Asked as ImageAsked, Host, Operation, Question as Asked, Refused, TargetSelector};
use crate::report::openreports::Reference;
use crate::yaml;
use kyvc_vm::builtin::images::Image;
use kyvc_vm::document::Document;
use kyvc_vm::verdict::{Ask, Offers};
use serde_json::{Map, Value, json};

/// What is known around one resource, for policies that are given the same values.
pub(super) struct Known<'k> {
    question: &'k Question<'k>,
    given: &'k Map<String, Value>,
    object: &'k Document<'k>,
    operation: &'k str,
    /// `request` without its objects
    pub(super) request: String,
}

impl<'k> Known<'k> {
    pub(super) fn new(
        question: &'k Question<'k>,
        object: &'k Document<'k>,
        reference: &Reference,
        operation: &'k str,
        given: &'k Map<String, Value>,
    ) -> Self {
        let mut request = Map::new();
        request.insert("operation".to_owned(), json!(operation));
        // Kyverno: policy_processor.go, a deletion has no object, and its namespace is that of none.
        let namespace = if operation == Operation::Delete.name() { "" } else { &reference.namespace };
        request.insert("namespace".to_owned(), json!(namespace));
        if let Some(user) = question.user {
            request.extend(user.request_fields());
        }
        if let Some(Value::Object(more)) = given.get("request") {
            for (key, value) in more.iter().filter(|(k, _)| !["object", "oldObject"].contains(&k.as_str())) {
                merge(&mut request, key.clone(), value.clone());
            }
        }
        Self { question, given, object, operation, request: Value::Object(request).to_string() }
    }

    /// The object, where values change it.
    pub(super) fn changed_object(&self) -> Option<String> {
        self.changed("object")
    }

    /// The old object, where values change it.
    pub(super) fn changed_old_object(&self) -> Option<String> {
        self.changed("oldObject")
    }

    fn changed(&self, which: &str) -> Option<String> {
        let Some(Value::Object(changes)) = self.given.get("request")?.get(which) else { return None };
        let mut whole: Map<String, Value> = serde_json::from_str(&json_of(self.object)?).ok()?;
        for (key, value) in changes {
            merge(&mut whole, key.clone(), value.clone());
        }
        Some(Value::Object(whole).to_string())
    }

    /// What is given to a rule, the answers of mocks included, or why its context cannot be loaded.
    fn all(&self, policy: &str, rule: &str) -> Result<Map<String, Value>, String> {
        let mut all = self.given.clone();
        all.remove("request");
        self.question.values.bind_rule(policy, rule, &mut all);
        if let (Some(mocks), Some(calls)) = (self.question.mocks, self.question.calls) {
            let mut context = all.clone();
            context.insert("request".to_owned(), self.whole_request());
            calls.bind(policy, rule, mocks, context, &mut all)?;
        }
        Ok(all)
    }

    /// `request` with its objects.
    fn whole_request(&self) -> Value {
        let mut request: Map<String, Value> = serde_json::from_str(&self.request).unwrap_or_default();
        let object = |changed: Option<String>| {
            let text = changed.or_else(|| json_of(self.object)).unwrap_or_default();
            serde_json::from_str(&text).unwrap_or(Value::Null)
        };
        if self.operation != Operation::Delete.name() {
            request.insert("object".to_owned(), object(self.changed_object()));
        }
        if [Operation::Delete, Operation::Update].iter().any(|o| o.name() == self.operation) {
            request.insert("oldObject".to_owned(), object(self.changed_old_object()));
        }
        Value::Object(request)
    }
}

fn json_of(doc: &Document<'_>) -> Option<String> {
    Some(yaml::go_json(doc, doc.root()?))
}

impl Host for Known<'_> {
    fn offers(&self) -> Offers {
        let Question { cluster, live, mocks, globals, serves_config_maps, .. } = self.question;
        let offers = [
            (Ask::ApiCall, cluster.is_some() || live.is_some() || mocks.is_some()),
            (Ask::GlobalContext, globals.is_some() || cluster.is_some_and(|c| c.has_global_entries())),
            (Ask::ConfigMap, *serves_config_maps),
        ];
        offers.into_iter().filter(|(_, has)| *has).fold(Offers::default(), |all, (ask, _)| all.with(ask))
    }

    fn ask(&self, question: &Asked) -> Result<String, String> {
        let cluster = || self.question.cluster.ok_or("there are no resources");
        match question {
            Asked::ApiCall(call) => {
                let address = call.service.as_ref().map_or(call.url_path.as_str(), |s| s.url.as_str());
                if let Some(answer) = self.question.mocks.and_then(|m| m.answer(&call.method, address)) {
                    return answer;
                }
                if call.url_path.is_empty() {
                    return service::call(call);
                }
                if let Some(live) = self.question.live {
                    return live.ask(question);
                }
                cluster()?.request(&call.method, &call.url_path)
            }
            Asked::GlobalContext { name, projection } => match self.question.globals {
                Some(globals) => globals.get(name, projection),
                None => cluster()?.global(name, projection),
            },
            Asked::ConfigMap { namespace, name } => cluster()?.config_map(namespace, name),
            other @ Asked::ImageData { .. } => Err(format!("nobody answers questions about {}", other.about())),
        }
    }

    fn verify(&self, asked: &ImageAsked<'_>) -> Result<String, Refused> {
        Err(registry::verify(asked))
    }

    fn bundle(&self, image: &Image) -> Refused {
        registry::bundle(image)
    }

    fn key(&self, address: &str) -> Option<String> {
        registry::key(address)
    }

    fn unlogged(&self) -> String {
        registry::unlogged()
    }

    fn digest(&self, image: &Image) -> Result<String, Refused> {
        Err(registry::digest(image))
    }

    fn given(&self, policy: &str, rule: &str) -> Option<String> {
        let all = self.all(policy, rule).unwrap_or_default();
        (!all.is_empty()).then(|| Value::Object(all).to_string())
    }

    fn targets(&self, selector: &TargetSelector) -> Option<Result<Vec<String>, String>> {
        if let Some(live) = self.question.live {
            return live.targets(selector);
        }
        Some(self.question.targets?.select(selector))
    }

    fn stops(&self, policy: &str, rule: &str) -> Option<String> {
        // Without mocks there is nothing that could fail.
        self.question.mocks?;
        self.all(policy, rule).err()
    }
}

/// What cleanup policies may ask for: the API server, or the resources as one gives them.
pub(super) struct Served<'s> {
    pub(super) cluster: Option<&'s Cluster>,
    pub(super) live: Option<&'s dyn Live>,
}

impl Host for Served<'_> {
    fn offers(&self) -> Offers {
        let has = self.cluster.is_some() || self.live.is_some();
        if has { Offers::default().with(Ask::ApiCall) } else { Offers::default() }
    }

    fn ask(&self, question: &Asked) -> Result<String, String> {
        match question {
            Asked::ApiCall(call) if call.url_path.is_empty() => service::call(call),
            Asked::ApiCall(call) => match (self.live, self.cluster) {
                (Some(live), _) => live.ask(question),
                (None, Some(cluster)) => cluster.request(&call.method, &call.url_path),
                (None, None) => Err("there are no resources".to_owned()),
            },
            other => Err(format!("nobody answers questions about {}", other.about())),
        }
    }
}
