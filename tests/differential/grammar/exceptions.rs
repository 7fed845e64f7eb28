//! Exceptions of a policy.

use super::Gen;
use super::conditions;
use super::filters::{self, Role};
use super::mutation;
use serde_json::{Map, Value, json};

/// The constructs of this module.
pub(crate) const TAGS: &[&str] = &[
    "exception/v2",
    "exception/v2beta1",
    "exception/several",
    "exception/any",
    "exception/all",
    "exception/kinds",
    "exception/conditions",
    "exception/rule",
    "exception/rule-wildcard",
    "exception/made-rule",
    "exception/other-rule",
    "exception/other-policy",
    "exception/pod-security",
    "exception/background",
];

/// The exceptions of a policy, if it has any.
///
/// None about rules that make objects: for those the reference asks its stand-in of a cluster for the object's namespace,
/// and crashes where it is there. None about cleanup policies, which have no rules.
pub(crate) fn of(g: &mut Gen, policy: &Value) -> Vec<Value> {
    let rules = policy.pointer("/spec/rules").and_then(Value::as_array);
    if rules.is_none_or(|rules| rules.iter().any(|rule| rule.get("generate").is_some())) {
        return Vec::new();
    }
    if !g.wants_family("exception/") && !g.rng.chance(16) {
        return Vec::new();
    }
    let n = if g.maybe("exception/several", 25) { 2 } else { 1 };
    (0..n).map(|i| one(g, policy, i)).collect()
}

fn one(g: &mut Gen, policy: &Value, n: usize) -> Value {
    let version = match g.choose(&[("exception/v2", 60), ("exception/v2beta1", 40)]) {
        "exception/v2" => "kyverno.io/v2",
        _ => "kyverno.io/v2beta1",
    };
    let mut spec = Map::from_iter([
        ("exceptions".to_owned(), json!([about(g, policy)])),
        ("match".to_owned(), matches(g, policy)),
    ]);
    if g.maybe("exception/conditions", 30) {
        spec.insert("conditions".to_owned(), conditions::block(g, true));
    }
    if g.maybe("exception/pod-security", 6) {
        let control = *g.rng.pick(&["Capabilities", "Host Namespaces", "Running as Non-root"]);
        spec.insert("podSecurity".to_owned(), json!([{ "controlName": control }]));
    }
    if g.maybe("exception/background", 20) {
        spec.insert("background".to_owned(), json!(g.rng.chance(50)));
    }
    let name = format!("{NAME}{}-{n}", policy["metadata"]["name"].as_str().unwrap_or_default());
    json!({
        "apiVersion": version,
        "kind": "PolicyException",
        "metadata": { "name": name, "namespace": g.rng.pick(&["default", "prod"]) },
        "spec": spec,
    })
}

/// What names of exceptions begin with.
pub(crate) const NAME: &str = "exc-";

/// The policy and the rules that are excepted.
fn about(g: &mut Gen, policy: &Value) -> Value {
    let name = policy["metadata"]["name"].as_str().unwrap_or_default();
    let namespace = policy["metadata"]["namespace"].as_str();
    let full = namespace.map_or_else(|| name.to_owned(), |ns| format!("{ns}/{name}"));
    let names: Vec<String> = policy["spec"]["rules"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|r| Some(r["name"].as_str()?.to_owned()))
        .collect();
    let rule = g.rng.pick(&names).clone();
    let table = [
        ("exception/rule", 40),
        ("exception/rule-wildcard", 26),
        ("exception/made-rule", 20),
        ("exception/other-rule", 6),
        ("exception/other-policy", 5),
    ];
    let rules = match g.choose(&table) {
        "exception/rule-wildcard" => {
            g.rng.pick(&[json!(["*"]), json!(["check-*"]), json!(["*check*"]), json!(["?heck-0"])]).clone()
        }
        "exception/made-rule" => json!([rule, format!("autogen-{rule}"), "autogen-cronjob-*"]),
        "exception/other-rule" => json!(["other"]),
        "exception/other-policy" => return json!({ "policyName": format!("{full}-other"), "ruleNames": ["*"] }),
        _ => json!([rule]),
    };
    json!({ "policyName": full, "ruleNames": rules })
}

fn matches(g: &mut Gen, policy: &Value) -> Value {
    let filter = |g: &mut Gen| {
        let mut description = Map::new();
        if g.maybe("exception/kinds", 85) {
            description.insert("kinds".to_owned(), kinds(g, policy));
        }
        filters::attributes(g, Role::Match, false, &mut description);
        json!({ "resources": description })
    };
    match g.choose(&[("exception/any", 70), ("exception/all", 30)]) {
        "exception/any" if g.rng.chance(30) => json!({ "any": [filter(g), filter(g)] }),
        "exception/any" => json!({ "any": [filter(g)] }),
        _ if g.rng.chance(40) => json!({ "all": [filter(g), filter(g)] }),
        _ => json!({ "all": [filter(g)] }),
    }
}

/// The kinds of a rule, or of the manifest that the policy is about.
fn kinds(g: &mut Gen, policy: &Value) -> Value {
    let mut policy = policy.clone();
    let places = mutation::paths(&policy)
        .into_iter()
        .filter(|p| matches!(p.last(), Some(mutation::Step::Key(k)) if k == "kinds"));
    let lists: Vec<Value> =
        places.collect::<Vec<_>>().iter().filter_map(|p| mutation::at(&mut policy, p).cloned()).collect();
    let aim = g.aim.as_ref().map_or_else(|| json!("Pod"), |a| a["kind"].clone());
    match g.rng.below(4) {
        0 => json!(["*"]),
        1 if !lists.is_empty() => g.rng.pick(&lists).clone(),
        2 => json!([aim, "Deployment"]),
        _ => json!([aim]),
    }
}
