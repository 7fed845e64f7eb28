//! The texts that both command lines print of a batch without a report, and the files they write, compared byte for byte.

use super::batch::Batch;
use super::config::Config;
use super::rows::canonical;
use super::run::{self, Style};
use super::say;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

/// How often the reference is asked again where the texts differ.
const AGAIN: usize = 3;

/// What one side gave.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Text {
    code: Option<i32>,
    stdout: String,
    files: Vec<(String, String)>,
}

/// Compares the texts of a batch without the policies and manifests that are excused; where they differ, of less and less
/// of it. The names of what was written down are what differs.
pub(crate) fn check(
    config: &Config,
    batch: &Batch,
    excused: &BTreeSet<(usize, usize)>,
    n: usize,
) -> io::Result<Option<String>> {
    let mut batch = batch.clone();
    let policies: BTreeSet<usize> = excused.iter().map(|(p, _)| *p).collect();
    let kept = |i: usize| !policies.contains(&i);
    batch.policies = batch.policies.into_iter().enumerate().filter(|(i, _)| kept(*i)).map(|(_, p)| p).collect();
    let style = [Style::Text, Style::File, Style::Folder][n % 3];
    if batch.policies.is_empty() || !differ(config, &batch, style)? {
        return Ok(None);
    }
    let small = smaller(config, batch, style)?;
    let folder = config.out.join(format!("text-{n}"));
    let args = run::write(&small, &folder, style)?;
    let sides = [side(config, &config.reference, &small, style)?, side(config, &config.kyvc, &small, style)?];
    if sides[0] == sides[1] {
        // One order of many, which was not among the samples.
        return Ok(None);
    }
    let mut out = format!("the texts differ\n$ kyvc {}\n", args.join(" "));
    for (name, text) in ["reference", "kyvc"].iter().zip(&sides) {
        let _ = writeln!(out, "--- {name}: {:?}\n{}", text.code, text.stdout);
        for (file, body) in &text.files {
            let _ = writeln!(out, "--- {name}: {file}\n{body}");
        }
        fs::write(folder.join(name), format!("{:?}\n{}{:?}", text.code, text.stdout, text.files))?;
    }
    fs::write(folder.join("README.txt"), &out)?;
    say(&format!("--- {} ---\n{out}", folder.display()));
    Ok(Some(folder.display().to_string()))
}

fn differ(config: &Config, batch: &Batch, style: Style) -> io::Result<bool> {
    let reference = side(config, &config.reference, batch, style)?;
    // A crash is the rows' business.
    if !matches!(reference.code, Some(0 | 1)) {
        return Ok(false);
    }
    let kyvc = side(config, &config.kyvc, batch, style)?;
    let mut samples = vec![reference];
    // The order of Go's maps is in the texts too.
    while !agree(&samples, &kyvc) && samples.len() <= AGAIN {
        samples.push(side(config, &config.reference, batch, style)?);
    }
    Ok(!agree(&samples, &kyvc))
}

/// Whether a text could be one of the reference: it is one of the samples, or each line of it stands there in some sample.
/// A large batch has several lines with maps in them, and all their orders together are too many to be met.
fn agree(samples: &[Text], kyvc: &Text) -> bool {
    if samples.contains(kyvc) {
        return true;
    }
    let lines = |text: &Text| text.stdout.lines().map(str::to_owned).collect::<Vec<_>>();
    let known: Vec<Vec<String>> = samples.iter().map(lines).collect();
    let own = lines(kyvc);
    let rest = |text: &Text| text.code == kyvc.code && text.files == kyvc.files;
    samples.iter().all(rest)
        && known.iter().all(|sample| sample.len() == own.len())
        && own.iter().enumerate().all(|(i, line)| known.iter().any(|sample| sample.get(i) == Some(line)))
}

fn smaller(config: &Config, batch: Batch, style: Style) -> io::Result<Batch> {
    if let Some((a, b)) = batch.halves() {
        for half in [a, b] {
            if differ(config, &half, style)? {
                return smaller(config, half, style);
            }
        }
    }
    Ok(batch)
}

fn side(config: &Config, binary: &Path, batch: &Batch, style: Style) -> io::Result<Text> {
    let folder = config.out.join("work-text");
    let args = run::write(batch, &folder, style)?;
    let got = run::capture(binary, &args, &folder)?;
    let mut files = Vec::new();
    for path in [folder.join("out.yaml"), folder.join("out")] {
        if path.is_file() {
            files.push(("out.yaml".to_owned(), fs::read_to_string(&path)?));
        } else if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                let entry = entry?;
                files.push((entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path())?));
            }
        }
    }
    files.sort();
    // Kyverno: utils/common, GetKindsFromPolicy, says so of each subresource that its stand-in for a cluster knows not.
    let stdout = canonical(&got.stdout.replace("Error: not found", ""));
    Ok(Text { code: got.status.and_then(|s| s.code()), stdout, files })
}
