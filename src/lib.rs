//! kyvc compiles Kyverno policies to bytecode and checks Kubernetes objects with it.

pub mod cli;
pub mod codegen;
pub mod diag;
pub mod downstream;
pub mod engine;
pub mod fetch;
pub mod input;
pub mod ir;
#[cfg(feature = "k8s")]
pub mod k8s;
pub mod lower;
pub mod manifest;
pub mod offline;
pub mod policy;
pub mod report;
pub mod resolve;
pub mod review;
#[cfg(feature = "serve")]
pub mod serve;
pub mod suite;
pub mod yaml;
