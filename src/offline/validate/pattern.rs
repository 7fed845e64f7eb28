//! The anchors of a pattern.
//!
//! Kyverno: pkg/policy/common/validate_pattern.go

use crate::policy::tree::{Tree, Value};
use kyvc_grammar::anchor::{Anchor, parse};

/// Checks a pattern; an error comes with its path, which Kyverno writes with slashes too many.
pub(super) fn check(pattern: &Tree, path: &str) -> Result<(), (String, String)> {
    walk(pattern, path, &anchor)
}

/// Checks that there are no anchors.
pub(super) fn no_anchors(pattern: &Tree, path: &str) -> Result<(), (String, String)> {
    walk(pattern, path, &|key, _| match parse(key) {
        Some(_) => Err(format!("unsupported anchor {key}")),
        None => Ok(()),
    })
}

type Anchors<'a> = &'a dyn Fn(&str, &Tree) -> Result<(), String>;

fn walk(pattern: &Tree, path: &str, anchor: Anchors<'_>) -> Result<(), (String, String)> {
    match &pattern.value {
        Value::Map(members) => members.iter().try_for_each(|m| {
            let path = format!("{path}/{}", m.key);
            anchor(&m.key, &m.value).map_err(|e| (path.clone(), e))?;
            walk(&m.value, &path, anchor)
        }),
        Value::List(items) => {
            items.iter().enumerate().try_for_each(|(i, item)| walk(item, &format!("{path}{i}/"), anchor))
        }
        _ => Ok(()),
    }
}

fn anchor(key: &str, value: &Tree) -> Result<(), String> {
    match parse(key) {
        Some((Anchor::AddIfAbsent, _)) => Err(format!("unsupported anchor {key}")),
        Some((Anchor::Existence, _)) => match &value.value {
            Value::List(items) if items.is_empty() => {
                Err("existence anchor: should have at least one value".to_owned())
            }
            Value::List(_) => Ok(()),
            _ => Err("existence anchor should have value of type list".to_owned()),
        },
        _ => Ok(()),
    }
}
