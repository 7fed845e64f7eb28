//! Puts the units of a policy set into one program: one table of constants, sites, keys and paths.

use super::unit::UnitBuilder;
use super::{CodegenError, conditions, expr, matches, pattern};
use crate::ir::{Body, Rule};
use kyvc_vm::document::LayoutBuilder;
use kyvc_vm::ids::{ConstId, Pc, SiteId, UnitId};
use kyvc_vm::op::{Instr, Op};
use kyvc_vm::program::{Const, Line, Parts, Program, Site, Unit};
use kyvc_vm::verify::{VerifyError, verify};
use rustc_hash::FxHashMap;

/// The units of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompiledRule {
    /// Matching and checking
    pub check: UnitId,
    /// The message of a failure, where the rule has one
    pub message: Option<UnitId>,
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
    units: Vec<Unit>,
    lines: Vec<Line>,
}

impl Linker {
    /// Generates the code of a rule.
    pub fn rule(&mut self, rule: &Rule) -> Result<CompiledRule, CodegenError> {
        let mut u = UnitBuilder::new(self);
        u.at(rule.place);
        matches::generate(&mut u, &rule.matches)?;
        u.at(rule.place);
        if let Some(c) = &rule.preconditions {
            conditions::preconditions(&mut u, c)?;
        }
        match &rule.body {
            Body::Deny(c) => conditions::deny(&mut u, c)?,
            Body::Pattern(p) => pattern::generate(&mut u, p)?,
            Body::AnyPattern(ps) => pattern::generate_any(&mut u, ps)?,
        }
        let check = u.finish(rule.label.clone())?;
        let message = match &rule.message {
            Some(message) => Some(self.expression(format!("{}.message", rule.label), message)?),
            None => None,
        };
        Ok(CompiledRule { check, message })
    }

    /// Generates a unit that checks the object against a pattern and matches everything.
    pub fn pattern(&mut self, p: &crate::ir::Pattern) -> Result<UnitId, CodegenError> {
        let mut u = UnitBuilder::new(self);
        pattern::generate(&mut u, p)?;
        u.finish("pattern".to_owned())
    }

    /// Generates a unit that gives the value of an expression.
    pub fn expression(&mut self, name: String, e: &crate::ir::Expr) -> Result<UnitId, CodegenError> {
        let mut u = UnitBuilder::new(self);
        let value = expr::generate(&mut u, e)?;
        u.emit(Op::EndValue, value.0, 0, 0);
        u.finish(name)
    }

    /// The layout of the set, to add what the engine itself reads.
    pub fn layout(&mut self) -> &mut LayoutBuilder {
        &mut self.layout
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
    pub(super) fn site(&mut self, site: Site) -> Result<SiteId, CodegenError> {
        if let Some(id) = self.known_sites.get(&site) {
            return Ok(*id);
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
    pub fn finish(self) -> Result<Program, VerifyError> {
        verify(Parts {
            layout: self.layout.finish(),
            code: self.code,
            consts: self.consts,
            sites: self.sites,
            units: self.units,
            lines: self.lines,
        })
    }
}
