//! What the command line knows around a resource, for the engine to ask for.

use super::cluster::Cluster;
use super::evaluate::Question;
use super::values::{Values, merge};
use crate::engine::{Host, Operation, Question as Asked};
use crate::report::openreports::Reference;
use crate::yaml;
use kyvc_vm::document::Document;
use kyvc_vm::verdict::{Ask, Offers};
use serde_json::{Map, Value, json};

/// What is known around one resource, for policies that are given the same values.
pub(super) struct Known<'k> {
    values: &'k Values,
    cluster: Option<&'k Cluster>,
    given: &'k Map<String, Value>,
    /// `request` without its objects
    pub(super) request: String,
}

impl<'k> Known<'k> {
    pub(super) fn new(
        question: &Question<'k>,
        reference: &Reference,
        operation: Operation,
        given: &'k Map<String, Value>,
    ) -> Self {
        let mut request = Map::new();
        request.insert("operation".to_owned(), json!(operation.name()));
        request.insert("namespace".to_owned(), json!(reference.namespace));
        if let Some(user) = question.user {
            request.extend(user.request_fields());
        }
        if let Some(Value::Object(more)) = given.get("request") {
            for (key, value) in more.iter().filter(|(k, _)| !["object", "oldObject"].contains(&k.as_str())) {
                merge(&mut request, key.clone(), value.clone());
            }
        }
        let Question { values, cluster, .. } = *question;
        Self { values, cluster, given, request: Value::Object(request).to_string() }
    }

    /// The object, where values change it.
    pub(super) fn object(&self, object: &Document<'_>) -> Option<String> {
        self.changed(object, "object")
    }

    /// The old object, where values change it.
    pub(super) fn old_object(&self, object: &Document<'_>) -> Option<String> {
        self.changed(object, "oldObject")
    }

    fn changed(&self, object: &Document<'_>, which: &str) -> Option<String> {
        let Some(Value::Object(changes)) = self.given.get("request")?.get(which) else { return None };
        let mut whole: Map<String, Value> = serde_json::from_str(&yaml::go_json(object, object.root()?)).ok()?;
        for (key, value) in changes {
            merge(&mut whole, key.clone(), value.clone());
        }
        Some(Value::Object(whole).to_string())
    }
}

impl Host for Known<'_> {
    fn offers(&self) -> Offers {
        let Some(cluster) = self.cluster else { return Offers::default() };
        let offers = Offers::default().with(Ask::ApiCall);
        if cluster.has_global_entries() { offers.with(Ask::GlobalContext) } else { offers }
    }

    fn ask(&self, question: &Asked) -> Result<String, String> {
        let cluster = self.cluster.ok_or("there are no resources")?;
        match question {
            Asked::ApiCall(call) if !call.url_path.is_empty() => cluster.request(&call.method, &call.url_path),
            Asked::ApiCall(call) => Err(format!(
                "failed to execute HTTP request for APICall {}: kyvc does not call services here yet",
                call.entry
            )),
            Asked::GlobalContext { name, projection } => cluster.global(name, projection),
            other => Err(format!("nobody answers questions about {}", other.about())),
        }
    }

    fn given(&self, policy: &str, rule: &str) -> Option<String> {
        let mut all = self.given.clone();
        all.remove("request");
        self.values.bind_rule(policy, rule, &mut all);
        (!all.is_empty()).then(|| Value::Object(all).to_string())
    }
}
