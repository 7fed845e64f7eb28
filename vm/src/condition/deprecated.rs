//! `In` and `NotIn`: sets of strings, without ranges, and with wildcards for a single key only.

use super::json::{Strings, strings};
use super::{elements, membership, text};
use crate::builtin::Call;
use crate::machine::View;
use crate::scalar::glob;
use crate::value::Val;

/// Whether the only key, or all of them, are in the value.
pub(super) fn is_in(call: &Call<'_, '_>, key: Val, value: Val) -> bool {
    match call.view(key) {
        View::Str(_) | View::Int(_) | View::Float(_) | View::Bool(_) => one_in(call, key, value) == Some(true),
        View::List => match many(call, key, value) {
            Some(Many::Same) => true,
            Some(Many::Set(keys, set)) => keys.iter().all(|key| set.contains(key)),
            None => false,
        },
        _ => false,
    }
}

/// Whether the only key, or any of them, is not in the value.
pub(super) fn not_in(call: &Call<'_, '_>, key: Val, value: Val) -> bool {
    match call.view(key) {
        View::Str(_) | View::Int(_) | View::Float(_) | View::Bool(_) => one_in(call, key, value) == Some(false),
        View::List => match many(call, key, value) {
            // Kyverno: in.go finds the one key to be in the value, notin.go takes that for its own result.
            Some(Many::Same) => true,
            Some(Many::Set(keys, set)) => keys.iter().any(|key| !set.contains(key)),
            None => false,
        },
        _ => false,
    }
}

/// Whether a single key is in the value; `None` where that is no set.
fn one_in(call: &Call<'_, '_>, key: Val, value: Val) -> Option<bool> {
    let key = text(call, key);
    match call.view(value) {
        View::List => Some(membership::in_list(call, &key, value)),
        View::Str(set) if glob::matches(set, &key) => Some(true),
        View::Str(set) => match strings(set) {
            Strings::List(set) => Some(set.iter().any(|member| *member == key)),
            Strings::None | Strings::NoJson => None,
        },
        _ => None,
    }
}

/// A list of keys and what it is compared with.
enum Many {
    /// One key and a text that is the same
    Same,
    /// The keys and the members
    Set(Vec<String>, Vec<String>),
}

/// `None` where keys or value are not made of strings. For keys that are not, Kyverno panics.
fn many(call: &Call<'_, '_>, keys: Val, value: Val) -> Option<Many> {
    let keys = all_strings(call, keys)?;
    let set = match call.view(value) {
        View::List => all_strings(call, value)?,
        View::Str(set) if matches!(keys.as_slice(), [key] if key == set) => return Some(Many::Same),
        View::Str(set) => match strings(set) {
            Strings::List(set) => set,
            Strings::None | Strings::NoJson => return None,
        },
        _ => return None,
    };
    Some(Many::Set(keys, set))
}

fn all_strings(call: &Call<'_, '_>, list: Val) -> Option<Vec<String>> {
    let string = |member| match call.view(member) {
        View::Str(text) => Some(text.to_owned()),
        _ => None,
    };
    elements(call, list).map(string).collect()
}
