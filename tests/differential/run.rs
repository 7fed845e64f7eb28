//! Running a command line on a batch.

use super::batch::{Batch, Place};
use super::printed;
use super::rows::{self, Row};
use serde_json::Value;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What came of a run.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It ran; the rows of its report.
    Ran {
        /// The rows, sorted.
        rows: Vec<Row>,
        /// Names of policies that it said it skipped.
        refused: Vec<String>,
    },
    /// It ended without a report, though not by a crash.
    Silent(String),
    /// It crashed.
    Crashed(String),
    /// It did not end in time. Of the reference that is no excuse: it may only be slow.
    Hung(String),
}

impl Outcome {
    /// The rows; none where there is no report.
    pub(crate) fn rows(&self) -> &[Row] {
        match self {
            Self::Ran { rows, .. } => rows,
            _ => &[],
        }
    }

    /// Whether it crashed or hung.
    pub(crate) fn is_fatal(&self) -> bool {
        matches!(self, Self::Crashed(_) | Self::Hung(_))
    }

    /// What there is to say besides rows.
    pub(crate) fn trouble(&self) -> Option<String> {
        match self {
            Self::Ran { .. } => None,
            Self::Silent(text) => Some(format!("no report: {text}")),
            Self::Crashed(text) => Some(format!("crashed: {text}")),
            Self::Hung(text) => Some(format!("hung: {text}")),
        }
    }
}

const LIMIT: Duration = Duration::from_secs(120);

/// How a command line is to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A report.
    Report,
    /// Texts.
    Text,
    /// Texts, with documents in a file.
    File,
    /// Texts, with documents in files of a folder.
    Folder,
}

impl Style {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Report => &["-p", "--output-format", "json"],
            Self::Text => &[],
            Self::File => &["-o", "out.yaml"],
            Self::Folder => &["-o", "out"],
        }
    }
}

/// Writes a batch's files into `folder` and gives the arguments that name them.
pub(crate) fn write(batch: &Batch, folder: &Path, style: Style) -> io::Result<Vec<String>> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let mut args = vec!["apply".to_owned()];
    for (i, policy) in batch.before.iter().enumerate() {
        let name = format!("before-{i:03}.yaml");
        fs::write(folder.join(&name), format!("{:#}\n", policy.doc))?;
        args.push(name);
    }
    for (i, policy) in batch.policies.iter().enumerate() {
        let name = if batch.policies.len() == 1 { "policy.yaml".to_owned() } else { format!("policy-{i:03}.yaml") };
        fs::write(folder.join(&name), format!("{:#}\n", policy.doc))?;
        args.push(name);
    }
    let single = batch.manifests.len() == 1;
    let texts: Vec<String> =
        batch.manifests.iter().map(|m| if single { format!("{:#}", m.doc) } else { m.doc.to_string() }).collect();
    fs::write(folder.join("manifest.yaml"), texts.join("\n---\n") + "\n")?;
    args.extend(["-r", "manifest.yaml"].map(str::to_owned));
    for (flag, name, docs) in [("-r", "company.yaml", batch.flavour.company.iter().collect())]
        .into_iter()
        .chain(exceptions(batch))
        .filter(|(_, _, docs): &(_, _, Vec<&Value>)| !docs.is_empty())
    {
        let texts: Vec<String> = docs.iter().map(|d| d.to_string()).collect();
        fs::write(folder.join(name), texts.join("\n---\n") + "\n")?;
        match flag {
            "" => args.insert(1, name.to_owned()),
            flag => args.extend([flag, name].map(str::to_owned)),
        }
    }
    if !batch.exceptions().is_empty() {
        match batch.flavour.exceptions {
            Place::Resources => args.push("--exceptions-with-resources".to_owned()),
            Place::Policies => args.push("--exceptions-within-policies".to_owned()),
            Place::File | Place::Files => {}
        }
    }
    for (flag, name, doc) in
        [("-f", "values.yaml", &batch.values()), ("-u", "user-info.yaml", &batch.flavour.user_info)]
    {
        if let Some(doc) = doc {
            fs::write(folder.join(name), format!("{doc:#}\n"))?;
            args.extend([flag, name].map(str::to_owned));
        }
    }
    if !batch.targets.is_empty() {
        let texts: Vec<String> = batch.targets.iter().map(|m| format!("{:#}", m.doc)).collect();
        fs::write(folder.join("targets.yaml"), texts.join("\n---\n") + "\n")?;
        args.extend(["--target-resource", "targets.yaml"].map(str::to_owned));
    }
    args.extend(["--remove-color", "--continue-on-fail"].map(str::to_owned));
    args.extend(style.flags().iter().map(|flag| (*flag).to_owned()));
    Ok(args)
}

/// The files of a batch's exceptions, and the flags that name them.
fn exceptions(batch: &Batch) -> Vec<(&'static str, &'static str, Vec<&Value>)> {
    let all = batch.exceptions();
    match batch.flavour.exceptions {
        Place::File => vec![("--exception", "exceptions.yaml", all)],
        Place::Files => {
            let (a, b) = all.split_at(all.len() / 2);
            vec![("--exceptions", "exceptions-1.yaml", a.to_vec()), ("--exceptions", "exceptions-2.yaml", b.to_vec())]
        }
        Place::Resources => vec![("-r", "exceptions.yaml", all)],
        Place::Policies => vec![("", "exceptions.yaml", all)],
    }
}

/// Runs `binary` on a batch whose files are in `folder`.
pub(crate) fn run(binary: &Path, args: &[String], folder: &Path, batch: &Batch) -> io::Result<Outcome> {
    let got = capture(binary, args, folder)?;
    let mut outcome = outcome(got.status, &got.stdout, &got.stderr);
    if let Outcome::Ran { rows, .. } = &mut outcome {
        rows.retain(|row| !batch.is_beside(&row.name));
    }
    Ok(outcome)
}

/// What a command gave.
#[derive(Clone, Debug)]
pub(crate) struct Captured {
    /// How it ended; None where it did not in time.
    pub(crate) status: Option<ExitStatus>,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it complained about.
    pub(crate) stderr: String,
}

/// Runs `binary` in `folder`.
pub(crate) fn capture(binary: &Path, args: &[String], folder: &Path) -> io::Result<Captured> {
    let (out, err): (PathBuf, PathBuf) = (folder.join("stdout"), folder.join("stderr"));
    let child = Command::new(binary)
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?)
        .spawn()?;
    let status = wait(child)?;
    let stdout = String::from_utf8_lossy(&fs::read(&out)?).into_owned();
    let stderr = String::from_utf8_lossy(&fs::read(&err)?).into_owned();
    Ok(Captured { status, stdout, stderr })
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
        sleep(Duration::from_millis(4));
    }
}

fn outcome(status: Option<ExitStatus>, stdout: &str, stderr: &str) -> Outcome {
    let Some(status) = status else { return Outcome::Hung(format!("not done after {LIMIT:?}")) };
    let panicked = stderr.contains("panic: ") || stderr.contains("panicked at");
    if panicked || !matches!(status.code(), Some(0 | 1)) {
        return Outcome::Crashed(format!("{status}: {}", first_line(stderr)));
    }
    let refused = rows::refused(stdout);
    let documents = printed::parse(stdout);
    match rows::parse(stdout) {
        Some(mut rows) => {
            rows.extend(documents);
            rows.sort();
            Outcome::Ran { rows, refused }
        }
        // Kyverno prints no report where there is no row to report. A refused policy alone is a failure too, but one
        // without a word on standard error.
        None if status.success() || (!refused.is_empty() && stderr.trim().is_empty()) => {
            Outcome::Ran { rows: documents, refused }
        }
        None => Outcome::Silent(format!("{status}: {} {}", first_line(stdout), first_line(stderr))),
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().find(|l| l.contains("panic")).or_else(|| text.lines().find(|l| !l.trim().is_empty()));
    line.unwrap_or("").chars().take(300).collect()
}
