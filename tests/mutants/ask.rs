//! Putting the objects of a source through all that the rules of a set do: mutation, validation, generation.

use kyvc::diag::{Diagnostic, Source};
use kyvc::engine::{Engine, PolicySet, Status};
use kyvc::manifest;
use kyvc::offline::evaluate::Question;
use kyvc::offline::outcome::Ruled;
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

/// Asks about all objects, and gives how many results there are and what is wrong with the source. Who watches the rules
/// sees the same results: they then run without the counts of the objects.
pub(crate) fn ask(set: &PolicySet, source: &Arc<Source>, budget: Budget) -> (usize, Vec<Diagnostic>) {
    let mut engine = Engine::with_budget(budget);
    let (results, problems) = statuses(set, source, &mut engine);
    engine.set_traced(true);
    let (watched, _) = statuses(set, source, &mut engine);
    // What a limit ended ends elsewhere where each step costs more.
    let by_limit = |(_, error): &(Status, bool)| *error;
    if !results.iter().chain(&watched).any(by_limit) {
        assert_eq!(results, watched);
    }
    (results.len(), problems)
}

/// What each rule says of each object, and whether a limit ended it.
fn statuses(set: &PolicySet, source: &Arc<Source>, engine: &mut Engine) -> (Vec<(Status, bool)>, Vec<Diagnostic>) {
    let (values, mut out) = (Values::default(), Vec::new());
    let question = Question::new(set, &values);
    let problems = manifest::read(source, set.program().layout(), ReadOptions::resource(), &mut |document| {
        let _ = question.resource(engine, document, &reference(document), 0, None, &mut out);
        ControlFlow::Continue(())
    });
    let status = |rule: &Ruled| (rule.status, rule.status == Status::Error && rule.message.starts_with("rule "));
    (out.iter().flat_map(|r| &r.rules).map(status).collect(), problems)
}
