//! The embeddable half of kyvc: the flattened document view, the bytecode and the register machine that runs it.
//!
//! This crate does no I/O, knows no YAML, no Kubernetes client and no policy language: it is given programs and
//! documents and returns verdicts.

pub mod builtin;
pub mod condition;
pub mod disasm;
pub mod document;
pub mod file;
pub mod ids;
pub mod machine;
pub mod op;
pub mod patch;
pub mod program;
pub mod scalar;
pub mod selector;
pub mod value;
pub mod verdict;
pub mod verify;
