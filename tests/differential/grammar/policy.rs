//! A whole ClusterPolicy or Policy.

use super::Gen;
use super::action;
use super::autogen;
use super::conditions;
use super::context;
use super::foreach;
use super::generate;
use super::images;
use super::kinds::{self, Target};
use super::matching::{self, Form};
use super::patches;
use super::pattern;
use super::pod_security;
use super::templates;
use super::variables;
use super::vocab::NAMESPACES;
use crate::differential::theme::Theme;
use serde_json::{Map, Value, json};

/// A policy named `name`.
pub(crate) fn policy(g: &mut Gen, name: &str) -> Value {
    let namespaced = g.wants("policy/no-namespace") || g.maybe("policy/namespaced", 7);
    let newer = g.maybe("policy/v2beta1", 4);
    let mut background_off = g.maybe("policy/background-false", 8);
    let mut spec = Map::new();
    action::of_policy(g, namespaced, &mut spec);
    let first = if matches!(g.theme, Theme::PodSecurity | Theme::Images) { kinds::pods(g) } else { kinds::target(g) };
    let n = if spec.get("applyRules") == Some(&json!("One")) {
        g.rng.between(2, 3)
    } else {
        [1, 1, 1, 2, 2, 3][g.rng.below(6)]
    };
    if n > 1 {
        g.tag("policy/several-rules");
    }
    let mut rules: Vec<Value> = Vec::new();
    for i in 0..n {
        let target = if i == 0 || g.rng.chance(65) { first.clone() } else { kinds::target(g) };
        let (rule, off) = rule(g, &target, Form { namespaced, newer }, i);
        background_off |= off;
        rules.push(rule);
    }
    spec.insert("rules".to_owned(), Value::Array(rules));
    if background_off {
        spec.insert("background".to_owned(), json!(false));
    }
    json!({
        "apiVersion": if newer { "kyverno.io/v2beta1" } else { "kyverno.io/v1" },
        "kind": if namespaced { "Policy" } else { "ClusterPolicy" },
        "metadata": metadata(g, name, namespaced),
        "spec": spec,
    })
}

fn metadata(g: &mut Gen, name: &str, namespaced: bool) -> Value {
    let mut annotations = Map::new();
    autogen::annotation(g, &mut annotations);
    action::annotations(g, &mut annotations);
    let mut metadata = Map::from_iter([("name".to_owned(), json!(name))]);
    if !annotations.is_empty() {
        metadata.insert("annotations".to_owned(), Value::Object(annotations));
    }
    if namespaced && !g.maybe("policy/no-namespace", 8) {
        let aim = g.aim.as_ref().and_then(|a| a["metadata"]["namespace"].as_str());
        let namespace = aim.unwrap_or(*g.rng.pick_early(NAMESPACES)).to_owned();
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    Value::Object(metadata)
}

/// A rule, and whether `spec.background` must be false for it.
fn rule(g: &mut Gen, target: &Target, form: Form, n: usize) -> (Value, bool) {
    let blocks = matching::blocks(g, target, form);
    let mut context = None;
    let (action, body) = match rule_theme(g) {
        Theme::Patches => ("mutate", patches::mutation(g, target)),
        Theme::Generate => ("generate", generate::generation(g, target)),
        Theme::PodSecurity => ("validate", pod_security::validation(g)),
        Theme::Images => ("verifyImages", Value::Null),
        Theme::Checks | Theme::Mixed | Theme::Cleanup => {
            let (body, entries) = validation(g, target, form);
            context = entries;
            ("validate", body)
        }
    };
    let name = autogen::rule_name(g, n);
    context::values(g, &name);
    let mut rule = Map::from_iter([
        ("name".to_owned(), json!(name)),
        ("match".to_owned(), blocks.select),
        (action.to_owned(), body),
    ]);
    if action == "verifyImages" {
        rule.extend(images::verification(g));
    }
    if g.maybe("rule/preconditions", 14) {
        rule.insert("preconditions".to_owned(), conditions::block(g, form.newer));
    }
    if let Some(context) = context {
        rule.insert("context".to_owned(), context);
    }
    if let Some(exclude) = blocks.exclude {
        rule.insert("exclude".to_owned(), exclude);
    }
    (Value::Object(rule), blocks.users || target.any_kind || g.user)
}

/// What a rule is, in a policy of some theme.
fn rule_theme(g: &mut Gen) -> Theme {
    match g.theme {
        Theme::Mixed => {
            [Theme::Patches, Theme::Patches, Theme::Checks, Theme::Checks, Theme::Generate, Theme::PodSecurity]
                [g.rng.below(6)]
        }
        theme => theme,
    }
}

/// What a rule checks, and the entries of its context.
fn validation(g: &mut Gen, target: &Target, form: Form) -> (Value, Option<Value>) {
    let mut validate = Map::new();
    g.known = Map::new();
    let context =
        (g.wants_family("context/") || g.wants_family("values/") || g.wants("variable/known") || g.rng.chance(36))
            .then(|| context::entries(g));
    let known = g.known.clone();
    let conditions = ["cond/", "key/", "value/", "conditions/", "condition/", "deny/", "template/", "variable/"]
        .iter()
        .any(|f| g.wants_family(f));
    let denial = if conditions { 300 } else { 24 };
    let loops = if g.wants_family("foreach/") || g.wants("message/element") { 900 } else { 24 };
    // The policy check wants a pattern where any kind matches.
    let loops = if target.any_kind { 0 } else { loops };
    let patterns = if g.wants_family("pattern/") { 300 } else { 60 };
    let checks = [
        ("validate/pattern", patterns),
        ("validate/any-pattern", 20),
        ("validate/deny", denial),
        ("validate/foreach", loops),
    ];
    match g.choose(&checks) {
        "validate/pattern" => {
            let mut pattern = pattern::document(g, target.shape, target.any_kind);
            templates::weave(g, &mut pattern);
            validate.insert("pattern".to_owned(), pattern);
        }
        "validate/any-pattern" => {
            let mut patterns = pattern::any(g, target.shape, target.any_kind);
            templates::weave(g, &mut patterns);
            validate.insert("anyPattern".to_owned(), patterns);
        }
        "validate/foreach" => {
            validate.insert("foreach".to_owned(), foreach::loops(g, target, form.newer));
        }
        _ => {
            let conditions = if g.maybe("deny/bare", 2) {
                json!({})
            } else {
                json!({ "conditions": conditions::block(g, form.newer) })
            };
            validate.insert("deny".to_owned(), conditions);
        }
    }
    message(g, &mut validate);
    g.known = known;
    action::of_rule(g, &mut validate);
    (Value::Object(validate), context)
}

/// Puts a message into a rule's `validate`; one about the element of its loop, perhaps.
fn message(g: &mut Gen, validate: &mut Map<String, Value>) {
    let about_element = validate.contains_key("foreach") && g.maybe("message/element", 5);
    if about_element {
        g.nesting = 1;
        validate.insert("message".to_owned(), json!(templates::message(g)));
        g.nesting = 0;
        return;
    }
    g.known.retain(|name, _| !name.starts_with("element"));
    if g.rng.chance(62) || g.wants_family("message/") {
        validate.insert("message".to_owned(), json!(variables::message(g)));
    } else {
        g.tag("message/absent");
    }
}
