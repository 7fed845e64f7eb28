//! Properties of any documents and patches.

use super::super::json6902::Written;
use super::super::{Space, diff, equal, json6902, strategic};
use super::{Globs, read};
use crate::document::{Buffers, Document, JsonOptions, Layout, LayoutBuilder, PathId, go_json, read_json};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..100).prop_map(Value::from),
        (-3.0f64..3.0).prop_map(Value::from),
        Just(Value::from(1e21)),
        prop_oneof!["a", "b", "", "x/y", "(a)", "5", "delete", "\u{85}é\u{2028}\"\n", "v1", "Pod"]
            .prop_map(Value::from),
    ]
}

/// A tree whose keys are of these.
fn tree(keys: &'static [&'static str]) -> impl Strategy<Value = Value> {
    scalar().prop_recursive(5, 40, 5, move |inner| {
        let key = proptest::sample::select(keys).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            proptest::collection::vec((key, inner), 0..6)
                .prop_map(|members| { Value::Object(members.into_iter().collect()) }),
        ]
    })
}

const PLAIN: &[&str] = &[
    "name",
    "spec",
    "containers",
    "ports",
    "containerPort",
    "protocol",
    "metadata",
    "labels",
    "a/b",
    "~",
    "finalizers",
];
const ANCHORED: &[&str] = &[
    "name",
    "(name)",
    "+(name)",
    "<(name)",
    " (name)",
    "spec",
    "containers",
    "(containers)",
    "ports",
    "+(ports)",
    "containerPort",
    "metadata",
    "+(metadata)",
    "$patch",
    "labels",
    "finalizers",
    "X(name)",
];

/// An object of a kind with merge keys, or of another.
fn resource() -> impl Strategy<Value = Value> {
    (tree(PLAIN), any::<bool>()).prop_map(|(tree, pod)| {
        let mut root = match tree {
            Value::Object(root) => root,
            other => Map::from_iter([("spec".to_owned(), other)]),
        };
        root.insert("apiVersion".to_owned(), Value::from("v1"));
        root.insert("kind".to_owned(), Value::from(if pod { "Pod" } else { "Widget" }));
        Value::Object(root)
    })
}

fn operation() -> impl Strategy<Value = Value> {
    let step =
        proptest::sample::select(&["spec", "name", "containers", "0", "1", "-1", "-", "", "~1", "x~0", "metadata"][..]);
    let path =
        proptest::collection::vec(step, 0..5).prop_map(|steps| steps.iter().fold(String::new(), |p, s| p + "/" + s));
    let op = proptest::sample::select(&["add", "remove", "replace", "move", "copy", "test"][..]);
    (op, path.clone(), path, tree(PLAIN))
        .prop_map(|(op, path, from, value)| json!({"op": op, "path": path, "from": from, "value": value}))
}

/// A layout that knows some of the keys, as that of a policy set does.
fn some_keys() -> Layout {
    let mut b = LayoutBuilder::default();
    let [spec, name] = ["spec", "name"].map(|key| b.sym(key));
    for key in ["containerPort", "~", "labels", "kind"] {
        b.sym(key);
    }
    b.path(&[spec, name]);
    b.want(&[], true);
    b.finish()
}

/// A document is one that reading its JSON gives, with the same slots.
fn whole(doc: &Document<'_>) {
    let text = super::json(doc);
    let anew = read(&text, doc.layout());
    for path in 0..doc.layout().path_count() {
        let slot = |doc: &Document<'_>| doc.slot(PathId::from_number(path as u32)).map(|node| go_json(doc, node));
        assert_eq!(slot(doc), slot(&anew), "{text}");
    }
    assert!(equal((doc, doc.root().unwrap()), (&anew, anew.root().unwrap())), "{text}");
    assert_eq!(doc.node_count(), anew.node_count(), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_overlay_is_merged_or_refused(resource in resource(), overlay in tree(ANCHORED)) {
        let (layout, other) = (some_keys(), Layout::everything());
        let (resource, overlay) = (resource.to_string(), overlay.to_string());
        let (resource, overlay) = (read(&resource, &layout), read(&overlay, &other));
        let merged = strategic::merge(&resource, (&overlay, overlay.root().unwrap()), &mut Globs, Space::default());
        if let Ok(Some(merged)) = merged {
            whole(&merged);
            prop_assert!(!equal((&resource, resource.root().unwrap()), (&merged, merged.root().unwrap())));
        }
    }

    /// An object without lists that are merged stays as it is.
    #[test]
    fn an_empty_overlay_changes_nothing(tree in tree(&["a", "b", "c", "d", "e", "f"])) {
        let layout = Layout::everything();
        let resource = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": tree}).to_string();
        let (resource, overlay) = (read(&resource, &layout), read("{}", &layout));
        let merged = strategic::merge(&resource, (&overlay, overlay.root().unwrap()), &mut Globs, Space::default());
        prop_assert!(matches!(merged, Ok(None)), "{merged:?}");
    }

    #[test]
    fn any_operations_are_applied_or_refused(
        resource in resource(),
        operations in proptest::collection::vec(operation(), 0..6),
        yaml in any::<bool>(),
    ) {
        let (layout, other) = (some_keys(), Layout::everything());
        let (resource, operations) = (resource.to_string(), Value::Array(operations).to_string());
        let (resource, operations) = (read(&resource, &layout), read(&operations, &other));
        let written = if yaml { Written::Yaml } else { Written::Json };
        if let Ok(Some(applied)) = json6902::apply(&resource, &operations, written, Space::default()) {
            whole(&applied);
        }
    }

    #[test]
    fn a_difference_applied_gives_the_other(a in resource(), b in resource(), overlay in tree(PLAIN)) {
        let layout = some_keys();
        let (a, b, overlay) = (a.to_string(), b.to_string(), overlay.to_string());
        let (a, b, overlay) = (read(&a, &layout), read(&b, &layout), read(&overlay, &layout));
        let merged = strategic::merge(&a, (&overlay, overlay.root().unwrap()), &mut Globs, Space::default());
        for changed in [Some(b), merged.ok().flatten()].into_iter().flatten() {
            let operations = diff(&a, &changed);
            let parsed = read_json(&operations, &layout, Buffers::default(), JsonOptions::default()).unwrap();
            let applied = json6902::apply(&a, &parsed, Written::Yaml, Space::default()).unwrap();
            let got = applied.as_ref().unwrap_or(&a);
            let same = equal((got, got.root().unwrap()), (&changed, changed.root().unwrap()));
            prop_assert!(same, "{operations} gives {}", go_json(got, got.root().unwrap()));
            prop_assert_eq!(diff(&changed, &changed), "[]");
        }
    }
}
