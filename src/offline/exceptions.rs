//! `PolicyException`s: from files of their own, from among the policies, from among the resources.

use super::file;
use super::schema;
use super::words;
use crate::diag::{Diagnostic, Source};
use crate::engine;
use crate::policy;
use crate::policy::fields::Problems;
use crate::policy::tree::{Tree, Value};
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::Layout;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// An exception as it is written.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Where it came from
    pub source: Arc<Source>,
    /// The document
    pub tree: Tree,
}

/// Exceptions, and how many there are for policies with CEL.
#[derive(Clone, Debug, Default)]
pub struct Exceptions {
    /// Those for classic policies
    pub classic: Vec<Exception>,
    /// How many others
    pub others: usize,
}

/// What an object is as an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Classic,
    Cel,
    Nothing,
}

fn is(api_version: &str, kind: &str) -> Is {
    match (api_version, kind) {
        ("kyverno.io/v2" | "kyverno.io/v2beta1", "PolicyException") => Is::Classic,
        (
            "policies.kyverno.io/v1alpha1" | "policies.kyverno.io/v1beta1" | "policies.kyverno.io/v1",
            "PolicyException",
        ) => Is::Cel,
        _ => Is::Nothing,
    }
}

/// Refuses what the schema of exceptions refuses, in Kyverno's words.
pub(super) fn check(source: &Arc<Source>, tree: &Tree) -> Result<(), String> {
    let problems = Problems::new(source.clone());
    policy::exception::Exception::read(tree, &problems);
    let found: Vec<Diagnostic> = problems.into_inner().into_iter().filter(Diagnostic::is_error).collect();
    if found.iter().any(schema::is_unknown) {
        let unknown: Vec<_> = found.into_iter().filter(schema::is_unknown).collect();
        return Err(words::unknown_fields(&unknown));
    }
    let name = tree.get("metadata").and_then(|m| m.get("name")).and_then(Tree::as_str).unwrap_or_default();
    if found.is_empty() { Ok(()) } else { Err(words::refused("PolicyException", name, &found)) }
}

impl Exceptions {
    /// The exceptions for classic policies as the engine takes them, and what is to be said about the others.
    pub fn compiled(&self) -> (engine::Exceptions, Vec<Diagnostic>) {
        let (mut out, mut diagnostics) = (engine::Exceptions::default(), Vec::new());
        for e in &self.classic {
            out.add(&e.tree, &e.source, &mut diagnostics);
        }
        (out, diagnostics)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.classic.len() + self.others
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads files that hold nothing but exceptions.
    ///
    /// # Errors
    /// Says what cannot be read or is no exception, as Kyverno does.
    pub fn load(paths: &[String]) -> Result<Self, String> {
        let mut all = Self::default();
        for path in paths {
            let source = file::open(Path::new(&file::clean(path))).map_err(|e| format!("unable to read yaml ({e})"))?;
            all.read(&source).map_err(|e| format!("unable to load exceptions ({e})"))?;
        }
        Ok(all)
    }

    fn read(&mut self, source: &Arc<Source>) -> Result<(), String> {
        let mut wrong = None;
        let layout = Layout::everything();
        let read = ReadOptions { strict: true, places: true, ..ReadOptions::default() };
        let result = yaml::documents(source, &layout, read, &mut |doc| {
            let tree = doc.root().map(|root| Tree::of(&doc, root));
            if let Err(e) = tree.map_or(Ok(()), |tree| self.add(source, tree)) {
                wrong = Some(e);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(doc.recycle())
        });
        result.map_err(|d| words::not_yaml(&d))?;
        wrong.map_or(Ok(()), Err)
    }

    fn add(&mut self, source: &Arc<Source>, tree: Tree) -> Result<(), String> {
        let text = |key| tree.get(key).and_then(Tree::as_str).unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        match is(api_version, kind) {
            Is::Classic => {
                check(source, &tree)?;
                self.classic.push(Exception { source: source.clone(), tree });
            }
            Is::Cel => self.others += 1,
            Is::Nothing if api_version.contains("kyverno.io/") => {
                let what = words::group_version_kind(api_version, kind);
                return Err(format!("policy exception type not supported {what}"));
            }
            Is::Nothing => return Err(words::no_policy(api_version, kind)),
        }
        Ok(())
    }

    /// Takes the exceptions from among the resources.
    pub fn select(sources: &[Arc<Source>]) -> Self {
        let mut all = Self::default();
        let layout = Layout::everything();
        let read = ReadOptions { places: true, ..ReadOptions::resource() };
        for source in sources {
            // What is wrong with the text is reported when the resources are read.
            let _ = yaml::documents(source, &layout, read, &mut |doc| {
                let tree = doc.root().map(|root| Tree::of(&doc, root));
                tree.into_iter().for_each(|tree| all.pick(source, tree));
                ControlFlow::Continue(doc.recycle())
            });
        }
        all
    }

    fn pick(&mut self, source: &Arc<Source>, tree: Tree) {
        let text = |key| tree.get(key).and_then(Tree::as_str).unwrap_or_default();
        if text("kind") == "List"
            && let Some(Value::List(items)) = tree.get("items").map(|t| &t.value)
        {
            items.iter().for_each(|item| self.pick(source, item.clone()));
            return;
        }
        match is(text("apiVersion"), text("kind")) {
            Is::Classic => self.classic.push(Exception { source: source.clone(), tree }),
            Is::Cel => self.others += 1,
            Is::Nothing => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_exception() {
        let read = |text: &str| Exceptions::default().read(&Source::new("e.yaml", text)).unwrap_err();
        assert_eq!(
            read("apiVersion: kyverno.io/v1\nkind: ClusterPolicy\n"),
            "policy exception type not supported kyverno.io/v1, Kind=ClusterPolicy"
        );
        assert_eq!(
            read("apiVersion: v1\nkind: Pod\n"),
            "failed to parse document (failed to retrieve validator: failed to locate OpenAPI spec for GV: v1)"
        );
    }

    #[test]
    fn among_resources() {
        let text = "apiVersion: v1\nkind: Pod\n---\napiVersion: kyverno.io/v2\nkind: PolicyException\n---\n\
                    apiVersion: policies.kyverno.io/v1\nkind: PolicyException\n";
        let found = Exceptions::select(&[Source::new("r.yaml", text)]);
        assert_eq!((found.classic.len(), found.len()), (1, 2));
    }
}
