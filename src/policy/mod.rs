//! Policies as they are written: one file a kind, every value with its place.

pub mod beta;
pub mod classic;
pub mod conditions;
pub mod context;
pub mod exception;
pub mod fields;
pub mod foreach;
pub mod generate;
pub mod kinds;
pub mod matching;
pub mod mutate;
pub mod pod_security;
pub mod print;
pub mod tree;
pub mod validate;
