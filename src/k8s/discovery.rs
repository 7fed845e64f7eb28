//! What an API server knows.
//!
//! Kyverno: pkg/clients/dclient/discovery.go.

use super::client::Client;
use kube::client::{APIGroupDiscoveryList, DiscoveryGroupVersionKind};
use kyvc_vm::scalar::Glob;
use kyvc_vm::selector::{KindSelector, ResourceKind};

/// A resource in one version of its group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// The group, empty for the core group
    pub group: String,
    /// The version
    pub version: String,
    /// The kind of its objects
    pub kind: String,
    /// Its name in paths, as `pods`
    pub plural: String,
    /// Whether its objects are in namespaces
    pub namespaced: bool,
    /// What its objects have besides
    pub subresources: Vec<Subresource>,
}

/// A part of an object with a path of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subresource {
    /// Its name in paths, as `scale`
    pub name: String,
    /// The group of what is there
    pub group: String,
    /// The version of what is there
    pub version: String,
    /// The kind of what is there
    pub kind: String,
}

/// What a kind leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'d> {
    /// The resource
    pub resource: &'d Resource,
    /// The part of it, where that is asked for
    pub subresource: Option<&'d Subresource>,
}

impl Resource {
    /// `v1`, `apps/v1`
    pub fn api_version(&self) -> String {
        api_version(&self.group, &self.version)
    }

    /// The path of a list, or of one object of it.
    pub(super) fn path(&self, namespace: &str, name: &[&str]) -> String {
        let mut path = match self.group.as_str() {
            "" => format!("/api/{}", self.version),
            group => format!("/apis/{group}/{}", self.version),
        };
        let namespace = [("namespaces", namespace)].into_iter().filter(|(_, ns)| !ns.is_empty());
        let segments = namespace.flat_map(|(word, ns)| [word, ns]).chain([self.plural.as_str()]);
        for segment in segments.chain(name.iter().copied()) {
            path.push('/');
            escape(segment, &mut path);
        }
        path
    }
}

/// `v1`, `apps/v1`
pub(super) fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// Adds a segment to a path, or a value to a query.
pub(super) fn escape(text: &str, to: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            to.push(char::from(byte));
        } else {
            to.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// All that an API server knows, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    resources: Vec<Resource>,
}

impl Discovery {
    /// Asks the server.
    ///
    /// # Errors
    /// Says why there is no answer.
    pub fn read(client: &Client) -> Result<Self, String> {
        let mut all = Self::default();
        client.groups()?.into_iter().for_each(|groups| all.add(groups));
        Ok(all)
    }

    fn add(&mut self, groups: APIGroupDiscoveryList) {
        for group in groups.items {
            let name = group.metadata.and_then(|m| m.name).unwrap_or_default();
            for version in group.versions {
                let number = version.version.unwrap_or_default();
                for found in version.resources {
                    let (_, _, kind) = parts(found.response_kind);
                    let part = |s: kube::client::APISubresourceDiscovery| {
                        let (group, version, kind) = parts(s.response_kind);
                        Subresource { name: s.subresource.unwrap_or_default(), group, version, kind }
                    };
                    self.resources.push(Resource {
                        group: name.clone(),
                        version: number.clone(),
                        kind,
                        plural: found.resource.unwrap_or_default(),
                        namespaced: found.scope.as_deref() == Some("Namespaced"),
                        subresources: found.subresources.into_iter().map(part).collect(),
                    });
                }
            }
        }
    }

    /// What a kind with wildcards and maybe a subresource leads to.
    pub fn find(&self, selector: &KindSelector) -> Vec<Found<'_>> {
        let KindSelector { group, version, kind, subresource } = selector;
        let hit = |r: &&Resource| group.matches(&r.group) && version.matches(&r.version) && kind.matches(&r.kind);
        let resources = self.resources.iter().filter(hit);
        let whole = resources.clone().map(|resource| Found { resource, subresource: None });
        if *subresource == Glob::new("") {
            return whole.collect();
        }
        let parts = resources.flat_map(|resource| {
            let hit = |s: &&Subresource| subresource.matches(&s.name);
            resource.subresources.iter().filter(hit).map(|s| Found { resource, subresource: Some(s) })
        });
        let any = Glob::new("*");
        if *kind == any && *subresource == any { whole.chain(parts).collect() } else { parts.collect() }
    }

    /// The resource that has a name in paths.
    pub fn of_path(&self, group: &str, version: &str, plural: &str) -> Option<&Resource> {
        self.resources.iter().find(|r| r.group == group && r.version == version && r.plural == plural)
    }

    /// The resource whose objects are of a kind.
    pub fn resource(&self, kind: &ResourceKind<'_>) -> Option<&Resource> {
        let hit = |r: &&Resource| r.group == kind.group && r.version == kind.version && r.kind == kind.kind;
        self.resources.iter().find(hit)
    }
}

fn parts(kind: Option<DiscoveryGroupVersionKind>) -> (String, String, String) {
    let kind = kind.unwrap_or_default();
    (kind.group.unwrap_or_default(), kind.version.unwrap_or_default(), kind.kind.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::matches::parse_kind;
    use serde_json::json;

    fn discovery() -> Discovery {
        let kind = |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
        let scale = json!({"subresource": "scale", "responseKind": kind("autoscaling", "v1", "Scale")});
        let apps = json!({"items": [{"metadata": {"name": "apps"}, "versions": [{"version": "v1", "resources": [
            {"resource": "deployments", "responseKind": kind("apps", "v1", "Deployment"), "scope": "Namespaced", "subresources": [scale]},
            {"resource": "daemonsets", "responseKind": kind("apps", "v1", "DaemonSet"), "scope": "Namespaced"},
        ]}]}]});
        let core = json!({"items": [{"metadata": {"name": ""}, "versions": [{"version": "v1", "resources": [
            {"resource": "nodes", "responseKind": kind("", "v1", "Node"), "scope": "Cluster"},
        ]}]}]});
        let mut all = Discovery::default();
        [core, apps].into_iter().for_each(|groups| all.add(serde_json::from_value(groups).unwrap()));
        all
    }

    fn found(kind: &str) -> Vec<String> {
        let discovery = discovery();
        let found = discovery.find(&parse_kind(kind).unwrap());
        let name = |f: &Found<'_>| match f.subresource {
            Some(s) => format!("{}/{} {}", f.resource.plural, s.name, api_version(&s.group, &s.version)),
            None => f.resource.plural.clone(),
        };
        found.iter().map(name).collect()
    }

    #[test]
    fn kinds_lead_to_resources() {
        assert_eq!(found("Deployment"), ["deployments"]);
        assert_eq!(found("apps/*/D*"), ["deployments", "daemonsets"]);
        assert_eq!(found("v1/*"), ["nodes", "deployments", "daemonsets"]);
        assert_eq!(found("Deployment/scale"), ["deployments/scale autoscaling/v1"]);
        assert_eq!(found("*/*"), ["nodes", "deployments", "daemonsets", "deployments/scale autoscaling/v1"]);
        assert!(found("batch/v1/*").is_empty() && found("Node/status").is_empty());
    }

    #[test]
    fn paths() {
        let all = discovery();
        let deployments = all.resource(&ResourceKind::of("apps/v1", "Deployment")).unwrap();
        assert_eq!(deployments.path("a/b", &["x", "scale"]), "/apis/apps/v1/namespaces/a%2Fb/deployments/x/scale");
        let nodes = all.resource(&ResourceKind::of("v1", "Node")).unwrap();
        assert_eq!(nodes.path("", &[]), "/api/v1/nodes");
        assert!(all.resource(&ResourceKind::of("v2", "Node")).is_none());
    }
}
