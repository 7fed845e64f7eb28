//! Objects that generate rules make: data of a rule, or copies of other objects, with the labels that say where they
//! come from.
//!
//! Kyverno: pkg/background/generate. The engine says what is wanted; the objects are in a [`Store`], which is a cluster
//! or stands for one.

mod labels;
mod source;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};
use source::{Action, Made};
use std::fmt;

/// Which object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The API version, empty where nobody says
    pub api_version: String,
    /// The kind
    pub kind: String,
    /// The namespace, empty for none
    pub namespace: String,
    /// The name
    pub name: String,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.api_version, &self.kind, &self.namespace, &self.name].into_iter();
        let parts: Vec<&str> = parts.map(String::as_str).filter(|s| !s.is_empty()).collect();
        f.write_str(&parts.join("/"))
    }
}

impl Target {
    /// What identifies an object.
    pub fn of(object: &Value) -> Self {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            api_version: text("/apiVersion"),
            kind: text("/kind"),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
        }
    }
}

/// Where objects are.
pub trait Store {
    /// One object; none where there is no such one.
    ///
    /// # Errors
    /// Says why it is not known.
    fn get(&self, target: &Target) -> Result<Option<Value>, String>;

    /// The objects of a kind in a namespace, or everywhere, that a label selector selects.
    ///
    /// # Errors
    /// Says why they are not known.
    fn list(&self, of: &Target, selector: Option<&Value>) -> Result<Vec<Value>, String>;

    /// Makes an object, unless there is one.
    ///
    /// # Errors
    /// Says why it was not made.
    fn create(&mut self, target: &Target, object: Value) -> Result<(), String>;

    /// Puts another object in the place of one.
    ///
    /// # Errors
    /// Says why it was not.
    fn update(&mut self, target: &Target, object: Value) -> Result<(), String>;
}

/// Whose objects are made.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'o> {
    /// The policy's name
    pub policy: &'o str,
    /// The policy's namespace, empty for none
    pub namespace: &'o str,
    /// The rule's name
    pub rule: &'o str,
    /// Whether what is there follows its source
    pub synchronize: bool,
    /// The object that they are made for
    pub trigger: &'o Value,
}

/// Makes what a rule wants. Gives the objects that are new.
///
/// # Errors
/// Says what went wrong, after as much as could be was made.
pub fn make(
    wanted: &[Result<String, String>],
    owner: &Owner<'_>,
    store: &mut dyn Store,
) -> Result<Vec<Target>, String> {
    let (mut new, mut errors) = (Vec::new(), Vec::new());
    for one in wanted {
        let made = one.clone().and_then(|json| {
            let pattern = serde_json::from_str(&json).map_err(|e| e.to_string())?;
            one_pattern(&pattern, owner, store, &mut new)
        });
        errors.extend(made.err());
    }
    if errors.is_empty() { Ok(new) } else { Err(errors.join("; ")) }
}

fn one_pattern(pattern: &Value, owner: &Owner<'_>, store: &mut dyn Store, new: &mut Vec<Target>) -> Result<(), String> {
    let target = Target {
        api_version: text(pattern, "apiVersion")?,
        kind: text(pattern, "kind")?,
        namespace: text(pattern, "namespace")?,
        name: text(pattern, "name")?,
    };
    for made in source::of(pattern, target, owner.synchronize, store)? {
        let Made { target, action, object } = made;
        let Some(mut object) = object else { continue };
        settle(&mut object, &target);
        labels::manage(&mut object, owner);
        match action {
            Action::Create => {
                remove(&mut object, "resourceVersion");
                store.create(&target, Value::Object(object))?;
                new.push(target);
            }
            Action::Update if owner.synchronize => {
                let object = Value::Object(object);
                if store.get(&target)?.is_some_and(|now| now != object) {
                    store.update(&target, object)?;
                }
            }
            Action::Update => {}
        }
    }
    Ok(())
}

/// The member of a pattern that has to be a text.
fn text(pattern: &Value, key: &str) -> Result<String, String> {
    let found = match pattern.get(key) {
        None | Some(Value::Null) => return Ok(String::new()),
        Some(Value::String(s)) => return Ok(s.clone()),
        Some(Value::Bool(_)) => "bool",
        Some(Value::Number(_)) => "number",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    };
    Err(format!("json: cannot unmarshal {found} into Go struct field GeneratePattern.{key} of type string"))
}

/// Gives an object the name that it is to have.
fn settle(object: &mut Map<String, Value>, target: &Target) {
    set(object, "name", &target.name);
    set(object, "namespace", &target.namespace);
    if object.get("kind").and_then(Value::as_str).is_none_or(str::is_empty) {
        object.insert("kind".to_owned(), target.kind.as_str().into());
    }
    object.insert("apiVersion".to_owned(), target.api_version.as_str().into());
}

/// The metadata of an object, which is made where there is none.
fn metadata(object: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    let metadata = object.entry("metadata").or_insert_with(|| Map::new().into());
    metadata.as_object_mut()
}

/// Sets a text of the metadata; an empty one is removed.
fn set(object: &mut Map<String, Value>, key: &str, value: &str) {
    if value.is_empty() {
        remove(object, key);
    } else if let Some(metadata) = metadata(object) {
        metadata.insert(key.to_owned(), value.into());
    }
}

fn remove(object: &mut Map<String, Value>, key: &str) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove(key);
    }
}
