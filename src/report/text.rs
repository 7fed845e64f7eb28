//! `kyvc check` for people: every row that is not a pass, with the place in the manifest, and a summary line.

use super::rows::{Results, Row, Totals, Writer};
use crate::engine::Status;
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};

/// How a status is shown.
pub(super) fn style(status: Status) -> Style {
    let color = match status {
        Status::Pass => AnsiColor::Green,
        Status::Fail | Status::Error => AnsiColor::Red,
        Status::Warn => AnsiColor::Yellow,
        Status::Skip => AnsiColor::Cyan,
    };
    Style::new().bold().fg_color(Some(color.into()))
}

/// The report. Colours are written always; the stream takes them away where nobody wants them.
pub struct Text<'o> {
    out: &'o mut dyn Write,
    details: bool,
}

impl<'o> Text<'o> {
    /// A report of what does not pass, or of every row for `details`.
    pub fn new(out: &'o mut dyn Write, details: bool) -> Self {
        Self { out, details }
    }
}

impl<'s> Writer<'s> for Text<'_> {
    fn piece(&mut self, piece: Results<'s>) -> io::Result<()> {
        for row in &piece.rows {
            let quiet = matches!(row.status, Status::Pass | Status::Skip);
            if self.details || !quiet {
                write_row(&piece, row, self.out)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        let Totals { policies, resources, summary: s, .. } = totals;
        writeln!(
            self.out,
            "checked {resources} resource{} against {policies} polic{}: {} pass, {} fail, {} warn, {} error, {} skip",
            if *resources == 1 { "" } else { "s" },
            if *policies == 1 { "y" } else { "ies" },
            s.pass,
            s.fail,
            s.warn,
            s.error,
            s.skip
        )
    }
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
        0 => writeln!(out, "  --> {}", source),
        line => writeln!(out, "  --> {}:{line}:{}", source, row.place.column),
    }
}
