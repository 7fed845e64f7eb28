//! `validate` of a rule: what is checked of an object.

use super::classic::{Action, Override, action, overrides};
use super::conditions::Conditions;
use super::fields::{Fields, Problems, Text};
use super::foreach::{self, ForEach};
use super::pod_security::PodSecurity;
use super::tree::Tree;
use crate::diag::Code;
use kyvc_vm::document::Place;

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

impl Validate {
    pub(super) fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
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
