//! Rules that verify images: first the images are verified, which changes the object, and then it is checked that they
//! were.
//!
//! Kyverno: pkg/engine/internal/imageverifier.go and pkg/engine/handlers/validation/validate_image.go.

mod entry;
mod metadata;

pub use entry::{Attestation, Attestor, Entry, Method};

use super::host::{Host, Refused};
use super::images::{self, Found};
use super::message::{self, Own};
use super::request::{Operation, Request};
use super::run::{Around, Engine, Run, Status, Verdict, request_document, request_json, resource_kind, verdict};
use super::set::{CheckKind, PolicySet, RuleInfo};
use crate::ir::images::ImageRule;
use crate::yaml;
use entry::AttestorSet;
use kyvc_vm::builtin::images::Image;
use kyvc_vm::document::{Document, Place};
use kyvc_vm::scalar::Glob;
use kyvc_vm::verdict::Outcome;
use metadata::{Metadata, SCOPED_ANNOTATION};
use serde_json::{Map, Value, json};

/// What a rule says of an image: a status and why, or nothing.
type Said = (Status, String);

impl Engine {
    /// Lets the rules of one policy verify the images of a request's object. Gives the object as JSON where they change
    /// it.
    pub fn verify_images<'s>(
        &mut self,
        set: &'s PolicySet,
        policy: usize,
        request: &Request<'_>,
        host: &dyn Host,
        mut each: impl FnMut(Verdict<'s>),
    ) -> Option<String> {
        let info = set.policies.get(policy)?;
        let root = request.object.root()?;
        let kind = resource_kind(set, request);
        let text = set.reads_request.then(|| request_json(set, request));
        let rest = text.as_deref().and_then(request_document);
        self.set_offers(host);
        self.ready(set, request, rest.as_ref());
        let around = Around { kind, root, rest: rest.as_ref(), images_of: request.object, host };
        let (mut metadata, mut digests) = (Metadata::default(), Vec::new());
        for (number, rule) in set.rules_for(policy, kind.kind).filter(|(_, r)| r.check == CheckKind::VerifyImages) {
            let (machine, cache, spare) = self.parts();
            let mut run =
                Run { machine, cache, spare, set, info: rule, request, around, change: None, told: Vec::new() };
            let mut applied = false;
            for verdict in run.verified(number, rule, &mut metadata, &mut digests) {
                applied |= matches!(verdict.status, Status::Pass | Status::Fail);
                each(verdict);
            }
            if info.apply_one && applied {
                break;
            }
        }
        changed(request.object, &metadata, &digests)
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

/// Verifies images for one rule.
struct Verifier<'v> {
    host: &'v dyn Host,
    request: &'v Request<'v>,
    policy: &'v str,
    /// The policy's namespace and name
    key: String,
    rule: &'v str,
    metadata: &'v mut Metadata,
    /// Where images get a digest, and what they are then
    digests: &'v mut Vec<(String, String)>,
}

impl Verifier<'_> {
    fn entry(&mut self, entry: &Entry, images: &[&Found]) -> Vec<Said> {
        let mut said = Vec::new();
        for found in images {
            let mut image = images::full(&found.image);
            if self.is_known(found, &image) {
                self.metadata.add_for(&self.key, self.rule, &image, "pass");
                continue;
            }
            let (mut response, digest) = self.image(entry, &image, found);
            if entry.mutate_digest && found.image.digest.is_empty() {
                match digest.map_or_else(|| self.host.digest(&found.image), Ok) {
                    Err(why) => said.push((Status::Error, format!("failed to update digest: {}", why.text))),
                    Ok(digest) => {
                        response.get_or_insert_with(|| (Status::Pass, "mutated image digest".to_owned()));
                        let with_digest = Image { digest, ..found.image.clone() };
                        image = images::full(&with_digest);
                        self.digests.push((found.pointer.clone(), image.clone()));
                    }
                }
            }
            if let Some((status, text)) = response {
                if !entry.attestors.is_empty() || !entry.attestations.is_empty() {
                    let known = match status {
                        Status::Pass => "pass",
                        Status::Skip => "skip",
                        _ => "fail",
                    };
                    self.metadata.add_for(&self.key, self.rule, &image, known);
                }
                said.push((status, text));
            }
        }
        said
    }

    /// Whether an update keeps an image that was verified.
    fn is_known(&self, found: &Found, image: &str) -> bool {
        let Some(old) = self.request.old.or(Some(self.request.object).filter(|_| self.updates())) else { return false };
        let at = |doc: &Document<'_>| -> Option<String> {
            let json: Value = serde_json::from_str(&yaml::go_json(doc, doc.root()?)).ok()?;
            json.pointer(&found.pointer)?.as_str().map(str::to_owned)
        };
        let same = self.updates() && at(old).is_some_and(|text| Some(text) == at(self.request.object));
        let status = annotation(old, SCOPED_ANNOTATION).map(|a| Metadata::status(a, &self.key, self.rule, image));
        same && matches!(status, Some(Ok(status)) if status == "pass" || status == "skip")
    }

    fn updates(&self) -> bool {
        self.request.operation == Operation::Update
    }

    /// What is said of an image, and its digest where that was found out.
    fn image(&mut self, entry: &Entry, image: &str, found: &Found) -> (Option<Said>, Option<String>) {
        if entry.attestors.is_empty() && entry.attestations.is_empty() {
            return (None, None);
        }
        let skips = matches(&entry.skip_image_references, image);
        if skips || !matches(&entry.image_references, image) {
            if skips {
                self.metadata.add(image, "skip");
            }
            let (policy, rule) = (self.policy, self.rule);
            let text = format!("skipping image reference image {image}, policy {policy} ruleName {rule}");
            return (Some((Status::Skip, text)), None);
        }
        let mut digest = None;
        for (i, set) in entry.attestors.iter().enumerate() {
            match self.set(set, entry, found, &format!(".attestors[{i}]"), 0) {
                Ok(known) => digest = Some(known),
                Err(refused) => {
                    let status = if refused.network { Status::Error } else { Status::Fail };
                    let text = format!("failed to verify image {image}: {}", refused.text);
                    return (Some((status, text)), None);
                }
            }
        }
        if entry.attestations.is_empty() {
            return (Some((Status::Pass, format!("verified image signatures for {image}"))), digest);
        }
        (Some(self.attestations(entry, image, found)), digest)
    }

    /// Whether enough attestors of a set have signed an image; its digest then.
    fn set(
        &self,
        set: &AttestorSet,
        entry: &Entry,
        found: &Found,
        path: &str,
        depth: usize,
    ) -> Result<String, Refused> {
        /// How deep sets may be nested.
        const DEPTH: usize = 16;
        let set = set.expanded();
        let (mut verified, mut refusals) = (0, Vec::new());
        for (i, attestor) in set.entries.iter().enumerate() {
            let path = format!("{path}.entries[{i}]");
            let result = match &attestor.attestor {
                Some(_) if depth > DEPTH => Err(Refused::text(format!("{path}: too deep"))),
                Some(inner) => match serde_json::from_value::<AttestorSet>(inner.clone()) {
                    Ok(inner) => self.set(&inner, entry, found, &format!("{path}.attestor"), depth + 1),
                    Err(e) => Err(Refused::text(format!("failed to unmarshal nested attestor {path}: {e}"))),
                },
                None => self
                    .host
                    .verify(&Asked { found: &found.image, entry, attestor, attestation: None })
                    .map_err(|r| Refused { text: format!("{path}{}: {}", way(entry.method, attestor), r.text), ..r }),
            };
            match result {
                Ok(digest) => {
                    verified += 1;
                    if verified >= set.required() {
                        return Ok(digest);
                    }
                }
                Err(refused) => refusals.push(refused),
            }
        }
        Err(Refused::all(refusals))
    }

    fn attestations(&self, entry: &Entry, image: &str, found: &Found) -> Said {
        for (i, attestation) in entry.attestations.iter().enumerate() {
            if attestation.kind().is_empty() {
                return (Status::Fail, format!(".attestations[{i}]: missing type"));
            }
            let anybody = [AttestorSet::of_anybody()];
            let sets = if attestation.attestors.is_empty() { &anybody[..] } else { &attestation.attestors };
            let mut refusals = Vec::new();
            for set in sets {
                let (required, verified) = (set.required(), 0);
                for attestor in &set.entries {
                    let asked = Asked { found: &found.image, entry, attestor, attestation: Some(attestation) };
                    match self.host.verify(&asked) {
                        // What was attested would have to be looked at.
                        Ok(_) => refusals.push(Refused::text("kyvc does not look into attestations yet".to_owned())),
                        Err(refused) => refusals.push(refused),
                    }
                }
                if verified < required {
                    let why = Refused::all(refusals).text;
                    let why = if why.is_empty() { "attestations verification failed" } else { &why };
                    let text = format!(
                        "image attestations verification failed, verifiedCount: {verified}, requiredCount: {required}, \
                         error: {why}"
                    );
                    return (Status::Fail, text);
                }
            }
        }
        (Status::Pass, format!("verified image attestations for {image}"))
    }
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
