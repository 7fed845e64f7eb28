//! What Kyverno's policy check makes of a rule: references are replaced, then variables, as they are when it runs, but
//! for the values, of which none is known yet.
//!
//! Kyverno: pkg/engine/variables/vars.go, with the context of pkg/engine/context/mock_context.go.

use super::variables::{braces, variables};
use super::{Checked, strings};
use crate::lower::reference;
use crate::policy::classic::{Check, Rule};
use crate::policy::tree::{Tree, Value};
use kyvc_grammar::template::references;

/// What stands in a text where a variable stood in it.
const NOTHING: &str = "null";

/// Replaces all references and variables of a rule. `defined` says what is wrong with an expression at a path.
pub(super) fn check(rule: &Tree, defined: &dyn Fn(&str, &str) -> Checked) -> Checked {
    value(&reference::resolve(rule)?, "", defined)
}

fn value(tree: &Tree, path: &str, defined: &dyn Fn(&str, &str) -> Checked) -> Checked {
    match &tree.value {
        Value::Str(s) => text(s, path, defined),
        Value::List(items) => {
            items.iter().enumerate().try_for_each(|(i, item)| value(item, &format!("{path}/{i}"), defined))
        }
        Value::Map(members) => members.iter().try_for_each(|m| {
            text(&m.key, path, defined)?;
            value(&m.value, &reference::below(path, &m.key), defined)
        }),
        _ => Ok(()),
    }
}

/// Round after round, as long as there are variables: nested ones come to light when those in them are gone.
fn text(text: &str, path: &str, defined: &dyn Fn(&str, &str) -> Checked) -> Checked {
    let mut text = text.to_owned();
    loop {
        let mut next = text.clone();
        let mut shallow = None;
        for variable in variables(&text) {
            let (expression, is_shallow) = braces(variable);
            defined(expression, path)?;
            if variable == text {
                return Ok(());
            }
            shallow = Some(is_shallow);
            next = replaced(&next, variable);
        }
        // The last one of a round says whether there is another.
        if shallow != Some(false) {
            return Ok(());
        }
        text = next;
    }
}

/// A text with nothing in the place of a variable.
fn replaced(text: &str, variable: &str) -> String {
    let escaped = |at: usize| text.get(..at).is_some_and(|t| t.ends_with('\\'));
    let Some((at, _)) = text.match_indices(variable).find(|(at, _)| !escaped(*at)) else { return text.to_owned() };
    let (head, tail) = (text.get(..at).unwrap_or_default(), text.get(at + variable.len()..).unwrap_or_default());
    format!("{head}{NOTHING}{tail}")
}

/// The tree of a rule that is made for controllers, if that makes a difference: what references lead to is deeper in its
/// pattern than in that of the rule it was made from.
pub(super) fn made(rule: &Rule, written: &Tree) -> Option<Tree> {
    let refers = |text: &str, _: &str| if references(text).is_empty() { Ok(()) } else { Err(String::new()) };
    strings(written.get("validate")?, "", &mut { refers }).err()?;
    let (key, pattern) = match rule.validate.as_ref()?.check.as_ref()? {
        Check::Pattern(tree) => ("pattern", tree.clone()),
        Check::AnyPattern(trees) => ("anyPattern", Tree { place: written.place, value: Value::List(trees.clone()) }),
        _ => return None,
    };
    let mut tree = written.clone();
    *tree.get_mut("validate")?.get_mut(key)? = pattern;
    Some(tree)
}
