//! Patching a Pod, beside flattening it and beside `serde_json` reading the same bytes.
//!
//! `cargo bench --bench patch`. Times of a busy machine say little: compare those of one run.

use criterion::{Criterion, Throughput};
use kyvc_vm::document::{Buffers, Document, JsonError, JsonOptions, Layout, read_json};
use kyvc_vm::patch::json6902::{self, Written};
use kyvc_vm::patch::strategic::{self, Conditions, Operand};
use kyvc_vm::patch::{PatchError, Space, diff};
use kyvc_vm::scalar::Glob;
use serde_json::Value;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;

/// Conditions on texts, as globs that are compiled each time.
struct Globs;

impl Conditions for Globs {
    fn hold(&mut self, pattern: Operand<'_>, value: Operand<'_>) -> Result<bool, String> {
        match (pattern, value) {
            (Operand::Text(pattern), Operand::Text(value)) => Ok(Glob::new(pattern).matches(value)),
            _ => Ok(false),
        }
    }
}

const OVERLAYS: [(&str, &str); 4] = [
    ("label", r#"{"metadata":{"labels":{"team":"platform"}}}"#),
    ("containers", r#"{"spec":{"containers":[{"(name)":"*","+(imagePullPolicy)":"Always"}]}}"#),
    (
        "sidecar",
        r#"{"spec":{"containers":[{"name":"agent","image":"agent:1","env":[{"name":"A","value":"b"}]}],
            "volumes":[{"name":"agent","emptyDir":{"medium":"Memory"}}]}}"#,
    ),
    ("unchanged", r#"{"(kind)":"Job","metadata":{"labels":{"team":"platform"}}}"#),
];

const OPERATIONS: &str = r#"[{"op":"add","path":"/metadata/annotations/example.com~1team","value":"platform"},
    {"op":"replace","path":"/spec/containers/0/image","value":"registry.example.com/app:2"}]"#;

/// The memory of the last document, for the next one.
#[derive(Default)]
struct Worker(Buffers);

impl Worker {
    fn patch<'a>(&mut self, patch: impl FnOnce(Space) -> Result<Option<Document<'a>>, PatchError>) {
        let space = Space { buffers: std::mem::take(&mut self.0), ..Space::default() };
        if let Ok(Some(doc)) = patch(space) {
            self.0 = black_box(doc).recycle();
        }
    }

    fn flatten(&mut self, text: &str, layout: &Layout) {
        if let Ok(doc) = read_json(text, layout, std::mem::take(&mut self.0), JsonOptions::default()) {
            self.0 = black_box(doc).recycle();
        }
    }
}

fn read<'a>(text: &'a str, layout: &'a Layout) -> Result<Document<'a>, JsonError> {
    read_json(text, layout, Buffers::default(), JsonOptions::default())
}

fn main() -> Result<(), Box<dyn Error>> {
    let layout = Layout::everything();
    let operations = read(OPERATIONS, &layout)?;
    let mut criterion = Criterion::default().configure_from_args();
    for name in ["pod", "pod-large"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/data").join(name).with_extension("json");
        let text = std::fs::read_to_string(file)?;
        let pod = read(&text, &layout)?;
        let mut worker = Worker::default();
        let mut group = criterion.benchmark_group(format!("patch/{name}"));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("serde_json", |b| b.iter(|| black_box(serde_json::from_str::<Value>(&text).is_ok())));
        group.bench_function("flatten", |b| b.iter(|| worker.flatten(&text, &layout)));
        for (name, overlay) in OVERLAYS {
            let overlay = read(overlay, &layout)?;
            let root = overlay.root().ok_or("an overlay without a value")?;
            group.bench_function(name, |b| {
                b.iter(|| worker.patch(|space| strategic::merge(&pod, (&overlay, root), &mut Globs, space)));
            });
        }
        group.bench_function("json6902", |b| {
            b.iter(|| worker.patch(|space| json6902::apply(&pod, &operations, Written::Json, space)));
        });
        let patched = json6902::apply(&pod, &operations, Written::Json, Space::default())?;
        let patched = patched.ok_or("the operations change nothing")?;
        group.bench_function("diff", |b| b.iter(|| black_box(diff(&pod, &patched))));
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
