//! What Kubernetes says of a label selector that it refuses.

use super::{json, list};
use crate::policy::tree::{Tree, Value};
use kyvc_vm::selector::{is_label_key, is_label_value};

const NAME: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
    alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const PREFIX: &str = "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \
    '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
    must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
    validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// Why Kyverno refuses a selector. Those with wildcards are not looked at.
pub(super) fn problem(selector: &Tree) -> Option<String> {
    let labels = match selector.get("matchLabels").map(|t| &t.value) {
        Some(Value::Map(members)) => members.as_slice(),
        _ => &[],
    };
    let wild = |s: &str| s.contains(['*', '?']);
    if labels.iter().any(|m| wild(&m.key) || m.value.as_str().is_some_and(wild)) {
        return None;
    }
    let expressions = list(selector.get("matchExpressions"));
    if labels.is_empty() && expressions.is_empty() {
        return Some("The requirements are not specified in selector".to_owned());
    }
    let labels = labels.iter().filter_map(|m| join(pair(&m.key, m.value.as_str().into_iter())));
    labels.chain(expressions.iter().filter_map(expression)).next()
}

fn expression(tree: &Tree) -> Option<String> {
    let text = |key| tree.get(key).and_then(Tree::as_str).unwrap_or_default();
    let values = list(tree.get("values"));
    let shown = if values.is_empty() { "null".to_owned() } else { tree.get("values").map_or(String::new(), json::raw) };
    let mut errors = Vec::new();
    match (text("operator"), values.is_empty()) {
        ("In" | "NotIn", true) => {
            errors.push(format!(
                "values: Invalid value: {shown}: for 'in', 'notin' operators, values set can't be empty"
            ));
        }
        ("Exists" | "DoesNotExist", false) => errors
            .push(format!("values: Invalid value: {shown}: values set must be empty for exists and does not exist")),
        ("In" | "NotIn" | "Exists" | "DoesNotExist", _) => {}
        (operator, _) => return Some(format!("{} is not a valid label selector operator", json::quoted(operator))),
    }
    let mut all = pair(text("key"), values.iter().filter_map(Tree::as_str));
    let at = all.iter().position(|e| e.starts_with("values[")).unwrap_or(all.len());
    all.splice(at..at, errors);
    join(all)
}

/// The problems of a key and of values.
fn pair<'v>(key: &str, values: impl Iterator<Item = &'v str>) -> Vec<String> {
    let mut errors = Vec::new();
    if !is_label_key(key) {
        errors.push(format!("key: Invalid value: {}: {}", json::quoted(key), key_problem(key)));
    }
    for (i, value) in values.enumerate().filter(|(_, v)| !is_label_value(v)) {
        let problem = if value.len() > 63 { "must be no more than 63 bytes" } else { VALUE };
        errors.push(format!("values[{i}][{key}]: Invalid value: {}: {problem}", json::quoted(value)));
    }
    errors
}

fn key_problem(key: &str) -> String {
    let (prefix, name) = match key.split('/').collect::<Vec<_>>().as_slice() {
        [name] => (None, (*name).to_owned()),
        [prefix, name] => (Some((*prefix).to_owned()), (*name).to_owned()),
        _ => {
            return format!(
                "a valid label key {NAME} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            );
        }
    };
    let mut out = Vec::new();
    match &prefix {
        Some(p) if p.is_empty() => out.push("prefix part must be non-empty".to_owned()),
        Some(p) if !is_label_key(&format!("{p}/a")) => out.push(PREFIX.to_owned()),
        _ => {}
    }
    if name.is_empty() {
        out.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        out.push("name part must be no more than 63 bytes".to_owned());
    }
    let of_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    if !(name.bytes().all(of_name) && edge(name.bytes().next()) && edge(name.bytes().next_back())) {
        out.push(format!("name part {NAME}"));
    }
    out.join("; ")
}

fn join(errors: Vec<String>) -> Option<String> {
    match errors.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("[{}]", several.join(", "))),
    }
}
