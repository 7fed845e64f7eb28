//! A spanned tree: what a policy's YAML says, with the place of each key and value.

use kyvc_vm::document::{Document, Kind, NodeId, Place};
use kyvc_vm::scalar::Scalar;
use std::fmt::Write;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// Where
    pub place: Place,
    /// What
    pub value: Value,
}

/// A value of a policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// A boolean
    Bool(bool),
    /// An int64
    Int(i64),
    /// A float64
    Float(f64),
    /// A string
    Str(String),
    /// A list
    List(Vec<Tree>),
    /// A map, in the order of the text
    Map(Vec<Member>),
}

/// A member of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its key
    pub key: String,
    /// Where the key stands
    pub key_place: Place,
    /// Its value
    pub value: Tree,
}

impl Tree {
    /// A subtree of a document.
    pub fn of(doc: &Document<'_>, node: NodeId) -> Self {
        let value = match doc.scalar(node) {
            Scalar::Null => Value::Null,
            Scalar::Bool(b) => Value::Bool(b),
            Scalar::Int(n) => Value::Int(n),
            Scalar::Float(n) => Value::Float(n),
            Scalar::Str(s) => Value::Str(s.to_owned()),
            Scalar::List => Value::List(doc.children(node).map(|n| Self::of(doc, n)).collect()),
            Scalar::Map if doc.kind(node) == Kind::Map => Value::Map(
                doc.entries(node)
                    .map(|(k, n)| Member {
                        key: doc.key_text(k).to_owned(),
                        key_place: doc.key_place(n),
                        value: Self::of(doc, n),
                    })
                    .collect(),
            ),
            Scalar::Map => Value::Null,
        };
        Self { place: doc.place(node), value }
    }

    /// A map of one member, at this tree's place.
    pub fn wrapped(self, key: &str) -> Self {
        let place = self.place;
        Self { place, value: Value::Map(vec![Member { key: key.to_owned(), key_place: place, value: self }]) }
    }

    /// Nothing.
    pub fn null(place: Place) -> Self {
        Self { place, value: Value::Null }
    }

    /// The member under a key.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        match &self.value {
            Value::Map(members) => members.iter().find(|m| m.key == key).map(|m| &m.value),
            _ => None,
        }
    }

    /// The member under a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Tree> {
        match &mut self.value {
            Value::Map(members) => members.iter_mut().find(|m| m.key == key).map(|m| &mut m.value),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    /// Changes every string, keys included.
    pub fn map_strings(&mut self, change: &dyn Fn(&str) -> String) {
        match &mut self.value {
            Value::Str(s) => *s = change(s),
            Value::List(items) => items.iter_mut().for_each(|t| t.map_strings(change)),
            Value::Map(members) => {
                for m in members {
                    m.key = change(&m.key);
                    m.value.map_strings(change);
                }
            }
            _ => {}
        }
    }

    /// What kind of value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::Str(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// The tree as JSON. A number that JSON does not have is `null`.
    pub fn json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(b) => (*b).into(),
            Value::Int(n) => (*n).into(),
            Value::Float(n) => (*n).into(),
            Value::Str(s) => s.as_str().into(),
            Value::List(items) => items.iter().map(Tree::json).collect(),
            Value::Map(members) => members.iter().map(|m| (m.key.clone(), m.value.json())).collect(),
        }
    }

    /// Prints the tree as indented text with places.
    pub fn print(&self, indent: usize, out: &mut String) {
        match &self.value {
            Value::List(items) => {
                out.push('\n');
                for item in items {
                    let _ = write!(out, "{:indent$}-", "");
                    item.print(indent + 2, out);
                }
                if items.is_empty() {
                    let _ = writeln!(out, "{:indent$}[]", "");
                }
            }
            Value::Map(members) => {
                out.push('\n');
                for m in members {
                    let _ = write!(out, "{:indent$}{:?}:", "", m.key);
                    m.value.print(indent + 2, out);
                }
                if members.is_empty() {
                    let _ = writeln!(out, "{:indent$}{{}}", "");
                }
            }
            scalar => {
                let text = match scalar {
                    Value::Bool(b) => b.to_string(),
                    Value::Int(n) => n.to_string(),
                    Value::Float(n) => format!("{n:?}"),
                    Value::Str(s) => format!("{s:?}"),
                    _ => "null".to_owned(),
                };
                let _ = writeln!(out, " {text} @{}:{}", self.place.line, self.place.column);
            }
        }
    }
}
