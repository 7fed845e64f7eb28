//! Reading and checking a Pod against the pod-security set, beside `serde_json` reading the same bytes.
//!
//! `cargo bench --bench pod`. Times of a busy machine say little; `--bench ratios` gives the figures to compare.

#[expect(dead_code, reason = "other benches use the rest")]
mod support;

use criterion::{Criterion, Throughput};
use kyvc_vm::document::{Buffers, JsonOptions, read_json};
use support::{Failure, Worker, bad_pod, object, peer, pod_security, worse_pod};

fn main() -> Result<(), Failure> {
    let set = pod_security()?;
    let pod = object("pod.json")?;
    let objects =
        [("bad", bad_pod(&pod)?), ("worse", worse_pod(&pod)?), ("large", object("pod-large.json")?), ("pod", pod)];
    let mut criterion = Criterion::default().configure_from_args();
    for (name, bytes) in &objects {
        let text = std::str::from_utf8(bytes)?;
        let mut worker = Worker::new(&set);
        let mut group = criterion.benchmark_group(*name);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("serde_json", |b| b.iter(|| peer(bytes)));
        group.bench_function("flatten", |b| b.iter(|| worker.flatten(bytes)));
        group.bench_function("flatten+check", |b| b.iter(|| worker.flatten_and_check(bytes)));
        let doc = read_json(text, set.program().layout(), Buffers::default(), JsonOptions::default())?;
        group.bench_function("check", |b| b.iter(|| worker.check(&doc)));
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
