//! The policies that are shipped: each has a test, and the tests pass.
#![expect(clippy::unwrap_used, reason = "a test whose files or processes are missing has to fail")]

use std::fs::read_dir;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders that hold a policy.
fn folders(at: &Path, out: &mut Vec<PathBuf>) {
    for entry in read_dir(at).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() {
            folders(&entry, out);
        } else if entry.ends_with("policy.yaml") {
            out.push(at.to_owned());
        }
    }
}

fn kyvc(arguments: &[&str]) -> (bool, String) {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let output = Command::new(env!("CARGO_BIN_EXE_kyvc")).current_dir(policies).args(arguments).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn every_policy_has_a_test_that_passes() {
    let mut with_policy = Vec::new();
    folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &mut with_policy);
    assert!(with_policy.len() >= 80, "{} policies", with_policy.len());
    for folder in &with_policy {
        assert!(folder.join("kyverno-test.yaml").is_file(), "{} has no test", folder.display());
    }
    let (passed, out) = kyvc(&["test", ".", "--remove-color"]);
    let shown: Vec<&str> = out.lines().filter(|l| l.contains("Fail") || l.contains("Summary")).collect();
    assert!(passed, "{}", shown.join("\n"));
    assert_eq!(out.matches("Loading test").count(), with_policy.len());
}

/// What a policy made of a resource leaves nothing for it to do.
#[test]
fn mutating_twice_is_mutating_once() {
    let mut with_policy = Vec::new();
    folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/mutate"), &mut with_policy);
    for folder in &with_policy {
        let (policy, patched) = (folder.join("policy.yaml"), folder.join("patched.yaml"));
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("twice.yaml");
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let mutate = |resource: &Path| {
            let _ = std::fs::remove_file(&out);
            kyvc(&["apply", &text(&policy), "-r", &text(resource), "-o", &text(&out)]);
            std::fs::read_to_string(&out).unwrap()
        };
        let once = mutate(&patched);
        let copy = out.with_file_name("once.yaml");
        std::fs::write(&copy, &once).unwrap();
        assert_eq!(mutate(&copy), once, "{}", folder.display());
    }
}
