//! A Kubernetes cluster: how its API server is found and asked, what it serves, and what rules ask of it.
//!
//! Kyverno: pkg/clients/dclient. Why something fails is said in the words of client-go, since rules repeat them.

pub mod api;
mod apply;
mod client;
mod connect;
#[cfg(feature = "serve")]
pub mod controllers;
mod discovery;
mod failure;
mod host;
mod items;
mod targets;

pub use apply::{Lookup, Missing, Objects, Session};
pub use client::Client;
pub use connect::Access;
pub use discovery::{Discovery, Found, Resource, Subresource};
pub use failure::Failure;
pub use host::ClusterHost;
