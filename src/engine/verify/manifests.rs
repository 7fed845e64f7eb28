//! Rules whose objects have to be signed.
//!
//! Kyverno: pkg/engine/handlers/validation/validate_manifest.go. What is signed stands in an annotation of the object.

use super::super::run::{Run, Status, Verdict, verdict};
use super::super::set::RuleInfo;
use super::entry::{Attestor, AttestorSet};
use super::{Method, annotation, way};
use kyvc_vm::builtin::images::Image;
use kyvc_vm::document::Place;
use serde::Deserialize;

/// Where annotations of signatures are, where nothing else is said.
const DOMAIN: &str = "cosign.sigstore.dev";
/// How deep sets of attestors may be nested.
const DEPTH: usize = 16;

/// `validate.manifests`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Manifests {
    attestors: Vec<AttestorSet>,
    annotation_domain: String,
    repository: String,
}

/// Whether a signature is good, and what is said of it.
type Signed = Result<(bool, String), String>;

impl<'e, 'r: 'e> Run<'e, 'r> {
    /// Whether the object is signed as the rule says.
    pub(in crate::engine) fn signed<'s>(&mut self, number: usize, info: &'s RuleInfo, json: &str) -> Verdict<'s> {
        let (status, text) = match self.signatures(json) {
            Ok((true, text)) => (Status::Pass, text),
            Ok((false, text)) => (Status::Fail, text),
            Err(why) => (Status::Error, format!("error occurred during manifest verification: {why}")),
        };
        verdict(number, info, status, text, Place::default())
    }

    fn signatures(&self, json: &str) -> Signed {
        let rule: Manifests = serde_json::from_str(json).map_err(|e| e.to_string())?;
        let domain = if rule.annotation_domain.is_empty() { DOMAIN } else { &rule.annotation_domain };
        // Kyverno keeps what one attestor says of the place for those that follow.
        let mut repository = rule.repository;
        let mut said = Vec::new();
        for (i, set) in rule.attestors.iter().enumerate() {
            match self.signed_by(set, domain, &mut repository, &format!(".attestors[{i}]"), 0)? {
                (true, text) => said.push(text),
                failed => return Ok(failed),
            }
        }
        Ok((true, format!("verified manifest signatures; {}", said.join(","))))
    }

    fn signed_by(&self, set: &AttestorSet, domain: &str, repository: &mut String, path: &str, depth: usize) -> Signed {
        let set = set.expanded();
        let required = set.required();
        let (mut good, mut bad, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (i, attestor) in set.entries.iter().enumerate() {
            let path = format!("{path}.entries[{i}]");
            let signed = match &attestor.attestor {
                Some(_) if depth > DEPTH => Err(format!("{path}: too deep")),
                Some(inner) => match serde_json::from_value::<AttestorSet>(inner.clone()) {
                    Ok(inner) => {
                        let path = format!("{path}.attestor");
                        self.signed_by(&inner, domain, repository, &path, depth + 1)
                            .map_err(|e| format!("failed to verify signature; {path}: {e}"))
                    }
                    Err(e) => Err(format!("failed to unmarshal nested attestor {path}: {e}")),
                },
                None => self.signature(attestor, domain, repository, &path),
            };
            match signed {
                Ok((true, text)) => good.push(text),
                Ok((false, text)) => bad.push(text),
                Err(why) => errors.push(why),
            }
            if good.len() >= required {
                let (count, text) = (good.len(), good.join(","));
                let what = "manifest verification succeeded";
                return Ok((true, format!("{what}; verifiedCount {count}; requiredCount {required}; message {text}")));
            }
        }
        if !errors.is_empty() {
            return Err(errors.join("; "));
        }
        let (count, text) = (good.len(), bad.join(","));
        let what = "manifest verification failed";
        Ok((false, format!("{what}; verifiedCount {count}; requiredCount {required}; message {text}")))
    }

    fn signature(&self, attestor: &Attestor, domain: &str, repository: &mut String, path: &str) -> Signed {
        let object = self.request.object;
        for (key, wanted) in attestor.annotations.iter().flatten() {
            let found = annotation(object, key).unwrap_or_default();
            if found != wanted {
                return Err(format!(
                    "annotations mismatch: {found} does not match expected value {wanted} for key {key}"
                ));
            }
        }
        let path = format!("{path}{}", way(Method::Cosign, attestor));
        let roots = attestor.keyless.as_ref().map(|k| k.roots.as_str()).filter(|r| !r.is_empty());
        if roots.is_some_and(|roots| !roots.contains("-----BEGIN CERTIFICATE-----")) {
            return Err(format!("{path}: failed to load Root certificates: error creating root cert pool"));
        }
        if !attestor.repository.is_empty() {
            repository.clone_from(&attestor.repository);
        }
        if let Some(written) = annotation(object, &format!("{domain}/resourceBundleRef")) {
            written.clone_into(repository);
        }
        let missing = format!("{path}: YAML manifest not found for this resource");
        if !repository.is_empty() {
            let image = Image::parse(repository)?;
            return Err(format!("{missing}: {}", self.around.host.bundle(&image).text));
        }
        match annotation(object, &format!("{domain}/message")) {
            None => Ok((false, format!("{missing}: message not found"))),
            Some(_) => Err(format!("{path}: kyvc does not verify signed manifests yet")),
        }
    }
}
