//! ClusterPolicy and Policy of `kyverno.io`.

use super::context::{self, ContextEntry};
use super::fields::{Fields, Problems, Text};
use super::foreach::{self, ForEach};
use super::generate::Generate;
use super::mutate::Mutate;
use super::pod_security::PodSecurity;
use super::tree::{Tree, Value};
use crate::diag::Code;
use kyvc_vm::condition::Operator;
use kyvc_vm::document::Place;
use kyvc_vm::selector::SelectorOp;

/// A classic policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its name
    pub name: String,
    /// For a `Policy`, the namespace it is in and about; empty for a `ClusterPolicy`
    pub namespace: Option<String>,
    /// `metadata.annotations`
    pub annotations: Vec<(String, String)>,
    /// What it says
    pub spec: Spec,
    /// Where it starts
    pub place: Place,
}

/// `spec` of a classic policy, with the defaults of the CRD.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The rules
    pub rules: Vec<Rule>,
    /// Whether the first rule that applies ends the policy
    pub apply_one: bool,
    /// `validationFailureAction`
    pub action: Action,
    /// `validationFailureActionOverrides`
    pub overrides: Vec<Override>,
    /// Whether violations that are only audited become admission warnings
    pub emit_warning: bool,
    /// Whether it is about admission requests
    pub admission: bool,
    /// Whether it is about existing resources
    pub background: bool,
}

/// What becomes of a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Action {
    /// It is reported
    #[default]
    Audit,
    /// It is refused
    Enforce,
}

impl Action {
    /// The action as Kyverno's documents write it.
    pub fn name(self) -> &'static str {
        match self {
            Action::Audit => "Audit",
            Action::Enforce => "Enforce",
        }
    }
}

/// Another action for some namespaces.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// The action
    pub action: Action,
    /// Names with wildcards; all where there is none
    pub namespaces: Vec<String>,
    /// Labels of the namespace
    pub selector: Option<Selector>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name
    pub name: String,
    /// Where it starts
    pub place: Place,
    /// What it is about
    pub matches: Match,
    /// What it is not about
    pub exclude: Option<Match>,
    /// `context`
    pub context: Vec<ContextEntry>,
    /// `preconditions`
    pub preconditions: Option<Conditions>,
    /// `validate`
    pub validate: Option<Validate>,
    /// `mutate`
    pub mutate: Option<Mutate>,
    /// `generate`
    pub generate: Option<Generate>,
}

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

/// `validate` of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Validate {
    /// `message`
    pub message: Option<Text>,
    /// `failureAction`
    pub action: Option<Action>,
    /// `failureActionOverrides`
    pub overrides: Vec<Override>,
    /// `allowExistingViolations`
    pub allow_existing: bool,
    /// What is checked
    pub check: Option<Check>,
    /// Where it stands
    pub place: Place,
}

/// `preconditions` or `deny.conditions`.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditions {
    /// One of these, where the list is there at all
    pub any: Option<Vec<Condition>>,
    /// All of these
    pub all: Vec<Condition>,
    /// The oldest form, a plain list; its messages are joined without a space
    pub legacy: bool,
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What is looked at
    pub key: Tree,
    /// How
    pub operator: Operator,
    /// What it is compared with
    pub value: Tree,
    /// What is said about it
    pub message: String,
    /// Where it stands
    pub place: Place,
}

/// What a validate rule checks.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// `deny`: the rule is violated where the conditions hold
    Deny(Conditions),
    /// `pattern`
    Pattern(Tree),
    /// `anyPattern`
    AnyPattern(Vec<Tree>),
    /// `foreach`
    ForEach(Vec<ForEach>),
    /// `podSecurity`
    PodSecurity(PodSecurity),
    /// Nothing is said of what is checked, and nothing is said of any object
    Nothing,
}

impl Policy {
    /// Reads a policy. Problems go to `problems`; what could be read is returned all the same.
    pub fn read(tree: &Tree, cluster: bool, problems: &Problems) -> Self {
        let mut top = Fields::of(tree, "", problems);
        top.ignore(&["apiVersion", "kind", "status"]);
        let (mut name, mut namespace, mut annotations) = (String::new(), None, Vec::new());
        match top.take("metadata") {
            Some(metadata) => {
                name = metadata.get("name").and_then(Tree::as_str).unwrap_or_default().to_owned();
                namespace = metadata.get("namespace").and_then(Tree::as_str).map(str::to_owned);
                if let Some(Value::Map(members)) = metadata.get("annotations").map(|t| &t.value) {
                    annotations =
                        members.iter().filter_map(|m| Some((m.key.clone(), m.value.as_str()?.to_owned()))).collect();
                }
                if name.is_empty() {
                    problems.add(Code::MissingField, metadata.place, "a policy needs `metadata.name`");
                }
            }
            None => problems.add(Code::MissingField, tree.place, "a policy needs `metadata.name`"),
        }
        let empty = Tree { place: tree.place, value: Value::Null };
        let spec = Spec::read(top.take("spec").unwrap_or(&empty), problems);
        top.finish();
        let namespace = if cluster { None } else { Some(namespace.unwrap_or_default()) };
        Self { name, namespace, annotations, spec, place: tree.place }
    }

    /// An annotation's value.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
}

impl Spec {
    fn read(tree: &Tree, problems: &Problems) -> Self {
        let mut f = Fields::of(tree, "spec", problems);
        let rules_tree = f.list("rules");
        let apply_one = match f.text("applyRules") {
            Some(t) if t.text == "One" => true,
            Some(t) if t.text != "All" => {
                problems.add(Code::WrongType, t.place, "`spec.applyRules` has to be `All` or `One`");
                false
            }
            _ => false,
        };
        let action = action(&mut f, "validationFailureAction").unwrap_or_default();
        let overrides = overrides(&mut f, "validationFailureActionOverrides");
        let emit_warning = f.bool("emitWarning").unwrap_or(false);
        let admission = f.bool("admission").unwrap_or(true);
        let background = f.bool("background").unwrap_or(true);
        f.ignore(&[
            "failurePolicy",
            "webhookTimeoutSeconds",
            "schemaValidation",
            "mutateExistingOnPolicyUpdate",
            "generateExistingOnPolicyUpdate",
            "generateExisting",
            "useServerSideApply",
        ]);
        if let Some(tree) = f.take("webhookConfiguration") {
            let mut w = Fields::of(tree, "spec.webhookConfiguration", problems);
            w.ignore(&["failurePolicy", "timeoutSeconds"]);
            w.not_compiled(&["matchConditions"]);
            w.finish();
        }
        f.finish();
        let rules: Vec<Rule> = rules_tree
            .unwrap_or_default()
            .iter()
            .enumerate()
            .map(|(i, t)| Rule::read(t, &format!("spec.rules[{i}]"), problems))
            .collect();
        if rules.is_empty() && tree.get("rules").is_none_or(|r| matches!(&r.value, Value::List(_) | Value::Null)) {
            let place = tree.get("rules").map_or(tree.place, |r| r.place);
            problems.add(Code::NoRules, place, "a policy needs at least one rule in `spec.rules`");
        }
        for (i, rule) in rules.iter().enumerate() {
            if rules.iter().take(i).any(|r| r.name == rule.name) {
                problems.add(
                    Code::DuplicateRule,
                    rule.place,
                    format!("a rule named `{}` stands in this policy already", rule.name),
                );
            }
        }
        Self { rules, apply_one, action, overrides, emit_warning, admission, background }
    }
}

fn action(f: &mut Fields<'_>, field: &'static str) -> Option<Action> {
    let path = f.path(field);
    let text = f.text(field)?;
    match text.text.as_str() {
        "Enforce" | "enforce" => Some(Action::Enforce),
        "Audit" | "audit" => Some(Action::Audit),
        other => {
            let message = format!("`{path}` has to be `Audit` or `Enforce`, found `{other}`");
            f.problems().add(Code::WrongType, text.place, message);
            None
        }
    }
}

fn overrides(f: &mut Fields<'_>, field: &'static str) -> Vec<Override> {
    let path = f.path(field);
    let problems = f.problems();
    let items = f.list(field).unwrap_or_default();
    items
        .iter()
        .enumerate()
        .map(|(i, tree)| {
            let mut o = Fields::of(tree, format!("{path}[{i}]"), problems);
            let action = action(&mut o, "action").unwrap_or_default();
            let namespaces = o.texts("namespaces").into_iter().map(|t| t.text).collect();
            let selector = Selector::read(&mut o, "namespaceSelector");
            o.finish();
            Override { action, namespaces, selector }
        })
        .collect()
}

impl Rule {
    fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
        let mut f = Fields::of(tree, path, problems);
        let name = f.text("name");
        if name.is_none() {
            problems.add(Code::MissingField, tree.place, format!("`{path}.name` is missing"));
        }
        let name = name.unwrap_or(Text { text: String::new(), place: tree.place });
        if name.text.len() > 63 {
            problems.add(Code::WrongType, name.place, format!("`{path}.name` is longer than 63 characters"));
        }
        let matches = f.take("match").map(|t| Match::read(t, &format!("{path}.match"), problems));
        if matches.is_none() {
            problems.add(Code::MissingField, tree.place, format!("`{path}.match` is missing"));
        }
        let exclude = f.take("exclude").map(|t| Match::read(t, &format!("{path}.exclude"), problems));
        let preconditions =
            f.take("preconditions").map(|t| Conditions::read(t, &format!("{path}.preconditions"), problems));
        let validate = f.take("validate").map(|t| Validate::read(t, &format!("{path}.validate"), problems));
        let mut mutate = f.take("mutate").map(|t| Mutate::read(t, &format!("{path}.mutate"), problems));
        if let Some(m) = &mut mutate {
            m.stand_in(tree);
        }
        let generate = f.take("generate").map(|t| Generate::read(t, &format!("{path}.generate"), problems));
        f.ignore(&["skipBackgroundRequests"]);
        let context = context::read(f.list("context").unwrap_or_default(), &format!("{path}.context"), problems);
        f.not_compiled(&["celPreconditions", "imageExtractors", "verifyImages", "reportProperties"]);
        let does = validate.is_some() || mutate.is_some() || generate.is_some();
        if !does && tree.get("verifyImages").is_none() {
            let message = format!("`{path}` needs one of `validate`, `mutate`, `generate` and `verifyImages`");
            problems.add(Code::MissingField, tree.place, message);
        }
        f.finish();
        Self {
            name: name.text,
            place: name.place,
            matches: matches.unwrap_or_else(|| Match::none(tree.place)),
            exclude,
            context,
            preconditions,
            validate,
            mutate,
            generate,
        }
    }
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
    fn read(f: &mut Fields<'_>) -> Self {
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
    fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
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
    fn read(f: &mut Fields<'_>, field: &'static str) -> Option<Self> {
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

impl Validate {
    fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
        let mut f = Fields::of(tree, path, problems);
        let message = f.text("message");
        let action = action(&mut f, "failureAction");
        let overrides = overrides(&mut f, "failureActionOverrides");
        let allow_existing = f.bool("allowExistingViolations").unwrap_or(true);
        let pattern = f.take("pattern").cloned();
        let any = f.list("anyPattern").map(<[Tree]>::to_vec);
        let deny = f.take("deny").map(|t| Conditions::read_deny(t, &format!("{path}.deny"), problems));
        let loops = f.list("foreach").map(|items| foreach::read(items, &format!("{path}.foreach"), problems));
        let standard = f.take("podSecurity");
        let standard = standard.map(|t| PodSecurity::read(t, &format!("{path}.podSecurity"), problems));
        f.not_compiled(&["cel", "manifests"]);
        // Kyverno 1.19 keeps the field in its schema and does nothing with it.
        f.ignore(&["assert"]);
        f.finish();
        // Kyverno: pkg/engine/validation.go, the standard comes before all else.
        let standard = standard.map(|s| s.map_or(Check::Nothing, Check::PodSecurity));
        let check = standard.or(deny.map(Check::Deny)).or(pattern.map(Check::Pattern)).or(any.map(Check::AnyPattern));
        let check = check.or(loops.map(Check::ForEach));
        let others = ["cel", "manifests"];
        if check.is_none() && !others.iter().any(|k| tree.get(k).is_some()) {
            let message = format!("`{path}` needs one of `pattern`, `anyPattern`, `deny`, `foreach` and `podSecurity`");
            problems.add(Code::MissingField, tree.place, message);
        }
        Self { message, action, overrides, allow_existing, check, place: tree.place }
    }
}

impl Conditions {
    /// Reads `deny`. Kyverno: a denial without conditions always denies.
    pub(super) fn read_deny(tree: &Tree, path: &str, problems: &Problems) -> Self {
        let mut d = Fields::of(tree, path, problems);
        let conditions = d.take("conditions").map(|t| Self::read(t, &format!("{path}.conditions"), problems));
        d.finish();
        conditions.unwrap_or(Conditions { any: None, all: Vec::new(), legacy: false })
    }

    pub(super) fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
        let list = |items: &[Tree], path: &str| -> Vec<Condition> {
            let items = items.iter().enumerate();
            items.map(|(i, t)| Condition::read(t, &format!("{path}[{i}]"), problems)).collect()
        };
        if let Value::List(items) = &tree.value {
            return Self { any: None, all: list(items, path), legacy: true };
        }
        let mut f = Fields::of(tree, path, problems);
        let any = f.list("any").map(|items| list(items, &format!("{path}.any")));
        let all = f.list("all").map(|items| list(items, &format!("{path}.all"))).unwrap_or_default();
        f.finish();
        Self { any, all, legacy: false }
    }
}

impl Conditions {
    /// Changes every text.
    pub fn map_strings(&mut self, change: &dyn Fn(&str) -> String) {
        for c in self.any.iter_mut().flatten().chain(&mut self.all) {
            c.key.map_strings(change);
            c.value.map_strings(change);
            c.message = change(&c.message);
        }
    }
}

impl Condition {
    fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
        let mut f = Fields::of(tree, path, problems);
        let null = Tree { place: tree.place, value: Value::Null };
        let mut side = |field| f.member(field).map_or(null.clone(), |m| m.value.clone());
        let (key, value) = (side("key"), side("value"));
        let operator = f.text("operator");
        let message = f.text("message").map(|t| t.text).unwrap_or_default();
        f.finish();
        let known = operator.as_ref().and_then(|t| Operator::parse(&t.text));
        if known.is_none() {
            let (place, found) =
                operator.map_or((tree.place, "none".to_owned()), |t| (t.place, format!("`{}`", t.text)));
            problems.add(
                Code::WrongType,
                place,
                format!("`{path}.operator` has to be a condition operator, found {found}"),
            );
        }
        Self { key, operator: known.unwrap_or(Operator::ALL[0]), value, message, place: tree.place }
    }
}
