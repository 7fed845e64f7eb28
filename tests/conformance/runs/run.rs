//! Running the command line, and the rows of the report that it prints.

use super::records::Row;
use serde_json::Value;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// After which it counts as hung.
const LIMIT: Duration = Duration::from_secs(60);

/// About when the recordings were made: what policies say depends on the hour.
const RECORDED: &str = "2026-11-23T15:00:00Z";

/// What a command line did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ran {
    /// The exit code, unless a signal has ended it.
    pub(crate) rc: Option<i32>,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it said besides.
    pub(crate) stderr: String,
    /// That it crashed or hung, and how.
    pub(crate) crash: Option<String>,
}

/// Runs `kyvc` in a folder.
pub(crate) fn run(kyvc: &Path, argv: &[String], folder: &Path, work: &Path, worker: usize) -> Ran {
    let file = |kind: &str| work.join(format!("{worker}.{kind}"));
    let text = |kind| fs::read(file(kind)).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
    let status = match start(kyvc, argv, folder, &file("stdout"), &file("stderr")).and_then(wait) {
        Err(error) => {
            let crash = Some(format!("cannot run in {}: {error}", folder.display()));
            return Ran { crash, ..Ran::default() };
        }
        Ok(status) => status,
    };
    let (stdout, stderr) = (without_resolver(&text("stdout")), text("stderr"));
    let crash = match status {
        None => Some(format!("not done after {LIMIT:?}")),
        Some(status) => crashed(status).then(|| format!("crashed, {status}: {}", told(&stderr))),
    };
    Ran { rc: status.and_then(|s| s.code()), stdout, stderr, crash }
}

fn start(kyvc: &Path, argv: &[String], folder: &Path, out: &Path, err: &Path) -> io::Result<Child> {
    Command::new(kyvc)
        .args(argv)
        .current_dir(folder)
        .env("KYVC_NOW", RECORDED)
        .stdin(Stdio::null())
        .stdout(File::create(out)?)
        .stderr(File::create(err)?)
        .spawn()
}

fn wait(mut child: Child) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        sleep(Duration::from_millis(1));
    }
}

/// A panic ends with 101, a signal without a code.
fn crashed(status: ExitStatus) -> bool {
    matches!(status.code(), None | Some(101))
}

/// The line about a panic and the one after it, which has its message; else the first line.
fn told(stderr: &str) -> String {
    let panic = stderr.lines().skip_while(|l| !l.contains("panicked")).take(2).collect::<Vec<_>>().join(" ");
    let text = if panic.is_empty() { stderr.lines().next().unwrap_or("") } else { &panic };
    text.chars().take(200).collect()
}

/// The rows of the first report in what was printed, as `record.py` finds it: what follows is not looked at.
pub(crate) fn rows(stdout: &str) -> Vec<Row> {
    let found = stdout.find("{\"kind\":\"ClusterReport\"").or_else(|| stdout.find("{\"kind\":\""));
    let report = found.and_then(|at| stdout.get(at..));
    let report = report.and_then(|text| serde_json::Deserializer::from_str(text).into_iter::<Value>().next()?.ok());
    let Some(report) = report else { return Vec::new() };
    let none = [Value::Null];
    let mut rows = Vec::new();
    for result in report["results"].as_array().into_iter().flatten() {
        let resources = result["resources"].as_array().filter(|list| !list.is_empty());
        for resource in resources.map_or(&none[..], Vec::as_slice) {
            rows.push(row(result, resource));
        }
    }
    rows
}

fn row(result: &Value, resource: &Value) -> Row {
    let text = |v: &Value, key: &str| v[key].as_str().unwrap_or("").to_owned();
    [
        text(result, "policy"),
        text(result, "rule"),
        text(resource, "kind"),
        text(resource, "namespace"),
        text(resource, "name"),
        text(result, "result"),
        text(result, "message"),
    ]
}

/// A text without the address of the machine's name server, as it was recorded.
fn without_resolver(text: &str) -> String {
    const AFTER: &str = ": no such host";
    let mut parts = text.split(AFTER).peekable();
    let mut out = String::new();
    while let Some(part) = parts.next() {
        match part.rfind(" on ").filter(|_| parts.peek().is_some()) {
            Some(at) => out.push_str(&format!("{} on RESOLVER{AFTER}", part.get(..at).unwrap_or_default())),
            None => out.push_str(part),
        }
    }
    out
}
