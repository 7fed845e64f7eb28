//! Policies as they are written: one file a kind, every value with its place.

pub mod classic;
pub mod fields;
pub mod pod_security;
pub mod print;
pub mod tree;
