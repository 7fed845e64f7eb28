//! `kyvc check` for people: every row that is not a pass, with the place in the manifest, and a summary line.

use super::rows::{Results, Row};
use crate::engine::Status;
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};

fn style(status: Status) -> Style {
    let color = match status {
        Status::Pass => AnsiColor::Green,
        Status::Fail | Status::Error => AnsiColor::Red,
        Status::Warn => AnsiColor::Yellow,
        Status::Skip => AnsiColor::Cyan,
    };
    Style::new().bold().fg_color(Some(color.into()))
}

/// Writes the report. Colours are written always; the stream takes them away where nobody wants them.
pub fn write(results: &Results<'_>, details: bool, out: &mut dyn Write) -> io::Result<()> {
    for row in &results.rows {
        let quiet = matches!(row.status, Status::Pass | Status::Skip);
        if details || !quiet {
            write_row(results, row, out)?;
        }
    }
    let s = results.summary();
    let policies = results.set.policies().len();
    writeln!(
        out,
        "checked {} resource{} against {policies} polic{}: {} pass, {} fail, {} warn, {} error, {} skip",
        results.resources.len(),
        if results.resources.len() == 1 { "" } else { "s" },
        if policies == 1 { "y" } else { "ies" },
        s.pass,
        s.fail,
        s.warn,
        s.error,
        s.skip
    )
}

fn write_row(results: &Results<'_>, row: &Row, out: &mut dyn Write) -> io::Result<()> {
    let (Some(rule), Some(policy), Some((resource, source))) =
        (results.rule(row), results.policy(row), results.resource(row))
    else {
        return Ok(());
    };
    let style = style(row.status);
    let audited = if row.status == Status::Fail && !row.enforced { " (audit)" } else { "" };
    writeln!(out, "{style}{}{style:#}{audited} {}/{} {}", row.status.name(), policy.name, rule.name, resource.path())?;
    writeln!(out, "  {}", results.message(row))?;
    match row.place.line {
        0 => writeln!(out, "  --> {}", source.name),
        line => writeln!(out, "  --> {}:{line}:{}", source.name, row.place.column),
    }
}
