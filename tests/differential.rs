//! The differential test against the real Kyverno: `KYVC_REFERENCE=/path/to/kyverno cargo test --test differential`.
//!
//! `KYVC_PAIRS` (400; 5000 is a full run) says how many pairs, `KYVC_SEED` which ones; see `differential/config.rs` for the
//! rest. What rules that verify images say is only the same on a machine without a network. Cases are written to `target/differential/case-N/`.

#[path = "differential/mod.rs"]
mod differential;
/// The generator of expressions that other tests use, too.
#[path = "expressions"]
#[expect(dead_code, reason = "what is not about policies is for those other tests")]
mod expressions {
    pub(crate) mod choices;
    pub(crate) mod grammar;
    pub(crate) mod values;
}

use differential::config::Config;
use differential::{run, say, seeds};
use kyvc::diag::Source;
use kyvc::yaml;
use kyvc_vm::document::{Document, Layout};
use serde_json::Value;
use std::path::{Path, PathBuf};

#[test]
fn kyvc_says_what_kyverno_says() {
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("differential");
    let Some(config) = Config::from_env(env!("CARGO_BIN_EXE_kyvc"), out) else {
        say("differential: skipped, KYVC_REFERENCE is not set");
        return;
    };
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    if let Err(text) = run(&config, seeds::load(&policies, documents)) {
        panic!("{text}\nKYVC_SEED={} repeats this run", config.seed);
    }
}

/// The documents of a YAML text.
fn documents(text: &str) -> Vec<Value> {
    let source = Source::new("seed", text);
    let layout = Layout::everything();
    let (documents, _) = yaml::read_all(&source, &layout, yaml::ReadOptions::default());
    let value = |d: &Document<'_>| serde_json::from_str(&yaml::go_json(d, d.root()?)).ok();
    documents.iter().filter_map(value).collect()
}
