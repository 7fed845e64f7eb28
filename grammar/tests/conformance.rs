//! The language's own suite and what was recorded from Kyverno, where the folder with both is there.

use bumpalo::Bump;
use kyvc_grammar::jmespath::{self, SyntaxError};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("KYVC_CONFORMANCE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"), PathBuf::from);
    if !folder.is_dir() {
        println!("skipped: there is no {}", folder.display());
        return None;
    }
    Some(folder)
}

fn read(path: &Path) -> Result<Vec<Value>, Box<dyn std::error::Error>> {
    Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
}

fn parse(text: &str) -> Result<(), SyntaxError> {
    jmespath::parse(&Bump::new(), text).map(drop)
}

#[test]
fn language_suite() {
    let Some(folder) = folder() else { return };
    let mut files: Vec<_> =
        std::fs::read_dir(folder.join("jmespath")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let (mut parsed, mut refused, mut wrong) = (0, 0, Vec::new());
    for case in
        files.iter().flat_map(|file| read(file).unwrap()).flat_map(|group| group["cases"].as_array().cloned().unwrap())
    {
        let text = case["expression"].as_str().unwrap();
        let syntax = case["error"] == "syntax";
        match parse(text) {
            Ok(()) if !syntax => parsed += 1,
            Err(_) if syntax => refused += 1,
            other => wrong.push((text.to_owned(), other)),
        }
    }
    println!("{parsed} parsed, {refused} refused, {} wrong", wrong.len());
    assert!(wrong.is_empty() && parsed > 0, "{wrong:#?}");
}

#[test]
fn recorded() {
    let Some(folder) = folder() else { return };
    let (mut parsed, mut agreed, mut wrong) = (0, 0, Vec::new());
    for case in read(&folder.join("expected/jmespath.json")).unwrap() {
        let text = case["expr"].as_str().unwrap();
        match (parse(text), case["error"].as_str()) {
            (Ok(()), Some(error)) if error.starts_with("SyntaxError") => wrong.push((text.to_owned(), None)),
            (Ok(()), _) => parsed += 1,
            (Err(found), Some(error)) if found.to_string() == error => agreed += 1,
            (Err(found), _) => wrong.push((text.to_owned(), Some(found))),
        }
    }
    println!("{parsed} parsed, {agreed} refused with the same text, {} wrong", wrong.len());
    assert!(wrong.is_empty() && parsed > 0, "{wrong:#?}");
}
