//! The objects that rules change besides the one they are about.
//!
//! Kyverno: pkg/clients/dclient/helpers.go, GetResources.

use super::discovery::{Resource, Subresource, escape};
use super::host::ClusterHost;
use super::items::{List, identity, typed};
use crate::engine::TargetSelector;
use crate::lower::matches::parse_kind;
use crate::offline::cluster::requirements;
use kyvc_vm::scalar::{Glob, is_wildcard};
use kyvc_vm::selector::{Requirement, SelectorOp};

/// The objects that a target names, as JSON.
pub(super) fn select(host: &ClusterHost, target: &TargetSelector) -> Result<Vec<String>, String> {
    let kind = parse_kind(&format!("{}/{}", target.api_version, target.kind)).ok_or("resource not found")?;
    let mut out = Vec::new();
    for (resource, part) in host.find(&kind)? {
        Of { host, resource: &resource, part: part.as_ref(), target }.add(&mut out)?;
    }
    Ok(out)
}

/// One resource that a target is about.
struct Of<'o> {
    host: &'o ClusterHost,
    resource: &'o Resource,
    part: Option<&'o Subresource>,
    target: &'o TargetSelector,
}

impl Of<'_> {
    fn add(&self, out: &mut Vec<String>) -> Result<(), String> {
        let TargetSelector { namespace, name, labels, .. } = self.target;
        let plain = |text: &String| !text.is_empty() && !is_wildcard(text);
        if plain(namespace) && plain(name) {
            out.push(self.get(namespace)?);
            return Ok(());
        }
        let mut path = self.resource.path("", &[]);
        let selector = written(&requirements(labels.as_deref())?);
        if !selector.is_empty() {
            path.push_str("?labelSelector=");
            escape(&selector, &mut path);
        }
        let text = self.host.client().get(&path).map_err(|e| e.of_objects())?;
        let list: List<'_> = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        let (namespaces, names) = (Glob::new(namespace), Glob::new(name));
        for item in list.items.unwrap_or_default() {
            let found = identity(item.get());
            let hit = (namespace.is_empty() || namespaces.matches(found.namespace()))
                && (name.is_empty() || names.matches(found.name()));
            if !hit {
                continue;
            }
            // Of a part of an object it takes the one that is named, not the one it has found.
            out.push(match self.part {
                None => typed(item.get(), &found, &self.resource.api_version(), &self.resource.kind),
                Some(_) => self.get(found.namespace())?,
            });
        }
        Ok(())
    }

    fn get(&self, namespace: &str) -> Result<String, String> {
        let name = self.target.name.as_str();
        if name.is_empty() {
            return Err("name is required".to_owned());
        }
        let names: Vec<&str> = [name].into_iter().chain(self.part.map(|p| p.name.as_str())).collect();
        self.host.client().get(&self.resource.path(namespace, &names)).map_err(|e| e.of_objects())
    }
}

/// A label selector as queries have it.
fn written(requirements: &[Requirement]) -> String {
    let one = |r: &Requirement| {
        let values = || r.values.iter().map(|v| &**v).collect::<Vec<&str>>().join(",");
        match r.op {
            SelectorOp::In => format!("{} in ({})", r.key, values()),
            SelectorOp::NotIn => format!("{} notin ({})", r.key, values()),
            SelectorOp::Exists => r.key.to_string(),
            SelectorOp::DoesNotExist => format!("!{}", r.key),
        }
    };
    requirements.iter().map(one).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_written() {
        let json = r#"{"matchLabels":{"a":"b"},"matchExpressions":[
            {"key":"c","operator":"NotIn","values":["d","e"]},{"key":"f","operator":"Exists"},{"key":"g","operator":"DoesNotExist"}]}"#;
        assert_eq!(written(&requirements(Some(json)).unwrap()), "a in (b),c notin (d,e),f,!g");
        assert_eq!(written(&requirements(None).unwrap()), "");
    }
}
