//! `kyvc check -o sarif`: SARIF 2.1.0, which code hosts show beside the lines of a change.

use super::pretty::{List, text};
use super::rows::{Results, Row, Totals, Writer};
use crate::engine::{PolicySet, Severity, Status};
use serde_json::{Value, json};
use std::io::{self, Write};

/// The report. Passes and skips are no findings and left out.
pub struct Sarif<'o> {
    out: &'o mut dyn Write,
    results: List,
}

impl<'o> Sarif<'o> {
    /// A report of what the rules of a set find.
    pub fn new(set: &PolicySet, out: &'o mut dyn Write) -> io::Result<Self> {
        let rules: Vec<Value> = set
            .rules()
            .iter()
            .map(|rule| {
                let policy = set.policies().get(rule.policy);
                let severity = policy.and_then(|p| p.severity).unwrap_or(Severity::Medium);
                json!({
                    "id": id(policy.map_or("", |p| &p.name), &rule.name),
                    "shortDescription": {
                        "text": format!("rule {} of policy {}", rule.name, policy.map_or("", |p| &p.name))
                    },
                    "properties": {
                        "category": policy.map_or("", |p| &p.category),
                        "security-severity": score(severity)
                    },
                })
            })
            .collect();
        let tool = json!({"driver": {"name": "kyvc", "version": env!("CARGO_PKG_VERSION"), "rules": rules}});
        writeln!(
            out,
            "{{\n  \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n  \"version\": \"2.1.0\","
        )?;
        writeln!(out, "  \"runs\": [\n    {{\n      \"tool\": {},", text(&tool, 6)?)?;
        write!(out, "      \"results\": ")?;
        Ok(Self { out, results: List::new(6) })
    }
}

impl<'s> Writer<'s> for Sarif<'_> {
    fn piece(&mut self, piece: Results<'s>) -> io::Result<()> {
        let found = piece.rows.iter().filter(|row| !matches!(row.status, Status::Pass | Status::Skip));
        for result in found.filter_map(|row| result(&piece, row)) {
            self.results.element(&result, self.out)?;
        }
        Ok(())
    }

    fn end(&mut self, _: &Totals) -> io::Result<()> {
        self.results.end(self.out)?;
        writeln!(self.out, "\n    }}\n  ]\n}}")
    }
}

fn result(results: &Results<'_>, row: &Row) -> Option<Value> {
    let (resource, source) = results.resource(row)?;
    let level = match row.status {
        Status::Error => "error",
        Status::Fail if row.enforced => "error",
        _ => "warning",
    };
    let region = json!({"startLine": row.place.line.max(1), "startColumn": row.place.column.max(1)});
    Some(json!({
        "ruleId": id(&results.policy(row)?.name, &results.rule(row)?.name),
        "ruleIndex": row.rule,
        "level": level,
        "message": {"text": results.message(row)},
        "locations": [{
            "physicalLocation": {"artifactLocation": {"uri": &**source}, "region": region},
            "logicalLocations": [{"fullyQualifiedName": resource.path(), "kind": "resource"}],
        }],
    }))
}

fn id(policy: &str, rule: &str) -> String {
    format!("{policy}/{rule}")
}

/// The score that code hosts order findings by.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}
