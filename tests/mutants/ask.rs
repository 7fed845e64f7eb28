//! Putting the objects of a source through all that the rules of a set do: mutation, validation, generation.

use kyvc::diag::{Diagnostic, Source};
use kyvc::engine::{Engine, PolicySet};
use kyvc::manifest;
use kyvc::offline::evaluate::Question;
use kyvc::offline::resources::reference;
use kyvc::offline::values::Values;
use kyvc::yaml::ReadOptions;
use kyvc_vm::machine::Budget;
use serde_json::Value;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Documents as the text of one file.
pub(crate) fn text(documents: &[Value]) -> String {
    documents.iter().map(|d| format!("---\n{d}\n")).collect()
}

/// Asks about all objects, and gives how many results there are and what is wrong with the source.
pub(crate) fn ask(set: &PolicySet, source: &Arc<Source>, budget: Budget) -> (usize, Vec<Diagnostic>) {
    let (values, mut engine, mut out) = (Values::default(), Engine::with_budget(budget), Vec::new());
    let question = Question::new(set, &values);
    let problems = manifest::read(source, set.program().layout(), ReadOptions::resource(), &mut |document| {
        let _ = question.resource(&mut engine, document, &reference(document), 0, None, &mut out);
        ControlFlow::Continue(())
    });
    (out.iter().map(|r| r.rules.len()).sum(), problems)
}
