//! Fuel, and the time it may be burnt in.
//!
//! Where a run has to end by a time, its fuel is handed out in slices and the clock is looked at between two of them, so
//! that an instruction costs the same with a deadline as without.

use super::Machine;
use super::memory::Memory;
use crate::verdict::TrapKind;
use std::cell::Cell;
use std::time::Instant;

/// What may be burnt between two looks at the clock: far less than a millisecond's worth, as a rule.
const SLICE: u64 = 1 << 17;

/// When all runs of a request have to end.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadline {
    until: Option<Instant>,
    over: Cell<bool>,
}

impl Deadline {
    fn is_over(&self) -> bool {
        if !self.over.get() {
            self.over.set(self.until.is_some_and(|until| Instant::now() >= until));
        }
        self.over.get()
    }
}

impl Machine {
    /// Ends runs with [`TrapKind::Time`] from a time on, until another one is set.
    pub fn set_deadline(&mut self, until: Option<Instant>) {
        self.memory.deadline = Deadline { until, over: Cell::new(false) };
        (self.fuel, self.later) = (SLICE, 0);
        self.memory.work.set(SLICE);
        self.memory.later.set(0);
    }

    /// A budget for a run. What is left of the slices stays, as many short runs take time too.
    pub(super) fn refuel(&mut self) {
        let full = self.budget.fuel;
        let Deadline { until: Some(_), over } = &self.memory.deadline else {
            // Then nothing is handed out later.
            self.fuel = full;
            self.memory.work.set(full);
            return;
        };
        let (fuel, work) = if over.get() { (0, 0) } else { (self.fuel, self.memory.work.get()) };
        self.fuel = fuel.min(full);
        self.later = full - self.fuel;
        // None at all is the mark of work that may not be done.
        self.memory.work.set(work.clamp(1, full.max(1)));
        self.memory.later.set(full.saturating_sub(self.memory.work.get()));
    }

    /// Takes fuel.
    #[inline]
    pub(super) fn spend(&mut self, cost: u64) -> Result<(), TrapKind> {
        match self.fuel.checked_sub(cost) {
            Some(left) => {
                self.fuel = left;
                Ok(())
            }
            None => self.next_slice(cost),
        }
    }

    #[cold]
    #[inline(never)]
    fn next_slice(&mut self, cost: u64) -> Result<(), TrapKind> {
        if self.memory.deadline.is_over() {
            return Err(TrapKind::Time);
        }
        let left = self.all_fuel().checked_sub(cost).ok_or(TrapKind::Fuel)?;
        self.fuel = left.min(SLICE);
        self.later = left - self.fuel;
        Ok(())
    }

    fn all_fuel(&self) -> u64 {
        self.fuel.saturating_add(self.later)
    }

    /// Takes fuel for what the host does for the run.
    pub fn charge(&mut self, fuel: u64) -> Result<(), TrapKind> {
        self.spend(fuel)
    }

    /// Lets another machine run on this one's fuel and time. Says how much fuel that is, for [`settle`](Self::settle).
    pub fn lend(&self, to: &mut Machine) -> u64 {
        (to.fuel, to.later) = (self.fuel, self.later);
        to.memory.deadline = self.memory.deadline.clone();
        self.all_fuel()
    }

    /// Takes from this machine's fuel what another one burnt of what it was lent.
    pub fn settle(&mut self, with: &Machine, lent: u64) {
        let left = self.all_fuel().saturating_sub(lent.saturating_sub(with.all_fuel()));
        self.fuel = left.min(with.fuel);
        self.later = left - self.fuel;
    }

    /// How much fuel the run has taken so far.
    pub fn spent(&self) -> u64 {
        let full = self.budget.fuel;
        let work = self.memory.work.get().saturating_add(self.memory.later.get());
        full.saturating_sub(self.all_fuel()).saturating_add(full.saturating_sub(work))
    }
}

impl Memory {
    /// Counts work by what it costs; whether it still may be done.
    #[inline]
    pub(crate) fn labour(&self, cost: u64) -> bool {
        let left = self.work.get().saturating_sub(cost);
        if left == 0 {
            return self.next_work(cost);
        }
        self.work.set(left);
        true
    }

    #[cold]
    #[inline(never)]
    fn next_work(&self, cost: u64) -> bool {
        let all = self.work.get().saturating_add(self.later.get()).saturating_sub(cost);
        let all = if self.deadline.is_over() { 0 } else { all };
        self.work.set(all.min(SLICE));
        self.later.set(all - all.min(SLICE));
        all > 0
    }

    /// Ends the work that may be done.
    pub(super) fn exhaust(&self) {
        self.work.set(0);
        self.later.set(0);
    }

    pub(crate) fn exhausted(&self) -> bool {
        self.work.get() == 0
    }

    /// Why no more work may be done.
    pub(crate) fn limit_of_work(&self) -> TrapKind {
        if self.deadline.over.get() { TrapKind::Time } else { TrapKind::Fuel }
    }
}
