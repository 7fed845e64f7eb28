//! The JSON reader accepts what serde_json accepts, and reads the same values.
#![no_main]

use kyvc_vm::document::{Buffers, Document, JsonOptions, Layout, LayoutBuilder, NodeId, Place, Segment, read_json};
use kyvc_vm::scalar::Scalar;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;

static EVERYTHING: LazyLock<Layout> = LazyLock::new(Layout::everything);

/// Skips most of a document: what a policy set does.
static SPARSE: LazyLock<Layout> = LazyLock::new(|| {
    let mut b = LayoutBuilder::default();
    let (a, spec) = (b.sym("a"), b.sym("spec"));
    b.path(&[spec, a]);
    b.want(&[Segment::Key(spec), Segment::Element, Segment::Key(a)], true);
    b.finish()
});

fuzz_target!(|text: &str| {
    let options = JsonOptions { places: Some(Place::START), ..JsonOptions::default() };
    let ours = read_json(text, &EVERYTHING, Buffers::default(), options);
    let sparse = read_json(text, &SPARSE, Buffers::default(), JsonOptions::default());
    let theirs = serde_json::from_str::<Value>(text);
    // As Go, but not serde_json, we read half surrogates as U+FFFD and nest deeper; a skipped number has no value that
    // could be out of range.
    if let Err(e) = &theirs {
        let text = e.to_string();
        if ["surrogate", "end of hex escape", "recursion limit", "out of range"].iter().any(|w| text.contains(w)) {
            return;
        }
    }
    assert_eq!(ours.is_ok(), theirs.is_ok(), "{ours:?} {theirs:?}");
    assert_eq!(ours.is_ok(), sparse.is_ok(), "{ours:?} {sparse:?}");
    if let (Ok(doc), Ok(value)) = (ours, theirs) {
        same(&doc, doc.root().expect("a document has a root"), &value);
    }
});

fn same(doc: &Document<'_>, node: NodeId, value: &Value) {
    match (doc.scalar(node), value) {
        (Scalar::Null, Value::Null) => {}
        (Scalar::Bool(a), Value::Bool(b)) => assert_eq!(a, *b),
        (Scalar::Int(a), Value::Number(b)) => assert_eq!(a as f64, b.as_f64().expect("a number")),
        (Scalar::Float(a), Value::Number(b)) => assert_close(a, b.as_f64().expect("a number")),
        (Scalar::Str(a), Value::String(b)) => assert_eq!(a, b),
        (Scalar::List, Value::Array(b)) => {
            assert_eq!(doc.len(node), b.len());
            doc.children(node).zip(b).for_each(|(n, v)| same(doc, n, v));
        }
        (Scalar::Map, Value::Object(b)) => {
            assert_eq!(doc.len(node), b.len());
            for (key, n) in doc.entries(node) {
                same(doc, n, b.get(doc.key_text(key)).expect("the same keys"));
            }
        }
        (a, b) => panic!("{a:?} is not {b}"),
    }
}

/// serde_json without `float_roundtrip` is off by the last bit at times.
fn assert_close(a: f64, b: f64) {
    assert!(a == b || (a - b).abs() <= a.abs() * 4.0 * f64::EPSILON || a.abs() < 1e-300, "{a} {b}");
}
