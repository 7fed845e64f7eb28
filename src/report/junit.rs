//! `kyvc check -o junit`: a test suite a policy, a test case a rule and resource.

use super::rows::{Results, Row};
use crate::engine::Status;
use std::io::{self, Write};

/// Writes the report.
pub fn write(results: &Results<'_>, out: &mut dyn Write) -> io::Result<()> {
    let s = results.summary();
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<testsuites name="kyvc" tests="{}" failures="{}" errors="{}" skipped="{}">"#,
        results.rows.len(),
        s.fail,
        s.error,
        s.skip
    )?;
    for (number, policy) in results.set.policies().iter().enumerate() {
        let rows: Vec<&Row> =
            results.rows.iter().filter(|r| results.rule(r).is_some_and(|x| x.policy == number)).collect();
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
        escape(&source.name)
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
