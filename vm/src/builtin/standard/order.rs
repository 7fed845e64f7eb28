//! Sorting, and the largest and smallest of a list.

use super::{Result, arg, keys_of, plain};
use crate::builtin::{Call, Failure};
use crate::machine::View;
use crate::machine::memory::Memory;
use crate::value::Val;
use smallvec::SmallVec;
use std::cmp::Ordering;

/// The order of two numbers or two strings.
fn order(c: &Call<'_, '_>, a: Val, b: Val) -> Option<Ordering> {
    match (c.view(a), c.view(b)) {
        (View::Float(x), View::Float(y)) => x.partial_cmp(&y),
        (View::Str(x), View::Str(y)) => Some(c.memory.text_order(x, y)),
        _ => None,
    }
}

/// As `order`, with what is no number before all numbers: an order of all values, as sorting needs it.
fn total(a: View<'_>, b: View<'_>) -> Ordering {
    match (a, b) {
        (View::Float(x), View::Float(y)) => x.partial_cmp(&y).unwrap_or_else(|| y.is_nan().cmp(&x.is_nan())),
        (View::Str(x), View::Str(y)) => x.cmp(y),
        _ => Ordering::Equal,
    }
}

/// Takes the work of sorting these.
fn afford_sort(c: &Call<'_, '_>, keys: Val) -> std::result::Result<(), Failure> {
    let bytes: usize = c.items(keys).map(|key| c.str(key).len()).sum();
    c.afford(bytes as u64 / 64 * u64::from(c.len(keys).max(1).ilog2() + 1))
}

pub(super) fn extreme(c: &mut Call<'_, '_>, a: &[Val], wanted: Ordering) -> Result {
    let best = c.items(arg(a, 0)).reduce(|x, y| if order(c, y, x) == Some(wanted) { y } else { x });
    Ok(best.unwrap_or(Val::Null))
}

/// The type that all keys have to have, which is that of the first.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Number,
    Str,
}

/// What the keys of a list have to be; the error of the first one where it failed.
fn wanted(c: &Call<'_, '_>, first: Val) -> std::result::Result<std::result::Result<Wanted, Val>, Failure> {
    match c.view(first) {
        View::Float(_) => Ok(Ok(Wanted::Number)),
        View::Str(_) => Ok(Ok(Wanted::Str)),
        View::Fault(_) if !c.is_unknown_key(first) => Ok(Err(first)),
        _ => Err(Failure::error("invalid type, must be number of string")),
    }
}

fn is(c: &Call<'_, '_>, key: Val, wanted: Wanted) -> bool {
    matches!((wanted, c.view(key)), (Wanted::Number, View::Float(_)) | (Wanted::Str, View::Str(_)))
}

pub(super) fn extreme_by(c: &mut Call<'_, '_>, a: &[Val], better: Ordering) -> Result {
    let list = arg(a, 0);
    plain(list, if better == Ordering::Greater { "max_by" } else { "min_by" })?;
    let mut items = c.items(list);
    let Some(first) = items.next() else { return Ok(Val::Null) };
    if c.len(list) == 1 {
        return Ok(first);
    }
    let mut keys = c.items(keys_of(c)?);
    let first_key = keys.next().unwrap_or_default();
    let wanted = match wanted(c, first_key)? {
        Ok(wanted) => wanted,
        Err(fault) => return Ok(fault),
    };
    let (mut best, mut best_key) = (first, first_key);
    for (item, key) in items.zip(keys) {
        if matches!(key, Val::Fault(_)) && !c.is_unknown_key(key) {
            return Ok(key);
        }
        if !is(c, key, wanted) {
            let name = if wanted == Wanted::Number { "number" } else { "string" };
            return Err(Failure::error(format!("invalid type, must be {name}")));
        }
        if order(c, key, best_key) == Some(better) {
            (best, best_key) = (item, key);
        }
    }
    Ok(best)
}

pub(super) fn sort_by(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let list = arg(a, 0);
    plain(list, "sort_by")?;
    if c.len(list) < 2 {
        return Ok(list);
    }
    let keys = keys_of(c)?;
    let first = c.items(keys).next().unwrap_or_default();
    let wanted = match wanted(c, first)? {
        Ok(wanted) => wanted,
        Err(fault) => return Ok(fault),
    };
    // Whatever is wrong with a later key, the sort only notes that something is.
    if c.items(keys).any(|key| !is(c, key, wanted)) {
        return Err(Failure::error("error in sort_by comparison"));
    }
    afford_sort(c, keys)?;
    let mut pairs: SmallVec<[(Val, Val); 16]> = c.items(keys).zip(c.items(list)).collect();
    if pairs.len() <= BLOCK && c.items(keys).any(|k| matches!(c.view(k), View::Float(n) if n.is_nan())) {
        insertion(&mut pairs, |x, y| order(c, x.0, y.0) == Some(Ordering::Less));
    } else {
        pairs.sort_by(|x, y| total(c.view(x.0), c.view(y.0)));
    }
    // Kyverno: go-jmespath's functions.go, jpfSortBy sorts the list itself, which other expressions see as well.
    Ok(c.memory.reorder(list, pairs.into_iter().map(|(_, item)| item))?)
}

/// Go: sort.Stable sorts blocks of this many by insertion.
const BLOCK: usize = 20;

/// With numbers that have no order, the steps of the sort decide: these are Go's.
fn insertion<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    for i in 1..items.len() {
        for j in (1..=i).rev() {
            match (items.get(j), items.get(j - 1)) {
                (Some(x), Some(y)) if less(x, y) => items.swap(j, j - 1),
                _ => break,
            }
        }
    }
}

pub(super) fn sort(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    afford_sort(c, arg(a, 0))?;
    let (program, documents) = (c.program, c.documents);
    let by = |memory: &Memory, x: &Val, y: &Val| {
        total(memory.view(program, documents, *x), memory.view(program, documents, *y))
    };
    Ok(c.memory.sorted(documents, arg(a, 0), by)?)
}
