//! The kinds of the group `kyverno.io` as Rust types, from which their CustomResourceDefinitions are made.
//!
//! Kyverno: api/kyverno. The compiler does not read policies through these types, since it needs the place of every
//! value; they are for what a controller writes, for other clients, and for the API server. What Kyverno has in two
//! versions is called `Newer...` or `Older...` here in the one that changed.

pub mod attestor;
pub mod cel;
pub mod cleanup;
pub mod condition;
pub mod conditions;
pub mod context;
mod definition;
pub mod exception;
pub mod generation;
pub mod global_context_entry;
pub mod images;
pub mod kinds;
pub mod manifests;
pub mod matching;
pub mod mutation;
pub mod pod_security;
pub mod policy_spec;
pub mod policy_status;
pub mod registry;
pub mod rule;
pub mod schema;
pub mod selector;
pub mod update_request;
pub mod validation;

pub use definition::{Column, GROUP, Kind, Schema, Version};
