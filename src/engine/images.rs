//! `images`: the images of an object, by kind of container and name.
//!
//! Kyverno: pkg/utils/api/image.go.

use kyvc_vm::builtin::images::Image;
use kyvc_vm::document::{Document, Kind, NodeId};
use serde_json::{Map, Value, json};

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

/// The images of an object as JSON; none where it has no containers with images.
///
/// # Errors
/// Gives Kyverno's text where a container or an image's name makes no sense.
pub(super) fn of(doc: &Document<'_>, root: NodeId) -> Result<Option<String>, String> {
    let kind = doc.get_str(root, "kind").and_then(|n| doc.as_str(n)).unwrap_or_default();
    let Some(way) = way(kind) else { return Ok(None) };
    let mut all = Map::new();
    for tag in CONTAINERS {
        let found = containers(doc, root, way, tag)?;
        if !found.is_empty() {
            all.insert(tag.to_owned(), Value::Object(found));
        }
    }
    Ok((!all.is_empty()).then(|| Value::Object(all).to_string()))
}

fn containers(doc: &Document<'_>, root: NodeId, way: &[&str], tag: &str) -> Result<Map<String, Value>, String> {
    let mut at = root;
    let mut pointer = String::new();
    for step in way.iter().chain(&[tag]) {
        if doc.kind(at) != Kind::Map {
            return Err("invalid image config".to_owned());
        }
        pointer.push_str(&format!("/{step}"));
        match doc.get_str(at, step).filter(|n| doc.kind(*n) != Kind::Null) {
            Some(next) => at = next,
            None => return Ok(Map::new()),
        }
    }
    let mut out = Map::new();
    match doc.kind(at) {
        Kind::List => {
            for (i, container) in doc.children(at).enumerate() {
                one(doc, container, &format!("{pointer}/{i}"), &mut out)?;
            }
        }
        Kind::Map => {
            for (key, container) in doc.entries(at) {
                one(doc, container, &format!("{pointer}/{}", doc.key_text(key)), &mut out)?;
            }
        }
        _ => return Err("invalid type".to_owned()),
    }
    Ok(out)
}

fn one(doc: &Document<'_>, container: NodeId, pointer: &str, out: &mut Map<String, Value>) -> Result<(), String> {
    match doc.kind(container) {
        Kind::Null => return Ok(()),
        Kind::Map => {}
        _ => return Err("invalid image config".to_owned()),
    }
    let text = |key| doc.get_str(container, key).and_then(|n| doc.as_str(n));
    let name = text("name").ok_or("invalid key")?;
    let Some(written) = text("image").filter(|i| !i.trim().is_empty()) else { return Ok(()) };
    let image = Image::parse(written).map_err(|why| format!("invalid image '{written}' ({why})"))?;
    out.insert(name.to_owned(), describe(&image, &format!("{pointer}/image")));
    Ok(())
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
        of(&doc, doc.root().unwrap()).map(|text| text.map(|t| serde_json::from_str(&t).unwrap()))
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
