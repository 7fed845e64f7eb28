//! Puts the units of a policy set into one program: one table of constants, sites, keys and paths.

use super::ends::Ends;
use super::pattern::About;
use super::unit::UnitBuilder;
use super::{CodegenError, body, conditions, expr, generate, matches, mutate, pattern};
use crate::ir::generate::Generation;
use crate::ir::mutate::{Mutation, Target};
use crate::ir::{Body, Rule};
use kyvc_vm::document::{Concern, LayoutBuilder};
use kyvc_vm::ids::{ConstId, EntryId, Pc, SiteId, UnitId};
use kyvc_vm::op::{Instr, Op};
use kyvc_vm::program::{Const, Entry, Line, Parts, Program, Site, Step, Unit};
use kyvc_vm::verdict::Root;
use kyvc_vm::verify::{VerifyError, verify};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// The units of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledRule {
    /// Matching and checking
    pub check: UnitId,
    /// The message of a failure, where the rule has one
    pub message: Option<UnitId>,
    /// Other objects that it changes
    pub targets: Vec<CompiledTarget>,
    /// What it makes for an object
    pub make: Option<UnitId>,
}

/// The units of what a rule changes besides the object it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompiledTarget {
    /// Which objects these are
    pub selector: UnitId,
    /// What is done with one of them
    pub change: UnitId,
}

/// Collects units and what they share.
#[derive(Debug, Default)]
pub struct Linker {
    pub(super) layout: LayoutBuilder,
    code: Vec<Instr>,
    consts: Vec<Const>,
    /// Constants by their text form, so that equal ones are one.
    known: FxHashMap<String, ConstId>,
    sites: Vec<Site>,
    known_sites: FxHashMap<Site, SiteId>,
    /// Paths and texts of sites, so that equal ones are one.
    site_paths: FxHashSet<Arc<[Step]>>,
    site_texts: FxHashSet<Arc<str>>,
    units: Vec<Unit>,
    entries: Vec<Entry>,
    /// The first context entry of the rule that is generated.
    first_entry: usize,
    lines: Vec<Line>,
    /// Whether constant expressions are left as they are.
    pub(super) unfolded: bool,
}

impl Linker {
    /// Generates the code of a rule.
    pub fn rule(&mut self, rule: &Rule) -> Result<CompiledRule, CodegenError> {
        self.entries(rule)?;
        let mut u = UnitBuilder::new(self);
        u.at(rule.place);
        let fault = u.reg()?;
        let ends = Ends::of_unit(&mut u, fault);
        // Kyverno: pkg/engine/background.go, what makes objects is first asked for its exceptions.
        let makes = matches!(rule.body, Body::Generate(_));
        if makes {
            matches::exceptions(&mut u, &rule.exceptions, &ends)?;
        }
        matches::generate(&mut u, &rule.matches)?;
        u.at(rule.place);
        for n in 0..rule.context {
            let entry = u.linker.entry(n)?;
            u.emit(Op::EntryAdd, 0, 0, entry);
        }
        if let Some(c) = &rule.preconditions {
            let what = if makes { conditions::OF_TRIGGER } else { conditions::OF_RULE };
            conditions::preconditions(&mut u, c, what, &ends)?;
        }
        if !makes {
            // What reports have is known before the rule says anything, and once it applies.
            if let Some(properties) = &rule.properties {
                let taken = u.taken();
                let value = expr::generate(&mut u, properties)?;
                u.emit(Op::HostTell, value.0, 0, 0);
                u.release(taken);
            }
            matches::exceptions(&mut u, &rule.exceptions, &ends)?;
        }
        body::generate(&mut u, &rule.body, About::Object, &ends)?;
        let check = u.finish(rule.label.clone())?;
        let message = match &rule.message {
            Some(message) => Some(self.expression(format!("{}.message", rule.label), message)?),
            None => None,
        };
        let mut targets = Vec::new();
        if let Body::Mutate(m) = &rule.body
            && let Mutation::Targets(list) = &**m
        {
            for t in list {
                targets.push(self.target(rule, t)?);
            }
        }
        let make = match &rule.body {
            Body::Generate(g) => Some(self.making(rule, g)?),
            _ => None,
        };
        Ok(CompiledRule { check, message, targets, make })
    }

    fn making(&mut self, rule: &Rule, g: &Generation) -> Result<UnitId, CodegenError> {
        let mut u = UnitBuilder::new(self);
        u.at(rule.place);
        for n in 0..rule.context {
            let entry = u.linker.entry(n)?;
            u.emit(Op::EntryAdd, 0, 0, entry);
        }
        generate::generate(&mut u, g, rule.preconditions.as_ref())?;
        u.finish(format!("{}.make", rule.label))
    }

    fn target(&mut self, rule: &Rule, t: &Target) -> Result<CompiledTarget, CodegenError> {
        let selector = self.expression(format!("{}.target", rule.label), &t.selector)?;
        let mut u = UnitBuilder::new(self);
        let fault = u.reg()?;
        let ends = Ends::of_unit(&mut u, fault);
        mutate::target(&mut u, t, &ends)?;
        Ok(CompiledTarget { selector, change: u.finish(format!("{}.change", rule.label))? })
    }

    /// Generates the units of a rule's context entries. All get their numbers first, as each may need others.
    fn entries(&mut self, rule: &Rule) -> Result<(), CodegenError> {
        self.first_entry = self.entries.len();
        for e in &rule.entries {
            let name = self.layout.sym(&e.name);
            let unit = UnitId::from_number(0);
            self.entries.push(Entry { name, unit, needs: e.needs, replaces: e.replaces, steady: e.steady });
        }
        for (i, e) in rule.entries.iter().enumerate() {
            let unit = self.expression(format!("{}.context.{}", rule.label, e.name), &e.value)?;
            if let Some(entry) = self.entries.get_mut(self.first_entry + i) {
                entry.unit = unit;
            }
        }
        Ok(())
    }

    /// The number of a context entry of the rule that is generated.
    pub(super) fn entry(&self, number: usize) -> Result<u32, CodegenError> {
        Ok(EntryId::new(self.first_entry + number)?.number())
    }

    /// Generates a unit that checks the object against a pattern and matches everything.
    pub fn pattern(&mut self, p: &crate::ir::WholePattern) -> Result<UnitId, CodegenError> {
        self.checks("pattern", p, About::Object)
    }

    /// Generates a unit that checks the input against a pattern, in a program that has no paths.
    pub fn pattern_of_input(&mut self, p: &crate::ir::WholePattern) -> Result<UnitId, CodegenError> {
        self.layout.want(&[], true);
        let mut u = UnitBuilder::new(self);
        let root = u.reg()?;
        u.emit(Op::RootLoad, root.0, 0, Root::Input as u32);
        let fault = u.reg()?;
        let ends = Ends::of_unit(&mut u, fault);
        pattern::generate(&mut u, p, About::Value(root), &ends)?;
        u.finish("pattern".to_owned())
    }

    fn checks(&mut self, name: &str, p: &crate::ir::WholePattern, about: About) -> Result<UnitId, CodegenError> {
        let mut u = UnitBuilder::new(self);
        let fault = u.reg()?;
        let ends = Ends::of_unit(&mut u, fault);
        pattern::generate(&mut u, p, about, &ends)?;
        u.finish(name.to_owned())
    }

    /// Generates a unit that gives the value of an expression.
    pub fn expression(&mut self, name: String, e: &crate::ir::Expr) -> Result<UnitId, CodegenError> {
        let mut u = UnitBuilder::new(self);
        let value = expr::generate(&mut u, e)?;
        u.emit(Op::EndValue, value.0, 0, 0);
        u.finish(name)
    }

    /// As [`expression`](Self::expression), without evaluating constants.
    pub(super) fn unfolded(&mut self, e: &crate::ir::Expr) -> Result<UnitId, CodegenError> {
        self.unfolded = true;
        self.expression(String::new(), e)
    }

    /// The layout of the set, to add what the engine itself reads.
    pub fn layout(&mut self) -> &mut LayoutBuilder {
        &mut self.layout
    }

    /// The code so far.
    pub fn code(&self) -> &[Instr] {
        &self.code
    }

    /// A constant, shared with an equal one.
    pub(super) fn constant(&mut self, c: Const) -> Result<ConstId, CodegenError> {
        let text = format!("{c:?}");
        if let Some(id) = self.known.get(&text) {
            return Ok(*id);
        }
        let id = ConstId::new(self.consts.len())?;
        self.consts.push(c);
        self.known.insert(text, id);
        Ok(id)
    }

    /// A failure site, shared with an equal one.
    pub(super) fn site(&mut self, mut site: Site) -> Result<SiteId, CodegenError> {
        if let Some(id) = self.known_sites.get(&site) {
            return Ok(*id);
        }
        match self.site_paths.get(&*site.path) {
            Some(path) => site.path = path.clone(),
            None => _ = self.site_paths.insert(site.path.clone()),
        }
        match self.site_texts.get(&*site.text) {
            Some(text) => site.text = text.clone(),
            None => _ = self.site_texts.insert(site.text.clone()),
        }
        let id = SiteId::new(self.sites.len())?;
        self.sites.push(site.clone());
        self.known_sites.insert(site, id);
        Ok(id)
    }

    pub(super) fn add(
        &mut self,
        name: String,
        code: Vec<Instr>,
        lines: Vec<Line>,
        registers: u16,
    ) -> Result<UnitId, CodegenError> {
        let id = UnitId::new(self.units.len())?;
        let start = Pc::new(self.code.len())?;
        self.code.extend(code);
        self.lines.extend(lines);
        let end = Pc::new(self.code.len())?;
        self.units.push(Unit { name: name.into(), start, end, registers });
        Ok(id)
    }

    /// Where the next unit starts.
    pub(super) fn next_pc(&self) -> usize {
        self.code.len()
    }

    /// The program, checked.
    pub fn finish(mut self) -> Result<Program, VerifyError> {
        if super::is_plain() {
            self.layout.part(Concern::ALL);
            self.layout.want(&[], true);
        }
        verify(Parts {
            layout: self.layout.finish(),
            code: self.code,
            consts: self.consts,
            sites: self.sites,
            units: self.units,
            entries: self.entries,
            lines: self.lines,
        })
    }
}
