//! What must hold of any expression: it ends, within the budget of the run.

use kyvc::engine::query::{Evaluator, Query};
use kyvc_vm::document::{Buffers, JsonOptions, read_json};
use kyvc_vm::machine::Budget;

/// What an expression may cost.
pub(crate) const BUDGET: Budget = Budget { fuel: 200_000, memory: 1 << 20 };

/// How an expression ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It has no code, or there is no document
    Refused,
    /// It has no value
    Failed,
    /// It has one
    Value,
}

/// Compiles an expression, evaluates it and prints what came of it.
pub(crate) fn run(expression: &str, document: &str) -> End {
    let query = match Query::compile(expression) {
        Ok(query) => query,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return End::Refused;
        }
    };
    let document = match read_json(document, query.layout(), Buffers::default(), JsonOptions::default()) {
        Ok(document) => document,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return End::Refused;
        }
    };
    let mut evaluator = Evaluator::new(BUDGET);
    let made = evaluator.evaluate(&query, &document).and_then(|answer| answer.json());
    match made {
        Ok(_) => End::Value,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            End::Failed
        }
    }
}
