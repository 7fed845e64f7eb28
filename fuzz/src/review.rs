//! Admission reviews from the fuzzer, put through both webhooks.

use crate::BUDGET;
use crate::expressions::choices::Choices;
use crate::mutants::edits::edit;
use kyvc::diag::Source;
use kyvc::engine::{CompileOptions, Engine, Host, PolicySet, Question, compile_sources};
use kyvc::review::{Answer, Review, Reviewer, Surroundings};
use kyvc_vm::document::{Buffers, JsonOptions, Layout, read_json};
use kyvc_vm::selector::ResourceKind;
use kyvc_vm::verdict::{Ask, Offers};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// What an API server sent.
pub const REVIEWS: [&str; 3] = [
    include_str!("../../benches/data/review-pod-create.json"),
    include_str!("../../benches/data/review-pod-update.json"),
    include_str!("../../benches/data/review-pod-delete.json"),
];

/// The shipped policies and those of the tests, which have something of every kind.
static SET: LazyLock<PolicySet> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    policies(&root.join("policies"), &mut files);
    policies(&root.join("tests/review"), &mut files);
    policies(&root.join("tests/samples"), &mut files);
    files.sort();
    let read = |path: &PathBuf| Source::new(path.display().to_string(), fs::read_to_string(path).expect("a policy"));
    let sources: Vec<Arc<Source>> = files.iter().map(read).collect();
    let set = compile_sources(&sources, CompileOptions::default()).set;
    assert!(set.rules().len() > 300 && !set.verifying().is_empty() && !set.mutating().is_empty());
    set
});
static EVERYTHING: LazyLock<Layout> = LazyLock::new(Layout::everything);

/// The files of a folder with policies, those in folders of policies' names too.
fn policies(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let policy = path.file_name().is_some_and(|n| n == "policy.yaml" || n == "policies.yaml");
        let sample = folder.ends_with("samples") && path.extension().is_some_and(|e| e == "yaml");
        match path.is_dir() {
            true if path.file_name().is_none_or(|n| n != "diag") => policies(&path, out),
            false if policy || sample => out.push(path),
            _ => {}
        }
    }
}

/// Bytes of a review: those of the fuzzer, or one that was sent with edits.
pub fn review_of(bytes: &[u8]) -> Vec<u8> {
    let Some((first, rest)) = bytes.split_first() else { return Vec::new() };
    let Some(sent) = REVIEWS.get(usize::from(*first)) else { return rest.to_vec() };
    let mut review: Value = serde_json::from_str(sent).expect("a review");
    edit(&mut review, &mut Choices::new(rest));
    serde_json::to_vec(&review).expect("a value is JSON")
}

/// Asks both webhooks, with and without somebody who answers what rules ask for.
pub fn review(bytes: &[u8]) {
    let mut reviewer = Reviewer::with_engine(Engine::with_budget(BUDGET));
    let labels = read_json(r#"{"tier":"open"}"#, &EVERYTHING, Buffers::default(), JsonOptions::default());
    let labels = labels.expect("JSON");
    let roles = ["shop:deployer".to_owned()];
    for known in [false, true] {
        let Ok(review) = reviewer.read(&SET, bytes) else { return };
        let kind = ResourceKind { group: "", version: "v1", kind: "Pod", subresource: &review.subresource };
        let around = Surroundings {
            host: &Knows,
            namespace_labels: Some(&labels),
            roles: &roles,
            cluster_roles: &roles,
            kind: (!review.subresource.is_empty()).then_some(kind),
            ..Surroundings::default()
        };
        let around = if known { around } else { Surroundings::default() };
        let answer = reviewer.mutate(&SET, &review, &around, |verdict| drop(verdict.message()));
        check(&answer, &review);
        let answer = reviewer.validate(&SET, &review, &around, |verdict, _| drop(verdict.message()));
        check(&answer, &review);
        reviewer.done(review);
    }
}

/// What is written is JSON which says of this review what the answer says.
fn check(answer: &Answer, review: &Review<'_>) {
    let mut out = String::new();
    answer.write(review, &mut out);
    let written: Value = serde_json::from_str(&out).expect("an answer is JSON");
    let response = &written["response"];
    assert_eq!(response["uid"], json!(review.uid));
    assert_eq!(response["allowed"], json!(answer.is_allowed()));
    assert_eq!(response["status"]["message"], json!(answer.refusal));
    assert_eq!(response["patchType"].is_string(), answer.patch.is_some());
    if let Some(patch) = &answer.patch {
        let patch: Value = serde_json::from_str(patch).expect("a patch is JSON");
        let operations = patch.as_array().expect("a patch is a list");
        assert!(operations.iter().all(|o| o["op"].is_string() && o["path"].is_string()), "{patch}");
    }
}

/// Who answers the same to every question of a kind.
struct Knows;

impl Host for Knows {
    fn offers(&self) -> Offers {
        Ask::ALL.into_iter().fold(Offers::default(), Offers::with)
    }

    fn ask(&self, question: &Question) -> Result<String, String> {
        match question {
            Question::ConfigMap { name, namespace } if name.len() % 2 == 0 => {
                let metadata = json!({"name": name, "namespace": namespace});
                Ok(json!({"data": {"registries": "[\"a\", \"b\"]", "team": "{{ request.name }}"}, "metadata": metadata})
                    .to_string())
            }
            Question::ApiCall(call) if call.url_path.len() % 2 == 0 => {
                Ok(json!({"items": [{"metadata": {"name": call.url_path}}]}).to_string())
            }
            other => Err(format!("no {}", other.about())),
        }
    }
}
