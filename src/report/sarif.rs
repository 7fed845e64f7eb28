//! `kyvc check -o sarif`: SARIF 2.1.0, which code hosts show beside the lines of a change.

use super::rows::Results;
use crate::engine::{Severity, Status};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes the report. Passes and skips are no findings and left out.
pub fn write(results: &Results<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<Value> = results
        .set
        .rules()
        .iter()
        .map(|rule| {
            let policy = results.set.policies().get(rule.policy);
            let severity = policy.and_then(|p| p.severity).unwrap_or(Severity::Medium);
            json!({
                "id": id(policy.map_or("", |p| &p.name), &rule.name),
                "shortDescription": {"text": format!("rule {} of policy {}", rule.name, policy.map_or("", |p| &p.name))},
                "properties": {"category": policy.map_or("", |p| &p.category), "security-severity": score(severity)},
            })
        })
        .collect();
    let found: Vec<Value> = results
        .rows
        .iter()
        .filter(|row| !matches!(row.status, Status::Pass | Status::Skip))
        .filter_map(|row| {
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
                    "physicalLocation": {"artifactLocation": {"uri": source.name}, "region": region},
                    "logicalLocations": [{"fullyQualifiedName": resource.path(), "kind": "resource"}],
                }],
            }))
        })
        .collect();
    let report = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "kyvc", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "results": found,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)
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
