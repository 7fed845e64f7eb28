//! Rules whose objects have to be signed.
//!
//! Kyverno: pkg/engine/handlers/validation/validate_manifest.go. What is signed stands in an annotation of the object.

mod archive;
mod diff;
mod flat;
mod ignored;
mod resource;
mod search;
mod signature;
#[cfg(test)]
mod tests;

use super::super::host::Host;
use super::super::run::{Run, Status, Verdict, verdict};
use super::super::set::RuleInfo;
use super::entry::{Attestor, AttestorSet};
use super::{Method, way};
use crate::yaml;
use ignored::Binding;
use kyvc_vm::document::{Buffers, Document, JsonOptions, Layout, Place, read_json};
use resource::{Found, Resource};
use serde::Deserialize;
use signature::Signer;
use std::collections::BTreeMap;

/// The annotations of an object.
type Annotations = BTreeMap<String, String>;

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
    ignore_fields: Option<Vec<Binding>>,
}

/// Whether a signature is good, and what is said of it.
type Signed = Result<(bool, String), String>;

/// An object that is verified by one attestor after the other. Kyverno keeps what one of them says of places and keys for
/// those that follow.
struct Verification<'v> {
    host: &'v dyn Host,
    resource: Resource<'v>,
    signer: Signer,
}

impl<'e, 'r: 'e> Run<'e, 'r> {
    /// Whether the object is signed as the rule says.
    pub(in crate::engine) fn signed<'s>(&mut self, number: usize, info: &'s RuleInfo, json: &str) -> Verdict<'s> {
        let (status, text) = match verified(self.request.object, json, self.around.host) {
            Ok((true, text)) => (Status::Pass, text),
            Ok((false, text)) => (Status::Fail, text),
            Err(why) => (Status::Error, format!("error occurred during manifest verification: {why}")),
        };
        verdict(number, info, status, text, Place::default())
    }
}

/// Whether an object is signed as a rule says.
fn verified(object: &Document<'_>, rule: &str, host: &dyn Host) -> Signed {
    let rule: Manifests = serde_json::from_str(rule).map_err(|e| e.to_string())?;
    let root = object.root().ok_or("there is no object")?;
    let (text, layout) = (yaml::go_json(object, root), Layout::everything());
    let object = read_json(&text, &layout, Buffers::default(), JsonOptions::default()).map_err(|e| e.to_string())?;
    let domain = if rule.annotation_domain.is_empty() { DOMAIN.to_owned() } else { rule.annotation_domain };
    let resource = Resource::new(&object, domain, rule.ignore_fields.unwrap_or_default(), rule.repository);
    let mut verification = Verification { host, resource, signer: Signer::default() };
    let mut said = Vec::new();
    for (i, set) in rule.attestors.iter().enumerate() {
        match verification.set(set, &format!(".attestors[{i}]"), 0)? {
            (true, text) => said.push(text),
            failed => return Ok(failed),
        }
    }
    Ok((true, format!("verified manifest signatures; {}", said.join(","))))
}

impl Verification<'_> {
    fn set(&mut self, set: &AttestorSet, path: &str, depth: usize) -> Signed {
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
                        self.set(&inner, &path, depth + 1)
                            .map_err(|e| format!("failed to verify signature; {path}: {e}"))
                    }
                    Err(e) => Err(format!("failed to unmarshal nested attestor {path}: {e}")),
                },
                None => self.attestor(attestor, &path),
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

    fn attestor(&mut self, attestor: &Attestor, path: &str) -> Signed {
        for (key, wanted) in attestor.annotations.iter().flatten() {
            let found = self.resource.annotations.get(key).map_or("", String::as_str);
            if found != wanted {
                return Err(format!(
                    "annotations mismatch: {found} does not match expected value {wanted} for key {key}"
                ));
            }
        }
        let path = format!("{path}{}", way(Method::Cosign, attestor));
        self.signer.follow(attestor, self.host).map_err(|why| format!("{path}: {why}"))?;
        if !attestor.repository.is_empty() {
            self.resource.repository.clone_from(&attestor.repository);
        }
        let found = self.resource.verify(&self.signer, self.host).map_err(|why| format!("{path}: {why}"))?;
        Ok(match found {
            Found::Signed => (true, "singed by a valid signer: ".to_owned()),
            Found::Missing(what) => (false, format!("{path}: {what}")),
            Found::Different(Some(diff)) => (false, format!("{path}: failed to verify signature. diff found; {diff}")),
            Found::Different(None) => (false, format!("{path}: failed to verify signature.")),
        })
    }
}
