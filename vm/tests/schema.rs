//! Makes the table of merge keys, `src/patch/schema/table.txt`, from an OpenAPI document:
//!
//!     KYVC_OPENAPI=openapi.json KYVC_OPENAPI_BLESS=1 cargo test -p kyvc-vm --test schema
//!
//! Without `KYVC_OPENAPI_BLESS` the table is compared with the document; without `KYVC_OPENAPI` nothing is done.
//!
//! Kyverno 1.19 merges with kustomize's kyaml 0.21.1, whose schema is that of Kubernetes v1.21.2, whatever version the
//! cluster has. So the document to take is kyaml's: `openapi.Schema()` of `sigs.k8s.io/kustomize/kyaml/openapi`, written as
//! JSON. It holds kustomize's own kinds too.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/patch/schema/table.txt");
const GROUP_VERSION_KIND: &str = "x-kubernetes-group-version-kind";
const STRATEGY: &str = "x-kubernetes-patch-strategy";
const MERGE_KEY: &str = "x-kubernetes-patch-merge-key";
const MAP_KEYS: &str = "x-kubernetes-list-map-keys";

const HEAD: &str = "\
# What kyaml knows of built-in kinds, as far as merging asks for it. Made by vm/tests/schema.rs; do not edit.
#
# First the kinds: KIND SHAPE VERSION...
# Then, after an empty line, the shapes, numbered from 0, a line each: `+` where a list that is merged is there or
# below and `-` where none is, then [MERGE KEYS]SHAPE OF THE ELEMENTS, *SHAPE OF MEMBERS THAT ARE NOT NAMED, and
# MEMBER=SHAPE, where MEMBER alone is of shape 0, which says nothing.
";

/// What kyaml asks of a schema, with others by number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    fields: BTreeMap<String, usize>,
    values: Option<usize>,
    /// Merge keys, and the schema of the elements.
    list: Option<(Vec<String>, Option<usize>)>,
}

/// All schemas of a document, before those that say the same are made one.
struct Shapes<'j> {
    definitions: &'j Value,
    known: BTreeMap<*const Value, usize>,
    shapes: Vec<Shape>,
}

impl<'j> Shapes<'j> {
    fn resolve(&self, mut schema: &'j Value) -> &'j Value {
        while let Some(target) = schema["$ref"].as_str() {
            schema = &self.definitions[target.rsplit('/').next().unwrap_or(target)];
        }
        schema
    }

    fn of(&mut self, schema: &'j Value) -> usize {
        let schema = self.resolve(schema);
        if let Some(at) = self.known.get(&std::ptr::from_ref(schema)) {
            return *at;
        }
        let at = self.shapes.len();
        self.known.insert(schema, at);
        self.shapes.push(Shape { fields: BTreeMap::new(), values: None, list: None });
        let list = schema[STRATEGY].as_str().is_some_and(|s| s.split(',').any(|s| s == "merge")).then(|| {
            let key = || schema[MERGE_KEY].as_str().map(str::to_owned).into_iter().collect();
            let keys = schema[MAP_KEYS].as_array().map_or_else(key, |a| a.iter().map(text).collect());
            let is_array = schema["type"] == "array" || schema["type"] == serde_json::json!(["array"]);
            (keys, schema.get("items").filter(|_| is_array).map(|items| self.of(items)))
        });
        let fields = schema["properties"].as_object().into_iter().flatten();
        let fields = fields.map(|(name, field)| (name.clone(), self.of(field))).collect();
        let values = schema.get("additionalProperties").filter(|v| v.is_object()).map(|v| self.of(v));
        self.shapes[at] = Shape { fields, values, list };
        at
    }

    /// Numbers the shapes anew so that those which cannot be told apart have one number.
    fn classes(&self) -> Vec<usize> {
        let mut class = vec![0; self.shapes.len()];
        let mut count = 1;
        loop {
            let mut seen = BTreeMap::new();
            let next: Vec<usize> = (self.shapes.iter())
                .map(|shape| {
                    let number = seen.len();
                    *seen.entry(renumbered(shape, &class)).or_insert(number)
                })
                .collect();
            if seen.len() == count {
                return next;
            }
            (class, count) = (next, seen.len());
        }
    }
}

fn renumbered(shape: &Shape, class: &[usize]) -> Shape {
    Shape {
        fields: shape.fields.iter().map(|(name, s)| (name.clone(), class[*s])).collect(),
        values: shape.values.map(|s| class[s]),
        list: shape.list.as_ref().map(|(keys, s)| (keys.clone(), s.map(|s| class[s]))),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Which shapes lead to a list that is merged.
fn reaching(shapes: &[Shape]) -> Vec<bool> {
    let mut reaches = vec![false; shapes.len()];
    loop {
        let next: Vec<bool> = (shapes.iter())
            .map(|s| s.list.is_some() || s.fields.values().chain(&s.values).any(|field| reaches[*field]))
            .collect();
        if next == reaches {
            return reaches;
        }
        reaches = next;
    }
}

/// The table's text.
fn table(document: &Value) -> String {
    let definitions = &document["definitions"];
    let mut shapes = Shapes { definitions, known: BTreeMap::new(), shapes: Vec::new() };
    // A schema that says nothing is the first.
    let nothing = Value::Object(serde_json::Map::new());
    shapes.of(&nothing);
    let mut kinds = BTreeMap::new();
    for (_, definition) in definitions.as_object().into_iter().flatten() {
        for kind in definition[GROUP_VERSION_KIND].as_array().into_iter().flatten() {
            let (group, version) = (text(&kind["group"]), text(&kind["version"]));
            let version = if group.is_empty() { version } else { format!("{group}/{version}") };
            kinds.insert((text(&kind["kind"]), version), shapes.of(definition));
        }
    }
    let class = shapes.classes();
    let mut merged = BTreeMap::new();
    for (shape, number) in shapes.shapes.iter().zip(&class) {
        merged.entry(*number).or_insert_with(|| renumbered(shape, &class));
    }
    let merged: Vec<Shape> = merged.into_values().collect();
    let mut lines = BTreeMap::new();
    for ((kind, version), shape) in kinds {
        let line: &mut String = lines.entry((kind, class[shape])).or_default();
        let _ = write!(line, " {version}");
    }
    let mut out = HEAD.to_owned();
    for ((kind, shape), versions) in lines {
        let _ = writeln!(out, "{kind} {shape}{versions}");
    }
    out.push('\n');
    for (shape, reaches) in merged.iter().zip(reaching(&merged)) {
        out.push(if reaches { '+' } else { '-' });
        if let Some((keys, elements)) = &shape.list {
            let elements = elements.map_or(String::new(), |s| s.to_string());
            let _ = write!(out, " [{}]{elements}", keys.join(","));
        }
        if let Some(values) = shape.values {
            let _ = write!(out, " *{values}");
        }
        for (name, field) in &shape.fields {
            let _ = if *field == 0 { write!(out, " {name}") } else { write!(out, " {name}={field}") };
        }
        out.push('\n');
    }
    out
}

#[test]
fn the_table_is_that_of_the_document() {
    let Some(file) = std::env::var_os("KYVC_OPENAPI") else {
        println!("schema: skipped, KYVC_OPENAPI names no document");
        return;
    };
    let document: Value = serde_json::from_slice(&std::fs::read(Path::new(&file)).unwrap()).unwrap();
    let table = table(&document);
    if std::env::var_os("KYVC_OPENAPI_BLESS").is_some() {
        std::fs::write(TABLE, table).unwrap();
    } else {
        assert!(std::fs::read_to_string(TABLE).unwrap() == table, "the table is not that of {}", file.display());
    }
}
