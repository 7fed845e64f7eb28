//! Whole admission reviews, and changes of objects.

use super::measure::ratio;
use super::{Failure, Figures, compiled, object, peer};
use kyvc::diag::Source;
use kyvc::engine::{CHANGE, Engine, JUDGE, Mutated, NoHost, PolicySet, Request, Status, Versions};
use kyvc::review::{Reviewer, Surroundings};
use kyvc_vm::document::{Buffers, Document, JsonOptions, Layout, go_json, read_json};
use kyvc_vm::patch::json6902::{self, Written};
use kyvc_vm::patch::{Space, diff};
use serde_json::Value;
use std::hint::black_box;
use std::path::Path;

/// One thread of a webhook.
#[derive(Default)]
pub(crate) struct Webhook {
    reviewer: Reviewer,
    out: String,
    passed: usize,
}

impl Webhook {
    /// From the bytes of a review to those of the answer.
    pub(crate) fn answer(&mut self, set: &PolicySet, bytes: &[u8]) -> bool {
        let Ok(review) = self.reviewer.read_for(set, black_box(bytes), JUDGE) else { return false };
        let mut passed = 0;
        let answer = self.reviewer.validate(set, &review, &Surroundings::default(), |verdict, _| {
            passed += usize::from(verdict.status == Status::Pass);
        });
        self.out.clear();
        answer.write(&review, &mut self.out);
        self.passed = passed;
        self.reviewer.done(review);
        black_box(answer.is_allowed())
    }
}

/// Lets the rules of a set change an object, and gives the JSON Patch.
fn mutate(engine: &mut Engine, set: &PolicySet, text: &str, buffers: Buffers) -> Result<(String, Buffers), Failure> {
    let options = JsonOptions { by_identity: Some(CHANGE), ..JsonOptions::default() };
    let doc = read_json(text, set.program().layout(), buffers, options)?;
    Ok((patch_of(engine, set, &doc)?, doc.recycle()))
}

fn patch_of(engine: &mut Engine, set: &PolicySet, doc: &Document<'_>) -> Result<String, Failure> {
    let versions = Versions::default();
    let mut now = doc;
    for &policy in set.mutating() {
        match engine.mutate(set, policy, &Request::create(now), &versions, &NoHost, |verdict, _| {
            black_box(verdict.status);
        }) {
            Mutated::Changed(next) => now = next,
            Mutated::Same => {}
            Mutated::Lost => return Err("a rule failed".into()),
        }
    }
    Ok(diff(doc, now))
}

/// The ten rules, when each of them changes what it should and the patch says so.
fn mutating(text: &str) -> Result<PolicySet, Failure> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/policies/mutate.yaml");
    let set = compiled(&[Source::new("mutate.yaml", std::fs::read_to_string(file)?)])?;
    let (patch, _) = mutate(&mut Engine::default(), &set, text, Buffers::default())?;
    let layout = Layout::everything();
    let read = |text| read_json(text, &layout, Buffers::default(), JsonOptions::default());
    let pod = read(text)?;
    let patched = json6902::apply(&pod, &read(&patch)?, Written::Json, Space::default())?.ok_or("no change")?;
    let patched: Value = serde_json::from_str(&go_json(&patched, patched.root().ok_or("no Pod")?))?;
    for (pointer, value) in [
        ("/metadata/labels/cost-center", "shops"),
        ("/metadata/annotations/example.com~1contact", "payments@example.com"),
        ("/spec/containers/1/imagePullPolicy", "Always"),
        ("/spec/imagePullSecrets/0/name", "registry"),
        ("/spec/securityContext/fsGroupChangePolicy", "OnRootMismatch"),
        ("/spec/tolerations/2/key", "example.com/shops"),
        ("/spec/containers/0/image", "mirror.example.com/shop/checkout:3.14.2"),
        ("/spec/containers/1/env/0/name", "CLUSTER"),
        ("/spec/containers/1/volumeMounts/0/name", "cache"),
        ("/spec/containers/0/resources/requests/ephemeral-storage", "64Mi"),
    ] {
        if patched.pointer(pointer).and_then(Value::as_str) != Some(value) {
            return Err(format!("{pointer} is {:?}", patched.pointer(pointer)).into());
        }
    }
    Ok(set)
}

/// The work of changing one object, again and again.
pub(crate) struct Mutations<'t> {
    text: &'t str,
    set: PolicySet,
    engine: Engine,
    buffers: Buffers,
}

impl<'t> Mutations<'t> {
    pub(crate) fn new(text: &'t str) -> Result<Self, Failure> {
        Ok(Self { text, set: mutating(text)?, engine: Engine::default(), buffers: Buffers::default() })
    }

    pub(crate) fn run(&mut self) {
        let buffers = std::mem::take(&mut self.buffers);
        if let Ok((patch, free)) = mutate(&mut self.engine, &self.set, black_box(self.text), buffers) {
            black_box(patch);
            self.buffers = free;
        }
    }
}

pub(crate) fn figures(set: &PolicySet, rounds: u32) -> Result<Figures, Failure> {
    let mut figures = Figures::new();
    let mut webhook = Webhook::default();
    for (name, file) in [("review-create", "review-pod-create.json"), ("review-update", "review-pod-update.json")] {
        let bytes = object(file)?;
        let allowed = webhook.answer(set, &bytes);
        let answer: Value = serde_json::from_str(&webhook.out)?;
        let said = answer.pointer("/response/allowed").and_then(Value::as_bool);
        if !allowed || said != Some(true) || webhook.passed < 19 {
            return Err(format!("{file}: {} rules hold, {answer}", webhook.passed).into());
        }
        let measured = ratio(rounds, &mut || _ = webhook.answer(set, &bytes), &mut || peer(&bytes));
        figures.push((name, measured, Some(0.45)));
    }
    let pod = object("pod.json")?;
    let mut mutations = Mutations::new(std::str::from_utf8(&pod)?)?;
    figures.push(("mutate-ten", ratio(rounds, &mut || mutations.run(), &mut || peer(&pod)), Some(2.0)));
    Ok(figures)
}
