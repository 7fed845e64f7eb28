//! `mutate` of a rule: patches to the object, or to other ones.

use super::classic::Conditions;
use super::context::{self, ContextEntry};
use super::fields::{Fields, Problems, Text};
use super::tree::{Member, Tree, Value};
use crate::diag::Code;
use kyvc_vm::document::Place;

/// How deep loops may be nested.
const DEPTH: usize = 16;

/// `mutate` of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutate {
    /// What is done to an object
    pub change: Change,
    /// Other objects that are changed instead of the one the rule is about
    pub targets: Vec<Target>,
    /// `mutateExistingOnPolicyUpdate`
    pub on_policy_update: bool,
    /// Whether there are `patchesJson6902` here or in a loop that is not inside of another, even where something else is
    /// done instead
    pub has_json: bool,
    /// The rest of the rule that may have variables in it, under the keys under which it stands there
    pub around: Tree,
    /// Where it stands
    pub place: Place,
}

/// What is done to an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// `patchStrategicMerge`
    Strategic(Tree),
    /// `patchesJson6902`: a list of operations as YAML or JSON text
    Json6902(Text),
    /// `foreach`
    ForEach(Vec<ForEachPatch>),
    /// Nothing is said; Kyverno reports an error where the rule is run
    Nothing,
}

/// A patch for each element of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ForEachPatch {
    /// `list`, an expression
    pub list: Text,
    /// Whether elements are taken from the last to the first, where that is said
    pub descending: Option<bool>,
    /// `context`
    pub context: Vec<ContextEntry>,
    /// `preconditions`
    pub preconditions: Option<Conditions>,
    /// What is done for an element
    pub change: Change,
    /// Where it starts
    pub place: Place,
}

/// Objects that are changed instead of the one a rule is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// `apiVersion`, `kind`, `namespace`, `name` and `selector`, as they are written
    pub selector: Tree,
    /// `context`
    pub context: Vec<ContextEntry>,
    /// `preconditions`
    pub preconditions: Option<Conditions>,
    /// Where it starts
    pub place: Place,
}

impl Mutate {
    pub(super) fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
        let mut f = Fields::of(tree, path, problems);
        let on_policy_update = f.bool("mutateExistingOnPolicyUpdate").unwrap_or(false);
        let targets = f.list("targets").unwrap_or_default().iter().enumerate();
        let targets = targets.map(|(i, t)| Target::read(t, &format!("{path}.targets[{i}]"), problems)).collect();
        let has_json = |t: &Tree| t.get("patchesJson6902").and_then(Tree::as_str).is_some_and(|s| !s.is_empty());
        let looped = match tree.get("foreach").map(|t| &t.value) {
            Some(Value::List(items)) => items.iter().any(has_json),
            _ => false,
        };
        let change = change(&mut f, path, DEPTH);
        f.finish();
        if change == Change::Nothing {
            let message = format!("`{path}` needs one of `patchStrategicMerge`, `patchesJson6902` and `foreach`");
            problems.add(Code::MissingField, tree.place, message);
        }
        Self {
            change,
            targets,
            on_policy_update,
            has_json: looped || has_json(tree),
            around: Tree::null(tree.place),
            place: tree.place,
        }
    }

    /// Keeps the rest of the rule.
    pub(super) fn stand_in(&mut self, rule: &Tree) {
        let own = rule.get("mutate").and_then(|m| m.get("targets")).cloned();
        let kept = ["context", "preconditions", "reportProperties"].into_iter();
        let kept = kept.filter_map(|key| Some((key, rule.get(key)?.clone())));
        let all = kept.chain(own.map(|t| ("mutate", t.wrapped("targets"))));
        let member = |(key, value): (&str, Tree)| Member { key: key.to_owned(), key_place: value.place, value };
        self.around = Tree { place: rule.place, value: Value::Map(all.map(member).collect()) };
    }
}

fn change(f: &mut Fields<'_>, path: &str, depth: usize) -> Change {
    let problems = f.problems();
    let strategic = f.take("patchStrategicMerge").filter(|t| t.value != Value::Null).cloned();
    let json = f.text("patchesJson6902").filter(|t| !t.text.is_empty());
    let loops = f.take("foreach");
    // Kyverno: a loop comes first, and a strategic merge before a JSON patch.
    if let Some(tree) = loops {
        let items = match &tree.value {
            Value::List(items) => items.as_slice(),
            Value::Map(_) => std::slice::from_ref(tree),
            _ => {
                problems.add(Code::WrongType, tree.place, format!("`{path}.foreach` has to be a list"));
                &[]
            }
        };
        let Some(depth) = depth.checked_sub(1) else {
            problems.add(Code::TooDeep, tree.place, format!("`{path}.foreach` is nested more than {DEPTH} deep"));
            return Change::Nothing;
        };
        if !items.is_empty() {
            let one = |(i, t)| ForEachPatch::read(t, &format!("{path}.foreach[{i}]"), problems, depth);
            return Change::ForEach(items.iter().enumerate().map(one).collect());
        }
    }
    match (strategic, json) {
        (Some(tree), _) => Change::Strategic(tree),
        (None, Some(text)) => Change::Json6902(text),
        (None, None) => Change::Nothing,
    }
}

impl ForEachPatch {
    fn read(tree: &Tree, path: &str, problems: &Problems, depth: usize) -> Self {
        let mut f = Fields::of(tree, path, problems);
        let list = f.text("list");
        if list.is_none() {
            problems.add(Code::MissingField, tree.place, format!("`{path}.list` is missing"));
        }
        let descending = f.text("order").and_then(|t| match t.text.as_str() {
            "Ascending" => Some(false),
            "Descending" => Some(true),
            _ => {
                let message = format!("`{path}.order` has to be `Ascending` or `Descending`");
                problems.add(Code::WrongType, t.place, message);
                None
            }
        });
        let context = context::read(f.list("context").unwrap_or_default(), &format!("{path}.context"), problems);
        let preconditions = f.take("preconditions");
        let preconditions = preconditions.map(|t| Conditions::read(t, &format!("{path}.preconditions"), problems));
        let change = change(&mut f, path, depth);
        f.finish();
        let list = list.unwrap_or(Text { text: String::new(), place: tree.place });
        Self { list, descending, context, preconditions, change, place: tree.place }
    }
}

impl Target {
    fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
        let mut f = Fields::of(tree, path, problems);
        let context = context::read(f.list("context").unwrap_or_default(), &format!("{path}.context"), problems);
        let preconditions = f.take("preconditions");
        let preconditions = preconditions.map(|t| Conditions::read(t, &format!("{path}.preconditions"), problems));
        let mut members = Vec::new();
        for field in ["apiVersion", "kind", "namespace", "name", "uid", "selector"] {
            members.extend(f.member(field).filter(|m| m.value.value != Value::Null).cloned());
        }
        f.finish();
        let selector = Tree { place: tree.place, value: Value::Map(members) };
        for field in ["apiVersion", "kind"] {
            if selector.get(field).is_none() {
                problems.add(Code::MissingField, tree.place, format!("`{path}.{field}` is missing"));
            }
        }
        Self { selector, context, preconditions, place: tree.place }
    }
}

impl Change {
    /// Changes every text.
    pub fn map_strings(&mut self, change: &dyn Fn(&str) -> String) {
        match self {
            Change::Strategic(tree) => tree.map_strings(change),
            Change::Json6902(text) => text.text = change(&text.text),
            Change::ForEach(loops) => {
                for l in loops {
                    l.list.text = change(&l.list.text);
                    l.context.iter_mut().for_each(|e| e.map_strings(change));
                    if let Some(conditions) = &mut l.preconditions {
                        conditions.map_strings(change);
                    }
                    l.change.map_strings(change);
                }
            }
            Change::Nothing => {}
        }
    }
}
