//! Diagnostics of an object with the paths of its fields, for those who have no file with lines.

use crate::diag::render::render;
use crate::diag::{Diagnostic, Source};
use crate::policy::tree::{Tree, Value};
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::{Layout, Place};
use std::ops::ControlFlow;
use std::sync::Arc;

/// All diagnostics, each after its path and, inside an expression, its offset in that.
pub(super) fn texts(source: &Arc<Source>, diagnostics: &[&Diagnostic]) -> String {
    let mut tree = None;
    let _ = yaml::documents(source, &Layout::everything(), ReadOptions::policy(), &mut |doc| {
        tree = doc.root().map(|root| Tree::of(&doc, root));
        ControlFlow::Continue(doc.recycle())
    });
    let text = |d: &&Diagnostic| {
        let label = d.primary.as_ref().filter(|l| l.source == *source && l.place.line > 0);
        let found = label.zip(tree.as_ref()).and_then(|(label, tree)| {
            let (path, value) = field(tree, label.place)?;
            let offset = offset(source, value, label.place).map(|n| format!(", offset {n}")).unwrap_or_default();
            Some(format!("{path}{offset}: "))
        });
        format!("{}{}", found.unwrap_or_default(), render(d, false))
    };
    diagnostics.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// The last field that begins before a place or there, which is the one that it is in.
fn field(tree: &Tree, at: Place) -> Option<(String, &Tree)> {
    let (mut path, mut here) = (String::new(), tree);
    loop {
        let next = match &here.value {
            Value::Map(members) => {
                let member = members.iter().rev().find(|m| is_before(m.key_place, at));
                member.map(|m| {
                    path.push_str(if path.is_empty() { "" } else { "." });
                    path.push_str(&m.key);
                    &m.value
                })
            }
            Value::List(items) => items.iter().enumerate().rev().find(|(_, t)| is_before(t.place, at)).map(|(i, t)| {
                path.push_str(&format!("[{i}]"));
                t
            }),
            _ => None,
        };
        match next {
            Some(next) => here = next,
            None => return (!path.is_empty()).then_some((path, here)),
        }
    }
}

fn is_before(place: Place, at: Place) -> bool {
    (place.line, place.column) <= (at.line, at.column)
}

/// How many characters of an expression are before a place in it.
fn offset(source: &Source, value: &Tree, at: Place) -> Option<usize> {
    let Value::Str(_) = value.value else { return None };
    let column = |place: Place| usize::try_from(place.column).ok()?.checked_sub(1);
    let line = source.line(at.line);
    let before: String = line.chars().take(column(at)?).collect();
    if let Some((_, expression)) = before.rsplit_once("{{") {
        return Some(expression.trim_start().chars().count());
    }
    let start = column(value.place)?;
    let quoted = line.chars().nth(start).is_some_and(|c| c == '\'' || c == '"');
    let inside = value.place.line == at.line;
    column(at)?.checked_sub(start + usize::from(quoted)).filter(|_| inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, Label};

    #[test]
    fn paths_and_offsets() {
        let yaml = "spec:\n  rules:\n  - name: a\n    message: 'it is {{ a.b[ }}'\n  - query: \"a[\"\n";
        let source = Source::new("p", yaml);
        let said = |line, column| {
            let label = Label::new(&source, Place { line, column });
            let text = texts(&source, &[&Diagnostic::new(Code::WrongType, "no").at(label)]);
            text.split(": error").next().unwrap().to_owned()
        };
        assert_eq!(said(4, 27), "spec.rules[0].message, offset 3");
        assert_eq!(said(5, 14), "spec.rules[1].query, offset 1");
        assert_eq!(said(3, 5), "spec.rules[0].name");
    }
}
