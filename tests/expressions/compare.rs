//! Random expressions on both sides, and what differs.

use super::grammar;
use super::settings::Settings;
use bumpalo::Bump;
use kyvc::engine::query::evaluate;
use kyvc_grammar::jmespath;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// What a comparison found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// How many cases there were
    pub(crate) cases: usize,
    /// Of them, how many gave a value on both sides
    pub(crate) values: usize,
    /// How many an error
    pub(crate) errors: usize,
    /// Of how many the tree was compared
    pub(crate) trees: usize,
    /// How many crash the reference; ours has to be an error
    pub(crate) crashes: usize,
    /// How many show an address, a name that was looked up, or something else that is never the same twice
    pub(crate) unstable: usize,
    /// What differs
    pub(crate) differences: Vec<String>,
}

impl Report {
    /// The report in words.
    pub(crate) fn text(&self) -> String {
        let mut out = format!(
            "expressions: {} cases, {} trees, {} values, {} errors, {} crashes of the reference, {} unstable, {} \
             differences",
            self.cases,
            self.trees,
            self.values,
            self.errors,
            self.crashes,
            self.unstable,
            self.differences.len()
        );
        for difference in self.differences.iter().take(100) {
            out.push_str("\n  ");
            out.push_str(difference);
        }
        out
    }
}

/// What is asked about an expression.
struct Case {
    expression: String,
    document: &'static str,
    ints: bool,
    /// The tree that it is read as, or what is wrong with it, instead of its value
    tree: bool,
}

/// Compares.
pub(crate) fn run(reference: &Path, settings: &Settings) -> io::Result<Report> {
    let mut child = Command::new(reference).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut to = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let from = BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
    let case = |number: usize| {
        let bytes = settings.bytes(number);
        Case {
            expression: grammar::expression(&bytes),
            document: grammar::document(number / 2 % 11),
            ints: number % 2 == 1,
            tree: number % 5 == 4,
        }
    };
    let mut report = Report::default();
    std::thread::scope(|scope| {
        scope.spawn(move || -> io::Result<()> {
            for case in (0..settings.count).map(case) {
                let input: Value = serde_json::from_str(case.document)?;
                let line = json!({"expr": case.expression, "input": input, "ints": case.ints, "ast": case.tree});
                writeln!(to, "{line}")?;
            }
            Ok(())
        });
        for (number, line) in from.lines().enumerate().take(settings.count) {
            judge(&case(number), &line?, &mut report);
        }
        io::Result::Ok(())
    })?;
    child.wait()?;
    Ok(report)
}

fn judge(case: &Case, line: &str, report: &mut Report) {
    report.cases += 1;
    if case.tree {
        return judge_tree(case, line, report);
    }
    let ours = evaluate(&case.expression, case.document, case.ints);
    let theirs: Value = serde_json::from_str(line).unwrap_or_default();
    // Go escapes the character that stands for what is no UTF-8.
    let raw = || {
        let result = line.strip_prefix("{\"result\":").and_then(|l| l.strip_suffix('}'));
        result.unwrap_or("").replace("\\ufffd", "\u{fffd}")
    };
    let text = |name: &str| theirs.get(name).and_then(Value::as_str);
    let same = match (&ours, text("error"), text("panic")) {
        (_, Some(error), _) if unstable(error) => {
            report.unstable += 1;
            return;
        }
        (Err(ours), Some(error), _) => {
            report.errors += 1;
            ours == error
        }
        (ours, _, Some(_)) => {
            report.crashes += 1;
            ours.is_err()
        }
        (Ok(ours), None, None) => {
            report.values += 1;
            // What is random, and how long ago something was now.
            *ours == raw() || ["random(", "time_since("].iter().any(|f| case.expression.contains(f))
        }
        _ => false,
    };
    if !same {
        let ints = if case.ints { " (int64)" } else { "" };
        let document: String = case.document.chars().take(60).collect();
        report
            .differences
            .push(format!("{}\n    on {document}{ints}\n    ours   {ours:?}\n    theirs {line}", case.expression));
    }
}

/// Compares the text of the tree, or the error with the mark at its place.
fn judge_tree(case: &Case, line: &str, report: &mut Report) {
    report.trees += 1;
    let bump = Bump::new();
    let ours = match jmespath::parse(&bump, &case.expression) {
        Ok(tree) => Ok(tree.tree().to_string()),
        Err(e) => Err(e.marked(&case.expression)),
    };
    let theirs: Value = serde_json::from_str(line).unwrap_or_default();
    let text = |name: &str| theirs.get(name).and_then(Value::as_str);
    let same = match (&ours, text("result"), text("error")) {
        // Go shows where the numbers of a slice are in memory.
        (Ok(_), Some(theirs), _) if theirs.contains("(*int)(0x") => true,
        (Ok(ours), Some(theirs), _) => ours == theirs,
        (Err(ours), _, Some(theirs)) => ours == theirs,
        _ => false,
    };
    if !same {
        report.differences.push(format!("{}\n    ours   {ours:?}\n    theirs {line}", case.expression));
    }
}

/// Whether an error shows what is never the same twice: an address in memory, or what a name server says.
fn unstable(error: &str) -> bool {
    // A text of random length.
    error.len() > 1000 && error.contains("xxxxxxxxxxxxxxxx")
        || error.contains("{21 [") && error.contains("0x")
        || error.starts_with("lookup ")
}
