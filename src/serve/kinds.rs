//! The kinds of resources of which only a part is asked for.

use crate::review::Review;
use kyvc_vm::selector::ResourceKind;

/// Kubernetes' own resources that have parts of other kinds.
const KINDS: [(&str, &str, &str); 9] = [
    ("", "namespaces", "Namespace"),
    ("", "nodes", "Node"),
    ("", "pods", "Pod"),
    ("", "replicationcontrollers", "ReplicationController"),
    ("", "serviceaccounts", "ServiceAccount"),
    ("", "services", "Service"),
    ("apps", "deployments", "Deployment"),
    ("apps", "replicasets", "ReplicaSet"),
    ("apps", "statefulsets", "StatefulSet"),
];

/// The kind of a request's resource, which rules are matched with, where its object is only a part of that and has another.
///
/// Kyverno asks the API server, pkg/webhooks/handlers/enrich.go. Without one, the parts of other resources are matched with
/// their own kinds.
pub(super) fn whole<'r>(review: &'r Review<'_>) -> Option<ResourceKind<'r>> {
    let resource = &review.resource;
    let part = !review.subresource.is_empty();
    let known = KINDS.iter().find(|(group, name, _)| part && resource.group == *group && resource.name == *name)?;
    Some(ResourceKind { group: known.0, version: &resource.version, kind: known.2, subresource: &review.subresource })
}
