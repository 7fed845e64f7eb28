//! Policies as they are written: one file a kind, every value with its place.

pub mod classic;
pub mod context;
pub mod exception;
pub mod fields;
pub mod foreach;
pub mod mutate;
pub mod pod_security;
pub mod print;
pub mod tree;
