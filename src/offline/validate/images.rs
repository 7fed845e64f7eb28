//! Checks of rules that verify images.
//!
//! Kyverno: api/kyverno/v1/image_verification_types.go, and pkg/validation/policy/validate.go around it.

use super::json::{self, Shape};
use super::{Checked, Subject, conditions, fields, list, some, variables};
use crate::policy::classic::{Action, Rule};
use crate::policy::tree::{Member, Tree, Value};
use crate::policy::verify_images::KindExtractors;

type At = (String, String);

/// Whether a rule verifies images.
pub(super) fn has(rule: &Tree) -> bool {
    !entries(rule).is_empty()
}

fn entries(rule: &Tree) -> &[Tree] {
    list(rule.get("verifyImages"))
}

fn text<'t>(tree: &'t Tree, key: &str) -> &'t str {
    tree.get(key).and_then(Tree::as_str).unwrap_or_default()
}

/// References that have variables in them.
pub(super) fn references(name: &str, rule: &Tree) -> Checked {
    let has = |e: &Tree| {
        let image = [e.get("image").and_then(Tree::as_str)];
        let all = list(e.get("imageReferences")).iter().map(Tree::as_str).chain(image);
        all.flatten().any(variables::simple)
    };
    if entries(rule).iter().any(has) {
        return Err(format!("rule \"{name}\" should not have variables in image reference section"));
    }
    Ok(())
}

/// Whether a value belongs to what is known of attestations only when they are verified.
pub(super) fn is_dynamic(path: &str) -> bool {
    let steps: Vec<&str> = path.split('/').collect();
    matches!(steps.as_slice(), ["", "verifyImages", _, "attestations", _, "conditions", ..])
}

/// The names of attestations, which the conditions on all of them see.
pub(super) fn names(rule: &Tree, out: &mut Vec<String>) {
    if entries(rule).iter().any(|e| some(e, "validate").is_some()) {
        let all = entries(rule).iter().flat_map(|e| list(e.get("attestations")));
        out.extend(all.map(|a| format!("{}*", text(a, "name"))));
    }
}

/// Places of images in rules that verify none.
pub(super) fn misplaced(rule: &Tree, path: &str, errors: &mut Vec<String>) {
    if some(rule, "imageExtractors").is_some() && !has(rule) {
        errors.push(format!(
            "{path}.imageExtractors: Invalid value: {}: Invalid rule spec for rule '{}', imageExtractors can only be \
             defined for verifyImages rule",
            json::rule(rule),
            text(rule, "name")
        ));
    }
}

/// The conditions on attestations.
pub(super) fn operators(rule: &Tree) -> Result<(), At> {
    for entry in entries(rule) {
        for conditions in list(entry.get("attestations")).iter().flat_map(|a| list(a.get("conditions"))) {
            conditions::operators(conditions, "conditions")
                .map_err(|(path, e)| (format!("verifyImages.attestations.{path}"), e))?;
        }
        let deny = some(entry, "validate").and_then(|v| some(v, "deny")).and_then(|d| some(d, "conditions"));
        if let Some(conditions) = deny {
            conditions::block(conditions, "conditions")
                .map_err(|(path, e)| (format!("imageVerify.validate.deny.{path}"), e))?;
        }
    }
    Ok(())
}

/// Expressions for images whose digest is to be written where they stand.
pub(super) fn expressions(rule: &Rule) -> Checked {
    let mutates = rule.verify_images.iter().flat_map(|v| &v.entries).any(|e| e.mutate_digest);
    let made = |k: &KindExtractors| k.extractors.iter().any(|x| x.expression.is_some());
    if mutates && rule.image_extractors.iter().flatten().any(made) {
        return Err(
            "jmespath may not be used in an image extractor when mutating digests with verify images".to_owned()
        );
    }
    Ok(())
}

/// Checks the entries of a rule, whose number it is.
pub(super) fn check(s: &Subject<'_>, i: usize, rule: &Tree) -> Checked {
    let mut audits = s.policy.spec.action == Action::Audit;
    let mut errors = Vec::new();
    for (j, tree) in entries(rule).iter().enumerate() {
        // An action counts for the entries that follow too.
        match text(tree, "failureAction") {
            "" => {}
            action => audits = action == "Audit",
        }
        entry(tree, &format!("spec.rules[{i}].verifyImages[{j}]"), audits, &mut errors);
    }
    fields::aggregate(errors)
}

fn entry(tree: &Tree, path: &str, audits: bool, errors: &mut Vec<String>) {
    if audits && !matches!(some(tree, "mutateDigest").map(|t| &t.value), Some(Value::Bool(false))) {
        errors.push(format!(
            "{path}.mutateDigest: Invalid value: true: mutateDigest must be set to false for ‘Audit’ failure action"
        ));
    }
    let value = || json::shaped(tree, Shape::VerifyImages, true);
    if list(tree.get("imageReferences")).is_empty() && text(tree, "image").is_empty() {
        errors.push(format!("{path}: Invalid value: {}: An image reference is required", value()));
    }
    for (i, attestation) in list(tree.get("attestations")).iter().enumerate() {
        for (j, set) in list(attestation.get("attestors")).iter().enumerate() {
            attestors(set, &format!("{path}.attestations[{i}].attestors[{j}]"), true, errors);
        }
    }
    let written = list(tree.get("attestors"));
    for (i, set) in written.iter().chain(&older(tree)).enumerate() {
        attestors(set, &format!("{path}.attestors[{i}]"), i < written.len(), errors);
    }
    if text(tree, "type") == "Notary" {
        for attestor in list(tree.get("attestors")).iter().flat_map(|s| list(s.get("entries"))) {
            for (key, name) in [("keyless", "Keyless"), ("keys", "Keys")] {
                if some(attestor, key).is_some() {
                    errors.push(format!(
                        "{path}.attestors: Invalid value: {}: {name} field is not allowed for type notary",
                        value()
                    ));
                }
            }
        }
    }
}

/// The attestor that the oldest fields of an entry stand for.
fn older(tree: &Tree) -> Option<Tree> {
    let (key, issuer) = (text(tree, "key"), text(tree, "issuer"));
    let annotations = some(tree, "annotations");
    let old = !key.is_empty() || !issuer.is_empty() || (annotations.is_some() && !text(tree, "image").is_empty());
    if !old || !list(tree.get("attestations")).is_empty() {
        return None;
    }
    let place = tree.place;
    let map = |members: Vec<(&str, Tree)>| {
        let member = |(key, value): (&str, Tree)| Member { key: key.to_owned(), key_place: place, value };
        Tree { place, value: Value::Map(members.into_iter().map(member).collect()) }
    };
    let string = |text: &str| Tree { place, value: Value::Str(text.to_owned()) };
    let mut members: Vec<_> = annotations.map(|a| ("annotations", a.clone())).into_iter().collect();
    if !key.is_empty() {
        members.push(("keys", map(vec![("publicKeys", string(key))])));
    } else if !issuer.is_empty() {
        let fields = ["issuer", "subject", "roots"].map(|k| (k, string(text(tree, k))));
        members.push(("keyless", map(fields.into())));
    }
    let entries = Tree { place, value: Value::List(vec![map(members)]) };
    Some(map(vec![("entries", entries)]))
}

/// Checks a set of attestors. `defaults` is whether the CRD has put its defaults into it.
pub(super) fn attestors(set: &Tree, path: &str, defaults: bool, errors: &mut Vec<String>) {
    let entries = list(set.get("entries"));
    let value = || json::shaped(set, Shape::AttestorSet, defaults);
    if let Some(Value::Int(count)) = some(set, "count").map(|t| &t.value)
        && usize::try_from(*count).is_ok_and(|n| n > entries.len())
    {
        errors.push(format!("{path}: Invalid value: {}: Count cannot exceed length of entries", value()));
    }
    if entries.is_empty() {
        errors.push(format!("{path}: Invalid value: {}: An entry is required", value()));
    }
    for (i, entry) in entries.iter().enumerate() {
        attestor(entry, &format!("{path}.entries[{i}]"), defaults, errors);
    }
}

fn attestor(tree: &Tree, path: &str, defaults: bool, errors: &mut Vec<String>) {
    const WAYS: [&str; 4] = ["keys", "certificates", "keyless", "attestor"];
    if WAYS.iter().filter(|k| some(tree, k).is_some()).count() != 1 {
        errors.push(format!(
            "{path}: Invalid value: {}: keys, certificates, keyless, or a nested attestor is required",
            json::shaped(tree, Shape::Attestor, defaults)
        ));
    }
    let mut refuse = |key: &str, tree: &Tree, shape, why: &str| {
        errors.push(format!("{path}.{key}: Invalid value: {}: {why}", json::shaped(tree, shape, defaults)));
    };
    if let Some(keys) = some(tree, "keys") {
        let public = text(keys, "publicKeys");
        if public.is_empty() && text(keys, "kms").is_empty() && some(keys, "secret").is_none() {
            refuse("keys", keys, Shape::Keys, "A public key, kms key or secret is required");
        }
        let known = ["", "sha224", "sha256", "sha384", "sha512"];
        if !public.is_empty() && !known.contains(&text(keys, "signatureAlgorithm")) {
            refuse("keys", keys, Shape::Keys, "Invalid signature algorithm provided");
        }
    }
    if let Some(c) = some(tree, "certificates")
        && text(c, "cert").is_empty()
        && text(c, "certChain").is_empty()
    {
        refuse("certificates", c, Shape::Certificates, "cert or certChain required");
    }
    if let Some(k) = some(tree, "keyless") {
        match some(k, "rekor") {
            None if text(k, "roots").is_empty() => {
                refuse("keyless", k, Shape::Keyless, "Either Rekor URL or roots are required");
            }
            Some(rekor) if text(rekor, "url").is_empty() => refuse("keyless", k, Shape::Keyless, "An URL is required"),
            _ => {}
        }
    }
    if let Some(inner) = some(tree, "attestor") {
        attestors(inner, &format!("{path}.attestor"), false, errors);
    }
}
