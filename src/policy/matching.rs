//! `match` and `exclude`: what resources and users a rule is about.

use super::fields::{Fields, Problems, Text};
use super::tree::Tree;
use crate::diag::Code;
use kyvc_vm::document::Place;
use kyvc_vm::selector::SelectorOp;

/// `match` or `exclude`.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// One of these
    pub any: Vec<Filter>,
    /// All of these
    pub all: Vec<Filter>,
    /// The oldest form: the filter itself
    pub legacy: Filter,
    /// Where it stands
    pub place: Place,
}

/// What resources and users a filter selects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// `kinds`
    pub kinds: Vec<Text>,
    /// `name`
    pub name: Option<Text>,
    /// `names`
    pub names: Vec<Text>,
    /// `namespaces`
    pub namespaces: Vec<Text>,
    /// `annotations`
    pub annotations: Option<Vec<(String, Text)>>,
    /// `selector`
    pub selector: Option<Selector>,
    /// `namespaceSelector`
    pub namespace_selector: Option<Selector>,
    /// `operations`
    pub operations: Vec<Text>,
    /// `roles`
    pub roles: Vec<Text>,
    /// `clusterRoles`
    pub cluster_roles: Vec<Text>,
    /// `subjects`
    pub subjects: Vec<Subject>,
    /// Where it stands
    pub place: Place,
}

impl Filter {
    /// Whether it says nothing about resources.
    pub fn no_resources(&self) -> bool {
        self.kinds.is_empty()
            && self.name.as_ref().is_none_or(|n| n.text.is_empty())
            && self.names.is_empty()
            && self.namespaces.is_empty()
            && self.annotations.as_ref().is_none_or(Vec::is_empty)
            && self.selector.is_none()
            && self.namespace_selector.is_none()
            && self.operations.is_empty()
    }

    /// Whether it says nothing about users.
    pub fn no_user(&self) -> bool {
        self.roles.is_empty() && self.cluster_roles.is_empty() && self.subjects.is_empty()
    }
}

/// Somebody who makes requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// `User`, `Group` or `ServiceAccount`
    pub kind: String,
    /// Name
    pub name: String,
    /// Namespace of a service account
    pub namespace: String,
    /// Where it stands
    pub place: Place,
}

/// A label selector.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// `matchLabels`
    pub labels: Vec<(String, String)>,
    /// `matchExpressions`; no operator where it is unknown
    pub expressions: Vec<(String, Option<SelectorOp>, Vec<String>)>,
    /// Where it stands
    pub place: Place,
}

impl Match {
    /// What matches nothing.
    pub(super) fn none(place: Place) -> Self {
        Self { any: vec![], all: vec![], legacy: Filter::default(), place }
    }

    pub(super) fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
        let mut f = Fields::of(tree, path, problems);
        let filters = |items: Option<&[Tree]>, name: &str| -> Vec<Filter> {
            let items = items.unwrap_or_default().iter().enumerate();
            items
                .map(|(i, t)| {
                    let mut f = Fields::of(t, format!("{path}.{name}[{i}]"), problems);
                    let filter = Filter::read(&mut f);
                    f.finish();
                    filter
                })
                .collect()
        };
        let any = filters(f.list("any"), "any");
        let all = filters(f.list("all"), "all");
        let legacy = Filter::read(&mut f);
        f.finish();
        if !any.is_empty() && !all.is_empty() {
            problems.add(Code::BadMatch, tree.place, format!("`{path}` has both `any` and `all`; only one is allowed"));
        }
        Self { any, all, legacy, place: tree.place }
    }

    /// The filters, in whichever form they were written.
    pub fn filters(&self) -> &[Filter] {
        if !self.any.is_empty() {
            &self.any
        } else if !self.all.is_empty() {
            &self.all
        } else {
            std::slice::from_ref(&self.legacy)
        }
    }

    /// The kinds of all filters.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        let every = self.all.iter().chain(&self.any);
        self.legacy.kinds.iter().chain(every.flat_map(|f| &f.kinds)).map(|k| k.text.as_str())
    }
}

impl Filter {
    pub(super) fn read(f: &mut Fields<'_>) -> Self {
        let problems = f.problems();
        let mut filter = Filter { place: f.place(), ..Self::default() };
        let path = f.path("resources");
        if let Some(tree) = f.take("resources") {
            let mut r = Fields::of(tree, path, problems);
            filter.kinds = r.texts("kinds");
            filter.name = r.text("name");
            filter.names = r.texts("names");
            filter.namespaces = r.texts("namespaces");
            filter.annotations = r.string_map("annotations");
            filter.selector = Selector::read(&mut r, "selector");
            filter.namespace_selector = Selector::read(&mut r, "namespaceSelector");
            filter.operations = r.texts("operations");
            for op in &filter.operations {
                if !["CREATE", "UPDATE", "DELETE", "CONNECT"].contains(&op.text.as_str()) {
                    let message = format!("unknown operation `{}`", op.text);
                    let help = "one of CREATE, UPDATE, DELETE and CONNECT".to_owned();
                    problems.add_with(Code::BadMatch, op.place, message, Some(help));
                }
            }
            if filter.name.is_some() && !filter.names.is_empty() {
                problems.add(Code::BadMatch, tree.place, "both `name` and `names` are given; only one is allowed");
            }
            r.finish();
        }
        filter.roles = f.texts("roles");
        filter.cluster_roles = f.texts("clusterRoles");
        let path = f.path("subjects");
        filter.subjects = f
            .list("subjects")
            .unwrap_or_default()
            .iter()
            .enumerate()
            .map(|(i, t)| Subject::read(t, &format!("{path}[{i}]"), problems))
            .collect();
        filter
    }
}

impl Subject {
    pub(super) fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
        let mut f = Fields::of(tree, path, problems);
        let mut text = |field| f.text(field).map(|t| t.text).unwrap_or_default();
        let subject = Self { kind: text("kind"), name: text("name"), namespace: text("namespace"), place: tree.place };
        f.ignore(&["apiGroup"]);
        f.finish();
        if !["User", "Group", "ServiceAccount"].contains(&subject.kind.as_str()) {
            let message = format!("`{path}.kind` has to be `User`, `Group` or `ServiceAccount`");
            problems.add(Code::BadMatch, tree.place, message);
        }
        subject
    }
}

impl Selector {
    pub(super) fn read(f: &mut Fields<'_>, field: &'static str) -> Option<Self> {
        let path = f.path(field);
        let problems = f.problems();
        let tree = f.take(field)?;
        let mut s = Fields::of(tree, path.clone(), problems);
        let labels = s.string_map("matchLabels").unwrap_or_default().into_iter().map(|(k, v)| (k, v.text)).collect();
        let expressions = s
            .list("matchExpressions")
            .unwrap_or_default()
            .iter()
            .enumerate()
            .map(|(i, t)| {
                let mut e = Fields::of(t, format!("{path}.matchExpressions[{i}]"), problems);
                let key = e.text("key").map(|t| t.text).unwrap_or_default();
                let op = e.text("operator");
                let values = e.texts("values").into_iter().map(|t| t.text).collect();
                e.finish();
                let known = match op.as_ref().map(|t| t.text.as_str()) {
                    Some("In") => Some(SelectorOp::In),
                    Some("NotIn") => Some(SelectorOp::NotIn),
                    Some("Exists") => Some(SelectorOp::Exists),
                    Some("DoesNotExist") => Some(SelectorOp::DoesNotExist),
                    _ => None,
                };
                (key, known, values)
            })
            .collect();
        s.finish();
        Some(Self { labels, expressions, place: tree.place })
    }
}
