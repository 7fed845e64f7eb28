//! `match` and `exclude` in their legacy, `any` and `all` forms.

use super::Gen;
use super::filters::{self, Role};
use super::kinds::Target;
use super::shapes::KINDS;
use serde_json::{Map, Value, json};

/// The blocks of a rule.
#[derive(Debug)]
pub(crate) struct Blocks {
    /// `match`.
    pub(crate) select: Value,
    /// `exclude`, where there is one.
    pub(crate) exclude: Option<Value>,
    /// Whether user info stands in a block.
    pub(crate) users: bool,
}

/// What form of policy the blocks are for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// A `Policy`, which may not name namespaces.
    pub(crate) namespaced: bool,
    /// Of `kyverno.io/v2beta1`, which has no legacy blocks.
    pub(crate) newer: bool,
}

/// The match and exclude blocks of a rule about `target`.
pub(crate) fn blocks(g: &mut Gen, target: &Target, form: Form) -> Blocks {
    let mut users = false;
    let select = select(g, target, form, &mut users);
    let wanted = g.wants_family("exclude/") || g.wants_family("filter/") && g.rng.chance(30);
    let legacy = select.get("any").is_none() && select.get("all").is_none();
    let exclude = (wanted || g.rng.chance(24)).then(|| exclude(g, target, form, legacy, &mut users));
    Blocks { select, exclude, users }
}

fn select(g: &mut Gen, target: &Target, policy: Form, users: &mut bool) -> Value {
    let table = [("match/any", 52), ("match/all", 18), ("match/any-of-several", 12), ("match/legacy", 22)];
    let form = g.choose(&table[..if policy.newer { 3 } else { 4 }]);
    let mut one = |g: &mut Gen, kinds: &[String]| {
        let mut description = Map::from_iter([("kinds".to_owned(), json!(kinds))]);
        filters::attributes(g, Role::Match, policy.namespaced, &mut description);
        let mut filter = Map::from_iter([("resources".to_owned(), Value::Object(description))]);
        *users |= filters::user_info(g, &mut filter);
        Value::Object(filter)
    };
    match form {
        "match/any" => json!({ "any": [one(g, &target.kinds)] }),
        "match/all" if g.rng.chance(40) => json!({ "all": [one(g, &target.kinds), one(g, &target.kinds)] }),
        "match/all" => json!({ "all": [one(g, &target.kinds)] }),
        "match/legacy" => one(g, &target.kinds),
        _ => {
            let other = vec![g.rng.pick(KINDS).kind.to_owned()];
            let second = if g.rng.chance(50) { other } else { target.kinds.clone() };
            json!({ "any": [one(g, &target.kinds), one(g, &second)] })
        }
    }
}

fn exclude(g: &mut Gen, target: &Target, policy: Form, legacy: bool, users: &mut bool) -> Value {
    // Under a legacy match the policy check takes most `any` blocks for an exclusion of everything.
    let (any, old) = if legacy { (3, 60) } else { (50, 16) };
    let table = [("exclude/any", any), ("exclude/all", 20), ("exclude/empty-filter", 8), ("exclude/legacy", old)];
    let form = g.choose(&table[..if policy.newer { 3 } else { 4 }]);
    if form == "exclude/empty-filter" {
        return (*g.rng.pick(&[
            json!({ "any": [{}] }),
            json!({ "any": [{ "resources": {} }] }),
            json!({ "all": [{}] }),
            json!({ "resources": {} }),
            json!({}),
        ]))
        .clone();
    }
    let mut one = |g: &mut Gen| {
        let mut description = Map::new();
        if g.rng.chance(35) {
            description.insert("kinds".to_owned(), json!(target.kinds));
        }
        filters::attributes(g, Role::Exclude, policy.namespaced, &mut description);
        let mut filter = Map::from_iter([("resources".to_owned(), Value::Object(description))]);
        *users |= filters::user_info(g, &mut filter);
        Value::Object(filter)
    };
    match form {
        "exclude/any" if g.rng.chance(30) => json!({ "any": [one(g), one(g)] }),
        "exclude/any" => json!({ "any": [one(g)] }),
        "exclude/all" => json!({ "all": [one(g), one(g)] }),
        _ => one(g),
    }
}
