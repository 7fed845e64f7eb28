//! The names that expressions see, and the context entries that bind them when they are first needed.
//!
//! Kyverno: pkg/engine/context/deferred.go. An entry is tried once; one that is loaded by another sees only those before
//! it, until one of these was loaded in turn. Scopes are the steps of a loop: what is bound inside is forgotten, and
//! entries that were loaded inside are loaded again outside.

use super::RootState;
use super::memory::Memory;
use crate::document::{Document, Sym};
use crate::ids::EntryId;
use crate::program::{Entry, Program};
use crate::value::Val;
use crate::verdict::TrapKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Tried,
    Loaded,
    /// It is loaded once more and then no more: a loop beside it has ended
    Last,
    Done,
}

/// An entry that is there to be loaded.
#[derive(Clone, Copy, Debug)]
struct Active {
    id: EntryId,
    /// How many scopes were open when it came
    level: usize,
    state: State,
}

/// What a scope goes back to.
#[derive(Clone, Debug)]
struct Kept {
    bound: Vec<(Sym, Val)>,
    /// The object that expressions see
    object: RootState,
}

#[derive(Debug, Default)]
pub(super) struct Names {
    bound: Vec<(Sym, Val)>,
    active: Vec<Active>,
    /// What was bound when each open scope was entered
    kept: Vec<Kept>,
    /// While an entry is loaded: how many of the active ones it sees, and of how many scopes
    sight: Option<(usize, usize)>,
}

impl Names {
    pub(super) fn clear(&mut self) {
        self.bound.clear();
        self.active.clear();
        self.kept.clear();
        self.sight = None;
    }

    pub(super) fn get(&self, name: Sym) -> Option<Val> {
        self.bound.iter().rfind(|(n, _)| *n == name).map(|(_, v)| *v)
    }

    pub(super) fn bind(&mut self, name: Sym, value: Val) {
        match self.bound.iter_mut().find(|(n, _)| *n == name) {
            Some(slot) => slot.1 = value,
            None => self.bound.push((name, value)),
        }
    }

    pub(super) fn bound(&self) -> &[(Sym, Val)] {
        &self.bound
    }

    pub(super) fn add(&mut self, id: EntryId) {
        self.active.push(Active { id, level: self.kept.len(), state: State::Fresh });
    }

    /// The entries that are there and not yet loaded, in order.
    pub(super) fn waiting(&self) -> impl Iterator<Item = EntryId> {
        self.active.iter().filter(|a| a.state == State::Fresh).map(|a| a.id)
    }

    /// Whether an entry is to be loaded now; it then counts as tried.
    pub(super) fn take(&mut self, id: EntryId) -> bool {
        // An entry that is there twice has come again since.
        let Some(at) = self.active.iter().rposition(|a| a.id == id) else { return false };
        let (seen, level) = self.sight.unwrap_or((self.active.len(), self.kept.len()));
        let Some(entry) = self.active.get_mut(at) else { return false };
        if at >= seen || entry.level > level || entry.state != State::Fresh {
            return false;
        }
        entry.state = State::Tried;
        self.sight = Some((at, entry.level));
        true
    }

    /// Whether an entry of an outer scope was loaded and is to be loaded again.
    pub(super) fn retake(&mut self, id: EntryId) -> bool {
        let again = |a: &Active| a.id == id && matches!(a.state, State::Loaded | State::Last);
        let Some(at) = self.active.iter().rposition(again) else { return false };
        let Some(entry) = self.active.get_mut(at) else { return false };
        if entry.state == State::Last {
            entry.state = State::Done;
        }
        self.sight = Some((at, entry.level));
        true
    }

    /// Notes that an entry's unit has ended.
    pub(super) fn leave_entry(&mut self, id: EntryId, loaded: bool) {
        self.sight = None;
        if loaded && let Some(entry) = self.active.iter_mut().rfind(|a| a.id == id && a.state != State::Done) {
            entry.state = State::Loaded;
        }
    }

    pub(super) fn enter(&mut self, object: RootState) {
        self.kept.push(Kept { bound: self.bound.clone(), object });
    }

    /// Goes back to the start of the scope. Gives the object that expressions see there.
    pub(super) fn reset(&mut self, program: &Program) -> Option<RootState> {
        let kept = self.kept.last()?.clone();
        let level = self.kept.len();
        self.back(program, kept.bound, |a| a.level < level);
        Some(kept.object)
    }

    /// As [`reset`](Self::reset), and ends the scope.
    pub(super) fn leave(&mut self, program: &Program) -> Option<RootState> {
        let kept = self.kept.pop()?;
        let level = self.kept.len();
        self.back(program, kept.bound, |a| a.level <= level);
        // Kyverno: deferred.go, a loader of the scope that goes on is dropped once it has loaded again.
        for entry in self.active.iter_mut().filter(|a| a.level == level && a.state == State::Loaded) {
            entry.state = State::Last;
        }
        Some(kept.object)
    }

    /// Goes back to names that were kept. Of the entries that stay, those keep their values that always have the same.
    fn back(&mut self, program: &Program, kept: Vec<(Sym, Val)>, stays: impl Fn(&Active) -> bool) {
        self.active.retain(|a| stays(a));
        let loaded = |a: &Active| matches!(a.state, State::Loaded | State::Last | State::Done);
        let steady = |a: &&Active| loaded(a) && program.entry(a.id).is_some_and(|e| e.steady);
        let names: smallvec::SmallVec<[Sym; 4]> =
            self.active.iter().filter(steady).filter_map(|a| program.entry(a.id)).map(|e| e.name).collect();
        let bound = std::mem::replace(&mut self.bound, kept);
        for (name, value) in bound.into_iter().filter(|(n, _)| names.contains(n)) {
            self.bind(name, value);
        }
        for entry in self.active.iter_mut().filter(|a| a.state == State::Tried) {
            entry.state = State::Fresh;
        }
    }
}

impl Memory {
    /// What a name is bound to once an entry has its value: maps are merged unless the entry says otherwise.
    pub(super) fn bound_value(
        &mut self,
        docs: &[&Document<'_>],
        entry: &Entry,
        before: Option<Val>,
        value: Val,
    ) -> Result<Val, TrapKind> {
        match before {
            Some(before) if !entry.replaces => self.merged(docs, before, value),
            _ => Ok(value),
        }
    }
}
