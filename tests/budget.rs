//! No policy can keep a process busy: a rule that costs more than its budget is an error.
#![expect(clippy::panic, reason = "a test whose policy or Pod is wrong has to fail")]

use kyvc::diag::Source;
use kyvc::engine::{CompileOptions, Engine, Request, Status, compile_sources};
use kyvc_vm::document::{Buffers, JsonOptions, read_json};
use kyvc_vm::machine::Budget;
use std::time::{Duration, Instant};

/// The status of a policy's one rule, and what it says, where it may burn so much fuel.
fn outcome(validate: &str, fuel: u64) -> (Status, String) {
    let policy = format!(
        "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {{name: policy}}
spec:
  rules:
  - name: rule
    match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}
    validate: {validate}
"
    );
    let compiled = compile_sources(&[Source::new("policy", policy)], CompileOptions::default());
    assert!(compiled.diagnostics.is_empty(), "{:?}", compiled.diagnostics);
    let list = vec![r#"{"a": "1"}"#; 1_000].join(",");
    let pod =
        format!(r#"{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "a"}}, "list": [{list}], "t": "list"}}"#);
    let doc = read_json(&pod, compiled.set.program().layout(), Buffers::default(), JsonOptions::default());
    let Ok(doc) = doc else { panic!("the Pod is JSON") };
    let mut engine = Engine::with_budget(Budget { fuel, ..Budget::default() });
    let mut found = Vec::new();
    engine.check(&compiled.set, &Request::create(&doc), |v| found.push((v.status, v.message())));
    let [one] = found.try_into().unwrap_or_else(|all| panic!("one verdict, not {all:?}"));
    one
}

#[test]
fn a_budget_ends_a_rule() {
    let walk = "{pattern: {list: [{a: '1'}]}}";
    assert_eq!(outcome(walk, 1_000_000).0, Status::Pass);
    let (status, text) = outcome(walk, 500);
    assert_eq!(status, Status::Error);
    assert!(text.contains("fuel"), "{text}");
}

/// A program that is made while a rule runs burns the fuel of that rule.
#[test]
fn programs_made_on_the_way_have_no_budget_of_their_own() {
    let key = "'{{ max(request.object.{{ request.object.t }}[*].a) }}'";
    let condition = format!("{{key: {key}, operator: Equals, value: b}}");
    let conditions = |n| format!("{{deny: {{conditions: {{any: [{}]}}}}}}", vec![condition.clone(); n].join(", "));
    // Enough for one of them, whose text takes 5,000, but not for many.
    assert_eq!(outcome(&conditions(1), 20_000), (Status::Pass, "validation rule 'rule' passed.".to_owned()));
    assert_eq!(outcome(&conditions(8), 20_000).0, Status::Error);
    assert_eq!(outcome(&conditions(8), 200_000).0, Status::Pass);
}

/// Rules that would run for hours end with the time of their request; what costs next to nothing is decided all the same.
#[test]
fn a_deadline_ends_rules() {
    let policy = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: policy}
spec:
  rules:
  - name: long
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate:
      foreach:
      - list: request.object.list
        foreach:
        - list: request.object.list
          foreach:
          - list: request.object.list
            deny: {conditions: {any: [{key: '{{ element.a }}', operator: Equals, value: b}]}}
  - name: short
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {pattern: {metadata: {name: a}}}
";
    let compiled = compile_sources(&[Source::new("policy", policy)], CompileOptions::default());
    assert!(compiled.diagnostics.is_empty(), "{:?}", compiled.diagnostics);
    let list = vec![r#"{"a": "1"}"#; 1_000].join(",");
    let pod = format!(r#"{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "a"}}, "list": [{list}]}}"#);
    let doc = read_json(&pod, compiled.set.program().layout(), Buffers::default(), JsonOptions::default());
    let Ok(doc) = doc else { panic!("the Pod is JSON") };
    let mut engine = Engine::with_budget(Budget { fuel: u64::MAX, ..Budget::default() });
    for until in [Instant::now() + Duration::from_millis(20), Instant::now()] {
        let mut found = Vec::new();
        engine.set_deadline(Some(until));
        engine.check(&compiled.set, &Request::create(&doc), |v| found.push((v.status, v.message())));
        let [long, short] = found.try_into().unwrap_or_else(|all| panic!("two verdicts, not {all:?}"));
        assert_eq!((long.0, short.0), (Status::Error, Status::Pass));
        assert!(long.1.contains("rule long: the time for the request is over"), "{}", long.1);
    }
    let mut engine = Engine::default();
    engine.set_deadline(Some(Instant::now()));
    engine.set_deadline(None);
    let mut text = String::new();
    engine.check(&compiled.set, &Request::create(&doc), |v| text.push_str(&v.message()));
    assert!(text.contains("out of fuel"), "who has no deadline has all of the time: {text}");
}

/// The entries of all rules of a policy are counted together, as often as they are loaded.
#[test]
fn a_context_has_a_size() {
    let policy = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: policy}
spec:
  rules:
  - name: first
    match: {any: [{resources: {kinds: [Pod]}}]}
    context: [{name: a, variable: {value: [x, 'y<']}}]
    validate: {deny: {conditions: {any: [{key: '{{ a }}', operator: Equals, value: b}]}}}
  - name: second
    match: {any: [{resources: {kinds: [Pod]}}]}
    context: [{name: b, variable: {value: z}}]
    validate: {deny: {conditions: {any: [{key: '{{ b }}', operator: Equals, value: b}]}}}
";
    let compiled = compile_sources(&[Source::new("policy", policy)], CompileOptions::default());
    let pod = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}"#;
    let doc = read_json(pod, compiled.set.program().layout(), Buffers::default(), JsonOptions::default());
    let Ok(doc) = doc else { panic!("the Pod is JSON") };
    let said = |limit| {
        let mut engine = Engine::default();
        engine.limit_context(limit);
        let mut found = Vec::new();
        engine.check(&compiled.set, &Request::create(&doc), |v| found.push(v.message()));
        found
    };
    let held = |rule: &str| format!("validation rule '{rule}' passed.");
    assert_eq!(said(0), [held("first"), held("second")]);
    // `["x","y\u003c"]` and `"z"`.
    assert_eq!(said(18), [held("first"), held("second")]);
    let [first, second] = said(17).try_into().unwrap_or_else(|all| panic!("two messages, not {all:?}"));
    assert_eq!(first, held("first"));
    let why = "failed to resolve b at path : context size limit exceeded: 18 bytes exceeds limit of 17 bytes";
    assert!(second.ends_with(why), "{second}");
}
