//! ClusterPolicy and Policy of `kyverno.io`.

use super::context::{self, ContextEntry};
use super::fields::{Fields, Problems, Text};
use super::generate::Generate;
use super::metadata::Metadata;
use super::mutate::Mutate;
use super::tree::{Tree, Value};
use super::verify_images::{self, KindExtractors, VerifyImages};
use crate::diag::Code;
use kyvc_vm::document::Place;

pub use super::conditions::{Condition, Conditions};
pub use super::matching::{Filter, Match, Selector, Subject};
pub use super::validate::{Check, Validate};

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
    /// Whether requests pass where its rules cannot be decided: `failurePolicy: Ignore`
    pub ignore_failures: bool,
    /// Whether it is about admission requests
    pub admission: bool,
    /// Whether it is about existing resources
    pub background: bool,
    /// Where `webhookConfiguration.matchConditions` stands, if it holds something
    pub match_conditions: Option<Place>,
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
    /// `verifyImages`
    pub verify_images: Option<VerifyImages>,
    /// `imageExtractors`
    pub image_extractors: Option<Vec<KindExtractors>>,
    /// `reportProperties`, a map of strings
    pub report_properties: Option<Tree>,
}

impl Policy {
    /// Reads a policy. Problems go to `problems`; what could be read is returned all the same.
    pub fn read(tree: &Tree, cluster: bool, problems: &Problems) -> Self {
        let mut top = Fields::of(tree, "", problems);
        top.ignore(&["apiVersion", "kind", "status"]);
        let Metadata { name, namespace, annotations } = Metadata::read(top.take("metadata"), tree.place, problems);
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
        let mut failure_policy = f.text("failurePolicy");
        f.ignore(&[
            "webhookTimeoutSeconds",
            "schemaValidation",
            "mutateExistingOnPolicyUpdate",
            "generateExistingOnPolicyUpdate",
            "generateExisting",
            "useServerSideApply",
        ]);
        let mut match_conditions = None;
        if let Some(tree) = f.take("webhookConfiguration") {
            let mut w = Fields::of(tree, "spec.webhookConfiguration", problems);
            failure_policy = w.text("failurePolicy").or(failure_policy);
            w.ignore(&["timeoutSeconds"]);
            match_conditions = w.place_of("matchConditions");
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
        let ignore_failures = failure_policy.is_some_and(|t| t.text == "Ignore");
        Self {
            rules,
            apply_one,
            action,
            overrides,
            emit_warning,
            ignore_failures,
            admission,
            background,
            match_conditions,
        }
    }
}

pub(super) fn action(f: &mut Fields<'_>, field: &'static str) -> Option<Action> {
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

pub(super) fn overrides(f: &mut Fields<'_>, field: &'static str) -> Vec<Override> {
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
        let properties = f.string_map("reportProperties").is_some_and(|m| !m.is_empty());
        let report_properties = tree.get("reportProperties").filter(|_| properties).cloned();
        let context = context::read(f.list("context").unwrap_or_default(), &format!("{path}.context"), problems);
        let extractors = f.take("imageExtractors");
        let image_extractors =
            extractors.map(|t| verify_images::extractors(t, &format!("{path}.imageExtractors"), problems));
        let verify_place = tree.get("verifyImages").map_or(tree.place, |t| t.place);
        let verify = f.list("verifyImages").unwrap_or_default();
        let verify_images = VerifyImages::read(verify, verify_place, &format!("{path}.verifyImages"), problems);
        f.not_compiled(&["celPreconditions"]);
        let does = validate.is_some() || mutate.is_some() || generate.is_some() || verify_images.is_some();
        if !does {
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
            verify_images,
            image_extractors,
            report_properties,
        }
    }
}
