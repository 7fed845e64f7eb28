//! `kyvc check -o junit`: a test suite a policy, a test case a rule and resource.

use super::rows::{Results, Row, Totals, Writer};
use crate::engine::{PolicySet, Status};
use std::io::{self, Write};

/// The report. A suite says at its start how many tests it has, so that nothing is written before the end.
pub struct Junit<'s, 'o> {
    out: &'o mut dyn Write,
    results: Results<'s>,
}

impl<'s, 'o> Junit<'s, 'o> {
    /// A report of every row.
    pub fn new(set: &'s PolicySet, out: &'o mut dyn Write) -> Self {
        Self { out, results: Results::new(set) }
    }
}

impl<'s> Writer<'s> for Junit<'s, '_> {
    fn piece(&mut self, piece: Results<'s>) -> io::Result<()> {
        self.results.append(piece);
        Ok(())
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        write(&self.results, totals, self.out)
    }
}

fn write(results: &Results<'_>, totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let s = totals.summary;
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<testsuites name="kyvc" tests="{}" failures="{}" errors="{}" skipped="{}">"#,
        results.rows.len(),
        s.fail,
        s.error,
        s.skip
    )?;
    let mut suites: Vec<Vec<&Row>> = vec![Vec::new(); results.set.policies().len()];
    for row in &results.rows {
        if let Some(suite) = results.rule(row).and_then(|rule| suites.get_mut(rule.policy)) {
            suite.push(row);
        }
    }
    for (policy, rows) in results.set.policies().iter().zip(suites) {
        if rows.is_empty() {
            continue;
        }
        let count = |status| rows.iter().filter(|r| r.status == status).count();
        writeln!(
            out,
            r#"  <testsuite name="{}" tests="{}" failures="{}" errors="{}" skipped="{}">"#,
            escape(&policy.name),
            rows.len(),
            count(Status::Fail),
            count(Status::Error),
            count(Status::Skip)
        )?;
        for row in rows {
            case(results, row, out)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn case(results: &Results<'_>, row: &Row, out: &mut dyn Write) -> io::Result<()> {
    let (Some(rule), Some((resource, source))) = (results.rule(row), results.resource(row)) else { return Ok(()) };
    write!(
        out,
        r#"    <testcase classname="{}" name="{}" file="{}""#,
        escape(&rule.name),
        escape(&resource.path()),
        escape(source)
    )?;
    if row.place.line > 0 {
        write!(out, r#" line="{}""#, row.place.line)?;
    }
    let message = escape(&results.message(row));
    match row.status {
        Status::Pass => writeln!(out, "/>"),
        Status::Fail => writeln!(out, "><failure message=\"{message}\"/></testcase>"),
        Status::Error => writeln!(out, "><error message=\"{message}\"/></testcase>"),
        Status::Skip => writeln!(out, "><skipped message=\"{message}\"/></testcase>"),
        Status::Warn => writeln!(out, "><system-out>warning: {message}</system-out></testcase>"),
    }
}

/// Escapes text for XML; characters that XML 1.0 cannot hold become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => out.push(c),
            _ => out.push('\u{fffd}'),
        }
    }
    out
}
