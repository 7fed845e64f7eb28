//! Policies as they are written: one file a kind, every value with its place.

pub mod any;
pub mod beta;
pub mod classic;
pub mod cleanup;
pub mod conditions;
pub mod context;
pub mod exception;
pub mod fields;
pub mod foreach;
pub mod generate;
pub mod kinds;
pub mod matching;
pub mod metadata;
pub mod mutate;
pub mod pod_security;
pub mod print;
pub mod schedule;
pub mod tree;
pub mod ttl;
pub mod validate;
