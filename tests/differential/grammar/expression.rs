//! Random expressions about the manifest, the element of a loop and context entries.
//!
//! What an expression gives is tried on the manifest that the policy is about, so that most of them give something, and
//! so that it is known what to compare with.

use super::Gen;
use super::conditions;
use super::mutation::{self, Step};
use crate::expressions::grammar::{Vocabulary, expression_about};
use kyvc::diag::Source;
use kyvc::engine::query::evaluate;
use kyvc::lower::jmespath;
use kyvc::lower::scope::Scope;
use kyvc::policy::fields::Problems;
use serde_json::{Map, Value, json};

/// Functions that never give the same twice, or that ask the network.
const UNSTABLE: &[&str] = &["random(", "time_now", "time_since(", "is_external_url(", "x509_decode("];

/// Keys that most objects have, and some that none has.
const NAMES: &[&str] = &["metadata", "name", "labels", "app", "spec", "kind", "missing", "\"example.com/tier\""];

/// A random expression that the policy check takes for defined, and what it probably gives.
pub(crate) fn random(g: &mut Gen) -> (String, Value) {
    let (names, paths) = words(g);
    let (names, paths): (Vec<&str>, Vec<&str>) =
        (names.iter().map(String::as_str).collect(), paths.iter().map(String::as_str).collect());
    let document = document(g).to_string();
    for _ in 0..30 {
        let bytes: Vec<u8> = (0..g.rng.between(6, 40)).map(|_| g.rng.below(256) as u8).collect();
        let depth = g.rng.between(1, 3);
        let vocabulary = Vocabulary { names: &names, paths: &paths, wild: false };
        let text = expression_about(&bytes, vocabulary, depth);
        if !is_usable(&text) {
            continue;
        }
        match evaluate(&text, &document, true) {
            Ok(json) if json != "null" && json.len() < 300 => {
                return (text, serde_json::from_str(&json).unwrap_or_default());
            }
            _ if g.rng.chance(4) => return (text, Value::Null),
            _ => {}
        }
    }
    ("to_upper(request.object.kind)".to_owned(), json!("POD"))
}

fn is_usable(text: &str) -> bool {
    let names = ["request.", "element", "@", "images", "("];
    text.len() < 160
        && !UNSTABLE.iter().any(|f| text.contains(f))
        && !text.contains("{{")
        && !text.contains("}}")
        && names.iter().any(|n| text.contains(n))
        && !is_about_everything(text)
}

/// Whether an expression looks at the context as a whole, which is not the same everywhere.
fn is_about_everything(text: &str) -> bool {
    let problems = Problems::new(Source::new("expression", text));
    let scope = Scope::new(&problems);
    let lowered = jmespath::parse(text, jmespath::Start::Context(&scope), &|_| true);
    matches!(lowered, Ok(Err(_)))
}

/// What an expression gives on the manifest that the policy is about; null where it gives nothing.
pub(crate) fn given(g: &Gen, expression: &str) -> Value {
    let json = evaluate(expression, &document(g).to_string(), true);
    json.ok().and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
}

/// The keys and paths that expressions are made of.
fn words(g: &mut Gen) -> (Vec<String>, Vec<String>) {
    let mut names: Vec<String> = NAMES.iter().map(|n| (*n).to_owned()).collect();
    let mut paths = vec!["request.object".to_owned(), "request.operation".to_owned(), "@".to_owned()];
    let aim = g.aim.clone().unwrap_or_default();
    for path in mutation::paths(&aim).into_iter().filter(|p| p.len() < 7) {
        if let Some(Step::Key(key)) = path.last() {
            names.push(quoted(key));
        }
        let each = g.rng.chance(30);
        paths.push(conditions::expression(&path, each));
    }
    for (name, value) in &g.known {
        let name = quoted(name);
        let keys = value.as_object().into_iter().flatten();
        paths.extend(keys.map(|(key, _)| format!("{name}.{}", quoted(key))));
        paths.push(name);
    }
    (names, paths)
}

/// A key as it is written in an expression.
pub(crate) fn quoted(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { key.to_owned() } else { json!(key).to_string() }
}

/// What expressions see, as far as it is known while the policy is made.
fn document(g: &Gen) -> Value {
    let aim = g.aim.clone().unwrap_or_else(|| json!({ "kind": "Pod", "metadata": { "name": "web-1" } }));
    let namespace = aim["metadata"]["namespace"].as_str().unwrap_or("default").to_owned();
    let request = json!({ "object": aim, "operation": "CREATE", "namespace": namespace });
    let mut out = Map::from_iter([("request".to_owned(), request)]);
    out.extend(g.known.clone());
    Value::Object(out)
}
