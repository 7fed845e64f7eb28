//! What the command line does with many Deployments, beside reading them and doing nothing.

use super::measure::{median, ratio};
use super::process::{Cost, run};
use super::{Failure, Figures, object, pod_security};
use kyvc::input;
use kyvc::yaml::{ReadOptions, documents};
use kyvc_vm::document::Layout;
use serde_json::{Value, json};
use std::fmt::Write;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The arguments with which a bench does nothing but read the YAML file after them: for the pod-security set, as
/// `kyvc check` does, or for nobody, with every key.
pub(crate) const READ: &str = "--read-yaml";
pub(crate) const READ_ALL: &str = "--read-all-yaml";
const MIB: f64 = 1024.0 * 1024.0;

/// So many Deployments of the Pod of `benches/data`, as YAML documents.
pub(crate) fn deployments(count: usize) -> Result<String, Failure> {
    const NAME: &str = "the-name-of-it";
    let pod: Value = serde_json::from_slice(&object("pod.json")?)?;
    let field = |path: &str| pod.pointer(path).cloned().unwrap_or_default();
    let mut spec = field("/spec");
    if let Some(spec) = spec.as_object_mut() {
        // What admission adds to a Pod stands in no template.
        for key in ["priority", "preemptionPolicy", "enableServiceLinks", "serviceAccount"] {
            spec.remove(key);
        }
    }
    let (labels, annotations) = (field("/metadata/labels"), field("/metadata/annotations"));
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": NAME, "namespace": field("/metadata/namespace"), "labels": labels, "annotations": annotations
        },
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels, "annotations": annotations}, "spec": spec}
        }
    });
    let text = serde_yaml::to_string(&deployment)?;
    let (before, after) = text.split_once(NAME).ok_or("no name")?;
    let mut out = String::with_capacity(count * (text.len() + 8));
    for number in 0..count {
        write!(out, "---\n{before}web-{number}{after}")?;
    }
    Ok(out)
}

/// Reads a file into documents and lets go of them.
pub(crate) fn read(how: &str, file: &str) -> Result<(), Failure> {
    let set = if how == READ { Some(pod_security()?) } else { None };
    let everything = Layout::everything();
    let layout = set.as_ref().map_or(&everything, |set| set.program().layout());
    let (parts, _) = input::open(&[file.to_owned()], "manifest");
    for part in parts {
        let source = part.text.map_err(|d| d.message)?;
        let options = ReadOptions { strict: true, places: true, ..ReadOptions::default() };
        documents(&source, layout, options, &mut |doc| ControlFlow::Continue(black_box(doc).recycle()))
            .map_err(|d| d.message)?;
    }
    Ok(())
}

/// Reading YAML in this process.
pub(crate) fn reading(rounds: u32) -> Result<Figures, Failure> {
    let text = deployments(20)?;
    let source = kyvc::diag::Source::new("deployments.yaml", text.as_str());
    let layout = Layout::everything();
    let ours = |options: ReadOptions| {
        let mut seen = 0;
        let read = documents(&source, &layout, options, &mut |doc| {
            seen += 1;
            ControlFlow::Continue(black_box(doc).recycle())
        });
        black_box((seen, read.is_ok()));
    };
    let mut peer = || {
        for document in serde_yaml::Deserializer::from_str(black_box(&text)) {
            black_box(<serde_yaml::Value as serde::Deserialize>::deserialize(document).is_ok());
        }
    };
    let plain = ratio(rounds, &mut || ours(ReadOptions::resource()), &mut peer);
    let places = ratio(rounds, &mut || ours(ReadOptions::policy()), &mut peer);
    Ok(vec![("yaml-to-serde_yaml", plain, Some(0.5)), ("yaml-with-places-to-serde_yaml", places, Some(0.5))])
}

/// The command line, as processes: `kyvc` with files in a folder. `count` Deployments are checked, and ten times as many.
pub(crate) fn processes(kyvc: &Path, folder: &Path, count: usize) -> Result<Figures, Failure> {
    let write = |name: &str, count| -> Result<PathBuf, Failure> {
        let path = folder.join(name);
        std::fs::write(&path, deployments(count)?)?;
        Ok(path)
    };
    let (one, few, many) = (write("one.yaml", 1)?, write("few.yaml", count)?, write("many.yaml", 10 * count)?);
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/pod-security");
    let check =
        |policies: &Path, file: &Path, times| run(Command::new(kyvc).arg("check").args([policies, file]), times);
    let read = |how: &str| run(Command::new(std::env::current_exe()?).arg(how).arg(&few), 1);
    let start = check(&policies.join("baseline/host-namespaces/policy.yaml"), &one, 50)?;
    let runs = (0..5)
        .map(|_| Ok([check(&policies, &few, 1)?, read(READ)?, read(READ_ALL)?]))
        .collect::<Result<Vec<[Cost; 3]>, Failure>>()?;
    let of = |figure: fn(&[Cost; 3]) -> f64| median(runs.iter().map(figure).collect());
    let tenfold = check(&policies, &many, 1)?;
    let peak = of(|[check, ..]| check.peak);
    let figures = vec![
        ("cli-cpu-to-reading", of(|[check, read, _]| check.cpu / read.cpu), Some(1.5)),
        ("cli-cpu-to-reading-for-nobody", of(|[check, _, read]| check.cpu / read.cpu), None),
        // Whatever else the machine does, two threads share the work.
        ("cli-busiest-thread", of(|[check, ..]| check.busiest), Some(0.75)),
        ("cli-MiB", peak / MIB, Some(200.0)),
        ("cli-tenfold-memory", tenfold.peak / peak, Some(1.2)),
        ("cli-one-policy-one-resource-milliseconds", start.cpu * 1e3, Some(10.0)),
        ("cli-one-policy-one-resource-MiB", start.peak / MIB, Some(15.0)),
    ];
    [one, few, many].iter().try_for_each(std::fs::remove_file)?;
    Ok(figures)
}
