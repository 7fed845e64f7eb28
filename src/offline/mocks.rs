//! Answers that a test gives to calls of APIs, in place of a server.
//!
//! Kyverno: store/contextloader.go, looks up all calls among the context entries of a rule before it loads any other
//! entry. Those that have an answer become values that are given to the rule, and all others are not there.

use crate::engine::query;
use crate::policy::classic::Rule;
use crate::policy::context::{ApiCall, ContextEntry, Source};
use crate::policy::fields::Text;
use kyvc_grammar::template::{self, Part};
use serde::Deserialize;
use serde_json::{Map, Value};

/// How often values of variables may bring forth more variables.
const ROUNDS: usize = 8;

/// An entry of `apiCallResponses`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Entry {
    url: Option<String>,
    url_path: Option<String>,
    method: Option<String>,
    response: Option<Response>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Response {
    status_code: Option<i64>,
    body: Option<Value>,
}

/// Answers by method and address.
#[derive(Debug, Default)]
pub struct Mocks {
    /// Whether a server answers what is not here
    served: bool,
    answers: Vec<Answer>,
}

#[derive(Debug)]
struct Answer {
    /// `METHOD:url`, or the address alone for any method
    key: String,
    status: i64,
    body: Value,
}

impl Entry {
    fn address(&self) -> &str {
        let trimmed = |t: &'_ Option<String>| t.as_deref().map_or("", str::trim).len();
        let text = if trimmed(&self.url) > 0 { &self.url } else { &self.url_path };
        text.as_deref().map_or("", str::trim)
    }

    fn key(&self) -> String {
        let method = self.method.as_deref().unwrap_or_default().trim().to_uppercase();
        if method.is_empty() { self.address().to_owned() } else { format!("{method}:{}", self.address()) }
    }

    /// Kyverno: apis/v1alpha1/test.go, validateAPICallResponseEntry.
    fn check(&self, i: usize) -> Result<(), String> {
        let text = |t: &'_ Option<String>| t.as_deref().unwrap_or_default().trim().to_owned();
        let (url, path) = (text(&self.url), text(&self.url_path));
        let fail = |what: String| Err(format!("apiCallResponses[{i}]: {what}"));
        match (url.is_empty(), path.is_empty()) {
            (true, true) => return fail("either url or urlPath is required".to_owned()),
            (false, false) => return fail("url and urlPath are mutually exclusive".to_owned()),
            _ => {}
        }
        if !url.is_empty() {
            let scheme = url.split_once("://").filter(|(s, _)| ["http", "https"].contains(&s.to_lowercase().as_str()));
            let Some((_, rest)) = scheme else {
                return fail(format!("url {url:?} must be an absolute https/http URL"));
            };
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default();
            if host.is_empty() || host.starts_with(':') {
                return fail(format!("url {url:?} has scheme but no host"));
            }
        }
        if !path.is_empty() && !path.starts_with('/') {
            return fail(format!("urlPath {path:?} must be an absolute path starting with '/'"));
        }
        let method = text(&self.method).to_uppercase();
        if !["", "GET", "POST"].contains(&method.as_str()) {
            return fail("method must be GET or POST".to_owned());
        }
        let label = if url.is_empty() { path } else { url };
        let fail = |what: String| Err(format!("apiCallResponses[{i}] {label:?}: {what}"));
        let response = self.response.as_ref();
        match response.and_then(|r| r.body.as_ref()) {
            None | Some(Value::Null) => return fail("response.body is required".to_owned()),
            Some(Value::Object(_)) => {}
            Some(_) => return fail("response.body must be a JSON object".to_owned()),
        }
        match response.and_then(|r| r.status_code) {
            Some(code) if code != 0 && !(100..=599).contains(&code) => {
                fail(format!("statusCode {code} must be between 100 and 599"))
            }
            _ => Ok(()),
        }
    }
}

impl Mocks {
    /// Takes the entries of a test. `served` says that a server answers what is not among them.
    ///
    /// # Errors
    /// Says what is wrong with one of them, as Kyverno does.
    pub fn new(entries: &[Entry], served: bool) -> Result<Self, String> {
        let mut answers: Vec<Answer> = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            entry.check(i)?;
            let (key, address) = (entry.key(), entry.address());
            if answers.iter().any(|a| a.key == key) {
                return Err(format!(
                    "apiCallResponses: duplicate entry for {address:?} (key {key:?}) — each method+url combination must \
                     be unique"
                ));
            }
            let response = entry.response.clone().unwrap_or_default();
            let status = response.status_code.filter(|c| *c != 0).unwrap_or(200);
            answers.push(Answer { key, status, body: response.body.unwrap_or_default() });
        }
        Ok(Self { served, answers })
    }

    /// Whether there is no answer at all.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    fn find(&self, method: &str, address: &str) -> Option<&Answer> {
        let exact = format!("{method}:{address}");
        let mut all = self.answers.iter();
        all.clone().find(|a| a.key == exact).or_else(|| all.find(|a| a.key == address))
    }

    /// The answer to a call that a rule makes while it runs.
    pub(super) fn answer(&self, method: &str, address: &str) -> Option<Result<String, String>> {
        let found = self.find(method, address)?;
        Some(if (200..300).contains(&found.status) {
            Ok(found.body.to_string())
        } else {
            Err(format!("HTTP {}", found.status))
        })
    }
}

/// A call that was taken out of a rule.
#[derive(Clone, Debug)]
struct Call {
    entry: String,
    method: Text,
    address: Text,
    /// Where the address stands in the call
    place: &'static str,
    path: Option<Text>,
}

/// The calls that were taken out of rules, by policy and rule.
#[derive(Debug, Default)]
pub struct Calls(Vec<(String, String, Vec<Call>)>);

impl Calls {
    pub(super) fn append(&mut self, mut other: Calls) {
        self.0.append(&mut other.0);
    }

    /// Takes out of a rule's context what mocks decide.
    pub(super) fn take(&mut self, policy: &str, rule: &mut Rule, mocks: &Mocks) {
        let (mut calls, mut kept) = (Vec::new(), Vec::new());
        for entry in std::mem::take(&mut rule.context) {
            match taken(&entry, mocks) {
                Some(call) => calls.push(call),
                None => kept.push(entry),
            }
        }
        rule.context = kept;
        if !calls.is_empty() {
            self.0.push((policy.to_owned(), rule.name.clone(), calls));
        }
    }

    /// Binds the answers to a rule's calls in what is given to it. `context` is what their variables see.
    ///
    /// # Errors
    /// Why the rule's context cannot be loaded.
    pub(super) fn bind(
        &self,
        policy: &str,
        rule: &str,
        mocks: &Mocks,
        mut context: Map<String, Value>,
        given: &mut Map<String, Value>,
    ) -> Result<(), String> {
        let Some((.., calls)) = self.0.iter().find(|(p, r, _)| p == policy && r == rule) else { return Ok(()) };
        for call in calls {
            if let Some(value) = call.value(mocks, &context)? {
                context.insert(call.entry.clone(), value.clone());
                given.insert(call.entry.clone(), value);
            }
        }
        Ok(())
    }
}

/// A call that is decided before the rule runs: all of them, but for those that a server may answer.
fn taken(entry: &ContextEntry, mocks: &Mocks) -> Option<Call> {
    let Source::ApiCall(call) = &entry.source else { return None };
    let ApiCall { url_path, service, method, path, .. } = &**call;
    let nothing = Text { text: String::new(), place: entry.place };
    let (address, place) = match service {
        Some(service) => (service.url.clone(), "/service/url"),
        None => (url_path.clone().unwrap_or(nothing), "/urlPath"),
    };
    let call = Call { entry: entry.name.text.clone(), method: method.clone(), address, place, path: path.clone() };
    let is_fixed = !call.address.text.contains("{{");
    let is_mocked = is_fixed && mocks.find(&call.method.text, &call.address.text).is_some();
    (!mocks.served || is_mocked).then_some(call)
}

impl Call {
    fn value(&self, mocks: &Mocks, context: &Map<String, Value>) -> Result<Option<Value>, String> {
        let text = |t: &Text, path: &str| {
            substitute(&t.text, path, context)
                .map_err(|e| format!("failed to substitute variables in apiCall context entry {:?}: {e}", self.entry))
        };
        let address = text(&self.address, self.place)?;
        let method = text(&self.method, "/method")?;
        let method = if method.is_empty() { "GET" } else { &method };
        let Some(answer) = mocks.find(method, &address).filter(|_| !address.is_empty()) else { return Ok(None) };
        if !(200..300).contains(&answer.status) {
            return Err(format!(
                "HTTP {} from apiCall mock for context entry {:?} (v1 apiCall treats non-2xx as failure)",
                answer.status, self.entry
            ));
        }
        let Some(path) = self.path.as_ref().filter(|p| !p.text.is_empty()) else {
            return Ok(Some(answer.body.clone()));
        };
        let path = text(path, "/jmesPath")?;
        let made = query::evaluate(&path, &answer.body.to_string(), false)
            .map_err(|e| format!("failed to apply JMESPath {path:?} for context entry {:?}: {e}", self.entry))?;
        Ok(Some(serde_json::from_str(&made).unwrap_or_default()))
    }
}

/// A text with its variables evaluated in a context.
fn substitute(text: &str, path: &str, context: &Map<String, Value>) -> Result<String, String> {
    let mut text = text.to_owned();
    let input = || Value::Object(context.clone()).to_string();
    for _ in 0..ROUNDS {
        let template = template::parse(&text);
        if !template.has_variables() {
            break;
        }
        let mut next = String::new();
        for part in &template.parts {
            match part {
                Part::Text { raw, .. } => next.push_str(raw),
                Part::Variable(v) => {
                    let value = query::evaluate(v.text, &input(), false).map_err(|e| {
                        format!("failed to resolve {} at path {path}: JMESPath query failed: {e}", v.text)
                    })?;
                    match serde_json::from_str(&value).unwrap_or_default() {
                        Value::String(s) => next.push_str(&s),
                        other => next.push_str(&other.to_string()),
                    }
                }
            }
        }
        text = next;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mocks(entries: Value) -> Result<Mocks, String> {
        Mocks::new(&serde_json::from_value::<Vec<Entry>>(entries).unwrap(), false)
    }

    #[test]
    fn entries_are_checked() {
        let body = json!({"body": {}});
        assert_eq!(mocks(json!([{}])).unwrap_err(), "apiCallResponses[0]: either url or urlPath is required");
        let twice = json!([{"urlPath": "/x", "response": body}, {"urlPath": "/x", "response": body}]);
        assert!(mocks(twice).unwrap_err().starts_with("apiCallResponses: duplicate entry for \"/x\""));
        let host = mocks(json!([{"url": "http:///x", "response": body}])).unwrap_err();
        assert_eq!(host, "apiCallResponses[0]: url \"http:///x\" has scheme but no host");
    }

    #[test]
    fn a_method_comes_before_none() {
        let entry = |method: &str, a: i32| json!({"urlPath": "/x", "method": method, "response": {"body": {"a": a}}});
        let mocks = mocks(json!([entry("", 1), entry(" get ", 2)])).unwrap();
        assert_eq!(mocks.answer("GET", "/x"), Some(Ok("{\"a\":2}".to_owned())));
        assert_eq!(mocks.answer("POST", "/x"), Some(Ok("{\"a\":1}".to_owned())));
        assert_eq!(mocks.answer("GET", "/y"), None);
    }

    #[test]
    fn variables_of_addresses() {
        let context = json!({"request": {"namespace": "a"}});
        let Value::Object(context) = context else { return };
        assert_eq!(substitute("/x/{{ request.namespace }}/y", "/urlPath", &context), Ok("/x/a/y".to_owned()));
        assert_eq!(
            substitute("/{{x.a}}", "/urlPath", &context).unwrap_err(),
            "failed to resolve x.a at path /urlPath: JMESPath query failed: Unknown key \"x\" in path"
        );
    }
}
