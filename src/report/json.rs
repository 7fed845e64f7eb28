//! `kyvc check -o json`: one object with `results` and `summary`.

use super::rows::{Results, Summary};
use serde::Serialize;
use std::io::{self, Write};

/// One result. `line` and `column` count from 1 and are 0 where the place is unknown.
#[derive(Debug, Serialize)]
struct Entry<'r> {
    policy: &'r str,
    rule: &'r str,
    kind: &'r str,
    namespace: &'r str,
    name: &'r str,
    result: &'static str,
    message: String,
    file: &'r str,
    line: u32,
    column: u32,
}

#[derive(Debug, Serialize)]
struct Report<'r> {
    results: Vec<Entry<'r>>,
    summary: Summary,
}

/// Writes the report.
pub fn write(results: &Results<'_>, out: &mut dyn Write) -> io::Result<()> {
    let entries = results.rows.iter().filter_map(|row| {
        let (resource, source) = results.resource(row)?;
        Some(Entry {
            policy: &results.policy(row)?.name,
            rule: &results.rule(row)?.name,
            kind: &resource.kind,
            namespace: &resource.namespace,
            name: &resource.name,
            result: row.status.name(),
            message: results.message(row),
            file: &source.name,
            line: row.place.line,
            column: row.place.column,
        })
    });
    let report = Report { results: entries.collect(), summary: results.summary() };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)
}
