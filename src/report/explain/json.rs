//! Explanations as JSON: one object with `explained` and `summary`.

use super::{Explained, Story, Writer};
use crate::engine::PolicySet;
use crate::engine::trace::RuleTrace;
use crate::report::pretty::{self, List};
use crate::report::rows::Totals;
use serde::Serialize;
use std::io::{self, Write};

/// The report.
pub struct Json<'s, 'o> {
    set: &'s PolicySet,
    out: &'o mut dyn Write,
    list: List,
}

impl<'s, 'o> Json<'s, 'o> {
    /// A report about the rules of a set.
    pub fn new(set: &'s PolicySet, out: &'o mut dyn Write) -> io::Result<Self> {
        write!(out, "{{\n  \"explained\": ")?;
        Ok(Self { set, out, list: List::new(2) })
    }
}

impl Writer for Json<'_, '_> {
    fn story(&mut self, story: &Story) -> io::Result<()> {
        self.list.element(&entry(self.set, story), self.out)
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        self.list.end(self.out)?;
        let summary = pretty::text(&totals.summary, 2)?;
        writeln!(self.out, ",\n  \"summary\": {summary}\n}}")
    }
}

/// An object in JSON.
#[derive(Debug, Serialize)]
struct StoryEntry<'r> {
    file: &'r str,
    kind: &'r str,
    namespace: &'r str,
    name: &'r str,
    rules: Vec<RuleEntry<'r>>,
}

#[derive(Debug, Serialize)]
struct RuleEntry<'r> {
    policy: &'r str,
    rule: &'r str,
    file: &'r str,
    line: u32,
    results: Vec<ResultEntry<'r>>,
    #[serde(flatten)]
    trace: &'r RuleTrace,
}

#[derive(Debug, Serialize)]
struct ResultEntry<'r> {
    result: &'static str,
    message: &'r str,
    line: u32,
    column: u32,
}

fn entry<'r>(set: &'r PolicySet, story: &'r Story) -> impl Serialize + 'r {
    let rule = |rule: &'r Explained| {
        let (info, policy) = (set.rules().get(rule.trace.rule)?, set.policy_of(rule.trace.rule)?);
        let results = rule.said.iter().map(|(row, message)| ResultEntry {
            result: row.status.name(),
            message,
            line: row.place.line,
            column: row.place.column,
        });
        Some(RuleEntry {
            policy: &policy.name,
            rule: &info.name,
            file: &policy.source,
            line: info.place.line,
            results: results.collect(),
            trace: &rule.trace,
        })
    };
    StoryEntry {
        file: &story.source.name,
        kind: &story.resource.kind,
        namespace: &story.resource.namespace,
        name: &story.resource.name,
        rules: story.rules.iter().filter_map(rule).collect(),
    }
}
