//! What is read of an object by its kind, name and namespace is enough: rules say the same of it as of all of it.
//!
//! The policies and objects are those that are shipped and, where they are, those of the recordings (`KYVC_CONFORMANCE`),
//! all in one set, so that most rules are about other objects.

#![expect(clippy::unwrap_used, reason = "this is a test")]

use kyvc::diag::{Diagnostic, Source};
use kyvc::engine::{
    CHANGE, CompileOptions, Engine, JUDGE, Mutated, NoHost, Operation, PolicySet, Request, Versions, compile_sources,
    stop_clock,
};
use kyvc_vm::document::{Buffers, Document, JsonOptions, Uses, go_json, read_json};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "json") {
            out.push(path);
        }
    }
}

/// How many files of policies are asked together.
const TOGETHER: usize = 16;

/// Everything that is a policy, a few files a set, and every object.
fn corpus() -> (Vec<PolicySet>, Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let recorded = std::env::var_os("KYVC_CONFORMANCE");
    let recorded = recorded.map_or_else(|| root.join("../shared/conformance"), PathBuf::from);
    let mut found = Vec::new();
    for folder in [root.join("policies"), root.join("benches"), root.join("tests/samples"), recorded] {
        files(&folder, &mut found);
    }
    found.sort();
    let options = || CompileOptions { only_policies: false, ..CompileOptions::default() };
    let (mut policies, mut objects): (Vec<Arc<Source>>, Vec<String>) = (Vec::new(), Vec::new());
    for path in found {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let source = Source::new(path.display().to_string(), text);
        let compiled = compile_sources(std::slice::from_ref(&source), options());
        let fine = !compiled.diagnostics.iter().any(Diagnostic::is_error);
        if fine && !compiled.set.rules().is_empty() {
            policies.push(source);
            continue;
        }
        for document in serde_yaml::Deserializer::from_str(&source.text) {
            let Ok(object) = Value::deserialize(document) else { break };
            if object.get("kind").is_some_and(Value::is_string) && object.get("metadata").is_some() {
                objects.push(object.to_string());
            }
        }
    }
    objects.sort();
    objects.dedup();
    (policies.chunks(TOGETHER).map(|some| compile_sources(some, options()).set).collect(), objects)
}

fn read<'a>(set: &'a PolicySet, text: &'a str, by_identity: Option<Uses>) -> Document<'a> {
    read_json(text, set.program().layout(), Buffers::default(), JsonOptions { by_identity, ..JsonOptions::default() })
        .unwrap()
}

/// What rules say that judge.
fn judged(engine: &mut Engine, set: &PolicySet, text: &str, uses: Option<Uses>) -> Vec<(usize, String)> {
    let doc = read(set, text, uses);
    let mut said = Vec::new();
    for operation in [Operation::Create, Operation::Update, Operation::Delete] {
        let request = Request { operation, ..Request::create(&doc) };
        engine.check(set, &request, |v| said.push((v.rule, format!("{} {}", v.status.name(), v.message()))));
    }
    said
}

/// What rules say that change the object, and what becomes of it.
fn changed(engine: &mut Engine, set: &PolicySet, text: &str, uses: Option<Uses>) -> Vec<String> {
    let doc = read(set, text, uses);
    let versions = Versions::default();
    let (mut now, mut said) = (&doc, Vec::new());
    for &policy in set.mutating() {
        let request = Request::create(now);
        let became = engine.mutate(set, policy, &request, &versions, &NoHost, |v, _| {
            said.push(format!("{} {} {}", v.rule, v.status.name(), v.message()));
        });
        match became {
            Mutated::Changed(next) => {
                said.push(go_json(next, next.root().unwrap()));
                now = next;
            }
            Mutated::Same => {}
            Mutated::Lost => break,
        }
    }
    said
}

#[test]
fn what_is_read_of_an_object_is_what_rules_look_at() {
    stop_clock("2026-01-31T12:00:00Z").unwrap();
    let (sets, objects) = corpus();
    let rules: usize = sets.iter().map(|set| set.rules().len()).sum();
    assert!(rules > 100 && objects.len() > 100, "{rules} {}", objects.len());
    let mut engine = Engine::default();
    let (mut less, mut words) = (0, 0);
    for (set, object) in sets.iter().flat_map(|set| objects.iter().map(move |object| (set, object))) {
        let whole = judged(&mut engine, set, object, None);
        let part = judged(&mut engine, set, object, Some(JUDGE));
        assert_eq!(part, whole, "{object}");
        words += whole.len();
        less += usize::from(read(set, object, Some(JUDGE)).node_count() < read(set, object, None).node_count());
        if set.mutating().is_empty() {
            continue;
        }
        let whole = changed(&mut engine, set, object, None);
        let part = changed(&mut engine, set, object, Some(CHANGE));
        assert_eq!(part, whole, "{object}");
        words += whole.len();
    }
    eprintln!("{rules} rules, {} objects, {less} times less was read, {words} verdicts", objects.len());
    assert!(less > objects.len() && words > objects.len());
}

/// A patch that comes upon what was passed over finds it as it is.
#[test]
fn notes_of_the_api_server_can_be_patched() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pod = fs::read_to_string(root.join("benches/data/pod.json")).unwrap();
    let value: Value = serde_json::from_str(&pod).unwrap();
    let notes = value.pointer("/metadata/managedFields").unwrap();
    let overlay = |json: Value| json!({"patchStrategicMerge": json});
    let operations = |json: Value| json!({"patchesJson6902": json.to_string()});
    let mutations = [
        overlay(json!({"metadata": {"managedFields": null}})),
        overlay(json!({"metadata": {"managedFields": [{"manager": "me"}]}})),
        overlay(json!({"metadata": {"managedFields": notes}})),
        overlay(json!({"metadata": {"(managedFields)": [{"manager": "?*"}], "labels": {"a": "b"}}})),
        overlay(json!({"metadata": {"managedFields": {"no": "list"}}})),
        overlay(json!({"metadata": {"labels": {"$patch": "replace", "a": "b"}}})),
        overlay(json!({"metadata": {"labels": {"a": "{{ request.object.metadata.managedFields[0].manager }}"}}})),
        overlay(json!({"apiVersion": "v2", "kind": "Service", "spec": {"ports": [{"port": 1}]}})),
        operations(json!([{"op": "remove", "path": "/metadata/managedFields/0"}])),
        operations(json!([{"op": "test", "path": "/metadata/managedFields", "value": notes},
            {"op": "add", "path": "/metadata/labels/a", "value": "b"}])),
        operations(json!([{"op": "test", "path": "/metadata/managedFields", "value": []},
            {"op": "add", "path": "/metadata/labels/a", "value": "b"}])),
        operations(json!([{"op": "copy", "from": "/metadata", "path": "/spec/copy"}])),
        operations(json!([{"op": "move", "from": "/metadata/managedFields", "path": "/spec/moved"}])),
        operations(json!([{"op": "add", "path": "/metadata/managedFields", "value": notes}])),
        operations(json!([{"op": "replace", "path": "/kind", "value": "Other"}])),
        operations(json!([{"op": "replace", "path": "", "value": {"kind": "Other"}}])),
    ];
    for mutation in mutations {
        let policy = |name: &str, mutation: &Value| {
            let kinds = json!({"any": [{"resources": {"kinds": ["*"]}}]});
            let rule = json!({"name": name, "match": kinds, "mutate": mutation});
            let policy = json!({"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": name},
                "spec": {"rules": [rule]}});
            Source::new(name, policy.to_string())
        };
        let label = overlay(json!({"metadata": {"labels": {"last": "one"}}}));
        let sources = [policy("first", &mutation), policy("second", &label)];
        let compiled = compile_sources(&sources, CompileOptions::default());
        assert!(compiled.diagnostics.is_empty(), "{mutation}: {:?}", compiled.diagnostics);
        let mut engine = Engine::default();
        let whole = changed(&mut engine, &compiled.set, &pod, None);
        assert_eq!(changed(&mut engine, &compiled.set, &pod, Some(CHANGE)), whole, "{mutation}");
        assert!(!whole.is_empty());
    }
}

/// Who says what it is at the end, twice or under another name than it is asked about, is understood all the same.
#[test]
fn objects_say_what_they_are_in_any_order() {
    let policies = r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: pods}
spec:
  rules:
  - name: whole
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate:
      message: "{{ to_string(@) }}"
      pattern: {spec: {a: {b: 1}}}
  - name: named
    match: {any: [{resources: {kinds: ["*"], names: [special]}}]}
    validate:
      message: named
      deny: {conditions: {any: [{key: "{{ request.object.status.x.y }}", operator: Equals, value: 1}]}}
  - name: placed
    match: {any: [{resources: {kinds: ["*"], namespaces: [there]}}]}
    validate:
      message: placed
      deny: {conditions: {any: [{key: "{{ request.object.status.x.z }}", operator: Equals, value: 1}]}}
"#;
    let compiled = compile_sources(&[Source::new("p.yaml", policies)], CompileOptions::default());
    assert!(compiled.diagnostics.is_empty(), "{:?}", compiled.diagnostics);
    let set = compiled.set;
    let mut engine = Engine::default();
    let rest = r#""spec":{"a":{"b":1,"c":{}}},"status":{"x":{"y":1,"z":1}}"#;
    let at = |metadata: &str| format!(r#""metadata":{metadata}"#);
    let kind = r#""apiVersion":"v1","kind":"Pod""#;
    let (special, there) = (at(r#"{"name":"special"}"#), at(r#"{"name":"x","namespace":"there"}"#));
    let other = at(r#"{"name":"x","namespace":"here"}"#);
    let texts = [
        format!("{{{kind},{special},{rest}}}"),
        format!("{{{rest},{special},{kind}}}"),
        format!("{{{kind},{rest},{there}}}"),
        format!("{{{there},{rest},{kind}}}"),
        format!("{{{kind},{other},{rest}}}"),
        format!("{{{kind},{other},{rest},{special}}}"),
        format!("{{{kind},{other},{rest},{there}}}"),
        format!(r#"{{"kind":"Service",{other},{rest},{kind}}}"#),
        format!("{{{kind},{},{rest}}}", at(r#"{"generateName":"special"}"#)),
        format!("{{{kind},{},{rest}}}", at(r#"{"generateName":"y","name":"special"}"#)),
        format!("{{{kind},{},{rest}}}", at(r#"{"name":"y","generateName":"special"}"#)),
        format!(r#"{{"kind":"Namespace",{},{rest}}}"#, at(r#"{"name":"there","namespace":"no"}"#)),
        format!(r#"{{"kind":"Service",{there},{rest}}}"#),
    ];
    let mut failures = 0;
    for text in &texts {
        let whole = judged(&mut engine, &set, text, None);
        assert_eq!(judged(&mut engine, &set, text, Some(JUDGE)), whole, "{text}");
        failures += whole.iter().filter(|(_, said)| said.starts_with("fail")).count();
    }
    assert!(failures > 10, "{failures}");
    // A part is asked about as what it is a part of.
    let text = format!(r#"{{"kind":"Scale",{other},{rest}}}"#);
    let said = |uses| {
        let (doc, mut said) = (read(&set, &text, uses), Vec::new());
        let whole = kyvc_vm::selector::ResourceKind { group: "", version: "v1", kind: "Pod", subresource: "" };
        let request = Request { whole: Some(whole), ..Request::create(&doc) };
        Engine::default().check(&set, &request, |v| said.push((v.rule, v.message())));
        said
    };
    assert_eq!(said(Some(JUDGE)), said(None));
    assert_eq!(json!(said(None).len()), json!(1));
}
