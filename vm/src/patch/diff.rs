//! What changed between two documents, as RFC 6902 has it: the patch of an answer to an API server.
//!
//! Members are told apart by their keys. Of lists the ends that are the same are left alone, and what is between them is
//! changed element by element. The operations are in the order of the original, so the same documents always give the
//! same text.

use super::equal::equal;
use crate::document::{Document, Key, Kind, NodeId, write_json, write_str};
use std::fmt::Write as _;

/// How far a member is looked for from where it is expected.
const AHEAD: usize = 4;

/// The operations that make `changed` of `original`, as JSON: a list, which is empty where nothing changed. Numbers are
/// the same where Go writes them the same way.
pub fn diff(original: &Document<'_>, changed: &Document<'_>) -> String {
    let mut diff = Diff {
        a: original,
        b: changed,
        related: original.is_origin_of(changed),
        path: String::with_capacity(128),
        out: String::with_capacity(2_048),
    };
    diff.out.push('[');
    match (original.root(), changed.root()) {
        (Some(a), Some(b)) => diff.value(a, b),
        (None, Some(b)) => diff.operation("add", Some(b)),
        (_, None) => {}
    }
    diff.out.push(']');
    diff.out
}

struct Diff<'d> {
    a: &'d Document<'d>,
    b: &'d Document<'d>,
    /// Whether one was made of the other, so that what was taken over is found without a look at the texts.
    related: bool,
    /// Where both stand
    path: String,
    out: String,
}

impl<'d> Diff<'d> {
    fn operation(&mut self, name: &str, value: Option<NodeId>) {
        if self.out.len() > 1 {
            self.out.push(',');
        }
        self.out.push_str(r#"{"op":""#);
        self.out.push_str(name);
        self.out.push_str(r#"","path":"#);
        write_str(&self.path, &mut self.out);
        if let Some(value) = value {
            self.out.push_str(r#","value":"#);
            write_json(self.b, value, &mut self.out);
        }
        self.out.push('}');
    }

    fn same(&self, a: NodeId, b: NodeId) -> bool {
        (self.related && self.a.same_nodes(a, self.b, b)) || equal((self.a, a), (self.b, b))
    }

    fn value(&mut self, a: NodeId, b: NodeId) {
        if self.related && self.a.same_nodes(a, self.b, b) {
            return;
        }
        match (self.a.kind(a), self.b.kind(b)) {
            (Kind::Map, Kind::Map) => self.map(a, b),
            (Kind::List, Kind::List) => self.list(a, b),
            _ => {
                if !equal((self.a, a), (self.b, b)) {
                    self.operation("replace", Some(b));
                }
            }
        }
    }

    /// Does something with a step added to the path.
    fn below(&mut self, step: impl FnOnce(&mut String), then: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push('/');
        step(&mut self.path);
        then(self);
        self.path.truncate(length);
    }

    fn map(&mut self, a: NodeId, b: NodeId) {
        let (old, new) = (self.a, self.b);
        // Most members stand where they stood, or close by.
        let mut beside = new.entries(b);
        let mut missing = false;
        for (id, m) in old.entries(a) {
            let key = old.key_text(id);
            // Texts of the same number are the same; those of others may be.
            let is_it = |other: Key| (self.related && other == id) || new.key_text(other) == key;
            let mut ahead = beside.clone();
            let n = match ahead.by_ref().take(AHEAD).find(|(other, _)| is_it(*other)) {
                Some((_, n)) => {
                    beside = ahead;
                    Some(n)
                }
                None => new.get_str(b, key),
            };
            missing |= n.is_none();
            if self.related && n.is_some_and(|n| old.same_nodes(m, new, n)) {
                continue;
            }
            self.below(
                |path| push_key(key, path),
                |diff| match n {
                    Some(n) => diff.value(m, n),
                    None => diff.operation("remove", None),
                },
            );
        }
        if !missing && old.len(a) == new.len(b) {
            return;
        }
        for (key, n) in new.entries(b) {
            let key = new.key_text(key);
            if old.get_str(a, key).is_none() {
                self.below(|path| push_key(key, path), |diff| diff.operation("add", Some(n)));
            }
        }
    }

    fn list(&mut self, a: NodeId, b: NodeId) {
        let old: Vec<NodeId> = self.a.children(a).collect();
        let new: Vec<NodeId> = self.b.children(b).collect();
        let pairs = || old.iter().zip(&new);
        let start = pairs().take_while(|(m, n)| self.same(**m, **n)).count();
        let (old, new) = (old.get(start..).unwrap_or_default(), new.get(start..).unwrap_or_default());
        let end = old.iter().rev().zip(new.iter().rev()).take_while(|(m, n)| self.same(**m, **n)).count();
        let old = old.get(..old.len() - end).unwrap_or_default();
        let new = new.get(..new.len() - end).unwrap_or_default();
        let index = |i: usize| {
            move |path: &mut String| {
                let _ = write!(path, "{}", start + i);
            }
        };
        for (i, (m, n)) in old.iter().zip(new).enumerate() {
            self.below(index(i), |diff| diff.value(*m, *n));
        }
        for i in (new.len()..old.len()).rev() {
            self.below(index(i), |diff| diff.operation("remove", None));
        }
        for (i, n) in new.iter().enumerate().skip(old.len()) {
            self.below(index(i), |diff| diff.operation("add", Some(*n)));
        }
    }
}

fn push_key(key: &str, path: &mut String) {
    let mut rest = key;
    while let Some(at) = rest.find(['~', '/']) {
        let (plain, from) = rest.split_at(at);
        path.push_str(plain);
        path.push_str(if from.starts_with('~') { "~0" } else { "~1" });
        rest = from.get(1..).unwrap_or_default();
    }
    path.push_str(rest);
}
