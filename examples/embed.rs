//! Embedding the engine: policies are compiled once, and every thread checks objects with an engine of its own.
//!
//! `cargo run --example embed -- policies/pod-security benches/data/pod.json` checks JSON objects, one a file, and then
//! asks about the first one on all threads, to see how many checks a second that makes.

use kyvc::diag::Source;
use kyvc::engine::{CompileOptions, Engine, PolicySet, Request, Status, compile_sources};
use kyvc_vm::document::{Buffers, JsonOptions, read_json};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The policies below a folder.
fn sources(folder: &Path, out: &mut Vec<Arc<Source>>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, out)?;
        } else if path.extension().is_some_and(|e| e == "yaml") {
            out.push(Source::new(path.display().to_string(), fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// What one thread keeps from one object to the next: no check allocates once it has been here.
#[derive(Default)]
struct Worker {
    engine: Engine,
    buffers: Buffers,
}

impl Worker {
    fn check(&mut self, set: &PolicySet, json: &str, mut say: impl FnMut(Status, &str, &dyn Fn() -> String)) {
        let buffers = std::mem::take(&mut self.buffers);
        let Ok(object) = read_json(json, set.program().layout(), buffers, JsonOptions::default()) else { return };
        self.engine.check(set, &Request::create(&object), |v| say(v.status, &v.info.name, &|| v.message()));
        self.buffers = object.recycle();
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "policies/pod-security".to_owned());
    let mut files: Vec<String> = arguments.collect();
    if files.is_empty() {
        files.push("benches/data/pod.json".to_owned());
    }
    let mut policies = Vec::new();
    sources(Path::new(&folder), &mut policies)?;
    // The set never changes: threads share it, and a new one takes its place.
    let set = Arc::new(compile_sources(&policies, CompileOptions::default()).set);
    println!("{} rules of {} policies", set.rules().len(), set.policies().len());

    let texts = files.iter().map(fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
    let mut worker = Worker::default();
    for (file, text) in files.iter().zip(&texts) {
        println!("{file}");
        worker.check(&set, text, |status, rule, message| match status {
            Status::Pass => println!("  pass {rule}"),
            status => println!("  {} {rule}: {}", status.name(), message()),
        });
    }

    let (text, time) = (texts.first().cloned().unwrap_or_default(), Duration::from_millis(500));
    let threads = std::thread::available_parallelism()?.get();
    let start = Instant::now();
    let checks: u64 = std::thread::scope(|scope| {
        let run = || {
            let mut worker = Worker::default();
            let mut checks = 0;
            while start.elapsed() < time {
                worker.check(&set, &text, |_, _, _| {});
                checks += 1;
            }
            checks
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().filter_map(|thread| thread.join().ok()).sum()
    });
    println!("{:.0} checks a second on {threads} threads", checks as f64 / start.elapsed().as_secs_f64());
    Ok(())
}
