//! What objects are made of: data, a copy, or copies.

use super::{Store, Target, labels, remove, text};
use serde_json::{Map, Value};

/// What is done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It is new
    Create,
    /// It is there, and may be another one now
    Update,
}

/// An object in the making.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) target: Target,
    pub(super) action: Action,
    /// The object; none where nothing is to be done
    pub(super) object: Option<Map<String, Value>>,
}

impl Made {
    fn nothing(target: Target) -> Self {
        Self { target, action: Action::Update, object: None }
    }
}

/// What a pattern makes.
pub(super) fn of(
    pattern: &Value,
    target: Target,
    synchronize: bool,
    store: &mut dyn Store,
) -> Result<Vec<Made>, String> {
    let empty = Value::Null;
    let clone = pattern.get("clone").unwrap_or(&empty);
    let name = text(clone, "name")?;
    if !name.is_empty() {
        let source = Target {
            api_version: target.api_version.clone(),
            kind: target.kind.clone(),
            namespace: text(clone, "namespace")?,
            name,
        };
        return Ok(vec![copy(target, &source, store)?]);
    }
    let list = pattern.get("cloneList").unwrap_or(&empty);
    let kinds = list.get("kinds").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if kinds.is_empty() {
        return Ok(vec![data(target, pattern.get("data"), synchronize, store)?]);
    }
    let from = text(list, "namespace")?;
    let mut made = Vec::new();
    for kind in kinds.iter().filter_map(Value::as_str) {
        let (api_version, kind) = kind_of(kind);
        let of = Target { api_version, kind, namespace: from.clone(), name: String::new() };
        let sources = store.list(&of, list.get("selector")).map_err(|why| {
            let Target { api_version, kind, namespace, .. } = &of;
            format!("failed to list source resource for cloneList {api_version} {kind}/{namespace}. {why}")
        })?;
        for source in sources {
            let source = Target::of(&source);
            let target = Target { namespace: target.namespace.clone(), ..source.clone() };
            if source.namespace == target.namespace {
                made.push(Made::nothing(target));
            } else {
                made.push(copy(target, &source, store)?);
            }
        }
    }
    Ok(made)
}

fn data(target: Target, data: Option<&Value>, synchronize: bool, store: &dyn Store) -> Result<Made, String> {
    // Kyverno: pkg/background/generate/data.go, manageData asks for a nil where it is given a typed one: no data is an empty
    // object.
    let empty = Map::new();
    let object = match data {
        None | Some(Value::Null) => &empty,
        Some(Value::Object(object)) => object,
        Some(_) => return Err("the data is no map".to_owned()),
    };
    match store.get(&target)? {
        None => Ok(Made { target, action: Action::Create, object: Some(object.clone()) }),
        Some(_) if !synchronize => Ok(Made::nothing(target)),
        Some(_) => Ok(Made { target, action: Action::Update, object: Some(object.clone()) }),
    }
}

fn copy(target: Target, from: &Target, store: &mut dyn Store) -> Result<Made, String> {
    if from.namespace == target.namespace && from.name == target.name {
        return Ok(Made::nothing(target));
    }
    let missing = |why: &str| format!("source resource {target} not found: {why}");
    let source = store.get(from).map_err(|why| missing(&why))?;
    let Some(Value::Object(mut source)) = source else {
        return Err(missing(&format!("{} {:?} not found", from.kind, from.name)));
    };
    labels::tag_source(&mut source);
    store.update(from, Value::Object(source.clone()))?;
    let mut object = source.clone();
    labels::copied(&mut object, &Value::Object(source));
    if from.namespace != target.namespace {
        remove(&mut object, "ownerReferences");
    }
    for key in ["uid", "selfLink", "creationTimestamp", "managedFields", "resourceVersion"] {
        remove(&mut object, key);
    }
    let action = if store.get(&target)?.is_some() { Action::Update } else { Action::Create };
    Ok(Made { target, action, object: Some(object) })
}

/// The API version and the kind that a text names.
///
/// Kyverno: pkg/utils/kube/kind.go, GetKindFromGVK
pub(super) fn kind_of(kind: &str) -> (String, String) {
    let parts: Vec<&str> = kind.split('/').collect();
    let dotted = |s: &str| s.replacen('.', "/", 1);
    match parts.as_slice() {
        [kind] => (String::new(), dotted(kind)),
        ["*", "*"] => (String::new(), "*/*".to_owned()),
        [version, kind] if is_version(version) => ((*version).to_owned(), dotted(kind)),
        [kind, sub] => (String::new(), format!("{kind}/{sub}")),
        [version, kind, sub] if is_version(version) => ((*version).to_owned(), format!("{kind}/{sub}")),
        [group, version, kind] => (format!("{group}/{version}"), dotted(kind)),
        [group, version, kind, sub] => (format!("{group}/{version}"), format!("{kind}/{sub}")),
        _ => (String::new(), String::new()),
    }
}

/// `v1`, `v2beta1`, `*`; Kyverno knows no numbers with two digits.
fn is_version(text: &str) -> bool {
    let digit = |s: &str| matches!(s.as_bytes(), [b'0'..=b'9']);
    let Some((number, rest)) = text.strip_prefix('v').and_then(|r| r.split_at_checked(1)) else { return text == "*" };
    let after = rest.strip_prefix("alpha").or_else(|| rest.strip_prefix("beta"));
    digit(number) && after.map_or(rest.is_empty(), digit)
}
