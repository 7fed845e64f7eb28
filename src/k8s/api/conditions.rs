//! Conditions of rules: keys compared with values.

use super::schema::Any;
use schemars::JsonSchema;
use serde::Deserialize;

/// Conditions under `any` and `all`; both have to hold.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct AnyAll<O> {
    /// All of these hold.
    pub all: Option<Vec<Comparison<O>>>,
    /// One of these holds.
    pub any: Option<Vec<Comparison<O>>>,
}

/// A key compared with a value.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Comparison<O> {
    /// What is compared, as a rule with variables.
    pub key: Option<Any>,
    /// What is said where it does not hold.
    pub message: Option<String>,
    /// How they are compared.
    pub operator: Option<O>,
    /// What it is compared with.
    pub value: Option<Any>,
}

/// How policies of `v1` compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Operator {
    /// They are equal.
    Equals,
    /// They are not equal.
    NotEquals,
    /// The older form of `AllIn`.
    In,
    /// One of the keys is among the values.
    AnyIn,
    /// All of the keys are among the values.
    AllIn,
    /// The older form of `AllNotIn`.
    NotIn,
    /// One of the keys is not among the values.
    AnyNotIn,
    /// None of the keys is among the values.
    AllNotIn,
    /// The key is not less.
    GreaterThanOrEquals,
    /// The key is greater.
    GreaterThan,
    /// The key is not greater.
    LessThanOrEquals,
    /// The key is less.
    LessThan,
    /// The key is a time that is not shorter.
    DurationGreaterThanOrEquals,
    /// The key is a longer time.
    DurationGreaterThan,
    /// The key is a time that is not longer.
    DurationLessThanOrEquals,
    /// The key is a shorter time.
    DurationLessThan,
}

/// How everything after `v1` compares: without `In` and `NotIn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum NewerOperator {
    /// They are equal.
    Equals,
    /// They are not equal.
    NotEquals,
    /// One of the keys is among the values.
    AnyIn,
    /// All of the keys are among the values.
    AllIn,
    /// One of the keys is not among the values.
    AnyNotIn,
    /// None of the keys is among the values.
    AllNotIn,
    /// The key is not less.
    GreaterThanOrEquals,
    /// The key is greater.
    GreaterThan,
    /// The key is not greater.
    LessThanOrEquals,
    /// The key is less.
    LessThan,
    /// The key is a time that is not shorter.
    DurationGreaterThanOrEquals,
    /// The key is a longer time.
    DurationGreaterThan,
    /// The key is a time that is not longer.
    DurationLessThanOrEquals,
    /// The key is a shorter time.
    DurationLessThan,
}
