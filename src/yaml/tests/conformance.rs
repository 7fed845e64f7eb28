//! The cases that were run through sigs.k8s.io/yaml.

use super::sigs;
use kyvc_vm::document::{Buffers, JsonOptions, Layout, read_json};
use std::path::PathBuf;

#[derive(serde::Deserialize)]
struct Case {
    id: String,
    yaml: String,
    json_text: Option<String>,
    error: Option<String>,
    strict_error: Option<String>,
}

/// A number as Kubernetes holds it once it has read the JSON text back: neither uint64 nor negative zero survive.
fn read_back(json: &str) -> Option<String> {
    let layout = Layout::everything();
    let doc = read_json(json, &layout, Buffers::default(), JsonOptions::default()).ok()?;
    doc.root().map(|root| crate::yaml::go_json(&doc, root))
}

#[test]
fn every_case_agrees_with_go() {
    let folder = std::env::var_os("KYVC_CONFORMANCE")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance")), PathBuf::from);
    let file = folder.join("expected/yaml.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: no {}", file.display());
        return;
    };
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    let (mut same, mut read, mut wrong) = (0, Vec::new(), Vec::new());
    for case in &cases {
        let ours = sigs(&case.yaml, false);
        let agrees = match (&case.json_text, &ours) {
            (Some(expected), Ok(ours)) if expected == ours => true,
            (Some(expected), Ok(ours)) if read_back(expected).as_ref() == Some(ours) => {
                read.push(case.id.as_str());
                true
            }
            (None, Err(_)) => case.error.is_some(),
            _ => false,
        };
        let strict = sigs(&case.yaml, true);
        if agrees && strict.is_err() == (case.strict_error.is_some() || case.error.is_some()) {
            same += 1;
        } else {
            wrong.push(format!(
                "{} {:?}\n  want {:?}{:?}\n  have {ours:?}",
                case.id, case.yaml, case.json_text, case.error
            ));
        }
    }
    println!("{same} of {} agree; after reading the JSON back: {read:?}", cases.len());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    // `-0.0`, and two integers that only uint64 holds.
    assert!(read.len() <= 3, "{read:?}");
}
