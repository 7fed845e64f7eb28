//! Running the cases of a suite.

use super::data::{self, Datum};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What a case comes to: nothing where it agrees, else what differs.
pub(crate) type Check = fn(Datum<'_>) -> Result<(), String>;

/// Runs a suite on the folder of recorded data.
pub(crate) type Run = fn(&Path) -> Result<Outcome, String>;

/// A case that does not agree.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    /// The case, folder or file.
    pub(crate) id: String,
    /// What was wanted and what came, in a line.
    pub(crate) text: String,
}

/// What a suite comes to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// How much agrees.
    pub(crate) agreed: usize,
    /// Of how much.
    pub(crate) total: usize,
    /// The names of the cases that agree.
    pub(crate) agreeing: Vec<String>,
    /// What does not.
    pub(crate) differences: Vec<Difference>,
}

impl Outcome {
    /// Counts a case.
    pub(crate) fn add(&mut self, id: &str, result: Result<(), String>) {
        self.total += 1;
        match result {
            Ok(()) => {
                self.agreed += 1;
                self.agreeing.push(id.to_owned());
            }
            Err(text) => self.differences.push(Difference { id: id.to_owned(), text: text.replace('\n', "\\n") }),
        }
    }
}

/// Runs the cases of one file of `expected/` that are of the given kinds; of all kinds where none is given.
pub(crate) fn cases(root: &Path, file: &str, kinds: &[&str], check: Check) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    data::read(&root.join("expected").join(file), |all| {
        for case in all.items() {
            let kind = case.get("kind").and_then(Datum::as_str).unwrap_or("");
            let Some(id) = case.get("id").and_then(Datum::as_str) else { continue };
            if kinds.is_empty() || kinds.contains(&kind) {
                outcome.add(id, guarded(case, check));
            }
        }
    })?;
    Ok(outcome)
}

/// A panic is a difference like others, so that the cases after it are run too.
fn guarded(case: Datum<'_>, check: Check) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| check(case))).unwrap_or_else(|_| Err(format!("panicked on {}", case.json())))
}

/// Nothing where two values are the same, else both.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(input: &str, want: &T, got: &T) -> Result<(), String> {
    if want == got { Ok(()) } else { Err(format!("{input}: want {want:?}, got {got:?}")) }
}

/// As [`same`], for what may be an error: that there is one has to agree, not its text.
pub(crate) fn same_or_error<T: PartialEq + std::fmt::Debug>(
    input: &str,
    want: Result<T, &str>,
    got: Result<T, String>,
) -> Result<(), String> {
    match (want, got) {
        (Err(_), Err(_)) => Ok(()),
        (Ok(want), Ok(got)) => same(input, &want, &got),
        (Ok(want), Err(got)) => Err(format!("{input}: want {want:?}, got the error {got:?}")),
        (Err(want), Ok(got)) => Err(format!("{input}: want the error {want:?}, got {got:?}")),
    }
}
