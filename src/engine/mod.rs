//! Policy sets and their evaluation: which rules a request concerns, what each of them says, in what words.

mod action;
mod answer;
mod cleanup;
mod compile;
mod dynamic;
mod environment;
mod file;
mod generate;
mod host;
mod images;
mod index;
mod message;
mod mutate;
mod parse;
mod patching;
pub mod pod_security;
pub mod probe;
pub mod query;
mod request;
mod run;
mod set;
mod standard;
pub mod trace;
mod versions;

pub use compile::{Compiled, Unit, assembly, compile};
pub use environment::stop_clock;
pub use file::{LoadError, load, save};
pub use generate::Wanted;
pub use host::{ApiCall, Host, NoHost, Question, Service, TargetSelector};
pub use mutate::Mutated;
pub use parse::{CompileOptions, Exceptions, Parsed, compile_sources};
pub use request::{Operation, Request, User};
pub use run::{Engine, Status, Verdict};
pub use set::{CheckKind, PolicyInfo, PolicyKind, PolicySet, RuleInfo, RuleOverride, Severity};
pub use standard::Violated;
pub use versions::Versions;
