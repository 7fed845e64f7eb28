//! `images`: the images of an object, by kind of container or group and by name.
//!
//! Kyverno: pkg/utils/api/image.go.

use super::query::{Query, evaluate_compiled};
use crate::ir::images::{Extractor, ImageRule};
use kyvc_vm::builtin::images::Image;
use kyvc_vm::document::{Document, Kind, NodeId};
use serde_json::{Map, Value, json};

/// An image of an object.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What `images` calls its group
    pub(super) group: String,
    /// Its name in the group
    pub(super) key: String,
    /// What it is
    pub(super) image: Image,
    /// Where it stands
    pub(super) pointer: String,
}

const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// The way from an object of a kind to the specification of its Pods.
fn way(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "Pod" => &["spec"],
        "DaemonSet" | "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet" | "Job" => {
            &["spec", "template", "spec"]
        }
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return None,
    })
}

/// The usual places of images in objects of a kind.
fn usual(kind: &str) -> Vec<Extractor> {
    let Some(way) = way(kind) else { return Vec::new() };
    let of = |tag: &&str| Extractor {
        steps: way.iter().chain([tag, &"*"]).map(|s| (*s).to_owned()).collect(),
        value: "image".to_owned(),
        key: "name".to_owned(),
        group: (*tag).to_owned(),
        expression: None,
    };
    CONTAINERS.iter().map(of).collect()
}

/// The images of an object, at the places that a rule names where it names any.
///
/// # Errors
/// Gives Kyverno's text where a place or an image's name makes no sense.
pub(super) fn found(doc: &Document<'_>, root: NodeId, rule: Option<&ImageRule>) -> Result<Vec<Found>, String> {
    let kind = doc.get_str(root, "kind").and_then(|n| doc.as_str(n)).unwrap_or_default();
    let own = rule.and_then(|r| r.extractors.as_ref()?.iter().find(|(k, _)| k == kind)).map(|(_, list)| list);
    let usual = usual(kind);
    let extractors = own.unwrap_or(&usual);
    if own.is_some_and(Vec::is_empty) {
        return Err(format!("no extractors found for {kind}"));
    }
    let mut out: Vec<Found> = Vec::new();
    for extractor in extractors {
        let mut images = Vec::new();
        let steps: Vec<&str> = extractor.steps.iter().map(String::as_str).collect();
        walk(doc, root, &steps, "", extractor, &mut images)?;
        if !images.is_empty() {
            // One group takes the place of another one with its name.
            out.retain(|f| f.group != extractor.group);
            out.append(&mut images);
        }
    }
    Ok(out)
}

/// The images of an object as JSON; none where it has none.
///
/// # Errors
/// As [`found`].
pub(super) fn of(doc: &Document<'_>, root: NodeId, rule: Option<&ImageRule>) -> Result<Option<String>, String> {
    let mut all = Map::new();
    for f in found(doc, root, rule)? {
        let group = all.entry(f.group).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(group) = group {
            group.insert(f.key, describe(&f.image, &f.pointer));
        }
    }
    Ok((!all.is_empty()).then(|| Value::Object(all).to_string()))
}

/// Kyverno: pkg/utils/api/image.go, extract.
fn walk(
    doc: &Document<'_>,
    at: NodeId,
    steps: &[&str],
    path: &str,
    extractor: &Extractor,
    out: &mut Vec<Found>,
) -> Result<(), String> {
    if doc.kind(at) == Kind::Null {
        return Ok(());
    }
    match steps.split_first() {
        Some((&"*", rest)) => match doc.kind(at) {
            Kind::List => doc
                .children(at)
                .enumerate()
                .try_for_each(|(i, item)| walk(doc, item, rest, &format!("{path}/{i}"), extractor, out)),
            Kind::Map => doc.entries(at).try_for_each(|(key, item)| {
                walk(doc, item, rest, &format!("{path}/{}", doc.key_text(key)), extractor, out)
            }),
            _ => Err("invalid type".to_owned()),
        },
        _ if doc.kind(at) != Kind::Map => Err("invalid image config".to_owned()),
        Some((step, rest)) => match doc.get_str(at, step) {
            Some(next) => walk(doc, next, rest, &format!("{path}/{step}"), extractor, out),
            None => Ok(()),
        },
        None => one(doc, at, path, extractor, out),
    }
}

fn one(doc: &Document<'_>, at: NodeId, path: &str, extractor: &Extractor, out: &mut Vec<Found>) -> Result<(), String> {
    let text = |key| doc.get_str(at, key).and_then(|n| doc.as_str(n));
    // Kyverno: the path is joined as it is, so that an image at the top has two slashes.
    let pointer =
        if path.is_empty() { format!("//{}", extractor.value) } else { format!("{path}/{}", extractor.value) };
    let key =
        if extractor.key.is_empty() { pointer.clone() } else { text(&extractor.key).ok_or("invalid key")?.to_owned() };
    let Some(written) = text(&extractor.value).filter(|i| !i.trim().is_empty()) else { return Ok(()) };
    let name = match &extractor.expression {
        None => written.to_owned(),
        Some(expression) => made(expression, written)?,
    };
    let image = Image::parse(&name).map_err(|why| format!("invalid image '{name}' ({why})"))?;
    let found = Found { group: extractor.group.clone(), key, image, pointer };
    // What has the same name takes its place.
    out.retain(|f| f.key != found.key);
    out.push(found);
    Ok(())
}

/// What an expression makes of the text at a place.
fn made(expression: &str, written: &str) -> Result<String, String> {
    let input = Value::from(written).to_string();
    let query = Query::compile(expression).map_err(|e| format!("invalid jmespath {expression}: {e}"))?;
    let value = evaluate_compiled(&query, &input).map_err(|e| format!("failed to apply jmespath {expression}: {e}"))?;
    match serde_json::from_str(&value) {
        Ok(Value::String(text)) => Ok(text),
        _ => Err(format!("jmespath {expression} must produce a string, but produced {value}")),
    }
}

/// An image's name as Kyverno shows it: with its digest where it has one, otherwise with its tag.
pub(super) fn full(image: &Image) -> String {
    let path =
        if image.registry.is_empty() { image.path.clone() } else { format!("{}/{}", image.registry, image.path) };
    if image.digest.is_empty() { format!("{path}:{}", image.tag) } else { format!("{path}@{}", image.digest) }
}

/// An image as rules see it; what is empty is left out.
pub(super) fn describe(image: &Image, pointer: &str) -> Value {
    let mut map = Map::new();
    map.insert("name".to_owned(), json!(image.name));
    map.insert("path".to_owned(), json!(image.path));
    let optional = [
        ("registry", image.registry.clone()),
        ("tag", image.tag.clone()),
        ("digest", image.digest.clone()),
        ("reference", image.reference()),
        ("referenceWithTag", image.reference_with_tag()),
    ];
    for (key, value) in optional.into_iter().filter(|(_, v)| !v.is_empty()) {
        map.insert(key.to_owned(), Value::String(value));
    }
    map.insert("jsonPointer".to_owned(), json!(pointer));
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kyvc_vm::document::{Buffers, JsonOptions, Layout, read_json};

    fn images(object: &str) -> Result<Option<Value>, String> {
        let layout = Layout::everything();
        let doc = read_json(object, &layout, Buffers::default(), JsonOptions::default()).unwrap();
        of(&doc, doc.root().unwrap(), None).map(|text| text.map(|t| serde_json::from_str(&t).unwrap()))
    }

    #[test]
    fn of_a_pod() {
        let found = images(
            r#"{"kind":"Pod","spec":{"containers":[{"name":"a","image":"ghcr.io/x/y@sha256:0123456789012345678901234567890123456789012345678901234567890123"}]}}"#,
        );
        let found = found.unwrap().unwrap();
        let a = &found["containers"]["a"];
        assert_eq!((&a["registry"], &a["path"], &a["name"]), (&json!("ghcr.io"), &json!("x/y"), &json!("y")));
        assert_eq!((a.get("tag"), &a["jsonPointer"]), (None, &json!("/spec/containers/0/image")));
        assert_eq!(a["referenceWithTag"], json!("ghcr.io/x/y:"));
    }

    #[test]
    fn what_makes_no_sense() {
        assert_eq!(images(r#"{"kind":"ConfigMap"}"#), Ok(None));
        assert_eq!(images(r#"{"kind":"Pod","spec":{"containers":[{"image":"a"}]}}"#), Err("invalid key".to_owned()));
        assert_eq!(images(r#"{"kind":"Pod","spec":{"containers":[{"name":"a"}]}}"#), Ok(None));
        assert!(images(r#"{"kind":"Pod","spec":{"containers":[{"name":"a","image":"A B"}]}}"#).is_err());
    }
}
