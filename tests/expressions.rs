//! Random expressions: none of them panics, hangs or takes more memory than it may, and where a reference is at hand
//! they mean what they mean to Kyverno.
//!
//! `KYVC_EXPRESSIONS` (500) says how many, `KYVC_SEED` which ones. `KYVC_JMESPATH_REFERENCE` names a program that
//! answers cases as Kyverno does; `expressions/reference` has one.

#[path = "expressions/mod.rs"]
mod expressions;

use expressions::{compare, settings::Settings};

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
