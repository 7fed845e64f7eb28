//! What `kyverno apply` prints: mutated and generated resources, refused policies, then reports, exceptions, a table, or
//! violations and counts.

use super::output::Output;
use super::{Applied, Args};
use crate::cli::paint::Paint;
use crate::engine::{PolicyInfo, Status};
use crate::offline::outcome::{Does, Object, Response, Ruled};
use crate::report::exceptions::PolicyException;
use crate::report::go_yaml3;
use crate::report::openreports::{self, Finding, Reference, ReportResult, Reports};
use crate::report::table::table;
use std::io::{self, Write};

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

    /// What is applied to how much.
    pub(super) fn head(&mut self, applied: &Applied) -> io::Result<()> {
        if !self.args.stdin && !self.args.policy_report && !self.args.generate_exceptions {
            let (rules, resources) = (applied.rules, applied.outcome.resources.len());
            write!(self.out, "\nApplying {rules} policy rule(s) to {resources} resource(s)")?;
            match applied.exceptions {
                0 => writeln!(self.out, "...")?,
                n => writeln!(self.out, " with {n} exception(s)...")?,
            }
        }
        Ok(())
    }

    /// What rules said.
    pub(super) fn results(&mut self, applied: &Applied) -> io::Result<()> {
        self.refused(applied, false, "Policies Skipped:")?;
        self.refused(applied, true, "Invalid Policies:")?;
        if self.args.policy_report {
            self.reports(applied)
        } else if self.args.generate_exceptions {
            self.exceptions(applied)
        } else if self.args.table {
            self.table(applied)
        } else {
            self.text(applied)
        }
    }

    /// The resources that were mutated and generated, to `output` where there is one.
    pub(super) fn changes(&mut self, applied: &Applied, output: Option<&Output>) -> io::Result<()> {
        for (response, policy, _) in rows(applied) {
            let Some(resource) = applied.outcome.resources.get(response.resource) else { continue };
            if let (Does::Mutate, Some(patched)) = (response.does, &response.patched) {
                let targets: Vec<&Object> = response.rules.iter().filter_map(|r| r.target.as_ref()).collect();
                let file = format!("{}-mutated", resource.name);
                self.change(policy, resource, patched, &targets, output.map(|o| (o, file.as_str())))?;
                write!(self.out, "\n\nMutation:\nMutation has been applied successfully.")?;
            }
            for made in response.rules.iter().flat_map(|r| &r.generated) {
                let file = format!("{}-generated", policy.name);
                self.change(policy, resource, made, &[], output.map(|o| (o, file.as_str())))?;
                write!(self.out, "\n\nGenerate:\nGeneration completed successfully.")?;
            }
        }
        Ok(())
    }

    /// Kyverno: processor/policy_processor.go, printOutput.
    fn change(
        &mut self,
        policy: &PolicyInfo,
        resource: &Reference,
        object: &Object,
        targets: &[&Object],
        output: Option<(&Output, &str)>,
    ) -> io::Result<()> {
        let text = yaml(object);
        if let Some((output, name)) = output {
            output.add(name, &format!("{text}\n---\n\n"))?;
            return targets.iter().try_for_each(|t| output.add(name, &format!("{}\n---\n", yaml(t))));
        }
        if !self.args.stdin {
            write!(self.out, "\npolicy {} applied to {}:", policy.name, path(resource))?;
        }
        write!(self.out, "\n{text}\n---\n")?;
        if !targets.is_empty() {
            writeln!(self.out, "patched targets: ")?;
        }
        targets.iter().try_for_each(|t| write!(self.out, "\n{}\n---\n\n", yaml(t)))
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
            let audit_warns = self.args.audit_warn && response.audits;
            let results = response.rules.iter().map(|r| {
                let finding = Finding {
                    rule: &r.rule,
                    status: r.status,
                    message: &r.message,
                    audit_warns,
                    seconds,
                    exceptions: &r.exceptions,
                    standard: r.standard.as_deref(),
                    properties: &r.properties,
                };
                ReportResult::new(policy, resource, &finding)
            });
            reports.add(policy, results.collect());
        }
        reports.print(self.args.output_format == "json", self.out)
    }

    /// An exception for each violation of a policy that is in no namespace.
    fn exceptions(&mut self, applied: &Applied) -> io::Result<()> {
        for (response, policy, resource) in rows(applied) {
            let clustered = policy.namespace.as_deref().is_none_or(str::is_empty);
            for ruled in response.rules.iter().filter(|_| clustered) {
                if self.status(ruled, response, policy) != Status::Fail {
                    continue;
                }
                let ttl = self.args.generated_exception_ttl;
                let exception = PolicyException::of(&policy.name, &ruled.rule, resource, ttl);
                let exception = exception.lifting(ruled.standard.as_deref());
                write!(self.out, "---\n{}\n", exception.text(self.args.output_format == "json")?)?;
            }
        }
        Ok(())
    }

    /// The status that a rule has here: some violations only warn.
    fn status(&self, ruled: &Ruled, response: &Response, policy: &PolicyInfo) -> Status {
        let warns = !policy.scored || (self.args.audit_warn && response.audits);
        if ruled.status == Status::Fail && warns { Status::Warn } else { ruled.status }
    }

    fn table(&mut self, applied: &Applied) -> io::Result<()> {
        let paint = Paint::new(self.args.remove_color);
        let mut headers = vec!["id", "policy", "rule", "resource", "result", "reason"];
        if self.args.detailed_results {
            headers.push("message");
        }
        let mut lines = Vec::new();
        for (response, policy, resource) in rows(applied) {
            for r in &response.rules {
                let mut line = vec![
                    (lines.len() + 1).to_string(),
                    paint.policy(policy.namespace.as_deref().unwrap_or_default(), &policy.name),
                    // Kyverno names no rule of a kind that has none.
                    if r.does == Does::Cleanup { String::new() } else { paint.name(&r.rule) },
                    paint.resource(&resource.kind, &resource.namespace, &resource.name),
                    paint.status(self.status(r, response, policy)),
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
            let (policy, path) = (&policy.name, path(resource));
            for r in &response.rules {
                match (r.does, r.status) {
                    (Does::VerifyImages, Status::Skip) if r.exceptions.is_empty() => {}
                    // Kyverno: handlers/mutation/mutate_image.go, what exceptions skip there is said to be a mutation.
                    (Does::Mutate | Does::VerifyImages, Status::Skip) => {
                        writeln!(self.out, "\nskipped mutate policy {policy} -> resource {path}")?;
                    }
                    (Does::Mutate, Status::Error) => writeln!(
                        self.out,
                        "\nerror while applying mutate policy {policy} -> resource {path} \nerror:  {}",
                        r.message
                    )?,
                    (Does::Generate, Status::Error) => writeln!(
                        self.out,
                        "\nerror while applying generate policy {policy} -> resource {path} \nerror: {}",
                        r.message
                    )?,
                    _ => {}
                }
            }
            let mut failed = response.rules.iter().filter(|r| r.status == Status::Fail).peekable();
            if failed.peek().is_none() {
                continue;
            }
            let how = if self.args.audit_warn && response.audits { "failed as audit warning:" } else { "failed:" };
            writeln!(self.out, "policy {policy} -> resource {path} {how}")?;
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
        let resource = response.about.as_ref().or(applied.outcome.resources.get(response.resource))?;
        Some((response, policy, resource))
    })
}

/// `namespace/Kind/name`.
fn path(resource: &Reference) -> String {
    let Reference { namespace, kind, name, .. } = resource;
    format!("{namespace}/{kind}/{name}")
}

fn yaml(object: &Object) -> String {
    object.read(go_yaml3::to_yaml).unwrap_or_default()
}
