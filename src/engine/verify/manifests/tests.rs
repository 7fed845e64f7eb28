//! Objects that are signed here, with keys that sign nothing else. What is said of them was recorded from Kyverno 1.19.

use super::*;
use crate::diag::Source;
use crate::engine::NoHost;
use crate::yaml::ReadOptions;
use flate2::Compression;
use flate2::write::GzEncoder;
use kyvc_vm::builtin::{decode_base64, encode_base64};
use kyvc_vm::document::Document;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, RSA_PKCS1_SHA256,
};
use serde_json::{Value, json};
use std::io::Write;

/// Gives what a text holds.
pub(super) fn object<T>(text: &str, give: impl FnOnce(&Document<'_>) -> T) -> T {
    let (source, layout) = (Source::new("", text), Layout::everything());
    give(&yaml::value(&source, &layout, Buffers::default(), ReadOptions::resource()).unwrap())
}

/// A key's two halves.
#[derive(Clone, Copy)]
struct Key {
    private: &'static str,
    public: &'static str,
}

macro_rules! key {
    ($name:literal) => {
        Key {
            private: include_str!(concat!("keys/", $name, ".b64")),
            public: include_str!(concat!("keys/", $name, ".pub")),
        }
    };
}

const P256: Key = key!("p256");
const OTHER: Key = key!("other");
const RSA: Key = key!("rsa");
const ED25519: Key = key!("ed25519");

impl Key {
    fn bytes(self) -> Vec<u8> {
        decode_base64(self.private.as_bytes()).unwrap()
    }

    fn ecdsa(self, algorithm: &'static EcdsaSigningAlgorithm, message: &[u8]) -> String {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &self.bytes(), &random).unwrap();
        encode_base64(pair.sign(&random, message).unwrap().as_ref())
    }

    fn sign(self, message: &[u8]) -> String {
        self.ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING, message)
    }
}

fn rsa(message: &[u8]) -> String {
    let pair = KeyPair::from_pkcs8(&RSA.bytes()).unwrap();
    let mut out = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut out).unwrap();
    encode_base64(&out)
}

fn ed25519(message: &[u8]) -> String {
    encode_base64(Ed25519KeyPair::from_pkcs8_maybe_unchecked(&ED25519.bytes()).unwrap().sign(message).as_ref())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    gzip(&tar.into_inner().unwrap())
}

fn service(port: u32) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "a", "annotations": {}},
        "spec": {"ports": [{"port": port}]},
    })
}

fn annotated(mut object: Value, annotations: &[(&str, &str)]) -> Value {
    for (name, text) in annotations {
        object["metadata"]["annotations"][format!("cosign.sigstore.dev/{name}")] = json!(text);
    }
    object
}

/// An object with a message and its signatures.
fn signed(object: Value, message: &[u8], signatures: &[String]) -> Value {
    let object = annotated(object, &[("message", &encode_base64(&gzip(message)))]);
    signatures.iter().enumerate().fold(object, |object, (i, signature)| {
        let number = if i == 0 { String::new() } else { format!("_{i}") };
        annotated(object, &[(&format!("signature{number}"), signature)])
    })
}

/// What is said of an object by attestors, one of whom is enough.
fn said(object: &Value, attestors: &[Value]) -> Signed {
    of_rule(object, &json!({"attestors": [{"count": 1, "entries": attestors}]}))
}

fn of_rule(object: &Value, rule: &Value) -> Signed {
    let (text, layout) = (object.to_string(), Layout::everything());
    let doc = read_json(&text, &layout, Buffers::default(), JsonOptions::default()).unwrap();
    verified(&doc, &rule.to_string(), &NoHost)
}

fn by(key: Key) -> Value {
    json!({"keys": {"publicKeys": key.public}})
}

const GOOD: &str = "verified manifest signatures; manifest verification succeeded; verifiedCount 1; requiredCount 1; \
                    message singed by a valid signer: ";

fn good() -> Signed {
    Ok((true, GOOD.to_owned()))
}

/// What is said where one attestor is not content.
fn bad(why: &str) -> Signed {
    let what = "manifest verification failed; verifiedCount 0; requiredCount 1; message .attestors[0].entries[0].keys:";
    Ok((false, format!("{what} {why}")))
}

/// What is said where the only signature is not one of an attestor.
fn error(i: usize, why: &str) -> String {
    let what = "verification failed for 1 signature. all trials";
    format!(
        ".attestors[0].entries[{i}].keys: failed to verify signature: {what}: [\"[publickey 1/1] [signature 1/1] error: \
         cosign.VerifyBlobCmd.Exec() returned an error: {why}\"]"
    )
}

const INVALID: &str = "invalid signature when validating ASN.1 encoded signature";

#[test]
fn kinds_of_keys() {
    let message = service(80).to_string();
    let message = message.as_bytes();
    let fixed = P256.ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, message);
    let all = [(P256, P256.sign(message)), (P256, fixed), (RSA, rsa(message)), (ED25519, ed25519(message))];
    for (key, signature) in all {
        let object = signed(service(80), message, &[signature]);
        assert_eq!(said(&object, &[by(key)]), good(), "{}", key.public);
        let other =
            [(OTHER, INVALID), (RSA, "crypto/rsa: verification error"), (ED25519, "failed to verify signature")];
        let (other, why) = if key.public == P256.public { other[1] } else { other[0] };
        assert!(said(&object, &[by(other)]).is_err_and(|e| e.contains(why) || key.public != P256.public));
    }
    let object = signed(service(80), message, &[P256.sign(message)]);
    assert_eq!(said(&object, &[by(OTHER)]), Err(error(0, INVALID)));
    let raw = json!({"keys": {"publicKeys": format!("\n{}", P256.public)}});
    let why = "failed to judge signature type from public key configuration";
    assert_eq!(said(&object, &[raw]), Err(format!(".attestors[0].entries[0].keys: failed to verify signature: {why}")));
}

#[test]
fn several_attestors() {
    let message = service(80).to_string();
    let (one, other) = (P256.sign(message.as_bytes()), OTHER.sign(message.as_bytes()));
    let of = |signatures: &[&String]| {
        let signatures: Vec<String> = signatures.iter().map(|s| (*s).clone()).collect();
        signed(service(80), message.as_bytes(), &signatures)
    };
    let both = json!([by(P256), by(OTHER)]);
    let all = |object: &Value| of_rule(object, &json!({"attestors": [{"entries": both}]}));
    assert_eq!(said(&of(&[&other]), &[by(P256), by(OTHER)]), good());
    assert_eq!(all(&of(&[&other, &one])), Ok((true, GOOD.replace('1', "2") + ",singed by a valid signer: ")));
    assert_eq!(all(&of(&[&one])), Err(error(1, INVALID)));
    let nested = json!({"attestors": [{"entries": [{"attestor": {"entries": both}}]}]});
    let why = format!("failed to verify signature; .attestors[0].entries[0].attestor: {}", error(1, INVALID))
        .replace("attestor: .attestors[0]", "attestor: .attestors[0].entries[0].attestor");
    assert_eq!(of_rule(&of(&[&one]), &nested), Err(why));
    // Kyverno takes the line break between two keys for a part of the second one.
    let joined = |between: &str| {
        let keys = [P256.public.trim(), OTHER.public.trim()].join(between);
        said(&of(&[&other]), &[json!({"keys": {"publicKeys": keys}})])
    };
    assert_eq!(joined(""), good());
    assert!(joined("\n").is_err_and(|e| e.ends_with("failed to judge signature type from public key configuration")));
}

#[test]
fn objects_that_differ() {
    let message = service(80).to_string();
    let signature = [P256.sign(message.as_bytes())];
    let of = |object: Value| signed(object, message.as_bytes(), &signature);
    let mut object = service(81);
    let diff = r#"{"items":[{"key":"spec.ports.0.port","values":{"after":81,"before":80}}]}"#;
    assert_eq!(said(&of(object.clone()), &[by(P256)]), bad(&format!("failed to verify signature. diff found; {diff}")));
    let ignored = |fields: &Value, kind: &str| {
        let fields = json!([{"fields": fields, "objects": [{"kind": kind}]}]);
        of_rule(&of(object.clone()), &json!({"attestors": [{"entries": [by(P256)]}], "ignoreFields": fields}))
    };
    assert_eq!(ignored(&json!(["spec.ports.*.port"]), "Serv*"), good());
    assert!(ignored(&json!(["spec.ports.*.port"]), "Pod").is_ok_and(|(good, _)| !good));
    assert!(ignored(&json!(["spec.ports[0].port"]), "*").is_ok_and(|(good, _)| !good));
    object = service(80);
    object["status"] = json!({"a": 1});
    object["metadata"]["namespace"] = json!("b");
    assert_eq!(said(&of(object), &[by(P256)]), good());
}

#[test]
fn what_is_missing_or_damaged() {
    let text = service(80).to_string();
    let message = text.as_bytes();
    let none = "YAML manifest not found for this resource";
    assert_eq!(said(&service(80), &[by(P256)]), bad(&format!("{none}: message not found")));
    let unsigned = signed(service(80), message, &[]);
    assert_eq!(said(&unsigned, &[by(P256)]), bad("failed to verify signature: signature not found"));
    for (signature, why) in [
        ("", "missing flag '--signature'"),
        ("YWJj", "ecdsa: Invalid IEEE_P1363 encoded bytes"),
        ("hello world!", "invalid signature when validating IEEE_P1363 encoded signature"),
    ] {
        let object = signed(service(80), message, &[signature.to_owned()]);
        assert_eq!(said(&object, &[by(P256)]), Err(error(0, why)));
    }
    let unread = |bytes: &[u8]| {
        let object = annotated(service(80), &[("message", &encode_base64(bytes))]);
        let before = format!(".attestors[0].entries[0].keys: {none}: failed to read YAMLs in the gzipped message: ");
        said(&object, &[by(P256)]).unwrap_err().strip_prefix(&before).unwrap().to_owned()
    };
    let (gzip_reader, tar_reader) = ("gzip.NewReader() failed", "tarReader.Next() failed");
    let doing = "while decompressing tar gz";
    assert_eq!(unread(b""), format!("{gzip_reader} {doing}: EOF"));
    assert_eq!(unread(b"]"), format!("{gzip_reader} {doing}: unexpected EOF"));
    assert_eq!(unread(b"] no YAML at all"), format!("{gzip_reader} {doing}: gzip: invalid header"));
    let mut zipped = gzip(message);
    assert_eq!(unread(&zipped[..zipped.len() - 12]), format!("{tar_reader} {doing}: unexpected EOF"));
    let at = zipped.len() - 5;
    zipped[at] ^= 1;
    assert_eq!(unread(&zipped), format!("{tar_reader} {doing}: gzip: invalid checksum"));
    assert_eq!(unread(&gzip(&gzip(&[b'x'; 2000]))), format!("{tar_reader} {doing}: archive/tar: invalid tar header"));
}

#[test]
fn archives() {
    let (manifest, other) = (service(80).to_string(), service(81).to_string());
    let of = |files: &[(&str, &str)]| {
        let message = archive(files);
        said(&signed(service(80), &message, &[P256.sign(&message)]), &[by(P256)])
    };
    assert_eq!(of(&[("a/z.yaml", &other), ("a/b.yml", &manifest), ("a/a.txt", &other)]), good());
    assert!(of(&[("a.yaml", &other), ("b.yaml", &manifest)]).is_ok_and(|(good, _)| !good));
    let none = "YAML manifest not found for this resource: failed to find a YAML manifest in the gzipped message";
    assert_eq!(of(&[("a.txt", &manifest), ("b.yaml", "a: b"), ("c.yaml", "]")]), bad(none));
}

#[test]
fn attestors_without_keys() {
    let message = service(80).to_string();
    let object = signed(service(80), message.as_bytes(), &[P256.sign(message.as_bytes())]);
    let certificate = json!({"certificates": {"cert": "-----BEGIN CERTIFICATE-----"}});
    let keyless = json!({"keyless": {"subject": "a", "issuer": "b"}});
    let why = |attestors: &[Value]| {
        let text = said(&object, attestors).map_or_else(|e| e, |(_, text)| text);
        text.rsplit_once("returned an error: ").map_or(text.clone(), |(_, why)| why.to_owned())
    };
    let missing = "provide a key with --key or --sk, a certificate to verify against with --certificate, or a bundle with \
                   --bundle\"]";
    assert_eq!(why(&[json!({})]), missing);
    assert_eq!(why(std::slice::from_ref(&keyless)), missing);
    assert!(why(std::slice::from_ref(&certificate)).starts_with("--certificate-identity or"));
    // What one attestor says stays for the next.
    assert!(why(&[certificate, by(P256)]).starts_with("exactly one of: key reference (--key), certificate"));
    assert!(said(&object, &[keyless, by(P256)]).is_err());
    let anybody = json!({"keyless": {"subject": "*", "issuer": "b"}});
    assert_eq!(said(&object, &[anybody, by(P256)]), good());
    assert!(why(&[by(OTHER), json!({})]).ends_with("failed to judge signature type from public key configuration"));
    let logged = annotated(object.clone(), &[("bundle", "e30=")]);
    assert!(said(&logged, &[by(P256)]).is_err_and(|e| e.contains("failed to get rekor pubkeys: nobody asks")));
}
