//! `preconditions`, `deny.conditions` and the `conditions` of cleanup policies.

use super::fields::{Fields, Problems};
use super::tree::{Tree, Value};
use crate::diag::Code;
use kyvc_vm::condition::Operator;
use kyvc_vm::document::Place;

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
    /// How; nothing where the operator is missing or none
    pub operator: Option<Operator>,
    /// What it is compared with
    pub value: Tree,
    /// What is said about it
    pub message: String,
    /// Where it stands
    pub place: Place,
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
        Self { key, operator: known, value, message, place: tree.place }
    }
}
