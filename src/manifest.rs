//! Manifests: Kubernetes objects in files, with what a client fills in before it looks at them.

use crate::diag::{Code, Diagnostic, Label, Source};
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::{Buffers, Builder, Document, JsonOptions, Kind, Layout, Limits, NodeId, Place, read_json};
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

/// How many documents of a source that are no objects are told one by one.
const LISTED: usize = 100;

/// Reads the objects of a source, one after the other. Lists are taken apart; what is no object is reported.
///
/// `each` gets documents flattened with `layout`. After an error in the text, what stood before it has been passed on.
pub fn read(
    source: &Arc<Source>,
    layout: &Layout,
    options: ReadOptions,
    each: &mut dyn FnMut(&Document<'_>) -> ControlFlow<()>,
) -> Vec<Diagnostic> {
    read_part(source, layout, options, each).problems
}

/// What became of a text.
#[derive(Debug)]
pub struct Read {
    /// What is wrong with it
    pub problems: Vec<Diagnostic>,
    /// There is an error in the text: what comes behind it, in this part of a file or the next, does not count.
    pub stopped: bool,
}

/// As [`read`], for a source that may be a part of a file.
pub fn read_part(
    source: &Arc<Source>,
    layout: &Layout,
    options: ReadOptions,
    each: &mut dyn FnMut(&Document<'_>) -> ControlFlow<()>,
) -> Read {
    let mut objects = Objects { source, layout, each, problems: Vec::new(), untold: 0 };
    let result = yaml::documents(source, layout, options, &mut |mut doc| {
        let Some(root) = doc.root().filter(|r| doc.kind(*r) != Kind::Null) else {
            return ControlFlow::Continue(doc.recycle());
        };
        let items = (text(&doc, root, "kind") == "List").then(|| doc.get_str(root, "items")).flatten();
        let flow = match items {
            Some(items) if doc.kind(items) == Kind::Raw => objects.raw_list(&doc, items),
            Some(items) => objects.list(&doc, items),
            None => objects.object(&mut doc),
        };
        flow.map_continue(|()| doc.recycle())
    });
    let mut problems = objects.problems;
    if objects.untold > 0 {
        let message = format!("expected Kubernetes objects, found {} more values that are none", objects.untold);
        problems.push(Diagnostic::new(Code::MissingField, message).at(Label::whole(source)));
    }
    let stopped = result.is_err();
    problems.extend(result.err());
    Read { problems, stopped }
}

fn text<'d>(doc: &'d Document<'_>, map: NodeId, key: &str) -> &'d str {
    doc.get_str(map, key).map_or("", |n| doc.str(n))
}

/// The objects of a source, on their way to somebody.
struct Objects<'o> {
    source: &'o Arc<Source>,
    layout: &'o Layout,
    each: &'o mut dyn FnMut(&Document<'_>) -> ControlFlow<()>,
    problems: Vec<Diagnostic>,
    /// Values that are no objects, beyond those that are told
    untold: usize,
}

impl Objects<'_> {
    /// As [`list`](Self::list), of items that the reader passed over: the layout is one of objects, not of lists of them.
    fn raw_list(&mut self, doc: &Document<'_>, items: NodeId) -> ControlFlow<()> {
        let everything = Layout::everything();
        let place = Some(doc.place(items)).filter(|p| p.line > 0);
        let options = JsonOptions { places: place, ..JsonOptions::default() };
        match read_json(doc.str(items), &everything, Buffers::default(), options) {
            Ok(whole) => match whole.root() {
                Some(root) => self.list(&whole, root),
                None => ControlFlow::Continue(()),
            },
            Err(e) => self.problem(Code::TooLarge, e.to_string(), doc.place(items)),
        }
    }

    fn list(&mut self, doc: &Document<'_>, items: NodeId) -> ControlFlow<()> {
        let mut buffers = Buffers::default();
        for item in doc.children(items) {
            let mut b = Builder::new("", self.layout, buffers, Limits::default());
            let grafted = b.graft(doc, item);
            let mut copy = b.finish();
            let flow = match grafted {
                Ok(()) => self.object(&mut copy),
                Err(e) => self.problem(Code::TooLarge, e.to_string(), doc.place(item)),
            };
            if flow.is_break() {
                return flow;
            }
            buffers = copy.recycle();
        }
        ControlFlow::Continue(())
    }

    fn object(&mut self, doc: &mut Document<'_>) -> ControlFlow<()> {
        let Some(root) = doc.root() else { return ControlFlow::Continue(()) };
        let kind = text(doc, root, "kind");
        if kind.is_empty() {
            if self.problems.len() >= LISTED {
                self.untold += 1;
                return ControlFlow::Continue(());
            }
            let what = match doc.kind(root) {
                Kind::Map | Kind::Raw => "an object without `kind`",
                Kind::List => "a list",
                Kind::Str => "a string",
                Kind::Bool => "a boolean",
                Kind::Int | Kind::Uint | Kind::Float => "a number",
                Kind::Null => "`null`",
            };
            let message = format!("expected a Kubernetes object, found {what}");
            return self.problem(Code::MissingField, message, doc.place(root));
        }
        fill_in(doc);
        (self.each)(doc)
    }

    fn problem(&mut self, code: Code, message: String, place: Place) -> ControlFlow<()> {
        self.problems.push(Diagnostic::new(code, message).at(Label::new(self.source, place)));
        ControlFlow::Continue(())
    }
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

    #[test]
    fn a_file_of_other_things_does_not_drown_the_user() {
        let source = Source::new("x.yaml", "---\na: b\n".repeat(LISTED + 7));
        let problems = read(&source, &Layout::everything(), ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
        assert_eq!(problems.len(), LISTED + 1);
        assert!(problems.iter().all(Diagnostic::is_error));
        assert!(problems.last().unwrap().message.contains("found 7 more values"));
    }
}
