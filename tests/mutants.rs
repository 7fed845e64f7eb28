//! Policies that somebody spoiled, and manifests: whatever is wrong with them, there are results or clear errors, within
//! the budget of the run.
//!
//! `KYVC_MUTANTS` (60) says how many of each, `KYVC_SEED` which ones. A panic fails the test, and names the file.

#[path = "mutants/mod.rs"]
mod mutants;

use kyvc::diag::{Diagnostic, Source};
use kyvc::engine::{CompileOptions, compile_sources};
use kyvc_vm::machine::Budget;
use mutants::ask::{ask, text};
use mutants::choices::Choices;
use mutants::corpus::{self, Case};
use mutants::edits::edit;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a run may cost.
const BUDGET: Budget = Budget { fuel: 2_000_000, memory: 8 << 20 };

/// What all that is done with a policy and its objects may take of memory, whatever is in them.
const MEMORY: u64 = 128 << 20;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// How many policies compiled, and how many results there were.
#[derive(Debug, Default)]
struct Count {
    compiled: usize,
    refused: usize,
    results: usize,
}

fn compiles(policies: &[Value]) -> bool {
    let source = Source::new("policy.yaml", text(policies));
    !compile_sources(&[source], CompileOptions::default()).diagnostics.iter().any(Diagnostic::is_error)
}

fn run(policies: &[Value], manifests: &[Value], count: &mut Count) {
    let compiled = compile_sources(&[Source::new("policy.yaml", text(policies))], CompileOptions::default());
    assert!(compiled.diagnostics.iter().all(|d| !d.to_string().is_empty()));
    if compiled.set.policies().is_empty() {
        count.refused += 1;
        return;
    }
    count.compiled += 1;
    let (results, problems) = ask(&compiled.set, &Source::new("manifest.yaml", text(manifests)), BUDGET);
    assert!(problems.iter().all(|d| !d.to_string().is_empty()));
    count.results += results;
}

/// Runs edited cases, and says what was edited where that ends in a panic.
fn all(salt: u8, spoil: fn(&mut Case, &mut Choices<'_>)) -> Count {
    let mut cases = corpus::cases();
    cases.retain(|case| compiles(&case.policies));
    let mut seed = [salt; 32];
    seed[..8].copy_from_slice(&number("KYVC_SEED", 0).to_le_bytes());
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut count = Count::default();
    for _ in 0..number("KYVC_MUTANTS", 60) {
        let mut bytes = [0; 64];
        rng.fill_bytes(&mut bytes);
        let mut case = cases[rng.next_u32() as usize % cases.len()].clone();
        case.manifests.extend(corpus::common());
        spoil(&mut case, &mut Choices::new(&bytes));
        let mut outcome = Ok(());
        let taken = allocation_counter::measure(|| {
            outcome = catch_unwind(AssertUnwindSafe(|| run(&case.policies, &case.manifests, &mut count)));
        });
        let what = || format!("{}\n{}{}", case.path.display(), text(&case.policies), text(&case.manifests));
        assert!(outcome.is_ok(), "{}", what());
        assert!(taken.bytes_max < MEMORY, "{} bytes: {}", taken.bytes_max, what());
    }
    println!("{count:?}");
    count
}

#[test]
fn spoiled_policies_end() {
    let count = all(1, |case, choices| case.policies.iter_mut().for_each(|p| edit(p, choices)));
    assert!(count.compiled > 0 && count.refused > 0 && count.results > 0, "{count:?}");
}

#[test]
fn spoiled_manifests_end() {
    let count = all(2, |case, choices| case.manifests.iter_mut().for_each(|m| edit(m, choices)));
    assert!(count.compiled > 0 && count.results > 0, "{count:?}");
}
