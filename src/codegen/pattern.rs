//! Patterns, as straight-line code: each way in which a pattern can be missed is a jump.
//!
//! A miss is one of three kinds, and each has a label: a violation, a missed condition of this very map ("bare"), and
//! a missed condition that comes from deeper down ("wrapped"). Kyverno treats the last two differently where a map has
//! several anchors. The fault itself is in one register.

use super::CodegenError;
use super::ends::Ends;
use super::unit::{Label, UnitBuilder};
use super::{census, expr};
use crate::ir::{Ask, Entry, Existence, ExistenceItem, Expr, MapAsk, Pattern, WholePattern};
use kyvc_grammar::anchor::Anchor;
use kyvc_vm::document::{Segment, Sym};
use kyvc_vm::ids::Reg;
use kyvc_vm::machine::Ending;
use kyvc_vm::op::Op;
use kyvc_vm::program::{Const, KeyPlan, Reason, Site, Step};

/// Where code goes on when a pattern is missed.
#[derive(Clone, Copy)]
struct Misses {
    violated: Label,
    bare: Label,
    wrapped: Label,
}

/// A value while its pattern is generated: its register and how it was reached.
#[derive(Clone)]
struct Spot {
    value: Reg,
    /// The path in messages
    path: Vec<Step>,
    /// The path in the layout
    reach: Vec<Segment>,
    /// The keys from the root, where there is no list on the way
    keys: Option<Vec<Sym>>,
}

struct Gen<'u, 'l> {
    u: &'u mut UnitBuilder<'l>,
    fault: Reg,
    marks: Option<Reg>,
    /// Anchored keys as written, each with its mark.
    marked: Vec<String>,
    /// The patterns of expressions, in the order of the tree, the next one last.
    made: Vec<Reg>,
}

/// What a pattern is about: the object, or a value in a register.
#[derive(Clone, Copy)]
pub(super) enum About {
    Object,
    Value(Reg),
}

/// A pattern whose expressions have their values.
struct Ready<'p> {
    whole: &'p WholePattern,
    /// The patterns of its expressions
    made: Vec<Reg>,
    /// Holds `true` where the pattern is not the one that was written
    other: Option<Reg>,
}

/// Code that checks what it is about against a pattern.
pub(super) fn generate(
    u: &mut UnitBuilder<'_>,
    p: &WholePattern,
    about: About,
    ends: &Ends,
) -> Result<(), CodegenError> {
    let ready = expressions(u, p, ends)?;
    whole(u, &ready, about, ends)?;
    ends.passes(u, 0);
    Ok(())
}

/// Code that checks what it is about against patterns until one holds.
pub(super) fn generate_any(
    u: &mut UnitBuilder<'_>,
    patterns: &[WholePattern],
    about: About,
    ends: &Ends,
) -> Result<(), CodegenError> {
    let fault = ends.fault;
    let (failed, skipped) = (u.reg()?, u.reg()?);
    for r in [failed, skipped] {
        u.emit(Op::Clear, r.0, 0, 0);
    }
    let ready = patterns.iter().map(|p| expressions(u, p, ends)).collect::<Result<Vec<_>, _>>()?;
    for (i, ready) in ready.iter().enumerate() {
        let taken = u.taken();
        let next = u.label();
        let inner = Ends { skip: u.label(), fail: u.label(), error: u.label(), ..*ends };
        whole(u, ready, about, &inner)?;
        ends.passes(u, i as u32);
        for (label, reason, list) in [
            (inner.skip, Reason::Skipped, skipped),
            (inner.fail, Reason::Failed, failed),
            (inner.error, Reason::Undecided, failed),
        ] {
            u.bind(label);
            let site = Site { reason, path: [].into(), text: i.to_string().into(), place: ready.whole.place };
            let site = u.linker.site(site)?.number();
            u.emit(Op::FaultNew, fault.0, u16::from(fault.0), site);
            u.emit(Op::FaultJoin, list.0, u16::from(fault.0), 0);
            u.jump(Op::Jump, 0, 0, next);
        }
        u.bind(next);
        u.release(taken);
    }
    for (list, end) in [(failed, ends.fail), (skipped, ends.skip)] {
        let none = u.label();
        u.jump(Op::JumpAbsent, list.0, 0, none);
        u.emit(Op::Move, fault.0, u16::from(list.0), 0);
        u.jump(Op::Jump, 0, 0, end);
        u.bind(none);
    }
    // No pattern at all.
    ends.passes(u, u32::MAX);
    Ok(())
}

/// The expressions of a pattern, and whether each is there only as a text.
fn collect<'p>(p: &'p Pattern, out: &mut Vec<(&'p Expr, bool)>) {
    let entries = |entries: &'p [Entry], out: &mut Vec<(&'p Expr, bool)>| {
        for e in entries {
            match &e.existence {
                Some(Existence::Lists(items)) => {
                    for item in items {
                        if let ExistenceItem::Map(p) = item {
                            collect(p, out);
                        }
                    }
                }
                Some(Existence::NotList(_)) => {}
                None => match &e.value.ask {
                    Ask::Made(made) => out.push((made, e.text_only)),
                    _ => collect(&e.value, out),
                },
            }
        }
    };
    match &p.ask {
        Ask::Map(m) => {
            entries(&m.anchored, out);
            entries(&m.plain, out);
        }
        Ask::Each(p) | Ask::EachScalar(p) => collect(p, out),
        Ask::Positions(ps) => ps.iter().for_each(|p| collect(p, out)),
        Ask::Made(e) => out.push((e, false)),
        Ask::EmptyList | Ask::Scalar(..) => {}
    }
}

/// Kyverno substitutes all variables before it matches: one that cannot be resolved ends the rule.
fn expressions<'p>(u: &mut UnitBuilder<'_>, p: &'p WholePattern, ends: &Ends) -> Result<Ready<'p>, CodegenError> {
    let mut found = Vec::new();
    p.pattern.iter().for_each(|p| collect(p, &mut found));
    let other = match (&p.value, &p.pattern) {
        (Some(_), Some(_)) => {
            let r = u.reg()?;
            u.emit(Op::BoolLoad, r.0, 0, 0);
            Some(r)
        }
        _ => None,
    };
    let mut made = Vec::new();
    for (e, text_only) in found {
        let pattern = expr::generate(u, e)?;
        resolved(u, pattern, ends);
        if let Some(other) = other {
            let scalar = u.label();
            u.jump(Op::JumpScalar, pattern.0, 0, scalar);
            u.emit(Op::BoolLoad, other.0, 0, 1);
            u.bind(scalar);
            if text_only {
                // The entry gets lost, and with it what its anchor does to the order.
                let text = u.label();
                u.jump(Op::JumpText, pattern.0, 0, text);
                u.emit(Op::BoolLoad, other.0, 0, 1);
                u.bind(text);
            }
        }
        u.emit(Op::PatternMake, pattern.0, u16::from(pattern.0), 0);
        made.push(pattern);
    }
    for e in &p.also {
        let taken = u.taken();
        let value = expr::generate(u, e)?;
        resolved(u, value, ends);
        u.release(taken);
    }
    Ok(Ready { whole: p, made, other })
}

/// Ends where a value is a fault.
fn resolved(u: &mut UnitBuilder<'_>, value: Reg, ends: &Ends) {
    // The ending looks at one register.
    u.emit(Op::Move, ends.fault.0, u16::from(value.0), 0);
    u.jump(Op::JumpFault, ends.fault.0, 0, ends.error);
}

/// A pattern as a whole: passes by falling through.
fn whole(u: &mut UnitBuilder<'_>, ready: &Ready<'_>, about: About, ends: &Ends) -> Result<(), CodegenError> {
    let root = match about {
        About::Value(r) => r,
        About::Object => {
            let root = u.linker.layout.path(&[]);
            let r = u.reg()?;
            u.emit(Op::PathLoad, r.0, 0, root.number());
            r
        }
    };
    let (done, other) = (u.label(), u.label());
    if let Some(r) = ready.other {
        u.jump(Op::JumpTrue, r.0, 0, other);
    }
    if let Some(p) = &ready.whole.pattern {
        let keys = matches!(about, About::Object).then(Vec::new);
        written(u, p, root, keys, &ready.made, ends)?;
        if ready.whole.value.is_some() {
            u.jump(Op::Jump, 0, 0, done);
        }
    }
    if let Some(value) = &ready.whole.value {
        u.bind(other);
        made_whole(u, value, root, ends)?;
    }
    u.bind(done);
    Ok(())
}

/// A pattern that is only known as a value: the host checks it.
fn made_whole(u: &mut UnitBuilder<'_>, value: &Expr, root: Reg, ends: &Ends) -> Result<(), CodegenError> {
    // Nobody knows yet what the pattern will ask for.
    u.linker.layout.want(&[], true);
    let pattern = expr::generate(u, value)?;
    resolved(u, pattern, ends);
    let (ending, fault) = (u.reg()?, u.reg()?);
    u.emit(Op::MatchMade, ending.0, u16::from(pattern.0), u32::from(root.0));
    u.emit(Op::Move, ends.fault.0, u16::from(fault.0), 0);
    for (case, label) in [(Ending::Skipped, ends.skip), (Ending::Violated, ends.fail), (Ending::Undecided, ends.error)]
    {
        u.jump(Op::JumpCase, ending.0, case as u16, label);
    }
    Ok(())
}

/// A pattern as it was written.
fn written(
    u: &mut UnitBuilder<'_>,
    p: &Pattern,
    root: Reg,
    keys: Option<Vec<Sym>>,
    made: &[Reg],
    ends: &Ends,
) -> Result<(), CodegenError> {
    let (fault, skip, fail, error) = (ends.fault, ends.skip, ends.fail, ends.error);
    let holds = u.label();
    if keys.is_some() {
        census::generate(u, p, holds)?;
    }
    let marks = if needs_marks(p) { Some(u.reg()?) } else { None };
    if let Some(marks) = marks {
        u.emit(Op::MarkInit, marks.0, 0, 0);
    }
    let (violated, done) = (u.label(), u.label());
    // Where no list can be too short and no key has to be met, a violation is a failure.
    let plain = marks.is_none() && !has_positions(p);
    let violated = if plain { fail } else { violated };
    let misses = Misses { violated, bare: skip, wrapped: skip };
    let made = made.iter().rev().copied().collect();
    let mut g = Gen { u, fault, marks, marked: Vec::new(), made };
    g.value(p, &Spot { value: root, path: vec![], reach: vec![], keys }, misses)?;
    if plain {
        u.bind(holds);
        return Ok(());
    }
    u.jump(Op::Jump, 0, 0, done);
    u.bind(violated);
    if let Some(marks) = marks {
        // Kyverno: a violation counts only where every anchored key was met somewhere, or a key was forbidden.
        u.jump(Op::JumpForbidden, fault.0, 0, fail);
        u.jump(Op::JumpMissing, marks.0, 0, error);
    }
    u.jump(Op::JumpPathless, fault.0, 0, error);
    u.jump(Op::Jump, 0, 0, fail);
    u.bind(done);
    u.bind(holds);
    Ok(())
}

fn has_positions(p: &Pattern) -> bool {
    let entry = |e: &Entry| match &e.existence {
        // A failure inside is not passed on.
        Some(_) => false,
        None => has_positions(&e.value),
    };
    match &p.ask {
        Ask::Map(m) => m.anchored.iter().chain(&m.plain).any(entry),
        Ask::Each(p) => has_positions(p),
        Ask::Positions(_) => true,
        _ => false,
    }
}

fn needs_marks(p: &Pattern) -> bool {
    let entry = |e: &Entry| {
        let inner = match &e.existence {
            Some(Existence::Lists(items)) => items.iter().any(|i| matches!(i, ExistenceItem::Map(p) if needs_marks(p))),
            _ => needs_marks(&e.value),
        };
        inner || matches!(e.anchor, Some(Anchor::Condition | Anchor::Existence))
    };
    match &p.ask {
        Ask::Map(m) => m.anchored.iter().chain(&m.plain).any(entry),
        Ask::Each(p) => needs_marks(p),
        Ask::Positions(ps) => ps.iter().any(needs_marks),
        _ => false,
    }
}

impl Gen<'_, '_> {
    fn site(&self, reason: Reason, spot: &Spot, text: &str, p: &Pattern) -> Site {
        Site { reason, path: spot.path.as_slice().into(), text: text.into(), place: p.place }
    }

    fn value(&mut self, p: &Pattern, spot: &Spot, misses: Misses) -> Result<(), CodegenError> {
        self.u.at(p.place);
        let taken = self.u.taken();
        match &p.ask {
            Ask::Map(m) => self.map(m, p, spot, misses)?,
            Ask::Each(first) => {
                self.need_list(p, spot, misses)?;
                self.each(first, spot, misses)?;
            }
            Ask::EachScalar(first) => {
                self.need_list(p, spot, misses)?;
                self.value(first, spot, misses)?;
            }
            Ask::Positions(items) => {
                self.need_list(p, spot, misses)?;
                self.positions(items, p, spot, misses)?;
            }
            Ask::EmptyList => {
                self.need_list(p, spot, misses)?;
                let site = self.site(Reason::PatternEmpty, spot, "", p);
                let label = self.u.fault(self.fault, spot.value, site, misses.violated)?;
                self.u.jump(Op::Jump, 0, 0, label);
            }
            Ask::Scalar(pattern, shown) => {
                self.u.linker.layout.want(&spot.reach, true);
                let site = self.site(Reason::Mismatch, spot, shown, p);
                let label = self.u.fault(self.fault, spot.value, site, misses.violated)?;
                let c = self.u.constant(Const::Pattern(pattern.clone()))?;
                self.u.test(Op::TestScalar, spot.value.0, c, label);
            }
            Ask::Made(_) => {
                self.u.linker.layout.want(&spot.reach, true);
                let pattern = self.made.pop().unwrap_or(self.fault);
                let mut site = self.site(Reason::MismatchMade, spot, "", p);
                site.path = site.path.iter().cloned().chain([Step::Pattern(pattern.0)]).collect();
                let label = self.u.fault(self.fault, spot.value, site, misses.violated)?;
                self.u.test(Op::TestMade, spot.value.0, u32::from(pattern.0), label);
            }
        }
        self.u.release(taken);
        Ok(())
    }

    fn need_list(&mut self, p: &Pattern, spot: &Spot, misses: Misses) -> Result<(), CodegenError> {
        self.u.linker.layout.want(&spot.reach, false);
        let site = self.site(Reason::NotList, spot, "", p);
        let label = self.u.fault(self.fault, spot.value, site, misses.violated)?;
        self.u.jump(Op::JumpNotList, spot.value.0, 0, label);
        Ok(())
    }

    /// Loads the member under a key.
    fn member(&mut self, spot: &Spot, key: &str) -> Result<Spot, CodegenError> {
        let sym = self.u.linker.layout.sym(key);
        let value = self.u.reg()?;
        let mut reach = spot.reach.clone();
        reach.push(Segment::Key(sym));
        let keys = spot.keys.as_ref().map(|k| k.iter().copied().chain([sym]).collect::<Vec<_>>());
        match &keys {
            Some(keys) => {
                let path = self.u.linker.layout.path(keys);
                self.u.emit(Op::PathLoad, value.0, 0, path.number());
            }
            None => {
                self.u.linker.layout.want(&reach, false);
                self.u.emit(Op::FieldLoad, value.0, u16::from(spot.value.0), sym.number());
            }
        }
        let path = spot.path.iter().cloned().chain([Step::Key(key.into())]).collect();
        Ok(Spot { value, path, reach, keys })
    }

    /// Walks a list: `element` is generated for the element, and goes on at the label for the next one.
    fn walk(
        &mut self,
        spot: &Spot,
        element: impl FnOnce(&mut Self, &Spot, Label) -> Result<(), CodegenError>,
    ) -> Result<(), CodegenError> {
        let (walk, value) = (self.u.reg()?, self.u.reg()?);
        let (next, done) = (self.u.label(), self.u.label());
        self.u.emit(Op::IterInit, walk.0, u16::from(spot.value.0), 0);
        self.u.bind(next);
        self.u.jump(Op::IterNext, value.0, u16::from(walk.0), done);
        let path = spot.path.iter().cloned().chain([Step::Walk(walk.0)]).collect();
        let reach = spot.reach.iter().copied().chain([Segment::Element]).collect();
        element(self, &Spot { value, path, reach, keys: None }, next)?;
        self.u.jump(Op::Jump, 0, 0, next);
        self.u.bind(done);
        Ok(())
    }

    /// Each element against a map pattern. Elements whose conditions are missed do not count; where none counts, the
    /// list is skipped.
    fn each(&mut self, first: &Pattern, spot: &Spot, misses: Misses) -> Result<(), CodegenError> {
        if !can_skip(first) {
            return self.walk(spot, |g, element, _| g.value(first, element, misses));
        }
        let (skips, applied) = (self.u.reg()?, self.u.reg()?);
        self.u.emit(Op::Clear, skips.0, 0, 0);
        self.u.emit(Op::Clear, applied.0, 0, 0);
        self.walk(spot, |g, element, next| {
            let skipped = g.u.label();
            let inner = Misses { violated: misses.violated, bare: skipped, wrapped: skipped };
            g.value(first, element, inner)?;
            g.u.emit(Op::BoolLoad, applied.0, 0, 1);
            g.u.jump(Op::Jump, 0, 0, next);
            g.u.bind(skipped);
            g.u.emit(Op::FaultJoin, skips.0, u16::from(g.fault.0), 0);
            Ok(())
        })?;
        self.all_skipped(skips, applied, misses);
        Ok(())
    }

    /// Goes on as wrapped miss where something was skipped and nothing applied.
    fn all_skipped(&mut self, skips: Reg, applied: Reg, misses: Misses) {
        let done = self.u.label();
        self.u.jump(Op::JumpTrue, applied.0, 0, done);
        self.u.jump(Op::JumpAbsent, skips.0, 0, done);
        self.u.emit(Op::Move, self.fault.0, u16::from(skips.0), 0);
        self.u.jump(Op::Jump, 0, 0, misses.wrapped);
        self.u.bind(done);
    }

    fn positions(&mut self, items: &[Pattern], p: &Pattern, spot: &Spot, misses: Misses) -> Result<(), CodegenError> {
        let site = self.site(Reason::TooShort, spot, &items.len().to_string(), p);
        let label = self.u.fault(self.fault, spot.value, site, misses.violated)?;
        self.u.test(Op::TestLength, spot.value.0, items.len() as u32, label);
        let (skips, applied) = (self.u.reg()?, self.u.reg()?);
        self.u.emit(Op::Clear, skips.0, 0, 0);
        self.u.emit(Op::Clear, applied.0, 0, 0);
        let reach: Vec<Segment> = spot.reach.iter().copied().chain([Segment::Element]).collect();
        for (i, item) in items.iter().enumerate() {
            let taken = self.u.taken();
            let (next, skipped) = (self.u.label(), self.u.label());
            let value = self.u.reg()?;
            self.u.emit(Op::IndexLoad, value.0, u16::from(spot.value.0), i as u32);
            let path = spot.path.iter().cloned().chain([Step::Index(i as u32)]).collect();
            let element = Spot { value, path, reach: reach.clone(), keys: None };
            let inner = Misses { violated: misses.violated, bare: skipped, wrapped: skipped };
            self.value(item, &element, inner)?;
            self.u.emit(Op::BoolLoad, applied.0, 0, 1);
            self.u.jump(Op::Jump, 0, 0, next);
            self.u.bind(skipped);
            self.u.emit(Op::FaultJoin, skips.0, u16::from(self.fault.0), 0);
            self.u.bind(next);
            self.u.release(taken);
        }
        self.all_skipped(skips, applied, misses);
        Ok(())
    }

    fn map(&mut self, m: &MapAsk, p: &Pattern, spot: &Spot, misses: Misses) -> Result<(), CodegenError> {
        self.u.linker.layout.want(&spot.reach, m.anchored_keys.is_some() || m.plain_keys.is_some());
        let site = self.site(Reason::NotMap, spot, "", p);
        let label = self.u.fault(self.fault, spot.value, site, misses.violated)?;
        self.u.jump(Op::JumpNotMap, spot.value.0, 0, label);
        self.mark_keys(m, spot)?;
        self.anchored(m, spot, misses)?;
        match &m.plain_keys {
            None => {
                for e in &m.plain {
                    self.entry(e, spot, None, misses)?;
                }
            }
            Some(keys) => self.ordered(keys, spot, |g, i, at, next| {
                if let Some(e) = m.plain.get(i) {
                    g.entry(e, spot, Some(at), misses)?;
                }
                g.u.jump(Op::Jump, 0, 0, next);
                Ok(())
            })?,
        }
        Ok(())
    }

    /// Walks keys in an order that is made at run time; `case` is generated once for each key.
    fn ordered(
        &mut self,
        keys: &[KeyPlan],
        spot: &Spot,
        mut case: impl FnMut(&mut Self, usize, (Reg, Reg), Label) -> Result<(), CodegenError>,
    ) -> Result<(), CodegenError> {
        let order = self.u.reg()?;
        let (number, text, value) = (self.u.reg()?, self.u.reg()?, self.u.reg()?);
        let (next, done) = (self.u.label(), self.u.label());
        let plan = self.u.constant(Const::Keys(keys.into()))?;
        self.u.emit(Op::KeysInit, order.0, u16::from(spot.value.0), plan);
        self.u.bind(next);
        self.u.jump(Op::KeysNext, number.0, u16::from(order.0), done);
        let labels: Vec<Label> = keys.iter().map(|_| self.u.label()).collect();
        for (i, label) in labels.iter().enumerate() {
            self.u.jump(Op::JumpCase, number.0, i as u16, *label);
        }
        self.u.jump(Op::Jump, 0, 0, next);
        for (i, label) in labels.iter().enumerate() {
            self.u.bind(*label);
            case(self, i, (text, value), next)?;
        }
        self.u.bind(done);
        Ok(())
    }

    /// Notes which anchored keys the map has. A key that is met in no map turns a violation into an error.
    fn mark_keys(&mut self, m: &MapAsk, spot: &Spot) -> Result<(), CodegenError> {
        let Some(marks) = self.marks else { return Ok(()) };
        if let Some(keys) = &m.anchored_keys {
            return self.ordered(keys, spot, |g, i, (_, value), next| {
                if let Some(e) = m.anchored.get(i) {
                    g.mark(marks, e, value)?;
                }
                g.u.jump(Op::Jump, 0, 0, next);
                Ok(())
            });
        }
        for e in &m.anchored {
            let taken = self.u.taken();
            let member = self.member(spot, &e.key)?;
            self.mark(marks, e, member.value)?;
            self.u.release(taken);
        }
        Ok(())
    }

    fn mark(&mut self, marks: Reg, e: &Entry, value: Reg) -> Result<(), CodegenError> {
        if !matches!(e.anchor, Some(Anchor::Condition | Anchor::Existence)) {
            return Ok(());
        }
        let known = self.marked.iter().position(|k| *k == e.raw);
        let bit = known.unwrap_or_else(|| {
            self.marked.push(e.raw.clone());
            self.marked.len() - 1
        });
        if bit >= 32 {
            return Err(CodegenError::Marks);
        }
        self.u.emit(Op::MarkKey, marks.0, u16::from(value.0), bit as u32);
        Ok(())
    }

    /// The first phase of a map: its conditional, existence, equality and negation anchors.
    fn anchored(&mut self, m: &MapAsk, spot: &Spot, misses: Misses) -> Result<(), CodegenError> {
        if let ([e], None) = (m.anchored.as_slice(), &m.anchored_keys) {
            // With one anchor there is nothing to weigh: a miss of any kind is the map's miss.
            let inner = Misses { bare: misses.wrapped, ..misses };
            return self.entry(e, spot, None, inner);
        }
        if m.anchored.is_empty() {
            return Ok(());
        }
        let (skips, bare, applied) = (self.u.reg()?, self.u.reg()?, self.u.reg()?);
        for r in [skips, bare, applied] {
            self.u.emit(Op::Clear, r.0, 0, 0);
        }
        let regs = (skips, bare, applied);
        match &m.anchored_keys {
            None => {
                for e in &m.anchored {
                    let next = self.u.label();
                    self.weigh(e, spot, None, misses, regs, next)?;
                    self.u.bind(next);
                }
            }
            Some(keys) => self.ordered(keys, spot, |g, i, at, next| match m.anchored.get(i) {
                Some(e) => g.weigh(e, spot, Some(at), misses, regs, next),
                None => Ok(()),
            })?,
        }
        let (done, skip) = (self.u.label(), self.u.label());
        self.u.jump(Op::JumpAbsent, skips.0, 0, done);
        self.u.jump(Op::JumpTrue, bare.0, 0, skip);
        self.u.jump(Op::JumpTrue, applied.0, 0, done);
        self.u.bind(skip);
        self.u.emit(Op::Move, self.fault.0, u16::from(skips.0), 0);
        self.u.jump(Op::Jump, 0, 0, misses.wrapped);
        self.u.bind(done);
        Ok(())
    }

    /// One of several anchors. Kyverno: a violation after a missed condition of the same map is forgotten.
    fn weigh(
        &mut self,
        e: &Entry,
        spot: &Spot,
        at: Option<(Reg, Reg)>,
        misses: Misses,
        (skips, bare, applied): (Reg, Reg, Reg),
        next: Label,
    ) -> Result<(), CodegenError> {
        let inner = Misses { violated: self.u.label(), bare: self.u.label(), wrapped: self.u.label() };
        self.entry(e, spot, at, inner)?;
        self.u.emit(Op::BoolLoad, applied.0, 0, 1);
        self.u.jump(Op::Jump, 0, 0, next);
        self.u.bind(inner.violated);
        self.u.jump(Op::JumpTrue, bare.0, 0, next);
        self.u.jump(Op::Jump, 0, 0, misses.violated);
        self.u.bind(inner.bare);
        self.u.emit(Op::BoolLoad, bare.0, 0, 1);
        self.u.bind(inner.wrapped);
        self.u.emit(Op::FaultJoin, skips.0, u16::from(self.fault.0), 0);
        self.u.jump(Op::Jump, 0, 0, next);
        Ok(())
    }

    /// One entry of a map: `at` gives the registers of its key and value where they are known at run time only.
    fn entry(&mut self, e: &Entry, spot: &Spot, at: Option<(Reg, Reg)>, misses: Misses) -> Result<(), CodegenError> {
        self.u.at(e.place);
        let taken = self.u.taken();
        let member = match at {
            Some((text, value)) => {
                let path = spot.path.iter().cloned().chain([Step::Text(text.0)]).collect();
                Spot { value, path, reach: spot.reach.clone(), keys: None }
            }
            None => self.member(spot, &e.key)?,
        };
        match e.anchor {
            None | Some(Anchor::AddIfAbsent) => self.plain(e, spot, &member, misses)?,
            Some(Anchor::Condition) => self.condition(e, &member, misses)?,
            Some(Anchor::Global) => {
                let (ok, missed) = (self.u.label(), self.u.label());
                self.u.jump(Op::JumpAbsent, member.value.0, 0, ok);
                self.value(&e.value, &member, Misses { violated: missed, bare: missed, wrapped: missed })?;
                self.u.jump(Op::Jump, 0, 0, ok);
                self.u.bind(missed);
                self.u.emit(Op::FaultWrap, self.fault.0, 0, 1);
                self.u.jump(Op::Jump, 0, 0, misses.bare);
                self.u.bind(ok);
            }
            Some(Anchor::Equality) => {
                let ok = self.u.label();
                self.u.jump(Op::JumpAbsent, member.value.0, 0, ok);
                self.value(&e.value, &member, misses)?;
                self.u.bind(ok);
            }
            Some(Anchor::Negation) => {
                let site = self.site(Reason::Forbidden, &member, "", &e.value);
                let label = self.u.fault(self.fault, member.value, site, misses.violated)?;
                self.u.jump(Op::JumpPresent, member.value.0, 0, label);
            }
            Some(Anchor::Existence) => self.existence(e, &member, misses)?,
        }
        self.u.release(taken);
        Ok(())
    }

    fn plain(&mut self, e: &Entry, spot: &Spot, member: &Spot, misses: Misses) -> Result<(), CodegenError> {
        if e.exists {
            return self.exists(e, spot, member, misses);
        }
        let Ask::Made(_) = e.value.ask else { return self.value(&e.value, member, misses) };
        // It may turn out to be `*`.
        let (any, done) = (self.u.label(), self.u.label());
        let pattern = self.made.last().copied().unwrap_or(self.fault);
        self.u.jump(Op::JumpAny, pattern.0, 0, any);
        self.value(&e.value, member, misses)?;
        self.u.jump(Op::Jump, 0, 0, done);
        self.u.bind(any);
        self.exists(e, spot, member, misses)?;
        self.u.bind(done);
        Ok(())
    }

    /// A key that must exist and not be null.
    fn exists(&mut self, e: &Entry, spot: &Spot, member: &Spot, misses: Misses) -> Result<(), CodegenError> {
        // The path reported is that of the map; the key is in the text.
        let site = self.site(Reason::NotFound, spot, &e.key, &e.value);
        let label = self.u.fault(self.fault, member.value, site, misses.violated)?;
        self.u.jump(Op::JumpNull, member.value.0, 0, label);
        Ok(())
    }

    fn condition(&mut self, e: &Entry, member: &Spot, misses: Misses) -> Result<(), CodegenError> {
        let site = self.site(Reason::ConditionAbsent, member, "", &e.value);
        let absent = self.u.fault(self.fault, member.value, site, misses.bare)?;
        self.u.jump(Op::JumpAbsent, member.value.0, 0, absent);
        let (ok, missed) = (self.u.label(), self.u.label());
        self.value(&e.value, member, Misses { violated: missed, bare: missed, wrapped: missed })?;
        self.u.jump(Op::Jump, 0, 0, ok);
        self.u.bind(missed);
        self.u.emit(Op::FaultWrap, self.fault.0, 0, 0);
        self.u.jump(Op::Jump, 0, 0, misses.bare);
        self.u.bind(ok);
        Ok(())
    }

    fn existence(&mut self, e: &Entry, member: &Spot, misses: Misses) -> Result<(), CodegenError> {
        let ok = self.u.label();
        self.u.linker.layout.want(&member.reach, false);
        self.u.jump(Op::JumpAbsent, member.value.0, 0, ok);
        let site = self.site(Reason::ElementOfNoList, member, "", &e.value);
        let label = self.u.fault(self.fault, member.value, site, misses.violated)?;
        self.u.jump(Op::JumpNotList, member.value.0, 0, label);
        match &e.existence {
            Some(Existence::Lists(items)) => {
                for item in items {
                    self.one_element(item, e, member, misses)?;
                }
            }
            Some(Existence::NotList(found)) => {
                let site = self.site(Reason::PatternNotList, member, found, &e.value);
                let label = self.u.fault(self.fault, member.value, site, misses.violated)?;
                self.u.jump(Op::Jump, 0, 0, label);
            }
            None => {}
        }
        self.u.bind(ok);
        Ok(())
    }

    fn one_element(
        &mut self,
        item: &ExistenceItem,
        e: &Entry,
        member: &Spot,
        misses: Misses,
    ) -> Result<(), CodegenError> {
        let ExistenceItem::Map(p) = item else {
            let site = self.site(Reason::PatternNotMaps, member, "", &e.value);
            let label = self.u.fault(self.fault, member.value, site, misses.violated)?;
            self.u.jump(Op::Jump, 0, 0, label);
            return Ok(());
        };
        let taken = self.u.taken();
        let found = self.u.label();
        self.walk(member, |g, element, next| {
            g.value(p, element, Misses { violated: next, bare: next, wrapped: next })?;
            g.u.jump(Op::Jump, 0, 0, found);
            Ok(())
        })?;
        let site = self.site(Reason::NoElement, member, "", p);
        let label = self.u.fault(self.fault, member.value, site, misses.violated)?;
        self.u.jump(Op::Jump, 0, 0, label);
        self.u.bind(found);
        self.u.release(taken);
        Ok(())
    }
}

/// Whether a pattern has a condition that can make it skip.
fn can_skip(p: &Pattern) -> bool {
    match &p.ask {
        Ask::Map(m) => m.anchored.iter().chain(&m.plain).any(|e| match e.anchor {
            Some(Anchor::Condition | Anchor::Global) => true,
            Some(Anchor::Existence | Anchor::Negation) => false,
            _ => can_skip(&e.value),
        }),
        Ask::Each(p) => can_skip(p),
        Ask::Positions(ps) => ps.iter().any(can_skip),
        _ => false,
    }
}
