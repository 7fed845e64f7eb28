//! `verifyImages` and `imageExtractors` of a rule: who has to have signed the images, and where these are.
//!
//! What says how to verify is kept as it is written: its variables are only known when the rule runs.

use super::classic::{Action, Conditions, action};
use super::fields::{Fields, Problems, Text, wrong_type};
use super::tree::{Tree, Value};
use crate::diag::Code;
use kyvc_vm::document::Place;

/// `verifyImages` of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifyImages {
    /// The entries
    pub entries: Vec<Entry>,
    /// The list as it is written, without what has no variables of the rule
    pub tree: Tree,
    /// Where it stands
    pub place: Place,
}

/// What counts of an entry before it is verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// `failureAction`
    pub action: Option<Action>,
    /// `imageReferences`, and `image` as the last of them
    pub references: Vec<String>,
    /// `mutateDigest`
    pub mutate_digest: bool,
    /// `verifyDigest`
    pub verify_digest: bool,
    /// `required`
    pub required: bool,
    /// Where it starts
    pub place: Place,
}

/// The places of images in objects of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct KindExtractors {
    /// The kind
    pub kind: String,
    /// The places
    pub extractors: Vec<Extractor>,
}

/// A place of images.
#[derive(Clone, Debug, PartialEq)]
pub struct Extractor {
    /// `path`, with steps after slashes
    pub path: Text,
    /// `name`, under which `images` has them
    pub name: String,
    /// `value`, the field with the image
    pub value: String,
    /// `key`, the field that names it
    pub key: String,
    /// `jmesPath`, what the image is made of the text by
    pub expression: Option<Text>,
}

/// The fields of an entry that say how to verify, and of what is in them.
const HOW: [&str; 11] = [
    "skipImageReferences",
    "key",
    "roots",
    "subject",
    "issuer",
    "additionalExtensions",
    "annotations",
    "repository",
    "cosignOCI11",
    "imageRegistryCredentials",
    "useCache",
];
const TYPES: [&str; 3] = ["Cosign", "SigstoreBundle", "Notary"];
const LOG: &[&str] = &["url", "pubkey", "ignoreTlog"];
const CERTIFICATE_LOG: &[&str] = &["ignoreSCT", "pubkey", "tsaCertChain"];

impl VerifyImages {
    /// Reads the list. None where it is empty.
    pub(super) fn read(items: &[Tree], place: Place, path: &str, problems: &Problems) -> Option<Self> {
        let entries: Vec<_> =
            items.iter().enumerate().map(|(i, t)| Entry::read(t, &format!("{path}[{i}]"), problems)).collect();
        let validates = items.iter().any(|t| t.get("validate").is_some_and(|v| v.value != Value::Null));
        let written = items.iter().map(|t| without_conditions(t, validates)).collect();
        (!entries.is_empty()).then_some(Self { entries, tree: Tree { place, value: Value::List(written) }, place })
    }

    /// Whether there is something to be checked of an object as it is.
    pub fn checks(&self) -> bool {
        self.entries.iter().any(|e| e.verify_digest || e.required)
    }
}

/// An entry without the conditions on what was signed: they see other variables.
fn without_conditions(entry: &Tree, validates: bool) -> Tree {
    let mut entry = entry.clone();
    let Value::Map(members) = &mut entry.value else { return entry };
    for member in members {
        match (member.key.as_str(), &mut member.value.value) {
            ("attestations", Value::List(attestations)) => {
                for attestation in attestations {
                    remove(attestation, "conditions");
                }
            }
            ("validate", Value::Map(parts)) if validates => {
                parts.iter_mut().filter(|m| m.key == "deny").for_each(|deny| remove(&mut deny.value, "conditions"));
            }
            _ => {}
        }
    }
    entry
}

fn remove(tree: &mut Tree, key: &str) {
    if let Value::Map(members) = &mut tree.value {
        members.retain(|m| m.key != key);
    }
}

impl Entry {
    fn read(tree: &Tree, path: &str, problems: &Problems) -> Self {
        let mut f = Fields::of(tree, path, problems);
        let action = action(&mut f, "failureAction");
        if let Some(text) = f.text("type").filter(|t| !TYPES.contains(&t.text.as_str())) {
            let message = format!("`{path}.type` has to be `Cosign`, `SigstoreBundle` or `Notary`");
            problems.add(Code::WrongType, text.place, message);
        }
        let mut references: Vec<String> = f.texts("imageReferences").into_iter().map(|t| t.text).collect();
        references.extend(f.text("image").map(|t| t.text).filter(|t| !t.is_empty()));
        let entry = Self {
            action,
            references,
            mutate_digest: f.bool("mutateDigest").unwrap_or(true),
            verify_digest: f.bool("verifyDigest").unwrap_or(true),
            required: f.bool("required").unwrap_or(true),
            place: tree.place,
        };
        sets(f.list("attestors"), &format!("{path}.attestors"), problems);
        for (i, t) in f.list("attestations").unwrap_or_default().iter().enumerate() {
            let path = format!("{path}.attestations[{i}]");
            let mut a = Fields::of(t, path.clone(), problems);
            a.texts_of(&["name", "predicateType", "type"]);
            sets(a.list("attestors"), &format!("{path}.attestors"), problems);
            for (j, c) in a.list("conditions").unwrap_or_default().iter().enumerate() {
                Conditions::read(c, &format!("{path}.conditions[{j}]"), problems);
            }
            a.finish();
        }
        if let Some(t) = f.take("validate") {
            let mut v = Fields::of(t, format!("{path}.validate"), problems);
            v.text("message");
            v.take("deny").map(|t| Conditions::read_deny(t, &format!("{path}.validate.deny"), problems));
            v.finish();
        }
        f.ignore(&HOW);
        f.finish();
        entry
    }
}

/// Checks the forms of sets of attestors.
pub(super) fn sets(items: Option<&[Tree]>, path: &str, problems: &Problems) {
    for (i, tree) in items.unwrap_or_default().iter().enumerate() {
        let path = format!("{path}[{i}]");
        let mut set = Fields::of(tree, path.clone(), problems);
        if let Some(count) = set.take("count")
            && !matches!(count.value, Value::Int(n) if n > 0)
        {
            wrong_type(problems, &format!("{path}.count"), count, "a positive number");
        }
        for (j, entry) in set.list("entries").unwrap_or_default().iter().enumerate() {
            attestor(entry, &format!("{path}.entries[{j}]"), problems);
        }
        set.finish();
    }
}

fn attestor(tree: &Tree, path: &str, problems: &Problems) {
    let mut f = Fields::of(tree, path, problems);
    f.ignore(&["attestor"]);
    f.string_map("annotations");
    f.texts_of(&["repository", "signatureAlgorithm"]);
    for (kind, texts) in [
        ("keys", &["publicKeys", "signatureAlgorithm", "kms"][..]),
        ("certificates", &["cert", "certChain"]),
        ("keyless", &["issuer", "issuerRegExp", "subject", "subjectRegExp", "roots"]),
    ] {
        let Some(tree) = f.take(kind) else { continue };
        let path = format!("{path}.{kind}");
        let mut k = Fields::of(tree, path.clone(), problems);
        k.texts_of(texts);
        for (log, fields) in [("rekor", LOG), ("ctlog", CERTIFICATE_LOG)] {
            if let Some(tree) = k.take(log) {
                let mut l = Fields::of(tree, format!("{path}.{log}"), problems);
                l.ignore(fields);
                l.finish();
            }
        }
        match kind {
            "keys" => {
                if let Some(tree) = k.take("secret") {
                    let mut s = Fields::of(tree, format!("{path}.secret"), problems);
                    s.texts_of(&["name", "namespace"]);
                    s.finish();
                }
            }
            "keyless" => {
                k.string_map("additionalExtensions");
            }
            _ => {}
        }
        k.finish();
    }
    f.finish();
}

/// Reads `imageExtractors`.
pub(super) fn extractors(tree: &Tree, path: &str, problems: &Problems) -> Vec<KindExtractors> {
    let Value::Map(members) = &tree.value else {
        wrong_type(problems, path, tree, "a map");
        return Vec::new();
    };
    let of_kind = |m: &super::tree::Member| {
        let path = format!("{path}.{}", m.key);
        let Value::List(items) = &m.value.value else {
            wrong_type(problems, &path, &m.value, "a list");
            return None;
        };
        let one = |(i, t): (usize, &Tree)| extractor(t, &format!("{path}[{i}]"), problems);
        Some(KindExtractors { kind: m.key.clone(), extractors: items.iter().enumerate().map(one).collect() })
    };
    members.iter().filter_map(of_kind).collect()
}

fn extractor(tree: &Tree, path: &str, problems: &Problems) -> Extractor {
    let mut f = Fields::of(tree, path, problems);
    let way = f.text("path");
    if way.is_none() {
        problems.add(Code::MissingField, tree.place, format!("`{path}.path` is missing"));
    }
    let mut text = |field| f.text(field).map(|t| t.text).unwrap_or_default();
    let (name, value, key) = (text("name"), text("value"), text("key"));
    let expression = f.text("jmesPath").filter(|t| !t.text.is_empty());
    f.finish();
    Extractor { path: way.unwrap_or(Text { text: String::new(), place: tree.place }), name, value, key, expression }
}
