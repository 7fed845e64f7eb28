//! `context` of a rule or loop: names for what expressions read besides the request.

use super::fields::{Fields, Problems, Text};
use super::tree::{Tree, Value};
use crate::diag::Code;
use kyvc_vm::document::Place;

/// A context entry.
#[derive(Clone, Debug, PartialEq)]
pub struct ContextEntry {
    /// The name that it binds
    pub name: Text,
    /// Where its value comes from
    pub source: Source,
    /// Where it starts
    pub place: Place,
}

/// Where the value of a context entry comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// `variable`
    Variable {
        /// `value`
        value: Option<Tree>,
        /// `jmesPath`
        path: Option<Text>,
        /// `default`
        default: Option<Tree>,
    },
    /// `configMap`
    ConfigMap {
        /// `name`
        name: Text,
        /// `namespace`
        namespace: Option<Text>,
    },
    /// `apiCall`
    ApiCall(Box<ApiCall>),
    /// `imageRegistry`
    ImageRegistry {
        /// `reference`
        reference: Text,
        /// `jmesPath`
        path: Option<Text>,
        /// `imageRegistryCredentials`
        credentials: Option<Tree>,
    },
    /// `globalReference`
    GlobalReference {
        /// `name`, with the projection after a dot
        name: Text,
        /// `jmesPath`
        path: Option<Text>,
    },
}

/// A call to the API server or a service.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiCall {
    /// `urlPath`
    pub url_path: Option<Text>,
    /// `service`
    pub service: Option<Service>,
    /// `method`
    pub method: Text,
    /// `data`
    pub data: Vec<(Text, Tree)>,
    /// `default`
    pub default: Option<Tree>,
    /// `jmesPath`
    pub path: Option<Text>,
}

/// A web service.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// `url`
    pub url: Text,
    /// `headers`
    pub headers: Vec<(Text, Text)>,
    /// `caBundle`
    pub ca_bundle: Option<Text>,
}

/// Names that the engine itself binds.
///
/// Kyverno: pkg/engine/context/context.go, ReservedKeys; a policy that takes one for an entry is refused.
const RESERVED: [&str; 7] =
    ["images", "request", "serviceAccountName", "serviceAccountNamespace", "element", "elementIndex", "@"];

/// Reads a list of context entries.
pub fn read(items: &[Tree], path: &str, problems: &Problems) -> Vec<ContextEntry> {
    items.iter().enumerate().filter_map(|(i, t)| entry(t, &format!("{path}[{i}]"), problems)).collect()
}

fn entry(tree: &Tree, path: &str, problems: &Problems) -> Option<ContextEntry> {
    let mut f = Fields::of(tree, path, problems);
    let Some(name) = f.text("name").filter(|n| !n.text.is_empty()) else {
        problems.add(Code::MissingField, tree.place, format!("`{path}.name` is missing"));
        return None;
    };
    if RESERVED.contains(&name.text.as_str()) {
        let message = format!("a context entry cannot be named `{}`: the name stands for something else", name.text);
        problems.add(Code::WrongType, name.place, message);
    }
    let variable = f.take("variable").map(|t| variable(t, &format!("{path}.variable"), problems));
    let config_map = f.take("configMap").and_then(|t| config_map(t, &format!("{path}.configMap"), problems));
    let api_call = f.take("apiCall").map(|t| api_call(t, &format!("{path}.apiCall"), problems));
    let registry = f.take("imageRegistry").and_then(|t| registry(t, &format!("{path}.imageRegistry"), problems));
    let global = f.take("globalReference").and_then(|t| global(t, &format!("{path}.globalReference"), problems));
    f.finish();
    // Kyverno: pkg/engine/factories/contextloaderfactory.go, this is the order in which it looks for a source.
    let mut sources: Vec<Source> = [config_map, api_call, global, registry, variable].into_iter().flatten().collect();
    if sources.len() > 1 {
        problems.add(Code::WrongType, tree.place, format!("`{path}` has more than one source"));
    }
    if sources.is_empty() {
        let message =
            format!("`{path}` needs one of `variable`, `configMap`, `apiCall`, `imageRegistry` and `globalReference`");
        problems.add(Code::MissingField, tree.place, message);
        return None;
    }
    Some(ContextEntry { name, source: sources.swap_remove(0), place: tree.place })
}

fn any(f: &mut Fields<'_>, field: &'static str) -> Option<Tree> {
    f.take(field).cloned()
}

/// A field that has to be there.
fn need(f: &mut Fields<'_>, field: &'static str) -> Option<Text> {
    let text = f.text(field);
    if text.is_none() {
        let path = f.path(field);
        f.problems().add(Code::MissingField, f.place(), format!("`{path}` is missing"));
    }
    text
}

/// A text that may be left empty.
fn optional(f: &mut Fields<'_>, field: &'static str) -> Option<Text> {
    f.text(field).filter(|t| !t.text.is_empty())
}

fn variable(tree: &Tree, path: &str, problems: &Problems) -> Source {
    let mut f = Fields::of(tree, path, problems);
    let (value, default) = (any(&mut f, "value"), any(&mut f, "default"));
    let path_text = optional(&mut f, "jmesPath");
    f.finish();
    if value.is_none() && path_text.is_none() {
        problems.add(Code::MissingField, tree.place, format!("`{path}` needs `value` or `jmesPath`"));
    }
    Source::Variable { value, path: path_text, default }
}

fn config_map(tree: &Tree, path: &str, problems: &Problems) -> Option<Source> {
    let mut f = Fields::of(tree, path, problems);
    let name = need(&mut f, "name");
    let namespace = optional(&mut f, "namespace");
    f.finish();
    Some(Source::ConfigMap { name: name?, namespace })
}

fn api_call(tree: &Tree, path: &str, problems: &Problems) -> Source {
    let mut f = Fields::of(tree, path, problems);
    let url_path = optional(&mut f, "urlPath");
    let service = f.take("service").and_then(|t| service(t, &format!("{path}.service"), problems));
    let method = optional(&mut f, "method").unwrap_or(Text { text: "GET".to_owned(), place: tree.place });
    if !["GET", "POST"].contains(&method.text.as_str()) && !method.text.contains("{{") {
        problems.add(
            Code::WrongType,
            method.place,
            format!("`{path}.method` has to be `GET` or `POST`, found `{}`", method.text),
        );
    }
    let data = f.list("data").unwrap_or_default().iter().enumerate();
    let data = data.filter_map(|(i, t)| datum(t, &format!("{path}.data[{i}]"), problems)).collect();
    let default = any(&mut f, "default");
    let path_text = optional(&mut f, "jmesPath");
    f.finish();
    if url_path.is_none() && service.is_none() {
        problems.add(Code::MissingField, tree.place, format!("`{path}` needs `urlPath` or `service`"));
    }
    Source::ApiCall(Box::new(ApiCall { url_path, service, method, data, default, path: path_text }))
}

fn datum(tree: &Tree, path: &str, problems: &Problems) -> Option<(Text, Tree)> {
    let mut f = Fields::of(tree, path, problems);
    let key = need(&mut f, "key");
    let value = f.member("value").map_or(Tree { place: tree.place, value: Value::Null }, |m| m.value.clone());
    f.finish();
    Some((key?, value))
}

fn service(tree: &Tree, path: &str, problems: &Problems) -> Option<Service> {
    let mut f = Fields::of(tree, path, problems);
    let url = need(&mut f, "url");
    let headers = f.list("headers").unwrap_or_default().iter().enumerate();
    let headers = headers
        .filter_map(|(i, t)| {
            let mut h = Fields::of(t, format!("{path}.headers[{i}]"), problems);
            let (key, value) = (need(&mut h, "key"), need(&mut h, "value"));
            h.finish();
            Some((key?, value?))
        })
        .collect();
    let ca_bundle = optional(&mut f, "caBundle");
    f.finish();
    Some(Service { url: url?, headers, ca_bundle })
}

fn registry(tree: &Tree, path: &str, problems: &Problems) -> Option<Source> {
    let mut f = Fields::of(tree, path, problems);
    let reference = need(&mut f, "reference");
    let path_text = optional(&mut f, "jmesPath");
    let credentials = any(&mut f, "imageRegistryCredentials");
    f.finish();
    Some(Source::ImageRegistry { reference: reference?, path: path_text, credentials })
}

fn global(tree: &Tree, path: &str, problems: &Problems) -> Option<Source> {
    let mut f = Fields::of(tree, path, problems);
    let name = need(&mut f, "name");
    let path_text = optional(&mut f, "jmesPath");
    f.finish();
    Some(Source::GlobalReference { name: name?, path: path_text })
}

impl ContextEntry {
    /// Changes every text of the entry but its name.
    pub fn map_strings(&mut self, change: &dyn Fn(&str) -> String) {
        let text = |t: &mut Text| t.text = change(&t.text);
        let tree = |t: &mut Tree| t.map_strings(change);
        match &mut self.source {
            Source::Variable { value, path, default } => {
                value.iter_mut().chain(default).for_each(tree);
                path.iter_mut().for_each(text);
            }
            Source::ConfigMap { name, namespace } => std::iter::once(name).chain(namespace).for_each(text),
            Source::ApiCall(call) => {
                let service = call.service.iter_mut();
                let urls = call.url_path.iter_mut().chain(&mut call.path).chain(std::iter::once(&mut call.method));
                urls.for_each(text);
                for s in service {
                    text(&mut s.url);
                    s.ca_bundle.iter_mut().for_each(text);
                    s.headers.iter_mut().for_each(|(key, value)| {
                        text(key);
                        text(value);
                    });
                }
                call.data.iter_mut().for_each(|(key, value)| {
                    text(key);
                    tree(value);
                });
                call.default.iter_mut().for_each(tree);
            }
            Source::ImageRegistry { reference, path, credentials } => {
                std::iter::once(reference).chain(path).for_each(text);
                credentials.iter_mut().for_each(tree);
            }
            Source::GlobalReference { name, path } => std::iter::once(name).chain(path).for_each(text),
        }
    }
}
