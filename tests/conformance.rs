//! Agreement with the real Kyverno, against the ledger in `snapshots/ledger`:
//! `cargo test --release --test conformance -- --nocapture`.
//!
//! `KYVC_CONFORMANCE` (default `../shared/conformance`) is where the recorded data stands; the test is skipped where there
//! is none. `KYVC_CONFORMANCE_REPORT=1` leaves the ledger alone, passes, and prints what agrees and what differs.
//! `KYVC_CONFORMANCE_BLESS=1` rewrites the ledger.

#[path = "conformance/mod.rs"]
mod conformance;

use conformance::config::Config;

fn config(work: &str) -> Config {
    let temporary = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(work);
    Config::from_env(env!("CARGO_MANIFEST_DIR").as_ref(), env!("CARGO_BIN_EXE_kyvc").as_ref(), &temporary)
}

#[test]
fn kyvc_agrees_with_kyverno() {
    let config = config("agrees");
    let Some(root) = config.data() else {
        println!("conformance: skipped, no data at {}", config.root.display());
        return;
    };
    if let Err(text) = conformance::run(&config, &root) {
        panic!("{text}");
    }
}

#[test]
fn tests_that_expect_the_wrong_result_fail() {
    let config = config("negative");
    let Some(root) = config.data() else { return };
    match conformance::negative::run_all(&config, &root) {
        Ok(count) => println!("{count} folders with turned results"),
        Err(text) => panic!("{text}"),
    }
}
