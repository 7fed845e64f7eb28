//! `kyvc check -o json`: one object with `results` and `summary`.

use super::pretty::List;
use super::rows::{Results, Totals, Writer};
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

/// The report.
pub struct Json<'o> {
    out: &'o mut dyn Write,
    results: List,
}

impl<'o> Json<'o> {
    /// A report of every row.
    pub fn new(out: &'o mut dyn Write) -> io::Result<Self> {
        write!(out, "{{\n  \"results\": ")?;
        Ok(Self { out, results: List::new(2) })
    }
}

impl<'s> Writer<'s> for Json<'_> {
    fn piece(&mut self, piece: Results<'s>) -> io::Result<()> {
        let entries = piece.rows.iter().filter_map(|row| {
            let (resource, source) = piece.resource(row)?;
            Some(Entry {
                policy: &piece.policy(row)?.name,
                rule: &piece.rule(row)?.name,
                kind: &resource.kind,
                namespace: &resource.namespace,
                name: &resource.name,
                result: row.status.name(),
                message: piece.message(row),
                file: source,
                line: row.place.line,
                column: row.place.column,
            })
        });
        for entry in entries {
            self.results.element(&entry, self.out)?;
        }
        Ok(())
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        self.results.end(self.out)?;
        let summary = super::pretty::text(&totals.summary, 2)?;
        writeln!(self.out, ",\n  \"summary\": {summary}\n}}")
    }
}
