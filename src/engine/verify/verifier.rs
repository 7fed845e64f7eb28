//! Verifying the images of an object, one entry of a rule after the other.
//!
//! Kyverno: pkg/engine/internal/imageverifier.go.

use super::entry::{AttestorSet, Entry};
use super::metadata::{Metadata, SCOPED_ANNOTATION};
use super::{Asked, annotation, matches, way};
use crate::engine::host::{Host, Refused};
use crate::engine::images::{self, Found};
use crate::engine::request::{Operation, Request};
use crate::engine::run::Status;
use crate::yaml;
use kyvc_vm::builtin::images::Image;
use kyvc_vm::document::Document;
use serde_json::Value;

/// What is said of an image: a status and why.
type Said = (Status, String);

/// Verifies images for one rule.
pub(super) struct Verifier<'v> {
    pub(super) host: &'v dyn Host,
    pub(super) request: &'v Request<'v>,
    pub(super) policy: &'v str,
    /// The policy's namespace and name
    pub(super) key: String,
    pub(super) rule: &'v str,
    pub(super) metadata: &'v mut Metadata,
    /// Where images get a digest, and what they are then
    pub(super) digests: &'v mut Vec<(String, String)>,
}

impl Verifier<'_> {
    /// Verifies the images that an entry is about.
    pub(super) fn entry(&mut self, entry: &Entry, images: &[&Found]) -> Vec<Said> {
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
