//! The direction of dependencies inside `src`: a module uses only those before it.

#![expect(clippy::unwrap_used, reason = "a test whose files or processes are missing has to fail")]

use std::path::{Path, PathBuf};

const ORDER: [&str; 19] = [
    "diag",
    "fetch",
    "yaml",
    "input",
    "manifest",
    "policy",
    "resolve",
    "ir",
    "lower",
    "codegen",
    "engine",
    "downstream",
    "report",
    "review",
    "offline",
    "suite",
    "serve",
    "k8s",
    "cli",
];

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// The modules of the crate that a file names: `crate::x`, also inside `crate::{x, y::z}`.
fn used(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let name = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    for part in text.split("crate::").skip(1) {
        match part.strip_prefix('{') {
            None => out.push(name(part)),
            Some(list) => {
                let mut depth = 0;
                let mut start = true;
                for (i, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && depth == 0 && !c.is_whitespace() => {
                            out.push(name(&list[i..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    out
}

#[test]
fn modules_use_only_those_before_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&src, &mut all);
    let rank = |name: &str| ORDER.iter().position(|m| *m == name);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in all {
        let relative = file.strip_prefix(&src).unwrap();
        let module = relative.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
        if module == "lib" || module == "main" {
            continue;
        }
        let Some(own) = rank(module) else { panic!("src/{module} has no place in the order") };
        for name in used(&std::fs::read_to_string(&file).unwrap()) {
            seen += 1;
            if rank(&name).is_some_and(|r| r > own) {
                wrong.push(format!("{} uses {name}", relative.display()));
            }
        }
    }
    assert!(seen > 50, "only {seen} uses were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn finds_uses_in_every_form() {
    assert_eq!(used("use crate::diag::Code;"), ["diag"]);
    assert_eq!(used("use crate::{ir, policy::{a, b}, yaml};"), ["ir", "policy", "yaml"]);
}

#[test]
fn serde_yaml_has_one_user() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&src, &mut all);
    let users: Vec<_> = all.iter().filter(|f| std::fs::read_to_string(f).unwrap().contains("serde_yaml::")).collect();
    assert!(users.iter().all(|f| f.starts_with(src.join("yaml"))), "{users:?}");
}
