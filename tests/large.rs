//! Large inputs cost in proportion to their size, in every form that a list of objects has. What is counted are
//! allocations, which are the same on every machine; the places are counted in `kyvc_vm`'s own tests.

#[path = "../benches/support/mod.rs"]
#[expect(dead_code, reason = "the benches use the rest")]
mod support;

use allocation_counter::AllocationInfo;
use kyvc::diag::Source;
use kyvc::engine::{Engine, PolicySet, Request, Status};
use kyvc::manifest;
use kyvc::yaml::{ReadOptions, go_json};
use kyvc_vm::document::{Buffers, JsonOptions, Layout, Place, read_json};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use support::{bad_pod, object, pod_security};

/// Forms of a text with many Pods in it.
const FORMS: [&str; 6] = ["one line", "indented", "JSON documents", "YAML list", "YAML documents", "YAML on one line"];

fn text(form: &str, pods: &[Value]) -> String {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": pods});
    let each = |between: &str, one: fn(&Value) -> String| pods.iter().map(one).collect::<Vec<_>>().join(between);
    let yaml = |value: &Value| serde_yaml::to_string(value).unwrap_or_default();
    match form {
        "one line" => list.to_string(),
        "indented" => format!("{list:#}"),
        "JSON documents" => each("\n", Value::to_string),
        "YAML list" => yaml(&list),
        // An unquoted key makes it YAML.
        "YAML on one line" => list.to_string().replacen("\"apiVersion\"", "apiVersion", 1),
        _ => pods.iter().flat_map(|pod| ["---\n".to_owned(), yaml(pod)]).collect(),
    }
}

/// The places of all failures in a text, and what finding them cost.
fn check(set: &PolicySet, text: &str) -> (Vec<(String, Place)>, AllocationInfo) {
    let source = Source::new("list", text);
    let mut failures = Vec::new();
    let mut problems = Vec::new();
    let cost = allocation_counter::measure(|| {
        let mut engine = Engine::default();
        let options = ReadOptions { strict: true, places: true, ..ReadOptions::default() };
        problems = manifest::read(&source, set.program().layout(), options, &mut |doc| {
            engine.check(set, &Request::create(doc), |v| {
                if v.status == Status::Fail {
                    failures.push((v.info.name.clone(), v.place));
                }
            });
            ControlFlow::Continue(())
        });
    });
    assert!(problems.is_empty(), "{problems:?}");
    (failures, cost)
}

#[test]
fn cost_grows_with_the_size() {
    let set = pod_security().unwrap();
    let bad: Value = serde_json::from_slice(&bad_pod(&object("pod.json").unwrap()).unwrap()).unwrap();
    let pods: Vec<Value> = (0..80)
        .map(|i| {
            let mut pod = bad.clone();
            pod["metadata"]["name"] = json!(format!("pod-{i}"));
            pod
        })
        .collect();
    for form in FORMS {
        let (small, large) = (text(form, &pods[..20]), text(form, &pods));
        let ((few, low), (many, high)) = (check(&set, &small), check(&set, &large));
        assert_eq!(few.len() * 4, many.len(), "{form}");
        assert!(!few.is_empty() && few == many[..few.len()], "{form}: the same failures at the same places");
        // Four times the size; half as much again is for vectors that double.
        let within = |low: u64, high: u64| high <= low * 6;
        assert!(within(low.count_total, high.count_total), "{form}: {low:?} {high:?}");
        assert!(within(low.bytes_total, high.bytes_total), "{form}: {low:?} {high:?}");
        assert!(high.bytes_max <= 12 * large.len() as u64, "{form}: {} bytes, {high:?}", large.len());
    }
}

/// A failure in a list has the line and column that it has in the file, on one line or on many.
#[test]
fn places_are_those_of_the_file() {
    let set = pod_security().unwrap();
    let bad: Value = serde_json::from_slice(&bad_pod(&object("pod.json").unwrap()).unwrap()).unwrap();
    for form in FORMS {
        let text = text(form, &[bad.clone(), bad.clone()]);
        let (failures, _) = check(&set, &text);
        let lines: Vec<&str> = text.lines().collect();
        let hosts: Vec<&str> = failures
            .iter()
            .filter(|(rule, _)| rule == "host-namespaces-are-not-shared")
            .map(|(_, place)| {
                let line = lines[place.line as usize - 1];
                line.split_at(line.char_indices().nth(place.column as usize - 1).unwrap().0).1
            })
            .collect();
        assert_eq!(hosts.len(), 2, "{form}: {failures:?}");
        assert!(hosts.iter().all(|at| at.starts_with("true") || at.contains("hostNetwork")), "{form}: {hosts:?}");
    }
}

#[test]
fn a_lenient_reader_passes_nothing_over_in_a_list() {
    let set = pod_security().unwrap();
    let text = r#"{"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "a"}, "status": {"x": [1]}}]}"#;
    let source = Source::new("list", text);
    let mut found = String::new();
    let problems = manifest::read(&source, set.program().layout(), ReadOptions::resource(), &mut |doc| {
        found = go_json(doc, doc.root().unwrap());
        ControlFlow::Continue(())
    });
    assert!(problems.is_empty(), "{problems:?}");
    let want = r#"{"metadata":{"namespace":"default","name":"a"},"kind":"Pod","status":{"x":[1]}}"#;
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(json(&found), json(want));
    let layout = Layout::everything();
    assert!(read_json(&found, &layout, Buffers::default(), JsonOptions::default()).is_ok());
}
