//! Context entries to expressions that give their values, with Kyverno's words for what goes wrong on the way.

use super::jmespath;
use super::reference;
use super::scope::Scope;
use super::text;
use crate::ir::{self, Expr, Fallback, First};
use crate::policy::context::{ApiCall, ContextEntry, Source};
use crate::policy::fields::Text;
use crate::policy::tree::{Tree, Value};
use kyvc_vm::verdict::Ask;

/// What the entries of a rule are made for.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    /// The namespace of the policy, where it is in one
    pub namespace: Option<String>,
    /// Whether the object changes while the rule runs
    pub mutates: bool,
}

/// Lowers the entries of one list, which are numbered from `first` on. `before` are the entries around them.
pub fn lower(
    entries: &[ContextEntry],
    scope: &Scope<'_>,
    owner: &Owner,
    before: &[ir::ContextEntry],
) -> Vec<ir::ContextEntry> {
    let mut lowered: Vec<ir::ContextEntry> = Vec::with_capacity(entries.len());
    for entry in entries {
        let (value, needs) = value(entry, scope, owner);
        let known = |name: &str| before.iter().chain(&lowered).rfind(|e| e.name == name).is_some_and(|e| e.steady);
        let replaces = matches!(entry.source, Source::Variable { .. });
        // Kyverno keeps what it got from elsewhere, and evaluates variables anew.
        let steady = !replaces || is_steady(&value, owner, &known);
        lowered.push(ir::ContextEntry {
            name: entry.name.text.clone(),
            value,
            needs,
            replaces,
            steady,
            place: entry.place,
        });
    }
    lowered
}

fn value(entry: &ContextEntry, scope: &Scope<'_>, owner: &Owner) -> (Expr, Option<Ask>) {
    let name = entry.name.text.as_str();
    match &entry.source {
        Source::Variable { value, path, default } => {
            (variable(name, value.as_ref(), path.as_ref(), default.as_ref(), scope), None)
        }
        Source::ConfigMap { name: of, namespace } => {
            (config_map(name, of, namespace.as_ref(), scope, owner), Some(Ask::ConfigMap))
        }
        Source::ApiCall(call) => (api_call(name, call, scope, owner), Some(Ask::ApiCall)),
        Source::ImageRegistry { reference, path, credentials } => {
            let value = image_registry(name, reference, path.as_ref(), credentials.as_ref(), scope);
            (value, Some(Ask::ImageData))
        }
        Source::GlobalReference { name: of, path } => {
            (global_reference(name, of, path.as_ref(), scope), Some(Ask::GlobalContext))
        }
    }
}

/// A tree as Kyverno substitutes it: references first, then variables.
fn substituted(tree: &Tree, scope: &Scope<'_>) -> Expr {
    substituted_at(tree, "", scope)
}

/// As [`substituted`], for a tree that is substituted as part of another one.
fn substituted_at(tree: &Tree, path: &str, scope: &Scope<'_>) -> Expr {
    match reference::resolve(tree) {
        Ok(tree) => text::tree(&tree, path, scope),
        Err(text) => Expr::Fail(text),
    }
}

fn string(t: &Text, scope: &Scope<'_>) -> Expr {
    string_at(t, "", scope)
}

fn string_at(t: &Text, path: &str, scope: &Scope<'_>) -> Expr {
    substituted_at(&Tree { place: t.place, value: Value::Str(t.text.clone()) }, path, scope)
}

fn blame(text: String, e: Expr) -> Expr {
    if is_constant(&e) { e } else { Expr::Blame(text, Box::new(e)) }
}

fn is_constant(e: &Expr) -> bool {
    match e {
        Expr::Null | Expr::Bool(_) | Expr::Int(_) | Expr::Float(_) | Expr::Str(_) => true,
        Expr::List(items) => items.iter().all(is_constant),
        Expr::Map(members) => members.iter().all(|(_, v)| is_constant(v)),
        _ => false,
    }
}

/// An expression of the context or of the value bound around it, given by a text that may hold variables.
enum Path {
    /// Known now
    Fixed(Expr),
    /// The text of the expression
    Made(Expr),
}

fn path(t: &Text, bound: bool, scope: &Scope<'_>) -> Path {
    match string(t, scope) {
        // Kyverno finds out when the entry is needed.
        Expr::Str(s)
            if scope.is_lenient()
                && let Some(why) = jmespath::complaint(&s) =>
        {
            match bound {
                true => Path::Made(Expr::Str(s)),
                false => Path::Fixed(Expr::Fail(why)),
            }
        }
        Expr::Str(s) if bound => Path::Fixed(jmespath::lower_bound(&s, t.place, scope)),
        Expr::Str(s) => Path::Fixed(jmespath::lower_bare(&s, t.place, scope)),
        e => Path::Made(e),
    }
}

/// Kyverno: pkg/engine/context/loaders/variable.go.
fn variable(
    name: &str,
    value: Option<&Tree>,
    path_text: Option<&Text>,
    default: Option<&Tree>,
    scope: &Scope<'_>,
) -> Expr {
    let cannot = |what: &str| format!("failed to substitute variables in context entry {name} {what}");
    let otherwise = default.map_or(Expr::Null, |t| blame(cannot(&go_string(t)), substituted(t, scope)));
    let with = value.map(|t| blame(cannot(&go_string(t)), substituted(t, scope)));
    let bound = with.is_some();
    let first = match path_text {
        None => First::Value(Expr::Current),
        Some(t) => {
            let what = format!("failed to apply jmespath {} to variable <nil>", t.text);
            match path(t, bound, scope) {
                Path::Fixed(e) if bound || matches!(e, Expr::Fail(_)) => First::Value(blame(what, e)),
                Path::Fixed(e) => First::Value(blame(what, Expr::Queried(Box::new(e)))),
                Path::Made(text) => {
                    let bad = format!("jmespath value must be a string {name} {}: <nil>", t.text);
                    First::Query { text: Expr::Text(Box::new(blame(cannot(&t.text), text)), bad), blame: what }
                }
            }
        }
    };
    let fallback = Fallback { otherwise, with, first, nulls: !bound, then: None };
    let nil = format!("failed to add context entry for variable {name} since it evaluated to nil");
    sized(Expr::Floats(Box::new(Expr::NotNull(Box::new(Expr::Fallback(Box::new(fallback))), nil))), String::new())
}

/// Kyverno: pkg/engine/context/loaders/configmap.go.
fn config_map(name: &str, of: &Text, namespace: Option<&Text>, scope: &Scope<'_>, owner: &Owner) -> Expr {
    let part = |field: &str, t: &Text| {
        let what = format!("failed to substitute variables in context {name} configMap.{field} {}", t.text);
        match string(t, scope) {
            Expr::Str(s) => Expr::Str(s),
            e => Expr::Text(Box::new(blame(what.clone(), e)), format!("{what}: expected string")),
        }
    };
    let question = Expr::Map(vec![
        ("entry".to_owned(), Expr::Str(name.to_owned())),
        ("name".to_owned(), part("name", of)),
        ("namespace".to_owned(), namespace.map_or(Expr::Str(String::new()), |n| part("namespace", n))),
        ("policyNamespace".to_owned(), own(owner)),
    ]);
    let answer = Expr::Ask(Ask::ConfigMap, Box::new(question));
    let found = Expr::Blame(format!("failed to retrieve config map for context entry {name}"), Box::new(answer));
    sized(found, format!("failed to add config map for context entry {name}"))
}

fn own(owner: &Owner) -> Expr {
    Expr::Str(owner.namespace.clone().unwrap_or_default())
}

/// Kyverno: pkg/engine/apicall/apiCall.go.
fn api_call(name: &str, call: &ApiCall, scope: &Scope<'_>, owner: &Owner) -> Expr {
    let shown = call.url_path.as_ref().map_or("", |t| t.text.as_str());
    let text = |t: Option<&Text>, path: &str| t.map_or(Expr::Str(String::new()), |t| string_at(t, path, scope));
    let mut members = vec![
        ("entry".to_owned(), Expr::Str(name.to_owned())),
        ("urlPath".to_owned(), text(call.url_path.as_ref(), "/urlPath")),
        ("method".to_owned(), text(Some(&call.method), "/method")),
    ];
    let data = call.data.iter().enumerate().map(|(i, (key, value))| {
        let path = format!("/data/{i}");
        let key = string_at(key, &format!("{path}/key"), scope);
        let value = substituted_at(value, &format!("{path}/value"), scope);
        Expr::Map(vec![("key".to_owned(), key), ("value".to_owned(), value)])
    });
    members.push(("data".to_owned(), Expr::List(data.collect())));
    if let Some(service) = &call.service {
        let headers = service.headers.iter().enumerate().map(|(i, (key, value))| {
            let path = format!("/service/headers/{i}");
            let key = string_at(key, &format!("{path}/key"), scope);
            let value = string_at(value, &format!("{path}/value"), scope);
            Expr::Map(vec![("key".to_owned(), key), ("value".to_owned(), value)])
        });
        let service = vec![
            ("url".to_owned(), text(Some(&service.url), "/service/url")),
            ("headers".to_owned(), Expr::List(headers.collect())),
            ("caBundle".to_owned(), text(service.ca_bundle.as_ref(), "/service/caBundle")),
        ];
        members.push(("service".to_owned(), Expr::Map(service)));
    }
    // The whole entry is substituted before the call, the default and the expression included.
    let default = call.default.as_ref().map_or(Expr::Null, |t| substituted_at(t, "/default", scope));
    members.push(("default".to_owned(), default));
    members.push(("jmesPath".to_owned(), text(call.path.as_ref(), "/jmesPath")));
    let what = format!("failed to substitute variables in context entry {name} {shown}");
    let checked = Expr::Map(vec![
        ("call".to_owned(), blame(what, Expr::Map(members))),
        ("policyNamespace".to_owned(), own(owner)),
    ]);
    let failed = "failed to fetch data for APICall".to_owned();
    // What goes wrong before the call is not what the default is for.
    let with = Expr::Blame(failed.clone(), Box::new(checked));
    let first = Expr::Blame(failed, Box::new(Expr::Ask(Ask::ApiCall, Box::new(Expr::Current))));
    let then = call.path.as_ref().map(|t| stored(name, t, scope));
    // The default is taken as it is written.
    let otherwise = call.default.as_ref().map_or(Expr::Null, constant);
    let fallback = Fallback { otherwise, with: Some(with), first: First::Value(first), nulls: false, then };
    let what = if call.path.is_some() { "APICall results for" } else { "resource data to" };
    let cannot = format!("failed to store data for APICall: failed to add {what} context entry {name}");
    sized(Expr::Floats(Box::new(Expr::Fallback(Box::new(fallback)))), cannot)
}

/// What an entry is bound to, which the context has to have room for.
fn sized(value: Expr, cannot: String) -> Expr {
    Expr::Sized(Box::new(value), cannot)
}

fn stored(name: &str, t: &Text, scope: &Scope<'_>) -> Expr {
    let value = match path(t, true, scope) {
        Path::Fixed(e) => {
            let what = format!("failed to apply JMESPath {} for context entry {name}", t.text);
            blame(what, e)
        }
        Path::Made(text) => {
            let what = format!("failed to substitute variables in context entry {name} JMESPath {}", t.text);
            let text = Expr::Text(Box::new(blame(what.clone(), text)), format!("{what}: expected string"));
            let what = format!("failed to apply JMESPath {} for context entry {name}", t.text);
            blame(what, Expr::Query(Box::new(text), Some(Box::new(Expr::Current))))
        }
    };
    blame("failed to store data for APICall".to_owned(), value)
}

/// A tree as it is written.
fn constant(tree: &Tree) -> Expr {
    match &tree.value {
        Value::Null => Expr::Null,
        Value::Bool(b) => Expr::Bool(*b),
        Value::Int(n) => Expr::Float(*n as f64),
        Value::Float(n) => Expr::Float(*n),
        Value::Str(s) => Expr::Str(s.clone()),
        Value::List(items) => Expr::List(items.iter().map(constant).collect()),
        Value::Map(members) => Expr::Map(members.iter().map(|m| (m.key.clone(), constant(&m.value))).collect()),
    }
}

/// Kyverno: pkg/engine/context/loaders/imagedata.go, with its spelling.
fn image_registry(
    name: &str,
    reference: &Text,
    path_text: Option<&Text>,
    credentials: Option<&Tree>,
    scope: &Scope<'_>,
) -> Expr {
    let what = format!("ailed to substitute variables in context entry {name} {}", reference.text);
    let question = Expr::Map(vec![
        ("entry".to_owned(), Expr::Str(name.to_owned())),
        ("reference".to_owned(), blame(what, string(reference, scope))),
        ("credentials".to_owned(), credentials.map_or(Expr::Null, constant)),
    ]);
    let answer = Expr::Ask(Ask::ImageData, Box::new(question));
    let cannot = format!("failed to add resource data to context: contextEntry: {name}, error");
    let Some(t) = path_text else { return sized(Expr::Floats(Box::new(answer)), cannot) };
    let bad = format!("failed to apply JMESPath ({}) results to context entry {name}, error", t.text);
    let value = match path(t, true, scope) {
        Path::Fixed(e) => blame(bad, e),
        Path::Made(text) => {
            let what = format!("failed to substitute variables in context entry {name} {}", t.text);
            let text = Expr::Text(Box::new(blame(what.clone(), text)), format!("{what}: expected string"));
            blame(bad, Expr::Query(Box::new(text), Some(Box::new(Expr::Current))))
        }
    };
    sized(Expr::Floats(Box::new(Expr::Let(Box::new(answer), Box::new(value)))), cannot)
}

/// Kyverno: pkg/engine/context/loaders/globalcontext.go.
fn global_reference(name: &str, of: &Text, path_text: Option<&Text>, scope: &Scope<'_>) -> Expr {
    let question = Expr::Map(vec![("name".to_owned(), string_at(of, "/name", scope))]);
    let answer = Expr::Ask(Ask::GlobalContext, Box::new(question));
    let value = match path_text {
        None => answer,
        Some(t) => {
            let bad = format!("failed to apply JMESPath {} for context entry {name}", t.text);
            let applied = match path(t, true, scope) {
                Path::Fixed(e) => blame(bad, e),
                Path::Made(text) => blame(bad, Expr::Query(Box::new(text), Some(Box::new(Expr::Current)))),
            };
            Expr::Let(Box::new(answer), Box::new(applied))
        }
    };
    let what = format!("failed to marshal APICall data for context entry {name}");
    let cannot = format!("failed to add resource cache results for context entry {name}");
    sized(Expr::Floats(Box::new(Expr::Blame(what, Box::new(value)))), cannot)
}

/// A value of a policy as Go's `%s` prints it.
fn go_string(tree: &Tree) -> String {
    match &tree.value {
        Value::Null => "%!s(<nil>)".to_owned(),
        Value::Bool(b) => format!("%!s(bool={b})"),
        Value::Int(n) => format!("%!s(int64={n})"),
        Value::Float(n) => format!("%!s(float64={n})"),
        Value::Str(s) => s.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(go_string).collect::<Vec<_>>().join(" ")),
        Value::Map(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|a, b| a.key.cmp(&b.key));
            let members: Vec<String> = members.iter().map(|m| format!("{}:{}", m.key, go_string(&m.value))).collect();
            format!("map[{}]", members.join(" "))
        }
    }
}

/// Whether an expression has the same value wherever in a rule's run it is evaluated.
fn is_steady(e: &Expr, owner: &Owner, known: &dyn Fn(&str) -> bool) -> bool {
    let mut steady = true;
    e.walk(&mut |e| match e {
        Expr::Name(name) => steady &= known(name),
        Expr::Root(_) => steady &= !owner.mutates,
        Expr::Query(..) => steady = false,
        Expr::Fallback(f) => steady &= matches!(f.first, First::Value(_)),
        _ => {}
    });
    steady
}
