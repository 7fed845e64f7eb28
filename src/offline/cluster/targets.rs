//! The objects that rules change besides the one they are about.
//!
//! Kyverno: pkg/clients/dclient/helpers.go, GetResources, with the client that its CLI makes up.

use super::{Cluster, Kind, REGISTERED, plural};
use crate::engine::TargetSelector;
use crate::resolve::autogen::is_version;
use kyvc_vm::scalar::{Glob, is_wildcard};
use kyvc_vm::selector::{Labels, Requirement, SelectorOp};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A `LabelSelector` of Kubernetes, which knows no wildcards.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Selector {
    match_labels: Option<BTreeMap<String, String>>,
    match_expressions: Option<Vec<Expression>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Expression {
    key: String,
    operator: String,
    values: Option<Vec<String>>,
}

/// The labels of an object as JSON.
struct Of<'o>(Option<&'o Value>);

impl Labels for Of<'_> {
    fn label(&self, key: &str) -> Option<&str> {
        self.0?.get(key)?.as_str()
    }

    fn any(&self, f: &mut dyn FnMut(&str, &str) -> bool) -> bool {
        let labels = self.0.and_then(Value::as_object);
        labels.into_iter().flatten().any(|(k, v)| v.as_str().is_some_and(|v| f(k, v)))
    }
}

impl Cluster {
    /// The objects that a target of a rule names, as JSON.
    ///
    /// # Errors
    /// Says why they are not known, as Kyverno does.
    pub fn select(&self, target: &TargetSelector) -> Result<Vec<String>, String> {
        let (kind, subresource) = kind_of(target);
        let (kind, group) = self.find(&format!("{}s", kind.to_lowercase()))?;
        let objects = kind.and_then(|kind| self.kinds.get(kind));
        let TargetSelector { namespace, name, .. } = target;
        let get = |namespace: &str, name: &str| {
            let found = objects.and_then(|o| o.get(&(namespace.to_owned(), name.to_owned())));
            found.map(Value::to_string).ok_or_else(|| format!("{group} {name:?} not found"))
        };
        let plain = |text: &String| !text.is_empty() && !is_wildcard(text);
        if plain(namespace) && plain(name) {
            return Ok(vec![get(namespace, name)?]);
        }
        let requirements = requirements(target.labels.as_deref())?;
        let Some(objects) = objects else {
            return Err(format!("Kyverno's CLI crashes on a list of {group}, of which there are none"));
        };
        let (namespaces, names) = (Glob::new(namespace), Glob::new(name));
        let hit = |ns: &str, n: &str| {
            (namespace.is_empty() || namespaces.matches(ns)) && (name.is_empty() || names.matches(n))
        };
        let mut out = Vec::new();
        for ((ns, _), object) in objects.iter().filter(|((ns, n), _)| hit(ns, n)) {
            let labels = Of(object.pointer("/metadata/labels"));
            if requirements.iter().all(|r| r.matches(&labels)) {
                // Of a part of an object it takes the one that is named, not the one it has found.
                out.push(if subresource.is_empty() { object.to_string() } else { get(ns, name)? });
            }
        }
        Ok(out)
    }

    /// The kind of a resource, if there is anything of that kind, and what errors call it.
    fn find(&self, resource: &str) -> Result<(Option<&Kind>, String), String> {
        let called = |api_version: &str| match api_version.split_once('/') {
            Some((group, _)) => format!("{resource}.{group}"),
            None => resource.to_owned(),
        };
        if let Some(kind) = self.order.iter().find(|k| plural(&k.kind) == resource) {
            return Ok((Some(kind), called(&kind.api_version)));
        }
        let known = REGISTERED.iter().find(|(_, r)| *r == resource);
        known.map(|(version, _)| (None, called(version))).ok_or_else(|| "not found".to_owned())
    }
}

/// The kind and the subresource of a target.
///
/// Kyverno: pkg/utils/kube/kind.go, ParseKindSelector.
fn kind_of(target: &TargetSelector) -> (String, String) {
    let whole = format!("{}/{}", target.api_version, target.kind);
    let (before, last) = whole.rsplit_once('/').unwrap_or(("", &whole));
    let parts: Vec<&str> = before.split('/').chain(last.split('.')).collect();
    let (kind, sub) = match parts.as_slice() {
        ["*", second] if second.to_lowercase() == *second => ("*", *second),
        [first, second] if is_version(first) => (*second, ""),
        [first, second] => (*first, *second),
        [first, second, third] if is_version(first) => (*second, *third),
        [_, _, third] => (*third, ""),
        [_, _, third, fourth] => (*third, *fourth),
        _ => ("", ""),
    };
    (kind.to_owned(), sub.to_owned())
}

/// Whether a label selector selects an object; without one it does.
///
/// # Errors
/// Says what is wrong with the selector.
pub(in crate::offline) fn is_selected(object: &Value, selector: Option<&str>) -> Result<bool, String> {
    let labels = Of(object.pointer("/metadata/labels"));
    Ok(requirements(selector)?.iter().all(|r| r.matches(&labels)))
}

/// What a label selector requires, as JSON has it. Without one nothing is required.
///
/// # Errors
/// Says what is wrong with it.
pub fn requirements(selector: Option<&str>) -> Result<Vec<Requirement>, String> {
    let Some(selector) = selector else { return Ok(Vec::new()) };
    let Selector { match_labels, match_expressions } = serde_json::from_str(selector).map_err(|e| e.to_string())?;
    let equal = match_labels
        .into_iter()
        .flatten()
        .map(|(key, value)| Ok(Requirement { key: key.into(), op: SelectorOp::In, values: [value.into()].into() }));
    let compared = match_expressions.into_iter().flatten().map(|Expression { key, operator, values }| {
        let op = match operator.as_str() {
            "In" => SelectorOp::In,
            "NotIn" => SelectorOp::NotIn,
            "Exists" => SelectorOp::Exists,
            "DoesNotExist" => SelectorOp::DoesNotExist,
            other => return Err(format!("{other:?} is not a valid label selector operator")),
        };
        let values = values.unwrap_or_default().into_iter().map(Into::into).collect();
        Ok(Requirement { key: key.into(), op, values })
    });
    equal.chain(compared).collect::<Result<Vec<_>, _>>()?.into_iter().map(valid).collect()
}

fn valid(requirement: Requirement) -> Result<Requirement, String> {
    if requirement.is_valid() {
        Ok(requirement)
    } else {
        Err(format!("the selector of {:?} is invalid", requirement.key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cluster() -> Cluster {
        let mut cluster = Cluster::default();
        let mut add = |kind: &str, ns: &str, name: &str, app: &str| {
            let metadata = json!({"namespace": ns, "name": name, "labels": {"app": app}});
            cluster.add(json!({"apiVersion": "apps/v1", "kind": kind, "metadata": metadata}));
        };
        add("Deployment", "b", "web", "x");
        add("Deployment", "a", "web", "y");
        add("Deployment", "a", "db", "x");
        cluster
    }

    fn names(kind: &str, namespace: &str, name: &str, labels: Option<&str>) -> Result<Vec<String>, String> {
        let target = TargetSelector {
            api_version: "apps/v1".to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            labels: labels.map(str::to_owned),
        };
        let found = cluster().select(&target)?;
        let name = |text: &String| {
            let object: Value = serde_json::from_str(text).unwrap();
            format!(
                "{}/{}",
                object["metadata"]["namespace"].as_str().unwrap(),
                object["metadata"]["name"].as_str().unwrap()
            )
        };
        Ok(found.iter().map(name).collect())
    }

    #[test]
    fn by_name_pattern_and_labels() {
        assert_eq!(names("Deployment", "a", "web", None).unwrap(), ["a/web"]);
        assert_eq!(names("Deployment", "", "w*", None).unwrap(), ["a/web", "b/web"]);
        let labels = r#"{"matchLabels":{"app":"x"},"matchExpressions":[{"key":"no","operator":"DoesNotExist"}]}"#;
        assert_eq!(names("Deployment", "*", "", Some(labels)).unwrap(), ["a/db", "b/web"]);
        assert_eq!(names("Deployment/status", "a", "w*", None).unwrap_err(), r#"deployments.apps "w*" not found"#);
    }

    #[test]
    fn what_is_not_there() {
        assert_eq!(names("Deployment", "c", "web", None).unwrap_err(), r#"deployments.apps "web" not found"#);
        assert_eq!(names("Secret", "c", "web", None).unwrap_err(), r#"secrets "web" not found"#);
        assert_eq!(names("Pod", "", "", None).unwrap_err(), "not found");
        assert!(names("Deployment", "", "", Some(r#"{"matchExpressions":[{"key":"a","operator":"Is"}]}"#)).is_err());
    }
}
