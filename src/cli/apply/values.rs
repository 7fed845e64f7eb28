//! Values files, `--set`, and user-info files.

use crate::diag::Source;
use crate::engine::{Operation, User};
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::{Buffers, Layout};
use kyvc_vm::selector::Labels;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::Write;

const OPERATION: &str = "request.operation";

/// The labels of a namespace.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct NamespaceLabels(pub(super) BTreeMap<String, String>);

impl Labels for NamespaceLabels {
    fn label(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    fn any(&self, f: &mut dyn FnMut(&str, &str) -> bool) -> bool {
        self.0.iter().any(|(k, v)| f(k, v))
    }
}

/// A file of kind `Values`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ValuesFile {
    api_version: String,
    kind: String,
    #[serde(rename = "metadata")]
    _metadata: Value,
    global_values: Option<Map<String, Value>>,
    policies: Option<Vec<PolicyValues>>,
    namespace_selector: Option<Vec<NamespaceValues>>,
    namespaces: Option<Vec<Namespace>>,
    subresources: Option<Vec<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PolicyValues {
    name: String,
    resources: Option<Vec<ResourceValues>>,
    rules: Option<Vec<RuleValues>>,
}

/// Values for one rule, and those it is made into for controllers.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct RuleValues {
    name: String,
    values: Option<Map<String, Value>>,
    foreach_values: Option<Map<String, Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ResourceValues {
    name: String,
    values: Option<Map<String, Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct NamespaceValues {
    name: String,
    labels: Option<NamespaceLabels>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Namespace {
    metadata: NamespaceMetadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NamespaceMetadata {
    name: String,
    labels: Option<NamespaceLabels>,
}

/// What is known besides policies and resources.
#[derive(Debug, Default)]
pub(super) struct Values {
    file: ValuesFile,
    set: Map<String, Value>,
}

impl Values {
    /// Reads `-f` or `-s`.
    pub(super) fn load(file: Option<&str>, set: &[String], out: &mut dyn Write) -> Result<Self, String> {
        let mut values = Self { file: ValuesFile::default(), set: parse(set) };
        if let Some(path) = file.filter(|p| !p.is_empty()) {
            let bad = |e: String| format!("failed to decode yaml (unable to load variable file: {path} ({e}))");
            values.file = read(path).map_err(bad)?;
            if values.file.api_version.is_empty() || values.file.kind.is_empty() {
                let _ = deprecated(out, "values", path);
                return Err(format!(
                    "failed to decode yaml (values file {path} uses a deprecated schema — please migrate to the latest \
                     format)"
                ));
            }
        }
        values.check()?;
        Ok(values)
    }

    /// What Kyverno refuses, and what has no effect here yet.
    fn check(&self) -> Result<(), String> {
        let global = self.file.global_values.as_ref().and_then(|g| g.get(OPERATION)).and_then(Value::as_str);
        if let Some(operation) = global
            && !["", "CREATE", "UPDATE", "DELETE", "CONNECT"].contains(&operation)
        {
            return Err(format!(
                "invalid request.operation value {operation:?}, must be one of CREATE, UPDATE, DELETE, CONNECT"
            ));
        }
        if self.file.subresources.as_ref().is_some_and(|s| !s.is_empty()) {
            return Err("`subresources` of a values file has no effect in kyvc yet".to_owned());
        }
        Ok(())
    }

    /// What is bound for a policy and a resource, by dotted names; later ones win.
    fn flat<'v>(&'v self, policy: &'v str, resource: &'v str) -> impl Iterator<Item = (&'v String, &'v Value)> {
        let policies = self.file.policies.iter().flatten().filter(move |p| p.name == policy);
        let resources = policies.flat_map(|p| p.resources.iter().flatten()).filter(move |r| r.name == resource);
        let own = resources.filter_map(|r| r.values.as_ref());
        self.file.global_values.iter().chain(own).chain([&self.set]).flatten()
    }

    /// What is bound for a policy and a resource, as one object. The operation is not in it.
    pub(super) fn tree(&self, policy: &str, resource: &str) -> Map<String, Value> {
        let mut flat: BTreeMap<&String, &Value> = BTreeMap::new();
        flat.extend(self.flat(policy, resource).filter(|(key, _)| *key != OPERATION));
        let mut tree = Map::new();
        for (key, value) in flat {
            bind(&mut tree, key, value.clone());
        }
        tree
    }

    /// Binds what is bound for a rule besides.
    pub(super) fn bind_rule(&self, policy: &str, rule: &str, tree: &mut Map<String, Value>) {
        // Kyverno: cmd/cli/kubectl-kyverno/store/store.go, the first policy of the name, and the first of its rules.
        let Some(policy) = self.file.policies.iter().flatten().find(|p| p.name == policy) else { return };
        let stem = rule.strip_prefix("autogen-cronjob-").or(rule.strip_prefix("autogen-")).unwrap_or(rule);
        let mut rules = policy.rules.iter().flatten();
        let Some(values) = rules.find(|r| r.name == rule || r.name == stem) else { return };
        for (key, value) in values.values.iter().flatten() {
            bind(tree, key, value.clone());
        }
        for (key, list) in values.foreach_values.iter().flatten() {
            if let Some(first) = list.as_array().and_then(|l| l.first()) {
                bind(tree, key, first.clone());
            }
        }
    }

    /// The rules of a policy that values are given for.
    pub(super) fn rules_of<'v>(&'v self, policy: &'v str) -> impl Iterator<Item = &'v str> {
        let policy = self.file.policies.iter().flatten().find(move |p| p.name == policy);
        policy.into_iter().flat_map(|p| p.rules.iter().flatten()).map(|r| r.name.as_str())
    }

    /// The operation that a policy is asked about for a resource.
    pub(super) fn operation(&self, policy: &str, resource: &str) -> Operation {
        match self.flat(policy, resource).filter(|(key, _)| *key == OPERATION).last().and_then(|(_, v)| v.as_str()) {
            Some("UPDATE") => Operation::Update,
            Some("DELETE") => Operation::Delete,
            Some("CONNECT") => Operation::Connect,
            _ => Operation::Create,
        }
    }

    /// The labels of a namespace.
    pub(super) fn labels(&self, namespace: &str) -> Option<&NamespaceLabels> {
        let mut objects = self.file.namespaces.iter().flatten();
        match objects.rfind(|n| n.metadata.name == namespace) {
            Some(object) => object.metadata.labels.as_ref(),
            None => {
                let mut named = self.file.namespace_selector.iter().flatten();
                named.rfind(|n| n.name == namespace).and_then(|n| n.labels.as_ref())
            }
        }
    }
}

/// Binds a dotted name; a part with a dot in it stands in quotes. Maps are merged.
///
/// Kyverno: pkg/engine/context/context.go, AddVariable reads the name as a line of CSV with dots for commas.
fn bind(tree: &mut Map<String, Value>, name: &str, value: Value) {
    let mut parts = fields(name);
    let Some(last) = parts.pop() else { return };
    let mut nested = value;
    let mut key = last;
    while let Some(part) = parts.pop() {
        nested = Value::Object([(std::mem::replace(&mut key, part), nested)].into_iter().collect());
    }
    merge(tree, key, nested);
}

/// Puts a value into a map; where both are maps, member by member.
pub(super) fn merge(tree: &mut Map<String, Value>, key: String, value: Value) {
    match (tree.get_mut(&key), value) {
        (Some(Value::Object(old)), Value::Object(new)) => new.into_iter().for_each(|(k, v)| merge(old, k, v)),
        (_, value) => {
            tree.insert(key, value);
        }
    }
}

fn fields(name: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut chars = name.chars().peekable();
    let mut field = String::new();
    while let Some(c) = chars.next() {
        match c {
            '.' => out.push(std::mem::take(&mut field)),
            '"' if field.is_empty() => {
                while let Some(c) = chars.next() {
                    match c {
                        '"' if chars.peek() == Some(&'"') => {
                            chars.next();
                            field.push('"');
                        }
                        '"' => break,
                        c => field.push(c),
                    }
                }
            }
            c => field.push(c),
        }
    }
    out.push(field);
    out
}

/// `name=value` pairs; Kyverno passes over those of any other form, and over a name that was given before.
fn parse(set: &[String]) -> Map<String, Value> {
    let mut out = Map::new();
    for pair in set {
        if let [key, value] = pair.trim().split('=').map(str::trim).collect::<Vec<_>>().as_slice()
            && !key.is_empty()
            && !value.is_empty()
            && !key.contains("request.object.")
        {
            out.entry(*key).or_insert_with(|| Value::from(*value));
        }
    }
    out
}

/// A file of kind `UserInfo`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct UserInfoFile {
    api_version: String,
    kind: String,
    #[serde(rename = "metadata")]
    _metadata: Value,
    roles: Option<Vec<String>>,
    cluster_roles: Option<Vec<String>>,
    user_info: Option<UserInfo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct UserInfo {
    username: String,
    groups: Option<Vec<String>>,
    uid: String,
    extra: Option<Map<String, Value>>,
}

/// Reads `-u`.
pub(super) fn user(path: &str, out: &mut dyn Write) -> Result<User, String> {
    let file: UserInfoFile = read(path).map_err(|e| format!("failed to load request info ({e})"))?;
    if file.api_version.is_empty() || file.kind.is_empty() {
        let _ = deprecated(out, "user infos", path);
    }
    let info = file.user_info.unwrap_or_default();
    Ok(User {
        uid: info.uid,
        extra: info.extra.unwrap_or_default(),
        name: info.username,
        groups: info.groups.unwrap_or_default(),
        roles: file.roles.unwrap_or_default(),
        cluster_roles: file.cluster_roles.unwrap_or_default(),
    })
}

fn deprecated(out: &mut dyn Write, what: &str, path: &str) -> std::io::Result<()> {
    writeln!(out, "\nWARNING: {what} file ({path}) uses a deprecated schema that will be removed in 1.15")
}

/// Reads a file of the CLI's own as Kyverno does: YAML, then JSON, and no unknown field.
fn read<T: DeserializeOwned>(path: &str) -> Result<T, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let source = Source::new(path, text);
    let layout = Layout::everything();
    let options = ReadOptions { strict: true, ..ReadOptions::default() };
    let doc = yaml::value(&source, &layout, Buffers::default(), options).map_err(|d| d.to_string())?;
    let json = doc.root().map_or_else(|| "null".to_owned(), |root| yaml::go_json(&doc, root));
    let json = if json == "null" { "{}" } else { &json };
    serde_json::from_str(json).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs() {
        let pairs = ["a=1".to_owned(), " b = 2 ".into(), "c".into(), "d=".into(), "a=3".into(), "e=f=g".into()];
        let parsed = parse(&pairs);
        assert_eq!(parsed.get("a"), Some(&Value::from("1")));
        assert_eq!((parsed.get("b"), parsed.len()), (Some(&Value::from("2")), 2));
    }

    #[test]
    fn operations() {
        let file = serde_json::json!({
            "globalValues": {"request.operation": "DELETE"},
            "policies": [{"name": "p", "resources": [{"name": "r", "values": {"request.operation": "UPDATE"}}]}],
        });
        let values = Values { file: serde_json::from_value(file).unwrap(), set: Map::new() };
        assert_eq!(values.operation("p", "r"), Operation::Update);
        assert_eq!(values.operation("p", "other"), Operation::Delete);
        let set = parse(&["request.operation=CREATE".to_owned()]);
        assert_eq!(Values { set, ..values }.operation("p", "r"), Operation::Create);
    }

    #[test]
    fn namespaces_come_before_selectors() {
        let file = serde_json::json!({
            "namespaceSelector": [{"name": "a", "labels": {"x": "1"}}, {"name": "b", "labels": {"x": "2"}}],
            "namespaces": [{"metadata": {"name": "a", "labels": {"x": "3"}}}],
        });
        let values = Values { file: serde_json::from_value(file).unwrap(), set: Map::new() };
        let x = |ns| values.labels(ns).and_then(|l| l.label("x"));
        assert_eq!((x("a"), x("b"), x("c")), (Some("3"), Some("2"), None));
    }
}
