//! `kyvc explain`: what each rule did about an object.

pub mod json;
pub mod text;

use super::rows::{Resource, Results, Row, Totals};
use crate::diag::Source;
use crate::engine::trace::RuleTrace;
use crate::engine::{Engine, Mutated, NoHost, PolicySet, Request, RuleInfo, Verdict, Versions};
use kyvc_vm::document::Document;
use std::io;
use std::sync::Arc;

/// What a rule said, and what it did.
#[derive(Debug)]
pub struct Explained {
    /// What it did
    pub trace: RuleTrace,
    /// What it said, each row with its message; nothing where it is not about the object
    pub said: Vec<(Row, String)>,
}

/// All about one object.
#[derive(Debug)]
pub struct Story {
    /// The object
    pub resource: Resource,
    /// Where it came from
    pub source: Arc<Source>,
    /// The rules that were asked
    pub rules: Vec<Explained>,
    /// How many rules were not, because they are about other kinds
    pub others: usize,
}

impl Story {
    /// Asks the rules about an object, with an engine that is traced; only those that are wanted are told of.
    ///
    /// Each kind of rule has its turn. Rules that judge see the object as it stands, as `kyvc check` lets them.
    pub fn of(
        set: &PolicySet,
        engine: &mut Engine,
        doc: &Document<'_>,
        source: &Arc<Source>,
        wants: impl Fn(&RuleInfo) -> bool,
    ) -> Self {
        let resource = Resource::of(doc);
        let mut said: Vec<(Row, String)> = Vec::new();
        let mut hear = |verdict: &Verdict<'_>| {
            said.push((Row::of(set, verdict, 0, &resource.namespace), verdict.message()));
        };
        let versions = Versions::default();
        let mut now = doc;
        for &policy in set.mutating() {
            match engine.mutate(set, policy, &Request::create(now), &versions, &NoHost, |verdict, _| hear(&verdict)) {
                Mutated::Changed(doc) => now = doc,
                Mutated::Same => {}
                Mutated::Lost => break,
            }
        }
        let request = Request::create(doc);
        for &policy in set.generating() {
            engine.generate(set, policy, &request, &NoHost, |verdict, _| hear(&verdict));
        }
        engine.check(set, &request, |verdict| hear(&verdict));
        for &policy in set.cleaning() {
            engine.cleanup(set, policy, &request, &NoHost).iter().for_each(&mut hear);
        }
        let wanted = |number: usize| set.rules().get(number).is_some_and(&wants);
        let traces = engine.take_traces().into_iter().filter(|trace| wanted(trace.rule));
        let mut rules: Vec<Explained> = traces.map(|trace| Explained { trace, said: Vec::new() }).collect();
        for (row, message) in said {
            if let Some(rule) = rules.iter_mut().find(|r| r.trace.rule == row.rule as usize) {
                rule.said.push((row, message));
            }
        }
        let all = set.rules().iter().filter(|r| wants(r)).count();
        Self { resource, source: source.clone(), others: all.saturating_sub(rules.len()), rules }
    }

    /// What the rules said.
    pub fn results<'s>(&self, set: &'s PolicySet) -> Results<'s> {
        let mut results = Results::new(set);
        results.rows = self.rules.iter().flat_map(|r| &r.said).map(|(row, _)| row.clone()).collect();
        results.resources.push((self.resource.clone(), self.source.name.as_str().into()));
        results
    }
}

/// An output format: it gets the objects in the order of the input, and writes what it can at once.
pub trait Writer {
    /// Writes what is known of one object.
    fn story(&mut self, story: &Story) -> io::Result<()>;

    /// Writes what stands after the last.
    fn end(&mut self, totals: &Totals) -> io::Result<()>;
}
