//! Policies and resources from files, without a cluster: what Kyverno's command line does between its arguments and its
//! output, quirks included.
//!
//! `policies` loads, refuses and passes over policies; `resources` finds resources; `values`, `user`, `mocks`, `globals` and
//! `cluster` are what rules may ask for; `evaluate` asks the policies about the resources, and `outcome` is what comes out.

pub mod cluster;
pub mod evaluate;
pub mod exceptions;
pub mod file;
pub mod git;
pub mod globals;
mod kinds;
mod known;
mod made;
pub mod mocks;
pub mod outcome;
pub mod policies;
mod registry;
pub mod resources;
mod schema;
pub mod service;
mod stages;
pub mod user;
pub mod validate;
pub mod values;
mod words;
