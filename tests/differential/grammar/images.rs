//! `verifyImages` rules: which images they are about, who has to have signed them, and what is wrong with that.
//!
//! No registry is asked: what needs the network fails where no name is found.

use super::Gen;
use super::attestors;
use super::conditions;
use super::signed;
use super::vocab::LABEL_KEYS;
use serde_json::{Map, Value, json};

/// The constructs of rules that verify images.
pub(crate) const CONSTRUCTS: &[&str] = &[
    "verify/cosign",
    "verify/notary",
    "verify/bundle",
    "verify/no-type",
    "verify/several",
    "references/all",
    "references/registry",
    "references/exact",
    "references/wildcard",
    "references/elsewhere",
    "references/several",
    "references/oldest",
    "references/none",
    "references/variable",
    "references/skipped",
    "digest/mutated",
    "digest/mutated-in-audit",
    "digest/not-verified",
    "required/false",
    "entry/action",
    "entry/repository",
    "entry/annotations",
    "entry/cache",
    "entry/registry",
    "entry/validation",
    "extractors/some",
    "extractors/odd",
    "attestors/none",
    "attestors/one",
    "attestors/several-sets",
    "attestors/several-entries",
    "attestors/count",
    "attestors/count-too-high",
    "attestors/empty",
    "attestors/oldest",
    "attestor/key",
    "attestor/keys",
    "attestor/malformed-key",
    "attestor/key-elsewhere",
    "attestor/secret",
    "attestor/variable",
    "attestor/certificate",
    "attestor/malformed-certificate",
    "attestor/chain",
    "attestor/keyless",
    "attestor/incomplete-keyless",
    "attestor/nested",
    "attestor/nothing",
    "attestor/two-ways",
    "attestor/algorithm",
    "attestor/repository",
    "attestor/annotations",
    "logs/ignored",
    "logs/keys",
    "attestation/type",
    "attestation/predicate-type",
    "attestation/no-type",
    "attestation/conditions",
    "attestation/attestors",
];

/// Those of them that make a policy one that is refused.
pub(crate) const REFUSED: &[&str] = &[
    "references/none",
    "references/variable",
    "digest/mutated-in-audit",
    "attestors/count-too-high",
    "attestors/empty",
    "attestor/incomplete-keyless",
    "attestor/nothing",
    "attestor/two-ways",
];

/// `verifyImages` and `imageExtractors`.
pub(crate) fn verification(g: &mut Gen) -> Map<String, Value> {
    let n = if g.maybe("verify/several", 25) { g.rng.between(2, 3) } else { 1 };
    let mut entries: Vec<Value> = (0..n).map(|_| entry(g)).collect();
    // The reference crashes where only some have it.
    if g.maybe("entry/validation", 5) {
        for entry in &mut entries {
            let deny = json!({ "conditions": conditions::block(g, true) });
            entry["validate"] = json!({ "message": "not as attested", "deny": deny });
        }
    }
    let mut out = Map::from_iter([("verifyImages".to_owned(), Value::Array(entries))]);
    if g.maybe("extractors/some", 8) {
        out.insert("imageExtractors".to_owned(), extractors(g));
    }
    out
}

fn entry(g: &mut Gen) -> Value {
    let mut entry = Map::new();
    let kinds = [("verify/no-type", 50), ("verify/cosign", 20), ("verify/notary", 18), ("verify/bundle", 12)];
    let kind = match g.choose(&kinds) {
        "verify/cosign" => "Cosign",
        "verify/notary" => "Notary",
        "verify/bundle" => "SigstoreBundle",
        _ => "",
    };
    if !kind.is_empty() {
        entry.insert("type".to_owned(), json!(kind));
    }
    references(g, &mut entry);
    if g.maybe("references/skipped", 30) {
        entry.insert("skipImageReferences".to_owned(), json!([reference(g)]));
    }
    digests(g, &mut entry);
    if g.maybe("required/false", 25) {
        entry.insert("required".to_owned(), json!(false));
    }
    attestors::of_entry(g, kind == "Notary", &mut entry);
    others(g, &mut entry);
    Value::Object(entry)
}

fn references(g: &mut Gen, entry: &mut Map<String, Value>) {
    let table = [
        ("references/all", 20),
        ("references/registry", 30),
        ("references/exact", 15),
        ("references/wildcard", 20),
        ("references/elsewhere", 6),
        ("references/several", 14),
        ("references/oldest", 8),
        ("references/none", 1),
        ("references/variable", 1),
    ];
    let list = match g.choose(&table) {
        "references/all" => json!(["*"]),
        "references/exact" => json!([signed::full(g)]),
        "references/wildcard" => json!([reference(g)]),
        "references/elsewhere" => json!(["elsewhere.invalid/*", "nginx"]),
        "references/several" => json!([reference(g), reference(g), "ghcr.io/*"]),
        "references/oldest" => {
            entry.insert("image".to_owned(), json!(reference(g)));
            if g.rng.chance(30) { json!(["ghcr.io/acme/*"]) } else { return }
        }
        "references/none" => return,
        "references/variable" => json!(["{{ request.object.metadata.name }}/*"]),
        _ => json!([*g.rng.pick(&["ghcr.io/*", "docker.io/*", "registry.invalid/*", "registry.local:5000/*"])]),
    };
    entry.insert("imageReferences".to_owned(), list);
}

/// Images with a wildcard somewhere.
fn reference(g: &mut Gen) -> String {
    let some =
        ["*", "ghcr.io/acme/*", "docker.io/*:latest", "*/library/*", "*@sha256:*", "*:v?", "ghcr.io/*", "*nginx*"];
    (*g.rng.pick(&some)).to_owned()
}

/// Whether tags become digests, and whether there have to be some.
fn digests(g: &mut Gen, entry: &mut Map<String, Value>) {
    let table = [("digest/mutated", 30), ("digest/mutated-in-audit", 1), ("digest/not-mutated", 67)];
    match g.choose(&table) {
        "digest/mutated" => {
            entry.insert("failureAction".to_owned(), json!("Enforce"));
            if g.rng.chance(30) {
                entry.insert("mutateDigest".to_owned(), json!(true));
            }
        }
        "digest/mutated-in-audit" => {
            entry.insert("failureAction".to_owned(), json!("Audit"));
        }
        _ => {
            entry.insert("mutateDigest".to_owned(), json!(false));
            if g.maybe("entry/action", 20) {
                entry.insert("failureAction".to_owned(), json!(g.rng.pick(&["Audit", "Enforce"])));
            }
        }
    }
    if g.maybe("digest/not-verified", 55) {
        entry.insert("verifyDigest".to_owned(), json!(false));
    }
}

fn others(g: &mut Gen, entry: &mut Map<String, Value>) {
    if g.maybe("entry/repository", 8) {
        let repository = *g.rng.pick(&["signatures.invalid/all", "ghcr.io/acme/signatures", "signatures"]);
        entry.insert("repository".to_owned(), json!(repository));
    }
    if g.maybe("entry/cache", 6) {
        entry.insert("useCache".to_owned(), json!(g.rng.chance(50)));
    }
    if g.maybe("entry/registry", 6) {
        let some = [json!({ "providers": ["default"] }), json!({}), json!({ "secrets": ["regcred"] })];
        let how = g.rng.pick(&some);
        entry.insert("imageRegistryCredentials".to_owned(), how.clone());
    }
    if g.maybe("entry/annotations", 5) {
        entry.insert("annotations".to_owned(), json!({ "team": "{{ request.object.metadata.name }}" }));
    }
}

fn extractors(g: &mut Gen) -> Value {
    let mut places = vec![json!({ "path": "/spec/mode" })];
    let more = [
        json!({ "path": "/spec/tags/*", "name": "tags" }),
        json!({ "path": "/spec/items/*", "value": "kind", "key": "size" }),
        json!({ "path": "/spec/containers/*/image", "name": "all" }),
        json!({ "path": "/metadata/labels", "value": LABEL_KEYS[0], "name": "labels" }),
        json!({ "path": "/spec/mode", "name": "made", "jmesPath": "to_upper(@)" }),
    ];
    places.push(g.rng.pick(&more).clone());
    if g.maybe("extractors/odd", 12) {
        places.push(
            g.rng.pick(&[json!({ "path": "spec" }), json!({ "path": "" }), json!({ "path": "/spec/*" })]).clone(),
        );
    }
    let kind = g.aim.as_ref().and_then(|a| a["kind"].as_str()).unwrap_or("Widget").to_owned();
    json!({ (kind): places })
}
