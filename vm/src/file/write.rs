//! Parts to bytes.

use super::wire::Writer;
use crate::document::{Layout, Part, Place, Segment, Texts};
use crate::op::Instr;
use crate::program::{Const, KeyPlan, Parts, Site, Step};
use crate::scalar::{Glob, Op, PatternKind, ScalarPattern, Term};
use crate::selector::{KindSelector, LabelSelector};
use rustc_hash::FxHashMap;
use std::hash::Hash;

pub(super) fn parts(w: &mut Writer, p: &Parts) {
    layout(w, &p.layout);
    w.list(&p.code, instr);
    w.list(&p.consts, constant);
    sites(w, &p.sites);
    w.list(&p.units, |w, u| {
        w.str(&u.name);
        w.number(u64::from(u.start.number()));
        w.number(u64::from(u.end.number()));
        w.number(u64::from(u.registers));
    });
    w.list(&p.entries, |w, e| {
        w.number(u64::from(e.name.number()));
        w.number(u64::from(e.unit.number()));
        w.option(e.needs.as_ref(), |w, ask| w.u8(*ask as u8));
        w.bool(e.replaces);
        w.bool(e.steady);
    });
    w.list(&p.lines, |w, l| {
        w.number(u64::from(l.pc.number()));
        place(w, l.place);
    });
}

fn place(w: &mut Writer, p: Place) {
    w.number(u64::from(p.line));
    w.number(u64::from(p.column));
}

fn layout(w: &mut Writer, l: &Layout) {
    let names: Vec<&str> = l.symbols().names().collect();
    w.list(&names, |w, n| w.str(n));
    w.list(l.joints().get(1..).unwrap_or_default(), |w, joint| {
        if let Some((above, step)) = joint.above {
            w.number(u64::from(above));
            segment(w, step);
        }
        w.bool(joint.spared);
    });
    let paths: Vec<_> = l.paths().collect();
    w.list(&paths, |w, keys| w.list(keys, |w, k| w.number(u64::from(k.number()))));
    w.list(l.spots(), |w, spot| {
        w.option(spot.above.as_ref(), |w, (parent, step)| {
            w.number(u64::from(parent.number()));
            segment(w, *step);
        });
        w.bool(spot.linked);
    });
    w.option(l.identity(), |w, identity| {
        identity.paths().iter().for_each(|path| w.number(u64::from(path.number())));
    });
    for of in Texts::BOTH {
        let mut texts: Vec<_> = l.texts(of).iter().collect();
        texts.sort_unstable();
        w.list(&texts, |w, text| w.str(text));
    }
    w.list(l.parts(), part);
}

fn part(w: &mut Writer, p: &Part) {
    w.option(p.kinds.as_ref(), |w, kinds| w.list(kinds, |w, kind| w.str(kind)));
    w.u8(p.texts.map_or(0, |of| of as u8 + 1));
    w.u8(p.uses.bits());
    w.u8(p.marks);
    w.list(&p.wants, |w, (joint, want)| w.number(u64::from(*joint) << 2 | *want as u64));
}

fn segment(w: &mut Writer, step: Segment) {
    w.number(match step {
        Segment::Element => 0,
        Segment::Key(key) => u64::from(key.number()) + 1,
    });
}

fn instr(w: &mut Writer, i: &Instr) {
    // Most of a file is code, and is to be read fast.
    w.u64(u64::from(i.op as u8) | u64::from(i.a) << 8 | u64::from(i.b) << 16 | u64::from(i.c) << 32);
}

fn constant(w: &mut Writer, c: &Const) {
    match c {
        Const::Null => w.u8(0),
        Const::Bool(b) => {
            w.u8(1);
            w.bool(*b);
        }
        Const::Int(n) => {
            w.u8(2);
            w.u64(n.cast_unsigned());
        }
        Const::Float(n) => {
            w.u8(3);
            w.u64(n.to_bits());
        }
        Const::Str(s) => {
            w.u8(4);
            w.str(s);
        }
        Const::Pattern(p) => {
            w.u8(5);
            pattern(w, p);
        }
        Const::Globs(globs) => {
            w.u8(6);
            w.list(globs, glob);
        }
        Const::Kinds(kinds) => {
            w.u8(7);
            w.list(kinds, kind);
        }
        Const::Selector(s) => {
            w.u8(8);
            selector(w, s);
        }
        Const::Pairs(pairs) => {
            w.u8(9);
            w.list(pairs, pair);
        }
        Const::Keys(keys) => {
            w.u8(10);
            w.list(keys, key_plan);
        }
        Const::Bounds(bounds) => {
            w.u8(11);
            w.list(bounds, |w, b| w.option(b.as_ref(), |w, n| w.u64(n.cast_unsigned())));
        }
        Const::Reference(reference) => {
            w.u8(12);
            w.str(&reference.shown);
            w.str(&reference.tree);
            w.option(reference.unit.as_ref(), |w, u| w.number(u64::from(u.number())));
        }
        Const::Tested(spot, pattern) => {
            w.u8(13);
            w.number(u64::from(spot.number()));
            w.number(u64::from(pattern.number()));
        }
    }
}

fn key_plan(w: &mut Writer, k: &KeyPlan) {
    w.str(&k.prefix);
    glob(w, &k.key);
    w.bool(k.front);
}

/// A glob: its text, and whether the text's wildcards are meant.
pub(super) fn glob(w: &mut Writer, g: &Glob) {
    w.str(g.as_str());
    w.bool(g.is_literal());
}

fn pair(w: &mut Writer, (k, v): &(Glob, Glob)) {
    glob(w, k);
    glob(w, v);
}

fn kind(w: &mut Writer, k: &KindSelector) {
    for part in [&k.group, &k.version, &k.kind, &k.subresource] {
        glob(w, part);
    }
}

/// Also used for the selectors of overrides, which are no constants.
pub(super) fn selector(w: &mut Writer, s: &LabelSelector) {
    w.list(&s.globs, pair);
    w.list(&s.requirements, |w, r| {
        w.str(&r.key);
        w.u8(r.op as u8);
        w.list(&r.values, |w, v| w.str(v));
    });
    w.bool(s.invalid);
}

fn pattern(w: &mut Writer, p: &ScalarPattern) {
    match p.kind() {
        PatternKind::Null => w.u8(0),
        PatternKind::Bool(b) => {
            w.u8(1);
            w.bool(b);
        }
        PatternKind::Int(n) => {
            w.u8(2);
            w.u64(n.cast_unsigned());
        }
        PatternKind::Float(n) => {
            w.u8(3);
            w.u64(n.to_bits());
        }
        PatternKind::Map => w.u8(4),
        PatternKind::List => w.u8(5),
        PatternKind::Text(_) => {
            w.u8(6);
            w.str(p.source().unwrap_or_default());
            let any: Vec<Vec<Term<'_>>> = p.terms().map(Iterator::collect).collect();
            w.list(&any, |w, all| w.list(all, term));
        }
    }
}

fn term(w: &mut Writer, t: &Term<'_>) {
    let (tag, range) = match t.op {
        Op::Equal => (0, None),
        Op::NotEqual => (1, None),
        Op::More => (2, None),
        Op::Less => (3, None),
        Op::MoreEqual => (4, None),
        Op::LessEqual => (5, None),
        Op::InRange { low, high } => (6, Some((low, high))),
        Op::NotInRange { low, high } => (7, Some((low, high))),
    };
    w.u8(tag);
    match range {
        Some((low, high)) => {
            w.str(low);
            w.str(high);
        }
        None => w.str(t.operand),
    }
}

/// Sites share their paths and texts: each is written once.
fn sites(w: &mut Writer, sites: &[Site]) {
    let (mut texts, mut paths) = (Shared::default(), Shared::default());
    for site in sites {
        texts.add(&*site.text);
        paths.add(&*site.path);
    }
    w.list(&texts.list, |w, text| w.str(text));
    w.list(&paths.list, |w, path| w.list(path, step));
    w.list(sites, |w, s| {
        w.u8(s.reason as u8);
        w.len(paths.number(&*s.path));
        w.len(texts.number(&*s.text));
        place(w, s.place);
    });
}

/// Different values in the order in which they came.
struct Shared<'s, T: ?Sized> {
    list: Vec<&'s T>,
    numbers: FxHashMap<&'s T, usize>,
}

impl<T: ?Sized> Default for Shared<'_, T> {
    fn default() -> Self {
        Self { list: Vec::new(), numbers: FxHashMap::default() }
    }
}

impl<'s, T: ?Sized + Eq + Hash> Shared<'s, T> {
    fn add(&mut self, value: &'s T) {
        let next = self.list.len();
        if *self.numbers.entry(value).or_insert(next) == next {
            self.list.push(value);
        }
    }

    fn number(&self, value: &T) -> usize {
        self.numbers.get(value).copied().unwrap_or_default()
    }
}

fn step(w: &mut Writer, step: &Step) {
    match step {
        Step::Key(k) => {
            w.u8(0);
            w.str(k);
        }
        Step::Walk(r) => {
            w.u8(1);
            w.u8(*r);
        }
        Step::Index(n) => {
            w.u8(2);
            w.number(u64::from(*n));
        }
        Step::Text(r) => {
            w.u8(3);
            w.u8(*r);
        }
        Step::Pattern(r) => {
            w.u8(4);
            w.u8(*r);
        }
    }
}

impl Writer {
    /// A label selector.
    pub fn selector(&mut self, s: &LabelSelector) {
        selector(self, s);
    }
}
