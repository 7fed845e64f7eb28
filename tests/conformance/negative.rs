//! The other way round: where every expected result is wrong, `kyvc test` has to fail, with the figures that follow.

use super::EXISTS;
use super::config::Config;
use super::runs::records::{self, Job};
use super::runs::run::run;
use std::fs;
use std::path::{Path, PathBuf};

/// Another result than one that is expected.
fn wrong(result: &str) -> Option<&'static str> {
    match result {
        "pass" => Some("fail"),
        "fail" | "warn" | "error" | "skip" => Some("pass"),
        _ => None,
    }
}

/// A test with every expected result turned round; none where a result is not one of those.
fn flipped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut flips = 0;
    for line in text.lines() {
        let result = line.trim_start().trim_start_matches("- ").strip_prefix("result:").map(str::trim);
        match result {
            Some(result) => {
                let end = line.rfind(result).filter(|_| !result.is_empty())?;
                out.push_str(line.get(..end)?);
                out.push_str(wrong(result)?);
                flips += 1;
            }
            None => out.push_str(line),
        }
        out.push('\n');
    }
    (flips > 0).then_some(out)
}

/// The figures of a summary line: tests that passed and that failed.
fn figures(stdout: &str) -> Option<(usize, usize)> {
    let line = stdout.lines().find_map(|l| l.strip_prefix("Test Summary: "))?;
    let (passed, failed) = line.split_once(" tests passed and ")?;
    Some((passed.parse().ok()?, failed.strip_suffix(" tests failed")?.parse().ok()?))
}

/// Runs all folders whose test passes, and says where turned results are not noticed.
pub(crate) fn run_all(config: &Config, root: &Path) -> Result<usize, String> {
    let tree = config.work.join("flipped");
    let _ = fs::remove_dir_all(&tree);
    let mut kept = Vec::new();
    for part in ["policies", "kyverno-cli"] {
        copy(&root.join(part), &tree.join(part), &mut kept).map_err(|e| format!("{part}: {e}"))?;
    }
    let good = |job: &Job| {
        let exists = job.record.needs.iter().all(|tag| EXISTS.contains(&tag.as_str()));
        exists && job.record.test.as_ref().is_some_and(|t| t.rc == Some(0) && t.summary.is_some())
    };
    let (mut faults, mut count) = (Vec::new(), 0);
    for job in records::folders(root)?.iter().filter(|j| good(j)) {
        let id = &job.record.id;
        let folder = tree.join(id);
        if kept.iter().any(|file| file.starts_with(&folder)) {
            continue;
        }
        let argv = ["test", ".", "--remove-color"].map(str::to_owned);
        let [before, after] = [&job.folder, &folder].map(|f| run(&config.kyvc, &argv, f, &config.work, 0));
        // A resource that no rule is about passes whatever is expected.
        let excluded = before.stdout.lines().filter(|l| l.contains("│ Excluded ")).count();
        let want = figures(&before.stdout).map(|(passed, failed)| (excluded, passed - excluded + failed));
        let got = figures(&after.stdout);
        let failed = want.is_some_and(|(_, failed)| failed > 0);
        if want != got || (after.rc == Some(1)) != failed {
            faults.push(format!("{id}: want {want:?}, got {got:?} and exit code {:?}", after.rc));
        }
        count += 1;
    }
    if faults.is_empty() { Ok(count) } else { Err(faults.join("\n")) }
}

/// Copies a folder, with the results of its tests turned round. Notes the tests of which it cannot.
fn copy(from: &Path, to: &Path, kept: &mut Vec<PathBuf>) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to, kept)?;
        } else if entry.file_name() == "kyverno-test.yaml" {
            match fs::read_to_string(&from).ok().as_deref().and_then(flipped) {
                Some(text) => fs::write(&to, text)?,
                None => kept.push(to),
            }
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}
