//! `generate` of a rule: objects that are made for others.

use super::classic::Conditions;
use super::context::{self, ContextEntry};
use super::fields::{Fields, Problems, Text};
use super::tree::{Member, Tree, Value};
use crate::diag::Code;
use kyvc_vm::document::Place;

/// What an object is made of, in the order in which Kyverno looks for it.
const SOURCES: [&str; 3] = ["clone", "cloneList", "data"];
/// What says which object is made.
const TARGET: [&str; 5] = ["apiVersion", "kind", "namespace", "name", "uid"];

/// `generate` of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Generate {
    /// `synchronize`: whether what was made follows its source
    pub synchronize: bool,
    /// `generateExisting`, where it is said
    pub existing: Option<bool>,
    /// `orphanDownstreamOnPolicyDelete`
    pub orphan: bool,
    /// What is made
    pub makes: Makes,
    /// Where it stands
    pub place: Place,
}

/// What is made.
#[derive(Clone, Debug, PartialEq)]
pub enum Makes {
    /// What one pattern says: the object and its source
    Pattern(Tree),
    /// What a pattern says for each element of lists
    ForEach(Vec<ForEachPattern>),
}

/// A pattern for each element of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ForEachPattern {
    /// `list`, an expression
    pub list: Text,
    /// `context`
    pub context: Vec<ContextEntry>,
    /// `preconditions`
    pub preconditions: Option<Conditions>,
    /// The object and its source
    pub pattern: Tree,
    /// Where it starts
    pub place: Place,
}

impl Generate {
    /// Whether it says outside of loops that another object is copied.
    pub fn copies(&self) -> bool {
        let Makes::Pattern(pattern) = &self.makes else { return false };
        ["clone", "cloneList"]
            .iter()
            .any(|key| matches!(pattern.get(key).map(|t| &t.value), Some(Value::Map(m)) if !m.is_empty()))
    }

    pub(super) fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
        let mut f = Fields::of(tree, path, problems);
        let synchronize = f.bool("synchronize").unwrap_or(false);
        let existing = f.bool("generateExisting");
        let orphan = f.bool("orphanDownstreamOnPolicyDelete").unwrap_or(false);
        let loops = f.list("foreach");
        let pattern = pattern(&mut f, tree);
        f.finish();
        let makes = match loops {
            Some(items) => {
                let one = |(i, t)| ForEachPattern::read(t, &format!("{path}.foreach[{i}]"), problems);
                Makes::ForEach(items.iter().enumerate().map(one).collect())
            }
            None => {
                says_source(&pattern, path, problems);
                Makes::Pattern(pattern)
            }
        };
        Self { synchronize, existing, orphan, makes, place: tree.place }
    }
}

/// The members that say what is made, and of what.
fn pattern(f: &mut Fields<'_>, tree: &Tree) -> Tree {
    let mut members: Vec<Member> = Vec::new();
    for field in TARGET.into_iter().chain(SOURCES) {
        members.extend(f.member(field).filter(|m| m.value.value != Value::Null).cloned());
    }
    Tree { place: tree.place, value: Value::Map(members) }
}

fn says_source(pattern: &Tree, path: &str, problems: &Problems) {
    if !SOURCES.iter().any(|s| pattern.get(s).is_some()) {
        let message = format!("`{path}` needs one of `data`, `clone`, `cloneList` and `foreach`");
        problems.add(Code::MissingField, pattern.place, message);
    }
}

impl ForEachPattern {
    fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
        let mut f = Fields::of(tree, path, problems);
        let list = f.text("list");
        if list.is_none() {
            problems.add(Code::MissingField, tree.place, format!("`{path}.list` is missing"));
        }
        let context = context::read(f.list("context").unwrap_or_default(), &format!("{path}.context"), problems);
        let preconditions = f.take("preconditions");
        let preconditions = preconditions.map(|t| Conditions::read(t, &format!("{path}.preconditions"), problems));
        let pattern = pattern(&mut f, tree);
        f.finish();
        says_source(&pattern, path, problems);
        let list = list.unwrap_or(Text { text: String::new(), place: tree.place });
        Self { list, context, preconditions, pattern, place: tree.place }
    }
}
