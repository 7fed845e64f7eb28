//! Finding the manifest that an object was made from, among those that were signed together.
//!
//! k8s-manifest-sigstore: pkg/util/yaml.go.

use super::flat::{Flat, flat};
use super::ignored::{Named, Patterns};
use crate::diag::{Code, Source};
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::{Buffers, Document, Layout};
use std::cmp::Reverse;
use std::sync::Arc;

/// How many manifests an object is compared with where none has its name.
const CANDIDATES: usize = 3;

/// What a document says it is; nothing where it is no object of Kubernetes.
pub(super) fn named(doc: &Document<'_>) -> Option<Named> {
    let root = doc.root()?;
    let text = |path: &[&str]| {
        let node = path.iter().try_fold(root, |node, key| doc.get_str(node, key));
        node.and_then(|node| doc.as_str(node)).unwrap_or_default().to_owned()
    };
    let (kind, api_version) = (text(&["kind"]), text(&["apiVersion"]));
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    if kind.is_empty() || version.contains('/') {
        return None;
    }
    let (group, version) = (group.to_owned(), version.to_owned());
    Some(Named { group, version, kind, name: text(&["metadata", "name"]), namespace: text(&["metadata", "namespace"]) })
}

/// Whether there is any document in a text that YAML reads.
pub(super) fn has_documents(text: &str) -> bool {
    !read(&Source::new("", text), &Layout::everything()).is_empty()
}

/// The documents before the first that is no YAML.
fn read<'a>(source: &'a Arc<Source>, layout: &'a Layout) -> Vec<Document<'a>> {
    let (mut documents, error) = yaml::read_all(source, layout, ReadOptions::resource());
    // A bad separator is read together with the document before it.
    if error.is_some_and(|e| e.code == Code::BadSeparator) {
        documents.pop();
    }
    documents
}

/// Whether the first document of a text is an object of Kubernetes.
pub(super) fn is_object(text: &str) -> bool {
    let (source, layout) = (Source::new("", text), Layout::everything());
    let first = yaml::value(&source, &layout, Buffers::default(), ReadOptions::resource());
    first.is_ok_and(|doc| named(&doc).is_some())
}

/// The manifests that an object may have been made from. `fields` may differ.
pub(super) fn manifests(text: &str, object: &Document<'_>, fields: &mut [String]) -> Vec<Flat> {
    let Some(wanted) = named(object) else { return Vec::new() };
    let (source, layout) = (Source::new("", text), Layout::everything());
    let documents = read(&source, &layout);
    let named = documents.iter().filter_map(|doc| Some((named(doc)?, doc)));
    let candidates: Vec<_> = named.filter(|(named, _)| named.kind == wanted.kind).collect();
    let same = candidates.iter().filter(|(n, _)| n.group == wanted.group && n.name == wanted.name);
    let mut same: Vec<_> = same.collect();
    // The sort is stable: the first one is taken where none is in the namespace.
    same.sort_by_key(|(n, _)| n.namespace != wanted.namespace);
    if let Some((_, first)) = same.first() {
        return vec![flat(first, None)];
    }
    // Kyverno writes the masks over the fields that were given.
    fields.iter_mut().for_each(|field| *field = dotted(field));
    let documents: Vec<&Document<'_>> = candidates.into_iter().map(|(_, doc)| doc).collect();
    alike(&documents, object, &Patterns::new(fields.iter().cloned()))
}

/// The manifests that have most values in common with an object.
fn alike(documents: &[&Document<'_>], object: &Document<'_>, mask: &Patterns) -> Vec<Flat> {
    let mut values: Vec<(String, String)> =
        flat(object, Some(mask)).into_iter().map(|(path, leaf)| (path, leaf.text())).collect();
    // In Kyverno the order of values of the same length is another one in each run.
    values.sort_by_key(|(_, text)| Reverse(text.len()));
    let mut counted: Vec<(usize, Flat)> = documents.iter().map(|doc| (0, flat(doc, Some(mask)))).collect();
    let enough = values.len() / 10;
    let (mut before, mut repeated) = (None, 0);
    for (i, (path, text)) in values.iter().enumerate() {
        let mut here = 0;
        for (count, flat) in &mut counted {
            if flat.get(path).is_some_and(|leaf| leaf.text() == *text) {
                *count += 1;
                here += 1;
            }
        }
        if i > enough && (1..CANDIDATES).contains(&here) {
            repeated = if before == Some(here) { repeated + 1 } else { 0 };
        }
        if repeated > enough {
            break;
        }
        before = Some(here);
    }
    let most = counted.iter().map(|(count, _)| *count).max();
    let best = documents.iter().zip(counted).filter(|(_, (count, _))| Some(*count) == most);
    best.take(CANDIDATES).map(|(doc, _)| flat(doc, None)).collect()
}

/// A field with the numbers of elements as steps: `a[0].b` as `a.0.b`.
fn dotted(field: &str) -> String {
    let step = |step: &str| {
        let number = step.strip_suffix(']').and_then(|s| s.rsplit_once('['));
        match number.filter(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
            Some(("", number)) => number.to_owned(),
            Some((name, number)) => format!("{name}.{number}"),
            None => step.to_owned(),
        }
    };
    field.split('.').map(step).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::super::tests::object;
    use super::*;

    const ALL: &str = "kind: A\napiVersion: v1\nmetadata: {name: x, namespace: m}\na: 1\n---\n\
                       kind: A\napiVersion: v2\nmetadata: {name: x, namespace: o}\na: 2\n---\n\
                       kind: A\napiVersion: g/v1\nmetadata: {name: w}\nb: c\n---\nkind: B\nmetadata: {name: x}\n";

    fn found(text: &str) -> Vec<String> {
        object(text, |doc| {
            let all = manifests(ALL, doc, &mut ["a[0]".to_owned()]);
            all.iter().map(|f| f.values().map(|v| v.text()).collect::<Vec<_>>().join(" ")).collect()
        })
    }

    #[test]
    fn by_name() {
        assert_eq!(found("{kind: A, apiVersion: v1, metadata: {name: x}}"), ["1 v1 A x m"]);
        assert_eq!(found("{kind: A, apiVersion: v1, metadata: {name: x, namespace: o}}"), ["2 v2 A x o"]);
        assert!(found("{kind: C, apiVersion: v1, metadata: {name: x}}").is_empty());
    }

    #[test]
    fn by_values() {
        assert_eq!(found("{kind: A, apiVersion: v1, metadata: {name: z}, b: c}"), ["1 v1 A x m", "g/v1 c A w"]);
        assert_eq!(found("{kind: A, apiVersion: g/v1, metadata: {name: z}, b: c}"), ["g/v1 c A w"]);
    }

    #[test]
    fn what_is_no_object() {
        assert!(
            !is_object("a: b") && !is_object("kind: A\napiVersion: a/b/c") && !is_object("hello") && !is_object("")
        );
        assert!(is_object("kind: A\n---\n]"));
        assert!(
            has_documents("hello") && has_documents("a: 1\n---\n]") && !has_documents("]") && !has_documents("# x")
        );
        assert!(!has_documents("a: 1\n--- x\n"));
    }

    #[test]
    fn numbers_of_elements() {
        assert_eq!(dotted("a[0].b.[1].c[].d[x]"), "a.0.b.1.c[].d[x]");
    }
}
