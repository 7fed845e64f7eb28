//! Who has to have signed an image, and what has to be attested of it.

use super::Gen;
use super::conditions;
use serde_json::{Map, Value, json};

/// A public key.
const KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXlrImE5uoOVQXiPqwanWuR12EUmd\n\
    HSqBJJVUYWCODQRtYVkGUxO3Ni0qnBqQLn/EpImRPc3Jrege3tXWLJz6iQ==\n\
    -----END PUBLIC KEY-----";

/// A certificate that is its own authority.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
    MIIBdjCCARugAwIBAgIUfWts/ci+Vk2C9i9Jyd3vd48UmcMwCgYIKoZIzj0EAwIw\n\
    DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMzAxNjI1MTJaGA8yMTI2MTEwNjE2MjUx\n\
    MlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABF5a\n\
    yJhObqDlUF4j6sGp1rkddhFJnR0qgSSVVGFgjg0EbWFZBlMTtzYtKpwakC5/xKSJ\n\
    kT3Nya3oHt7V1iyc+omjUzBRMB0GA1UdDgQWBBQLvfLdy4K55FitcECpNOoINsas\n\
    pDAfBgNVHSMEGDAWgBQLvfLdy4K55FitcECpNOoINsaspDAPBgNVHRMBAf8EBTAD\n\
    AQH/MAoGCCqGSM49BAMCA0kAMEYCIQDWqKSteDHZPIwvGCiokdCMRptYEIXwkOmo\n\
    gaFz22NmHQIhANvvw9dlgh9WXMugxPD9PF0DRR5s+D4VK47rFa+eEPgx\n\
    -----END CERTIFICATE-----";

/// Puts attestors and attestations into an entry.
pub(crate) fn of_entry(g: &mut Gen, notary: bool, entry: &mut Map<String, Value>) {
    if g.maybe("attestors/oldest", 6) {
        let field = *g.rng.pick(&["key", "issuer"]);
        entry.insert(field.to_owned(), json!(if field == "key" { KEY } else { "https://issuer.invalid" }));
        if g.rng.chance(50) {
            return;
        }
    }
    if !g.maybe("attestors/none", 18) {
        let n = if g.maybe("attestors/several-sets", 15) { 2 } else { 1 };
        let sets: Vec<Value> = (0..n).map(|_| set(g, notary, 0)).collect();
        entry.insert("attestors".to_owned(), Value::Array(sets));
    }
    if g.wants_family("attestation/") || g.rng.chance(18) {
        let n = g.rng.between(1, 2);
        let list: Vec<Value> = (0..n).map(|_| attestation(g, notary)).collect();
        entry.insert("attestations".to_owned(), Value::Array(list));
    }
}

fn set(g: &mut Gen, notary: bool, depth: usize) -> Value {
    if g.maybe("attestors/empty", 2) {
        return json!({ "entries": [] });
    }
    let n = if g.maybe("attestors/several-entries", 30) { g.rng.between(2, 3) } else { 1 };
    if n == 1 {
        g.tag("attestors/one");
    }
    let entries: Vec<Value> = (0..n).map(|_| attestor(g, notary, depth)).collect();
    let mut set = Map::from_iter([("entries".to_owned(), Value::Array(entries))]);
    if g.maybe("attestors/count-too-high", 2) {
        set.insert("count".to_owned(), json!(n + 1));
    } else if g.maybe("attestors/count", 25) {
        set.insert("count".to_owned(), json!(g.rng.between(1, n)));
    }
    Value::Object(set)
}

fn attestor(g: &mut Gen, notary: bool, depth: usize) -> Value {
    let keys = if notary { 1 } else { 20 };
    let table = [
        ("attestor/key", keys),
        ("attestor/keys", keys / 3),
        ("attestor/malformed-key", keys / 2),
        ("attestor/key-elsewhere", keys / 2),
        ("attestor/secret", keys / 3),
        ("attestor/variable", keys / 2),
        ("attestor/certificate", 12),
        ("attestor/malformed-certificate", 8),
        ("attestor/chain", 6),
        ("attestor/keyless", keys / 2),
        ("attestor/incomplete-keyless", 1),
        ("attestor/nested", if depth < 2 { 4 } else { 0 }),
        ("attestor/nothing", 1),
        ("attestor/two-ways", 1),
    ];
    // The reference crashes where notation finds no certificate, and asks for one at the top only.
    let table: Vec<_> = table
        .into_iter()
        .filter(|(form, weight)| {
            *weight > 0 && (!notary || (depth == 0 && *form != "attestor/nested") || is_certificate(form))
        })
        .collect();
    let form = g.choose(&table);
    let mut attestor = match form {
        form if is_certificate(form) => {
            json!({ "certificates": certificates(g, form) })
        }
        "attestor/keyless" | "attestor/incomplete-keyless" => json!({ "keyless": keyless(g, form) }),
        "attestor/nested" => json!({ "attestor": set(g, notary, depth + 1) }),
        "attestor/nothing" => json!({}),
        "attestor/two-ways" => json!({ "keys": { "publicKeys": KEY }, "certificates": { "cert": CERTIFICATE } }),
        _ => json!({ "keys": key(g, form) }),
    };
    if g.maybe("attestor/repository", 5) {
        attestor["repository"] = json!("signatures.invalid/some");
    }
    if g.maybe("attestor/annotations", 5) {
        attestor["annotations"] = json!({ "env": "{{ request.object.metadata.labels.env || 'prod' }}" });
    }
    attestor
}

fn is_certificate(form: &str) -> bool {
    matches!(form, "attestor/certificate" | "attestor/malformed-certificate" | "attestor/chain")
}

fn key(g: &mut Gen, form: &str) -> Value {
    let mut keys = match form {
        "attestor/keys" => json!({ "publicKeys": format!("{KEY}\n{KEY}\n") }),
        "attestor/malformed-key" => {
            let texts = [
                "-----BEGIN PUBLIC KEY-----\nno key\n-----END PUBLIC KEY-----",
                "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
                "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI\n-----END PUBLIC KEY-----",
                "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI",
                "-----BEGIN KEY-----\nAAAA\n-----END KEY-----",
            ];
            json!({ "publicKeys": g.rng.pick(&texts) })
        }
        "attestor/key-elsewhere" => match g.rng.below(4) {
            0 => json!({ "kms": "keys/cosign.pub" }),
            1 => json!({ "publicKeys": "k8s://default/cosign" }),
            2 => json!({ "publicKeys": "env://NO_SUCH_KEY" }),
            _ => json!({ "publicKeys": "cosign.pub" }),
        },
        "attestor/secret" => json!({ "secret": { "name": "cosign", "namespace": "default" } }),
        "attestor/variable" => {
            let text = *g.rng.pick(&[
                "{{ request.object.metadata.annotations.owner }}",
                "{{ request.object.metadata.labels.app || 'none' }}",
                "{{ to_lower(request.object.kind) }}.pub",
                "{{ request.object.nope }}",
            ]);
            json!({ "publicKeys": text })
        }
        _ => json!({ "publicKeys": KEY }),
    };
    if g.maybe("attestor/algorithm", 12) {
        let some = ["sha224", "sha256", "sha384", "sha512", "sha256", "md5"];
        keys["signatureAlgorithm"] = json!(g.rng.pick(&some));
    }
    logs(g, &mut keys);
    keys
}

fn certificates(g: &mut Gen, form: &str) -> Value {
    let mut out = match form {
        "attestor/malformed-certificate" => {
            let texts = [
                "no certificate",
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
                "-----BEGIN CERTIFICATE-----\nno certificate\n-----END CERTIFICATE-----",
                KEY,
                "",
            ];
            json!({ *g.rng.pick(&["cert", "certChain"]): g.rng.pick(&texts) })
        }
        "attestor/chain" => {
            let chain = *g.rng.pick(&[CERTIFICATE, "no chain"]);
            if g.rng.chance(50) {
                json!({ "certChain": chain })
            } else {
                json!({ "cert": CERTIFICATE, "certChain": chain })
            }
        }
        _ => json!({ "cert": CERTIFICATE }),
    };
    logs(g, &mut out);
    out
}

fn keyless(g: &mut Gen, form: &str) -> Value {
    let mut out = json!({ "issuer": "https://issuer.invalid", "subject": "me@example.com" });
    if form == "attestor/keyless" {
        out["rekor"] = json!({ "url": "https://rekor.invalid" });
        if g.rng.chance(30) {
            out["roots"] = json!(g.rng.pick(&[CERTIFICATE, "no roots"]));
        }
    } else if g.rng.chance(50) {
        out["rekor"] = json!({ "url": "" });
    }
    if form == "attestor/keyless" && g.maybe("logs/ignored", 40) {
        out["rekor"]["ignoreTlog"] = json!(true);
        out["ctlog"] = json!({ "ignoreSCT": true });
    }
    out
}

/// The logs of signatures and of certificates.
fn logs(g: &mut Gen, of: &mut Value) {
    if g.maybe("logs/ignored", 45) {
        of["rekor"] = json!({ "ignoreTlog": true, "url": "https://rekor.invalid" });
        if g.rng.chance(85) {
            of["ctlog"] = json!({ "ignoreSCT": true });
        }
    } else if g.maybe("logs/keys", 15) {
        of["rekor"] = json!({ "url": "https://rekor.invalid", "pubkey": g.rng.pick(&[KEY, KEY, "no key"]) });
        of["ctlog"] = json!({ "pubkey": g.rng.pick(&[KEY, KEY, "no key"]) });
    }
}

fn attestation(g: &mut Gen, notary: bool) -> Value {
    let table = [("attestation/type", 60), ("attestation/predicate-type", 30), ("attestation/no-type", 5)];
    let mut out = match g.choose(&table) {
        "attestation/type" => json!({ "type": "https://slsa.dev/provenance/v0.2" }),
        "attestation/predicate-type" => json!({ "predicateType": "https://example.com/scan" }),
        _ => json!({}),
    };
    if g.rng.chance(30) {
        out["name"] = json!("scan");
    }
    if notary || g.maybe("attestation/attestors", 55) {
        out["attestors"] = json!([set(g, notary, usize::from(notary))]);
    }
    if g.maybe("attestation/conditions", 35) {
        out["conditions"] = json!([conditions::block(g, true)]);
    }
    out
}
