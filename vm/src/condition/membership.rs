//! `AnyIn`, `AllIn`, `AnyNotIn` and `AllNotIn`: everything is compared as text, with wildcards on either side.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::json::{Strings, strings};
use super::range;
use super::{elements, text};
use crate::builtin::Call;
use crate::machine::View;
use crate::scalar::glob;
use crate::value::Val;

/// How many keys have to be, or not to be, in the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    Any,
    All,
    AnyNot,
    AllNot,
}

type Texts<'c> = SmallVec<[Cow<'c, str>; 8]>;

impl Quantifier {
    fn is_negative(self) -> bool {
        matches!(self, Quantifier::AnyNot | Quantifier::AllNot)
    }

    fn of(self, keys: &[Cow<'_, str>], mut is_in: impl FnMut(&str) -> bool) -> bool {
        let mut keys = keys.iter();
        match self {
            Quantifier::Any => keys.any(|key| is_in(key)),
            Quantifier::All => keys.all(|key| is_in(key)),
            Quantifier::AnyNot => keys.any(|key| !is_in(key)),
            Quantifier::AllNot => keys.all(|key| !is_in(key)),
        }
    }
}

/// Whether so many of the keys, or the only one, are in what the value is a set of. A value that is no set, or a key
/// that is `null` or a map, makes also the negative ones false.
pub(super) fn holds(call: &Call<'_, '_>, quantifier: Quantifier, key: Val, value: Val) -> bool {
    match call.view(key) {
        View::Str(_) | View::Int(_) | View::Float(_) | View::Bool(_) => {
            one_in(call, &text(call, key), value).is_some_and(|found| found != quantifier.is_negative())
        }
        View::List => {
            let keys: Texts<'_> = elements(call, key).map(|key| text(call, key)).collect();
            many_in(call, quantifier, &keys, value)
        }
        _ => false,
    }
}

/// Whether a single key is in the value; `None` where that is no set.
fn one_in(call: &Call<'_, '_>, key: &str, value: Val) -> Option<bool> {
    match call.view(value) {
        View::List => Some(in_list(call, key, value)),
        View::Str(set) if glob::matches(set, key) => Some(true),
        View::Str(set) if range::is_range(set) => Some(range::contains(set, key)),
        View::Str(set) => match strings(set) {
            Strings::None => None,
            // Kyverno: anyin.go, only lists in lists have wildcards in a JSON text.
            Strings::List(set) => Some(set.iter().any(|member| member == key)),
            Strings::NoJson => Some(false),
        },
        _ => None,
    }
}

/// Whether a key matches an element, or the other way round.
pub(super) fn in_list(call: &Call<'_, '_>, key: &str, list: Val) -> bool {
    elements(call, list).any(|member| either_matches(key, &text(call, member)))
}

fn many_in(call: &Call<'_, '_>, quantifier: Quantifier, keys: &[Cow<'_, str>], value: Val) -> bool {
    let set: Texts<'_> = match call.view(value) {
        View::List => elements(call, value).map(|member| text(call, member)).collect(),
        View::Int(_) | View::Float(_) | View::Bool(_) if matches!(quantifier, Quantifier::Any | Quantifier::AnyNot) => {
            Texts::from_iter([text(call, value)])
        }
        View::Str(set) if matches!(keys, [key] if key == set) => return !quantifier.is_negative(),
        View::Str(set) if range::is_range(set) => return many_in_range(quantifier, keys, set),
        View::Str(set) => match strings(set) {
            Strings::None => return false,
            Strings::List(set) => set.into_iter().map(Cow::Owned).collect(),
            Strings::NoJson => Texts::from_iter([Cow::Borrowed(set)]),
        },
        _ => return false,
    };
    quantifier.of(keys, |key| set.iter().any(|member| either_matches(key, member)))
}

fn many_in_range(quantifier: Quantifier, keys: &[Cow<'_, str>], set: &str) -> bool {
    if quantifier == Quantifier::AnyNot {
        // Kyverno: anyin.go turns the range around at its first `-`, which may be the sign of its lower end.
        let outside = range::Range::new(&set.replacen('-', "!-", 1));
        return keys.iter().any(|key| outside.contains(key));
    }
    let inside = range::Range::new(set);
    quantifier.of(keys, |key| inside.contains(key))
}

fn either_matches(a: &str, b: &str) -> bool {
    glob::matches(a, b) || glob::matches(b, a)
}
