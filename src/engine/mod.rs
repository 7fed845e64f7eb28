//! Policy sets and their evaluation: which rules a request concerns, what each of them says, in what words.
//!
//! Policies are compiled once, to a [`PolicySet`] that threads share. Each thread has an [`Engine`]. An object is
//! flattened with the layout of the set that will be asked, in the memory of the one before, so that a check that finds
//! nothing wrong allocates nothing.
//!
//! ```
//! use kyvc::diag::Source;
//! use kyvc::engine::{CompileOptions, Engine, Request, Status, compile_sources};
//! use kyvc_vm::document::{Buffers, JsonOptions, read_json};
//!
//! let policy = r#"
//! apiVersion: kyverno.io/v1
//! kind: ClusterPolicy
//! metadata: {name: images}
//! spec:
//!   rules:
//!   - name: tagged
//!     match: {any: [{resources: {kinds: [Pod]}}]}
//!     validate:
//!       message: Every image has a tag.
//!       pattern: {spec: {containers: [{image: "*:*"}]}}
//! "#;
//! let compiled = compile_sources(&[Source::new("policy.yaml", policy)], CompileOptions::default());
//! assert!(compiled.diagnostics.is_empty());
//! let set = compiled.set;
//!
//! let (mut engine, mut buffers, mut said) = (Engine::default(), Buffers::default(), Vec::new());
//! for image in ["nginx:1.29", "nginx"] {
//!     let json = format!(r#"{{"apiVersion": "v1", "kind": "Pod", "spec": {{"containers": [{{"image": "{image}"}}]}}}}"#);
//!     let pod = read_json(&json, set.program().layout(), buffers, JsonOptions::default())?;
//!     engine.check(&set, &Request::create(&pod), |verdict| said.push((verdict.status, verdict.message())));
//!     buffers = pod.recycle();
//! }
//! assert_eq!(said[0], (Status::Pass, "validation rule 'tagged' passed.".to_owned()));
//! let failure = "validation error: Every image has a tag. rule tagged failed at path /spec/containers/0/image/";
//! assert_eq!(said[1], (Status::Fail, failure.to_owned()));
//! # Ok::<_, kyvc_vm::document::JsonError>(())
//! ```
//!
//! `examples/embed.rs` is the same with threads. [`save`] and [`load`] keep a set in a file, a [`Host`] answers what rules
//! ask of the world, and `kyvc::review` does whole admission reviews.

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
mod judge;
mod message;
mod mutate;
mod parse;
mod patching;
pub mod pod_security;
pub mod probe;
pub mod query;
mod reads;
mod request;
mod run;
mod set;
mod standard;
pub mod trace;
mod uses;
mod verify;
mod versions;

pub use compile::{Compiled, Unit, assembly, compile};
pub use environment::stop_clock;
pub use file::{LoadError, load, save};
pub use generate::Wanted;
pub use host::{ApiCall, Host, NoHost, Question, Refused, Service, TargetSelector, Until};
pub use mutate::Mutated;
pub use parse::{CompileOptions, Exceptions, Parsed, compile_sources};
pub(crate) use reads::Reads;
pub use request::{Operation, Request, User};
pub use run::{Engine, Status, Verdict};
pub use set::{CheckKind, PolicyInfo, PolicyKind, PolicySet, RuleInfo, RuleOverride, Severity};
pub use standard::Violated;
pub use uses::{CHANGE, JUDGE, MAKE};
pub use verify::{Asked, Attestation, Attestor, Certificates, CtLog, Entry, Method, Rekor, Verified};
pub use versions::Versions;
