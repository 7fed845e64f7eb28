//! Manifests: Kubernetes objects in files, with what a client fills in before it looks at them.

use crate::diag::{Code, Diagnostic, Label, Source};
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::{Buffers, Builder, Document, Kind, Layout, Limits, NodeId};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Fields that Kyverno's CLI takes for empty maps where they are null, as Helm charts write them.
const MAP_FIELDS: [&str; 6] = ["annotations", "labels", "matchLabels", "nodeSelector", "data", "stringData"];

/// Kinds without a namespace, by API group. Any other object without a namespace is taken for one of `default`.
const CLUSTER_SCOPED: [(&str, &[&str]); 13] = [
    ("", &["ComponentStatus", "Namespace", "Node", "NodeProxyOptions", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("authentication.k8s.io", &["SelfSubjectReview", "TokenReview"]),
    ("authorization.k8s.io", &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"]),
    ("certificates.k8s.io", &["CertificateSigningRequest"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("networking.k8s.io", &["IPAddress", "IngressClass", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("resource.k8s.io", &["DeviceClass", "ResourceSlice"]),
    ("storage.k8s.io", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"]),
];

/// Whether objects of a kind have no namespace.
pub fn is_cluster_scoped(api_version: &str, kind: &str) -> bool {
    let group = match api_version.split_once('/') {
        Some((group, version)) if !version.contains('/') => group,
        _ => "",
    };
    let known = CLUSTER_SCOPED.iter().any(|(g, kinds)| *g == group && kinds.contains(&kind));
    known || (group, kind) == ("scheduling.k8s.io", "PriorityClass")
}

/// Reads the objects of a source, one after the other. Lists are taken apart; what is no object is reported.
///
/// `each` gets documents flattened with `layout`. After an error in the text, what stood before it has been passed on.
pub fn read(
    source: &Arc<Source>,
    layout: &Layout,
    options: ReadOptions,
    each: &mut dyn FnMut(&Document<'_>) -> ControlFlow<()>,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut number = 0;
    let result = yaml::documents(source, layout, options, &mut |mut doc| {
        number += 1;
        let Some(root) = doc.root().filter(|r| doc.kind(*r) != Kind::Null) else {
            return ControlFlow::Continue(doc.recycle());
        };
        let items = (text(&doc, root, "kind") == "List").then(|| doc.get_str(root, "items")).flatten();
        let flow = match items {
            // The layout is one of objects, not of lists of them, and a reader may have passed over the items.
            Some(items) if doc.kind(items) == Kind::Raw => {
                whole(source, number, options, &mut |doc| match doc.root().and_then(|r| doc.get_str(r, "items")) {
                    Some(items) => list(doc, items, source, layout, &mut problems, each),
                    None => ControlFlow::Continue(()),
                })
            }
            Some(items) => list(&doc, items, source, layout, &mut problems, each),
            None => object(&mut doc, source, &mut problems, each),
        };
        flow.map_continue(|()| doc.recycle())
    });
    problems.extend(result.err());
    problems
}

/// Reads one document of a source again, this time all of it.
fn whole(
    source: &Arc<Source>,
    number: usize,
    options: ReadOptions,
    each: &mut dyn FnMut(&Document<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let everything = Layout::everything();
    let mut at = 0;
    let mut flow = ControlFlow::Continue(());
    // The text was read before: an error after the document is reported there.
    let _ = yaml::documents(source, &everything, options, &mut |doc| {
        at += 1;
        if at < number {
            return ControlFlow::Continue(doc.recycle());
        }
        flow = each(&doc);
        ControlFlow::Break(())
    });
    flow
}

fn text<'d>(doc: &'d Document<'_>, map: NodeId, key: &str) -> &'d str {
    doc.get_str(map, key).map_or("", |n| doc.str(n))
}

fn list(
    doc: &Document<'_>,
    items: NodeId,
    source: &Arc<Source>,
    layout: &Layout,
    problems: &mut Vec<Diagnostic>,
    each: &mut dyn FnMut(&Document<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut buffers = Buffers::default();
    for item in doc.children(items) {
        let mut b = Builder::new("", layout, buffers, Limits::default());
        let grafted = b.graft(doc, item);
        let mut copy = b.finish();
        if let Err(e) = grafted {
            let label = Label::new(source, doc.place(item));
            problems.push(Diagnostic::new(Code::TooLarge, e.to_string()).at(label));
        } else if object(&mut copy, source, problems, each).is_break() {
            return ControlFlow::Break(());
        }
        buffers = copy.recycle();
    }
    ControlFlow::Continue(())
}

fn object(
    doc: &mut Document<'_>,
    source: &Arc<Source>,
    problems: &mut Vec<Diagnostic>,
    each: &mut dyn FnMut(&Document<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let Some(root) = doc.root() else { return ControlFlow::Continue(()) };
    let kind = text(doc, root, "kind");
    if kind.is_empty() {
        let what = if doc.kind(root) == Kind::Map { "an object without `kind`" } else { "no object" };
        let problem = Diagnostic::new(Code::MissingField, format!("expected a Kubernetes object, found {what}"));
        problems.push(problem.at(Label::new(source, doc.place(root))));
        return ControlFlow::Continue(());
    }
    fill_in(doc);
    each(doc)
}

/// Does to an object what Kyverno's CLI does: fills in the namespace `default`, and maps for nulls that can only be
/// maps; and makes all numbers float64, as they are after their way through its JSON context.
pub fn fill_in(doc: &mut Document<'_>) {
    let Some(root) = doc.root() else { return };
    if !is_cluster_scoped(text(doc, root, "apiVersion"), text(doc, root, "kind")) {
        let metadata = doc.get_str(root, "metadata");
        let namespace = metadata.and_then(|m| doc.get_str(m, "namespace"));
        match namespace {
            None => doc.set_default(&["metadata", "namespace"], "default"),
            Some(n) if doc.kind(n) != Kind::Str || doc.str(n).is_empty() => {
                doc.replace_str(n, "default");
            }
            Some(_) => {}
        }
    }
    doc.fill_null_maps(&MAP_FIELDS);
    doc.numbers_to_floats();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes() {
        assert!(is_cluster_scoped("v1", "Namespace"));
        assert!(is_cluster_scoped("rbac.authorization.k8s.io/v1", "ClusterRole"));
        assert!(!is_cluster_scoped("apps/v1", "Namespace"));
        assert!(!is_cluster_scoped("example.com/v1", "Anything"));
    }
}
