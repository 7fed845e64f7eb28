//! `kyvc test`: what `kyverno test` does, with the same arguments, tables, summaries and exit codes.
//!
//! Kyverno: cmd/cli/kubectl-kyverno/commands/test/command.go.

use super::common;
use super::compat::go_bool;
use super::paint::Paint;
use crate::offline::git::Access;
use crate::report::table::table;
use crate::report::test_rows::{Counts, Format, Judgement, Row};
use crate::suite::{Options, Suite};
use clap::ArgAction::Set;
use std::io::{self, Write};
use std::process::ExitCode;

/// Arguments of `kyvc test`.
#[derive(Clone, Debug, clap::Args)]
#[command(args_override_self = true)]
pub(super) struct Args {
    /// Folders that are searched for tests, with all folders in them
    pub(super) folders: Vec<String>,
    /// Name of the test files
    #[arg(short, long, default_value = "kyverno-test.yaml", value_name = "NAME")]
    pub(super) file_name: String,
    /// Git: the branch
    #[arg(short = 'b', long)]
    pub(super) git_branch: Option<String>,
    /// Which expected results are looked at
    #[arg(short, long, default_value = "policy=*,rule=*,resource=*", value_name = "PATTERNS")]
    pub(super) test_case_selector: String,
    /// Print rows as json, yaml, markdown or junit instead of a table
    #[arg(short, long, default_value = "", value_name = "FORMAT")]
    pub(super) output_format: String,
    /// Use the image registry
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub(super) registry: bool,
    /// Only print what failed
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub(super) fail_only: bool,
    /// Use no colours
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub(super) remove_color: bool,
    /// Show messages
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub(super) detailed_results: bool,
    /// Fail where there are no tests
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub(super) require_tests: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let result = test(args, &mut out);
    // A reader that went away, as `head` does, changes nothing about the results.
    let _ = out.flush();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(io::stderr(), "Error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// How rows are printed.
struct Printer<'p> {
    args: &'p Args,
    format: Option<Format>,
    remove_color: bool,
}

fn test(args: &Args, out: &mut dyn Write) -> Result<(), String> {
    if args.folders.is_empty() {
        return Err("requires at least 1 arg(s), only received 0".to_owned());
    }
    let format = Format::of(&args.output_format);
    if !args.output_format.is_empty() && format.is_none() {
        return Err("invalid format, expected (json, yaml, markdown, junit)".to_owned());
    }
    let remove_color = args.remove_color || format.is_some();
    let options = Options { selector: args.test_case_selector.clone(), registry: args.registry, remove_color };
    let git = Access { branch: args.git_branch.as_deref().unwrap_or_default(), ..Access::default() };
    let suite = Suite::find(&args.folders, &args.file_name, git, options).map_err(|e| {
        let _ = writeln!(out, "\nError loading tests: {e}");
        e
    });
    let suite = suite?;
    let printed = Printer { args, format, remove_color }.all(&suite, out);
    printed.unwrap_or_else(|e| match e.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(e.to_string()),
    })
}

impl Printer<'_> {
    /// Runs the tests and prints what they come to. The inner error is Kyverno's own.
    fn all(&self, suite: &Suite, out: &mut dyn Write) -> io::Result<Result<(), String>> {
        let wrong = suite.selector_errors();
        if !wrong.is_empty() {
            writeln!(out, "\nFilter errors:")?;
            wrong.iter().try_for_each(|e| writeln!(out, "  Error: {e}"))?;
        }
        if suite.is_empty() {
            writeln!(out, "\nNo test yamls available")?;
        }
        let errors: Vec<(&str, &str)> = suite.errors().collect();
        if !errors.is_empty() {
            writeln!(out, "\nTest errors:")?;
            errors.iter().try_for_each(|(path, e)| writeln!(out, "  Path: {path}\n    Error: {e}"))?;
            return Ok(Err(format!("found {} errors after loading tests", errors.len())));
        }
        if suite.is_empty() {
            return Ok(match wrong.first() {
                _ if self.args.require_tests => Err("no tests found".to_owned()),
                Some(e) => Err(e.clone()),
                None => Ok(()),
            });
        }
        self.reports(suite, out)
    }

    fn reports(&self, suite: &Suite, out: &mut dyn Write) -> io::Result<Result<(), String>> {
        let (reports, old) = suite.run();
        let (mut counts, mut failed) = (Counts::default(), Vec::new());
        for report in reports {
            out.write_all(&report.progress)?;
            out.flush()?;
            common::print(&report.diagnostics);
            let rows = match report.rows {
                Ok(rows) => rows,
                Err(e) => return Ok(Err(format!("failed to run test ({e})"))),
            };
            writeln!(out, "  Checking results ...")?;
            counts.pass += report.counts.pass;
            counts.fail += report.counts.fail;
            counts.skip += report.counts.skip;
            failed.extend(rows.iter().filter(|r| r.is_failure()).cloned());
            if self.args.fail_only {
                continue;
            }
            match self.format {
                Some(format) => format.print(&rows, self.args.detailed_results, out)?,
                None => {
                    writeln!(out)?;
                    self.table(&rows, out)?;
                    writeln!(out)?;
                }
            }
        }
        if let Some(path) = old {
            writeln!(out, "\nWARNING: test file ({path}) uses a deprecated schema that will be removed in 1.15")?;
            return Ok(Err(format!("test file {path} uses a deprecated schema — please migrate to the latest format")));
        }
        self.summary(counts, failed, out)
    }

    fn summary(&self, counts: Counts, mut failed: Vec<Row>, out: &mut dyn Write) -> io::Result<Result<(), String>> {
        let Counts { pass, fail, skip } = counts;
        if self.args.fail_only {
            writeln!(out, "\nTest Summary: {fail} out of {} tests failed\n", pass + skip + fail)?;
        } else {
            writeln!(out, "\nTest Summary: {} tests passed and {fail} tests failed\n", pass + skip)?;
        }
        if fail == 0 {
            return Ok(Ok(()));
        }
        if self.args.fail_only {
            match self.format {
                Some(format) => format.print(&failed, self.args.detailed_results, out)?,
                None => {
                    writeln!(out, "Aggregated Failed Test Cases : ")?;
                    failed.iter_mut().enumerate().for_each(|(i, row)| row.id = i + 1);
                    self.table(&failed, out)?;
                }
            }
        }
        Ok(Err(format!("{fail} tests failed")))
    }

    fn table(&self, rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
        let paint = Paint::new(self.remove_color);
        let mut headers = vec!["id", "policy", "rule", "resource", "result", "reason"];
        if self.args.detailed_results {
            headers.push("message");
        }
        let cells = |row: &Row| {
            let remark = |text: String| if row.reason.is_remark() { paint.remark(&text) } else { text };
            let mut cells = vec![
                row.id.to_string(),
                paint.policy("", &row.policy),
                paint.name(&row.rule),
                paint.resource(&row.path, "", &row.name),
                match row.judgement {
                    Judgement::Pass => paint.status(crate::engine::Status::Pass),
                    Judgement::Fail => paint.status(crate::engine::Status::Fail),
                    Judgement::Skip => paint.status(crate::engine::Status::Skip),
                },
                remark(row.reason.to_string()),
            ];
            if self.args.detailed_results {
                cells.push(row.message.clone());
            }
            cells
        };
        let lines: Vec<Vec<String>> = rows.iter().map(cells).collect();
        out.write_all(table(&headers, &lines, !self.remove_color).as_bytes())
    }
}
