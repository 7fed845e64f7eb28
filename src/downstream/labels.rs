//! The labels that say where an object comes from.

use super::{Owner, Target, metadata};
use serde_json::{Map, Value};

const PREFIX: &str = "generate.kyverno.io/";

/// Labels an object that is made.
///
/// Kyverno: pkg/background/common/labels.go, ManageLabels
pub(super) fn manage(object: &mut Map<String, Value>, owner: &Owner<'_>) {
    let trigger = Target::of(owner.trigger);
    let (group, version) = group_version(&trigger.api_version);
    let uid = owner.trigger.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    add(object, "app.kubernetes.io/managed-by", "kyverno");
    for (key, value) in [
        ("policy-name", owner.policy),
        ("policy-namespace", owner.namespace),
        ("rule-name", owner.rule),
        ("trigger-version", version),
        ("trigger-group", group),
        ("trigger-kind", &trigger.kind),
        ("trigger-namespace", &trigger.namespace),
        ("trigger-uid", uid),
    ] {
        add(object, &format!("{PREFIX}{key}"), value);
    }
}

/// Labels an object that others are copied from.
pub(super) fn tag_source(object: &mut Map<String, Value>) {
    add(object, &format!("{PREFIX}clone-source"), "");
}

/// Labels a copy of an object.
pub(super) fn copied(copy: &mut Map<String, Value>, source: &Value) {
    let of = Target::of(source);
    let (group, version) = group_version(&of.api_version);
    let uid = source.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    for (key, value) in [
        ("source-group", group),
        ("source-version", version),
        ("source-kind", &of.kind),
        ("source-namespace", &of.namespace),
        ("source-uid", uid),
    ] {
        add(copy, &format!("{PREFIX}{key}"), value);
    }
}

/// The group, empty for the core group, and the version.
fn group_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Adds a label. Labels that Go cannot read as a map of texts are none.
fn add(object: &mut Map<String, Value>, key: &str, value: &str) {
    let Some(metadata) = metadata(object) else { return };
    let labels = metadata.entry("labels").or_insert_with(|| Map::new().into());
    if !labels.as_object().is_some_and(|map| map.values().all(Value::is_string)) {
        *labels = Map::new().into();
    }
    if let Some(labels) = labels.as_object_mut() {
        labels.insert(key.to_owned(), value.into());
    }
}
