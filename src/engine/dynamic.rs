//! Texts, expressions and patterns that are only known while a rule runs: compiled when they come up, kept for the next
//! time, and run beside the rule over the same documents.

use crate::codegen::Linker;
use crate::diag::Source;
use crate::lower::jmespath::{self, Start};
use crate::lower::scope::{Scope, mentions};
use crate::lower::{pattern, text};
use crate::policy::fields::Problems;
use crate::policy::tree::Tree;
use kyvc_grammar::template;
use kyvc_vm::document::{Buffers, Document, JsonOptions, Layout, Place, read_json};
use kyvc_vm::ids::UnitId;
use kyvc_vm::program::Program;
use kyvc_vm::scalar::ScalarPattern;
use kyvc_vm::verdict::Root;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// How many programs are kept. What makes more is made anew each time.
const KEPT: usize = 512;

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// A text with variables in it
    Template,
    /// An expression of the context
    Query,
    /// An expression of the input
    QueryOfInput,
    /// A pattern for the input, as JSON
    Pattern,
    /// As `Pattern`, and all its numbers are float64
    FloatPattern,
}

/// A program made at run time.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) program: Program,
    pub(super) unit: UnitId,
    /// The expressions of the context in it
    queries: Vec<String>,
}

impl Made {
    /// Whether one of its expressions mentions a name.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.queries.iter().any(|q| mentions(q, name))
    }
}

/// The programs that were made.
#[derive(Debug, Default)]
pub(super) struct Cache {
    made: FxHashMap<(Form, String, String), Result<Arc<Made>, String>>,
    /// The JSON of YAML texts
    json: FxHashMap<String, Result<Arc<str>, String>>,
    /// The patterns of texts
    scalars: FxHashMap<Box<str>, ScalarPattern>,
    /// Overlays that are always the same
    overlays: FxHashMap<Box<str>, Arc<Document<'static>>>,
    /// Memory for a patch while it is applied
    pub(super) patch: Buffers,
}

impl Cache {
    /// The program of a text; `path` is where the text stands.
    pub(super) fn get(&mut self, form: Form, source: &str, path: &str) -> Result<Arc<Made>, String> {
        let key = (form, source.to_owned(), path.to_owned());
        if let Some(found) = self.made.get(&key) {
            return found.clone();
        }
        let made = make(form, source, path).map(Arc::new);
        if self.made.len() >= KEPT {
            self.made.clear();
        }
        self.made.insert(key, made.clone());
        made
    }

    /// The scalar pattern that a text is. A text that might stand for something else is none.
    pub(super) fn scalar(&mut self, text: &str) -> Option<&ScalarPattern> {
        if text.contains(['{', '$', '\\']) {
            return None;
        }
        if !self.scalars.contains_key(text) {
            if self.scalars.len() >= KEPT {
                self.scalars.clear();
            }
            self.scalars.insert(text.into(), pattern::scalar_pattern(text));
        }
        self.scalars.get(text)
    }

    /// An overlay that was kept.
    pub(super) fn overlay(&self, text: &str) -> Option<Arc<Document<'static>>> {
        self.overlays.get(text).cloned()
    }

    /// Keeps an overlay.
    pub(super) fn keep_overlay(&mut self, text: &str, overlay: Document<'static>) {
        if self.overlays.len() >= KEPT {
            self.overlays.clear();
        }
        self.overlays.insert(text.into(), Arc::new(overlay));
    }

    /// The JSON of a text in YAML, which `read` makes.
    pub(super) fn json_of(
        &mut self,
        text: &str,
        read: impl FnOnce(&str) -> Result<String, String>,
    ) -> Result<Arc<str>, String> {
        if let Some(found) = self.json.get(text) {
            return found.clone();
        }
        let made = read(text).map(Arc::from);
        if self.json.len() >= KEPT {
            self.json.clear();
        }
        self.json.insert(text.to_owned(), made.clone());
        made
    }
}

fn make(form: Form, source: &str, path: &str) -> Result<Made, String> {
    let problems = Problems::new(Source::new("variable", ""));
    let scope = Scope::new(&problems).lenient();
    let mut linker = Linker::default();
    let (unit, queries) = match form {
        Form::Template => {
            let queries: Vec<String> = template::parse(source).variables().map(|v| v.text.to_owned()).collect();
            if let Some((query, why)) = queries.iter().find_map(|q| Some((q.trim(), jmespath::complaint(q)?))) {
                return Err(format!("failed to resolve {query} at path {path}: {why}"));
            }
            let lowered = text::lower(source, Place::default(), path, &scope);
            (linker.expression("text".to_owned(), &lowered), queries)
        }
        Form::Query | Form::QueryOfInput => {
            let query = source.trim();
            if query.is_empty() {
                return Err("invalid query (nil)".to_owned());
            }
            let start = if form == Form::Query { Start::Context(&scope) } else { Start::Value(Root::Input) };
            let lowered = jmespath::parse(query, start, &|_| true).map_err(|e| match form {
                Form::Query => format!("incorrect query {query}: {e}"),
                _ => format!("failed to compile JMESPath: {query}, error: {e}"),
            })?;
            let lowered = lowered.map_err(|e| format!("nothing binds {}", e.0))?;
            (linker.expression("query".to_owned(), &lowered), vec![source.to_owned()])
        }
        Form::Pattern | Form::FloatPattern => {
            let layout = Layout::everything();
            let doc = read_json(source, &layout, Buffers::default(), JsonOptions::default());
            let doc = doc.map_err(|e| e.to_string())?;
            let tree = Tree::of(&doc, doc.root().ok_or("no pattern")?);
            let scope = scope.without_variables();
            let lowered = match form {
                Form::FloatPattern => pattern::lower_floats(&tree, &scope),
                _ => pattern::lower(&tree, &scope),
            };
            (linker.pattern_of_input(&lowered), Vec::new())
        }
    };
    let unit = unit.map_err(|e| e.to_string())?;
    if let Some(problem) = problems.into_inner().into_iter().find(|d| d.is_error()) {
        return Err(problem.message);
    }
    let program = linker.finish().map_err(|e| e.to_string())?;
    Ok(Made { program, unit, queries })
}
