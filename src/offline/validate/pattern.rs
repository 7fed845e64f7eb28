//! The anchors of a pattern.
//!
//! Kyverno: pkg/policy/common/validate_pattern.go

use crate::policy::tree::{Tree, Value};
use kyvc_grammar::anchor::{Anchor, parse};

/// Checks a pattern; an error comes with its path, which Kyverno writes with slashes too many.
pub(super) fn check(pattern: &Tree, path: &str) -> Result<(), (String, String)> {
    match &pattern.value {
        Value::Map(members) => members.iter().try_for_each(|m| {
            let path = format!("{path}/{}", m.key);
            anchor(&m.key, &m.value).map_err(|e| (path.clone(), e))?;
            check(&m.value, &path)
        }),
        Value::List(items) => items.iter().enumerate().try_for_each(|(i, item)| check(item, &format!("{path}{i}/"))),
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
