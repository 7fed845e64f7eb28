//! Random expressions: none of them panics, hangs or takes more memory than it may, and where a reference is at hand
//! they mean what they mean to Kyverno.
//!
//! `KYVC_EXPRESSIONS` (500) says how many, `KYVC_SEED` which ones. `KYVC_JMESPATH_REFERENCE` names a program that
//! answers cases as Kyverno does; `expressions/reference` has one.

#[path = "expressions/mod.rs"]
mod expressions;

use expressions::limits::{self, End};
use expressions::{compare, grammar, settings::Settings};
use proptest::prelude::*;

/// What an expression may take of memory, whatever it does: a few times its budget, and a regular expression of the
/// largest size while it is made.
const MEMORY: u64 = 48 << 20;

#[test]
fn expressions_mean_what_they_mean_to_kyverno() {
    let settings = Settings::from_env();
    let Some(reference) = &settings.reference else {
        println!("expressions: not compared, KYVC_JMESPATH_REFERENCE is not set");
        return;
    };
    let report = compare::run(reference, &settings).unwrap_or_else(|e| panic!("{}: {e}", reference.display()));
    println!("{}", report.text());
    assert!(report.differences.is_empty(), "KYVC_SEED={} repeats this run", settings.seed);
}

fn cases() -> ProptestConfig {
    let cases = u32::try_from(Settings::from_env().count).unwrap_or(u32::MAX);
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

fn holds(expression: &str, document: &str) -> End {
    let mut end = End::Refused;
    let made = allocation_counter::measure(|| end = limits::run(expression, document));
    assert!(made.bytes_max < MEMORY, "{} bytes", made.bytes_max);
    end
}

proptest! {
    #![proptest_config(cases())]

    /// Along the grammar, and off it by a character.
    #[test]
    fn expressions_end(bytes in prop::collection::vec(any::<u8>(), 8..96), document in 0_usize..16) {
        let expression = grammar::expression(&bytes);
        // Names are looked up, which takes the network's time.
        if !expression.contains("is_external_url") {
            holds(&expression, grammar::document(document));
        }
    }

    /// Ever more of it.
    #[test]
    fn growth_ends(bytes in prop::collection::vec(any::<u8>(), 8..64), document in 0_usize..16) {
        prop_assert_ne!(holds(&grammar::growth(&bytes), grammar::document(document)), End::Refused);
    }
}
