//! What the benches share: the policy set, the objects and the work that is measured.

pub(crate) mod cli;
pub(crate) mod expressions;
pub(crate) mod instructions;
pub(crate) mod measure;
pub(crate) mod process;
pub(crate) mod regorus;
pub(crate) mod scale;
pub(crate) mod webhook;

use kyvc::diag::Source;
use kyvc::engine::{CompileOptions, Engine, JUDGE, PolicySet, Request, Status, compile_sources};
use kyvc_vm::document::{Buffers, Document, JsonOptions, read_json};
use serde_json::{Value, json};
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a bench cannot run, in words.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// Figures: name, measured, and the most that is good.
pub(crate) type Figures = Vec<(&'static str, f64, Option<f64>)>;

/// The files of shipped policies in folders of `policies`.
pub(crate) fn policy_files(folders: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) -> Result<(), Failure> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                walk(&path, out)?;
            } else if path.file_name().is_some_and(|name| name == "policy.yaml") {
                out.push(path);
            }
        }
        Ok(())
    }
    let mut files = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    folders.iter().try_for_each(|folder| walk(&root.join(folder), &mut files))?;
    files.sort();
    Ok(files)
}

fn sources(files: &[PathBuf]) -> Result<Vec<Arc<Source>>, Failure> {
    files.iter().map(|path| Ok(Source::new(path.display().to_string(), fs::read_to_string(path)?))).collect()
}

/// The sources of `policies/pod-security`.
pub(crate) fn pod_security_sources() -> Result<Vec<Arc<Source>>, Failure> {
    sources(&policy_files(&["pod-security"])?)
}

/// Compiles policies without errors.
pub(crate) fn compiled(sources: &[Arc<Source>]) -> Result<PolicySet, Failure> {
    let compiled = compile_sources(sources, CompileOptions { only_policies: true, ..CompileOptions::default() });
    if let Some(first) = compiled.diagnostics.first() {
        return Err(format!("{} diagnostics, the first: {}", compiled.diagnostics.len(), first.message).into());
    }
    Ok(compiled.set)
}

/// Compiles `policies/pod-security`, which is at least 19 rules before their generated forms.
pub(crate) fn pod_security() -> Result<PolicySet, Failure> {
    let set = compiled(&pod_security_sources()?)?;
    if set.rules().len() < 19 {
        return Err(format!("only {} rules", set.rules().len()).into());
    }
    Ok(set)
}

/// Compiles five policies of that set, for a comparison with another engine.
pub(crate) fn five_policies() -> Result<PolicySet, Failure> {
    compiled(&sources(&policy_files(&[
        "pod-security/baseline/privileged-containers",
        "pod-security/baseline/host-namespaces",
        "pod-security/baseline/hostpath-volumes",
        "pod-security/baseline/capabilities",
        "pod-security/restricted/run-as-non-root",
    ])?)?)
}

/// An object of `benches/data`, as the API server sent it.
pub(crate) fn object(name: &str) -> Result<Vec<u8>, Failure> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/data").join(name);
    Ok(fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?)
}

/// The Pod made bad: privileged, on the host's network, with a host path, and free to run as root.
pub(crate) fn bad_pod(pod: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut pod: Value = serde_json::from_slice(pod)?;
    let spec = pod.get_mut("spec").and_then(Value::as_object_mut).ok_or("no spec")?;
    spec.insert("hostNetwork".into(), json!(true));
    let volumes = spec.get_mut("volumes").and_then(Value::as_array_mut).ok_or("no volumes")?;
    volumes.push(json!({"name": "host", "hostPath": {"path": "/var/run", "type": "Directory"}}));
    let context = spec.get_mut("securityContext").and_then(Value::as_object_mut).ok_or("no securityContext")?;
    context.remove("runAsNonRoot");
    let second = spec.get_mut("containers").and_then(|c| c.get_mut(1)).ok_or("no second container")?;
    let context = second.get_mut("securityContext").and_then(Value::as_object_mut).ok_or("no securityContext")?;
    context.insert("privileged".into(), json!(true));
    Ok(serde_json::to_vec(&pod)?)
}

/// The Pod made worse, until it breaks about half of the rules that are about it.
pub(crate) fn worse_pod(pod: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut pod: Value = serde_json::from_slice(&bad_pod(pod)?)?;
    let spec = pod.get_mut("spec").and_then(Value::as_object_mut).ok_or("no spec")?;
    let context = spec.get_mut("securityContext").and_then(Value::as_object_mut).ok_or("no securityContext")?;
    context.insert("runAsUser".into(), json!(0));
    context.insert("sysctls".into(), json!([{"name": "kernel.msgmax", "value": "65536"}]));
    context.insert("seccompProfile".into(), json!({"type": "Unconfined"}));
    let second = spec.get_mut("containers").and_then(|c| c.get_mut(1)).ok_or("no second container")?;
    let context = second.get_mut("securityContext").and_then(Value::as_object_mut).ok_or("no securityContext")?;
    context.insert("allowPrivilegeEscalation".into(), json!(true));
    context.insert("capabilities".into(), json!({"add": ["SYS_ADMIN"]}));
    Ok(serde_json::to_vec(&pod)?)
}

/// The peer: what every program does that has no other plan for its JSON.
pub(crate) fn peer(bytes: &[u8]) {
    black_box(serde_json::from_slice::<Value>(black_box(bytes)).is_ok());
}

/// How many rules said what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) other: usize,
    /// Bytes of message text made
    pub(crate) text: usize,
}

/// One thread's part of a webhook: an engine and the memory of the last document.
pub(crate) struct Worker<'s> {
    set: &'s PolicySet,
    engine: Engine,
    buffers: Option<Buffers>,
}

impl<'s> Worker<'s> {
    pub(crate) fn new(set: &'s PolicySet) -> Self {
        Self { set, engine: Engine::default(), buffers: Some(Buffers::default()) }
    }

    /// Bytes to a document, the check of their encoding included.
    fn read<'a>(&mut self, bytes: &'a [u8]) -> Option<Document<'a>>
    where
        's: 'a,
    {
        let text = std::str::from_utf8(black_box(bytes)).ok()?;
        let buffers = self.buffers.take().unwrap_or_default();
        let options = JsonOptions { by_identity: Some(JUDGE), ..JsonOptions::default() };
        read_json(text, self.set.program().layout(), buffers, options).ok()
    }

    pub(crate) fn flatten(&mut self, bytes: &[u8]) -> usize {
        let Some(doc) = self.read(bytes) else { return 0 };
        let nodes = black_box(&doc).node_count();
        self.buffers = Some(doc.recycle());
        nodes
    }

    /// From bytes to verdicts, with the messages of the rules that do not hold.
    pub(crate) fn flatten_and_check(&mut self, bytes: &[u8]) -> Tally {
        let Some(doc) = self.read(bytes) else { return Tally::default() };
        let tally = self.check(&doc);
        self.buffers = Some(doc.recycle());
        tally
    }

    pub(crate) fn check(&mut self, doc: &Document<'_>) -> Tally {
        let mut tally = Tally::default();
        self.engine.check(self.set, &Request::create(black_box(doc)), |v| match v.status {
            Status::Pass => tally.passed += 1,
            status => {
                tally.text += black_box(v.message()).len();
                if status == Status::Fail { tally.failed += 1 } else { tally.other += 1 }
            }
        });
        black_box(tally)
    }
}
