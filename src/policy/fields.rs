//! Reading a map of a policy field by field, with a diagnostic for each field of the wrong type and each that is left
//! over.

use super::tree::{Member, Tree, Value};
use crate::diag::{Code, Diagnostic, Label, Source};
use kyvc_vm::document::Place;
use std::cell::RefCell;
use std::sync::Arc;

/// Collects the problems of one policy.
#[derive(Debug)]
pub struct Problems {
    source: Arc<Source>,
    found: RefCell<Vec<Diagnostic>>,
}

impl Problems {
    /// No problems yet in this source.
    pub fn new(source: Arc<Source>) -> Self {
        Self { source, found: RefCell::default() }
    }

    /// The source.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Adds one at a place.
    pub fn add(&self, code: Code, place: Place, message: impl Into<String>) {
        self.add_with(code, place, message, None);
    }

    /// Adds one with a hint.
    pub fn add_with(&self, code: Code, place: Place, message: impl Into<String>, help: Option<String>) {
        let mut d = Diagnostic::new(code, message).at(Label::new(&self.source, place));
        if let Some(help) = help {
            d = d.help(help);
        }
        // Rules that are made for controllers repeat the problems of the one they are made from.
        let mut found = self.found.borrow_mut();
        if !found.iter().any(|f| (f.code, &f.message, &f.primary) == (d.code, &d.message, &d.primary)) {
            found.push(d);
        }
    }

    /// All that were found.
    pub fn into_inner(self) -> Vec<Diagnostic> {
        self.found.into_inner()
    }

    /// Whether one of them is an error.
    pub fn any_error(&self) -> bool {
        self.found.borrow().iter().any(Diagnostic::is_error)
    }
}

/// A string and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// The string
    pub text: String,
    /// Its place
    pub place: Place,
}

/// The fields of a map that were not read yet.
#[derive(Debug)]
pub struct Fields<'t> {
    path: String,
    place: Place,
    left: Vec<&'t Member>,
    known: Vec<&'static str>,
    problems: &'t Problems,
}

impl<'t> Fields<'t> {
    /// The fields of a tree that has to be a map.
    pub fn of(tree: &'t Tree, path: impl Into<String>, problems: &'t Problems) -> Self {
        let path = path.into();
        let left = match &tree.value {
            Value::Map(members) => members.iter().collect(),
            Value::Null => Vec::new(),
            _ => {
                wrong_type(problems, &path, tree, "a map");
                Vec::new()
            }
        };
        Self { path, place: tree.place, left, known: Vec::new(), problems }
    }

    /// Where the problems go.
    pub fn problems(&self) -> &'t Problems {
        self.problems
    }

    /// The path of a field.
    pub fn path(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    /// Where the map stands.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Takes a member, with its key's place.
    pub fn member(&mut self, field: &'static str) -> Option<&'t Member> {
        self.known.push(field);
        let at = self.left.iter().position(|m| m.key == field)?;
        Some(self.left.remove(at))
    }

    /// Takes a value; `null` counts as absent.
    pub fn take(&mut self, field: &'static str) -> Option<&'t Tree> {
        self.member(field).map(|m| &m.value).filter(|t| t.value != Value::Null)
    }

    /// Takes a string.
    pub fn text(&mut self, field: &'static str) -> Option<Text> {
        let tree = self.take(field)?;
        match &tree.value {
            Value::Str(s) => Some(Text { text: s.clone(), place: tree.place }),
            _ => {
                wrong_type(self.problems, &self.path(field), tree, "a string");
                None
            }
        }
    }

    /// Takes strings that are kept elsewhere, to see that they are strings.
    pub fn texts_of(&mut self, fields: &[&'static str]) {
        for field in fields {
            self.text(field);
        }
    }

    /// Takes a boolean.
    pub fn bool(&mut self, field: &'static str) -> Option<bool> {
        let tree = self.take(field)?;
        match tree.value {
            Value::Bool(b) => Some(b),
            _ => {
                wrong_type(self.problems, &self.path(field), tree, "a boolean");
                None
            }
        }
    }

    /// Takes a list.
    pub fn list(&mut self, field: &'static str) -> Option<&'t [Tree]> {
        let tree = self.take(field)?;
        match &tree.value {
            Value::List(items) => Some(items),
            _ => {
                wrong_type(self.problems, &self.path(field), tree, "a list");
                None
            }
        }
    }

    /// Takes a list of strings; empty where it is absent.
    pub fn texts(&mut self, field: &'static str) -> Vec<Text> {
        let path = self.path(field);
        let items = self.list(field).unwrap_or_default();
        let read = |(i, tree): (usize, &Tree)| match &tree.value {
            Value::Str(s) => Some(Text { text: s.clone(), place: tree.place }),
            _ => {
                wrong_type(self.problems, &format!("{path}[{i}]"), tree, "a string");
                None
            }
        };
        items.iter().enumerate().filter_map(read).collect()
    }

    /// Takes a map of strings.
    pub fn string_map(&mut self, field: &'static str) -> Option<Vec<(String, Text)>> {
        let path = self.path(field);
        let tree = self.take(field)?;
        let Value::Map(members) = &tree.value else {
            wrong_type(self.problems, &path, tree, "a map of strings");
            return None;
        };
        let read = |m: &Member| match &m.value.value {
            Value::Str(s) => Some((m.key.clone(), Text { text: s.clone(), place: m.value.place })),
            _ => {
                wrong_type(self.problems, &format!("{path}.{}", m.key), &m.value, "a string");
                None
            }
        };
        Some(members.iter().filter_map(read).collect())
    }

    /// Notes fields that exist in Kyverno and that kyvc does not compile yet.
    pub fn not_compiled(&mut self, fields: &[&'static str]) {
        for field in fields {
            if let Some(place) = self.place_of(field) {
                not_compiled(self.problems, &self.path(field), place);
            }
        }
    }

    /// Where the key of a field stands that holds something. Nobody reads what it holds.
    pub fn place_of(&mut self, field: &'static str) -> Option<Place> {
        self.member(field).filter(|m| !is_empty(&m.value)).map(|m| m.key_place)
    }

    /// Reads a field and ignores it: it has no bearing on a verdict.
    pub fn ignore(&mut self, fields: &[&'static str]) {
        for field in fields {
            self.member(field);
        }
    }

    /// Reports what is left.
    pub fn finish(self) {
        for m in &self.left {
            let path = self.path(&m.key);
            let help = closest(&m.key, &self.known).map(|k| format!("did you mean `{k}`?"));
            self.problems.add_with(Code::UnknownField, m.key_place, format!("unknown field `{path}`"), help);
        }
    }
}

fn is_empty(tree: &Tree) -> bool {
    match &tree.value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(members) => members.is_empty(),
        _ => false,
    }
}

/// Reports a field that is not compiled.
pub fn not_compiled(problems: &Problems, path: &str, place: Place) {
    problems.add(Code::NotCompiled, place, format!("`{path}` is not compiled yet"));
}

/// Reports a value of the wrong type.
pub fn wrong_type(problems: &Problems, path: &str, tree: &Tree, expected: &str) {
    problems.add(Code::WrongType, tree.place, format!("`{path}` has to be {expected}, found {}", tree.kind()));
}

/// The known name nearest to what was written, if it is near at all.
pub(super) fn closest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let lower = written.to_ascii_lowercase();
    let near = known.iter().map(|k| (distance(&lower, &k.to_ascii_lowercase()), *k)).min()?;
    (near.0 <= 1 + written.len() / 4).then_some(near.1)
}

/// Edit distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.bytes().enumerate() {
            let (left, up) = (row.get(j).copied().unwrap_or(0), row.get(j + 1).copied().unwrap_or(0));
            let next = (diagonal + usize::from(x != y)).min(left + 1).min(up + 1);
            diagonal = up;
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = next;
            }
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_is_near() {
        assert_eq!(closest("patern", &["pattern", "deny"]), Some("pattern"));
        assert_eq!(closest("anypattern", &["pattern", "anyPattern"]), Some("anyPattern"));
        assert_eq!(closest("zzz", &["pattern"]), None);
    }
}
