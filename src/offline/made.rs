//! The objects that rules make, in the client that Kyverno's CLI makes up for each resource.
//!
//! Kyverno: processor/generate.go, handleGeneratePolicy; pkg/clients/dclient/fake.go. Of kinds that the client does not
//! know it keeps the objects as if they were of one kind.

use super::cluster::{REGISTERED, is_selected, plural};
use crate::downstream::{Store, Target};
use serde_json::Value;
use std::collections::BTreeMap;

/// What an object is kept as: its API version and the name of its resource; nothing for kinds that are unknown.
type Resource = Option<(String, String)>;

/// What is there, and what is made.
#[derive(Debug, Default)]
pub(super) struct Objects {
    /// The resources of the objects that were there first
    known: Vec<(String, String)>,
    objects: BTreeMap<(Resource, String, String), Value>,
}

impl Objects {
    /// A client with some objects in it; of several with one name the first counts.
    pub(super) fn new<'o>(objects: impl Iterator<Item = &'o Value>) -> Self {
        let mut all = Self::default();
        for object in objects {
            let Target { api_version, kind, namespace, name } = Target::of(object);
            all.known.push((api_version.clone(), resource(&kind)));
            let key = (Some((api_version, plural(&kind))), namespace, name);
            all.objects.entry(key).or_insert_with(|| object.clone());
        }
        all
    }

    /// Kyverno looks for a resource of that name in whatever group.
    fn find(&self, kind: &str) -> Resource {
        let resource = resource(kind);
        let known = self.known.iter().find(|(_, r)| *r == resource).cloned();
        known.or_else(|| {
            let (version, _) = REGISTERED.iter().find(|(_, r)| *r == resource)?;
            Some(((*version).to_owned(), resource))
        })
    }

    fn key(&self, target: &Target) -> (Resource, String, String) {
        (self.find(&target.kind), target.namespace.clone(), target.name.clone())
    }
}

fn resource(kind: &str) -> String {
    format!("{}s", kind.to_lowercase())
}

impl Store for Objects {
    fn get(&self, target: &Target) -> Result<Option<Value>, String> {
        Ok(self.objects.get(&self.key(target)).cloned())
    }

    fn list(&self, of: &Target, selector: Option<&Value>) -> Result<Vec<Value>, String> {
        let found = self.find(&of.kind);
        if found.is_none() {
            return Err(format!("Kyverno's CLI crashes on a list of {}, which it does not know", resource(&of.kind)));
        }
        let selector = selector.map(Value::to_string);
        let mut out = Vec::new();
        for ((resource, namespace, _), object) in &self.objects {
            let here = of.namespace.is_empty() || *namespace == of.namespace;
            if *resource == found && here && is_selected(object, selector.as_deref())? {
                out.push(object.clone());
            }
        }
        Ok(out)
    }

    fn create(&mut self, target: &Target, object: Value) -> Result<(), String> {
        let key = self.key(target);
        self.objects.entry(key).or_insert(object);
        Ok(())
    }

    fn update(&mut self, target: &Target, object: Value) -> Result<(), String> {
        let key = self.key(target);
        self.objects.insert(key, object);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn target(api_version: &str, kind: &str, name: &str) -> Target {
        let text = str::to_owned;
        Target { api_version: text(api_version), kind: text(kind), namespace: text("a"), name: text(name) }
    }

    fn object(api_version: &str, kind: &str, name: &str) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"namespace": "a", "name": name, "labels": {"l": name}}})
    }

    #[test]
    fn unknown_kinds_are_one() {
        let pod = object("v1", "Pod", "p");
        let mut all = Objects::new([&pod].into_iter());
        assert_eq!(all.get(&target("v1", "Pod", "p")), Ok(Some(pod)));
        all.create(&target("v1", "LimitRange", "x"), object("v1", "LimitRange", "x")).unwrap();
        assert!(all.get(&target("y/v1", "Other", "x")).unwrap().is_some());
        assert!(all.get(&target("v1", "Secret", "x")).unwrap().is_none());
    }

    // Its resource is `networkpolicies`, and Kyverno asks for `networkpolicys`.
    #[test]
    fn plurals_that_are_guessed_in_two_ways_are_not_found() {
        let policy = object("networking.k8s.io/v1", "NetworkPolicy", "n");
        let all = Objects::new([&policy].into_iter());
        assert_eq!(all.get(&target("networking.k8s.io/v1", "NetworkPolicy", "n")), Ok(None));
    }

    #[test]
    fn lists() {
        let all = [object("v1", "Secret", "s"), object("v1", "Secret", "t"), object("v1", "ConfigMap", "s")];
        let all = Objects::new(all.iter());
        let list = |kind: &str, selector: Option<Value>| all.list(&target("v1", kind, ""), selector.as_ref());
        assert_eq!(list("Secret", None).unwrap().len(), 2);
        assert_eq!(list("Secret", Some(json!({"matchLabels": {"l": "t"}}))).unwrap().len(), 1);
        assert_eq!(list("ServiceAccount", None), Ok(Vec::new()));
        assert!(list("Other", None).is_err());
    }
}
