//! Merging lists in kyaml's own steps, for those where elements lack a key, or share one.
//!
//! kyaml: yaml/walk/associative_sequence.go and yaml/fns.go. What comes out for such lists follows from the steps and
//! from nothing else: an element without a key can take others with it.

use super::MergeError;
use super::merge::Merger;
use crate::patch::PatchError;
use crate::patch::schema::Schema;
use crate::patch::text::{Text, place_of};
use crate::patch::tree::{Cell, Class, Id, Items};
use smallvec::SmallVec;

/// The values of one element's keys, empty where it has none, and where they come from.
type Values<'d> = SmallVec<[Value<'d>; 2]>;

#[derive(Clone, Copy, Debug)]
struct Value<'d> {
    text: Text<'d>,
    from: Cell,
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Value<'_> {
    const NONE: Self = Self { text: Text::Of(""), from: Cell::Null };

    fn is_none(&self) -> bool {
        self.text.is_empty()
    }
}

/// Elements times different keys, at most; far beyond what a resource may have.
const WORK: usize = 1 << 22;

impl<'d> Merger<'_, 'd> {
    /// Merges two opened lists into a new one. The lists may be one and the same.
    pub(super) fn exact(
        &mut self,
        target: Id,
        origin: Option<Id>,
        keys: &[&'static str],
        schema: Option<Schema>,
        levels: usize,
    ) -> Result<Id, PatchError> {
        let keys = if keys.is_empty() { &[""] } else { keys };
        let mut all: Vec<Values<'d>> = Vec::new();
        let elements = origin.into_iter().chain([target]).flat_map(|list| self.tree.slots(list));
        for (count, (_, slot)) in elements.enumerate() {
            let values = self.values(slot.value, keys);
            if !all.contains(&values) {
                all.push(values);
            }
            // All further steps take time by the product.
            if all.len().saturating_mul(count) > WORK {
                return Err(MergeError::Work.into());
            }
        }
        if all.is_empty() {
            return Ok(target);
        }
        if keys.len() > 1 {
            complete(&mut all);
        }
        // Keys that no element has do not count, unless none has any.
        let used = |i: &usize| all.iter().any(|values| values.get(*i).is_some_and(|v| !v.is_none()));
        let valid: SmallVec<[usize; 2]> = (0..keys.len()).filter(used).collect();
        let valid = if valid.is_empty() { (0..keys.len()).collect() } else { valid };
        let valid_keys: SmallVec<[&'static str; 2]> = valid.iter().filter_map(|i| keys.get(*i).copied()).collect();
        let out = self.tree.add(Cell::List(Items::NONE))?;
        for values in &all {
            let values: Values<'d> = valid.iter().filter_map(|i| values.get(*i).copied()).collect();
            let old = self.element(target, &valid_keys, &values);
            let new = origin.and_then(|origin| self.element(origin, &valid_keys, &values));
            let walked = self.walk(old, new, schema, levels)?;
            let texts: SmallVec<[Text<'d>; 2]> = values.iter().map(|v| v.text).collect();
            let Some(merged) = self.left(walked) else {
                self.set_element(target, None, &valid_keys, &texts)?;
                continue;
            };
            for (key, value) in valid_keys.iter().zip(&values) {
                self.set_key(merged, key, value)?;
            }
            self.set_element(out, Some(merged), &valid_keys, &texts)?;
        }
        for element in self.tree.elements(target) {
            self.append_element(out, element, &valid_keys)?;
        }
        Ok(out)
    }

    /// The values of an element's keys. `ElementValuesList`, and of scalars their text.
    fn values(&self, element: Id, keys: &[&str]) -> Values<'d> {
        let value = |key: &&str| {
            if key.is_empty() {
                let from = self.tree.cell(element);
                return Value { text: self.tree.text(from), from };
            }
            match self.tree.member(element, key) {
                Some(from) if self.tree.class_of(from) != Class::Null => Value { text: self.tree.text(from), from },
                _ => Value::NONE,
            }
        };
        keys.iter().map(value).collect()
    }

    /// The first element with these values. `ElementMatcher`
    fn element(&self, list: Id, keys: &[&str], values: &[Value<'_>]) -> Option<Id> {
        let some = values.iter().any(|v| !v.is_none());
        let wanted = |v: &Value<'_>| !some || !v.is_none();
        self.tree.slots(list).map(|(_, slot)| slot.value).find(|element| {
            keys.iter().zip(values).filter(|(_, value)| wanted(value)).all(|(key, value)| {
                let found = if key.is_empty() {
                    Some(self.tree.cell(*element))
                } else if self.tree.class(*element) == Class::Map {
                    self.tree.member(*element, key)
                } else {
                    None
                };
                found.is_some_and(|cell| self.tree.text(cell) == value.text)
            })
        })
    }

    /// Makes sure that an element has a key; it is a string then, whatever it is elsewhere.
    fn set_key(&mut self, element: Id, key: &'static str, value: &Value<'d>) -> Result<(), PatchError> {
        if key.is_empty() || value.is_none() || self.tree.member(element, key).is_some() {
            return Ok(());
        }
        if self.tree.class(element) != Class::Map {
            return Err(self.tree.wrong_kind(Class::Map, self.tree.cell(element)).into());
        }
        let Some((side, node)) = place_of(value.from) else { return Ok(()) };
        self.tree.open(element)?;
        let text = self.tree.add(Cell::Spelled(side, node))?;
        self.tree.push(element, key, text);
        Ok(())
    }

    /// Puts an element in the place of those with its values, or at the end; or takes those away. `ElementSetter`
    pub(super) fn set_element(
        &mut self,
        list: Id,
        element: Option<Id>,
        keys: &[&str],
        values: &[Text<'_>],
    ) -> Result<(), PatchError> {
        let of_maps = keys.first().is_some_and(|key| !key.is_empty()) && values.first().is_some_and(|v| !v.is_empty());
        let (mut before, mut next) = (None, self.tree.items(list).first());
        let mut found = false;
        while let Some((at, other)) = next.and_then(|at| self.tree.slot(at).map(|slot| (at, slot.value))) {
            next = self.tree.after(at);
            let stays = if self.tree.class(other) == Class::Null || self.tree.is_empty_map(other) {
                None
            } else if of_maps && self.tree.class(other) != Class::Map {
                Some(other)
            } else if self.matches(other, keys, values)? {
                found = true;
                element
            } else {
                // Without values nothing matches, and nothing stays.
                Some(other).filter(|_| !values.is_empty())
            };
            match (stays, self.tree.slot_mut(at)) {
                (Some(stays), Some(slot)) => {
                    slot.value = stays;
                    before = Some(at);
                }
                _ => self.tree.unlink_after(list, before, at),
            }
        }
        if let Some(element) = element.filter(|id| !found && self.tree.class(*id) != Class::Null) {
            self.tree.push_element(list, element);
        }
        Ok(())
    }

    /// Whether an element has these values under these keys; of an empty value, whether it has the key. `FieldMatcher`
    fn matches(&self, element: Id, keys: &[&str], values: &[Text<'_>]) -> Result<bool, PatchError> {
        for (key, value) in keys.iter().zip(values) {
            let expected = if key.is_empty() { Class::Scalar } else { Class::Map };
            if self.tree.class(element) != expected {
                return Err(self.tree.wrong_kind(expected, self.tree.cell(element)).into());
            }
            let found = if key.is_empty() { Some(self.tree.cell(element)) } else { self.tree.member(element, key) };
            let any = value.is_empty() && !key.is_empty();
            if !found.is_some_and(|cell| any || self.tree.text(cell) == *value) {
                return Ok(false);
            }
        }
        Ok(!values.is_empty())
    }

    /// Adds an element of the resource to the result. `appendListNode`
    fn append_element(&mut self, out: Id, element: Id, keys: &[&'static str]) -> Result<(), PatchError> {
        let mut values: SmallVec<[Text<'d>; 2]> = SmallVec::new();
        for key in keys {
            if key.is_empty() {
                values.push(self.tree.text(self.tree.cell(element)));
                continue;
            }
            if !matches!(self.tree.class(element), Class::Map | Class::Null) {
                return Err(self.tree.wrong_kind(Class::Map, self.tree.cell(element)).into());
            }
            match self.tree.member(element, key) {
                Some(cell) => values.push(self.tree.text(cell)),
                None => self.tree.push_element(out, element),
            }
        }
        if keys.len() > 1 {
            self.set_element(out, None, keys, &values)?;
        }
        self.set_element(out, Some(element), keys, &values)
    }
}

/// Fills what elements lack from those that agree with them otherwise. `mergeValues`
fn complete(all: &mut [Values<'_>]) {
    for i in 0..all.len() {
        // kyaml compares all others with what the values were at first.
        let Some(first) = all.get(i).cloned() else { continue };
        for j in 0..all.len() {
            let Some(both) = all.get(j).and_then(|other| both(&first, other)) else { continue };
            for at in [i, j] {
                if let Some(values) = all.get_mut(at) {
                    values.clone_from(&both);
                }
            }
        }
    }
}

fn both<'d>(a: &Values<'d>, b: &Values<'d>) -> Option<Values<'d>> {
    let mut common = false;
    let mut out = Values::new();
    for (x, y) in a.iter().zip(b) {
        if x == y {
            common = true;
            out.push(*x);
        } else if !x.is_none() && !y.is_none() {
            return None;
        } else {
            out.push(if x.is_none() { *y } else { *x });
        }
    }
    common.then_some(out)
}
