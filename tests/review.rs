//! Whole admission reviews, as an API server sent them, and what is answered.

#![expect(clippy::unwrap_used, reason = "a test whose files or processes are missing has to fail")]

use kyvc::diag::Source;
use kyvc::engine::{CompileOptions, PolicySet, compile_sources};
use kyvc::review::{ReviewError, Reviewer, Surroundings};
use kyvc_vm::document::{Buffers, JsonOptions, Layout, read_json};
use kyvc_vm::selector::ResourceKind;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

fn set() -> PolicySet {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/review/policies.yaml");
    let source = Source::new("policies.yaml", std::fs::read_to_string(file).unwrap());
    let compiled = compile_sources(&[source], CompileOptions::default());
    assert!(compiled.diagnostics.is_empty(), "{:?}", compiled.diagnostics);
    compiled.set
}

fn review(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/data").join(name).with_extension("json");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// The answer of both webhooks, and what the rules said.
fn answers(set: &PolicySet, review: &Value, around: &Surroundings<'_>) -> String {
    let bytes = serde_json::to_vec(review).unwrap();
    let mut reviewer = Reviewer::default();
    let review = reviewer.read(set, &bytes).unwrap();
    let mut out = String::new();
    let answer = reviewer.mutate(set, &review, around, |v| {
        writeln!(out, "{} {}: {}", v.info.name, v.status.name(), v.message()).unwrap();
    });
    if let Some(patch) = &answer.patch {
        let patch: Value = serde_json::from_str(patch).unwrap();
        writeln!(out, "{}", serde_json::to_string_pretty(&patch).unwrap()).unwrap();
    }
    answer.write(&review, &mut out);
    out.push_str("\n\n");
    let answer = reviewer.validate(set, &review, around, |v, action| {
        writeln!(out, "{} {} ({}): {}", v.info.name, v.status.name(), action.name(), v.message()).unwrap();
    });
    answer.write(&review, &mut out);
    writeln!(out, "\n\n{}", answer.refusal.as_deref().unwrap_or("allowed")).unwrap();
    reviewer.done(review);
    out
}

fn check(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/review"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn operations() {
    let set = set();
    for name in ["create", "update", "delete"] {
        check(name, &answers(&set, &review(&format!("review-pod-{name}")), &Surroundings::default()));
    }
}

#[test]
fn refused() {
    let set = set();
    let mut bad = review("review-pod-create");
    let context = bad.pointer_mut("/request/object/spec/containers/1/securityContext").unwrap();
    context.as_object_mut().unwrap().insert("privileged".into(), json!(true));
    *bad.pointer_mut("/request/userInfo/username").unwrap() = json!("eve: \"<admin>\"\n");
    bad.pointer_mut("/request/object/metadata/labels").unwrap().as_object_mut().unwrap().clear();
    check("bad", &answers(&set, &bad, &Surroundings::default()));
}

/// Where a rule cannot be decided, one policy that fails closed is enough to refuse the request.
#[test]
fn failure_policies() {
    let set = set();
    let mut unclear = review("review-pod-update");
    *unclear.pointer_mut("/request/object/metadata/name").unwrap() = json!("unclear-1");
    check("fails-closed", &answers(&set, &unclear, &Surroundings::default()));
    let around = Surroundings { asked: &|p| p.ignore_failures, ..Surroundings::default() };
    check("fails-open", &answers(&set, &unclear, &around));
}

/// What only part of an object is, is matched as the whole, and stands in the namespace of the request.
#[test]
fn subresource() {
    let set = set();
    let mut connect = review("review-pod-create");
    let request = connect.get_mut("request").unwrap().as_object_mut().unwrap();
    request.insert("operation".into(), json!("CONNECT"));
    request.insert("subResource".into(), json!("exec"));
    request.insert("kind".into(), json!({"group": "", "version": "v1", "kind": "PodExecOptions"}));
    request.insert("object".into(), json!({"kind": "PodExecOptions", "apiVersion": "v1", "command": ["sh"]}));
    let kind = Some(ResourceKind { group: "", version: "v1", kind: "Pod", subresource: "" });
    check("exec", &answers(&set, &connect, &Surroundings { kind, ..Surroundings::default() }));
}

#[test]
fn surroundings() {
    let set = set();
    let layout = Layout::everything();
    let labels = read_json(r#"{"tier": "open"}"#, &layout, Buffers::default(), JsonOptions::default()).unwrap();
    let roles = ["shop:deployer".to_owned()];
    let around = Surroundings { namespace_labels: Some(&labels), roles: &roles, ..Surroundings::default() };
    check("surroundings", &answers(&set, &review("review-pod-update"), &around));
    let around = Surroundings { asked: &|p| p.name == "only-read", ..Surroundings::default() };
    check("one-policy", &answers(&set, &review("review-pod-update"), &around));
}

/// The members of a review may come in any order.
#[test]
fn order() {
    let set = set();
    for name in ["create", "update", "delete"] {
        let review = review(&format!("review-pod-{name}"));
        let request = review.get("request").unwrap().as_object().unwrap();
        let turned: Vec<String> =
            request.iter().rev().map(|(key, value)| format!("{}:{value}", Value::from(key.as_str()))).collect();
        let turned = format!("{{\"request\": {{{}}}, \"kind\": \"AdmissionReview\"}}", turned.join(" , "));
        let straight = serde_json::to_string(&review).unwrap();
        let mut reviewer = Reviewer::default();
        let mut messages = |bytes: &str| {
            let review = reviewer.read(&set, bytes.as_bytes()).unwrap();
            let mut said = Vec::new();
            let answer = reviewer.validate(&set, &review, &Surroundings::default(), |v, _| said.push(v.message()));
            (said, answer)
        };
        assert_eq!(messages(&turned), messages(&straight));
    }
}

#[test]
fn no_reviews() {
    let set = set();
    let mut reviewer = Reviewer::default();
    let mut error = |bytes: &[u8]| reviewer.read(&set, bytes).map(drop).unwrap_err();
    let mut shown = Vec::new();
    for text in [
        "",
        "[]",
        "{",
        "{}",
        r#"{"request": []}"#,
        r#"{"request": {}}"#,
        r#"{"request": {"operation": "PATCH"}}"#,
        r#"{"request": {"operation": "CREATE", "object": {"a": 1, }}}"#,
        r#"{"request": {"operation": "CREATE", "oldObject": {"a": tru}}}"#,
        r#"{"request": {"operation": "CREATE"}} x"#,
    ] {
        let e = error(text.as_bytes());
        shown.push(format!("{text}\n  {}: {e}\n", e.http_status()));
    }
    assert_eq!(error(b"{\"a\": \"\xff\"}"), ReviewError::Utf8(7));
    check("no-reviews", &shown.concat());
}

/// A request without an object has nothing that a rule could be about.
#[test]
fn nothing() {
    let set = set();
    let bytes = br#"{"request": {"uid": "\u0031", "operation": "CREATE", "object": null}}"#;
    let mut reviewer = Reviewer::default();
    let review = reviewer.read(&set, bytes).unwrap();
    let answer = reviewer.validate(&set, &review, &Surroundings::default(), |v, _| panic!("{}", v.info.name));
    let mut out = String::new();
    answer.write(&review, &mut out);
    assert_eq!(out, r#"{"kind":"","apiVersion":"","response":{"uid":"1","allowed":true}}"#);
}
