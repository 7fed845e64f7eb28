//! Values of variables, labels of namespaces, subresources: values files, `values` of tests, `--set`.

use super::file;
use crate::engine::Operation;
use kyvc_vm::selector::Labels;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

const OPERATION: &str = "request.operation";

/// The labels of a namespace.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct NamespaceLabels(pub BTreeMap<String, String>);

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
#[serde(rename_all = "camelCase", default)]
struct ValuesFile {
    api_version: Option<String>,
    kind: Option<String>,
    #[serde(flatten)]
    spec: ValuesSpec,
}

/// What values say: a file's, or those of a test.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValuesSpec {
    global_values: Option<Map<String, Value>>,
    policies: Option<Vec<PolicyValues>>,
    namespace_selector: Option<Vec<NamespaceValues>>,
    namespaces: Option<Vec<Namespace>>,
    subresources: Option<Vec<Subresource>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PolicyValues {
    name: Option<String>,
    resources: Option<Vec<ResourceValues>>,
    rules: Option<Vec<RuleValues>>,
}

/// Values for one rule, and those it is made into for controllers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RuleValues {
    name: Option<String>,
    values: Option<Map<String, Value>>,
    foreach_values: Option<Map<String, Value>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ResourceValues {
    name: Option<String>,
    values: Option<Map<String, Value>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct NamespaceValues {
    name: Option<String>,
    labels: Option<NamespaceLabels>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Namespace {
    metadata: Option<NamespaceValues>,
}

/// A kind of objects that are parts of others.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Subresource {
    subresource: Option<ApiResource>,
    parent_resource: Option<ApiResource>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct ApiResource {
    name: Option<String>,
    group: Option<String>,
    version: Option<String>,
    kind: Option<String>,
}

/// The object that another one is a part of, and which part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// API group of the parent
    pub group: String,
    /// Its version
    pub version: String,
    /// Its kind
    pub kind: String,
    /// The part, as in `scale`
    pub subresource: String,
}

/// What is known besides policies and resources.
#[derive(Debug, Default)]
pub struct Values {
    spec: ValuesSpec,
    set: Map<String, Value>,
}

impl Values {
    /// Reads `-f` or `-s`; `path` is the file as it was named, `at` where it is.
    ///
    /// # Errors
    /// Says what is wrong with the file, as Kyverno does.
    pub fn load(path: &str, at: &Path, set: &[String], out: &mut dyn Write) -> Result<Self, String> {
        if path.is_empty() {
            return Ok(Self { spec: ValuesSpec::default(), set: parse(set) });
        }
        let bad = |e: String| format!("failed to decode yaml (unable to load variable file: {path} ({e}))");
        let read: ValuesFile = file::read(at, &file::VALUES).map_err(bad)?;
        if [read.api_version, read.kind].iter().any(|s| s.as_deref().unwrap_or_default().is_empty()) {
            let _ = deprecated(out, "values", path);
            return Err(format!(
                "failed to decode yaml (values file {path} uses a deprecated schema — please migrate to the latest \
                 format)"
            ));
        }
        Ok(Self { spec: read.spec, set: parse(set) })
    }

    /// Values that a test gives itself.
    pub fn inline(spec: ValuesSpec) -> Self {
        Self { spec, set: Map::new() }
    }

    /// Refuses an operation for all requests that there is none of.
    ///
    /// # Errors
    /// Kyverno's words.
    pub fn check_operation(&self) -> Result<(), String> {
        let global = self.spec.global_values.as_ref().and_then(|g| g.get(OPERATION)).and_then(Value::as_str);
        match global {
            Some("" | "CREATE" | "UPDATE" | "DELETE" | "CONNECT") | None => Ok(()),
            Some(other) => Err(format!(
                "invalid request.operation value {other:?}, must be one of CREATE, UPDATE, DELETE, CONNECT"
            )),
        }
    }

    /// What is bound for a policy and a resource, by dotted names; later ones win.
    fn flat<'v>(&'v self, policy: &'v str, resource: &'v str) -> impl Iterator<Item = (&'v String, &'v Value)> {
        let policies = self.spec.policies.iter().flatten().filter(move |p| is(&p.name, policy));
        let resources = policies.flat_map(|p| p.resources.iter().flatten()).filter(move |r| is(&r.name, resource));
        let own = resources.filter_map(|r| r.values.as_ref());
        self.spec.global_values.iter().chain(own).chain([&self.set]).flatten()
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
        let Some(policy) = self.spec.policies.iter().flatten().find(|p| is(&p.name, policy)) else { return };
        let stem = rule.strip_prefix("autogen-cronjob-").or(rule.strip_prefix("autogen-")).unwrap_or(rule);
        let mut rules = policy.rules.iter().flatten();
        let Some(values) = rules.find(|r| is(&r.name, rule) || is(&r.name, stem)) else { return };
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
        let policy = self.spec.policies.iter().flatten().find(move |p| is(&p.name, policy));
        policy.into_iter().flat_map(|p| p.rules.iter().flatten()).map(|r| r.name.as_deref().unwrap_or_default())
    }

    /// The operation that a policy is asked about for a resource, and the text that variables see.
    ///
    /// Kyverno: cmd/cli/kubectl-kyverno/processor/policy_processor.go, whatever is neither an update nor a deletion
    /// matches as a creation.
    pub(super) fn operation<'v>(&'v self, policy: &'v str, resource: &'v str) -> (Operation, &'v str) {
        let text =
            self.flat(policy, resource).filter(|(key, _)| *key == OPERATION).last().and_then(|(_, v)| v.as_str());
        let text = text.unwrap_or(Operation::Create.name());
        let operation = [Operation::Update, Operation::Delete].into_iter().find(|o| o.name() == text);
        (operation.unwrap_or_default(), text)
    }

    /// The labels of a namespace.
    pub(super) fn labels(&self, namespace: &str) -> Option<&NamespaceLabels> {
        let mut objects = self.spec.namespaces.iter().flatten().filter_map(|n| n.metadata.as_ref());
        let mut named = self.spec.namespace_selector.iter().flatten();
        let found = objects.rfind(|n| is(&n.name, namespace));
        found.or_else(|| named.rfind(|n| is(&n.name, namespace)))?.labels.as_ref()
    }

    /// The object that objects of a kind are a part of, where the values say so.
    ///
    /// Kyverno: processor/policy_processor.go, the last of several wins, and a name without a part crashes it.
    pub(super) fn part(&self, group: &str, version: &str, kind: &str) -> Option<Part> {
        let is =
            |r: &ApiResource| [(&r.group, group), (&r.version, version), (&r.kind, kind)].iter().all(|(a, b)| is(a, b));
        let mut all = self.spec.subresources.iter().flatten();
        let found = all.rfind(|s| s.subresource.as_ref().is_some_and(is))?;
        let text = |t: &Option<String>| t.clone().unwrap_or_default();
        let parent = found.parent_resource.clone().unwrap_or_default();
        let name = found.subresource.as_ref().map_or(String::new(), |s| text(&s.name));
        Some(Part {
            group: text(&parent.group),
            version: text(&parent.version),
            kind: text(&parent.kind),
            subresource: name.split('/').nth(1).unwrap_or_default().to_owned(),
        })
    }
}

/// Go: a field that is not there is empty.
fn is(text: &Option<String>, other: &str) -> bool {
    text.as_deref().unwrap_or_default() == other
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

pub(super) fn deprecated(out: &mut dyn Write, what: &str, path: &str) -> std::io::Result<()> {
    writeln!(out, "\nWARNING: {what} file ({path}) uses a deprecated schema that will be removed in 1.15")
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
        let values = Values::inline(serde_json::from_value(file).unwrap());
        assert_eq!(values.operation("p", "r"), (Operation::Update, "UPDATE"));
        assert_eq!(values.operation("p", "other"), (Operation::Delete, "DELETE"));
        let set = parse(&["request.operation=CONNECT".to_owned()]);
        assert_eq!(Values { set, ..values }.operation("p", "r"), (Operation::Create, "CONNECT"));
    }

    #[test]
    fn namespaces_come_before_selectors() {
        let file = serde_json::json!({
            "namespaceSelector": [{"name": "a", "labels": {"x": "1"}}, {"name": "b", "labels": {"x": "2"}}],
            "namespaces": [{"metadata": {"name": "a", "labels": {"x": "3"}}}],
        });
        let values = Values::inline(serde_json::from_value(file).unwrap());
        let x = |ns| values.labels(ns).and_then(|l| l.label("x"));
        assert_eq!((x("a"), x("b"), x("c")), (Some("3"), Some("2"), None));
    }
}
