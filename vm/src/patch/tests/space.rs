//! What a patch makes of the rest of a document: slots, places and limits.

use super::super::{PatchError, Space, json6902, strategic};
use super::{Globs, json, read};
use crate::document::{
    Buffers, BuildError, JsonOptions, Layout, LayoutBuilder, Limits, Place, Segment, go_json, read_json,
};

const POD: &str = r#"{"metadata":{"name":"p","labels":{"a":"1"}},
 "spec":{"hostNetwork":true,"containers":[{"name":"a"}]},"kind":"Pod","apiVersion":"v1","status":{"x":{"y":1.0}}}"#;

/// A layout with slots for these paths, that keeps everything.
fn layout(paths: &[&[&str]]) -> Layout {
    let mut b = LayoutBuilder::default();
    for path in paths {
        let path: Vec<_> = path.iter().map(|key| b.sym(key)).collect();
        b.path(&path);
        b.want(&path.into_iter().map(Segment::Key).collect::<Vec<_>>(), true);
    }
    b.want(&[], true);
    b.finish()
}

/// Every slot of a patched document is where reading its JSON would put it.
#[test]
fn slots_are_those_of_a_document_read_anew() {
    let layout = layout(&[
        &["metadata"],
        &["metadata", "labels"],
        &["metadata", "labels", "a"],
        &["metadata", "annotations", "b"],
        &["spec", "hostNetwork"],
        &["spec", "containers"],
        &["spec", "hostPID"],
        &["status", "x"],
        &["status", "x", "y"],
    ]);
    let pod = read(POD, &layout);
    let overlays = [
        r#"{"metadata":{"labels":{"a":"2"}}}"#,
        r#"{"metadata":{"annotations":{"b":"2"}},"spec":{"hostPID":true,"hostNetwork":null}}"#,
        r#"{"spec":{"containers":[{"name":"b"}]},"status":null}"#,
        r#"{"status":{"x":{"z":1}}}"#,
    ];
    let operations = [
        r#"[{"op":"move","from":"/status","path":"/spec/status"}]"#,
        r#"[{"op":"copy","from":"/status","path":"/metadata/x"},{"op":"remove","path":"/metadata/name"}]"#,
        r#"[{"op":"move","from":"/spec","path":"/old"},{"op":"copy","from":"/old","path":"/spec"}]"#,
    ];
    let all = Layout::everything();
    let merged = overlays.iter().map(|text| {
        let overlay = read(text, &all);
        strategic::merge(&pod, (&overlay, overlay.root().unwrap()), &mut Globs, Space::default())
    });
    let applied = operations
        .iter()
        .map(|text| json6902::apply(&pod, &read(text, &all), json6902::Written::Json, Space::default()));
    for patched in merged.chain(applied) {
        let patched = patched.unwrap().unwrap();
        let text = json(&patched);
        let anew = read(&text, &layout);
        for path in 0..layout.path_count() {
            let path = crate::document::PathId::from_number(path as u32);
            let shown = |doc: &crate::document::Document<'_>| doc.slot(path).map(|node| go_json(doc, node));
            assert_eq!(shown(&patched), shown(&anew), "{:?} of {text}", layout.path(path));
        }
        assert_eq!(patched.node_count(), anew.node_count());
    }
}

/// What stays has its place; what is new has that of the map it is in.
#[test]
fn places_stay() {
    let layout = Layout::everything();
    let options = JsonOptions { places: Some(Place::START), ..JsonOptions::default() };
    let pod = read_json(POD, &layout, Buffers::default(), options).unwrap();
    let overlay = read(r#"{"spec":{"hostPID":true},"metadata":{"labels":{"a":"2"}}}"#, &layout);
    let merged = strategic::merge(&pod, (&overlay, overlay.root().unwrap()), &mut Globs, Space::default());
    let merged = merged.unwrap().unwrap();
    let place = |path: &[&str]| {
        let node = path.iter().try_fold(merged.root().unwrap(), |node, key| merged.get_str(node, key)).unwrap();
        let place = merged.place(node);
        (place.line, place.column)
    };
    assert_eq!(place(&["metadata", "name"]), (1, 21));
    assert_eq!(place(&["metadata", "labels"]), (1, 34));
    assert_eq!(place(&["metadata", "labels", "a"]), (1, 34));
    assert_eq!(place(&["spec"]), (2, 9));
    assert_eq!(place(&["spec", "hostPID"]), (2, 9));
    assert_eq!(place(&["spec", "containers"]), (2, 42));
    assert_eq!(place(&["status", "x", "y"]), (2, 108));
}

#[test]
fn limits_are_kept() {
    let layout = Layout::everything();
    let pod = read(POD, &layout);
    let overlay = read(r#"{"spec":{"a":{"b":{"c":{"d":{"e":1}}}}}}"#, &layout);
    let merge = |limits| {
        let space = Space { limits, ..Space::default() };
        strategic::merge(&pod, (&overlay, overlay.root().unwrap()), &mut Globs, space).map(|doc| doc.is_some())
    };
    let (depth, nodes) = (5, 1_000);
    assert_eq!(merge(Limits { depth, nodes }), Err(PatchError::Limit(BuildError::Depth(depth))));
    assert_eq!(merge(Limits { depth: 6, nodes }), Ok(true));
    let few = merge(Limits { depth: 10, nodes: 19 });
    assert_eq!(few, Err(PatchError::Limit(BuildError::Nodes(19))));
    let operations = read(r#"[{"op":"copy","from":"/status","path":"/status/x/y2"}]"#, &layout);
    let apply = |depth| {
        let space = Space { limits: Limits { depth, nodes }, ..Space::default() };
        json6902::apply(&pod, &operations, json6902::Written::Json, space).map(|doc| doc.is_some())
    };
    assert_eq!(apply(5), Ok(true));
    assert_eq!(apply(4), Err(PatchError::Limit(BuildError::Depth(4))));
}

/// As deep as a document may be by default, on half the stack that a thread has by default; without optimisation on more.
#[test]
fn depth_costs_little_stack() {
    let size = if cfg!(debug_assertions) { 8 << 20 } else { 1 << 20 };
    std::thread::Builder::new().stack_size(size).spawn(deep_documents).unwrap().join().unwrap();
}

fn deep_documents() {
    let layout = Layout::everything();
    let nested = |levels: usize, inner: &str, list: bool| {
        let (open, close) = if list { (r#"{"a":["#, "]}") } else { (r#"{"a":"#, "}") };
        let levels = if list { levels / 2 } else { levels };
        format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
    };
    for list in [false, true] {
        let (resource, overlay) = (nested(998, r#"{"x":1}"#, list), nested(998, r#"{"(x)":"1","y":{"+(z)":1}}"#, list));
        let (resource, overlay) = (read(&resource, &layout), read(&overlay, &layout));
        let merged = strategic::merge(&resource, (&overlay, overlay.root().unwrap()), &mut Globs, Space::default());
        let changed = merged.unwrap();
        assert_eq!(changed.is_some(), !list, "lists without a name change nothing");
        let text = format!(
            r#"[{{"op":"test","path":"","value":{0}}},{{"op":"add","path":"/b","value":{0}}}]"#,
            nested(990, "1", list)
        );
        let operations = read(&text, &layout);
        let applied = json6902::apply(&resource, &operations, json6902::Written::Yaml, Space::default());
        assert!(applied.is_err(), "the test fails");
        for changed in changed.iter().chain([&overlay]) {
            assert!(!super::super::diff(&resource, changed).is_empty());
        }
    }
}

/// Operations that double a value each time come to an end.
#[test]
fn copies_of_copies_are_limited() {
    let layout = Layout::everything();
    let pod = read(POD, &layout);
    let doubling = vec![r#"{"op":"copy","from":"/a","path":"/a/-"}"#; 40].join(",");
    let operations = format!(r#"[{{"op":"add","path":"/a","value":[1]}},{doubling}]"#);
    let operations = read(&operations, &layout);
    let space = Space { limits: Limits { nodes: 10_000, ..Limits::default() }, ..Space::default() };
    let applied = json6902::apply(&pod, &operations, json6902::Written::Json, space).map(|doc| doc.is_some());
    assert_eq!(applied, Err(PatchError::Limit(BuildError::Nodes(10_000))));
}

/// A subtree that was kept as text is taken over; a patch that goes into it is refused.
#[test]
fn what_was_not_read_stays_so() {
    let mut b = LayoutBuilder::default();
    let spec = b.sym("spec");
    b.want(&[Segment::Key(spec)], true);
    let (narrow, all) = (b.finish(), Layout::everything());
    let pod = read(POD, &narrow);
    let merge = |text| {
        let overlay = read(text, &all);
        strategic::merge(&pod, (&overlay, overlay.root().unwrap()), &mut Globs, Space::default())
            .map(|doc| doc.map(|doc| json(&doc)))
    };
    let merged = merge(r#"{"spec":{"hostPID":true}}"#).unwrap().unwrap();
    assert!(merged.contains(r#""status":{"x":{"y":1}}"#) && merged.contains(r#""hostPID":true"#), "{merged}");
    assert_eq!(merge(r#"{"status":{"z":1}}"#), Err(PatchError::Unread));
}
