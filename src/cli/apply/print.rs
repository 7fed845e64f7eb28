//! What `kyverno apply` prints: refused policies, then reports, a table, or violations and counts.

use super::evaluate::Response;
use super::{Applied, Args};
use crate::engine::{PolicyInfo, Status};
use crate::report::openreports::{self, BACKGROUND, Finding, Reference, ReportResult, Reports};
use crate::report::table::table;
use std::io::{self, IsTerminal, Write};

const DIVIDER: &str = "----------------------------------------------------------------------";

/// Prints a run.
pub(super) struct Printer<'p> {
    args: &'p Args,
    out: &'p mut dyn Write,
}

impl<'p> Printer<'p> {
    pub(super) fn new(args: &'p Args, out: &'p mut dyn Write) -> Self {
        Self { args, out }
    }

    /// Prints all of it. `rules` is how many rules the policies have.
    pub(super) fn all(mut self, applied: &Applied, rules: usize) -> io::Result<()> {
        if !self.args.stdin && !self.args.policy_report {
            let resources = applied.outcome.resources.len();
            writeln!(self.out, "\nApplying {rules} policy rule(s) to {resources} resource(s)...")?;
        }
        self.refused(applied, false, "Policies Skipped:")?;
        self.refused(applied, true, "Invalid Policies:")?;
        if self.args.policy_report {
            self.reports(applied)
        } else if self.args.table {
            self.table(applied)
        } else {
            self.text(applied)
        }
    }

    fn refused(&mut self, applied: &Applied, invalid: bool, title: &str) -> io::Result<()> {
        let refused: Vec<_> = applied.refused.iter().filter(|r| r.invalid == invalid).collect();
        if refused.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "{DIVIDER}\n{title}")?;
        for (i, r) in refused.iter().enumerate() {
            writeln!(self.out, "{}. {}: {}", i + 1, r.name, r.reason)?;
        }
        writeln!(self.out, "{DIVIDER}")
    }

    fn reports(&mut self, applied: &Applied) -> io::Result<()> {
        let mut reports = Reports::default();
        let seconds = openreports::now();
        for (response, policy, resource) in rows(applied) {
            let spec = applied.units.get(response.policy).map(|u| &u.policy.spec);
            let process = match spec {
                Some(spec) if !spec.background && spec.admission => "admission review",
                Some(spec) if !spec.background => "",
                _ => BACKGROUND,
            };
            let audit_warns = self.args.audit_warn && response.audits;
            let results = response.rules.iter().map(|r| {
                let finding = Finding { rule: &r.rule, status: r.status, message: &r.message, audit_warns, seconds };
                ReportResult::new(policy, process, resource, &finding)
            });
            reports.add(policy, results.collect());
        }
        reports.print(self.args.output_format == "json", self.out)
    }

    fn table(&mut self, applied: &Applied) -> io::Result<()> {
        let paint = Paint::new(self.args.remove_color);
        let mut headers = vec!["id", "policy", "rule", "resource", "result", "reason"];
        if self.args.detailed_results {
            headers.push("message");
        }
        let mut lines = Vec::new();
        for (response, policy, resource) in rows(applied) {
            let named = |namespace: &str, parts: &[&str]| {
                let all = [namespace].into_iter().filter(|n| !n.is_empty()).chain(parts.iter().copied());
                all.map(|p| paint.name(p)).collect::<Vec<_>>().join("/")
            };
            for r in &response.rules {
                let warns = !policy.scored || (self.args.audit_warn && response.audits);
                let status = if r.status == Status::Fail && warns { Status::Warn } else { r.status };
                let mut line = vec![
                    (lines.len() + 1).to_string(),
                    named(policy.namespace.as_deref().unwrap_or_default(), &[&policy.name]),
                    paint.name(&r.rule),
                    named(&resource.namespace, &[&resource.kind, &resource.name]),
                    paint.status(status),
                    String::new(),
                ];
                if self.args.detailed_results {
                    line.push(r.message.clone());
                }
                lines.push(line);
            }
        }
        self.out.write_all(table(&headers, &lines, !self.args.remove_color).as_bytes())
    }

    fn text(&mut self, applied: &Applied) -> io::Result<()> {
        for (response, policy, resource) in rows(applied) {
            let mut failed = response.rules.iter().filter(|r| r.status == Status::Fail).peekable();
            if failed.peek().is_none() {
                continue;
            }
            let how = if self.args.audit_warn && response.audits { "failed as audit warning:" } else { "failed:" };
            let Reference { namespace, kind, name, .. } = resource;
            writeln!(self.out, "policy {} -> resource {namespace}/{kind}/{name} {how}", policy.name)?;
            for (i, r) in failed.enumerate() {
                let message = if r.message.is_empty() { "validation failed" } else { &r.message };
                writeln!(self.out, "{} - {} {message}", i + 1, r.rule)?;
            }
        }
        let c = &applied.counts;
        writeln!(
            self.out,
            "\npass: {}, fail: {}, warn: {}, error: {}, skip: {} ",
            c.pass, c.fail, c.warn, c.error, c.skip
        )
    }
}

fn rows(applied: &Applied) -> impl Iterator<Item = (&Response, &PolicyInfo, &Reference)> {
    applied.outcome.responses.iter().filter_map(|response| {
        let policy = applied.set.policies().get(response.policy)?;
        let resource = applied.outcome.resources.get(response.resource)?;
        Some((response, policy, resource))
    })
}

/// Colours, for a terminal only.
struct Paint {
    on: bool,
}

impl Paint {
    fn new(remove: bool) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        Self { on: !remove && !unwanted && io::stdout().is_terminal() }
    }

    fn paint(&self, color: u8, text: &str) -> String {
        if self.on { format!("\x1b[{color};1m{text}\x1b[0;22m") } else { text.to_owned() }
    }

    fn name(&self, text: &str) -> String {
        self.paint(36, text)
    }

    fn status(&self, status: Status) -> String {
        match status {
            Status::Pass => self.paint(32, "Pass"),
            Status::Fail => self.paint(31, "Fail"),
            Status::Warn => self.paint(33, "Warn"),
            Status::Error => self.paint(31, "Error"),
            Status::Skip => self.paint(36, "Skip"),
        }
    }
}
