//! What rules ask of a cluster.

use super::client::Client;
use super::discovery::{Discovery, Resource, Subresource, escape};
use super::failure::Failure;
use super::targets;
use crate::engine::{ApiCall, Host, Question, TargetSelector};
use crate::offline::service;
use kyvc_vm::builtin::go_url;
use kyvc_vm::selector::KindSelector;
use kyvc_vm::verdict::{Ask, Offers};
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError, RwLock};

/// Answers what rules ask for from a cluster: each time anew, but for what kinds it knows.
#[derive(Debug)]
pub struct ClusterHost {
    client: Client,
    known: RwLock<Option<Arc<Discovery>>>,
}

impl ClusterHost {
    /// A host that asks the API server of a client.
    pub fn new(client: Client) -> Self {
        Self { client, known: RwLock::new(None) }
    }

    /// Who is asked.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What the server knows, as it was when it was asked last.
    ///
    /// # Errors
    /// Says why it is not known.
    pub fn discovery(&self) -> Result<Arc<Discovery>, String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        known.map_or_else(|| self.rediscover(), Ok)
    }

    /// Asks the server what it knows.
    ///
    /// # Errors
    /// Says why there is no answer.
    pub fn rediscover(&self) -> Result<Arc<Discovery>, String> {
        let new = Arc::new(Discovery::read(&self.client)?);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&new));
        Ok(new)
    }

    /// What a kind leads to. Where there is nothing, the server is asked once more, since it may know it by now.
    ///
    /// # Errors
    /// Says why nothing is known of it.
    pub fn find(&self, kind: &KindSelector) -> Result<Vec<(Resource, Option<Subresource>)>, String> {
        let find = |discovery: &Discovery| {
            let found = discovery.find(kind).into_iter();
            found.map(|f| (f.resource.clone(), f.subresource.cloned())).collect::<Vec<_>>()
        };
        let found = find(&*self.discovery()?);
        if !found.is_empty() {
            return Ok(found);
        }
        let found = find(&*self.rediscover()?);
        if found.is_empty() { Err("resource not found".to_owned()) } else { Ok(found) }
    }

    /// The labels of a namespace, as a JSON object.
    ///
    /// # Errors
    /// Says why they are not known.
    pub fn namespace_labels(&self, name: &str) -> Result<String, String> {
        let found = self.core("namespaces", "", name)?;
        Ok(found.pointer("/metadata/labels").map_or_else(|| "{}".to_owned(), Value::to_string))
    }

    /// The data and metadata of a ConfigMap, as JSON.
    fn config_map(&self, namespace: &str, name: &str) -> Result<String, String> {
        let found = self.core("configmaps", namespace, name)?;
        let member = |key| found.get(key).cloned().unwrap_or_default();
        Ok(json!({"data": member("data"), "metadata": member("metadata")}).to_string())
    }

    fn core(&self, plural: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let resource = Resource { version: "v1".to_owned(), plural: plural.to_owned(), ..Resource::default() };
        let text = self.client.get(&resource.path(namespace, &[name])).map_err(|e| e.of_objects())?;
        serde_json::from_str(&text).map_err(|e| e.to_string())
    }

    /// Calls the API server.
    ///
    /// Kyverno: pkg/engine/apicall/executor.go, executeK8sAPICall.
    fn call(&self, call: &ApiCall) -> Result<String, String> {
        let target = target(&call.url_path)?;
        let answer = match call.method.as_str() {
            "GET" => self.client.get(&target),
            // Go's encoder ends what it writes.
            "POST" => self.client.post(&target, &format!("{}\n", call.data)),
            other => return Err(format!("method not supported: {other}")),
        };
        answer.map_err(|e: Failure| {
            let denied = if e.is_denied() { "permission denied: " } else { "" };
            format!("{denied}{}", e.of_paths())
        })
    }
}

impl Host for ClusterHost {
    fn offers(&self) -> Offers {
        [Ask::ApiCall, Ask::ConfigMap].into_iter().fold(Offers::default(), Offers::with)
    }

    fn ask(&self, question: &Question) -> Result<String, String> {
        match question {
            Question::ApiCall(call) if call.url_path.is_empty() => service::call(call),
            Question::ApiCall(call) => self.call(call),
            Question::ConfigMap { namespace, name } => self.config_map(namespace, name),
            other => Err(format!("nobody answers questions about {}", other.about())),
        }
    }

    fn targets(&self, selector: &TargetSelector) -> Option<Result<Vec<String>, String>> {
        Some(targets::select(self, selector))
    }
}

/// A path of the API as a request has it.
///
/// client-go: rest/request.go, AbsPath, takes it for one of files: without empty segments, `.` and `..`.
fn target(path: &str) -> Result<String, String> {
    let (_, _, target) = go_url(path)?;
    let (path, query) = target.split_once('?').map_or((target.as_str(), None), |(path, query)| (path, Some(query)));
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/').filter(|s| !s.is_empty() && *s != ".") {
        if segment == ".." {
            segments.pop();
        } else {
            segments.push(segment);
        }
    }
    let mut out = format!("/{}", segments.join("/"));
    if path.ends_with('/') && !segments.is_empty() {
        out.push('/');
    }
    if let Some(query) = query {
        out.push('?');
        for c in query.chars() {
            if c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c) {
                out.push(c);
            } else {
                escape(c.encode_utf8(&mut [0; 4]), &mut out);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned() {
        let target = |path: &str| target(path).unwrap();
        assert_eq!(target("/api/v1/namespaces//pods"), "/api/v1/namespaces/pods");
        assert_eq!(target("api/./v1/x/../pods/"), "/api/v1/pods/");
        assert_eq!(
            target("/api?labelSelector=a in (b,c)&x={\u{e4}}"),
            "/api?labelSelector=a%20in%20(b,c)&x=%7B%C3%A4%7D"
        );
        assert_eq!(target("/"), "/");
    }

    #[test]
    fn addresses_that_are_none() {
        assert!(super::target("/a%zz").is_err());
    }
}
