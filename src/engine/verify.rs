//! Rules that verify images: first the images are verified, which changes the object, and then it is checked that they
//! were.
//!
//! Kyverno: pkg/engine/internal/imageverifier.go and pkg/engine/handlers/validation/validate_image.go.

mod entry;
mod manifests;
mod metadata;
mod verifier;

pub use entry::{Attestation, Attestor, Certificates, CtLog, Entry, Method, Rekor};

use super::host::Host;
use super::images::{self, Found};
use super::message::{self, Own};
use super::request::{Operation, Request};
use super::run::{Around, Engine, Run, Status, Verdict, request_document, request_json, verdict};
use super::set::{CheckKind, PolicySet, RuleInfo};
use super::uses::{Again, CHANGE};
use crate::ir::images::ImageRule;
use crate::yaml;
use kyvc_vm::builtin::images::Image;
use kyvc_vm::document::{Document, Place};
use kyvc_vm::scalar::Glob;
use kyvc_vm::verdict::Outcome;
use metadata::{Metadata, SCOPED_ANNOTATION};
use serde_json::{Map, Value, json};
use verifier::Verifier;

/// What became of the images of an object, for all policies that verified them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    metadata: Metadata,
    /// Where images get their digests, as JSON pointers, and what stands there then
    digests: Vec<(String, String)>,
}

impl Verified {
    /// The object with the digests of its images, and with annotations that say what became of them. Nothing where it
    /// stays as it is.
    pub fn applied(&self, object: &Document<'_>) -> Option<String> {
        changed(object, &self.metadata, &self.digests)
    }
}

impl Engine {
    /// Lets the rules of one policy verify the images of a request's object. Gives the object as JSON where they change
    /// it.
    pub fn verify_images<'s>(
        &mut self,
        set: &'s PolicySet,
        policy: usize,
        request: &Request<'_>,
        host: &dyn Host,
        each: impl FnMut(Verdict<'s>),
    ) -> Option<String> {
        let again = Again::of(request, &set.topic(request), CHANGE);
        let request = &again.as_ref().map_or(*request, |again| again.request(request));
        let mut verified = Verified::default();
        self.verify_images_too(set, policy, request, host, &mut verified, each);
        verified.applied(request.object)
    }

    /// As [`verify_images`](Self::verify_images), where other policies have verified images of the same object: what
    /// becomes of all of them is noted together.
    pub fn verify_images_too<'s>(
        &mut self,
        set: &'s PolicySet,
        policy: usize,
        request: &Request<'_>,
        host: &dyn Host,
        all: &mut Verified,
        mut each: impl FnMut(Verdict<'s>),
    ) {
        let Some(info) = set.policies.get(policy) else { return };
        let topic = set.topic(request);
        let kind = topic.kind;
        let again = Again::of(request, &topic, CHANGE);
        let request = &again.as_ref().map_or(*request, |again| again.request(request));
        let Some(root) = request.object.root() else { return };
        let text = set.reads_of(request.object).request.then(|| request_json(set, request));
        let rest = text.as_deref().and_then(request_document);
        self.set_offers(host);
        self.ready(set, request, &topic, rest.as_ref());
        self.parts().0.begin_context();
        let around = Around { kind, root, rest: rest.as_ref(), images_of: request.object, host };
        let (mut metadata, mut digests) = (Metadata::default(), Vec::new());
        for (number, rule) in set.rules_doing(CheckKind::VerifyImages, policy, kind.kind) {
            let (machine, cache, spare, traces) = self.parts();
            let (change, told) = (None, Vec::new());
            let mut run = Run { machine, cache, spare, traces, set, info: rule, request, around, change, told };
            run.begin_trace(number);
            let mut applied = false;
            for verdict in run.verified(number, rule, &mut metadata, &mut digests) {
                applied |= matches!(verdict.status, Status::Pass | Status::Fail);
                each(verdict);
            }
            if info.apply_one && applied {
                break;
            }
        }
        // No policy relies on what another one has verified.
        all.metadata.merge(metadata);
        all.digests.append(&mut digests);
    }
}

/// The object with the digests of its images, and with annotations that say what became of them.
fn changed(object: &Document<'_>, metadata: &Metadata, digests: &[(String, String)]) -> Option<String> {
    let annotations = metadata.annotations();
    if annotations.is_empty() && digests.is_empty() {
        return None;
    }
    let mut value: Value = serde_json::from_str(&yaml::go_json(object, object.root()?)).ok()?;
    for (pointer, image) in digests {
        if let Some(at) = value.pointer_mut(pointer) {
            *at = json!(image);
        }
    }
    if !annotations.is_empty() {
        let empty = || Value::Object(Map::new());
        let metadata = value.as_object_mut()?.entry("metadata").or_insert_with(empty);
        let all = metadata.as_object_mut()?.entry("annotations").or_insert_with(empty);
        if !all.is_object() {
            *all = empty();
        }
        let all = all.as_object_mut()?;
        all.extend(annotations.into_iter().map(|(key, text)| (key.to_owned(), json!(text))));
    }
    Some(value.to_string())
}

fn matches(references: &[String], image: &str) -> bool {
    references.iter().any(|r| Glob::new(r).matches(image))
}

impl<'e, 'r: 'e> Run<'e, 'r> {
    /// The images that the rule may be about; nothing where they cannot be known.
    fn images(&self, rule: &ImageRule) -> Result<Vec<Found>, String> {
        let doc = self.around.images_of;
        let found = images::found(doc, doc.root().unwrap_or(self.around.root), Some(rule));
        match found {
            // Kyverno says nothing of what is wrong at the usual places.
            Err(_) if rule.extractors.is_none() => Ok(Vec::new()),
            found => found.map_err(|e| format!("failed to instantiate handler: failed to extract images: {e}")),
        }
    }

    /// Verifies the images, and gives what is said of them.
    fn verified<'s>(
        &mut self,
        number: usize,
        info: &'s RuleInfo,
        metadata: &mut Metadata,
        digests: &mut Vec<(String, String)>,
    ) -> Vec<Verdict<'s>> {
        let Some(rule) = info.images.as_deref().filter(|_| self.request.operation != Operation::Delete) else {
            return Vec::new();
        };
        let say = |status, text| verdict(number, info, status, text, Place::default());
        let outcome = match self.unit(info.code.check, false) {
            Ok(Outcome::None | Outcome::Value(_)) => return Vec::new(),
            Ok(outcome) => outcome,
            Err(trap) => return vec![say(Status::Error, format!("rule {}: {trap}", info.name))],
        };
        let properties = self.properties();
        let mut verdicts = match self.images(rule) {
            Err(why) => vec![say(Status::Error, why)],
            Ok(all) => {
                let about = |f: &&Found| {
                    rule.entries.iter().filter(|e| matches(&e.references, &images::full(&f.image))).count()
                };
                // Kyverno: pkg/engine/utils/image.go, an image is there once for each entry that is about it.
                let images: Vec<&Found> = all.iter().flat_map(|f| std::iter::repeat_n(f, about(&f))).collect();
                if images.is_empty() {
                    return Vec::new();
                }
                self.applied(number, info, outcome, &images, metadata, digests)
            }
        };
        verdicts.iter_mut().for_each(|v| v.properties.clone_from(&properties));
        verdicts
    }

    fn applied<'s>(
        &mut self,
        number: usize,
        info: &'s RuleInfo,
        outcome: Outcome,
        images: &[&Found],
        metadata: &mut Metadata,
        digests: &mut Vec<(String, String)>,
    ) -> Vec<Verdict<'s>> {
        let say = |status, text| verdict(number, info, status, text, Place::default());
        if let Some(why) = self.stopped(outcome) {
            return vec![say(Status::Error, why)];
        }
        if let Outcome::Skip(id) | Outcome::Fail(id) | Outcome::Error(id) = outcome {
            let exceptions = self.exceptions(outcome);
            let said = self.explain(outcome, id, &Own::None);
            let one = |(status, text, place)| Verdict { exceptions, ..verdict(number, info, status, text, place) };
            return said.map(one).into_iter().collect();
        }
        let how = self.told.pop().unwrap_or_else(|| Ok("[]".to_owned()));
        let how = how.and_then(|json| serde_json::from_str::<Vec<Entry>>(&json).map_err(|e| e.to_string()));
        let entries = match how {
            Ok(entries) => entries,
            Err(why) => return vec![say(Status::Error, message::not_substituted(&why))],
        };
        let policy = self.set.policies.get(info.policy);
        let namespace = policy.and_then(|p| p.namespace.as_deref()).unwrap_or_default();
        let mut verifier = Verifier {
            host: self.around.host,
            request: self.request,
            policy: self.policy_name(),
            key: format!("{namespace}/{}", self.policy_name()),
            rule: &info.name,
            metadata,
            digests,
        };
        let said = entries.into_iter().flat_map(|e| verifier.entry(&e.converted(), images)).collect::<Vec<_>>();
        said.into_iter().map(|(status, text)| say(status, text)).collect()
    }

    /// Whether the images of the object, as it is now, have what the rule asks of them.
    pub(super) fn images_judged<'s>(
        &mut self,
        number: usize,
        info: &'s RuleInfo,
        outcome: Outcome,
    ) -> Option<Verdict<'s>> {
        let rule = info.images.as_deref()?;
        if matches!(outcome, Outcome::None | Outcome::Value(_)) || self.request.operation == Operation::Delete {
            return None;
        }
        let say = |status, text| Some(verdict(number, info, status, text, Place::default()));
        let all = match self.images(rule) {
            Err(why) => return say(Status::Error, why),
            Ok(all) => all,
        };
        let about = |f: &Found| rule.entries.iter().any(|e| matches(&e.references, &images::full(&f.image)));
        if !all.iter().any(about) {
            return None;
        }
        if let Some(why) = self.stopped(outcome) {
            return say(Status::Error, why);
        }
        if let Outcome::Skip(id) | Outcome::Fail(id) | Outcome::Error(id) = outcome {
            let exceptions = self.exceptions(outcome);
            let (status, text, place) = self.explain(outcome, id, &Own::None)?;
            return Some(Verdict { exceptions, ..verdict(number, info, status, text, place) });
        }
        let policy = self.set.policies.get(info.policy);
        let key = format!("{}/{}", policy.and_then(|p| p.namespace.as_deref()).unwrap_or_default(), self.policy_name());
        let (mut passed, mut skipped) = (false, Vec::new());
        for entry in &rule.entries {
            for found in &all {
                let image = images::full(&found.image);
                if !matches(&entry.references, &image) {
                    continue;
                }
                if entry.verify_digest && found.image.digest.is_empty() {
                    return say(Status::Fail, format!("missing digest for {image}"));
                }
                if !entry.required {
                    continue;
                }
                let annotation = annotation(self.request.object, SCOPED_ANNOTATION);
                let status =
                    annotation.map_or(Ok("fail".to_owned()), |a| Metadata::status(a, &key, &info.name, &image));
                match status.as_deref() {
                    Err(why) => return say(Status::Fail, why.clone()),
                    Ok("fail") => return say(Status::Fail, format!("unverified image {image}")),
                    Ok("skip") => skipped.push(image),
                    Ok("pass") => passed = true,
                    Ok(_) => {}
                }
            }
        }
        let (status, text) = message::images(passed, &skipped);
        say(status, text)
    }
}

fn annotation<'d>(object: &'d Document<'_>, key: &str) -> Option<&'d str> {
    let at = ["metadata", "annotations", key].iter().try_fold(object.root()?, |node, key| object.get_str(node, key))?;
    object.as_str(at)
}

/// The field that says how an attestor signs, as messages have it.
fn way(method: Method, attestor: &Attestor) -> &'static str {
    match attestor {
        _ if method == Method::Notary => "",
        Attestor { keys: Some(_), .. } => ".keys",
        Attestor { certificates: Some(_), .. } => ".certificates",
        Attestor { keyless: Some(_), .. } => ".keyless",
        _ => "",
    }
}

/// What the host is asked to verify.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The image
    pub found: &'a Image,
    /// The entry as a whole
    pub entry: &'a Entry,
    /// Who has to have signed
    pub attestor: &'a Attestor,
    /// What has to be attested; nothing where a signature is enough
    pub attestation: Option<&'a Attestation>,
}

impl Asked<'_> {
    /// The image's name.
    pub fn image(&self) -> String {
        images::full(self.found)
    }
}
