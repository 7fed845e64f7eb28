//! The conformance test: suites of recorded cases, folders of policies, and the ledger of what agrees.
//!
//! `config` reads the environment; `data` reads recorded cases with their numbers as they are spelled; `suite` runs cases,
//! each suite being a file of `suites` and a line of [`CASES`]; `runs` runs the command line on folders and on
//! policy files; `ledger` compares with what was recorded of all this; `negative` turns what tests expect round.

pub(crate) mod config;
pub(crate) mod data;
pub(crate) mod ledger;
pub(crate) mod negative;
pub(crate) mod runs;
pub(crate) mod suite;
pub(crate) mod suites;

use config::{Config, Mode};
use ledger::Page;
use runs::Judged;
use std::path::Path;
use suite::{Outcome, Run};

/// The suites of cases. A new one is a file in `suites` and a line here.
const CASES: &[(&str, Run)] = &[
    ("wildcard", suites::wildcard::run),
    ("pattern", suites::pattern::run),
    ("match", suites::matches::run),
    ("condition", suites::condition::run),
    ("yaml", suites::yaml::run),
    ("quantity", suites::quantity::run),
    ("duration", suites::duration::run),
    ("jmespath", suites::jmespath::run),
    ("jmespath-suite", suites::jmespath::suite),
    ("smp", suites::smp::run),
    ("json6902", suites::json6902::run),
];

/// What a folder or a policy file may need to be among those that have to agree: the tags of `index.json` that exist so far.
const EXISTS: &[&str] = &[
    "classic-pattern",
    "deny",
    "foreach",
    "preconditions",
    "variables",
    "context",
    "context-variable",
    "context-configMap",
    "context-apiCall",
    "context-imageRegistry",
    "context-globalReference",
    "values",
    "userinfo",
    "exceptions",
    "podSecurity",
    "mutate",
    "mutate-existing",
    "generate",
    "cleanup",
];

/// How many differences of a suite are printed.
const LISTED: usize = 20;

/// Runs everything and prints a line a suite; an error text where the ledger does not say the same.
pub(crate) fn run(config: &Config, root: &Path) -> Result<(), String> {
    let mut suites = Vec::new();
    for (name, run) in CASES {
        suites.push((*name, run(root).map_err(|text| format!("{name}: {text}"))?));
    }
    let folders = runs::folders(config, root)?;
    let cross = runs::cross(config, root)?;
    let both: Vec<&Judged> = folders.iter().chain(&cross).collect();
    let measures = runs::measures(&both);
    for (name, outcome) in suites.iter().chain(&measures) {
        print(name, outcome, config.mode == Mode::Report);
    }
    println!("{}", runs::remainder(&both));
    if config.mode == Mode::Report {
        return Ok(());
    }
    let pages = [
        ("cases.txt", Page::of_cases(&suites)),
        ("folders.txt", Page::of_runs(&folders)),
        ("cross.txt", Page::of_runs(&cross)),
    ];
    ledger::settle(&config.ledger, &pages, config.mode == Mode::Bless)
}

fn print(name: &str, outcome: &Outcome, list: bool) {
    if list {
        for difference in outcome.differences.iter().take(LISTED) {
            println!("  {}: {}", difference.id, difference.text);
        }
    }
    println!("{name}: {}/{}", outcome.agreed, outcome.total);
}
