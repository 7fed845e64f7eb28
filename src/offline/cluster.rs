//! The resources of the command line as an API server would give them.
//!
//! Kyverno: pkg/clients/dclient/client.go, rawAbsPathForFakeClient, and what its CLI puts into that client.

mod targets;

pub(super) use targets::is_selected;
pub use targets::requirements;

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A kind of resource in one version of its group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    api_version: String,
    kind: String,
}

/// Resources of one kind, by namespace and name.
type Objects = BTreeMap<(String, String), Value>;

/// Resources by kind.
#[derive(Debug, Default)]
pub struct Cluster {
    kinds: BTreeMap<Kind, Objects>,
    /// The kinds as they came
    order: Vec<Kind>,
    /// Entries of the global context
    global: BTreeMap<String, GlobalEntry>,
}

/// An entry of the global context: the resources it is about, and what projections make of them.
#[derive(Debug)]
struct GlobalEntry {
    objects: Value,
    projections: BTreeMap<String, Value>,
}

/// Resources that are known where none of them is there.
pub(super) const REGISTERED: [(&str, &str); 9] = [
    ("v1", "configmaps"),
    ("v1", "endpoints"),
    ("v1", "namespaces"),
    ("v1", "resourcequotas"),
    ("v1", "secrets"),
    ("v1", "serviceaccounts"),
    ("apps/v1", "daemonsets"),
    ("apps/v1", "deployments"),
    ("apps/v1", "statefulsets"),
];

/// A path of the API taken apart.
struct Path<'p> {
    api_version: String,
    resource: &'p str,
    namespace: &'p str,
    name: &'p str,
}

/// What a path of the API leads to.
struct Found<'c> {
    /// The kind, as Kyverno names it
    asked: Kind,
    /// The resource and its group, as errors name them; nothing where there is no such resource
    resource: String,
    /// The kind, where there are objects of it
    kind: Option<&'c Kind>,
}

impl Cluster {
    /// Adds a resource; of several with one name the first counts.
    pub fn add(&mut self, object: Value) {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let kind = Kind { api_version: text("/apiVersion"), kind: text("/kind") };
        let name = (text("/metadata/namespace"), text("/metadata/name"));
        if !self.kinds.contains_key(&kind) {
            self.order.push(kind.clone());
        }
        self.kinds.entry(kind).or_default().entry(name).or_insert(object);
    }

    /// The object of a core kind, as the API server gives it.
    fn core(&self, kind: &str, namespace: &str, name: &str) -> Option<&Value> {
        let kind = Kind { api_version: "v1".to_owned(), kind: kind.to_owned() };
        self.kinds.get(&kind)?.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// The labels of a namespace, as JSON.
    ///
    /// # Errors
    /// Says that there is no such namespace.
    pub fn namespace_labels(&self, name: &str) -> Result<String, String> {
        let found = self.core("Namespace", "", name).ok_or_else(|| format!("namespaces {name:?} not found"))?;
        Ok(found.pointer("/metadata/labels").map_or_else(|| "{}".to_owned(), Value::to_string))
    }

    /// The data and metadata of a ConfigMap, as JSON.
    ///
    /// # Errors
    /// Says that there is no such ConfigMap.
    pub fn config_map(&self, namespace: &str, name: &str) -> Result<String, String> {
        let found = self.core("ConfigMap", namespace, name).ok_or_else(|| format!("configmaps {name:?} not found"))?;
        let member = |key| found.get(key).cloned().unwrap_or_default();
        Ok(json!({"data": member("data"), "metadata": member("metadata")}).to_string())
    }

    /// Whether there is an entry of the global context.
    pub fn has_global_entries(&self) -> bool {
        !self.global.is_empty()
    }

    /// Answers a request of the API server.
    ///
    /// # Errors
    /// Says why there is no answer, as Kyverno does.
    pub fn request(&self, method: &str, path: &str) -> Result<String, String> {
        if method != "GET" {
            return Err(format!("method {method} not supported for fake client"));
        }
        let trimmed = path.strip_prefix('/').unwrap_or(path);
        let parsed = parse(trimmed).ok_or_else(|| format!("failed to parse path: {trimmed}"))?;
        let Found { asked, resource, kind } = self.resolve(&parsed);
        let objects = kind.and_then(|k| self.kinds.get(k));
        if parsed.name.is_empty() {
            // Kyverno's CLI crashes on a list of a kind of which there is nothing.
            let kind = kind.ok_or("the server could not find the requested resource")?;
            let items: Vec<&Value> = objects
                .into_iter()
                .flatten()
                .filter(|((ns, _), _)| parsed.namespace.is_empty() || *ns == parsed.namespace)
                .map(|(_, object)| object)
                .collect();
            let list = json!({
                "apiVersion": kind.api_version,
                "kind": format!("{}List", kind.kind),
                "metadata": {"continue": "", "resourceVersion": ""},
                "items": items,
            });
            return Ok(list.to_string());
        }
        let found = objects.and_then(|o| o.get(&(parsed.namespace.to_owned(), parsed.name.to_owned())));
        found.map(Value::to_string).ok_or_else(|| {
            let (Kind { api_version, kind }, name) = (asked, parsed.name);
            format!("failed to get resource {api_version}/{kind}/{name}: {resource} {name:?} not found")
        })
    }

    /// The kind that a path asks for.
    ///
    /// Kyverno: pkg/clients/dclient/fake.go, guesses the kind of a resource that there is not, and then looks for the
    /// resource of that kind, in whatever group one of that name is. Where there is none, the resource has no name.
    fn resolve(&self, path: &Path<'_>) -> Found<'_> {
        let same = |k: &&Kind| k.api_version == path.api_version && plural(&k.kind) == path.resource;
        let exact = self.kinds.keys().find(same);
        let guess = || Kind { api_version: path.api_version.clone(), kind: infer(path.resource) };
        let asked = exact.cloned().unwrap_or_else(guess);
        let resource = format!("{}s", asked.kind.to_lowercase());
        let known = self.kinds.get_key_value(&asked).map(|(k, _)| k);
        if let Some(kind) = known.or_else(|| self.order.iter().find(|k| plural(&k.kind) == resource)) {
            return Found { asked, resource: of_group(&plural(&kind.kind), &kind.api_version), kind: Some(kind) };
        }
        let registered = REGISTERED.iter().find(|(_, r)| *r == resource);
        let resource = registered.map_or_else(String::new, |(api_version, r)| of_group(r, api_version));
        Found { asked, resource, kind: None }
    }

    /// Takes up entries of the global context that are about resources.
    ///
    /// # Errors
    /// Says which projection makes no sense.
    pub fn add_global_entries(
        &mut self,
        entries: &[Value],
        query: &dyn Fn(&str, &str) -> Result<String, String>,
    ) -> Result<(), String> {
        for entry in entries {
            let text = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            if entry.pointer("/spec/kubernetesResource").is_none() {
                continue;
            }
            let name = text("/metadata/name");
            let (group, version) = (text("/spec/kubernetesResource/group"), text("/spec/kubernetesResource/version"));
            let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
            let (resource, namespace) =
                (text("/spec/kubernetesResource/resource"), text("/spec/kubernetesResource/namespace"));
            let same = |k: &Kind| k.api_version == api_version && plural(&k.kind) == resource;
            let objects: Vec<Value> = self
                .kinds
                .iter()
                .filter(|(k, _)| same(k))
                .flat_map(|(_, o)| o)
                .filter(|((ns, _), _)| namespace.is_empty() || ns == namespace)
                .map(|(_, object)| object.clone())
                .collect();
            let objects = Value::Array(objects);
            let mut projections = BTreeMap::new();
            for p in entry.pointer("/spec/projections").and_then(Value::as_array).into_iter().flatten() {
                let field = |key: &str| p.get(key).and_then(Value::as_str).unwrap_or_default();
                let made = query(field("jmesPath"), &objects.to_string()).map_err(|e| {
                    format!("failed to apply projection {:?} for GlobalContextEntry {name}: {e}", field("name"))
                })?;
                let made = serde_json::from_str(&made).unwrap_or(Value::Null);
                projections.insert(field("name").to_owned(), made);
            }
            self.global.insert(name.to_owned(), GlobalEntry { objects, projections });
        }
        Ok(())
    }

    /// An entry of the global context, or one of its projections.
    ///
    /// # Errors
    /// Says what is not there.
    pub fn global(&self, name: &str, projection: &str) -> Result<String, String> {
        let entry = self.global.get(name).ok_or_else(|| format!("failed to fetch entry key={name}"))?;
        if projection.is_empty() {
            return Ok(entry.objects.to_string());
        }
        let found = entry.projections.get(projection);
        found.map(Value::to_string).ok_or_else(|| format!("projection {projection:?} not found"))
    }
}

fn parse(path: &str) -> Option<Path<'_>> {
    let parts: Vec<&str> = path.split('/').collect();
    let (api_version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ((*version).to_owned(), rest),
        ["apis", group, version, rest @ ..] => (format!("{group}/{version}"), rest),
        _ => return None,
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] => (*namespace, rest),
        rest => ("", rest),
    };
    let resource = rest.first().copied().filter(|r| !r.is_empty())?;
    Some(Path { api_version, resource, namespace, name: rest.get(1).copied().unwrap_or_default() })
}

/// A resource with its group.
fn of_group(resource: &str, api_version: &str) -> String {
    api_version.split_once('/').map_or_else(|| resource.to_owned(), |(group, _)| format!("{resource}.{group}"))
}

/// The resource of a kind, as Kubernetes guesses it.
pub(super) fn plural(kind: &str) -> String {
    let singular = kind.to_lowercase();
    match singular.as_bytes().last() {
        _ if singular.ends_with("endpoints") => singular,
        Some(b's') => format!("{singular}es"),
        Some(b'y') => format!("{}ies", singular.strip_suffix('y').unwrap_or(&singular)),
        _ => format!("{singular}s"),
    }
}

/// The kind of a resource, as Kyverno guesses it.
fn infer(resource: &str) -> String {
    let kind = if let Some(stem) = resource.strip_suffix("ies") {
        format!("{stem}y")
    } else {
        resource.strip_suffix("es").or(resource.strip_suffix('s')).unwrap_or(resource).to_owned()
    };
    let mut chars = kind.chars();
    chars.next().map_or(String::new(), |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

/// Splits resources from entries of the global context.
pub fn split(objects: Vec<Value>) -> (Vec<Value>, Vec<Value>) {
    let is_entry = |o: &Map<String, Value>| o.get("kind").and_then(Value::as_str) == Some("GlobalContextEntry");
    objects.into_iter().partition(|o| !o.as_object().is_some_and(is_entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> Cluster {
        let mut cluster = Cluster::default();
        let object = |api: &str, kind: &str, ns: &str, name: &str| json!({"apiVersion": api, "kind": kind, "metadata": {"namespace": ns, "name": name}});
        cluster.add(object("networking.k8s.io/v1", "Ingress", "a", "i"));
        cluster.add(object("networking.k8s.io/v1", "Ingress", "b", "j"));
        cluster.add(object("v1", "ConfigMap", "a", "c"));
        cluster
    }

    fn items(path: &str) -> Result<usize, String> {
        let answer: Value = serde_json::from_str(&cluster().request("GET", path)?).unwrap();
        Ok(answer["items"].as_array().map_or(1, Vec::len))
    }

    #[test]
    fn lists_and_objects() {
        assert_eq!(items("/apis/networking.k8s.io/v1/ingresses"), Ok(2));
        assert_eq!(items("/apis/networking.k8s.io/v1/namespaces/b/ingresses"), Ok(1));
        assert_eq!(items("/api/v1/namespaces/a/configmaps/c"), Ok(1));
        let missing = cluster().request("GET", "/api/v1/namespaces/a/configmaps/d").unwrap_err();
        assert_eq!(missing, "failed to get resource v1/ConfigMap/d: configmaps \"d\" not found");
    }

    #[test]
    fn what_is_not_there() {
        assert!(items("/api/v1/pods").is_err());
        assert_eq!(cluster().request("POST", "/x").unwrap_err(), "method POST not supported for fake client");
        assert_eq!(items("/healthz").unwrap_err(), "failed to parse path: healthz");
        let missing = |path| cluster().request("GET", path).unwrap_err();
        let nothing = "failed to get resource nope.io/v1/Nop/x:  \"x\" not found";
        assert_eq!(missing("/apis/nope.io/v1/nopes/x"), nothing);
        let elsewhere = "failed to get resource other.io/v1/Configmap/x: configmaps \"x\" not found";
        assert_eq!(missing("/apis/other.io/v1/configmaps/x"), elsewhere);
    }

    #[test]
    fn guesses() {
        assert_eq!((plural("NetworkPolicy"), plural("Ingress")), ("networkpolicies".into(), "ingresses".into()));
        assert_eq!((infer("networkpolicies"), infer("ingresses")), ("Networkpolicy".into(), "Ingress".into()));
    }
}
